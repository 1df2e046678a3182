//! Jira Cloud platform REST API, version 3, on the site's own host.

use crate::connection::Plane;
use crate::operation::{Method, Operation, Paging, Safety, Scopes};

/// What reading people and groups takes.
const BROWSE: &str = "somebody with the global permission Browse users and groups";

/// Finds active people whose name or e-mail begins with the query, at most the first thousand.
pub const FIND_USERS: Operation = Operation {
    id: "findUsers",
    plane: Plane::Site,
    method: Method::Get,
    path: "/rest/api/3/user/search",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::StartAt,
    scopes: Scopes::either(
        "read:jira-user",
        &[
            "read:user:jira",
            "read:user.property:jira",
            "read:application-role:jira",
            "read:avatar:jira",
            "read:group:jira",
        ],
    ),
    role: BROWSE,
};

/// Reads one person, with `expand` also their groups and products.
pub const GET_USER: Operation = Operation {
    id: "getUser",
    plane: Plane::Site,
    method: Method::Get,
    path: "/rest/api/3/user",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::either(
        "read:jira-user",
        &["read:application-role:jira", "read:group:jira", "read:user:jira", "read:avatar:jira"],
    ),
    role: BROWSE,
};

/// Invites a person with access to Jira products. It says 201 for people who had it, too.
pub const CREATE_USER: Operation = Operation {
    id: "createUser",
    plane: Plane::Site,
    method: Method::Post,
    path: "/rest/api/3/user",
    safety: Safety::Once,
    success: &[201],
    paging: Paging::None,
    scopes: Scopes::either("manage:jira-configuration", &["write:user:jira"]),
    role: "an organization admin with the global permission Administer Jira",
};

/// Reads groups by exact name or id.
pub const BULK_GET_GROUPS: Operation = Operation {
    id: "bulkGetGroups",
    plane: Plane::Site,
    method: Method::Get,
    path: "/rest/api/3/group/bulk",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::PageBean,
    scopes: Scopes::either("read:jira-user", &["read:group:jira"]),
    role: BROWSE,
};

/// Lists a group's members, 50 at most on a page.
pub const GROUP_MEMBERS: Operation = Operation {
    id: "getUsersFromGroup",
    plane: Plane::Site,
    method: Method::Get,
    path: "/rest/api/3/group/member",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::PageBean,
    scopes: Scopes::either("manage:jira-configuration", &["read:group:jira", "read:user:jira", "read:avatar:jira"]),
    role: "somebody with the global permission Browse users and groups, or a site admin",
};

/// Lists Jira's products, each with how many more people its licence takes.
pub const APPLICATION_ROLES: Operation = Operation {
    id: "getAllApplicationRoles",
    plane: Plane::Site,
    method: Method::Get,
    path: "/rest/api/3/applicationrole",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::either("manage:jira-configuration", &["read:application-role:jira"]),
    role: "somebody with the global permission Administer Jira",
};

/// Adds a person to a group: the group in the URL, the account id in the body.
pub const ADD_USER_TO_GROUP: Operation = Operation {
    id: "addUserToGroup",
    plane: Plane::Site,
    method: Method::Post,
    path: "/rest/api/3/group/user",
    safety: Safety::Write,
    success: &[201],
    paging: Paging::None,
    scopes: Scopes::either(
        "manage:jira-configuration",
        &["write:group:jira", "read:avatar:jira", "read:group:jira", "read:user:jira"],
    ),
    role: "a site admin",
};

/// Removes a person from a group; both are in the URL.
pub const REMOVE_USER_FROM_GROUP: Operation = Operation {
    id: "removeUserFromGroup",
    plane: Plane::Site,
    method: Method::Delete,
    path: "/rest/api/3/group/user",
    safety: Safety::Write,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::either("manage:jira-configuration", &["write:group:jira"]),
    role: "a site admin",
};

/// Creates a group. A 400 may be one of that name.
pub const CREATE_GROUP: Operation = Operation {
    id: "createGroup",
    plane: Plane::Site,
    method: Method::Post,
    path: "/rest/api/3/group",
    safety: Safety::Write,
    success: &[201],
    paging: Paging::None,
    scopes: ADD_USER_TO_GROUP.scopes,
    role: "a site admin",
};

/// Deletes a group.
pub const DELETE_GROUP: Operation = Operation {
    id: "removeGroup",
    plane: Plane::Site,
    method: Method::Delete,
    path: "/rest/api/3/group",
    safety: Safety::Write,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::either("manage:jira-configuration", &["delete:group:jira"]),
    role: "a site admin",
};

/// Reads the person who asks, with `expand` also their groups and products.
pub const MYSELF: Operation = Operation {
    id: "getCurrentUser",
    plane: Plane::Site,
    method: Method::Get,
    path: "/rest/api/3/myself",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: GET_USER.scopes,
    role: "somebody with an account on the site",
};

/// Tells which of some permissions the person who asks has.
pub const MY_PERMISSIONS: Operation = Operation {
    id: "getMyPermissions",
    plane: Plane::Site,
    method: Method::Get,
    path: "/rest/api/3/mypermissions",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::either("read:jira-work", &["read:permission:jira"]),
    role: "somebody with an account on the site",
};

pub(super) const ALL: &[&Operation] = &[
    &FIND_USERS,
    &GET_USER,
    &CREATE_USER,
    &BULK_GET_GROUPS,
    &GROUP_MEMBERS,
    &APPLICATION_ROLES,
    &ADD_USER_TO_GROUP,
    &REMOVE_USER_FROM_GROUP,
    &CREATE_GROUP,
    &DELETE_GROUP,
    &MYSELF,
    &MY_PERMISSIONS,
];
