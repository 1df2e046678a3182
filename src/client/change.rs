//! Changes whose answer may be lost: reading back whether they were made.

use super::{Call, Client, SETTLE, decode};
use crate::failure::{Change, Failure, Result};
use crate::json::{MAX_VALUES, Value};
use crate::operation::Safety;
use crate::transport::Response;
use std::cell::Cell;
use std::time::Duration;

/// How long a change may not show that can be sent again without harm.
pub(super) const BRIEF: Duration = Duration::from_secs(2);

impl Client<'_> {
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
    pub(crate) fn change(&self, call: Call, look: &Look<'_>) -> Result<Changed> {
        self.settle(&call, self.send(&call), look)
    }

    /// The same of many, so many at once; `look` is told the number of the call.
    ///
    /// Nothing more is sent where the connection is refused, or where hardly any time is left: what was
    /// not sent has no result.
    pub(crate) fn change_all(
        &self,
        width: usize,
        calls: &mut dyn Iterator<Item = Call>,
        look: &dyn Fn(usize) -> Result<Option<Value>>,
    ) -> Vec<Result<Changed>> {
        let mut sent: Vec<Option<(Call, Result<Box<Response>>)>> = Vec::new();
        self.overlap(width, calls, &mut |number, call, answer| {
            let goes_on = self.has_time() && !answer.as_ref().is_err_and(Failure::is_for_all);
            if sent.len() <= number {
                sent.resize_with(number + 1, || None);
            }
            sent[number] = Some((call, answer));
            goes_on
        });
        // A call that was sent was answered, and so were those before it.
        let settled = sent.into_iter().flatten().enumerate();
        settled.map(|(number, (call, answer))| self.settle(&call, answer, &|| look(number))).collect()
    }

    /// Finds out what became of a change, of which this is the answer.
    fn settle(&self, call: &Call, answer: Result<Box<Response>>, look: &Look<'_>) -> Result<Changed> {
        let safety = call.operation.safety;
        let (mut is_again, mut answer) = (false, Some(answer));
        loop {
            let answer = answer.take().unwrap_or_else(|| self.send(call));
            let mut failure = match answer.and_then(|answer| changed(call, &answer)) {
                Ok(changed) => return Ok(changed),
                // Refused the second time, it may have been made the first time.
                Err(failure) if is_again || failure.change == Change::Unknown => failure.after(Change::Unknown),
                Err(failure) => return Err(failure),
            };
            let mut patience = self.patience(if safety == Safety::Write { BRIEF } else { SETTLE });
            let seen = loop {
                match look() {
                    Ok(None) if patience.wait() => {}
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
            if !patience.is_full || !may_be_again || !self.wait(&call.retries, &failure) {
                let is_sure = patience.is_full && safety == Safety::Write && !is_refused;
                return Err(if is_sure { failure.after(Change::NotApplied) } else { failure });
            }
            is_again = true;
        }
    }
}

/// Looks for a change: what shows it, or nothing where it does not show.
pub(crate) type Look<'a> = dyn Fn() -> Result<Option<Value>> + 'a;

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
