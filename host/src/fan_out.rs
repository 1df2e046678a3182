//! Many steps, some at a time, in one sandbox or in several at once.

use crate::{Answer, Applied, ApplyOptions, Connection, Sandbox, Step};
use tokio::task::JoinSet;

/// Applies steps, `size` of them with each call, in as many sandboxes as there are at once, and gives the
/// sandboxes back.
///
/// `done` gets the steps of each call and what became of them, in the order that the calls end, and says
/// whether to go on; if not, only the calls that are on their way come to their end. That is what
/// progress, cancelling and journals are made of.
///
/// One sandbox keeps a window of requests on their way, and paces them by what the server says of its
/// limits. Several do not know of each other's requests; they are worth it where there are several
/// threads and the guest's computing is what takes long, and not where the server's limits are.
pub async fn apply_in_parts(
    mut sandboxes: Vec<Sandbox>,
    connection: &Connection,
    steps: &[Step],
    options: &ApplyOptions,
    size: usize,
    mut done: impl FnMut(&[Step], Answer<Vec<Applied>>) -> bool,
) -> Vec<Sandbox> {
    let mut parts = steps.chunks(size.max(1));
    let (mut running, mut goes_on) = (JoinSet::new(), true);
    loop {
        while goes_on && !sandboxes.is_empty() {
            let (Some(part), Some(mut sandbox)) = (parts.next(), sandboxes.pop()) else { break };
            let (connection, options, part) = (connection.clone(), options.clone(), part.to_vec());
            running.spawn(async move {
                let answer = sandbox.apply(&connection, &part, &options).await;
                (sandbox, part, answer)
            });
        }
        match running.join_next().await {
            Some(Ok((sandbox, part, answer))) => {
                sandboxes.push(sandbox);
                goes_on &= done(&part, answer);
            }
            // A call is never given up, so this is a panic of ours.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            None => return sandboxes,
        }
    }
}
