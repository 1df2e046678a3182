//! The Jira Cloud platform REST API, version 3.

use super::world::{ADMIN_EMAIL, Group, Person, SITE_ADMINS, World, resource};
use super::{Call, Reply};
use serde_json::{Value, json};

/// The products that `POST /user` takes.
const PRODUCTS: [&str; 4] = ["jira-software", "jira-servicedesk", "jira-core", "jira-product-discovery"];

const NO_SUCH_USER: &str = "Specified user does not exist or you do not have required permissions";

pub(super) fn answer(world: &mut World, call: &Call<'_>, path: &[&str]) -> Option<Reply> {
    Some(match (call.method, path) {
        ("GET", ["user", "search"]) => find_users(world, call),
        ("GET", ["user"]) => get_user(world, call.param("accountId").unwrap_or_default(), call),
        ("GET", ["myself"]) => {
            let me = world.person(ADMIN_EMAIL).map(|admin| admin.account_id.clone()).unwrap_or_default();
            get_user(world, &me, call)
        }
        ("GET", ["mypermissions"]) => my_permissions(call),
        ("POST", ["user"]) => create_user(world, call),
        ("GET", ["group", "bulk"]) => bulk_get_groups(world, call),
        ("GET", ["group", "member"]) => members(world, call),
        ("GET", ["applicationrole"]) => application_roles(world),
        ("POST", ["group", "user"]) => add_user_to_group(world, call),
        ("DELETE", ["group", "user"]) => remove_user_from_group(world, call),
        ("POST", ["group"]) => create_group(world, call),
        ("DELETE", ["group"]) => match named_group(world, call) {
            Ok(group) => {
                world.delete_group(&group.id);
                Reply::empty(200)
            }
            Err(refusal) => refusal,
        },
        _ => return None,
    })
}

fn find_users(world: &World, call: &Call<'_>) -> Reply {
    let query = call.param("query").unwrap_or_default().to_lowercase();
    if query.is_empty() {
        return Reply::jira_error(400, "The query parameters 'query', 'accountId' or 'property' need to be provided.");
    }
    let begins = |text: &str| text.to_lowercase().starts_with(&query);
    let found =
        world.people.iter().filter(|person| person.on_site() && (begins(&person.email) || begins(&person.name)));
    let (start, size) = (number(call, "startAt", 0), number(call, "maxResults", 50));
    Reply::json(200, &found.skip(start).take(size).map(|person| user(world, person)).collect())
}

/// Whoever asks may do everything.
fn my_permissions(call: &Call<'_>) -> Reply {
    let Some(asked) = call.param("permissions") else {
        return Reply::jira_error(400, "The 'permissions' query parameter is required.");
    };
    let permission = |key: &str| (key.to_owned(), json!({"key": key, "type": "GLOBAL", "havePermission": true}));
    Reply::json(200, &json!({"permissions": asked.split(',').map(permission).collect::<Value>()}))
}

fn get_user(world: &mut World, account_id: &str, call: &Call<'_>) -> Reply {
    let site = world.clone();
    let Some(person) = world.account(account_id).filter(|person| person.on_site()) else {
        return Reply::jira_error(404, NO_SUCH_USER);
    };
    let mut answer = user(&site, person);
    let expand: Vec<&str> = call.param("expand").unwrap_or_default().split(',').collect();
    if expand.contains(&"groups") {
        let groups: Vec<Value> = site
            .groups
            .iter()
            .filter(|group| person.groups.contains(&group.id))
            .map(|group| group_name(&site, group))
            .collect();
        answer["groups"] = json!({"size": groups.len(), "items": groups});
    }
    if expand.contains(&"applicationRoles") {
        let roles: Vec<Value> = PRODUCTS
            .iter()
            .filter(|product| person.has_access(product))
            .map(|product| json!({"key": product, "name": product, "defined": true}))
            .collect();
        answer["applicationRoles"] = json!({"size": roles.len(), "items": roles});
    }
    Reply::json(200, &answer)
}

fn create_user(world: &mut World, call: &Call<'_>) -> Reply {
    let Some(email) = call.field("emailAddress").and_then(Value::as_str) else {
        return Reply::jira_error(400, "The email address is missing.");
    };
    if call.field("products").is_none() {
        return Reply::jira_error(400, "You must specify the products that user can access.");
    }
    let products = call.texts("products");
    if let Some(unknown) = products.iter().find(|product| !PRODUCTS.contains(product)) {
        return Reply::jira_error(400, &format!("The product {unknown} is not valid."));
    }
    match world.person(email) {
        Some(person) if person.status == "active" => {
            if !PRODUCTS.iter().any(|product| person.has_access(product)) {
                return Reply::jira_error(400, "The user exists and has no access to Jira.");
            }
        }
        Some(person) => person.status = "active",
        None => {
            world.create(email, "");
        }
    }
    if products.is_empty() {
        // The invitation goes out all the same.
        let message = "User could not be created: Failed to add user HttpErrorCode 404 - User not found";
        return Reply::jira_error(400, message);
    }
    let site = world.clone();
    let Some(person) = world.person(email) else { return Reply::empty(500) };
    person.invitations += 1;
    person.roles.extend(products.iter().map(|product| (resource(product), "atlassian/user".to_owned())));
    Reply::json(201, &user(&site, person))
}

fn bulk_get_groups(world: &World, call: &Call<'_>) -> Reply {
    let (names, ids): (Vec<&str>, Vec<&str>) = (call.params("groupName").collect(), call.params("groupId").collect());
    let of_admins = call.param("accessType") == Some("site-admin");
    let wanted = |group: &&Group| {
        (!of_admins || group.name == SITE_ADMINS)
            && (names.is_empty() || names.contains(&group.name.as_str()))
            && (ids.is_empty() || ids.contains(&group.id.as_str()))
    };
    let all: Vec<Value> =
        world.groups.iter().filter(wanted).map(|group| json!({"groupId": group.id, "name": group.name})).collect();
    page_bean(call, usize::MAX, &all)
}

fn members(world: &World, call: &Call<'_>) -> Reply {
    let group = match named_group(world, call) {
        Ok(group) => group,
        Err(refusal) => return refusal,
    };
    let inactive = call.param("includeInactiveUsers") == Some("true");
    let is_member = |person: &&Person| person.groups.contains(&group.id) && (person.on_site() || inactive);
    let all: Vec<Value> = world.people.iter().filter(is_member).map(|person| user(world, person)).collect();
    // 50 is the most, whatever is asked for.
    page_bean(call, 50, &all)
}

/// Jira's products, each with the seats that its licence leaves.
fn application_roles(world: &World) -> Reply {
    let role = |product: &&str| {
        let count = world.people.iter().filter(|person| person.has_access(product)).count();
        let seats = world.workspaces.iter().find(|it| it.type_key == *product).and_then(|it| it.capacity);
        let mut role = json!({
            "key": product,
            "name": product,
            "defined": true,
            "userCount": count,
            "hasUnlimitedSeats": seats.is_none(),
        });
        if let Some(seats) = seats {
            role["numberOfSeats"] = seats.into();
            role["remainingSeats"] = seats.saturating_sub(count).into();
        }
        role
    };
    Reply::json(200, &PRODUCTS.iter().map(role).collect())
}

fn page_bean(call: &Call<'_>, most: usize, all: &[Value]) -> Reply {
    let (start, size) = (number(call, "startAt", 0), number(call, "maxResults", 50).min(most));
    let values: Vec<&Value> = all.iter().skip(start).take(size).collect();
    let is_last = start + values.len() >= all.len();
    let page = json!({"startAt": start, "maxResults": size, "total": all.len(), "isLast": is_last, "values": values});
    Reply::json(200, &page)
}

/// The group that the URL names.
fn named_group(world: &World, call: &Call<'_>) -> Result<Group, Reply> {
    let named = match (call.param("groupId"), call.param("groupname")) {
        (Some(id), None) => world.groups.iter().find(|group| group.id == id),
        (None, Some(name)) => world.groups.iter().find(|group| group.name == name),
        _ => return Err(Reply::jira_error(400, "Either the groupname or the groupId has to be given.")),
    };
    named.cloned().ok_or_else(|| Reply::jira_error(404, "The group does not exist."))
}

fn create_group(world: &mut World, call: &Call<'_>) -> Reply {
    let Some(name) = call.field("name").and_then(Value::as_str) else {
        return Reply::jira_error(400, "The name is missing.");
    };
    if world.groups.iter().any(|group| group.name == name) {
        // Jira's own words; that the cloud says the same is likely, and not certain.
        return Reply::jira_error(400, "A group or user with this name already exists.");
    }
    let group = world.create_group(name);
    let mut answer = group_name(world, &group);
    answer["expand"] = "users".into();
    Reply::json(201, &answer)
}

fn remove_user_from_group(world: &mut World, call: &Call<'_>) -> Reply {
    let group = match named_group(world, call) {
        Ok(group) => group,
        Err(refusal) => return refusal,
    };
    let Some(account_id) = call.param("accountId") else {
        return Reply::jira_error(400, "The 'accountId' query parameter needs to be provided");
    };
    let Some(person) = world.account(account_id) else {
        return Reply::jira_error(404, NO_SUCH_USER);
    };
    if !person.groups.remove(&group.id) {
        // Jira's own words; that the cloud says the same is likely, and not certain.
        let message = format!(
            "Cannot remove user '{}' from group '{}' since user is not a member of group",
            person.name, group.name
        );
        return Reply::jira_error(400, &message);
    }
    Reply::empty(200)
}

fn add_user_to_group(world: &mut World, call: &Call<'_>) -> Reply {
    let group = match named_group(world, call) {
        Ok(group) => group,
        Err(refusal) => return refusal,
    };
    let Some(account_id) = call.field("accountId").and_then(Value::as_str) else {
        return Reply::jira_error(400, "The 'accountId' query parameter needs to be provided");
    };
    let Some(person) = world.account(account_id).filter(|person| person.status == "active" && person.is_visible())
    else {
        return Reply::jira_error(404, NO_SUCH_USER);
    };
    if !person.groups.insert(group.id.clone()) {
        // Jira's own words; that the cloud says the same to this call is likely, and not certain.
        let message = format!("Cannot add user '{}', user is already a member of '{}'", person.name, group.name);
        return Reply::jira_error(400, &message);
    }
    let mut answer = group_name(world, &group);
    answer["expand"] = "users".into();
    Reply::json(201, &answer)
}

fn user(world: &World, person: &Person) -> Value {
    let mut user = json!({
        "self": format!("{}/rest/api/3/user?accountId={}", world.site, person.account_id),
        "accountId": person.account_id,
        "accountType": "atlassian",
        "displayName": person.name,
        "active": person.status == "active",
        "timeZone": "Europe/Berlin",
    });
    if !person.hides_email {
        user["emailAddress"] = person.email.as_str().into();
    }
    user
}

fn group_name(world: &World, group: &Group) -> Value {
    let link = format!("{}/rest/api/3/group?groupId={}", world.site, group.id);
    json!({"groupId": group.id, "name": group.name, "self": link})
}

fn number(call: &Call<'_>, name: &str, default: usize) -> usize {
    call.param(name).and_then(|text| text.parse().ok()).unwrap_or(default)
}
