//! Several requests at once: a window of them, each of which waits for its own answer.

use super::{Call, Client, block_on};
use crate::failure::{Failure, Result};
use crate::transport::{Response, Waiting};
use std::future::poll_fn;
use std::task::Poll;

/// How many requests are on their way at once where the caller does not say; and the most.
const WINDOW: (u32, u32) = (16, 64);

/// How many requests may be on their way at once.
pub(crate) fn width(window: Option<u32>) -> usize {
    let (usual, most) = WINDOW;
    window.unwrap_or(usual).clamp(1, most) as usize
}

/// What takes the answers, as they come: to the call of that number, if it is a good one. It says
/// whether to go on; if not, only what is on its way comes to its end.
pub(crate) type Each<'a> = dyn FnMut(usize, Call, Result<Box<Response>>) -> bool + 'a;

/// A call that is on its way, with its number.
type Running<'a> = (usize, Call, Waiting<'a, Result<Box<Response>>>);

impl Client<'_> {
    /// Sends calls, so many at once. A call is made when its turn comes, so that a thousand that wait
    /// take no memory.
    pub(crate) fn overlap(&self, width: usize, calls: &mut dyn Iterator<Item = Call>, each: &mut Each<'_>) {
        let mut calls = calls.enumerate().peekable();
        // The cloud id is waited for here, and not in the middle of others.
        if calls.peek().is_some_and(|(_, call)| self.connection.product(call.operation).is_some()) {
            let _ = self.cloud_id();
        }
        let mut running: Vec<Running<'_>> = Vec::new();
        let mut goes_on = true;
        block_on(
            self.transport,
            Box::pin(poll_fn(|context| {
                let mut at = 0;
                loop {
                    if at == running.len() {
                        let next = if goes_on && at < width.max(1) { calls.next() } else { None };
                        let Some((number, call)) = next else { break };
                        match self.start(&call) {
                            Ok(waiting) => running.push((number, call, waiting)),
                            Err(failure) => {
                                goes_on &= each(number, call, Err(failure));
                                continue;
                            }
                        }
                    }
                    match running[at].2.as_mut().poll(context) {
                        Poll::Pending => at += 1,
                        Poll::Ready(answer) => {
                            let (number, call, _) = running.swap_remove(at);
                            let answer = answer.and_then(|answer| self.good(&call, answer));
                            goes_on &= each(number, call, answer);
                        }
                    }
                }
                if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
            })),
        );
    }

    /// Sends one call, and takes its answer if it is a good one.
    pub(super) fn send(&self, call: &Call) -> Result<Box<Response>> {
        let mut sent = None;
        self.overlap(1, &mut std::iter::once(call.clone()), &mut |_, _, answer| {
            sent = Some(answer);
            true
        });
        // Every call is answered.
        sent.unwrap_or_else(|| unreachable!())
    }

    fn start(&self, call: &Call) -> Result<Waiting<'_, Result<Box<Response>>>> {
        let request = self.request(call)?;
        let (operation, retries) = (call.operation, call.retries.clone());
        Ok(Box::pin(self.exchange(operation, request, retries)))
    }

    fn good(&self, call: &Call, answer: Box<Response>) -> Result<Box<Response>> {
        if call.operation.success.contains(&answer.status) && !crate::failure::is_refused(&answer) {
            return Ok(answer);
        }
        Err(Failure::from_answer(self.connection, call.operation, &answer))
    }
}
