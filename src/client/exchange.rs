//! One request until it has an answer: pacing, trying again, and the time that all of it may take.

use super::Client;
use crate::failure::{Failure, Result};
use crate::operation::{Operation, Safety};
use crate::pace::{self, Budget};
use crate::retry::{self, Met, Next};
use crate::transport::{Request, Response, Transport};
use std::cell::Cell;
use std::time::Duration;

/// The first pause before looking again; each further one is twice as long.
const FIRST_LOOK: Duration = Duration::from_millis(250);

/// The longest pause before looking again.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

impl<T: Transport> Client<'_, T> {
    /// Sends one request, again where that helps, and reads its answer, whatever that is.
    ///
    /// `retries` counts how often it was sent again, over all that belongs together.
    pub(super) async fn exchange(
        &self,
        operation: &'static Operation,
        request: Request,
        retries: &Cell<u32>,
    ) -> Result<Response> {
        loop {
            let pause = self.pause(operation);
            // What would not be waited out is sent at once: the server may know better than its headers.
            if pause < self.left() {
                self.sleep(pause).await;
            }
            let until = self.transport.now() + retry::share(self.policy, operation.safety, self.left());
            let result = self.transport.send(request.clone(), until).await;
            let mut asked = None;
            if let Ok(answer) = &result {
                asked = pace::asked(answer);
                // A cloud id is looked up somewhere else.
                if request.base == *self.connection.base() {
                    self.note(operation, answer);
                }
            }
            let (met, random) = (Met::of(&result), self.transport.random());
            match retry::next(self.policy, retries.get(), operation.safety, met, asked, self.left(), random) {
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
    pub(super) async fn wait(&self, retries: &Cell<u32>, failure: &Failure) -> bool {
        let random = self.transport.random();
        let asked = failure.retry_after.map(|seconds| Duration::from_secs(seconds.into()));
        match retry::next(self.policy, retries.get(), Safety::Write, Met::Unsent, asked, self.left(), random) {
            Next::Again(pause) => {
                retries.set(retries.get() + 1);
                self.sleep(pause).await;
                true
            }
            _ => false,
        }
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

    /// Remembers what an answer says of a limit.
    fn note(&self, operation: &'static Operation, answer: &Response) {
        let Some(budget) = Budget::of(answer).or_else(|| Budget::refused(answer)) else { return };
        let of = if budget.is_of_endpoint { operation.id } else { "" };
        let mut budgets = self.budgets.borrow_mut();
        budgets.retain(|(other, ..)| *other != of);
        budgets.push((of, budget, self.transport.now()));
    }

    /// The pause that the limits ask for before an operation: its own, and the plane's.
    fn pause(&self, operation: &Operation) -> Duration {
        let (budgets, now) = (self.budgets.borrow(), self.transport.now());
        let its = budgets.iter().filter(|(of, ..)| of.is_empty() || *of == operation.id);
        its.map(|(_, budget, since)| since.saturating_add(budget.pause()).saturating_sub(now)).max().unwrap_or_default()
    }

    /// Ends a call: waits a moment where the next one would be refused.
    pub async fn finish(&self) {
        let now = self.transport.now();
        let courtesy = |(_, budget, since): &(_, Budget, Duration)| since.saturating_add(budget.courtesy());
        let until = self.budgets.borrow().iter().map(courtesy).max().unwrap_or_default();
        let pause = until.saturating_sub(now);
        if self.policy.retries > 0 && pause < self.left() {
            self.sleep(pause).await;
        }
    }

    /// Looks again for so long, and for half of the time that is left at most; not at all where
    /// nothing is to be sent again.
    pub(crate) fn patience(&self, longest: Duration) -> Patience<'_, T> {
        let most = if self.policy.retries == 0 { Duration::ZERO } else { self.left() / 2 };
        let until = self.transport.now() + longest.min(most);
        Patience { transport: self.transport, until, pause: FIRST_LOOK, is_full: longest <= most }
    }
}

/// What looks again and again for what may not be seen yet.
pub(crate) struct Patience<'a, T> {
    transport: &'a T,
    until: Duration,
    pause: Duration,
    /// Whether there is as much time as was wanted.
    pub(crate) is_full: bool,
}

impl<T: Transport> Patience<'_, T> {
    /// Waits before looking again, or says that there is no more time for it.
    pub(crate) async fn wait(&mut self) -> bool {
        let now = self.transport.now();
        if now >= self.until {
            return false;
        }
        self.transport.sleep((now + self.pause).min(self.until)).await;
        self.pause = (self.pause * 2).min(LONGEST_LOOK);
        true
    }
}
