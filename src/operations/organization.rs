//! Organizations REST API, `https://api.atlassian.com/admin`, and its neighbours for the same key.
//!
//! Most of version 1 stopped on 30 June 2026, and the `GET` lists of version 2 stop on 30 June
//! 2027, so what searches here is a `POST`.
//!
//! Atlassian's descriptions name scopes for some operations only. The others are called likely: by
//! what their deprecated `GET` took, or by how the rest are named.

use crate::connection::Plane;
use crate::operation::{Method, Operation, Paging, Safety, Scopes};

/// What every operation takes.
const ADMIN: &str = "an organization admin's key";

/// Reads the organization itself.
pub const GET_ORGANIZATION: Operation = Operation {
    id: "getOrgById",
    plane: Plane::Organization,
    method: Method::Get,
    path: "/admin/v1/orgs/{orgId}",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::one("read:orgs:admin"),
    role: ADMIN,
};

/// Lists the organization's user directories.
pub const LIST_DIRECTORIES: Operation = Operation {
    id: "getDirectoriesForOrg",
    plane: Plane::Organization,
    method: Method::Get,
    path: "/admin/v2/orgs/{orgId}/directories",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::QueryCursor,
    scopes: Scopes::one("read:directories:admin"),
    role: ADMIN,
};

/// Finds people in a directory by e-mail (100 at most), account id and more.
pub const SEARCH_USERS: Operation = Operation {
    id: "searchDirectoryUsers",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::BodyCursor,
    scopes: Scopes::likely("read:directories:admin"),
    role: ADMIN,
};

/// Finds groups in a directory by name (100 at most), id (10 at most) and more.
pub const SEARCH_GROUPS: Operation = Operation {
    id: "searchDirectoryGroups",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/search",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::BodyCursor,
    scopes: Scopes::likely("read:groups:admin"),
    role: ADMIN,
};

/// Lists the products on the organization's sites, each with its resource id.
pub const QUERY_WORKSPACES: Operation = Operation {
    id: "queryWorkspacesV2",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/workspaces",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::BodyCursor,
    scopes: Scopes::one("read:workspaces:admin"),
    role: ADMIN,
};

/// Lists the roles that a person has, by resource.
pub const USER_ROLES: Operation = Operation {
    id: "getUserRoleAssignments",
    plane: Plane::Organization,
    method: Method::Get,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/role-assignments",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::QueryCursor,
    scopes: Scopes::one("read:directories:admin"),
    role: ADMIN,
};

/// Invites people (25 at most) with access and groups. A 206 says that some of it failed.
pub const INVITE: Operation = Operation {
    id: "inviteUsers",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/users/invite",
    safety: Safety::Once,
    success: &[200, 206],
    paging: Paging::None,
    scopes: Scopes::likely("write:users:admin"),
    role: ADMIN,
};

/// Adds a person to a group. A 409 is an existing membership or a full licence.
pub const ADD_MEMBER: Operation = Operation {
    id: "addUserToGroup",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships",
    safety: Safety::Write,
    success: &[204],
    paging: Paging::None,
    scopes: Scopes::likely("write:groups:admin"),
    role: ADMIN,
};

/// Removes a person from a group.
pub const REMOVE_MEMBER: Operation = Operation {
    id: "removeUserFromGroup",
    plane: Plane::Organization,
    method: Method::Delete,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}/memberships/{accountId}",
    safety: Safety::Write,
    success: &[204],
    paging: Paging::None,
    scopes: Scopes::likely("write:groups:admin"),
    role: ADMIN,
};

/// Creates a group; its answer does not say which. A 409 is one of that name.
pub const CREATE_GROUP: Operation = Operation {
    id: "createGroup",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups",
    safety: Safety::Write,
    success: &[201],
    paging: Paging::None,
    scopes: Scopes::likely("write:groups:admin"),
    role: ADMIN,
};

/// Deletes a group.
pub const DELETE_GROUP: Operation = Operation {
    id: "deleteGroup",
    plane: Plane::Organization,
    method: Method::Delete,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/groups/{groupId}",
    safety: Safety::Write,
    success: &[204],
    paging: Paging::None,
    scopes: Scopes::likely("write:groups:admin"),
    role: ADMIN,
};

/// Takes a person's access in a directory away.
pub const SUSPEND_USER: Operation = Operation {
    id: "suspendUser",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/suspend",
    safety: Safety::Write,
    success: &[204],
    paging: Paging::None,
    scopes: Scopes::likely("write:users:admin"),
    role: ADMIN,
};

/// Gives a suspended person their access back.
pub const RESTORE_USER: Operation = Operation {
    id: "restoreUser",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}/restore",
    safety: Safety::Write,
    success: &[204],
    paging: Paging::None,
    scopes: Scopes::likely("write:users:admin"),
    role: ADMIN,
};

/// Removes a person from a directory.
pub const REMOVE_USER: Operation = Operation {
    id: "removeUser",
    plane: Plane::Organization,
    method: Method::Delete,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/{accountId}",
    safety: Safety::Write,
    success: &[204],
    paging: Paging::None,
    scopes: Scopes::likely("write:users:admin"),
    role: ADMIN,
};

/// Tells what the key may do to one account, which has to be one of the organization's own.
///
/// User management REST API: it refuses a key that was made with scopes.
pub const GET_MANAGEABILITY: Operation = Operation {
    id: "getUserManagementPermissions",
    plane: Plane::Organization,
    method: Method::Get,
    path: "/users/{account_id}/manage",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::NONE,
    role: "an organization admin's key made without scopes",
};

/// Lists the organization's API keys, each with its scopes and when it expires.
///
/// API Access REST API, of which there is documentation and no public description.
pub const LIST_API_KEYS: Operation = Operation {
    id: "getApiKeys",
    plane: Plane::Organization,
    method: Method::Get,
    path: "/admin/api-access/v1/orgs/{orgId}/api-keys",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::QueryCursor,
    scopes: Scopes::one("read:keys:admin"),
    role: ADMIN,
};

pub(super) const ALL: &[&Operation] = &[
    &GET_ORGANIZATION,
    &LIST_DIRECTORIES,
    &SEARCH_USERS,
    &SEARCH_GROUPS,
    &QUERY_WORKSPACES,
    &USER_ROLES,
    &INVITE,
    &ADD_MEMBER,
    &REMOVE_MEMBER,
    &CREATE_GROUP,
    &DELETE_GROUP,
    &SUSPEND_USER,
    &RESTORE_USER,
    &REMOVE_USER,
    &GET_MANAGEABILITY,
    &LIST_API_KEYS,
];
