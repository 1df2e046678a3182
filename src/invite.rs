//! Inviting a person, with access and groups: a rollout of one.

use crate::client::Client;
use crate::failure::{Part, Result};
use crate::product::Access;
use crate::rollout;

/// The contract's `invitation`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Invitation {
    pub email: String,
    pub access: Vec<Access>,
    pub groups: Vec<String>,
    pub message: Option<String>,
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
    rollout::one(client, invitation)
}
