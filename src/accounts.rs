//! People: looking them up by e-mail, and what becomes of them.

pub mod standing;

use crate::client::{Call, Client, SETTLE};
use crate::connection::{Kind, Plane};
use crate::email;
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{Object, Value};
use crate::operations::{jira, organization};
use crate::transport::Transport;

/// A person's account; the contract's `account`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Account {
    pub account_id: String,
    pub email: String,
    pub name: String,
    pub status: AccountStatus,
}

/// The contract's `account-status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum AccountStatus {
    Active,
    Suspended,
    NotInvited,
    Deactivated,
    Unknown,
}

/// Finds the account that has exactly this e-mail address, ignoring case.
pub async fn find<T: Transport>(client: &Client<'_, T>, email: &str) -> Result<Account> {
    email::check("email", email)?;
    Ok(find_with_groups(client, email).await?.account)
}

/// The same, with the groups that an organization names along with it.
pub(crate) async fn find_with_groups<T: Transport>(client: &Client<'_, T>, email: &str) -> Result<Found> {
    let matches = Matches::read(client, email).await?;
    if let Some(found) = matches.one()? {
        return Ok(found.clone());
    }
    if !matches.hidden.is_empty() {
        return Err(Failure::new(
            FailureKind::Ambiguous,
            format!("The site hides the e-mail addresses of what it found for {email}: {}.", matches.hidden.join(", ")),
        )
        .advise("Use the account id, or an organization's API key, which sees its directory's addresses."));
    }
    let advice = match client.plane() {
        Plane::Site if client.connection().kind() == Kind::HostSigned => {
            "Check that the host adds the `Authorization` header: a site shows nobody to a stranger, and does not \
             say so. If it does, invite them."
        }
        Plane::Site => {
            "Invite them. If they are there: a site shows active accounts only, may hide addresses, shows whom \
             you invited a moment ago only after a while, and shows nobody to an account without the global \
             permission Browse users and groups."
        }
        Plane::Organization | Plane::Scim => {
            "Invite them. If they are there: check that the key reaches their directory."
        }
    };
    Err(Failure::new(FailureKind::NotFound, format!("No account has the e-mail address {email}.")).advise(advice))
}

/// The same, with time for somebody who was invited a moment ago and is not to be seen yet.
pub(crate) async fn wait_for<T: Transport>(client: &Client<'_, T>, email: &str) -> Result<Found> {
    let mut patience = client.patience(SETTLE);
    loop {
        match find_with_groups(client, email).await {
            Err(failure) if failure.kind == FailureKind::NotFound && failure.status.is_none() => {
                if !patience.wait().await {
                    return Err(failure);
                }
            }
            result => return result,
        }
    }
}

/// What a look-up by e-mail gave.
pub(crate) struct Matches {
    email: String,
    exact: Vec<Found>,
    /// Ids of accounts whose address the site does not show.
    pub(crate) hidden: Vec<String>,
}

/// An account with what the organization says of it besides.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) account: Account,
    /// The ids of the groups it is in; on a site always empty.
    pub(crate) group_ids: Vec<String>,
    /// The statuses it has, in each of the directories it is in.
    pub(crate) statuses: Vec<AccountStatus>,
}

impl Matches {
    /// Asks the plane for an e-mail address. One request, unless very many begin with it.
    pub(crate) async fn read<T: Transport>(client: &Client<'_, T>, email: &str) -> Result<Matches> {
        let mut matches = Matches { email: email.to_owned(), exact: Vec::new(), hidden: Vec::new() };
        match client.plane() {
            Plane::Site => {
                let call = Call::new(&jira::FIND_USERS).query("query", email);
                for user in client.list(call).await? {
                    match user.text("emailAddress") {
                        None => matches.hidden.push(user.need("accountId")?),
                        Some(_) => matches.push(Found::on_site(&user)?),
                    }
                }
            }
            Plane::Organization | Plane::Scim => {
                let filter = Object::new().texts("emails", &[email]).texts("expand", &["groups"]);
                let call = Call::new(&organization::SEARCH_USERS).json(filter);
                for user in client.list(call).await? {
                    matches.push(Found::in_directory(&user)?);
                }
            }
        }
        Ok(matches)
    }

    /// Keeps an account if the address is exactly the one, and once only: it may be in several
    /// directories.
    fn push(&mut self, found: Found) {
        if !email::same(&found.account.email, &self.email) {
            return;
        }
        match self.exact.iter_mut().find(|other| other.account.account_id == found.account.account_id) {
            Some(other) => other.add(found),
            None => self.exact.push(found),
        }
    }

    /// The one account, if there is one; several are never chosen from.
    pub(crate) fn one(&self) -> Result<Option<&Found>> {
        if let [] | [_] = self.exact.as_slice() {
            return Ok(self.exact.first());
        }
        let list: Vec<_> = self
            .exact
            .iter()
            .map(|Found { account, .. }| format!("{} ({})", account.account_id, account.name))
            .collect();
        let message = format!("{} accounts have the e-mail address {}: {}.", list.len(), self.email, list.join(", "));
        Err(Failure::new(FailureKind::Ambiguous, message).advise("Choose one, and use its account id."))
    }
}

/// The account of that id, as the organization shows it.
pub(crate) async fn by_id<T: Transport>(client: &Client<'_, T>, account_id: &str) -> Result<Option<Found>> {
    let filter = Object::new().texts("accountIds", &[account_id]).texts("expand", &["groups"]);
    let users = client.list(Call::new(&organization::SEARCH_USERS).json(filter)).await?;
    let mut matches = users.iter().filter(|user| user.text("accountId") == Some(account_id));
    let Some(first) = matches.next() else { return Ok(None) };
    let mut found = Found::in_directory(first)?;
    // It may be in several directories.
    for other in matches {
        found.add(Found::in_directory(other)?);
    }
    Ok(Some(found))
}

/// Reads the ids of an account's groups; none where the organization does not show the account.
pub(crate) async fn group_ids<T: Transport>(client: &Client<'_, T>, account_id: &str) -> Result<Vec<String>> {
    Ok(by_id(client, account_id).await?.map_or_else(Vec::new, |found| found.group_ids))
}

/// Nobody of that account id or address is in the organization.
pub(crate) fn no_such(person: &str) -> Failure {
    let message = format!("There is no person {person} in the organization.");
    Failure::new(FailureKind::NotFound, message).advise("Check the address or the account id.")
}

/// Refuses what is neither an account id nor an e-mail address.
pub(crate) fn check_person(person: &str) -> Result<()> {
    if person.contains('@') {
        return email::check("person", person);
    }
    if !person.is_empty() && person.len() <= 128 && person.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Failure::invalid("person is neither an account id nor an e-mail address.")
        .advise("Give an account id such as 712020:0a1b…, or an address such as mia@example.com."))
}

fn groups_of(user: &Value) -> Vec<String> {
    user.list("groups").iter().filter_map(|group| group.text("id")).map(str::to_owned).collect()
}

impl Found {
    /// The same account in another directory.
    fn add(&mut self, other: Found) {
        self.group_ids.extend(other.group_ids);
        self.statuses.extend(other.statuses);
    }

    /// From Jira's `User`.
    pub(crate) fn on_site(user: &Value) -> Result<Found> {
        let status = match user.flag("active") {
            Some(true) => AccountStatus::Active,
            Some(false) => AccountStatus::Deactivated,
            None => AccountStatus::Unknown,
        };
        let account = Account {
            account_id: user.need("accountId")?,
            email: user.owned("emailAddress"),
            name: user.owned("displayName"),
            status,
        };
        Ok(Found { account, group_ids: Vec::new(), statuses: vec![status] })
    }

    /// From the organization's `MultiDirectoryUser`.
    fn in_directory(user: &Value) -> Result<Found> {
        // All fields are optional in the description; the second says the same of the directory.
        let status = match user.text("status").or_else(|| user.text("membershipStatus")) {
            Some("active") => AccountStatus::Active,
            Some("suspended") => AccountStatus::Suspended,
            Some("not_invited" | "no_membership") => AccountStatus::NotInvited,
            Some("deactivated" | "for_deletion") => AccountStatus::Deactivated,
            _ => AccountStatus::Unknown,
        };
        let account = Account {
            account_id: user.need("accountId")?,
            email: user.owned("email"),
            name: user.owned("name"),
            status,
        };
        Ok(Found { account, group_ids: groups_of(user), statuses: vec![status] })
    }
}
