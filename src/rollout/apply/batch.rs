//! One request that invites several people, and its results read one by one.

use crate::client::{Call, Changed, Client, SETTLE};
use crate::email;
use crate::failure::{Change, Failure, FailureKind, PartOutcome, Result};
use crate::json::{Object, Value};
use crate::operations::organization;
use crate::rollout::present::{self, Present};
use crate::rollout::progress::Progress;
use crate::rollout::{Action, ActionKind};
use std::time::Duration;

/// The most that one request invites.
pub(super) const AT_ONCE: usize = 25;

/// The same for each of [`AT_ONCE`] people at most.
pub(super) struct Batch<'a> {
    pub(super) emails: &'a [&'a str],
    pub(super) wanted: &'a [Action],
    /// Whether they are there already.
    pub(super) were_there: bool,
    pub(super) message: Option<&'a str>,
}

/// What invites.
pub(super) fn invitation(batch: &Batch<'_>) -> Call {
    Call::new(&organization::INVITE).needs("data").json(body(batch))
}

/// What those have at present whom a batch is for.
fn look(client: &Client<'_>, batch: &Batch<'_>) -> Result<Vec<Present>> {
    let mut present = vec![Present::default(); batch.emails.len()];
    present::ask(client, batch.emails, 1, Vec::new(), &mut |_, _| Ok(()), &|_, _| true, &mut present)?;
    for present in &mut present {
        match present.unclear.take() {
            Some(failure) => return Err(failure),
            None if !present.is_active() => present.found = None,
            None => {}
        }
    }
    let is_about_roles = batch.wanted.iter().any(|wanted| wanted.kind == ActionKind::GiveAccess);
    present::ask_roles(client, 1, &|_| is_about_roles, &mut present)?;
    Ok(present)
}

/// What shows that an invitation was made, be it of one of several people only: whoever is there must not
/// be sent it again. Somebody who was there before shows it by anything of it that is there now.
pub(super) fn shows(client: &Client<'_>, batch: &Batch<'_>) -> Result<Option<Value>> {
    let shows = |present: &Present| {
        present.found.is_some() && (!batch.were_there || batch.wanted.iter().any(|wanted| present.has(wanted)))
    };
    Ok(look(client, batch)?.iter().any(shows).then_some(Value::Null))
}

/// Notes what became of each part; the account of each, where it is named.
pub(super) fn answered(
    client: &Client<'_>,
    batch: &Batch<'_>,
    result: Result<Changed>,
    progress: &mut [Progress],
) -> Vec<Result<Option<String>>> {
    match result {
        Ok(Changed::Said(status, answer)) => {
            // With their addresses, because everybody is compared with all.
            let address = |person: &Value| person.owned("email");
            let people: Vec<(String, &Value)> = answer.list("data").iter().map(|it| (address(it), it)).collect();
            let each = batch.emails.iter().zip(progress);
            each.map(|(email, progress)| read(email, batch.wanted, status, &people, progress)).collect()
        }
        Ok(Changed::Seen(_)) => confirm(client, batch, SETTLE, progress),
        // Some of them may have been invited, and it was waited for the others.
        Err(failure) if failure.change == Change::Unknown && batch.emails.len() > 1 => {
            confirm(client, batch, Duration::ZERO, progress)
        }
        Err(failure) => vec![Err(failure); batch.emails.len()],
    }
}

/// Notes what is there of an invitation whose answer was lost; some of it may take a while to show.
fn confirm(
    client: &Client<'_>,
    batch: &Batch<'_>,
    longest: Duration,
    progress: &mut [Progress],
) -> Vec<Result<Option<String>>> {
    let has_all = |present: &Present| present.found.is_some() && batch.wanted.iter().all(|wanted| present.has(wanted));
    let mut patience = client.patience(longest);
    let all = loop {
        match look(client, batch) {
            Err(failure) => return vec![Err(failure.after(Change::Unknown)); batch.emails.len()],
            Ok(all) if all.iter().all(has_all) || !patience.wait() => break all,
            Ok(_) => {}
        }
    };
    let lost = || {
        let failure = Failure::new(FailureKind::Unavailable, "the answer was lost, and this does not show");
        failure.advise("Look again in a while.").after(Change::Unknown)
    };
    let confirmed = all.iter().zip(progress).map(|(present, progress)| {
        for wanted in batch.wanted {
            let outcome = if present.has(wanted) { Ok(PartOutcome::Done) } else { Err(lost()) };
            progress.part(wanted.part(), &wanted.name, outcome);
        }
        progress.is_changed |= present.found.is_some() && !batch.were_there;
        match present.account_id() {
            None if batch.wanted.is_empty() => Err(lost()),
            account_id => Ok(account_id.map(str::to_owned)),
        }
    });
    confirmed.collect()
}

/// Notes what Atlassian says of each part. A 200 and a 206 are read alike.
fn read(
    email: &str,
    wanted: &[Action],
    status: u16,
    people: &[(String, &Value)],
    progress: &mut Progress,
) -> Result<Option<String>> {
    let is_mine = |(address, _): &&(String, &Value)| email::same(address, email);
    let mine: Vec<&Value> = people.iter().filter(is_mine).map(|(_, person)| *person).collect();
    if mine.is_empty() {
        let message = format!("Atlassian's answer (HTTP {status}) says nothing of {email}.");
        return Err(Failure::new(FailureKind::Protocol, message)
            .advise("They may have been invited: look them up before inviting again.")
            .after(Change::Unknown));
    }
    let results: Vec<&Value> = mine.iter().flat_map(|person| person.list("results")).collect();
    for wanted in wanted {
        let (reason, change) = match status_of(&results, wanted) {
            Some(Ok(())) => {
                progress.done(wanted.part(), &wanted.name, PartOutcome::Done);
                continue;
            }
            Some(Err(reason)) => (reason, Change::NotApplied),
            None => ("Atlassian's answer says nothing of it", Change::Unknown),
        };
        let advice = "Check the licence, the resource id, and that the group is not an identity provider's.";
        let failure = Failure::new(FailureKind::Conflict, reason).advise(advice).after(change);
        progress.failed(wanted.part(), &wanted.name, failure);
    }
    progress.is_changed |= wanted.is_empty() && status == 200;
    if status == 206 && !progress.has_failed() {
        // To RFC 9110 a 206 is a range; to Atlassian it says that something failed.
        let message = format!("Atlassian says that inviting {email} failed in part, but not in which.");
        let failure = Failure::new(FailureKind::Incomplete, message).advise("Look them up.");
        progress.stopped(failure.after(Change::Unknown));
    }
    Ok(mine.iter().find_map(|person| person.text("id")).map(str::to_owned))
}

fn body(batch: &Batch<'_>) -> Object {
    let mut rules = Vec::new();
    let mut groups = Vec::new();
    for (at, wanted) in batch.wanted.iter().enumerate() {
        match wanted.kind {
            _ if wanted.is_among(&batch.wanted[..at]) => {}
            ActionKind::GiveAccess => {
                let role = ["atlassian/", wanted.role].concat();
                rules.push(Object::new().text("resource", &wanted.id).text("role", &role));
            }
            _ => groups.push(wanted.id.as_str()),
        }
    }
    let body = Object::new().texts("emails", batch.emails);
    let body = body.objects("permissionRules", rules).texts("additionalGroups", &groups);
    match batch.message {
        // Without a text no e-mail goes out, whatever `sendNotification` says.
        Some(message) => body.raw("sendNotification", "true").text("notificationText", message),
        None => body,
    }
}

/// What the results of one person say of one thing that was asked for: done, or why not.
fn status_of<'a>(results: &[&'a Value], wanted: &Action) -> Option<std::result::Result<(), &'a str>> {
    let (list, field, role) = match wanted.kind {
        ActionKind::GiveAccess => ("roleAssignmentResult", "resource", wanted.role),
        _ => ("groupAssignmentResult", "group", ""),
    };
    let is_it = |result: &&Value| {
        let given = result.text("role").unwrap_or_default();
        result.text(field) == Some(&wanted.id) && given.strip_prefix("atlassian/").unwrap_or(given) == role
    };
    let result = results.iter().flat_map(|result| result.list(list)).find(is_it)?;
    Some(match result.text("status") {
        Some("INVITED") => Ok(()),
        _ => Err(result.text("statusReason").unwrap_or("no reason given")),
    })
}
