//! People: looking them up by e-mail, and what becomes of them.

pub mod standing;

use crate::client::{Call, Client, SETTLE};
use crate::connection::{Kind, Plane};
use crate::email;
use crate::failure::{Failure, FailureKind, Result};
use crate::groups::Group;
use crate::json::{Object, Value};
use crate::operations::{jira, organization};

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
pub fn find(client: &Client<'_>, email: &str) -> Result<Account> {
    email::check("email", email)?;
    Ok(find_with_groups(client, email)?.0.account)
}

/// The same, with the groups that an organization names along with it.
pub(crate) fn find_with_groups(client: &Client<'_>, email: &str) -> Result<Found> {
    let matches = Matches::read(client, email)?;
    if let Some(found) = matches.one()? {
        return Ok(found.clone());
    }
    if !matches.hidden.is_empty() {
        return Err(hides(email, &matches.hidden));
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
pub(crate) fn wait_for(client: &Client<'_>, email: &str) -> Result<Found> {
    let mut patience = client.patience(SETTLE);
    loop {
        match find_with_groups(client, email) {
            Err(failure) if failure.kind == FailureKind::NotFound && failure.status.is_none() => {
                if !patience.wait() {
                    return Err(failure);
                }
            }
            result => return result,
        }
    }
}

/// How many addresses can be asked for at once.
pub(crate) fn at_once(plane: Plane) -> usize {
    if plane == Plane::Site { 1 } else { 100 }
}

/// What a look-up by e-mail gave.
pub(crate) struct Matches {
    email: String,
    exact: Vec<Found>,
    /// Ids of accounts whose address the site does not show.
    pub(crate) hidden: Vec<String>,
}

/// An account with what the organization says of it besides.
// Boxed for its moves, as a call is.
#[derive(Clone)]
pub(crate) struct Found(Box<Known>);

/// What is known of an account that was found.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) account: Account,
    /// The groups it is in; on a site they take a request of their own.
    pub(crate) groups: Vec<Group>,
    /// The statuses it has, in each of the directories it is in.
    pub(crate) statuses: Vec<AccountStatus>,
    /// Whether it is of a domain that is not the organization's.
    pub(crate) is_unmanaged: bool,
}

impl Matches {
    /// Asks the plane for an e-mail address. One request, unless very many begin with it.
    pub(crate) fn read(client: &Client<'_>, email: &str) -> Result<Matches> {
        // As many as it was asked for.
        Ok(Matches::read_all(client, &[email])?.swap_remove(0))
    }

    /// Asks for so many addresses as the plane takes [at once](at_once); in their order.
    pub(crate) fn read_all(client: &Client<'_>, emails: &[&str]) -> Result<Vec<Matches>> {
        Matches::of(client.plane(), emails, &client.list(Matches::call(client.plane(), emails))?)
    }

    /// What asks for so many addresses as the plane takes [at once](at_once).
    pub(crate) fn call(plane: Plane, emails: &[&str]) -> Call {
        if plane == Plane::Site {
            return Call::new(&jira::FIND_USERS).query("query", &emails.concat());
        }
        let mut filter = Object::new().texts("emails", emails).texts("expand", &["groups"]);
        // Twenty is what a page has by itself.
        if emails.len() > 1 {
            filter = filter.raw("limit", "100");
        }
        Call::new(&organization::SEARCH_USERS).json(filter)
    }

    /// What the answer says of each.
    pub(crate) fn of(plane: Plane, emails: &[&str], users: &[Value]) -> Result<Vec<Matches>> {
        let mut all: Vec<Matches> = emails.iter().map(|email| Matches::new(email)).collect();
        for user in users {
            let found = if plane == Plane::Site { Found::on_site(user)? } else { Found::in_directory(user)? };
            for matches in &mut all {
                if found.account.email.is_empty() && plane == Plane::Site {
                    matches.hidden.push(found.account.account_id.clone());
                } else {
                    matches.push(&found);
                }
            }
        }
        Ok(all)
    }

    fn new(email: &str) -> Matches {
        Matches { email: email.to_owned(), exact: Vec::new(), hidden: Vec::new() }
    }

    /// Keeps an account if the address is exactly the one, and once only: it may be in several
    /// directories.
    fn push(&mut self, found: &Found) {
        if !email::same(&found.account.email, &self.email) {
            return;
        }
        match self.exact.iter_mut().find(|other| other.account.account_id == found.account.account_id) {
            Some(other) => other.add(found.clone()),
            None => self.exact.push(found.clone()),
        }
    }

    /// The one account, if there is one; several are never chosen from.
    pub(crate) fn one(&self) -> Result<Option<&Found>> {
        if let [] | [_] = self.exact.as_slice() {
            return Ok(self.exact.first());
        }
        let list: Vec<_> =
            self.exact.iter().map(|found| format!("{} ({})", found.account.account_id, found.account.name)).collect();
        let message = format!("{} accounts have the e-mail address {}: {}.", list.len(), self.email, list.join(", "));
        Err(Failure::new(FailureKind::Ambiguous, message).advise("Choose one, and use its account id."))
    }
}

/// What was found may be the account or not.
pub(crate) fn hides(email: &str, hidden: &[String]) -> Failure {
    let list = hidden.join(", ");
    let message = format!("The site hides the e-mail addresses of what it found for {email}: {list}.");
    Failure::new(FailureKind::Ambiguous, message)
        .advise("Use the account id, or an organization's API key, which sees its directory's addresses.")
}

/// The account of that id, as the organization shows it.
pub(crate) fn by_id(client: &Client<'_>, account_id: &str) -> Result<Option<Found>> {
    Found::by_id(&client.list(by_ids([account_id].into_iter()))?, account_id)
}

/// How many accounts an organization can be asked for at once.
pub(crate) const IDS_AT_ONCE: usize = 10;

/// What asks an organization for accounts, [`IDS_AT_ONCE`] at most; [`Found::by_id`] takes one of them.
pub(crate) fn by_ids<'a>(account_ids: impl Iterator<Item = &'a str>) -> Call {
    let ids: Vec<&str> = account_ids.collect();
    Call::new(&organization::SEARCH_USERS).json(Object::new().texts("accountIds", &ids).texts("expand", &["groups"]))
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

impl std::ops::Deref for Found {
    type Target = Known;

    fn deref(&self) -> &Known {
        &self.0
    }
}

impl std::ops::DerefMut for Found {
    fn deref_mut(&mut self) -> &mut Known {
        &mut self.0
    }
}

impl Found {
    /// The same account in another directory.
    fn add(&mut self, other: Found) {
        self.groups.extend(other.0.groups);
        self.statuses.extend(other.0.statuses);
    }

    /// The account of that id among what an organization shows.
    pub(crate) fn by_id(users: &[Value], account_id: &str) -> Result<Option<Found>> {
        let mut matches = users.iter().filter(|user| user.text("accountId") == Some(account_id));
        let Some(first) = matches.next() else { return Ok(None) };
        let mut found = Found::in_directory(first)?;
        // It may be in several directories.
        for other in matches {
            found.add(Found::in_directory(other)?);
        }
        Ok(Some(found))
    }

    /// Whether it is in a group.
    pub(crate) fn is_in(&self, group_id: &str) -> bool {
        self.groups.iter().any(|group| group.id == group_id)
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
        Ok(Found(Box::new(Known { account, groups: Vec::new(), statuses: vec![status], is_unmanaged: false })))
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
        let groups = user.list("groups").iter().filter_map(|group| Group::read(group).ok()).collect();
        let is_unmanaged = user.text("claimStatus") == Some("unmanaged");
        Ok(Found(Box::new(Known { account, groups, statuses: vec![status], is_unmanaged })))
    }
}
