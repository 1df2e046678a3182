//! Checking a connection to a site.

use super::{Ability, Answers, Finding, Place, PlaceKind, Report, Verdict, good, list};
use crate::accounts::Found;
use crate::client::Call;
use crate::connection::{Connection, Home, Kind};
use crate::groups::Group;
use crate::json::Value;
use crate::operation::Operation;
use crate::operations::{gateway, jira};

// The answers, by their requests' order.
const MYSELF: usize = 0;
const PERMISSIONS: usize = 1;
const SEARCH: usize = 2;
const GROUPS: usize = 3;
const ADMIN_GROUPS: usize = 4;

/// The answers without the first, which an OAuth token has besides: which sites it is for.
fn split<'a>(connection: &Connection, answers: &'a Answers) -> (Option<&'a Value>, &'a Answers) {
    match answers {
        [sites, rest @ ..] if connection.kind() == Kind::OAuth => (sites.as_ref().ok(), rest),
        _ => (None, answers),
    }
}

pub(super) fn call(connection: &Connection, answers: &Answers) -> Option<Call> {
    if connection.kind() == Kind::OAuth && answers.is_empty() {
        return Some(Call::new(&gateway::ACCESSIBLE_RESOURCES));
    }
    let (_, answers) = split(connection, answers);
    Some(match answers.len() {
        MYSELF => Call::new(&jira::MYSELF).query("expand", "groups"),
        PERMISSIONS => Call::new(&jira::MY_PERMISSIONS).query("permissions", "ADMINISTER,USER_PICKER"),
        SEARCH => Call::new(&jira::FIND_USERS).query("query", &own_name(answers)),
        GROUPS => Call::new(&jira::BULK_GET_GROUPS),
        ADMIN_GROUPS => Call::new(&jira::BULK_GET_GROUPS).query("accessType", "site-admin"),
        _ => return None,
    })
}

/// Something that a search finds: whoever asks, or else anybody with an "a".
fn own_name(answers: &Answers) -> String {
    let me = good(answers, MYSELF);
    let name = me.and_then(|me| me.text("emailAddress").or_else(|| me.text("displayName")));
    name.unwrap_or("a").to_owned()
}

pub(super) fn read(connection: &Connection, cloud_id: &str, answers: &Answers, report: &mut Report) {
    let (sites, answers) = split(connection, answers);
    let me = good(answers, MYSELF);
    report.identity = me.and_then(|me| Found::on_site(me).ok()).map(|found| found.account.clone());
    let sites = sites.and_then(Value::as_list);
    let this = sites.and_then(|sites| sites.iter().find(|site| site.text("id") == Some(cloud_id)));
    if let (true, None, Some(authenticate)) =
        (sites.is_some() && !cloud_id.is_empty(), this, report.findings.last_mut())
    {
        authenticate.detail.push_str(" It is not for the site that has this cloud id, but for those that are listed.");
    }
    // An OAuth token's scopes are told with its sites; nobody tells those of any other token.
    let scopes = this.map(|site| site.list("scopes").iter().filter_map(Value::as_text).collect::<Vec<_>>());
    report.places = match sites {
        Some(sites) => sites.iter().map(|site| place(&site.owned("id"), site.owned("url"))).collect(),
        None => me.map(|_| place(cloud_id, address(connection))).into_iter().collect(),
    };

    let may =
        |permission: &str| good(answers, PERMISSIONS)?.get("permissions")?.get(permission)?.flag("havePermission");
    let found = good(answers, SEARCH).and_then(Value::as_list).unwrap_or_default();
    let needed = needs(&jira::FIND_USERS);
    let mut people = Finding::of_list(Ability::LookUpPeople, answers.get(SEARCH), found, &needed);
    if found.is_empty() && may("USER_PICKER") == Some(false) {
        people.verdict = Verdict::Fail;
        people.detail = "This account lacks the global permission Browse users and groups.".into();
    }
    let groups = list(answers, GROUPS, "values");
    let needed = needs(&jira::BULK_GET_GROUPS);
    let groups = Finding::of_list(Ability::SeeGroups, answers.get(GROUPS), groups, &needed);
    let mut invite = invite(answers, may("ADMINISTER"));
    let mut memberships = memberships(me, answers);
    if connection.home() == Home::Gateway {
        check_scopes(&mut invite, &jira::CREATE_USER, scopes.as_deref());
        check_scopes(&mut memberships, &jira::ADD_USER_TO_GROUP, scopes.as_deref());
    }
    let manage = Finding::new(
        Ability::ManageAccounts,
        Verdict::Fail,
        "No credential of a site can do that.",
        "It takes an organization's API key that was made without scopes.",
    );
    report.findings.extend([people, groups, invite, memberships, manage]);
}

fn place(id: &str, name: String) -> Place {
    Place { kind: PlaceKind::Site, id: id.to_owned(), name }
}

/// The site's URL; behind the gateway a site that is given by its cloud id shows none.
fn address(connection: &Connection) -> String {
    let own = (connection.home() == Home::Site).then(|| connection.base());
    connection.site_to_look_up().or(own).map(ToString::to_string).unwrap_or_default()
}

fn needs(operation: &Operation) -> String {
    format!("It takes {}.", operation.role)
}

/// What a change takes of a token with scopes besides: it is known only where they are.
fn check_scopes(finding: &mut Finding, operation: &Operation, scopes: Option<&[&str]>) {
    let has = |scope: &str| scopes.is_some_and(|scopes| scopes.contains(&scope));
    let all = operation.scopes.all;
    if has(operation.scopes.one) || (!all.is_empty() && all.iter().all(|scope| has(scope))) {
        return;
    }
    if scopes.is_some() {
        finding.verdict = Verdict::Fail;
    } else if finding.verdict == Verdict::Pass {
        finding.verdict = Verdict::Unknown;
    }
    let what = if scopes.is_some() { "The token lacks" } else { "The token has to have" };
    finding.advice = format!("{} {what} {}.", needs(operation), operation.scopes);
}

fn invite(answers: &Answers, administers: Option<bool>) -> Finding {
    let (ability, needed) = (Ability::Invite, needs(&jira::CREATE_USER));
    let detail = match (answers.get(PERMISSIONS), administers) {
        (None, _) => return Finding::not_asked(ability),
        (_, Some(false)) => {
            let detail = "This account lacks the global permission Administer Jira.";
            return Finding::new(ability, Verdict::Fail, detail, &needed);
        }
        (Some(Err(failure)), _) => failure.message.as_str(),
        (_, Some(true)) => "This account administers Jira. Whether it is an organization admin's, no read tells.",
        (_, None) => "Jira does not say which permissions this account has.",
    };
    Finding::new(ability, Verdict::Unknown, detail, &needed)
}

/// Whether one of this account's groups gives site administration.
fn memberships(me: Option<&Value>, answers: &Answers) -> Finding {
    let (ability, needed) = (Ability::ChangeMemberships, needs(&jira::ADD_USER_TO_GROUP));
    let page = match answers.get(ADMIN_GROUPS) {
        None => return Finding::not_asked(ability),
        // Jira says 500 where it cannot tell, and 403 only of the list itself.
        Some(Err(failure)) => return Finding::new(ability, Verdict::Unknown, &failure.message, &needed),
        Some(Ok(page)) => page,
    };
    let admins: Vec<Group> = page.list("values").iter().filter_map(|group| Group::read(group).ok()).collect();
    let mine = me.map(Group::of_user).unwrap_or_default();
    if let Some(group) = admins.iter().find(|group| mine.iter().any(|own| own.id == group.id)) {
        let detail = format!("This account is in {}, which administers the site.", group.name);
        return Finding::new(ability, Verdict::Pass, &detail, "");
    }
    let detail = if admins.is_empty() {
        "No group is shown that administers the site."
    } else {
        "This account is in none of the groups that are shown to administer the site."
    };
    Finding::new(ability, Verdict::Unknown, detail, &needed)
}
