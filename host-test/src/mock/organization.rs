//! The Organizations REST API, version 2.

use super::world::{DIRECTORY_ID, Group, ORG_ID, Person, Workspace, World};
use super::{Call, Reply, credentials, texts};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt::Display;

pub(super) fn answer(world: &mut World, call: &Call<'_>, path: &[&str]) -> Option<Reply> {
    let reply = match path {
        ["v1", "orgs", org] if *org == ORG_ID && call.method == "GET" => Reply::json(200, &organization()),
        ["v1", "orgs", _] if call.method == "GET" => not_found("ADMIN-404-2", "organization"),
        ["api-access", "v1", "orgs", org, "api-keys"] if *org == ORG_ID && call.method == "GET" => api_keys(world),
        // The rest of version 1 was removed on 30 June 2026, but for what is not used here. What the live API says to them is not known.
        ["v1", ..] => Reply::admin_error(410, "ADMIN-410", "Gone", "This endpoint no longer works."),
        ["v2", "orgs", org, rest @ ..] if *org == ORG_ID => match (call.method, rest) {
            ("POST", ["users", "invite"]) => invite(world, call),
            ("GET", ["directories"]) => {
                page(call, 100, vec![json!({"directoryId": DIRECTORY_ID, "name": "Acme's people"})])
            }
            ("POST", ["workspaces"]) => {
                page(call, 1000, world.workspaces.iter().map(|it| workspace(world, it)).collect())
            }
            (method, ["directories", directory, rest @ ..]) if ["-", DIRECTORY_ID].contains(directory) => {
                match (method, rest) {
                    ("POST", ["users", "search"]) => search_users(world, call),
                    ("GET", ["users", account_id, "role-assignments"]) => role_assignments(world, call, account_id),
                    ("POST", ["groups", "search"]) => search_groups(world, call),
                    ("POST", ["groups"]) => create_group(world, call, directory),
                    ("DELETE", ["groups", group]) => delete_group(world, group),
                    ("POST", ["groups", group, "memberships"]) => add_member(world, call, group),
                    ("DELETE", ["groups", group, "memberships", account_id]) => remove_member(world, group, account_id),
                    ("POST", ["users", account_id, "suspend"]) => stand(world, account_id, "active", "suspended"),
                    ("POST", ["users", account_id, "restore"]) => stand(world, account_id, "suspended", "active"),
                    ("DELETE", ["users", account_id]) => remove_user(world, account_id),
                    _ => return None,
                }
            }
            (_, ["directories", ..]) => not_found("ADMIN-404-1", "directory"),
            _ => return None,
        },
        ["v2", "orgs", ..] => not_found("ADMIN-404-2", "organization"),
        _ => return None,
    };
    // Every admin answer carries the state of the rate limit.
    let reply = reply.header("x-ratelimit-limit", "1000").header("x-ratelimit-remaining", "999");
    Some(reply.header("x-ratelimit-reset", "2026-11-22T12:00:00Z"))
}

/// User management: what the key may do to an account of the organization's own domains.
pub(super) fn user_management(world: &mut World, call: &Call<'_>, path: &[&str]) -> Option<Reply> {
    let [account_id, "manage"] = path else { return None };
    if call.method != "GET" {
        return None;
    }
    let allowed = json!({"allowed": true});
    Some(match world.account(account_id) {
        None => Reply::json(404, &json!({"key": "notFound"})),
        Some(person) if !person.is_managed() => Reply::json(403, &json!({"key": "forbidden.targetUnverified"})),
        Some(_) => Reply::json(200, &json!({"lifecycle.enablement": allowed, "apiToken.delete": allowed})),
    })
}

fn organization() -> Value {
    let link = |kind: &str| json!({"links": {"related": format!("/admin/v1/orgs/{ORG_ID}/{kind}")}});
    json!({"data": {
        "id": ORG_ID,
        "type": "orgs",
        "attributes": {"name": "Acme"},
        "relationships": {"domains": link("domains"), "users": link("users")},
        "links": {"self": format!("/admin/v1/orgs/{ORG_ID}")},
    }})
}

fn api_keys(world: &World) -> Reply {
    let key = |(label, expires_at): &(String, String)| {
        json!({
            "id": label,
            "label": label,
            "createdAt": "2026-01-15T09:00:00Z",
            "expiresAt": expires_at,
            "orgId": ORG_ID,
            "scopes": credentials::READ_ONLY,
        })
    };
    Reply::json(200, &json!({"data": world.api_keys.iter().map(key).collect::<Vec<_>>(), "links": {}}))
}

fn not_found(code: &str, what: &str) -> Reply {
    Reply::admin_error(404, code, "Not found", &format!("The {what} does not exist."))
}

fn bad_request(detail: impl Display) -> Reply {
    Reply::admin_error(400, "ADMIN-400-24", "Bad request", &detail.to_string())
}

fn search_users(world: &World, call: &Call<'_>) -> Reply {
    let (emails, ids) = (call.texts("emails"), call.texts("accountIds"));
    if emails.len() > 100 || ids.len() > 10 {
        return bad_request("Too many values.");
    }
    if !emails.is_empty() && call.field("searchTerm").is_some() {
        return bad_request("`emails` and `searchTerm` exclude each other.");
    }
    let lowered: HashSet<String> = emails.iter().map(|email| email.to_ascii_lowercase()).collect();
    let with_groups = call.texts("expand").contains(&"groups");
    let wanted = |person: &&Person| {
        person.is_visible()
            && (emails.is_empty() || lowered.contains(&person.email.to_ascii_lowercase()))
            && (ids.is_empty() || ids.contains(&person.account_id.as_str()))
    };
    page(call, 100, world.people.iter().filter(wanted).map(|person| user(world, person, with_groups)).collect())
}

fn user(world: &World, person: &Person, with_groups: bool) -> Value {
    let mut user = json!({
        "accountId": person.account_id,
        "accountType": "atlassian",
        "accountStatus": if person.status == "deactivated" { "inactive" } else { "active" },
        "membershipStatus": match person.status {
            "active" => "active",
            "suspended" => "suspended",
            _ => "no_membership",
        },
        "status": person.status,
        "claimStatus": if person.is_managed() { "managed" } else { "unmanaged" },
        "email": person.email,
        "emailVerified": true,
        "name": person.name,
        "nickname": person.name,
    });
    if with_groups {
        let groups = world.groups.iter().filter(|group| person.groups.contains(&group.id));
        user["groups"] = groups.map(|group| json!({"id": group.id, "name": group.name, "description": null})).collect();
    }
    user
}

fn search_groups(world: &World, call: &Call<'_>) -> Reply {
    let (names, ids) = (call.texts("groupNames"), call.texts("groupIds"));
    if names.len() > 100 || ids.len() > 10 {
        return bad_request("Too many values.");
    }
    let wanted = |group: &&Group| {
        (names.is_empty() || names.iter().any(|name| name.eq_ignore_ascii_case(&group.name)))
            && (ids.is_empty() || ids.contains(&group.id.as_str()))
    };
    let group = |group: &Group| {
        json!({
            "id": group.id,
            "name": group.name,
            "directoryId": group.directory_id,
            "externalSynced": group.synced,
            "managementAccess": {"readable": true, "modifiable": !group.synced, "deletable": !group.synced},
        })
    };
    page(call, 100, world.groups.iter().filter(wanted).map(group).collect())
}

fn workspace(world: &World, workspace: &Workspace) -> Value {
    let usage = world.people.iter().filter(|person| person.has_access(workspace.type_key)).count();
    json!({
        "id": workspace.resource,
        "type": "workspace",
        "attributes": {
            "name": "acme",
            "typeKey": workspace.type_key,
            "hostUrl": workspace.host,
            "capacity": workspace.capacity,
            "usage": usage,
            "status": "online",
            "regions": [],
            "labels": [],
            "statusDetails": [],
            "sandbox": {"type": "NONE"},
        },
        "links": {"self": format!("/admin/v2/orgs/{ORG_ID}/workspaces/{}", workspace.resource)},
        "relationships": {},
    })
}

fn role_assignments(world: &mut World, call: &Call<'_>, account_id: &str) -> Reply {
    let Some(person) = world.account(account_id) else { return not_found("ADMIN-404-8", "user") };
    let assignment = |(resource, role): &(String, String)| {
        json!({
            "resourceId": resource,
            "directoryId": DIRECTORY_ID,
            "roleAssignments": [{"role": role, "roleAssignmentMethods": ["direct"]}],
        })
    };
    page(call, 100, person.roles.iter().map(assignment).collect())
}

fn invite(world: &mut World, call: &Call<'_>) -> Reply {
    let emails = call.texts("emails");
    if emails.is_empty() || emails.len() > 25 {
        return Reply::admin_error(400, "ADMIN-UAM-400-1", "Bad request", "`emails` takes 1 to 25 addresses.");
    }
    if let Some(email) = emails.iter().find(|email| world.refused.contains(**email)) {
        return Reply::admin_error(400, "ADMIN-UAM-400-1", "Bad request", &format!("{email} is not an address."));
    }
    let mut any_error = false;
    let data: Vec<Value> = emails.iter().map(|email| invite_one(world, call, email, &mut any_error)).collect();
    Reply::json(if any_error { 206 } else { 200 }, &json!({"data": data}))
}

fn invite_one(world: &mut World, call: &Call<'_>, email: &str, any_error: &mut bool) -> Value {
    let rules = call.field("permissionRules").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |rule: &Value, name: &str| rule[name].as_str().unwrap_or_default().to_owned();
    let rules: Vec<(String, String)> = rules.iter().map(|rule| (text(rule, "resource"), text(rule, "role"))).collect();
    let mut status = |reason: Option<&str>| {
        *any_error |= reason.is_some();
        if reason.is_some() { "ERROR" } else { "INVITED" }
    };
    let mut roles = Vec::new();
    let mut role_results = Vec::new();
    for (resource, role) in rules {
        let known = world.workspaces.iter().any(|workspace| workspace.resource == resource);
        let reason = (!known).then_some("Resource not found");
        role_results
            .push(json!({"resource": resource, "role": role, "status": status(reason), "statusReason": reason}));
        if known {
            roles.push((resource, role));
        }
    }
    let mut groups = Vec::new();
    let mut group_results = Vec::new();
    for id in texts(call.field("additionalGroups")) {
        let reason = match world.groups.iter().find(|group| group.id == id) {
            None => Some("Group not found"),
            Some(group) if group.synced => Some("externalDirectory.scim"),
            Some(_) => None,
        };
        group_results.push(json!({"group": id, "status": status(reason), "statusReason": reason}));
        if reason.is_none() {
            groups.push(id.to_owned());
        }
    }
    if world.person(email).is_none() {
        world.create(email, "");
    }
    if let (Some(true), Some(text)) = (
        call.field("sendNotification").and_then(Value::as_bool),
        call.field("notificationText").and_then(Value::as_str),
    ) {
        world.outbox.push((email.to_owned(), text.to_owned()));
    }
    let Some(person) = world.person(email) else { return Value::Null };
    person.status = "active";
    person.invitations += 1;
    person.roles.extend(roles);
    person.groups.extend(groups);
    json!({
        "email": email,
        "id": person.account_id,
        "results": [{"roleAssignmentResult": role_results, "groupAssignmentResult": group_results}],
    })
}

fn create_group(world: &mut World, call: &Call<'_>, directory: &str) -> Reply {
    let Some(name) = call.field("name").and_then(Value::as_str) else {
        return bad_request("`name` is missing.");
    };
    if directory == "-" {
        return bad_request("A group is in one directory.");
    }
    if world.groups.iter().any(|group| group.name == name) {
        return Reply::admin_error(409, "ADMIN-409-1", "Conflict", "A group of that name exists.");
    }
    world.create_group(name);
    Reply::empty(201)
}

fn delete_group(world: &mut World, group: &str) -> Reply {
    match world.groups.iter().find(|other| other.id == group) {
        None => not_found("ADMIN-404-10", "group"),
        Some(group) if group.synced => Reply::admin_error(403, "ADMIN-403-5", "Forbidden", "externalDirectory.scim"),
        Some(_) => {
            world.delete_group(group);
            Reply::empty(204)
        }
    }
}

fn remove_member(world: &mut World, group: &str, account_id: &str) -> Reply {
    let Some(person) = world.account(account_id) else { return not_found("ADMIN-404-8", "user") };
    if person.groups.remove(group) { Reply::empty(204) } else { not_found("ADMIN-404-11", "membership") }
}

/// Takes somebody from one standing to another.
fn stand(world: &mut World, account_id: &str, from: &str, to: &'static str) -> Reply {
    match world.account(account_id).filter(|person| person.status != "not_invited" && person.is_visible()) {
        None => not_found("ADMIN-404-8", "user"),
        Some(person) if person.status != from => bad_request(format_args!("The user is {}.", person.status)),
        Some(person) => {
            person.status = to;
            Reply::empty(204)
        }
    }
}

fn remove_user(world: &mut World, account_id: &str) -> Reply {
    let there = world.people.len();
    world.people.retain(|person| person.account_id != account_id);
    if world.people.len() < there { Reply::empty(204) } else { not_found("ADMIN-404-8", "user") }
}

fn add_member(world: &mut World, call: &Call<'_>, group: &str) -> Reply {
    let Some(group) = world.groups.iter().find(|other| other.id == group).cloned() else {
        return not_found("ADMIN-404-10", "group");
    };
    let Some(account_id) = call.field("accountId").and_then(Value::as_str) else {
        return bad_request("`accountId` is missing.");
    };
    if group.synced {
        return Reply::admin_error(403, "ADMIN-403-5", "Forbidden", "externalDirectory.scim");
    }
    let Some(person) = world.account(account_id).filter(|person| person.status != "not_invited" && person.is_visible())
    else {
        return not_found("ADMIN-404-8", "user");
    };
    if !person.groups.insert(group.id) {
        return Reply::admin_error(409, "ADMIN-409-28", "Conflict", "The user is a member of the group.");
    }
    Reply::empty(204)
}

/// A page of a list: `limit` and `cursor` from the body or the query, a bare cursor in the answer.
fn page(call: &Call<'_>, largest: usize, all: Vec<Value>) -> Reply {
    let number = |name: &str| {
        let body = call.field(name).and_then(Value::as_u64);
        body.or_else(|| call.param(name)?.parse().ok()).and_then(|number| usize::try_from(number).ok())
    };
    let limit = number("limit").unwrap_or(20);
    if limit == 0 || limit > largest {
        return bad_request(format!("`limit` is 1 to {largest}."));
    }
    let cursor = call.field("cursor").and_then(Value::as_str).or_else(|| call.param("cursor"));
    let start = match cursor.map(|cursor| cursor.strip_prefix("mock/").and_then(|at| at.parse::<usize>().ok())) {
        None => 0,
        Some(Some(start)) => start,
        Some(None) => return Reply::admin_error(400, "ADMIN-400-1", "Bad request", "The cursor is invalid."),
    };
    let items: Vec<&Value> = all.iter().skip(start).take(limit).collect();
    let end = start + items.len();
    let mut links = json!({});
    if end < all.len() {
        links["next"] = format!("mock/{end}").into();
    }
    Reply::json(200, &json!({"data": items, "links": links}))
}
