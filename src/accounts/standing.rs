//! People's standing in a directory: suspending, restoring and removing them.

use super::{AccountStatus, Found, Matches, by_id, no_such};
use crate::client::{Call, Client};
use crate::failure::Result;
use crate::json::Value;
use crate::operation::Operation;
use crate::operations::organization;
use crate::outcome::Outcome;
use crate::transport::Transport;

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

/// Gives a person, by account id or e-mail address, a standing.
pub async fn set<T: Transport>(client: &Client<'_, T>, person: &str, standing: &Standing) -> Result<Outcome> {
    super::check_person(person)?;
    client.check_plane(standing.operation)?;
    let found = if person.contains('@') {
        Matches::read(client, person).await?.one()?.cloned()
    } else {
        by_id(client, person).await?
    };
    // In every directory that they are in.
    let is_so = |found: &Option<Found>| match found {
        None => (standing.is_so)(None),
        Some(found) => found.statuses.iter().all(|status| (standing.is_so)(Some(*status))),
    };
    if is_so(&found) {
        return Ok(Outcome::AlreadySo);
    }
    let found = found.ok_or_else(|| no_such(person))?;
    let account_id = &found.account.account_id;
    let directory_id = client.directory(Some(account_id)).await?;
    let look = async || {
        let found = by_id(client, account_id).await?;
        Ok(is_so(&found).then_some(Value::Null))
    };
    let call = Call::new(standing.operation).path("accountId", account_id).path("directoryId", directory_id);
    client.change(call, &|| Box::pin(look())).await?;
    Ok(Outcome::Done)
}
