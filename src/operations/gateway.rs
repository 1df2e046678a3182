//! What finds sites behind the gateway; documented on pages, and in no public description.

use crate::connection::Plane;
use crate::operation::{Method, Operation, Paging, Safety, Scopes};

/// Tells a site's cloud id, on the site's own host and to everybody.
pub const TENANT_INFO: Operation = Operation {
    id: "tenantInfo",
    plane: Plane::Site,
    method: Method::Get,
    path: "/_edge/tenant_info",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::NONE,
    role: "",
};

/// Lists the sites that an OAuth 2.0 access token is for, each with its cloud id and scopes.
pub const ACCESSIBLE_RESOURCES: Operation = Operation {
    id: "accessibleResources",
    plane: Plane::Site,
    method: Method::Get,
    path: "/oauth/token/accessible-resources",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::NONE,
    role: "",
};

pub(super) const ALL: &[&Operation] = &[&TENANT_INFO, &ACCESSIBLE_RESOURCES];
