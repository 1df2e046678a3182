//! Checking a connection to an organization.

use super::{Ability, Answers, Finding, Place, PlaceKind, Report, Verdict, good, list};
use crate::client::Call;
use crate::failure::FailureKind;
use crate::json::{Object, Value};
use crate::operation::Operation;
use crate::operations::organization;
use crate::text::has;

// The answers, by their requests' order.
const ORGANIZATION: usize = 0;
const DIRECTORIES: usize = 1;
const PEOPLE: usize = 2;
const GROUPS: usize = 3;
const WORKSPACES: usize = 4;
const KEYS: usize = 5;
const MANAGEABILITY: usize = 6;

pub(super) fn call(answers: &Answers) -> Option<Call> {
    let limit = |limit: &str| Object::new().raw("limit", limit);
    Some(match answers.len() {
        ORGANIZATION => Call::new(&organization::GET_ORGANIZATION),
        DIRECTORIES => Call::new(&organization::LIST_DIRECTORIES),
        PEOPLE => Call::new(&organization::SEARCH_USERS).json(limit("100")),
        GROUPS => Call::new(&organization::SEARCH_GROUPS).json(limit("1")),
        WORKSPACES => Call::new(&organization::QUERY_WORKSPACES).json(limit("100")),
        KEYS => Call::new(&organization::LIST_API_KEYS),
        MANAGEABILITY => Call::new(&organization::GET_MANAGEABILITY).path("account_id", managed(answers)?),
        _ => return None,
    })
}

/// One account of the organization's own domains, on which to try what takes one.
fn managed(answers: &Answers) -> Option<&str> {
    let people = good(answers, PEOPLE)?.list("data");
    people.iter().find(|person| person.text("claimStatus") == Some("managed"))?.text("accountId")
}

pub(super) fn read(answers: &Answers, report: &mut Report) {
    places(answers, report);
    let keys = list(answers, KEYS, "data");
    // Atlassian does not say which of several keys asks.
    let own = if let [key] = keys { Some(key) } else { None };
    if let Some(expires) = own.and_then(|key| key.text("expiresAt")) {
        report.expires = Some(expires.to_owned());
    }
    for (ability, at, operation) in [
        (Ability::LookUpPeople, PEOPLE, &organization::SEARCH_USERS),
        (Ability::SeeGroups, GROUPS, &organization::SEARCH_GROUPS),
    ] {
        let items = list(answers, at, "data");
        let needs = format!("It takes the scope {}, and a directory that the key reaches.", operation.scopes);
        report.findings.push(Finding::of_list(ability, answers.get(at), items, &needs));
    }
    let manage = manage(answers);
    let is_unscoped = manage.verdict == Verdict::Pass;
    for (ability, operation) in
        [(Ability::Invite, &organization::INVITE), (Ability::ChangeMemberships, &organization::ADD_MEMBER)]
    {
        report.findings.push(write(ability, operation, answers, is_unscoped, own));
    }
    report.findings.push(manage);
}

fn places(answers: &Answers, report: &mut Report) {
    let mut push = |kind, id: String, name: String| report.places.push(Place { kind, id, name });
    if let Some(organization) = good(answers, ORGANIZATION).and_then(|answer| answer.get("data")) {
        let name = organization.get("attributes").map(|attributes| attributes.owned("name"));
        push(PlaceKind::Organization, organization.owned("id"), name.unwrap_or_default());
    }
    for directory in list(answers, DIRECTORIES, "data") {
        push(PlaceKind::Directory, directory.owned("directoryId"), directory.owned("name"));
    }
    let mut seen: Vec<String> = Vec::new();
    for workspace in list(answers, WORKSPACES, "data") {
        let url = workspace.get("attributes").map(|attributes| attributes.owned("hostUrl")).unwrap_or_default();
        if !url.is_empty() && !seen.contains(&url) {
            // `ari:cloud:<product>::site/<cloud id>`
            let id = workspace.text("id").and_then(|id| id.split_once('/')).map(|(_, id)| id.to_owned());
            push(PlaceKind::Site, id.unwrap_or_default(), url.clone());
            seen.push(url);
        }
    }
}

/// Whether the key may do what only writing would prove.
fn write(
    ability: Ability,
    operation: &Operation,
    answers: &Answers,
    is_unscoped: bool,
    own: Option<&Value>,
) -> Finding {
    if answers.len() <= WORKSPACES {
        return Finding::not_asked(ability);
    }
    let mut detail = "Only a change would tell, and none was made.".to_owned();
    let mut advice = format!("A key with scopes needs {}.", operation.scopes);
    let scopes: Vec<&str> = own.map_or(&[][..], |key| key.list("scopes")).iter().filter_map(Value::as_text).collect();
    if is_unscoped {
        detail.push_str(" The key was made without scopes, and so most likely may.");
        advice.clear();
    } else if !scopes.is_empty() {
        detail.push_str(&format!(" The key's scopes: {}.", scopes.join(", ")));
        if !scopes.iter().any(|scope| scope.starts_with("write:")) {
            detail.push_str(" None of them writes, so it most likely may not.");
        }
    }
    Finding::new(ability, Verdict::Unknown, &detail, &advice)
}

fn manage(answers: &Answers) -> Finding {
    let ability = Ability::ManageAccounts;
    match answers.get(MANAGEABILITY) {
        Some(Ok(_)) => Finding::new(ability, Verdict::Pass, "The key may manage an account that was looked at.", ""),
        Some(Err(failure)) => {
            // What else is refused may be about this one account and not about the key.
            let is_key = failure.kind == FailureKind::Unauthenticated || has(&failure.message, "manage:org");
            Finding::failed(ability, if is_key { Verdict::Fail } else { Verdict::Unknown }, failure)
        }
        None if answers.len() < MANAGEABILITY => Finding::not_asked(ability),
        None => {
            let detail = "The key shows no account of the organization's own domains to try it on.";
            let role = organization::GET_MANAGEABILITY.role;
            let needs = format!("It takes {role}, and an account of a verified domain.");
            Finding::new(ability, Verdict::Unknown, detail, &needs)
        }
    }
}
