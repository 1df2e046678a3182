//! User provisioning (SCIM 2.0) REST API, `https://api.atlassian.com/scim`.

use crate::connection::Plane;
use crate::operation::{Method, Operation, Paging, Safety, Scopes};

/// Lists the people of the directory.
pub const LIST_USERS: Operation = Operation {
    id: "getUsersFromAnActiveDirectory",
    plane: Plane::Scim,
    method: Method::Get,
    path: "/scim/directory/{directoryId}/Users",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::Scim,
    scopes: Scopes::NONE,
    role: "the directory's own key",
};

/// Lists the groups of the directory.
pub const LIST_GROUPS: Operation = Operation {
    id: "getAllGroupsFromAnActiveDirectory",
    plane: Plane::Scim,
    method: Method::Get,
    path: "/scim/directory/{directoryId}/Groups",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::Scim,
    scopes: Scopes::NONE,
    role: "the directory's own key",
};

pub(super) const ALL: &[&Operation] = &[&LIST_USERS, &LIST_GROUPS];
