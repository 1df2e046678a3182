//! Who is in a group: adding people and removing them.

use super::{Group, Key, Membership, MembershipOutcome, check, find, no_such_person};
use crate::accounts;
use crate::client::{Call, Changed, Client, SETTLE};
use crate::connection::Plane;
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{Object, Value};
use crate::operations::{jira, organization};
use crate::outcome::Outcome;
use crate::transport::Transport;

/// Adds a person, given by account id or e-mail address, to a group, given by name or id.
pub async fn add<T: Transport>(client: &Client<'_, T>, group: &str, person: &str) -> Result<Membership> {
    check(group)?;
    accounts::check_person(person)?;
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
    let items = Group::items(&user);
    let found = items.iter().find(|other| Group::read(other).is_ok_and(|other| other.is(group)));
    // A list that is not there, or cut, shows nothing of what is missing in it.
    let size = user.get("groups").map(|groups| groups.number("size").unwrap_or_default());
    if found.is_none() && size.is_none_or(|size| size > items.len() as u64) {
        let message = format!("The site does not show all groups that {account_id} is in.");
        return Err(Failure::new(FailureKind::Protocol, message).advise("Look in Atlassian Administration."));
    }
    Ok(found.cloned())
}

async fn post_site_member<T: Transport>(
    client: &Client<'_, T>,
    group: &Key<'_>,
    account_id: &str,
) -> Result<(MembershipOutcome, Group)> {
    let call = group.query(Call::new(&jira::ADD_USER_TO_GROUP)).json(Object::new().text("accountId", account_id));
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
    Ok((outcome, Group::read(&answer).unwrap_or_else(|_| group.as_group())))
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
        let call = group.call(&organization::ADD_MEMBER).json(Object::new().text("accountId", account_id));
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

/// Removes a person, given by account id or e-mail address, from a group, given by name or id.
pub async fn remove<T: Transport>(client: &Client<'_, T>, group: &str, person: &str) -> Result<Outcome> {
    check(group)?;
    accounts::check_person(person)?;
    let found = if person.contains('@') { Some(accounts::find_with_groups(client, person).await?) } else { None };
    let (account_id, group_ids) = match found {
        Some(found) => (found.account.account_id, Some(found.group_ids)),
        None => (person.to_owned(), None),
    };
    if client.plane() == Plane::Site {
        return remove_on_site(client, group, &account_id).await;
    }
    let group = find(client, group).await?;
    let group_ids = match group_ids {
        Some(group_ids) => group_ids,
        None => {
            let found = accounts::by_id(client, &account_id).await?;
            found.ok_or_else(|| accounts::no_such(&account_id))?.group_ids
        }
    };
    if !group_ids.contains(&group.id) {
        return Ok(Outcome::AlreadySo);
    }
    group.check_changeable()?;
    let look = async || {
        let is_gone = !accounts::group_ids(client, &account_id).await?.contains(&group.id);
        Ok(is_gone.then_some(Value::Null))
    };
    let call = group.call(&organization::REMOVE_MEMBER).path("accountId", &account_id);
    client.change(call, &|| Box::pin(look())).await.map(|_| Outcome::Done)
}

async fn remove_on_site<T: Transport>(client: &Client<'_, T>, group: &str, account_id: &str) -> Result<Outcome> {
    let key = Key::of(group);
    let look = async || Ok(membership(client, &key, account_id).await?.is_none().then_some(Value::Null));
    let call = key.query(Call::new(&jira::REMOVE_USER_FROM_GROUP)).query("accountId", account_id);
    match client.change(call, &|| Box::pin(look())).await {
        Ok(_) => Ok(Outcome::Done),
        // Jira says in words only that they are no member; and 404 to a group that is not there.
        Err(failure) if failure.is(400) || failure.is(404) => {
            find(client, group).await?;
            match look().await {
                Ok(Some(_)) => Ok(Outcome::AlreadySo),
                _ => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    }
}
