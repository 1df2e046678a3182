//! Inviting on a site: Jira's `createUser`, Confluence's own invitation, and group by group.

use super::{Invitation, Invited, Progress};
use crate::accounts::Matches;
use crate::client::{Call, Changed, Client, Look};
use crate::email;
use crate::failure::{Change, Failure, FailureKind, PartKind, PartOutcome, Result};
use crate::groups::{self, Group, MembershipOutcome};
use crate::json::{Object, Value};
use crate::operations::{confluence, jira};
use crate::product::{self, OnSite};
use crate::transport::Transport;

/// An access that was asked for: the caller's word for it, and how the site gives it.
type Wanted<'a> = (&'a str, OnSite);

/// A person on the site, as far as an invitation needs to know them.
struct User {
    account_id: String,
    /// The keys of the Jira products they have access to.
    products: Vec<String>,
    /// The groups they are in.
    groups: Vec<Group>,
}

pub(super) async fn invite<T: Transport>(client: &Client<'_, T>, invitation: &Invitation) -> Result<Invited> {
    let wanted = wanted(invitation)?;
    let email = &invitation.email;
    let matches = Matches::read(client, email).await?;
    let present = matches.one()?.map(|found| found.account.account_id.clone());
    if present.is_none() && wanted.is_empty() {
        return Err(Failure::invalid(format!("access: {email} is not to be found here, and no product is named."))
            .advise(format!("A site invites into products only. Name one at least: {}.", product::names())));
    }
    // Before anything is changed, because a misspelt group is the commonest mistake.
    let groups = groups::resolve(client, &invitation.groups).await?;

    let mut progress = Progress::default();
    let user = match present {
        Some(account_id) => Some(complete(client, email, &account_id, &wanted, &mut progress).await?),
        None => create(client, email, &wanted, &matches.hidden, &mut progress).await?,
    };
    for (name, _) in wanted.iter().filter(|(_, on_site)| matches!(on_site, OnSite::Confluence)) {
        match invite_to_confluence(client, email).await {
            Ok(outcome) => progress.done(PartKind::Access, name, outcome),
            Err(failure) => progress.failed(PartKind::Access, name, failure),
        }
    }
    for (name, group) in invitation.groups.iter().zip(&groups) {
        let result = match &user {
            Some(user) if user.groups.iter().any(|other| other.id == group.id) => Ok(MembershipOutcome::AlreadyMember),
            Some(user) => groups::join(client, group, &user.account_id).await,
            None => Err(Failure::new(FailureKind::NotFound, "Confluence shows the account only once they accept")
                .advise("Add them to the group after that.")),
        };
        progress.joined(name, result);
    }
    progress.finish(user.map(|user| user.account_id))
}

/// What can be refused without a request.
fn wanted(invitation: &Invitation) -> Result<Vec<Wanted<'_>>> {
    if invitation.message.is_some() {
        return Err(Failure::invalid("message: a site writes its invitations itself.")
            .advise("Leave the message out, or use an organization's API key."));
    }
    let mut wanted: Vec<Wanted<'_>> = Vec::new();
    for access in &invitation.access {
        let name = access.product.as_str();
        let product = product::by_name(name).ok_or_else(|| {
            Failure::invalid(format!("access: a site knows no product `{name}`."))
                .advise(format!("It knows {}.", product::names()))
        })?;
        if access.role != "user" {
            return Err(Failure::invalid(format!("access: a site cannot make somebody {} of {name}.", access.role))
                .advise("Ask for the role `user`, or use an organization's API key."));
        }
        wanted.push((name, product.on_site));
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
async fn create<T: Transport>(
    client: &Client<'_, T>,
    email: &str,
    wanted: &[Wanted<'_>],
    hidden: &[String],
    progress: &mut Progress,
) -> Result<Option<User>> {
    let products = products(wanted, |_| true);
    if products.is_empty() {
        return Ok(None);
    }
    let look = async || {
        let matches = Matches::read(client, email).await?;
        match matches.one()? {
            Some(found) => get(client, &found.account.account_id).await.map(Some),
            None if matches.hidden.iter().all(|id| hidden.contains(id)) => Ok(None),
            // Somebody new whose address is hidden may be the one, and who is invited twice gets two e-mails.
            None => Err(Failure::new(FailureKind::Ambiguous, "The site hides the address of somebody new.")),
        }
    };
    let (mut user, mut is_read) = post_user(client, email, &products, &|| Box::pin(look())).await?;
    // Jira says 201 for people who had access, too, and a hidden address is how they were not found.
    let was_there = hidden.contains(&user.account_id);
    if was_there && !is_read {
        user = read(client, &user.account_id).await.map_err(|failure| failure.after(Change::Unknown))?;
        is_read = true;
    }
    for (name, product) in in_jira(wanted) {
        match (was_there, !is_read || user.has(product)) {
            (false, true) => progress.done(PartKind::Access, name, PartOutcome::Added),
            (true, true) => progress.done(PartKind::Access, name, PartOutcome::AlreadyThere),
            (_, false) => progress.failed(PartKind::Access, name, nothing_given()),
        }
    }
    Ok(Some(user))
}

/// Gives somebody who was found the Jira products that they lack.
async fn complete<T: Transport>(
    client: &Client<'_, T>,
    email: &str,
    account_id: &str,
    wanted: &[Wanted<'_>],
    progress: &mut Progress,
) -> Result<User> {
    let before = read(client, account_id).await?;
    let missing = products(wanted, |key| !before.has(key));
    let after = if missing.is_empty() {
        None
    } else {
        let look = async || {
            let now = get(client, account_id).await?;
            let user = User::read(&now)?;
            Ok(missing.iter().any(|product| user.has(product)).then_some(now))
        };
        match post_user(client, email, &missing, &|| Box::pin(look())).await? {
            (user, true) => Some(user),
            // The answer to this legacy call does not say what it gave.
            _ => Some(read(client, account_id).await.map_err(|failure| failure.after(Change::Unknown))?),
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

async fn read<T: Transport>(client: &Client<'_, T>, account_id: &str) -> Result<User> {
    User::read(&get(client, account_id).await?)
}

async fn get<T: Transport>(client: &Client<'_, T>, account_id: &str) -> Result<Value> {
    let call = Call::new(&jira::GET_USER).query("accountId", account_id);
    client.call(call.query("expand", "groups,applicationRoles")).await
}

/// Invites into products; the person, and whether what they have was read and is not just an answer.
async fn post_user<T: Transport>(
    client: &Client<'_, T>,
    email: &str,
    products: &[&str],
    look: &Look<'_>,
) -> Result<(User, bool)> {
    let body = Object::new().text("emailAddress", email).texts("products", products);
    let (answer, is_read) = match client.change(Call::new(&jira::CREATE_USER).json(body), look).await? {
        Changed::Said(_, answer) => (answer, false),
        Changed::Seen(user) => (user, true),
    };
    User::read(&answer).map(|user| (user, is_read)).map_err(|failure| failure.after(Change::Applied))
}

async fn invite_to_confluence<T: Transport>(client: &Client<'_, T>, email: &str) -> Result<PartOutcome> {
    let has_access = || has_confluence(client, email);
    if has_access().await? {
        return Ok(PartOutcome::AlreadyThere);
    }
    let look = async || has_access().await.map(|has_access| has_access.then_some(Value::Null));
    let call = Call::new(&confluence::INVITE).json(Object::new().texts("emails", &[email]));
    match client.change(call, &|| Box::pin(look())).await? {
        // It says 200 to everything and works later, so this much is known and no more.
        Changed::Said(..) => Ok(PartOutcome::Requested),
        Changed::Seen(_) => Ok(PartOutcome::Added),
    }
}

async fn has_confluence<T: Transport>(client: &Client<'_, T>, email: &str) -> Result<bool> {
    let emails = Object::new().texts("emails", &[email]);
    let access = client.call(Call::new(&confluence::CHECK_ACCESS).json(emails)).await?;
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
    fn read(user: &Value) -> Result<User> {
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
