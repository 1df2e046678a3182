//! Checking a connection to a site.

use super::{Ability, Answers, Finding, Place, PlaceKind, Report, Verdict, good};
use crate::accounts::Found;
use crate::client::Call;
use crate::connection::{Connection, Kind};
use crate::groups::Group;
use crate::json::Fields;
use crate::operations::{gateway, jira};
use serde_json::Value;

// The answers, by their requests' order.
const MYSELF: usize = 0;
const PERMISSIONS: usize = 1;
const SEARCH: usize = 2;
const GROUPS: usize = 3;
const ADMIN_GROUPS: usize = 4;
const RESOURCES: usize = 5;

pub(super) fn call(connection: &Connection, answers: &Answers) -> Option<Call> {
    Some(match answers.len() {
        MYSELF => Call::new(&jira::MYSELF).query("expand", "groups"),
        PERMISSIONS => Call::new(&jira::MY_PERMISSIONS).query("permissions", "ADMINISTER,USER_PICKER"),
        SEARCH => Call::new(&jira::FIND_USERS).query("query", &own_name(answers)),
        GROUPS => Call::new(&jira::BULK_GET_GROUPS),
        ADMIN_GROUPS => Call::new(&jira::BULK_GET_GROUPS).query("accessType", "site-admin"),
        RESOURCES if connection.kind() == Kind::OAuth => Call::new(&gateway::ACCESSIBLE_RESOURCES),
        _ => return None,
    })
}

/// Something that a search has to find: whoever asks.
fn own_name(answers: &Answers) -> String {
    let me = good(answers, MYSELF);
    let name = me.and_then(|me| me.text("emailAddress").or_else(|| me.text("displayName")));
    name.unwrap_or("a").to_owned()
}

pub(super) fn read(connection: &Connection, answers: &Answers, report: &mut Report) {
    let me = good(answers, MYSELF);
    report.identity = me.and_then(|me| Found::on_site(me).ok()).map(|found| found.account);
    let site = connection.site_to_look_up().unwrap_or(connection.base());
    match good(answers, RESOURCES).and_then(Value::as_array) {
        Some(sites) => report.places.extend(sites.iter().map(|site| Place {
            kind: PlaceKind::Site,
            id: site.owned("id"),
            name: site.owned("url"),
        })),
        None if me.is_some() => {
            report.places.push(Place { kind: PlaceKind::Site, id: connection.id().to_owned(), name: site.to_string() });
        }
        None => {}
    }

    let may =
        |permission: &str| good(answers, PERMISSIONS)?.get("permissions")?.get(permission)?.flag("havePermission");
    let list = |at: usize| good(answers, at);
    let found = list(SEARCH).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let needs = |what: &str| format!("It takes {what}.");
    let mut people = Finding::of_list(Ability::LookUpPeople, answers.get(SEARCH), found, &needs(jira::FIND_USERS.role));
    if found.is_empty() && may("USER_PICKER") == Some(false) {
        people.verdict = Verdict::Fail;
        people.detail = "This account lacks the global permission Browse users and groups.".into();
    }
    report.findings.push(people);
    let groups = list(GROUPS).map_or(&[][..], |page| page.list("values"));
    let needed = needs(jira::BULK_GET_GROUPS.role);
    report.findings.push(Finding::of_list(Ability::SeeGroups, answers.get(GROUPS), groups, &needed));
    report.findings.push(match (answers.get(PERMISSIONS), may("ADMINISTER")) {
        (None, _) => Finding::not_asked(Ability::Invite),
        (Some(Err(failure)), _) => Finding { verdict: Verdict::Unknown, ..Finding::refused(Ability::Invite, failure) },
        (_, Some(false)) => {
            let detail = "This account lacks the global permission Administer Jira.";
            Finding::new(Ability::Invite, Verdict::Fail, detail, &needs(jira::CREATE_USER.role))
        }
        (_, may) => {
            let detail = match may {
                Some(_) => "This account administers Jira. Whether it is an organization admin's, no read tells.",
                None => "Jira does not say which permissions this account has.",
            };
            Finding::new(Ability::Invite, Verdict::Unknown, detail, &needs(jira::CREATE_USER.role))
        }
    });
    report.findings.push(memberships(me, answers));
    report.findings.push(match me {
        None => Finding::not_asked(Ability::ManageAccounts),
        Some(_) => Finding::new(
            Ability::ManageAccounts,
            Verdict::Fail,
            "No credential of a site can do that.",
            "It takes an organization's API key that was made without scopes.",
        ),
    });
}

/// Whether one of this account's groups gives site administration.
fn memberships(me: Option<&Value>, answers: &Answers) -> Finding {
    let ability = Ability::ChangeMemberships;
    let needs = format!("It takes {}.", jira::ADD_USER_TO_GROUP.role);
    let page = match answers.get(ADMIN_GROUPS) {
        None => return Finding::not_asked(ability),
        // Jira says 500 where it cannot tell, and 403 only of the list itself.
        Some(Err(failure)) => return Finding { verdict: Verdict::Unknown, ..Finding::refused(ability, failure) },
        Some(Ok(page)) => page,
    };
    let admins: Vec<Group> = page.list("values").iter().filter_map(|group| Group::read(group).ok()).collect();
    let mine = me.map(Group::of_user).unwrap_or_default();
    match admins.iter().find(|group| mine.iter().any(|own| own.id == group.id)) {
        Some(group) => {
            let detail = format!("This account is in {}, which administers the site.", group.name);
            Finding::new(ability, Verdict::Pass, &detail, "")
        }
        None => {
            let names: Vec<&str> = admins.iter().map(|group| group.name.as_str()).collect();
            let detail =
                format!("This account is in none of the groups that administer the site: {}.", names.join(", "));
            Finding::new(ability, Verdict::Unknown, &detail, &needs)
        }
    }
}
