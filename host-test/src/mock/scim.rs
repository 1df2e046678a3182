//! The User provisioning (SCIM 2.0) REST API.

use super::world::{SCIM_DIRECTORY_ID, World};
use super::{Call, Reply};
use serde_json::{Value, json};

pub(super) fn answer(world: &World, call: &Call<'_>, path: &[&str]) -> Option<Reply> {
    let (list, schema): (Vec<Value>, &str) = match (call.method, path) {
        ("GET", [directory, _]) if *directory != SCIM_DIRECTORY_ID => {
            let schema = "urn:ietf:params:scim:api:messages:2.0:Error";
            let error = json!({"schemas": [schema], "status": "404", "detail": "The directory does not exist."});
            return Some(Reply::json(404, &error));
        }
        ("GET", [_, "Users"]) => {
            let user = |email: &str| json!({"userName": email, "active": true});
            (world.people.iter().map(|person| user(&person.email)).collect(), "User")
        }
        ("GET", [_, "Groups"]) => {
            let synced = world.groups.iter().filter(|group| group.synced);
            (synced.map(|group| json!({"displayName": group.name})).collect(), "Group")
        }
        _ => return None,
    };
    let count = call.param("count").and_then(|count| count.parse().ok()).unwrap_or(100);
    let page: Vec<Value> = list
        .iter()
        .take(count)
        .map(|item| {
            let mut item = item.clone();
            item["schemas"] = json!([format!("urn:ietf:params:scim:schemas:core:2.0:{schema}")]);
            item
        })
        .collect();
    Some(Reply::json(
        200,
        &json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": list.len(),
            "startIndex": 1,
            "itemsPerPage": page.len(),
            "Resources": page,
        }),
    ))
}
