//! What has become of a step's parts so far.

use crate::failure::{Change, Failure, FailureKind, Part, PartKind, PartOutcome, Result};

/// What has become of a step's parts so far.
#[derive(Default)]
pub(super) struct Progress {
    parts: Vec<Part>,
    first_failure: Option<Failure>,
    /// Whether anything was done besides the parts: a person was invited who was not there.
    pub(super) is_changed: bool,
    /// Whether it cannot be told what became of some part.
    pub(super) is_unknown: bool,
}

impl Progress {
    pub(super) fn done(&mut self, kind: PartKind, name: &str, outcome: PartOutcome) {
        self.parts.push(Part::new(kind, name, outcome));
    }

    pub(super) fn failed(&mut self, kind: PartKind, name: &str, failure: Failure) {
        self.parts.push(Part::failed(kind, name, &failure));
        self.stopped(failure);
    }

    /// Something that is no part failed, and nothing was done after it.
    pub(super) fn stopped(&mut self, failure: Failure) {
        self.is_unknown |= failure.change == Change::Unknown;
        self.first_failure.get_or_insert(failure);
    }

    /// What became of a part.
    pub(super) fn part(&mut self, kind: PartKind, name: &str, result: Result<PartOutcome>) {
        match result {
            Ok(outcome) => self.done(kind, name, outcome),
            Err(failure) => self.failed(kind, name, failure),
        }
    }

    /// Whether anything failed.
    pub(super) fn has_failed(&self) -> bool {
        self.first_failure.is_some()
    }

    /// The parts and whether anything was changed, if none failed; otherwise the failure, saying how far it
    /// got.
    pub(super) fn finish(self) -> Result<(Vec<Part>, bool)> {
        let changed = self.is_changed
            || self.parts.iter().any(|part| matches!(part.outcome, PartOutcome::Done | PartOutcome::Requested));
        let Some(mut failure) = self.first_failure else { return Ok((self.parts, changed)) };
        failure.parts = self.parts;
        if !changed || failure.kind == FailureKind::Incomplete {
            let change = if self.is_unknown { Change::Unknown } else { failure.change };
            return Err(failure.after(change));
        }
        let of = |outcome: PartOutcome| {
            let parts = failure.parts.iter().filter(|part| part.outcome == outcome);
            parts.map(|part| format!("{} ({})", part.name, part.reason)).collect::<Vec<_>>().join("; ")
        };
        let (failed, unknown) = (of(PartOutcome::Failed), of(PartOutcome::Unknown));
        let mut message = "This was done in part.".to_owned();
        for (what, list) in [("Not done", &failed), ("Not known", &unknown)] {
            if !list.is_empty() {
                message.push_str(&format!(" {what}: {list}."));
            }
        }
        if failed.is_empty() && unknown.is_empty() {
            message.push_str(&format!(" {}", failure.message));
        }
        failure.message = message;
        failure.kind = FailureKind::Incomplete;
        failure.advice = format!("Mend the cause and do it again; what is done stays done. {}", failure.advice);
        failure.change = Change::PartlyApplied;
        Err(failure)
    }
}
