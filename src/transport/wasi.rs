//! The transport over `wasi:http` 0.2, and the executor that drives the core with `wasi:io/poll`.
//!
//! The bindings are waki's, which names them `#[doc(hidden)]`, so its version is pinned exactly.
//! Its client is not used: it waits for ever, has one request in flight, and loses the host's
//! error code when writing a body fails.

mod error_code;

use super::{Answer, MAX_BODY, Request, Response, Transport, TransportError, Waiting};
use crate::operation::Method;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use waki::bindings::wasi::clocks::monotonic_clock;
use waki::bindings::wasi::http::types::{
    self as http, Fields, IncomingResponse, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use waki::bindings::wasi::io::poll::{self, Pollable};
use waki::bindings::wasi::io::streams::StreamError;

/// How much of a body is read at once, in bytes.
const CHUNK: u64 = 64 << 10;

/// The host's HTTP and clock, and what the current task waits for.
#[derive(Default)]
pub struct Wasi {
    waiting: RefCell<Vec<Rc<Event>>>,
    /// When to go on in any case: the earliest of all times that something waits for.
    alarm: Cell<Option<Duration>>,
    /// What wakes at that time, kept for as long as it is the same: mostly the one deadline.
    bell: RefCell<Option<(Duration, Pollable)>>,
    /// The time after the host was last waited for. What is computed in between takes no time that
    /// matters here, and a call of the host takes longer than most of it.
    woken: Cell<Duration>,
}

/// Something that the host tells when it has happened.
struct Event {
    pollable: Pollable,
    has_happened: Cell<bool>,
}

impl Wasi {
    /// Waits for an event, or for the deadline.
    async fn wait(&self, pollable: Pollable, deadline: Duration, sent: bool) -> Result<(), TransportError> {
        let event = Rc::new(Event { pollable, has_happened: Cell::new(false) });
        poll_fn(|_| {
            if event.has_happened.get() {
                return Poll::Ready(Ok(()));
            }
            if self.is_past(deadline) {
                return Poll::Ready(Err(TransportError::Timeout { sent }));
            }
            self.waiting.borrow_mut().push(Rc::clone(&event));
            Poll::Pending
        })
        .await
    }

    /// Whether a time has come; if not, it is waited for.
    fn is_past(&self, time: Duration) -> bool {
        if self.now() >= time {
            return true;
        }
        self.alarm.set(Some(self.alarm.get().map_or(time, |other| other.min(time))));
        false
    }

    async fn exchange(&self, request: &Request, deadline: Duration) -> Answer {
        let time_left = deadline.saturating_sub(self.now());
        if time_left.is_zero() {
            return Err(TransportError::Timeout { sent: false });
        }
        let outgoing = outgoing(request)?;
        // Only where there is one: a GET that has a body, if an empty one, goes out as chunks.
        let body = request.body.as_ref().and_then(|bytes| Some((outgoing.body().ok()?, bytes)));
        // The answer is asked for before the body is written: a host may connect only now, and an
        // early refusal would otherwise be lost behind a broken body.
        let future = error_code::handle(outgoing, options(time_left))?;
        if let Some((body, bytes)) = body {
            match self.write(&body, bytes, deadline).await {
                Ok(()) => drop(OutgoingBody::finish(body, None)),
                Err(timeout @ TransportError::Timeout { .. }) => return Err(timeout),
                // The answer says better than a broken stream what went wrong.
                Err(_) => drop(body),
            }
        }
        self.wait(future.subscribe(), deadline, true).await?;
        let response = error_code::response(&future)?;
        let headers = response.headers().entries();
        let body = self.read(&response, deadline).await?;
        Ok(Box::new(Response { status: response.status(), headers, body }))
    }

    async fn write(&self, body: &OutgoingBody, bytes: &[u8], deadline: Duration) -> Result<(), TransportError> {
        let failed = |_| TransportError::Lost("the request's body could not be written".into());
        let stream = body.write().map_err(|()| TransportError::Lost("the request's body is closed".into()))?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = stream.check_write().map_err(failed)?;
            if room == 0 {
                self.wait(stream.subscribe(), deadline, true).await?;
                continue;
            }
            let (now, later) = rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            stream.write(now).map_err(failed)?;
            rest = later;
        }
        // No waiting for the flush: a host that has not connected yet would not get to it.
        stream.flush().map_err(failed)
    }

    async fn read(&self, response: &IncomingResponse, deadline: Duration) -> Result<Vec<u8>, TransportError> {
        let closed = || TransportError::Lost("the answer's body is closed".into());
        let body = response.consume().map_err(|()| closed())?;
        let stream = body.stream().map_err(|()| closed())?;
        let mut bytes = Vec::new();
        loop {
            match stream.read(CHUNK) {
                Ok(chunk) if chunk.is_empty() => self.wait(stream.subscribe(), deadline, true).await?,
                Ok(chunk) if bytes.len() + chunk.len() > MAX_BODY => {
                    return Err(TransportError::TooLarge(MAX_BODY));
                }
                Ok(chunk) => bytes.extend(chunk),
                Err(StreamError::Closed) => return Ok(bytes),
                Err(StreamError::LastOperationFailed(error)) => {
                    return Err(error_code::broken(&error));
                }
            }
        }
    }
}

impl Transport for Wasi {
    fn send<'a>(&'a self, request: &'a Request, deadline: Duration) -> Waiting<'a, Answer> {
        Box::pin(self.exchange(request, deadline))
    }

    fn now(&self) -> Duration {
        if self.woken.get().is_zero() {
            self.woken.set(Duration::from_nanos(monotonic_clock::now()));
        }
        self.woken.get()
    }

    fn sleep(&self, until: Duration) -> Waiting<'_, ()> {
        Box::pin(poll_fn(move |_| if self.is_past(until) { Poll::Ready(()) } else { Poll::Pending }))
    }

    fn random(&self) -> u64 {
        host::wasi::random::random::get_random_u64()
    }

    /// Sleeps in the host while everything in the future waits.
    fn block_on(&self, mut future: Pin<&mut dyn Future<Output = ()>>) {
        let mut context = Context::from_waker(Waker::noop());
        while future.as_mut().poll(&mut context).is_pending() {
            let waiting = self.waiting.take();
            let mut bell = self.bell.borrow_mut();
            if let Some(at) = self.alarm.take() {
                let same = bell.take().filter(|(other, _)| *other == at);
                *bell = same.or_else(|| Some((at, monotonic_clock::subscribe_instant(nanoseconds(at)))));
            }
            let bell = bell.iter().map(|(_, bell)| bell);
            let all: Vec<&Pollable> = waiting.iter().map(|event| &event.pollable).chain(bell).collect();
            // The host traps on an empty list; a future that waits for nothing is a bug here.
            assert!(!all.is_empty(), "a future waits for nothing");
            for at in poll::poll(&all) {
                if let Some(event) = waiting.get(at as usize) {
                    event.has_happened.set(true);
                }
            }
            self.woken.set(Duration::ZERO);
        }
    }
}

fn outgoing(request: &Request) -> Result<OutgoingRequest, TransportError> {
    let refused = |what: &str| TransportError::Never(format!("the host does not take the request's {what}"));
    let headers: Vec<(String, Vec<u8>)> =
        request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).collect();
    let fields = Fields::from_list(&headers).map_err(|_| refused("headers"))?;
    let outgoing = OutgoingRequest::new(fields);
    let method = match request.method {
        Method::Get => http::Method::Get,
        Method::Post => http::Method::Post,
        Method::Delete => http::Method::Delete,
    };
    let scheme = if request.base.is_https() { Scheme::Https } else { Scheme::Http };
    outgoing.set_method(&method).map_err(|()| refused("method"))?;
    outgoing.set_scheme(Some(&scheme)).map_err(|()| refused("scheme"))?;
    outgoing.set_authority(Some(request.base.authority())).map_err(|()| refused("host"))?;
    outgoing.set_path_with_query(Some(&request.path_and_query)).map_err(|()| refused("path"))?;
    Ok(outgoing)
}

/// The host's own timeouts, as far as it takes any; the deadline holds without them. Connect and
/// first byte are the same, because JavaScript hosts take the first for the second.
fn options(time_left: Duration) -> RequestOptions {
    let options = RequestOptions::new();
    let time_left = Some(nanoseconds(time_left));
    let _ = options.set_connect_timeout(time_left);
    let _ = options.set_first_byte_timeout(time_left);
    let _ = options.set_between_bytes_timeout(time_left);
    options
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

// Not `std::env`, which would bring in the C library's environment; plugin/runtime.rs keeps that out,
// and the linker would refuse to merge its interface with this one. And `random` is not in waki's.
mod host {
    wit_bindgen::generate!({
        generate_all,
        inline: "
            package usher:host;
            world host {
                import wasi:cli/environment@0.2.0;
                import wasi:random/random@0.2.0;
            }
            package wasi:cli@0.2.0 {
                interface environment { get-environment: func() -> list<tuple<string, string>>; }
            }
            package wasi:random@0.2.0 {
                interface random { get-random-u64: func() -> u64; }
            }
        ",
    });
}

/// The environment variables that the host grants, each with its value.
pub fn variables() -> Vec<(String, String)> {
    host::wasi::cli::environment::get_environment()
}
