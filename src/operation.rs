//! What an operation is: one REST endpoint as data.

use crate::connection::Plane;
use std::fmt;

/// One REST endpoint: where it is, what it does and how it answers.
///
/// Adding an endpoint is adding a constant of this type under `operations/`; a test compares each
/// with Atlassian's official description.
#[derive(Debug)]
pub struct Operation {
    /// The official `operationId`, or one in its manner where the description has none.
    pub id: &'static str,
    /// The plane, which is to say the host and the credential.
    pub plane: Plane,
    /// The HTTP method.
    pub method: Method,
    /// The path from the plane's base URL on; `{name}` stands for one encoded segment.
    pub path: &'static str,
    /// Whether it can change anything. A `POST` that searches does not.
    pub safety: Safety,
    /// The statuses that mean success.
    pub success: &'static [u16],
    /// How its lists go on.
    pub paging: Paging,
    /// The scopes that a credential with scopes needs for it.
    pub scopes: Scopes,
    /// Whose credential it takes, as what fits behind "It takes".
    pub role: &'static str,
}

/// An HTTP method that Atlassian's administration uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
    /// `DELETE`
    Delete,
}

impl Method {
    /// The method's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// The scopes that an operation takes: the one, or all of the others together.
#[derive(Clone, Copy, Debug)]
pub struct Scopes {
    /// One scope that is enough, such as a classic one; empty where there is none.
    pub one: &'static str,
    /// Granular scopes that are enough together.
    pub all: &'static [&'static str],
    /// Whether Atlassian's description names them.
    pub is_documented: bool,
}

impl Scopes {
    /// Whether there are any.
    pub fn is_any(&self) -> bool {
        !self.one.is_empty()
    }

    /// It takes none, or its credentials have none.
    pub const NONE: Scopes = Scopes { one: "", all: &[], is_documented: true };

    /// One scope.
    pub const fn one(one: &'static str) -> Scopes {
        Scopes { one, all: &[], is_documented: true }
    }

    /// One scope, by its likely name.
    pub const fn likely(one: &'static str) -> Scopes {
        Scopes { one, all: &[], is_documented: false }
    }

    /// One classic scope, or some granular ones together.
    pub const fn either(one: &'static str, all: &'static [&'static str]) -> Scopes {
        Scopes { one, all, is_documented: true }
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.one)?;
        match self.all {
            [] if self.is_documented => Ok(()),
            [] => f.write_str(" (its likely name)"),
            [one] => write!(f, " (classic) or {one} (granular)"),
            several => write!(f, " (classic) or all of {} (granular)", several.join(", ")),
        }
    }
}

/// Whether an operation may be sent again without asking what became of it.
///
/// Atlassian has no idempotency key for anything that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It changes nothing.
    Read,
    /// It changes something, and where that is so already it does nothing: adding a member.
    Write,
    /// It does something each time, such as sending an e-mail.
    Once,
    /// The same, and it is done later: that it does not show yet proves nothing.
    Later,
}

impl Safety {
    /// Whether it changes nothing.
    pub fn is_read(self) -> bool {
        self == Safety::Read
    }
}

/// How a list goes on after its first page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paging {
    /// It is not a list, or it is whole.
    None,
    /// `data`, and in `links.next` a bare cursor that goes into the next body. With a cursor all
    /// other parameters are ignored.
    BodyCursor,
    /// `data`, and in `links.next` a bare cursor that goes into the next query.
    QueryCursor,
    /// A bare array, asked for by `startAt` and `maxResults`; a short page is the last.
    StartAt,
    /// `values` with `isLast`, `total` or `nextPage`, asked for by `startAt` and `maxResults`.
    PageBean,
    /// `Resources` with `totalResults`, asked for by `startIndex`, which begins at 1, and `count`.
    Scim,
}
