//! Who is in a group: adding people and removing them.

use super::{Group, Membership, MembershipOutcome, check, find, no_such_person};
use crate::accounts;
use crate::client::{Call, Changed, Client, SETTLE};
use crate::connection::Plane;
use crate::failure::{PartOutcome, Result};
use crate::json::{Object, Value};
use crate::operations::{jira, organization};
use crate::outcome::Outcome;

/// Adds a person, given by account id or e-mail address, to a group, given by name or id.
pub fn add(client: &Client<'_>, group: &str, person: &str) -> Result<Membership> {
    check(group)?;
    accounts::check_person(person)?;
    let found = if person.contains('@') { Some(accounts::wait_for(client, person)?) } else { None };
    let account_id = found.as_ref().map_or_else(|| person.to_owned(), |found| found.account.account_id.clone());
    let group = if client.plane() == Plane::Site { Group::named(group) } else { find(client, group)? };
    if found.is_some_and(|found| found.is_in(&group.id)) {
        return Ok(Membership { outcome: MembershipOutcome::AlreadyMember, group, account_id });
    }
    let (outcome, said) = put(client, &group, &account_id)?;
    // The person is in it now, whatever the answer leaves out.
    Ok(Membership { outcome, group: Group::read(&said).unwrap_or(group), account_id })
}

/// Makes sure that an account is in a group. On a site it is one request where all is well: the group
/// may be known by its name alone, since the site finds it by itself.
fn put(client: &Client<'_>, group: &Group, account_id: &str) -> Result<(MembershipOutcome, Value)> {
    group.check_changeable()?;
    let mut patience = client.patience(SETTLE);
    loop {
        let result = client.change(joining(client, group, account_id), &|| membership(client, group, account_id));
        match joined(client, group, account_id, result) {
            Err(failure) if failure.is(404) => {
                check_there(client, group)?;
                if !patience.wait() {
                    return Err(no_such_person(failure, account_id));
                }
            }
            result => return result,
        }
    }
}

/// The same in a group that was found before.
pub(crate) fn join(client: &Client<'_>, group: &Group, account_id: &str) -> Result<PartOutcome> {
    put(client, group, account_id).map(|(outcome, _)| outcome.into())
}

/// Adds an account to a group; [`joined`] reads what comes of it.
pub(crate) fn joining(client: &Client<'_>, group: &Group, account_id: &str) -> Call {
    let call = match client.plane() {
        Plane::Site => group.query(Call::new(&jira::ADD_USER_TO_GROUP)),
        _ => group.call(&organization::ADD_MEMBER),
    };
    call.json(Object::new().text("accountId", account_id))
}

/// What became of that, and what a site says of the group.
pub(crate) fn joined(
    client: &Client<'_>,
    group: &Group,
    account_id: &str,
    result: Result<Changed>,
) -> Result<(MembershipOutcome, Value)> {
    let is_site = client.plane() == Plane::Site;
    match result {
        Ok(Changed::Said(_, said) | Changed::Seen(said)) => Ok((MembershipOutcome::Added, said)),
        // A site says in words only that they are a member, in the language of whoever asks; in an
        // organization it is that or a full licence. Only reading tells.
        Err(failure) if failure.is(if is_site { 400 } else { 409 }) => match membership(client, group, account_id) {
            Ok(Some(seen)) => Ok((MembershipOutcome::AlreadyMember, seen)),
            Err(_) if !is_site => {
                Err(failure.advise("They are a member already, or the licence is full; look which it is."))
            }
            _ => Err(failure),
        },
        Err(failure) => Err(failure),
    }
}

/// What shows that an account is in a group, if it is: on a site the group as it says it.
pub(crate) fn membership(client: &Client<'_>, group: &Group, account_id: &str) -> Result<Option<Value>> {
    if client.plane() != Plane::Site {
        let found = accounts::by_id(client, account_id)?;
        return Ok(found.is_some_and(|found| found.is_in(&group.id)).then_some(Value::Null));
    }
    let call = Call::new(&jira::GET_USER).query("accountId", account_id).query("expand", "groups");
    let user = client.call(call)?;
    let items = Group::items(&user);
    let found = items.iter().find(|other| Group::read(other).is_ok_and(|other| other.is_same(group)));
    if found.is_none() {
        Group::check_all(&user)?;
    }
    Ok(found.cloned())
}

/// A site's 404 and 400 are about the group or about the person; looking the group up tells which.
fn check_there(client: &Client<'_>, group: &Group) -> Result<()> {
    if client.plane() != Plane::Site {
        return Ok(());
    }
    find(client, if group.id.is_empty() { &group.name } else { &group.id }).map(drop)
}

/// Removes a person, given by account id or e-mail address, from a group, given by name or id.
pub fn remove(client: &Client<'_>, group: &str, person: &str) -> Result<Outcome> {
    check(group)?;
    accounts::check_person(person)?;
    let mut found = if person.contains('@') { Some(accounts::find_with_groups(client, person)?) } else { None };
    let account_id = found.as_ref().map_or_else(|| person.to_owned(), |found| found.account.account_id.clone());
    let group = if client.plane() == Plane::Site {
        Group::named(group)
    } else {
        let group = find(client, group)?;
        if found.is_none() {
            found = accounts::by_id(client, &account_id)?;
        }
        if !found.ok_or_else(|| accounts::no_such(&account_id))?.is_in(&group.id) {
            return Ok(Outcome::AlreadySo);
        }
        group
    };
    group.check_changeable()?;
    let look = || gone(client, &group, &account_id);
    let result = client.change(leaving(client, &group, &account_id), &look);
    left(client, &group, &account_id, result)
}

/// Removes an account from a group; [`left`] reads what comes of it.
pub(crate) fn leaving(client: &Client<'_>, group: &Group, account_id: &str) -> Call {
    match client.plane() {
        Plane::Site => group.query(Call::new(&jira::REMOVE_USER_FROM_GROUP)).query("accountId", account_id),
        _ => group.call(&organization::REMOVE_MEMBER).path("accountId", account_id),
    }
}

/// What shows that an account is not in a group.
pub(crate) fn gone(client: &Client<'_>, group: &Group, account_id: &str) -> Result<Option<Value>> {
    Ok(membership(client, group, account_id)?.is_none().then_some(Value::Null))
}

/// What became of that.
pub(crate) fn left(client: &Client<'_>, group: &Group, account_id: &str, result: Result<Changed>) -> Result<Outcome> {
    match result {
        Ok(_) => Ok(Outcome::Done),
        // A site says in words only that they are no member; and 404 to a group that is not there.
        Err(failure) if failure.is(400) || failure.is(404) => {
            check_there(client, group)?;
            match gone(client, group, account_id) {
                Ok(Some(_)) => Ok(Outcome::AlreadySo),
                _ => Err(failure),
            }
        }
        Err(failure) => Err(failure),
    }
}
