//! Inviting a person, with access and groups: looking first, then doing what is missing.

pub(crate) mod organization;
pub(crate) mod site;

use crate::client::Client;
use crate::connection::Plane;
use crate::failure::{Change, Failure, FailureKind, Part, PartKind, PartOutcome, Result};

/// The contract's `invitation`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Invitation {
    pub email: String,
    pub access: Vec<Access>,
    pub groups: Vec<String>,
    pub message: Option<String>,
}

/// The contract's `role`, in its order.
pub const ROLES: [&str; 8] = ["user", "admin", "guest", "contributor", "customer", "basic", "stakeholder", "viewer"];

/// The contract's `access`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Access {
    pub product: String,
    /// One of [`ROLES`].
    pub role: &'static str,
}

/// The contract's `invited`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Invited {
    pub outcome: InviteOutcome,
    pub account_id: Option<String>,
    pub parts: Vec<Part>,
}

/// The contract's `invite-outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum InviteOutcome {
    Invited,
    AlreadyThere,
}

/// Invites a person, and does only what is not so yet.
pub fn invite(client: &Client<'_>, invitation: &Invitation) -> Result<Invited> {
    crate::email::check("email", &invitation.email)?;
    check(&invitation.access)?;
    match client.plane() {
        Plane::Site => site::invite(client, invitation),
        Plane::Organization | Plane::Scim => organization::invite(client, invitation),
    }
}

/// Refuses access to nothing.
pub(crate) fn check(access: &[Access]) -> Result<()> {
    if access.iter().any(|access| access.product.trim_ascii().is_empty()) {
        let advice = format!("Known are {}.", crate::product::names());
        return Err(Failure::invalid("access: a product is empty.").advise(advice));
    }
    Ok(())
}

/// What has become of an invitation's parts so far, or of a step's.
#[derive(Default)]
pub(crate) struct Progress {
    parts: Vec<Part>,
    first_failure: Option<Failure>,
    /// Whether anything was done besides the parts: a person was invited who was not there.
    pub(crate) is_changed: bool,
    /// Whether it cannot be told what became of some part.
    pub(crate) is_unknown: bool,
}

impl Progress {
    pub(crate) fn done(&mut self, kind: PartKind, name: &str, outcome: PartOutcome) {
        self.parts.push(Part::new(kind, name, outcome));
    }

    pub(crate) fn failed(&mut self, kind: PartKind, name: &str, failure: Failure) {
        self.parts.push(Part::failed(kind, name, &failure));
        self.is_unknown |= failure.change == Change::Unknown;
        self.first_failure.get_or_insert(failure);
    }

    /// Something that is no part failed, and nothing was done after it.
    pub(crate) fn stopped(&mut self, failure: Failure) {
        self.is_unknown |= failure.change == Change::Unknown;
        self.first_failure.get_or_insert(failure);
    }

    /// What became of a part.
    pub(crate) fn part(&mut self, kind: PartKind, name: &str, result: Result<PartOutcome>) {
        match result {
            Ok(outcome) => self.done(kind, name, outcome),
            Err(failure) => self.failed(kind, name, failure),
        }
    }

    /// Success if no part failed; otherwise the failure, saying how far it got.
    pub(crate) fn finish(self, account_id: Option<String>) -> Result<Invited> {
        let changed = self.is_changed
            || self.parts.iter().any(|part| matches!(part.outcome, PartOutcome::Added | PartOutcome::Requested));
        let Some(mut failure) = self.first_failure else {
            let outcome = if changed { InviteOutcome::Invited } else { InviteOutcome::AlreadyThere };
            return Ok(Invited { outcome, account_id, parts: self.parts });
        };
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
