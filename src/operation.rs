//! What an operation is: one REST endpoint as data.

use crate::connection::Plane;

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
}

/// An HTTP method that Atlassian's administration uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// The method's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }
}

/// Whether an operation may be sent again without asking what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// It changes nothing.
    Read,
    /// It changes something, and Atlassian has no idempotency key for any of these.
    Write,
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
    /// `values` with `isLast`, asked for by `startAt` and `maxResults`.
    PageBean,
}
