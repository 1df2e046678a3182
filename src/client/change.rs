//! Changes whose answer may be lost: reading back whether they were made.

use super::{Call, Client, SETTLE, decode};
use crate::failure::{Change, Failure, Result};
use crate::json::{MAX_VALUES, Value};
use crate::operation::Safety;
use crate::transport::{Response, Transport};
use std::cell::Cell;
use std::pin::Pin;
use std::time::Duration;

/// How long a change may not show that can be sent again without harm.
pub(super) const BRIEF: Duration = Duration::from_secs(2);

impl<T: Transport> Client<'_, T> {
    /// Calls an operation that changes something. Where its answer is lost, so that the change may have
    /// been made, it looks, and sends it again only if the change does not show.
    ///
    /// `look` gives what shows that the change was made, or nothing where it does not show; that has to
    /// stay so for a while, because not everything shows at once. What is to be sent once is sent again
    /// once at most, and only where the server itself said that it could not take it.
    ///
    /// # Errors
    ///
    /// The failure of the operation, whose `change` says what looking told.
    pub(crate) async fn change(&self, call: Call, look: &Look<'_>) -> Result<Changed> {
        let safety = call.operation.safety;
        let retries = Cell::new(0);
        let mut is_again = false;
        loop {
            let mut failure = match self.send(&call, &[], &retries).await.and_then(|answer| changed(&call, &answer)) {
                Ok(changed) => return Ok(changed),
                // Refused the second time, it may have been made the first time.
                Err(failure) if is_again || failure.change == Change::Unknown => failure.after(Change::Unknown),
                Err(failure) => return Err(failure),
            };
            let mut patience = self.patience(if safety == Safety::Write { BRIEF } else { SETTLE });
            let seen = loop {
                match look().await {
                    Ok(None) if patience.wait().await => {}
                    seen => break seen,
                }
            };
            match seen {
                Ok(Some(seen)) => return Ok(Changed::Seen(seen)),
                Ok(None) => failure.message.push_str(" Looked for afterwards, the change does not show."),
                Err(_) => {
                    failure.message.push_str(" Looking for the change afterwards failed, too.");
                    return Err(failure);
                }
            }
            let is_refused = is_again && !matches!(failure.status, None | Some(200..=399 | 408 | 500..));
            let may_be_again = match safety {
                Safety::Write => !is_refused,
                Safety::Once => !is_again && matches!(failure.status, Some(502..=504)),
                Safety::Read | Safety::Later => false,
            };
            if !patience.is_full || !may_be_again || !self.wait(&retries, &failure).await {
                let is_sure = patience.is_full && safety == Safety::Write && !is_refused;
                return Err(if is_sure { failure.after(Change::NotApplied) } else { failure });
            }
            is_again = true;
        }
    }
}

/// Looks for a change: what shows it, or nothing where it does not show.
pub(crate) type Look<'a> = dyn Fn() -> Pin<Box<dyn Future<Output = Result<Option<Value>>> + 'a>> + 'a;

/// A change that was made.
pub(crate) enum Changed {
    /// The operation said so, with this status and body; the body of what needs none is null.
    Said(u16, Value),
    /// The answer was lost, and this shows it.
    Seen(Value),
}

/// What the answer to a change says. A page for a browser or an error is no success, whatever the status.
fn changed(call: &Call, answer: &Response) -> Result<Changed> {
    if answer.body.is_empty() && call.needs.is_empty() {
        return Ok(Changed::Said(answer.status, Value::Null));
    }
    let value = decode(call.operation, answer, &Cell::new(MAX_VALUES))?;
    let is_error = |name: &str| match value.get(name) {
        Some(Value::List(list)) => !list.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        _ => false,
    };
    let wrong = if is_error("errorMessages") || is_error("errors") {
        "it is an error"
    } else if !call.needs.is_empty() && value.get(call.needs).and_then(Value::as_list).is_none() {
        "what it should be about is missing"
    } else {
        return Ok(Changed::Said(answer.status, value));
    };
    Err(Failure::from_body(call.operation, answer, wrong))
}
