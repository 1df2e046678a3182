//! One request until it has an answer: pacing, trying again, and the time that all of it may take.

use super::{Client, block_on};
use crate::failure::{Failure, Result};
use crate::operation::{Operation, Safety};
use crate::pace::{self, Budget};
use crate::retry::{self, Met, Next};
use crate::transport::{Request, Response, Transport};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// The first pause before looking again; each further one is twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// The longest pause before looking again.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// What the server said of a limit.
pub(super) struct Noted {
    budget: Budget,
    /// To which request, counted in the order that they left.
    number: u32,
    /// When.
    since: Duration,
}

impl Client<'_> {
    /// Sends one request, again where that helps, and reads its answer, whatever that is.
    ///
    /// `retries` counts how often it was sent again, over all that belongs together.
    pub(super) async fn exchange(
        &self,
        operation: &'static Operation,
        request: Request,
        retries: Rc<Cell<u32>>,
    ) -> Result<Box<Response>> {
        loop {
            self.turn(operation).await;
            let until = self.transport.now() + retry::share(self.policy, operation.safety, self.left());
            let number = self.sent.get() + 1;
            self.sent.set(number);
            let result = self.transport.send(&request, until).await;
            let mut asked = None;
            if let Ok(answer) = &result {
                asked = pace::asked(answer);
                // A cloud id is looked up somewhere else.
                if request.base == *self.connection.base() {
                    self.note(operation, number, answer);
                }
            }
            let (met, random) = (Met::of(&result), || self.transport.random());
            match retry::next(self.policy, retries.get(), operation.safety, met, asked, self.left(), &random) {
                Next::Again(pause) => self.sleep(pause).await,
                Next::Done | Next::ReadBack => {
                    let host = request.base.authority();
                    return result.map_err(|error| Failure::from_transport(operation, host, &error));
                }
            }
            retries.set(retries.get() + 1);
        }
    }

    /// Waits before a change is sent again that does not show, or says that it is not to be.
    pub(super) fn wait(&self, retries: &Cell<u32>, failure: &Failure) -> bool {
        let random = || self.transport.random();
        let asked = failure.retry_after.map(|seconds| Duration::from_secs(seconds.into()));
        match retry::next(self.policy, retries.get(), Safety::Write, Met::Unsent, asked, self.left(), &random) {
            Next::Again(pause) => {
                retries.set(retries.get() + 1);
                block_on(self.transport, Box::pin(self.sleep(pause)));
                true
            }
            _ => false,
        }
    }

    /// Whether there is time to begin something.
    pub(crate) fn has_time(&self) -> bool {
        self.left() > self.least
    }

    /// The time until the deadline.
    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.transport.now())
    }

    async fn sleep(&self, pause: Duration) {
        if !pause.is_zero() {
            self.transport.sleep(self.transport.now() + pause).await;
        }
    }

    /// Remembers what the answer to the request of that number says of a limit, unless one that left
    /// later was answered earlier.
    fn note(&self, operation: &'static Operation, number: u32, answer: &Response) {
        let Some(budget) = Budget::of(answer).or_else(|| Budget::refused(answer)) else { return };
        let of = if budget.is_of_endpoint { operation.id } else { "" };
        let mut budgets = self.budgets.borrow_mut();
        if budgets.iter().any(|(other, noted)| *other == of && noted.number > number) {
            return;
        }
        budgets.retain(|(other, _)| *other != of);
        budgets.push((of, Noted { budget, number, since: self.transport.now() }));
        self.notes.set(self.notes.get() + 1);
    }

    /// Waits until an operation may be sent, as far as the limits that are known by then say.
    async fn turn(&self, operation: &Operation) {
        loop {
            let (pause, notes) = (self.pause(operation), self.notes.get());
            // What would not be waited out is sent at once: the server may know better than its headers.
            if pause.is_zero() || pause >= self.left() {
                break;
            }
            let mut sleep = self.transport.sleep(self.transport.now() + pause);
            // An answer to another request may say something else.
            poll_fn(|context| if self.notes.get() == notes { sleep.as_mut().poll(context) } else { Poll::Ready(()) })
                .await;
        }
        self.last.set(self.transport.now());
    }

    /// The pause that the limits ask for before an operation: its own, and the plane's. It begins
    /// when they were told, or when the request before left, and those that left since then count.
    fn pause(&self, operation: &Operation) -> Duration {
        let (budgets, now) = (self.budgets.borrow(), self.transport.now());
        let its = budgets.iter().filter(|(of, _)| of.is_empty() || *of == operation.id);
        its.map(|(_, noted)| {
            let pause = noted.budget.less(self.sent.get() - noted.number).pause();
            self.last.get().max(noted.since).saturating_add(pause).saturating_sub(now)
        })
        .max()
        .unwrap_or_default()
    }

    /// Ends a call: waits a moment where the next one would be refused.
    pub fn finish(&self) {
        let now = self.transport.now();
        let courtesy = |(_, noted): &(_, Noted)| noted.since.saturating_add(noted.budget.courtesy());
        let until = self.budgets.borrow().iter().map(courtesy).max().unwrap_or_default();
        let pause = until.saturating_sub(now);
        if self.policy.retries > 0 && pause < self.left() {
            block_on(self.transport, Box::pin(self.sleep(pause)));
        }
    }

    /// Looks again for so long, and for half of the time that is left at most; not at all where
    /// nothing is to be sent again.
    pub(crate) fn patience(&self, longest: Duration) -> Patience<'_> {
        let most = if self.policy.retries == 0 { Duration::ZERO } else { self.left() / 2 };
        let until = self.transport.now() + longest.min(most);
        Patience { transport: self.transport, until, pause: FIRST_LOOK, is_full: longest <= most }
    }
}

/// What looks again and again for what may not be seen yet.
pub(crate) struct Patience<'a> {
    transport: &'a dyn Transport,
    until: Duration,
    pause: Duration,
    /// Whether there is as much time as was wanted.
    pub(crate) is_full: bool,
}

impl Patience<'_> {
    /// Waits before looking again, or says that there is no more time for it.
    pub(crate) fn wait(&mut self) -> bool {
        let now = self.transport.now();
        if now >= self.until {
            return false;
        }
        block_on(self.transport, self.transport.sleep((now + self.pause).min(self.until)));
        self.pause = (self.pause * 2).min(LONGEST_LOOK);
        true
    }
}
