//! One request that invites several people, and its results read one by one.

use crate::accounts::{AccountStatus, Found, Matches};
use crate::client::{Call, Changed, Client, SETTLE};
use crate::email;
use crate::failure::{Change, Failure, FailureKind, PartKind, PartOutcome, Result};
use crate::invite::Progress;
use crate::json::{Object, Value};
use crate::operations::organization;
use std::time::Duration;

/// One thing that is asked for: the caller's word for it, and Atlassian's.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) kind: PartKind,
    pub(crate) name: String,
    /// A resource's or a group's id.
    pub(crate) id: String,
    /// The role, for access; otherwise empty.
    pub(crate) role: String,
}

impl Wanted {
    pub(crate) fn access(name: &str, id: &str, role: &str) -> Wanted {
        let role = ["atlassian/", role].concat();
        Wanted { kind: PartKind::Access, name: name.to_owned(), id: id.to_owned(), role }
    }

    pub(crate) fn group(name: &str, id: &str) -> Wanted {
        Wanted { kind: PartKind::Group, name: name.to_owned(), id: id.to_owned(), role: String::new() }
    }
}

/// The most that one request invites.
pub(crate) const AT_ONCE: usize = 25;

/// The same for each of [`AT_ONCE`] people at most.
pub(crate) struct Batch<'a> {
    pub(crate) emails: &'a [&'a str],
    pub(crate) wanted: &'a [Wanted],
    /// Whether they are there already.
    pub(crate) were_there: bool,
    pub(crate) message: Option<&'a str>,
}

/// What somebody who is there has.
pub(crate) struct State {
    found: Found,
    roles: Vec<(String, String)>,
}

impl State {
    /// Reads what is asked for; one request for the roles, where there is any among it.
    pub(crate) fn read(client: &Client<'_>, found: &Found, wanted: &[Wanted]) -> Result<State> {
        let roles = if wanted.iter().any(|wanted| wanted.kind == PartKind::Access) {
            roles(&client.list(roles_call(&found.account.account_id))?)
        } else {
            Vec::new()
        };
        Ok(State { found: found.clone(), roles })
    }

    /// The same of each whom a batch is for, if they are there.
    fn look(client: &Client<'_>, batch: &Batch<'_>) -> Result<Vec<Option<State>>> {
        let mut states = Vec::new();
        for matches in Matches::read_all(client, batch.emails)? {
            states.push(match matches.one()? {
                Some(found) if found.account.status == AccountStatus::Active => {
                    Some(State::read(client, found, batch.wanted)?)
                }
                _ => None,
            });
        }
        Ok(states)
    }

    pub(crate) fn has(&self, wanted: &Wanted) -> bool {
        if wanted.kind == PartKind::Group {
            return self.found.is_in(&wanted.id);
        }
        self.roles.iter().any(|(id, role)| *id == wanted.id && *role == wanted.role)
    }
}

/// What asks for the roles that somebody has.
pub(crate) fn roles_call(account_id: &str) -> Call {
    Call::new(&organization::USER_ROLES).path("accountId", account_id)
}

/// The answer to that, each role with its resource.
pub(crate) fn roles(resources: &[Value]) -> Vec<(String, String)> {
    let each = resources.iter().flat_map(|resource| {
        let role = |role: &Value| (resource.owned("resourceId"), role.owned("role"));
        resource.list("roleAssignments").iter().map(role)
    });
    each.collect()
}

/// Sends an invitation, and notes what became of each part.
///
/// Somebody who was there before shows that it was made by anything of it that is there now.
pub(super) fn post(client: &Client<'_>, batch: &Batch<'_>, progress: &mut [Progress]) -> Vec<Result<Option<String>>> {
    let result = client.change(invitation(batch), &|| shows(client, batch));
    answered(client, batch, result, progress)
}

/// What invites.
pub(crate) fn invitation(batch: &Batch<'_>) -> Call {
    Call::new(&organization::INVITE).needs("data").json(body(batch))
}

/// What shows that an invitation was made.
pub(crate) fn shows(client: &Client<'_>, batch: &Batch<'_>) -> Result<Option<Value>> {
    let shows = |state: &State| !batch.were_there || batch.wanted.iter().any(|wanted| state.has(wanted));
    let states = State::look(client, batch)?;
    Ok(states.iter().all(|state| state.as_ref().is_some_and(shows)).then_some(Value::Null))
}

/// Notes what became of each part; the account of each, where it is named.
pub(crate) fn answered(
    client: &Client<'_>,
    batch: &Batch<'_>,
    result: Result<Changed>,
    progress: &mut [Progress],
) -> Vec<Result<Option<String>>> {
    match result {
        Ok(Changed::Said(status, answer)) => {
            let each = batch.emails.iter().zip(progress);
            each.map(|(email, progress)| read(email, batch.wanted, status, &answer, progress)).collect()
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
    let has_all =
        |state: &Option<State>| state.as_ref().is_some_and(|state| batch.wanted.iter().all(|wanted| state.has(wanted)));
    let mut patience = client.patience(longest);
    let states = loop {
        match State::look(client, batch) {
            Err(failure) => return vec![Err(failure.after(Change::Unknown)); batch.emails.len()],
            Ok(states) if states.iter().all(has_all) || !patience.wait() => break states,
            Ok(_) => {}
        }
    };
    let lost = || {
        let failure = Failure::new(FailureKind::Unavailable, "the answer was lost, and this does not show");
        failure.advise("Look again in a while.").after(Change::Unknown)
    };
    let confirmed = states.iter().zip(progress).map(|(state, progress)| {
        for wanted in batch.wanted {
            if state.as_ref().is_some_and(|state| state.has(wanted)) {
                progress.done(wanted.kind, &wanted.name, PartOutcome::Added);
            } else {
                progress.failed(wanted.kind, &wanted.name, lost());
            }
        }
        progress.is_changed = state.is_some();
        match state {
            None if batch.wanted.is_empty() => Err(lost()),
            state => Ok(state.as_ref().map(|state| state.found.account.account_id.clone())),
        }
    });
    confirmed.collect()
}

/// Notes what Atlassian says of each part. A 200 and a 206 are read alike.
fn read(
    email: &str,
    wanted: &[Wanted],
    status: u16,
    answer: &Value,
    progress: &mut Progress,
) -> Result<Option<String>> {
    let is_mine = |person: &&Value| person.text("email").is_some_and(|other| email::same(other, email));
    let mine: Vec<&Value> = answer.list("data").iter().filter(is_mine).collect();
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
                progress.done(wanted.kind, &wanted.name, PartOutcome::Added);
                continue;
            }
            Some(Err(reason)) => (reason, Change::NotApplied),
            None => ("Atlassian's answer says nothing of it", Change::Unknown),
        };
        let advice = "Check the licence, the resource id, and that the group is not an identity provider's.";
        let failure = Failure::new(FailureKind::Conflict, reason).advise(advice).after(change);
        progress.failed(wanted.kind, &wanted.name, failure);
    }
    progress.is_changed = wanted.is_empty() && status == 200;
    if status == 206 && progress.first_failure.is_none() {
        // To RFC 9110 a 206 is a range; to Atlassian it says that something failed.
        let message = format!("Atlassian says that inviting {email} failed in part, but not in which.");
        let failure = Failure::new(FailureKind::Incomplete, message).advise("Look them up.");
        progress.first_failure = Some(failure.after(Change::Unknown));
    }
    Ok(mine.iter().find_map(|person| person.text("id")).map(str::to_owned))
}

fn body(batch: &Batch<'_>) -> Object {
    let mut rules = Vec::new();
    let mut groups = Vec::new();
    for (at, wanted) in batch.wanted.iter().enumerate() {
        let is_again = |other: &Wanted| other.id == wanted.id && other.role == wanted.role;
        match wanted.kind {
            _ if batch.wanted[..at].iter().any(is_again) => {}
            PartKind::Access => rules.push(Object::new().text("resource", &wanted.id).text("role", &wanted.role)),
            PartKind::Group => groups.push(wanted.id.as_str()),
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
fn status_of<'a>(results: &[&'a Value], wanted: &Wanted) -> Option<std::result::Result<(), &'a str>> {
    let (list, field) = match wanted.kind {
        PartKind::Access => ("roleAssignmentResult", "resource"),
        PartKind::Group => ("groupAssignmentResult", "group"),
    };
    let is_it = |result: &&Value| {
        result.text(field) == Some(&wanted.id) && result.text("role").unwrap_or_default() == wanted.role
    };
    let result = results.iter().flat_map(|result| result.list(list)).find(is_it)?;
    Some(match result.text("status") {
        Some("INVITED") => Ok(()),
        _ => Err(result.text("statusReason").unwrap_or("no reason given")),
    })
}
