//! A transport for tests: scripted answers, recorded requests, and a clock that goes on only when
//! somebody waits.

use super::{Answer, Request, Response, Transport, TransportError, Waiting};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::ready;
use std::pin::Pin;
use std::time::Duration;

/// Answers in the order they were given, and keeps what was asked.
#[derive(Default)]
pub struct Scripted {
    answers: RefCell<VecDeque<(Duration, Answer)>>,
    /// The requests so far, as `METHOD path body`.
    pub asked: RefCell<Vec<String>>,
    now: Cell<Duration>,
}

impl Scripted {
    /// The same with one more answer.
    pub fn answer(self, status: u16, body: &str) -> Scripted {
        self.with(status, &[], body)
    }

    /// The same with one more answer, and headers.
    pub fn with(self, status: u16, headers: &[(&str, &str)], body: &str) -> Scripted {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let response = Box::new(Response { status, headers, body: body.as_bytes().to_vec() });
        self.answers.borrow_mut().push_back((Duration::ZERO, Ok(response)));
        self
    }

    /// The same with one more request that gets no answer.
    pub fn fail(self, error: TransportError) -> Scripted {
        self.answers.borrow_mut().push_back((Duration::ZERO, Err(error)));
        self
    }

    /// The same, the last answer taking so long.
    pub fn after(self, time: Duration) -> Scripted {
        self.answers.borrow_mut().back_mut().expect("an answer was given before").0 = time;
        self
    }
}

impl Transport for Scripted {
    fn send<'a>(&'a self, request: &'a Request, deadline: Duration) -> Waiting<'a, Answer> {
        let body = String::from_utf8(request.body.clone().unwrap_or_default()).unwrap();
        let line = format!("{} {} {body}", request.method.name(), request.path_and_query);
        self.asked.borrow_mut().push(line.trim_end().to_owned());
        let answer = self.answers.borrow_mut().pop_front();
        let (time, answer) = answer.expect("one more request than the script has answers");
        let end = self.now.get() + time;
        self.now.set(end.min(deadline));
        Box::pin(ready(if end > deadline { Err(TransportError::Timeout { sent: true }) } else { answer }))
    }

    fn now(&self) -> Duration {
        self.now.get()
    }

    fn sleep(&self, until: Duration) -> Waiting<'_, ()> {
        self.now.set(self.now.get().max(until));
        Box::pin(ready(()))
    }

    fn random(&self) -> u64 {
        0
    }

    /// Nothing waits here: the clock goes on instead.
    fn block_on(&self, future: Pin<&mut dyn Future<Output = ()>>) {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(future.poll(&mut context).is_ready(), "a scripted transport never waits");
    }
}
