//! A step on its way.

use crate::failure::{Failure, FailureKind, Part, PartOutcome, Result};
use crate::rollout::present::Present;
use crate::rollout::progress::Progress;
use crate::rollout::{ActionKind, Applied, Step, StepOutcome};

/// A step, and how far it got.
pub(in crate::rollout) struct Work<'a> {
    pub(super) step: &'a Step,
    pub(in crate::rollout) account_id: Option<String>,
    /// What the person has, where it was looked.
    pub(in crate::rollout) present: Option<Present>,
    pub(in crate::rollout) progress: Progress,
    /// How many of its actions were begun.
    pub(super) begun: usize,
    /// Whether nothing more is to be done.
    pub(super) is_over: bool,
}

impl<'a> Work<'a> {
    pub(in crate::rollout) fn new(step: &'a Step) -> Work<'a> {
        Work {
            step,
            account_id: step.account_id.clone(),
            present: None,
            progress: Progress::default(),
            begun: 0,
            is_over: false,
        }
    }

    /// Whether they were seen to be somebody who works there.
    pub(super) fn is_there(&self) -> bool {
        self.present.as_ref().is_some_and(Present::is_active)
    }

    /// Counts its actions of these kinds as begun.
    pub(super) fn begin(&mut self, kinds: &[ActionKind]) {
        self.begun += self.step.actions.iter().filter(|action| kinds.contains(&action.kind)).count();
    }

    /// Takes what was seen of the person.
    pub(super) fn see(&mut self, mut present: Present) {
        if let Some(failure) = present.unclear.take() {
            self.stop(failure);
        }
        match (present.account_id(), &self.account_id) {
            (Some(found), Some(account_id)) if found != account_id => {
                let message = format!("{} has another account than the step says.", self.step.email);
                self.stop(Failure::new(FailureKind::Conflict, message).advise("Plan again."));
            }
            (found, None) => self.account_id = found.map(str::to_owned),
            _ => {}
        }
        self.present = Some(present);
    }

    /// It cannot go on.
    pub(super) fn stop(&mut self, failure: Failure) {
        self.progress.stopped(failure);
        self.is_over = true;
    }

    /// The parts and whether anything was changed, or what failed.
    pub(in crate::rollout) fn finish(mut self) -> Result<(Vec<Part>, bool)> {
        if self.begun < self.step.actions.len() && !self.is_over {
            let failure = Failure::new(FailureKind::Timeout, "No time was left for this.");
            self.progress.stopped(failure.advise("Do it again, with more time, or with fewer steps at once."));
        }
        self.progress.finish()
    }

    pub(super) fn applied(self) -> Applied {
        let (email, account_id, is_begun) = (self.step.email.clone(), self.account_id.clone(), self.begun > 0);
        let (outcome, failure) = match self.finish() {
            Ok((parts, _)) if parts.iter().any(|part| part.outcome == PartOutcome::Requested) => {
                (StepOutcome::Requested, None)
            }
            Ok((_, true)) => (StepOutcome::Done, None),
            Ok(_) => (StepOutcome::AlreadySo, None),
            Err(failure) if is_begun => (StepOutcome::Failed, Some(failure)),
            Err(failure) => (StepOutcome::NotTried, Some(failure)),
        };
        Applied { email, outcome, account_id, failure }
    }
}
