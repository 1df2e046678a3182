//! A rollout of one person: an invitation.

use super::apply::{Hand, Work};
use super::plan::Draft;
use super::{ApplyOptions, Departure, OtherGroups, Person, PlanOptions, Presence, Step, site};
use crate::accounts::AccountStatus;
use crate::client::Client;
use crate::connection::Plane;
use crate::failure::{Failure, FailureKind, PartOutcome, Result};
use crate::invite::{Invitation, InviteOutcome, Invited};

/// Plans an invitation and applies it.
///
/// # Errors
///
/// Fails where a plan has a problem, and where a step fails.
pub(crate) fn one(client: &Client<'_>, invitation: &Invitation) -> Result<Invited> {
    let Invitation { email, access, groups, message } = invitation.clone();
    let is_site = client.plane() == Plane::Site;
    if is_site && message.is_some() {
        return Err(site::no_message());
    }
    let people = [Person { email, state: Presence::Present, access, groups }];
    let options = PlanOptions { other_groups: OtherGroups::Keep, window: None, departure: Departure::LeaveGroups };
    let mut draft = Draft::new(&options, is_site);
    let mut read = draft.read(client, &people)?;
    let Some(subject) = read.pop() else {
        // Who is not read has a problem.
        return Err(draft.rollout.problems.swap_remove(0).failure);
    };
    if subject.present.status() == Some(AccountStatus::Suspended) && !subject.present.is_active() {
        let message = format!("{} is suspended in the directory.", subject.person.email);
        let failure = Failure::new(FailureKind::Conflict, message);
        return Err(failure.advise("Restore their access instead of inviting them."));
    }
    let step = Step {
        email: subject.person.email.clone(),
        account_id: subject.present.account_id().map(str::to_owned),
        actions: draft.actions(&subject)?,
    };
    let mut work = Work::new(&step);
    for wanted in subject.wanted.iter().filter(|wanted| !step.actions.contains(wanted)) {
        work.progress.done(wanted.part(), &wanted.name, PartOutcome::AlreadySo);
    }
    work.present = Some(subject.present);
    let options = ApplyOptions { message, window: None };
    let mut hand = Hand::new(client, &options, vec![work]);
    hand.groups = draft.groups;
    hand.tells_all = true;
    hand.carry_on()?;
    let work = hand.work.swap_remove(0);
    let account_id = work.account_id.clone();
    let (parts, is_changed) = work.finish()?;
    let outcome = if is_changed { InviteOutcome::Invited } else { InviteOutcome::AlreadyThere };
    Ok(Invited { outcome, account_id, parts })
}
