//! Many steps, some at a time, in one sandbox or in several at once.

use crate::{Answer, Applied, ApplyOptions, Connection, Sandbox, Step};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// How many steps the first call has; then twice as many as long as calls are brief, and half where they
/// are long.
const FIRST: usize = 32;

/// What a call has at most: a window of an organization's invitations.
const MOST: usize = 400;

/// Calls that take less are brief, and calls that take more are long.
const BRIEF: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(4);

/// Applies steps, some with each call, in as many sandboxes as there are at once, and gives the sandboxes
/// back.
///
/// A call has as many steps as take a second or some, so that much is known soon and a call does not run
/// out of time. `done` gets the steps of each call and what became of them, in the order that the calls end, and says
/// whether to go on; if not, only the calls that are on their way come to their end. That is what
/// progress, cancelling and journals are made of.
///
/// One sandbox keeps a window of requests on their way, and paces them by what the server says of its
/// limits. Several do not know of each other's requests; they are worth it where there are several
/// threads and the guest's computing is what takes long, and not where the server's limits are.
///
/// # Panics
///
/// Panics where there is no sandbox.
pub async fn apply_in_parts(
    mut sandboxes: Vec<Sandbox>,
    connection: &Connection,
    mut steps: &[Step],
    options: &ApplyOptions,
    mut done: impl FnMut(&[Step], Answer<Vec<Applied>>) -> bool,
) -> Vec<Sandbox> {
    assert!(!sandboxes.is_empty(), "steps are applied in a sandbox");
    let (mut running, mut goes_on, mut size) = (JoinSet::new(), true, FIRST);
    loop {
        while goes_on && !steps.is_empty() {
            let Some(mut sandbox) = sandboxes.pop() else { break };
            let (part, rest) = steps.split_at(size.min(steps.len()));
            steps = rest;
            let (connection, options, part) = (connection.clone(), options.clone(), part.to_vec());
            running.spawn(async move {
                let start = Instant::now();
                let answer = sandbox.apply(&connection, &part, &options).await;
                (sandbox, part, answer, start.elapsed())
            });
        }
        match running.join_next().await {
            Some(Ok((sandbox, part, answer, took))) => {
                sandboxes.push(sandbox);
                // The last part may have been a small one.
                if took < BRIEF && part.len() >= size {
                    size = (size * 2).min(MOST);
                } else if took > LONG {
                    size = (size / 2).max(1);
                }
                goes_on &= done(&part, answer);
            }
            // A call is never given up, so this is a panic of ours.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            None => return sandboxes,
        }
    }
}
