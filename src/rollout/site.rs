//! What a site can be asked for: people, access to Jira's products, and access to Confluence.

use super::present::Present;
use super::progress::Progress;
use super::{Action, ActionKind};
use crate::accounts::Matches;
use crate::client::{Call, Changed, Client};
use crate::email;
use crate::failure::{Change, Failure, FailureKind, PartKind, PartOutcome, Result};
use crate::groups::Group;
use crate::json::{Object, Value};
use crate::operations::{confluence, jira};
use crate::product::{self, Access, ROLES};

/// What identifies Confluence beside Jira's products, which have keys.
pub(super) const CONFLUENCE: &str = "confluence";

/// A person on the site, as far as an invitation needs to know them.
pub(super) struct User {
    pub(super) account_id: String,
    /// The keys of the Jira products they have access to.
    pub(super) products: Vec<String>,
    /// The groups they are in.
    pub(super) groups: Vec<Group>,
}

/// What gives the access that is wanted.
///
/// # Errors
///
/// Fails where no site gives it.
pub(super) fn giving(access: &Access) -> Result<Action> {
    let name = access.product.as_str();
    let id = product::known(name).ok_or_else(|| {
        Failure::invalid(format!("access: a site knows no product `{name}`."))
            .advise(format!("It knows {}.", product::names()))
    })?;
    if access.role != ROLES[0] {
        return Err(Failure::invalid(format!("access: a site cannot make somebody {} of {name}.", access.role))
            .advise("Ask for the role `user`, or use an organization's API key."));
    }
    Ok(Action::new(ActionKind::GiveAccess, name, id))
}

/// Whom only Confluence was asked to invite.
pub(super) fn not_yet() -> Failure {
    Failure::new(FailureKind::NotFound, "Confluence shows the account only once they accept")
        .advise("Add them to the group after that.")
}

/// What a site does not do.
pub(super) fn no_message() -> Failure {
    Failure::invalid("message: a site writes its invitations itself.")
        .advise("Leave the message out, or use an organization's API key.")
}

/// Whom a site cannot invite.
pub(super) fn no_product(email: &str) -> Failure {
    Failure::invalid(format!("access: {email} is not to be found here, and no product is named."))
        .advise(format!("A site invites into products only. Name one at least: {}.", product::names()))
}

/// What asks for a person with their groups and products.
pub(super) fn user_call(account_id: &str) -> Call {
    Call::new(&jira::GET_USER).query("accountId", account_id).query("expand", "groups,applicationRoles")
}

/// What invites somebody into Jira products, or gives these to who is there.
pub(super) fn into_jira(email: &str, products: &[&str]) -> Call {
    Call::new(&jira::CREATE_USER).json(Object::new().text("emailAddress", email).texts("products", products))
}

/// What shows that somebody has been given any of these products, or is there now who was not.
pub(super) fn look_for(
    client: &Client<'_>,
    email: &str,
    products: &[&str],
    present: &Present,
) -> Result<Option<Value>> {
    if let Some(account_id) = present.account_id() {
        let now = client.call(user_call(account_id))?;
        let user = User::read(&now)?;
        return Ok(products.iter().any(|product| user.has(product)).then_some(now));
    }
    let matches = Matches::read(client, email)?;
    match matches.one()? {
        Some(found) => client.call(user_call(&found.account.account_id)).map(Some),
        None if matches.hidden.iter().all(|id| present.hidden.contains(id)) => Ok(None),
        // Somebody new whose address is hidden may be the one, and who is invited twice gets two e-mails.
        None => Err(Failure::new(FailureKind::Ambiguous, "The site hides the address of somebody new.")),
    }
}

/// Notes what became of giving Jira products to somebody who was there or not; their account.
pub(super) fn given<'a>(
    client: &Client<'_>,
    wanted: impl Iterator<Item = &'a Action>,
    present: &Present,
    result: Result<Changed>,
    progress: &mut Progress,
) -> Result<String> {
    let (answer, mut is_read) = match result? {
        Changed::Said(_, answer) => (answer, false),
        Changed::Seen(user) => (user, true),
    };
    let mut user = User::read(&answer).map_err(|failure| failure.after(Change::Applied))?;
    // Jira says 201 for people who had access, too, and a hidden address is how they were not found.
    let was_hidden = present.hidden.contains(&user.account_id);
    if !is_read && (was_hidden || present.found.is_some()) {
        // The answer to this legacy call does not say what it gave.
        let read = client.call(user_call(&user.account_id)).and_then(|user| User::read(&user));
        user = read.map_err(|failure| failure.after(Change::Unknown))?;
        is_read = true;
    }
    for Action { name, id, .. } in wanted {
        let outcome = if is_read && !user.has(id) {
            Err(Failure::new(FailureKind::Conflict, "Jira accepted it and gave no access")
                .advise("A site cannot always give products to people who are there; use an organization's API key."))
        } else if was_hidden || present.has_access(id, ROLES[0]) {
            Ok(PartOutcome::AlreadySo)
        } else {
            Ok(PartOutcome::Done)
        };
        progress.part(PartKind::Access, name, outcome);
    }
    Ok(user.account_id)
}

/// How many people Confluence is asked for, or invites, at once; it takes no more.
pub(super) const AT_ONCE: usize = 100;

/// What asks Confluence which of some people, [`AT_ONCE`] at most, have access; [`has_access`] reads it.
pub(super) fn access_call(emails: &[&str]) -> Call {
    Call::new(&confluence::CHECK_ACCESS).json(Object::new().texts("emails", emails))
}

/// Invites people, [`AT_ONCE`] at most, to Confluence who have no access to it; that they have none may be
/// known.
pub(super) fn to_confluence(client: &Client<'_>, emails: &[&str], is_known: bool) -> Vec<Result<PartOutcome>> {
    let access = || client.call(access_call(emails));
    let before = match if is_known { Ok(None) } else { access().map(Some) } {
        Ok(access) => access,
        Err(failure) => return vec![Err(failure); emails.len()],
    };
    let has = |email: &str| before.as_ref().map_or(Ok(false), |access| has_access(access, email));
    let missing: Vec<&str> = emails.iter().copied().filter(|email| matches!(has(email), Ok(false))).collect();
    let result = if missing.is_empty() {
        Ok(PartOutcome::AlreadySo)
    } else {
        let look = || {
            let now = access()?;
            Ok(missing.iter().all(|email| matches!(has_access(&now, email), Ok(true))).then_some(Value::Null))
        };
        let call = Call::new(&confluence::INVITE).json(Object::new().texts("emails", &missing));
        client.change(call, &look).map(|changed| match changed {
            // It says 200 to everything and works later, so this much is known and no more.
            Changed::Said(..) => PartOutcome::Requested,
            Changed::Seen(_) => PartOutcome::Done,
        })
    };
    emails.iter().map(|email| if has(email)? { Ok(PartOutcome::AlreadySo) } else { result.clone() }).collect()
}

/// What Confluence says of one of them.
pub(super) fn has_access(access: &Value, email: &str) -> Result<bool> {
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
    pub(super) fn read(user: &Value) -> Result<User> {
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
