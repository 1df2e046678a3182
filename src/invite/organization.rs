//! Inviting into an organization: one request for all access and groups.

mod batch;
mod products;

use super::{Invitation, Invited, Progress};
use crate::accounts::{AccountStatus, Matches};
use crate::client::Client;
use crate::failure::{Failure, FailureKind, PartKind, PartOutcome, Result};
use crate::groups;
use batch::post;
pub(crate) use batch::{AT_ONCE, Batch, State, Wanted, answered, invitation, roles, roles_call, shows};
pub(crate) use products::Products;
use std::slice;

pub(super) fn invite(client: &Client<'_>, invitation: &Invitation) -> Result<Invited> {
    let matches = Matches::read(client, &invitation.email)?;
    let found = matches.one()?;
    if found.is_some_and(|found| found.account.status == AccountStatus::Suspended) {
        let message = format!("{} is suspended in the directory.", invitation.email);
        return Err(
            Failure::new(FailureKind::Conflict, message).advise("Restore their access instead of inviting them.")
        );
    }
    let products = Products::read(client, &invitation.access)?;
    let access = invitation
        .access
        .iter()
        .map(|access| Ok(Wanted::access(&access.product, &products.resource(&access.product)?, access.role)));
    let mut wanted = access.collect::<Result<Vec<Wanted>>>()?;
    let groups = groups::resolve(client, &invitation.groups)?;
    wanted.extend(invitation.groups.iter().zip(&groups).map(|(name, group)| Wanted::group(name, &group.id)));

    let mut progress = Progress::default();
    let email: &[&str] = &[&invitation.email];
    let message = invitation.message.as_deref();
    let Some(found) = found.filter(|found| found.account.status == AccountStatus::Active) else {
        groups.iter().try_for_each(groups::Group::check_changeable)?;
        let batch = Batch { emails: email, wanted: &wanted, were_there: false, message };
        let account_id = post(client, &batch, slice::from_mut(&mut progress)).swap_remove(0)?;
        // Whoever was not there may be there now, even if everything asked for failed.
        progress.is_unknown = true;
        return progress.finish(account_id);
    };
    let account_id = &found.account.account_id;
    let state = State::read(client, found, &wanted)?;
    let is_there = |wanted: &Wanted| state.has(wanted);
    let (there, missing): (Vec<Wanted>, Vec<Wanted>) = wanted.into_iter().partition(is_there);
    for group in groups.iter().filter(|group| missing.iter().any(|wanted| wanted.id == group.id)) {
        group.check_changeable()?;
    }
    for wanted in &there {
        progress.done(wanted.kind, &wanted.name, PartOutcome::AlreadyThere);
    }
    if missing.iter().any(|wanted| wanted.kind == PartKind::Access) {
        let batch = Batch { emails: email, wanted: &missing, were_there: true, message };
        post(client, &batch, slice::from_mut(&mut progress)).swap_remove(0)?;
    } else {
        // An invitation without access is nothing that Atlassian describes for people who are there.
        for wanted in &missing {
            if let Some(group) = groups.iter().find(|group| group.id == wanted.id) {
                progress.part(PartKind::Group, &wanted.name, groups::join(client, group, account_id));
            }
        }
    }
    progress.finish(Some(account_id.clone()))
}
