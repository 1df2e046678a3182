//! How a request leaves and an answer comes back; the only place that names `wasi:*`.

#[cfg(test)]
pub mod scripted;
#[cfg(target_family = "wasm")]
pub mod wasi;

use crate::operation::Method;
use crate::url::BaseUrl;
use std::pin::Pin;
use std::time::Duration;

/// The largest body that is read, in bytes; far above a page of any list that is asked for here, and
/// little enough for what is made of it to fit into 32 MiB.
pub const MAX_BODY: usize = 4 << 20;

/// A request, whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Scheme and authority.
    pub base: BaseUrl,
    /// The path and, behind a `?`, the query, encoded.
    pub path_and_query: String,
    /// The headers. No value has a control character.
    pub headers: Vec<(&'static str, String)>,
    /// The body, which is JSON.
    pub body: Option<Vec<u8>>,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers, as they came.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, at most [`MAX_BODY`].
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of that name which is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        named.find_map(|(_, value)| std::str::from_utf8(value).ok())
    }
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransportError {
    /// The host of the component does not allow the request.
    Denied,
    /// The deadline passed; `sent` is whether the request may have left.
    Timeout {
        /// Whether the request may have left.
        sent: bool,
    },
    /// The request never left: no connection.
    Unsent(String),
    /// The same, and another time it would not either: no such name, an untrusted certificate.
    Never(String),
    /// The request may have arrived, and its answer did not come back whole.
    Lost(String),
    /// The answer's body is larger than this many bytes.
    TooLarge(usize),
}

impl TransportError {
    /// Whether the server may have seen the request.
    pub fn may_have_arrived(&self) -> bool {
        match self {
            TransportError::Denied | TransportError::Unsent(_) | TransportError::Never(_) => false,
            TransportError::Timeout { sent } => *sent,
            TransportError::Lost(_) | TransportError::TooLarge(_) => true,
        }
    }
}

/// An answer, or why there is none. Boxed, because it goes through many hands: that alone is 1 kB of component.
pub type Answer = Result<Box<Response>, TransportError>;

/// What is waited for: one exchange, or a time.
pub type Waiting<'a, R> = Pin<Box<dyn Future<Output = R> + 'a>>;

/// Sends requests, and knows the time.
///
/// What it waits for is a future, so that several can be waited for at once; whoever uses it is plain
/// code, and waits in [`Transport::block_on`].
pub trait Transport {
    /// Sends one request and reads its whole answer before `deadline`, a time of [`Self::now`].
    ///
    /// Redirects are answers. An answer that began and did not end in time is a timeout.
    fn send<'a>(&'a self, request: &'a Request, deadline: Duration) -> Waiting<'a, Answer>;

    /// The monotonic time since some fixed moment, as it was when something was last waited for.
    fn now(&self) -> Duration;

    /// Waits until a time of [`Self::now`].
    fn sleep(&self, until: Duration) -> Waiting<'_, ()>;

    /// A random number, so that those who wait for the same do not all come back at once.
    fn random(&self) -> u64;

    /// Runs a future to its end, which waits for nothing but this transport.
    fn block_on(&self, future: Pin<&mut dyn Future<Output = ()>>);
}
