//! The contract's records and variants, as they are laid out: field by field, in their order.
//!
//! An enum of the core has the cases of the contract's in the same order; a test compares them.

use super::abi::{Lower, Row};
use crate::accounts::Account;
use crate::diagnosis::{Finding, Place, Report};
use crate::failure::{Facts, Failure, Part};
use crate::groups::{Group, Membership};
use crate::invite::Invited;
use crate::outcome::Outcome;
use crate::product::ROLES;
use crate::rollout::{Action, Applied, Problem, Rollout, Step};

impl Lower for Account {
    fn lower(self, row: &mut Row) {
        row.text(self.account_id);
        row.text(self.email);
        row.text(self.name);
        row.case(self.status as u8);
    }
}

impl Lower for Invited {
    fn lower(self, row: &mut Row) {
        row.case(self.outcome as u8);
        row.maybe_text(self.account_id);
        row.list(self.parts);
    }
}

impl Lower for Part {
    fn lower(self, row: &mut Row) {
        row.case(self.kind as u8);
        row.text(self.name);
        row.case(self.outcome as u8);
        row.text(self.reason);
    }
}

impl Lower for Group {
    fn lower(self, row: &mut Row) {
        row.text(self.id);
        row.text(self.name);
    }
}

impl Lower for Membership {
    fn lower(self, row: &mut Row) {
        row.case(self.outcome as u8);
        row.value(self.group);
        row.text(self.account_id);
    }
}

impl Lower for Outcome {
    fn lower(self, row: &mut Row) {
        row.case(self as u8);
    }
}

/// A group that was to be made.
impl Lower for (Outcome, Group) {
    fn lower(self, row: &mut Row) {
        row.value(self.0);
        row.value(self.1);
    }
}

impl Lower for String {
    fn lower(self, row: &mut Row) {
        row.text(self);
    }
}

impl Lower for Rollout {
    fn lower(self, row: &mut Row) {
        row.list(self.steps);
        row.list(self.settled);
        row.list(self.problems);
    }
}

impl Lower for Step {
    fn lower(self, row: &mut Row) {
        row.text(self.email);
        row.maybe_text(self.account_id);
        row.list(self.actions);
    }
}

impl Lower for Action {
    fn lower(self, row: &mut Row) {
        row.case(self.kind as u8);
        row.text(self.name);
        row.text(self.id);
        let role = ROLES.iter().position(|role| *role == self.role);
        row.case(role.unwrap_or_default() as u8);
    }
}

impl Lower for Problem {
    fn lower(self, row: &mut Row) {
        row.text(self.email);
        row.case(self.blocks.into());
        row.value(self.failure);
    }
}

/// What became of steps.
impl Lower for Vec<Applied> {
    fn lower(self, row: &mut Row) {
        row.list(self);
    }
}

impl Lower for Applied {
    fn lower(self, row: &mut Row) {
        row.text(self.email);
        row.case(self.outcome as u8);
        row.maybe_text(self.account_id);
        row.maybe(self.failure, FAILURE);
    }
}

impl Lower for Report {
    fn lower(self, row: &mut Row) {
        row.text(self.credential.to_owned());
        row.maybe(self.identity, 7);
        row.maybe_text(self.expires);
        row.list(self.places);
        row.list(self.findings);
    }
}

impl Lower for Place {
    fn lower(self, row: &mut Row) {
        row.case(self.kind as u8);
        row.text(self.id);
        row.text(self.name);
    }
}

impl Lower for Finding {
    fn lower(self, row: &mut Row) {
        row.case(self.ability as u8);
        row.case(self.verdict as u8);
        row.text(self.detail);
        row.text(self.advice);
    }
}

/// The words of a failure.
const FAILURE: usize = 17;

impl Lower for Failure {
    #[inline(never)]
    fn lower(self, row: &mut Row) {
        let failure = Facts::from(self);
        row.case(failure.kind as u8);
        row.text(failure.message);
        row.text(failure.advice);
        row.maybe_u16(failure.status);
        row.maybe_u32(failure.retry_after);
        row.maybe_text(failure.code);
        row.maybe_text(failure.request_id);
        row.case(failure.change as u8);
        row.list(failure.parts);
    }
}
