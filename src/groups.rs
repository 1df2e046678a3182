//! Groups: finding them and adding people.

use crate::accounts;
use crate::client::{Call, Changed, Client, SETTLE};
use crate::connection::Plane;
use crate::failure::{Failure, FailureKind, Result};
use crate::id::is_uuid;
use crate::json::{Object, Value};
use crate::operations::{jira, organization};
use crate::transport::Transport;

/// A group; the contract's `group`, and what changing it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Group {
    pub id: String,
    pub name: String,
    /// The directory it is in, where the organization says so.
    directory_id: Option<String>,
    /// Whether an identity provider manages it.
    synced: bool,
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
pub async fn find<T: Transport>(client: &Client<'_, T>, group: &str) -> Result<Group> {
    let mut found = resolve(client, &[group.to_owned()]).await?;
    // `resolve` gives as many as it was asked for.
    Ok(found.swap_remove(0))
}

/// Adds a person, given by account id or e-mail address, to a group, given by name or id.
pub async fn add<T: Transport>(client: &Client<'_, T>, group: &str, person: &str) -> Result<Membership> {
    check(group)?;
    if person.contains('@') {
        crate::email::check("person", person)?;
    } else if person.is_empty() || person.len() > 128 || !person.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Failure::invalid("person is neither an account id nor an e-mail address.")
            .advise("Give an account id such as 712020:0a1b…, or an address such as mia@example.com."));
    }
    let found = if person.contains('@') { Some(accounts::wait_for(client, person).await?) } else { None };
    let (account_id, group_ids) = match found {
        Some(found) => (found.account.account_id, found.group_ids),
        None => (person.to_owned(), Vec::new()),
    };
    if client.plane() == Plane::Site {
        return add_on_site(client, group, account_id).await;
    }
    let group = find(client, group).await?;
    let outcome = if group_ids.contains(&group.id) {
        MembershipOutcome::AlreadyMember
    } else {
        add_in_organization(client, &group, &account_id).await?
    };
    Ok(Membership { outcome, group, account_id })
}

/// One request where all is well: the site finds the group by itself.
async fn add_on_site<T: Transport>(client: &Client<'_, T>, group: &str, account_id: String) -> Result<Membership> {
    let mut patience = client.patience(SETTLE);
    let (outcome, group) = loop {
        match post_site_member(client, &Key::of(group), &account_id).await {
            Err(failure) if failure.is(404) => {
                // Jira says 404 to a group and to a person that is not there; the look-up tells which.
                find(client, group).await?;
                if !patience.wait().await {
                    return Err(no_such_person(failure, &account_id));
                }
            }
            result => break result?,
        }
    };
    Ok(Membership { outcome, group, account_id })
}

/// Makes sure that an account is in a group that was found before.
pub(crate) async fn join<T: Transport>(
    client: &Client<'_, T>,
    group: &Group,
    account_id: &str,
) -> Result<MembershipOutcome> {
    match client.plane() {
        Plane::Organization => add_in_organization(client, group, account_id).await,
        _ => add_on_site(client, &group.id, account_id.to_owned()).await.map(|membership| membership.outcome),
    }
}

/// The group among those that a person is in, if they are in it.
async fn membership<T: Transport>(client: &Client<'_, T>, group: &Key<'_>, account_id: &str) -> Result<Option<Value>> {
    let call = Call::new(&jira::GET_USER).query("accountId", account_id).query("expand", "groups");
    let user = client.call(call).await?;
    Ok(Group::items(&user).iter().find(|other| Group::read(other).is_ok_and(|other| other.is(group))).cloned())
}

async fn post_site_member<T: Transport>(
    client: &Client<'_, T>,
    group: &Key<'_>,
    account_id: &str,
) -> Result<(MembershipOutcome, Group)> {
    let (parameter, id, name) = match group {
        Key::Id(id) => ("groupId", *id, ""),
        Key::Name(name) => ("groupname", "", *name),
    };
    let call = Call::new(&jira::ADD_USER_TO_GROUP);
    let call =
        call.query(parameter, if id.is_empty() { name } else { id }).json(Object::new().text("accountId", account_id));
    let look = || membership(client, group, account_id);
    let (outcome, answer) = match client.change(call, &|| Box::pin(look())).await {
        Ok(Changed::Said(_, answer) | Changed::Seen(answer)) => (MembershipOutcome::Added, answer),
        // Jira says in words only that they are a member, in the language of whoever asks.
        Err(failure) if failure.is(400) => match look().await {
            Ok(Some(group)) => (MembershipOutcome::AlreadyMember, group),
            _ => return Err(failure),
        },
        Err(failure) => return Err(failure),
    };
    // The person is in it now, whatever the answer leaves out.
    let given = Group { id: id.to_owned(), name: name.to_owned(), directory_id: None, synced: false };
    Ok((outcome, Group::read(&answer).unwrap_or(given)))
}

async fn add_in_organization<T: Transport>(
    client: &Client<'_, T>,
    group: &Group,
    account_id: &str,
) -> Result<MembershipOutcome> {
    group.check_changeable()?;
    let is_member = async || Ok(accounts::group_ids(client, account_id).await?.contains(&group.id));
    let look = async || is_member().await.map(|is_member| is_member.then_some(Value::Null));
    let mut patience = client.patience(SETTLE);
    loop {
        let mut call = Call::new(&organization::ADD_MEMBER)
            .path("groupId", &group.id)
            .json(Object::new().text("accountId", account_id));
        if let Some(directory_id) = &group.directory_id {
            call = call.path("directoryId", directory_id);
        }
        let Err(failure) = client.change(call, &|| Box::pin(look())).await else {
            return Ok(MembershipOutcome::Added);
        };
        // A 409 is an existing membership or a full licence; only reading tells which.
        if failure.is(409) {
            return match is_member().await {
                Ok(true) => Ok(MembershipOutcome::AlreadyMember),
                Ok(false) => Err(failure),
                Err(_) => Err(failure.advise("They are a member already, or the licence is full; look which it is.")),
            };
        }
        if !failure.is(404) {
            return Err(failure);
        }
        if !patience.wait().await {
            return Err(no_such_person(failure, account_id));
        }
    }
}

/// Finds every one of the groups, in their order: ten names, or ten ids, with one look-up.
///
/// # Errors
///
/// Fails if any is missing or ambiguous, and names it.
pub(crate) async fn resolve<T: Transport>(client: &Client<'_, T>, groups: &[String]) -> Result<Vec<Group>> {
    for group in groups {
        check(group)?;
    }
    let (ids, names): (Vec<&str>, Vec<&str>) = groups.iter().map(String::as_str).partition(|group| is_uuid(group));
    let mut found: Vec<Group> = Vec::new();
    for (names, key) in [(names, Key::Name("")), (ids, Key::Id(""))] {
        // Ten ids are the most that an organization's search takes.
        for names in names.chunks(10) {
            found.extend(search(client, &key, names).await?);
        }
    }
    groups.iter().map(|wanted| pick(&found, wanted)).collect()
}

async fn search<T: Transport>(client: &Client<'_, T>, key: &Key<'_>, values: &[&str]) -> Result<Vec<Group>> {
    let call = match client.plane() {
        Plane::Site => {
            let name = if matches!(key, Key::Id(_)) { "groupId" } else { "groupName" };
            values.iter().fold(Call::new(&jira::BULK_GET_GROUPS), |call, value| call.query(name, value))
        }
        Plane::Organization | Plane::Scim => {
            let name = if matches!(key, Key::Id(_)) { "groupIds" } else { "groupNames" };
            Call::new(&organization::SEARCH_GROUPS).json(Object::new().texts(name, values))
        }
    };
    client.list(call).await?.iter().map(Group::read).collect()
}

/// The one group of that exact name or id.
fn pick(found: &[Group], wanted: &str) -> Result<Group> {
    let key = Key::of(wanted);
    let mut matches: Vec<&Group> = found.iter().filter(|group| group.is(&key)).collect();
    matches.dedup_by_key(|group| &group.id);
    match matches.as_slice() {
        [group] => Ok((*group).clone()),
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
                near => format!("There is {}; names are taken as they are written.", near.join(", ")),
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

/// A group as the caller names it.
enum Key<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl Key<'_> {
    fn of(group: &str) -> Key<'_> {
        if is_uuid(group) { Key::Id(group) } else { Key::Name(group) }
    }
}

fn check(group: &str) -> Result<()> {
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
    /// Refuses a group that an identity provider manages, before anything is sent.
    pub(crate) fn check_changeable(&self) -> Result<()> {
        if !self.synced {
            return Ok(());
        }
        let message =
            format!("The group {} is synced from an identity provider and cannot be changed here.", self.name);
        Err(Failure::new(FailureKind::Conflict, message).advise("Change it at the identity provider."))
    }

    /// The groups in a Jira `User` that was read with `expand=groups`.
    pub(crate) fn of_user(user: &Value) -> Vec<Group> {
        Group::items(user).iter().filter_map(|group| Group::read(group).ok()).collect()
    }

    fn items(user: &Value) -> &[Value] {
        user.get("groups").map_or(&[][..], |groups| groups.list("items"))
    }

    fn is(&self, key: &Key<'_>) -> bool {
        match key {
            Key::Id(id) => self.id.eq_ignore_ascii_case(id),
            Key::Name(name) => self.name == *name,
        }
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
