//! Rollouts: bringing many people to the state that is wanted for them.
//!
//! A plan looks and says what there is to do; applying it does that. Both read an organization by the
//! hundred, and a site person by person, with a window of requests on their way at once.

mod apply;
mod one;
mod plan;
mod present;
mod products;
mod progress;
mod site;

use crate::failure::{Failure, PartKind};
use crate::product::{Access, ROLES};

pub use apply::apply;
pub(crate) use one::one;
pub use plan::plan;

/// The contract's `person`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Person {
    pub email: String,
    pub state: Presence,
    pub access: Vec<Access>,
    pub groups: Vec<String>,
}

/// The contract's `presence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum Presence {
    Present,
    Gone,
}

/// The contract's `plan-options`.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct PlanOptions {
    pub other_groups: OtherGroups,
    pub window: Option<u32>,
    pub departure: Departure,
}

/// The contract's `other-groups`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum OtherGroups {
    Keep,
    Leave,
}

/// The contract's `departure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum Departure {
    LeaveGroups,
    Suspend,
    Remove,
}

/// The contract's `rollout`.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Rollout {
    pub steps: Vec<Step>,
    pub settled: Vec<String>,
    pub problems: Vec<Problem>,
}

/// The contract's `step`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Step {
    pub email: String,
    pub account_id: Option<String>,
    pub actions: Vec<Action>,
}

/// The contract's `action`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Action {
    pub kind: ActionKind,
    pub name: String,
    pub id: String,
    /// One of [`ROLES`].
    pub role: &'static str,
}

/// The contract's `action-kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum ActionKind {
    Invite,
    Restore,
    GiveAccess,
    JoinGroup,
    LeaveGroup,
    Suspend,
    Remove,
}

/// The contract's `action-kind`, in its order.
pub const ACTION_KINDS: [ActionKind; 7] = [
    ActionKind::Invite,
    ActionKind::Restore,
    ActionKind::GiveAccess,
    ActionKind::JoinGroup,
    ActionKind::LeaveGroup,
    ActionKind::Suspend,
    ActionKind::Remove,
];

/// The contract's `problem`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Problem {
    pub email: String,
    pub blocks: bool,
    pub failure: Failure,
}

/// The contract's `apply-options`.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct ApplyOptions {
    pub message: Option<String>,
    pub window: Option<u32>,
}

/// The contract's `applied`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Applied {
    pub email: String,
    pub outcome: StepOutcome,
    pub account_id: Option<String>,
    pub failure: Option<Failure>,
}

/// The contract's `step-outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum StepOutcome {
    Done,
    AlreadySo,
    Requested,
    Failed,
    NotTried,
}

impl Person {
    fn is_gone(&self) -> bool {
        self.state == Presence::Gone
    }

    fn wants_access(&self) -> bool {
        !self.is_gone() && !self.access.is_empty()
    }
}

impl Action {
    fn new(kind: ActionKind, name: &str, id: &str) -> Action {
        Action { kind, name: name.to_owned(), id: id.to_owned(), role: ROLES[0] }
    }

    /// Whether actions have one that does the same, whatever it is called.
    fn is_among(&self, actions: &[Action]) -> bool {
        actions.iter().any(|other| (other.kind, &other.id, other.role) == (self.kind, &self.id, self.role))
    }

    /// What it is a part of.
    fn part(&self) -> PartKind {
        if self.kind == ActionKind::GiveAccess { PartKind::Access } else { PartKind::Group }
    }
}

impl Step {
    fn has(&self, kind: ActionKind) -> bool {
        self.actions.iter().any(|action| action.kind == kind)
    }

    /// The actions of a kind, each by name and id.
    fn of(&self, kind: ActionKind) -> impl Iterator<Item = &Action> {
        self.actions.iter().filter(move |action| action.kind == kind)
    }
}
