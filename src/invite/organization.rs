//! Inviting into an organization: one request for all access and groups, its results read one by one.

use super::{Invitation, Invited, Progress};
use crate::accounts::{AccountStatus, Found, Matches};
use crate::client::{Call, Changed, Client, SETTLE};
use crate::email;
use crate::failure::{Change, Failure, FailureKind, PartKind, PartOutcome, Result};
use crate::groups;
use crate::json::{Object, Value};
use crate::operations::organization;
use crate::product;
use crate::transport::Transport;

/// One thing that was asked for: the caller's word for it, and Atlassian's.
struct Wanted<'a> {
    kind: PartKind,
    name: &'a str,
    /// A resource's or a group's id.
    id: String,
    /// The role, for access; otherwise empty.
    role: String,
}

pub(super) async fn invite<T: Transport>(client: &Client<'_, T>, invitation: &Invitation) -> Result<Invited> {
    let matches = Matches::read(client, &invitation.email).await?;
    let found = matches.one()?;
    if found.is_some_and(|found| found.account.status == AccountStatus::Suspended) {
        let message = format!("{} is suspended in the directory.", invitation.email);
        return Err(
            Failure::new(FailureKind::Conflict, message).advise("Restore their access instead of inviting them.")
        );
    }
    let mut wanted = resolve_access(client, invitation).await?;
    let groups = groups::resolve(client, &invitation.groups).await?;
    wanted.extend(invitation.groups.iter().zip(&groups).map(|(name, group)| Wanted {
        kind: PartKind::Group,
        name,
        id: group.id.clone(),
        role: String::new(),
    }));

    let mut progress = Progress::default();
    let Some(found) = found.filter(|found| found.account.status == AccountStatus::Active) else {
        groups.iter().try_for_each(groups::Group::check_changeable)?;
        let account_id = post(client, invitation, &wanted, false, &mut progress).await?;
        // Whoever was not there may be there now, even if everything asked for failed.
        progress.is_unknown = true;
        return progress.finish(account_id);
    };
    let account_id = &found.account.account_id;
    let state = State::read(client, found, &wanted).await?;
    let is_there = |wanted: &Wanted<'_>| state.has(wanted);
    let (there, missing): (Vec<Wanted<'_>>, Vec<Wanted<'_>>) = wanted.into_iter().partition(is_there);
    for group in groups.iter().filter(|group| missing.iter().any(|wanted| wanted.id == group.id)) {
        group.check_changeable()?;
    }
    for wanted in &there {
        progress.done(wanted.kind, wanted.name, PartOutcome::AlreadyThere);
    }
    if missing.iter().any(|wanted| wanted.kind == PartKind::Access) {
        post(client, invitation, &missing, true, &mut progress).await?;
    } else {
        // An invitation without access is nothing that Atlassian describes for people who are there.
        for wanted in &missing {
            if let Some(group) = groups.iter().find(|group| group.id == wanted.id) {
                progress.joined(wanted.name, groups::join(client, group, account_id).await);
            }
        }
    }
    progress.finish(Some(account_id.clone()))
}

/// Turns product names into resources, by one look-up where there is any name.
async fn resolve_access<'a, T: Transport>(
    client: &Client<'_, T>,
    invitation: &'a Invitation,
) -> Result<Vec<Wanted<'a>>> {
    let is_resource = |name: &str| name.starts_with("ari:");
    let workspaces = if invitation.access.iter().all(|access| is_resource(&access.product)) {
        Vec::new()
    } else {
        client.list(Call::new(&organization::QUERY_WORKSPACES).json(Object::new().raw("limit", "1000"))).await?
    };
    let wanted = invitation.access.iter().map(|access| {
        let name = access.product.as_str();
        let id = if is_resource(name) { name.to_owned() } else { resource(&workspaces, name)? };
        Ok(Wanted { kind: PartKind::Access, name, id, role: format!("atlassian/{}", access.role) })
    });
    wanted.collect()
}

/// The one resource of that product; with several sites, the caller has to choose.
fn resource(workspaces: &[Value], name: &str) -> Result<String> {
    let online = |workspace: &&Value| attribute(workspace, "status").is_none_or(|status| status == "online");
    let sites = product::type_keys(name).into_iter().find_map(|key| {
        let same = |workspace: &&Value| type_key(workspace).eq_ignore_ascii_case(key);
        let sites: Vec<&Value> = workspaces.iter().filter(online).filter(same).collect();
        (!sites.is_empty()).then_some(sites)
    });
    let Some(sites) = sites else {
        let mut known: Vec<&str> = Vec::new();
        for key in workspaces.iter().map(type_key) {
            if !known.contains(&key) {
                known.push(key);
            }
        }
        let known = if known.is_empty() { "none that this key sees".to_owned() } else { known.join(", ") };
        return Err(Failure::invalid(format!("access: the organization has no product `{name}`."))
            .advise(format!("It has {known}.")));
    };
    if let [site] = sites.as_slice() {
        return site.need("id");
    }
    let list: Vec<String> = sites
        .iter()
        .map(|site| format!("{} ({})", site.owned("id"), attribute(site, "hostUrl").unwrap_or("no address")))
        .collect();
    let message = format!("access: `{name}` is on {} sites: {}.", list.len(), list.join(", "));
    Err(Failure::new(FailureKind::Ambiguous, message).advise("Name the product by its resource id (ari:cloud:…)."))
}

fn attribute<'a>(workspace: &'a Value, name: &str) -> Option<&'a str> {
    workspace.get("attributes")?.text(name)
}

/// What a workspace is: its `typeKey`, or else the owner in its id (`ari:cloud:{owner}::site/…`).
fn type_key(workspace: &Value) -> &str {
    let owner = || workspace.text("id").and_then(|id| id.split(':').nth(2));
    attribute(workspace, "typeKey").or_else(owner).unwrap_or_default()
}

/// What somebody who is there has.
struct State {
    account_id: String,
    group_ids: Vec<String>,
    roles: Vec<Value>,
}

impl State {
    /// Reads what is asked for; one request for the roles, where there is any among it.
    async fn read<T: Transport>(client: &Client<'_, T>, found: &Found, wanted: &[Wanted<'_>]) -> Result<State> {
        let account_id = &found.account.account_id;
        let roles = if wanted.iter().any(|wanted| wanted.kind == PartKind::Access) {
            client.list(Call::new(&organization::USER_ROLES).path("accountId", account_id)).await?
        } else {
            Vec::new()
        };
        Ok(State { account_id: account_id.clone(), group_ids: found.group_ids.clone(), roles })
    }

    /// The same of whom an e-mail address belongs to, if they are there.
    async fn look<T: Transport>(client: &Client<'_, T>, email: &str, wanted: &[Wanted<'_>]) -> Result<Option<State>> {
        match Matches::read(client, email).await?.one()? {
            Some(found) if found.account.status == AccountStatus::Active => {
                State::read(client, found, wanted).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    fn has(&self, wanted: &Wanted<'_>) -> bool {
        if wanted.kind == PartKind::Group {
            return self.group_ids.contains(&wanted.id);
        }
        let mut same = self.roles.iter().filter(|other| other.text("resourceId") == Some(&wanted.id));
        same.any(|it| it.list("roleAssignments").iter().any(|has| has.text("role") == Some(&wanted.role)))
    }
}

/// Sends the invitation, and notes what became of each part.
///
/// Somebody who was there before shows that it was made by anything of it that is there now.
async fn post<T: Transport>(
    client: &Client<'_, T>,
    invitation: &Invitation,
    wanted: &[Wanted<'_>],
    was_there: bool,
    progress: &mut Progress,
) -> Result<Option<String>> {
    let email = &invitation.email;
    let look = async || {
        let shows = |state: &State| !was_there || wanted.iter().any(|wanted| state.has(wanted));
        let state = State::look(client, email, wanted).await?;
        Ok(state.filter(shows).map(|_| Value::Null))
    };
    let call = Call::new(&organization::INVITE).needs("data").json(body(invitation, wanted));
    match client.change(call, &|| Box::pin(look())).await? {
        Changed::Said(status, answer) => read(email, wanted, status, &answer, progress),
        Changed::Seen(_) => confirm(client, email, wanted, progress).await,
    }
}

/// Notes what is there of an invitation whose answer was lost; some of it may take a while to show.
async fn confirm<T: Transport>(
    client: &Client<'_, T>,
    email: &str,
    wanted: &[Wanted<'_>],
    progress: &mut Progress,
) -> Result<Option<String>> {
    let mut patience = client.patience(SETTLE);
    let state = loop {
        let state = State::look(client, email, wanted).await.map_err(|failure| failure.after(Change::Unknown))?;
        let is_whole = state.as_ref().is_some_and(|state| wanted.iter().all(|wanted| state.has(wanted)));
        if is_whole || !patience.wait().await {
            break state;
        }
    };
    for wanted in wanted {
        if state.as_ref().is_some_and(|state| state.has(wanted)) {
            progress.done(wanted.kind, wanted.name, PartOutcome::Added);
        } else {
            let failure = Failure::new(FailureKind::Unavailable, "the answer was lost, and this does not show");
            let failure = failure.advise("Look again in a while.").after(Change::Unknown);
            progress.failed(wanted.kind, wanted.name, failure);
        }
    }
    progress.invited = true;
    Ok(state.map(|state| state.account_id))
}

/// Notes what Atlassian says of each part. A 200 and a 206 are read alike.
fn read(
    email: &str,
    wanted: &[Wanted<'_>],
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
                progress.done(wanted.kind, wanted.name, PartOutcome::Added);
                continue;
            }
            Some(Err(reason)) => (reason, Change::NotApplied),
            None => ("Atlassian's answer says nothing of it", Change::Unknown),
        };
        let advice = "Check the licence, the resource id, and that the group is not an identity provider's.";
        let failure = Failure::new(FailureKind::Conflict, reason).advise(advice).after(change);
        progress.failed(wanted.kind, wanted.name, failure);
    }
    progress.invited = wanted.is_empty() && status == 200;
    if status == 206 && progress.first_failure.is_none() {
        // To RFC 9110 a 206 is a range; to Atlassian it says that something failed.
        let message = format!("Atlassian says that inviting {email} failed in part, but not in which.");
        let failure = Failure::new(FailureKind::Incomplete, message).advise("Look them up.");
        progress.first_failure = Some(failure.after(Change::Unknown));
    }
    Ok(mine.iter().find_map(|person| person.text("id")).map(str::to_owned))
}

fn body(invitation: &Invitation, all: &[Wanted<'_>]) -> Object {
    let mut rules = Vec::new();
    let mut groups = Vec::new();
    for (at, wanted) in all.iter().enumerate() {
        let is_again = |other: &Wanted<'_>| other.id == wanted.id && other.role == wanted.role;
        match wanted.kind {
            _ if all[..at].iter().any(is_again) => {}
            PartKind::Access => rules.push(Object::new().text("resource", &wanted.id).text("role", &wanted.role)),
            PartKind::Group => groups.push(wanted.id.as_str()),
        }
    }
    let body = Object::new().texts("emails", &[&invitation.email]);
    let body = body.objects("permissionRules", rules).texts("additionalGroups", &groups);
    match &invitation.message {
        // Without a text no e-mail goes out, whatever `sendNotification` says.
        Some(message) => body.raw("sendNotification", "true").text("notificationText", message),
        None => body,
    }
}

/// What the results of one person say of one thing that was asked for: done, or why not.
fn status_of<'a>(results: &[&'a Value], wanted: &Wanted<'_>) -> Option<std::result::Result<(), &'a str>> {
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
