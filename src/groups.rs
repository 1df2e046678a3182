//! Groups: finding, creating and deleting them, adding and removing people.

mod members;

use crate::client::{Call, Changed, Client, SETTLE, width};
use crate::connection::Plane;
use crate::failure::{Change, Failure, FailureKind, Result};
use crate::id::is_uuid;
use crate::json::{Object, Value};
use crate::operation::Operation;
use crate::operations::{jira, organization};
use crate::outcome::Outcome;
pub use members::{add, remove};
pub(crate) use members::{gone, join, joined, joining, leaving, left, membership};

/// A group; the contract's `group`, and what changing it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Group {
    pub id: String,
    pub name: String,
    /// The directory it is in, where the organization says so.
    directory_id: Option<String>,
    /// Whether an identity provider manages it.
    pub(crate) synced: bool,
}

/// The contract's `membership`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Membership {
    pub outcome: MembershipOutcome,
    pub group: Group,
    pub account_id: String,
}

/// The contract's `membership-outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum MembershipOutcome {
    Added,
    AlreadyMember,
}

/// Finds a group by its exact name or its id.
pub fn find(client: &Client<'_>, group: &str) -> Result<Group> {
    let mut found = resolve(client, &[group.to_owned()])?;
    // `resolve` gives as many as it was asked for.
    Ok(found.swap_remove(0))
}

/// Creates a group, unless there is one of that name.
pub fn create(client: &Client<'_>, name: &str, description: Option<&str>) -> Result<(Outcome, Group)> {
    check(name)?;
    let look = || match find(client, name) {
        Ok(group) => Ok(Some(group)),
        Err(failure) if is_absent(&failure) => Ok(None),
        Err(failure) => Err(failure),
    };
    let body = Object::new().text("name", name);
    let call = if client.plane() == Plane::Site {
        if description.is_some() {
            return Err(Failure::invalid("description: a site's groups have none.").advise("Leave it out."));
        }
        Call::new(&jira::CREATE_GROUP).json(body)
    } else {
        client.check_plane(&organization::CREATE_GROUP)?;
        let directory_id = client.directory(None)?;
        let body = description.map_or(body.clone(), |description| body.text("description", description));
        Call::new(&organization::CREATE_GROUP).path("directoryId", directory_id).json(body)
    };
    let shows = || Ok(look()?.map(|_| Value::Null));
    match client.change(call, &shows) {
        Ok(Changed::Said(_, answer)) if Group::read(&answer).is_ok() => Ok((Outcome::Done, Group::read(&answer)?)),
        // An organization's answer does not say its id.
        Ok(_) => {
            let mut patience = client.patience(SETTLE);
            loop {
                match look() {
                    Ok(Some(group)) => return Ok((Outcome::Done, group)),
                    Ok(None) if patience.wait() => {}
                    Ok(None) => {
                        let message = format!("The group {name} was created, and is not to be found yet.");
                        let failure = Failure::new(FailureKind::Protocol, message).advise("Find it in a while.");
                        return Err(failure.after(Change::Applied));
                    }
                    Err(failure) => return Err(failure.after(Change::Applied)),
                }
            }
        }
        // There may be one of that name: a 409 in an organization, a 400 in words on a site.
        Err(failure) if failure.is(400) || failure.is(409) => match look() {
            Ok(Some(group)) => Ok((Outcome::AlreadySo, group)),
            _ => Err(failure),
        },
        Err(failure) => Err(failure),
    }
}

/// Deletes a group, given by name or id, if it is there.
pub fn delete(client: &Client<'_>, group: &str) -> Result<Outcome> {
    let found = match find(client, group) {
        Ok(found) => found,
        // A name that is only written otherwise is a mistake.
        Err(failure) if is_absent(&failure) && !failure.advice.starts_with(NEAR) => return Ok(Outcome::AlreadySo),
        Err(failure) => return Err(failure),
    };
    found.check_changeable()?;
    let look = || {
        let left = look_up(client, &[&found.id])?;
        Ok(left.iter().all(|other| other.id != found.id).then_some(Value::Null))
    };
    let call = if client.plane() == Plane::Site {
        found.query(Call::new(&jira::DELETE_GROUP))
    } else {
        found.call(&organization::DELETE_GROUP)
    };
    match client.change(call, &look) {
        Ok(_) => Ok(Outcome::Done),
        // Somebody else was faster.
        Err(failure) if failure.is(404) => Ok(Outcome::AlreadySo),
        Err(failure) => Err(failure),
    }
}

/// Finds every one of the groups, in their order: ten names, or ten ids, with one look-up.
///
/// # Errors
///
/// Fails if any is missing or ambiguous, and names it.
pub(crate) fn resolve(client: &Client<'_>, groups: &[String]) -> Result<Vec<Group>> {
    groups.iter().try_for_each(|group| check(group))?;
    let names: Vec<&str> = groups.iter().map(String::as_str).collect();
    let found = look_up(client, &names)?;
    let mut picked = Vec::new();
    for wanted in groups {
        picked.push(pick(&found, wanted)?.clone());
    }
    Ok(picked)
}

/// Finds groups by what each of them is called, name or id; [`pick`] takes one of them.
pub(crate) fn look_up(client: &Client<'_>, groups: &[&str]) -> Result<Vec<Group>> {
    let mut found: Vec<Group> = Vec::new();
    client.read_all(width(None), u64::MAX, &mut search(client, groups).into_iter(), &mut |_, groups| {
        found.extend(read(&groups.unwrap_or_default())?);
        Ok(())
    })?;
    Ok(found)
}

/// What looks groups up, each by its name or its id: [`read`] reads the answers.
pub(crate) fn search(client: &Client<'_>, groups: &[&str]) -> Vec<Call> {
    let is_site = client.plane() == Plane::Site;
    let (ids, names): (Vec<&str>, Vec<&str>) = groups.iter().partition(|group| is_uuid(group));
    let mut calls = Vec::new();
    // Ten ids and a hundred names are the most that an organization's search takes; a URL has an end.
    let of_names = if is_site { 10 } else { 100 };
    for (one, many, named, most) in [("groupName", "groupNames", names, of_names), ("groupId", "groupIds", ids, 10)] {
        for named in named.chunks(most) {
            calls.push(if is_site {
                named.iter().fold(Call::new(&jira::BULK_GET_GROUPS), |call, group| call.query(one, group))
            } else {
                Call::new(&organization::SEARCH_GROUPS).json(Object::new().texts(many, named))
            });
        }
    }
    calls
}

/// The groups in a list.
pub(crate) fn read(groups: &[Value]) -> Result<Vec<Group>> {
    groups.iter().map(Group::read).collect()
}

/// The one group of that exact name or id.
pub(crate) fn pick<'a>(found: &'a [Group], wanted: &str) -> Result<&'a Group> {
    let is_id = is_uuid(wanted);
    let is_it = |group: &&Group| if is_id { group.id.eq_ignore_ascii_case(wanted) } else { group.name == wanted };
    let mut matches: Vec<&Group> = found.iter().filter(is_it).collect();
    matches.dedup_by_key(|group| &group.id);
    match matches.as_slice() {
        [group] => Ok(group),
        [] => {
            let near: Vec<&str> = found
                .iter()
                .map(|group| group.name.as_str())
                .filter(|name| name.eq_ignore_ascii_case(wanted))
                .collect();
            let advice = match near.as_slice() {
                [] => "Check the name, letter by letter; a credential that may not see groups sees none, and \
                     `check-connection` tells."
                    .to_owned(),
                near => format!("{NEAR}{}; names are taken as they are written.", near.join(", ")),
            };
            Err(Failure::new(FailureKind::NotFound, format!("There is no group {wanted}.")).advise(advice))
        }
        several => {
            let list: Vec<String> = several
                .iter()
                .map(|group| format!("{} (directory {})", group.id, group.directory_id.as_deref().unwrap_or("unknown")))
                .collect();
            let message = format!("{} groups have the name {wanted}: {}.", list.len(), list.join(", "));
            Err(Failure::new(FailureKind::Ambiguous, message).advise("Use the group's id, or name the directory."))
        }
    }
}

/// Whether a look-up gave nothing, and was not refused.
fn is_absent(failure: &Failure) -> bool {
    failure.kind == FailureKind::NotFound && failure.status.is_none()
}

/// How advice begins that names a group whose name is only written otherwise.
const NEAR: &str = "There is ";

/// Refuses what can be neither a group's name nor its id.
pub(crate) fn check(group: &str) -> Result<()> {
    if !group.trim_ascii().is_empty() && group.len() <= 255 && !group.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Failure::invalid("group is empty, or no group's name.").advise("Give the group's name or its id."))
}

/// A 404 to a membership, whose group is there.
fn no_such_person(mut failure: Failure, account_id: &str) -> Failure {
    failure.message = format!("There is no person {account_id} who could be added (HTTP 404).");
    failure.advice.insert_str(0, "Likely: They were never invited. Invite them first.\n");
    failure
}

impl Group {
    /// A call about this group, in its own directory where that is known.
    fn call(&self, operation: &'static Operation) -> Call {
        let call = Call::new(operation).path("groupId", &self.id);
        match &self.directory_id {
            Some(directory_id) => call.path("directoryId", directory_id),
            None => call,
        }
    }

    /// Refuses a group that an identity provider manages, before anything is sent.
    pub(crate) fn check_changeable(&self) -> Result<()> {
        if !self.synced {
            return Ok(());
        }
        let message =
            format!("The group {} is synced from an identity provider and cannot be changed here.", self.name);
        Err(Failure::new(FailureKind::Conflict, message).advise("Change it at the identity provider."))
    }

    /// A group of which this much is known.
    pub(crate) fn known(id: &str, name: &str) -> Group {
        Group { id: id.to_owned(), name: name.to_owned(), directory_id: None, synced: false }
    }

    /// The groups in a Jira `User` that was read with `expand=groups`.
    pub(crate) fn of_user(user: &Value) -> Vec<Group> {
        Group::items(user).iter().filter_map(|group| Group::read(group).ok()).collect()
    }

    /// Refuses a list of groups that is not there, or cut: it shows nothing of what is missing in it.
    pub(crate) fn check_all(user: &Value) -> Result<()> {
        let size = user.get("groups").map(|groups| groups.number("size").unwrap_or_default());
        if size.is_some_and(|size| size <= Group::items(user).len() as u64) {
            return Ok(());
        }
        let message = format!("The site does not show all groups that {} is in.", user.owned("accountId"));
        Err(Failure::new(FailureKind::Protocol, message).advise("Look in Atlassian Administration."))
    }

    fn items(user: &Value) -> &[Value] {
        user.get("groups").map_or(&[][..], |groups| groups.list("items"))
    }

    /// Whether it is the one that a caller means, by the id if that is known.
    fn is_same(&self, meant: &Group) -> bool {
        if meant.id.is_empty() { self.name == meant.name } else { self.id.eq_ignore_ascii_case(&meant.id) }
    }

    /// What a caller says of a group: its id or its name.
    fn named(group: &str) -> Group {
        if is_uuid(group) { Group::known(group, "") } else { Group::known("", group) }
    }

    /// As Jira's URLs name a group.
    fn query(&self, call: Call) -> Call {
        if self.id.is_empty() { call.query("groupname", &self.name) } else { call.query("groupId", &self.id) }
    }

    /// From either plane's words for a group.
    // Out of line: it is used in many places, and every kilobyte counts.
    #[inline(never)]
    pub(crate) fn read(group: &Value) -> Result<Group> {
        let id = group.text("groupId").map_or_else(|| group.need("id"), |id| Ok(id.to_owned()));
        let modifiable = group.get("managementAccess").and_then(|access| access.flag("modifiable"));
        Ok(Group {
            id: id?,
            name: group.owned("name"),
            directory_id: group.text("directoryId").map(str::to_owned),
            synced: group.flag("externalSynced") == Some(true) || modifiable == Some(false),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, name: &str) -> Group {
        Group { id: id.into(), name: name.into(), directory_id: None, synced: false }
    }

    #[test]
    fn a_group_is_taken_by_its_exact_name_only() {
        let found = [group("1", "Developers"), group("2", "developers-eu")];
        assert_eq!(pick(&found, "Developers").unwrap().id, "1");
        let near = pick(&found, "developers").unwrap_err();
        assert_eq!(near.kind, FailureKind::NotFound);
        assert!(near.advice.contains("There is Developers"), "{}", near.advice);
        assert_eq!(pick(&[group("1", "a"), group("2", "a")], "a").unwrap_err().kind, FailureKind::Ambiguous);
    }

    #[test]
    fn either_sign_of_an_identity_provider_makes_a_group_unchangeable() {
        for (json, changeable) in [
            (r#"{"id":"1","externalSynced":true,"managementAccess":{"modifiable":true}}"#, false),
            (r#"{"id":"1","externalSynced":false,"managementAccess":{"modifiable":false}}"#, false),
            (r#"{"id":"1","externalSynced":false,"managementAccess":{"modifiable":true}}"#, true),
            (r#"{"id":"1"}"#, true),
        ] {
            let group = Group::read(&Value::read(json.as_bytes()).unwrap()).unwrap();
            assert_eq!(group.check_changeable().is_ok(), changeable, "{json}");
        }
    }
}
