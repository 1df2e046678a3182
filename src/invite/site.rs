//! Inviting on a site: Jira's `createUser`, Confluence's own invitation, and group by group.

use super::{Access, Invitation, Invited, Progress};
use crate::accounts::Matches;
use crate::client::{Call, Changed, Client};
use crate::email;
use crate::failure::{Change, Failure, FailureKind, PartKind, PartOutcome, Result};
use crate::groups::{self, Group};
use crate::json::{Object, Value};
use crate::operations::{confluence, jira};
use crate::product::{self, OnSite};

/// An access that is asked for: the caller's word for it, and how the site gives it.
pub(crate) type Wanted<'a> = (&'a str, OnSite);

/// A person on the site, as far as an invitation needs to know them.
pub(crate) struct User {
    pub(crate) account_id: String,
    /// The keys of the Jira products they have access to.
    pub(crate) products: Vec<String>,
    /// The groups they are in.
    pub(crate) groups: Vec<Group>,
}

pub(super) fn invite(client: &Client<'_>, invitation: &Invitation) -> Result<Invited> {
    if invitation.message.is_some() {
        return Err(no_message());
    }
    let wanted = wanted(&invitation.access)?;
    let email = &invitation.email;
    let matches = Matches::read(client, email)?;
    if matches.one()?.is_none() && wanted.is_empty() {
        return Err(no_product(email));
    }
    // Before anything is changed, because a misspelt group is the commonest mistake.
    let groups = groups::resolve(client, &invitation.groups)?;
    let groups: Vec<(&str, &str)> =
        invitation.groups.iter().zip(&groups).map(|(name, group)| (name.as_str(), group.id.as_str())).collect();
    let mut progress = Progress::default();
    let account_id = bring(client, &matches, &wanted, &groups, &mut progress)?;
    progress.finish(account_id)
}

/// Brings somebody onto the site, and into groups by name and id, as far as it is not so yet; their
/// account, where it is known then.
pub(crate) fn bring(
    client: &Client<'_>,
    matches: &Matches,
    wanted: &[Wanted<'_>],
    groups: &[(&str, &str)],
    progress: &mut Progress,
) -> Result<Option<String>> {
    let email = &matches.email;
    let user = match matches.one()? {
        Some(found) => Some(complete(client, email, &found.account.account_id, wanted, progress)?),
        None => create(client, email, wanted, &matches.hidden, progress)?,
    };
    for (name, _) in wanted.iter().filter(|(_, on_site)| matches!(on_site, OnSite::Confluence)) {
        progress.part(PartKind::Access, name, to_confluence(client, &[email]).swap_remove(0));
    }
    for (name, id) in groups {
        let result = match &user {
            Some(user) if user.groups.iter().any(|other| other.id == *id) => Ok(PartOutcome::AlreadyThere),
            Some(user) => groups::join(client, &Group::known(id, name), &user.account_id),
            None => Err(not_yet()),
        };
        progress.part(PartKind::Group, name, result);
    }
    Ok(user.map(|user| user.account_id))
}

/// Whom only Confluence was asked to invite.
pub(crate) fn not_yet() -> Failure {
    Failure::new(FailureKind::NotFound, "Confluence shows the account only once they accept")
        .advise("Add them to the group after that.")
}

/// What identifies Confluence beside Jira's products, which have keys.
pub(crate) const CONFLUENCE: &str = "confluence";

/// What identifies a product on the site.
pub(crate) fn id_of(product: OnSite) -> &'static str {
    match product {
        OnSite::Jira(key) => key,
        OnSite::Confluence => CONFLUENCE,
    }
}

/// What [`id_of`] identifies.
pub(crate) fn product(id: &str) -> Result<OnSite> {
    let known = product::by_name(id);
    known.map(|product| product.on_site).ok_or_else(|| {
        Failure::invalid(format!("access: a site knows no product `{id}`."))
            .advise(format!("It knows {}.", product::names()))
    })
}

/// What a site does not do.
pub(crate) fn no_message() -> Failure {
    Failure::invalid("message: a site writes its invitations itself.")
        .advise("Leave the message out, or use an organization's API key.")
}

/// Whom a site cannot invite.
pub(crate) fn no_product(email: &str) -> Failure {
    Failure::invalid(format!("access: {email} is not to be found here, and no product is named."))
        .advise(format!("A site invites into products only. Name one at least: {}.", product::names()))
}

/// What can be refused without a request.
pub(crate) fn wanted(access: &[Access]) -> Result<Vec<Wanted<'_>>> {
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    for access in access {
        let name = access.product.as_str();
        let on_site = product(name)?;
        if access.role != "user" {
            return Err(Failure::invalid(format!("access: a site cannot make somebody {} of {name}.", access.role))
                .advise("Ask for the role `user`, or use an organization's API key."));
        }
        wanted.push((name, on_site));
    }
    Ok(wanted)
}

/// The Jira products among the wanted: the caller's word and Jira's.
fn in_jira<'a>(wanted: &'a [Wanted<'a>]) -> impl Iterator<Item = (&'a str, &'static str)> {
    wanted.iter().filter_map(|(name, on_site)| match on_site {
        OnSite::Jira(product) => Some((*name, *product)),
        OnSite::Confluence => None,
    })
}

/// Invites somebody who was not found.
fn create(
    client: &Client<'_>,
    email: &str,
    wanted: &[Wanted<'_>],
    hidden: &[String],
    progress: &mut Progress,
) -> Result<Option<User>> {
    let Some(call) = creating(email, wanted) else { return Ok(None) };
    let result = client.change(call, &|| look_for(client, email, hidden));
    created(client, wanted, hidden, result, progress).map(Some)
}

/// What invites somebody into Jira products, where any is wanted.
pub(crate) fn creating(email: &str, wanted: &[Wanted<'_>]) -> Option<Call> {
    let products = products(wanted, |_| true);
    (!products.is_empty()).then(|| into_jira(email, &products))
}

/// What shows that somebody who was not found is there now; these accounts' addresses were hidden then.
pub(crate) fn look_for(client: &Client<'_>, email: &str, hidden: &[String]) -> Result<Option<Value>> {
    let matches = Matches::read(client, email)?;
    match matches.one()? {
        Some(found) => get(client, &found.account.account_id).map(Some),
        None if matches.hidden.iter().all(|id| hidden.contains(id)) => Ok(None),
        // Somebody new whose address is hidden may be the one, and who is invited twice gets two e-mails.
        None => Err(Failure::new(FailureKind::Ambiguous, "The site hides the address of somebody new.")),
    }
}

/// What became of that.
pub(crate) fn created(
    client: &Client<'_>,
    wanted: &[Wanted<'_>],
    hidden: &[String],
    result: Result<Changed>,
    progress: &mut Progress,
) -> Result<User> {
    let (mut user, mut is_read) = said(result)?;
    // Jira says 201 for people who had access, too, and a hidden address is how they were not found.
    let was_there = hidden.contains(&user.account_id);
    if was_there && !is_read {
        user = read(client, &user.account_id).map_err(|failure| failure.after(Change::Unknown))?;
        is_read = true;
    }
    for (name, product) in in_jira(wanted) {
        match (was_there, !is_read || user.has(product)) {
            (false, true) => progress.done(PartKind::Access, name, PartOutcome::Added),
            (true, true) => progress.done(PartKind::Access, name, PartOutcome::AlreadyThere),
            (_, false) => progress.failed(PartKind::Access, name, nothing_given()),
        }
    }
    Ok(user)
}

/// Gives somebody who was found the Jira products that they lack.
fn complete(
    client: &Client<'_>,
    email: &str,
    account_id: &str,
    wanted: &[Wanted<'_>],
    progress: &mut Progress,
) -> Result<User> {
    let before = read(client, account_id)?;
    let missing = products(wanted, |key| !before.has(key));
    let after = if missing.is_empty() {
        None
    } else {
        let look = || {
            let now = get(client, account_id)?;
            let user = User::read(&now)?;
            Ok(missing.iter().any(|product| user.has(product)).then_some(now))
        };
        match said(client.change(into_jira(email, &missing), &look))? {
            (user, true) => Some(user),
            // The answer to this legacy call does not say what it gave.
            _ => Some(read(client, account_id).map_err(|failure| failure.after(Change::Unknown))?),
        }
    };
    for (name, product) in in_jira(wanted) {
        if before.has(product) {
            progress.done(PartKind::Access, name, PartOutcome::AlreadyThere);
        } else if after.as_ref().is_some_and(|after| after.has(product)) {
            progress.done(PartKind::Access, name, PartOutcome::Added);
        } else {
            progress.failed(PartKind::Access, name, nothing_given());
        }
    }
    Ok(after.unwrap_or(before))
}

/// The wanted Jira products that a condition holds for, each once.
fn products(wanted: &[Wanted<'_>], condition: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut products = Vec::new();
    for (_, product) in in_jira(wanted) {
        if condition(product) && !products.contains(&product) {
            products.push(product);
        }
    }
    products
}

fn nothing_given() -> Failure {
    Failure::new(FailureKind::Conflict, "Jira accepted it and gave no access")
        .advise("A site cannot always give products to people who are there; use an organization's API key.")
}

fn read(client: &Client<'_>, account_id: &str) -> Result<User> {
    User::read(&get(client, account_id)?)
}

fn get(client: &Client<'_>, account_id: &str) -> Result<Value> {
    client.call(user_call(account_id))
}

/// What asks for a person with their groups and products.
pub(crate) fn user_call(account_id: &str) -> Call {
    Call::new(&jira::GET_USER).query("accountId", account_id).query("expand", "groups,applicationRoles")
}

fn into_jira(email: &str, products: &[&str]) -> Call {
    Call::new(&jira::CREATE_USER).json(Object::new().text("emailAddress", email).texts("products", products))
}

/// The person, and whether what they have was read and is not just an answer.
fn said(result: Result<Changed>) -> Result<(User, bool)> {
    let (answer, is_read) = match result? {
        Changed::Said(_, answer) => (answer, false),
        Changed::Seen(user) => (user, true),
    };
    User::read(&answer).map(|user| (user, is_read)).map_err(|failure| failure.after(Change::Applied))
}

/// Invites people, [`AT_ONCE`] at most, to Confluence who have no access to it.
pub(crate) fn to_confluence(client: &Client<'_>, emails: &[&str]) -> Vec<Result<PartOutcome>> {
    let access = || client.call(access_call(emails));
    let before = match access() {
        Ok(access) => access,
        Err(failure) => return vec![Err(failure); emails.len()],
    };
    let lacks = |email: &&str| matches!(has_access(&before, email), Ok(false));
    let missing: Vec<&str> = emails.iter().copied().filter(lacks).collect();
    let result = if missing.is_empty() {
        Ok(PartOutcome::AlreadyThere)
    } else {
        let look = || {
            let now = access()?;
            Ok(missing.iter().all(|email| matches!(has_access(&now, email), Ok(true))).then_some(Value::Null))
        };
        let call = Call::new(&confluence::INVITE).json(Object::new().texts("emails", &missing));
        client.change(call, &look).map(|changed| match changed {
            // It says 200 to everything and works later, so this much is known and no more.
            Changed::Said(..) => PartOutcome::Requested,
            Changed::Seen(_) => PartOutcome::Added,
        })
    };
    let each = emails.iter().map(|email| match has_access(&before, email)? {
        true => Ok(PartOutcome::AlreadyThere),
        false => result.clone(),
    });
    each.collect()
}

/// What asks Confluence which of some people, [`AT_ONCE`] at most, have access; [`has_access`] reads it.
pub(crate) fn access_call(emails: &[&str]) -> Call {
    Call::new(&confluence::CHECK_ACCESS).json(Object::new().texts("emails", emails))
}

/// How many people Confluence is asked for, or invites, at once; it takes no more.
pub(crate) const AT_ONCE: usize = 100;

/// What Confluence says of one of them.
pub(crate) fn has_access(access: &Value, email: &str) -> Result<bool> {
    // Without the list nothing is known, and least of all that they have access.
    if access.get("emailsWithoutAccess").and_then(Value::as_list).is_none() {
        let message = "Confluence does not say who has access";
        return Err(Failure::new(FailureKind::Protocol, message).advise("Check that the site has Confluence."));
    }
    let named = |list: &str| access.texts(list).any(|other| email::same(other, email));
    if named("invalidEmails") {
        return Err(Failure::invalid(format!("Confluence does not take {email} as an e-mail address"))
            .advise("Check the address."));
    }
    Ok(!named("emailsWithoutAccess"))
}

impl User {
    /// From Jira's `User`; products and groups are in it only if they were asked for by `expand`.
    pub(crate) fn read(user: &Value) -> Result<User> {
        let roles = user.get("applicationRoles").map_or(&[][..], |roles| roles.list("items"));
        Ok(User {
            account_id: user.need("accountId")?,
            products: roles.iter().filter_map(|role| role.text("key")).map(str::to_owned).collect(),
            groups: Group::of_user(user),
        })
    }

    fn has(&self, product: &str) -> bool {
        self.products.iter().any(|key| key == product)
    }
}
