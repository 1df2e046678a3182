//! People's standing in a directory: suspending, restoring and removing them.

use super::{AccountStatus, Found, Matches, by_id, no_such};
use crate::client::{Call, Client};
use crate::failure::Result;
use crate::json::Value;
use crate::operation::Operation;
use crate::operations::organization;
use crate::outcome::Outcome;

/// A standing that somebody can be given.
pub struct Standing {
    operation: &'static Operation,
    /// Whether it is theirs, by their status in the directory; none where they are not in it.
    is_so: fn(Option<AccountStatus>) -> bool,
}

/// Their access is taken away, and what they had is kept.
pub const SUSPENDED: Standing =
    Standing { operation: &organization::SUSPEND_USER, is_so: |status| status == Some(AccountStatus::Suspended) };

/// A suspended person has their access again.
pub const RESTORED: Standing =
    Standing { operation: &organization::RESTORE_USER, is_so: |status| status == Some(AccountStatus::Active) };

/// They are not in the directory.
pub const REMOVED: Standing = Standing {
    operation: &organization::REMOVE_USER,
    is_so: |status| matches!(status, None | Some(AccountStatus::NotInvited)),
};

impl Standing {
    /// Whether somebody has it, in every directory that they are in; whoever was never invited is in none.
    pub(crate) fn is_of(&self, found: Option<&Found>) -> bool {
        let statuses = found.map_or(&[][..], |found| &found.statuses);
        let mut there = statuses.iter().filter(|status| **status != AccountStatus::NotInvited).peekable();
        if there.peek().is_none() {
            return (self.is_so)(None);
        }
        there.all(|status| (self.is_so)(Some(*status)))
    }
}

/// Gives a person, by account id or e-mail address, a standing.
pub fn set(client: &Client<'_>, person: &str, standing: &Standing) -> Result<Outcome> {
    super::check_person(person)?;
    client.check_plane(standing.operation)?;
    let found =
        if person.contains('@') { Matches::read(client, person)?.one()?.cloned() } else { by_id(client, person)? };
    if standing.is_of(found.as_ref()) {
        return Ok(Outcome::AlreadySo);
    }
    let found = found.ok_or_else(|| no_such(person))?;
    let account_id = &found.account.account_id;
    let directory_id = client.directory(Some(account_id))?;
    client.change(call(standing, account_id, &directory_id), &|| look(client, standing, account_id))?;
    Ok(Outcome::Done)
}

/// What gives somebody a standing in a directory.
pub(crate) fn call(standing: &Standing, account_id: &str, directory_id: &str) -> Call {
    Call::new(standing.operation).path("accountId", account_id).path("directoryId", directory_id)
}

/// What shows that they have it.
pub(crate) fn look(client: &Client<'_>, standing: &Standing, account_id: &str) -> Result<Option<Value>> {
    let found = by_id(client, account_id)?;
    Ok(standing.is_of(found.as_ref()).then_some(Value::Null))
}
