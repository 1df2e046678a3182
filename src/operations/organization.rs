//! Organizations REST API, `https://api.atlassian.com/admin`, version 2.
//!
//! Most of version 1 stopped on 30 June 2026, and the `GET` lists of version 2 stop on 30 June
//! 2027, so what searches here is a `POST`.

use crate::connection::Plane;
use crate::operation::{Method, Operation, Paging, Safety};

/// Finds people in a directory by e-mail (100 at most), account id and more.
pub const SEARCH_USERS: Operation = Operation {
    id: "searchDirectoryUsers",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/directories/{directoryId}/users/search",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::BodyCursor,
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
};

/// Invites people (25 at most) with access and groups. A 206 says that some of it failed.
pub const INVITE: Operation = Operation {
    id: "inviteUsers",
    plane: Plane::Organization,
    method: Method::Post,
    path: "/admin/v2/orgs/{orgId}/users/invite",
    safety: Safety::Write,
    success: &[200, 206],
    paging: Paging::None,
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
};

pub(super) const ALL: &[&Operation] =
    &[&SEARCH_USERS, &SEARCH_GROUPS, &QUERY_WORKSPACES, &USER_ROLES, &INVITE, &ADD_MEMBER];
