//! The Confluence Cloud REST API, version 2.

use super::world::{World, resource};
use super::{Call, Reply};
use serde_json::json;

pub(super) fn answer(world: &mut World, call: &Call<'_>, path: &[&str]) -> Option<Reply> {
    let emails = call.texts("emails");
    Some(match (call.method, path) {
        ("POST", ["user", "access", "check-access-by-email"]) => {
            let (valid, invalid): (Vec<&str>, Vec<&str>) = emails.iter().partition(|email| email.contains('@'));
            let without: Vec<&str> = valid.into_iter().filter(|email| !has_access(world, email)).collect();
            Reply::json(200, &json!({"emailsWithoutAccess": without, "invalidEmails": invalid}))
        }
        ("POST", ["user", "access", "invite-by-email"]) => {
            for email in emails.iter().filter(|email| email.contains('@')) {
                if world.person(email).is_none() {
                    world.create(email, "");
                }
                if let Some(person) = world.person(email) {
                    person.invitations += 1;
                    person.roles.insert((resource("confluence"), "atlassian/user".to_owned()));
                }
            }
            Reply::empty(200)
        }
        _ => return None,
    })
}

fn has_access(world: &mut World, email: &str) -> bool {
    world.person(email).is_some_and(|person| person.has_access("confluence"))
}
