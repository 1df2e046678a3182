//! A transport for tests: scripted answers, recorded requests, and a clock that stands still.

use super::{Request, Response, Transport, TransportError};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

/// Answers in the order they were given, and keeps what was asked.
#[derive(Default)]
pub struct Scripted {
    answers: RefCell<VecDeque<Result<Response, TransportError>>>,
    /// The requests so far, as `METHOD path body`.
    pub asked: RefCell<Vec<String>>,
}

impl Scripted {
    /// The same with one more answer.
    pub fn answer(self, status: u16, body: &str) -> Scripted {
        let response = Response { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
        self.answers.borrow_mut().push_back(Ok(response));
        self
    }

    /// The same with one more request that gets no answer.
    pub fn fail(self, error: TransportError) -> Scripted {
        self.answers.borrow_mut().push_back(Err(error));
        self
    }
}

impl Transport for Scripted {
    async fn send(&self, request: Request, _deadline: Duration) -> Result<Response, TransportError> {
        let body = String::from_utf8(request.body.unwrap_or_default()).unwrap();
        let line = format!("{} {} {body}", request.method.name(), request.path_and_query);
        self.asked.borrow_mut().push(line.trim_end().to_owned());
        self.answers.borrow_mut().pop_front().expect("one more request than the script has answers")
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

/// Runs a future that never waits.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("a scripted transport never waits"),
    }
}
