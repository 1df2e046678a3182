//! Inviting a person, with access and groups: looking first, then doing what is missing.

mod organization;
mod site;

use crate::client::Client;
use crate::connection::Plane;
use crate::failure::{Change, Failure, FailureKind, Part, PartKind, PartOutcome, Result};
use crate::groups::MembershipOutcome;
use crate::transport::Transport;

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
pub async fn invite<T: Transport>(client: &Client<'_, T>, invitation: &Invitation) -> Result<Invited> {
    crate::email::check("email", &invitation.email)?;
    if invitation.access.iter().any(|access| access.product.trim_ascii().is_empty()) {
        return Err(
            Failure::invalid("access: a product is empty.").advise(format!("Known are {}.", crate::product::names()))
        );
    }
    match client.plane() {
        Plane::Site => site::invite(client, invitation).await,
        Plane::Organization | Plane::Scim => organization::invite(client, invitation).await,
    }
}

/// What has become of an invitation's parts so far.
#[derive(Default)]
struct Progress {
    parts: Vec<Part>,
    first_failure: Option<Failure>,
    /// Whether a person was invited who was not there, whatever became of the parts.
    invited: bool,
    /// Whether it cannot be told what became of some part.
    is_unknown: bool,
}

impl Progress {
    fn done(&mut self, kind: PartKind, name: &str, outcome: PartOutcome) {
        self.parts.push(Part::new(kind, name, outcome));
    }

    fn failed(&mut self, kind: PartKind, name: &str, failure: Failure) {
        self.parts.push(Part::failed(kind, name, &failure));
        self.is_unknown |= failure.change == Change::Unknown;
        self.first_failure.get_or_insert(failure);
    }

    fn joined(&mut self, group: &str, result: Result<MembershipOutcome>) {
        match result {
            Ok(MembershipOutcome::Added) => self.done(PartKind::Group, group, PartOutcome::Added),
            Ok(MembershipOutcome::AlreadyMember) => self.done(PartKind::Group, group, PartOutcome::AlreadyThere),
            Err(failure) => self.failed(PartKind::Group, group, failure),
        }
    }

    /// Success if no part failed; otherwise the failure, saying how far it got.
    fn finish(self, account_id: Option<String>) -> Result<Invited> {
        let changed = self.invited
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
        let mut message = "The invitation was made in part.".to_owned();
        for (what, list) in [("Not done", failed), ("Not known", unknown)] {
            if !list.is_empty() {
                message.push_str(&format!(" {what}: {list}."));
            }
        }
        failure.message = message;
        failure.kind = FailureKind::Incomplete;
        failure.advice = format!("Mend the cause and invite again; what is done stays done. {}", failure.advice);
        failure.change = Change::PartlyApplied;
        Err(failure)
    }
}
