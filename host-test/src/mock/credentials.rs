//! Which credential is taken where, and what each place says to the others.

use super::world::{
    ADMIN_EMAIL, API_KEY, API_TOKEN, NARROW_TOKEN, OAUTH_TOKEN, SCIM_KEY, SCOPED_API_KEY, SCOPED_TOKEN, SERVICE_TOKEN,
};
use super::{Call, Reply};
use base64ct::{Base64, Encoding as _};
use serde_json::json;
use usher::operation::{Operation, Scopes};

/// The scopes of [`NARROW_TOKEN`].
const NARROW: &[&str] = &["read:jira-user"];

/// The scopes of [`SCOPED_API_KEY`].
pub(super) const READ_ONLY: &[&str] = &["read:orgs:admin", "read:directories:admin", "read:groups:admin"];

fn basic(token: &str) -> String {
    format!("Basic {}", Base64::encode_string(format!("{ADMIN_EMAIL}:{token}").as_bytes()))
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// A site's own host: an e-mail address and its API token, and nothing else.
pub(super) fn site(call: &Call<'_>) -> Option<Reply> {
    match call.authorization {
        Some(given) if given == basic(API_TOKEN) => None,
        None => Some(Reply::text(
            401,
            "application/xml",
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><status><status-code>401</status-code>\
             <message>Client must be authenticated to access this resource.</message></status>",
        )),
        Some(given) if given.starts_with("Bearer ") => {
            Some(Reply::json(403, &json!({"error": "Failed to parse Connect Session Auth Token"})))
        }
        Some(_) => Some(
            Reply::text(401, "text/html", "<html><head><title>Unauthorized (401)</title></head><body></body></html>")
                .header("www-authenticate", "OAuth realm=\"https%3A%2F%2Facme.atlassian.net\""),
        ),
    }
}

/// The gateway: a scoped token with its address, a service account's token, or OAuth; and then the
/// scopes, to which it says 401 as well.
pub(super) fn gateway(call: &Call<'_>, path: &str) -> Option<Reply> {
    let given = call.authorization.unwrap_or_default();
    let all = [basic(SCOPED_TOKEN), bearer(SERVICE_TOKEN), bearer(OAUTH_TOKEN)];
    if all.iter().any(|known| known == given) {
        None
    } else if given != basic(NARROW_TOKEN) {
        Some(Reply::gateway_error(401, "Unauthorized"))
    } else {
        let missing = !operation(call.method, path).is_some_and(|operation| suffice(NARROW, operation.scopes));
        missing.then(|| Reply::gateway_error(401, "Unauthorized; scope does not match"))
    }
}

/// What an OAuth token alone is taken for.
pub(super) fn oauth(call: &Call<'_>) -> Option<Reply> {
    (call.authorization != Some(&bearer(OAUTH_TOKEN))).then(|| Reply::gateway_error(401, "Unauthorized"))
}

/// The admin APIs. What they really say to a missing scope is not known; 403 is assumed.
pub(super) fn organization(call: &Call<'_>, path: &str) -> Option<Reply> {
    let given = call.authorization.unwrap_or_default();
    if given == bearer(API_KEY) {
        None
    } else if given != bearer(SCOPED_API_KEY) {
        Some(Reply::gateway_error(401, "Unauthorized"))
    } else {
        let missing = !operation(call.method, path).is_some_and(|operation| suffice(READ_ONLY, operation.scopes));
        missing.then(|| Reply::admin_error(403, "ADMIN-403-3", "Forbidden", "The API key lacks a scope."))
    }
}

/// User management takes a key without scopes only.
pub(super) fn user_management(call: &Call<'_>) -> Option<Reply> {
    let given = call.authorization.unwrap_or_default();
    if given == bearer(API_KEY) {
        None
    } else if given == bearer(SCOPED_API_KEY) {
        // That it names this scope is reported; its words are not.
        Some(Reply::json(403, &json!({"key": "forbidden", "message": "manage:org is needed"})))
    } else {
        Some(Reply::json(401, &json!({"key": "unauthorized"})))
    }
}

/// A SCIM directory takes its own key.
pub(super) fn scim(call: &Call<'_>) -> Option<Reply> {
    let refused = call.authorization != Some(&bearer(SCIM_KEY));
    refused.then(|| Reply::json(401, &json!({"error": "Unauthorized", "traceId": "mock"})))
}

fn suffice(has: &[&str], needs: Scopes) -> bool {
    has.contains(&needs.one) || (!needs.all.is_empty() && needs.all.iter().all(|scope| has.contains(scope)))
}

/// The operation that a request is, by the component's own table: a test compares its scopes with the
/// official descriptions.
fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    usher::operations::all().find(|operation| {
        let (template, path): (Vec<&str>, Vec<&str>) = (operation.path.split('/').collect(), path.split('/').collect());
        operation.method.name() == method
            && template.len() == path.len()
            && template.iter().zip(&path).all(|(wanted, given)| wanted == given || wanted.starts_with('{'))
    })
}
