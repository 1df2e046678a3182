//! Confluence Cloud REST API, version 2, on the site's own host.

use crate::connection::Plane;
use crate::operation::{Method, Operation, Paging, Safety, Scopes};

/// What both take by their description, which names no more than "can use".
const CAN_USE: &str = "somebody with access to Confluence";

/// Tells which of some e-mail addresses (100 at most) have no access to Confluence.
pub const CHECK_ACCESS: Operation = Operation {
    id: "checkAccessByEmail",
    plane: Plane::Site,
    method: Method::Post,
    path: "/wiki/api/v2/user/access/check-access-by-email",
    safety: Safety::Read,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::one("read:configuration:confluence"),
    role: CAN_USE,
};

/// Invites people to Confluence, later and without a word about what became of it.
pub const INVITE: Operation = Operation {
    id: "inviteByEmail",
    plane: Plane::Site,
    method: Method::Post,
    path: "/wiki/api/v2/user/access/invite-by-email",
    safety: Safety::Later,
    success: &[200],
    paging: Paging::None,
    scopes: Scopes::one("read:configuration:confluence"),
    role: CAN_USE,
};

pub(super) const ALL: &[&Operation] = &[&CHECK_ACCESS, &INVITE];
