//! Jira Cloud platform REST API, version 3, on the site's own host.

use crate::connection::Plane;
use crate::operation::{Method, Operation, Paging, Safety};

/// Finds active people whose name or e-mail begins with the query, at most the first thousand.
pub const FIND_USERS: Operation = Operation {
    id: "findUsers",
    plane: Plane::Site,
    method: Method::Get,
    path: "/rest/api/3/user/search",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::StartAt,
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
};

/// Invites a person with access to Jira products. It says 201 for people who had it, too.
pub const CREATE_USER: Operation = Operation {
    id: "createUser",
    plane: Plane::Site,
    method: Method::Post,
    path: "/rest/api/3/user",
    safety: Safety::Write,
    success: &[201],
    paging: Paging::None,
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
};

pub(super) const ALL: &[&Operation] = &[&FIND_USERS, &GET_USER, &CREATE_USER, &BULK_GET_GROUPS, &ADD_USER_TO_GROUP];
