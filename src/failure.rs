//! The one error type: why something did not work, and what to do about it.

mod answer;
mod diagnosis;
mod said;

use crate::groups::MembershipOutcome;
use crate::outcome::Outcome;
pub(crate) use answer::is_refused;

/// A result whose error is a [`Failure`].
pub type Result<T> = std::result::Result<T, Failure>;

/// What to do about an answer that cannot be Atlassian's.
pub(crate) const WRONG_ADDRESS: &str = "Check that the address is Atlassian's and not a proxy's or a login page's.";

/// Why something did not work.
///
/// Boxed, because it travels through every `?`, and what is moved there is code in the component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Box<Facts>);

/// What a failure says; the fields are those of the contract's `failure`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What happened, for a person.
    pub message: String,
    /// What to do about it, for a person.
    pub advice: String,
    /// The HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    /// Seconds to wait, if the server said so.
    pub retry_after: Option<u32>,
    /// Atlassian's own error code.
    pub code: Option<String>,
    /// The id of the request at Atlassian.
    pub request_id: Option<String>,
    /// Whether the change was made.
    pub change: Change,
    /// What became of the parts of the change.
    pub parts: Vec<Part>,
    /// Whether the answer shows that the credential was accepted, if not for this. Not in the contract.
    pub is_known: bool,
}

/// The contract's `failure-kind`, which documents the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum FailureKind {
    InvalidInput,
    Unauthenticated,
    Forbidden,
    NotFound,
    Ambiguous,
    Conflict,
    Incomplete,
    RateLimited,
    Timeout,
    Unavailable,
    DeniedByHost,
    Protocol,
    Other,
}

/// The contract's `change`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum Change {
    NotApplied,
    Applied,
    PartlyApplied,
    Unknown,
}

/// The contract's `part`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Part {
    pub kind: PartKind,
    pub name: String,
    pub outcome: PartOutcome,
    pub reason: String,
}

/// The contract's `part-kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum PartKind {
    Access,
    Group,
}

/// The contract's `part-outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum PartOutcome {
    Done,
    AlreadySo,
    Requested,
    Failed,
    Unknown,
}

impl From<MembershipOutcome> for PartOutcome {
    fn from(outcome: MembershipOutcome) -> PartOutcome {
        match outcome {
            MembershipOutcome::Added => PartOutcome::Done,
            MembershipOutcome::AlreadyMember => PartOutcome::AlreadySo,
        }
    }
}

impl From<Outcome> for PartOutcome {
    fn from(outcome: Outcome) -> PartOutcome {
        match outcome {
            Outcome::Done => PartOutcome::Done,
            Outcome::AlreadySo => PartOutcome::AlreadySo,
        }
    }
}

impl Part {
    /// A part that did not fail.
    pub(crate) fn new(kind: PartKind, name: &str, outcome: PartOutcome) -> Part {
        Part { kind, name: name.to_owned(), outcome, reason: String::new() }
    }

    /// A part that failed, or of which it cannot be told, and why.
    pub(crate) fn failed(kind: PartKind, name: &str, failure: &Failure) -> Part {
        let outcome = if failure.change == Change::Unknown { PartOutcome::Unknown } else { PartOutcome::Failed };
        Part { kind, name: name.to_owned(), outcome, reason: failure.message.clone() }
    }
}

impl std::ops::Deref for Failure {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl std::ops::DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.0
    }
}

impl From<Failure> for Facts {
    fn from(failure: Failure) -> Facts {
        *failure.0
    }
}

impl Failure {
    /// A failure before anything was changed.
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure(Box::new(Facts {
            kind,
            message: message.into(),
            advice: String::new(),
            status: None,
            retry_after: None,
            code: None,
            request_id: None,
            change: Change::NotApplied,
            parts: Vec::new(),
            is_known: false,
        }))
    }

    /// An argument that is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::InvalidInput, message)
    }

    /// The same, with what is known of the change; the advice says it where that is nothing.
    pub(crate) fn after(mut self, change: Change) -> Failure {
        const LOOK: &str = "The change may have been made: look before sending it again. ";
        self.change = change;
        let rest = self.advice.strip_prefix(LOOK).unwrap_or(&self.advice);
        self.advice = [if change == Change::Unknown { LOOK } else { "" }, rest].concat();
        self
    }

    /// Whether the server answered with this status to somebody it knew.
    pub(crate) fn is(&self, status: u16) -> bool {
        self.status == Some(status) && self.kind != FailureKind::Unauthenticated
    }

    /// Whether every other request would fail in the same way.
    pub(crate) fn is_for_all(&self) -> bool {
        matches!(self.kind, FailureKind::Unauthenticated | FailureKind::DeniedByHost)
    }

    /// The same with what to do about it.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Failure {
        self.advice = advice.into();
        self
    }
}
