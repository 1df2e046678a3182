//! Running a case: setting it up, calling, and comparing all that comes of it.

use super::{Case, arguments, fill, filled, value};
use crate::{conformance, engine};
use serde_json::Value;
use std::collections::BTreeSet;
use usher_host::{Function, Grants};
use usher_host_test::mock::world::{Person, resource};
use usher_host_test::mock::{Exchange, Fault, Mock, Options, Reply};
use usher_host_test::secrets;

/// Fields whose text has only to hold the expected text.
const IN: [&str; 4] = ["message", "advice", "reason", "detail"];

/// Runs a case; all that is wrong with it.
pub(super) async fn run(case: &Case, function: &Function, official: Option<&conformance::Official>) -> Vec<String> {
    let mock = Mock::start(Options::default()).await.unwrap();
    set_up(case, &mock);
    let mut grants = Grants::new();
    if case.host_granted {
        grants = grants.host(&mock.url()).unwrap();
    }
    if let Some(authorization) = &case.signed {
        grants = grants.signed(&fill(authorization, &mock)).unwrap();
    }
    for (name, value) in &case.environment {
        grants = grants.variable(name, fill(value, &mock));
    }
    // Nothing is sent again, so that a case shows every failure; the fault matrix shows the rest.
    grants = grants.variable("USHER_RETRIES", "0");
    let arguments = arguments(function, &case.arguments, &mock);
    let debug = format!("{grants:?}");
    let mut sandbox = engine().sandbox(grants);
    let (result, debug) = match sandbox.call_dynamic(function, &arguments).await {
        Ok(result) => (value(&result), format!("{debug} {sandbox:?} {result:?}")),
        Err(stopped) => return vec![stopped.to_string()],
    };

    let mut problems = Vec::new();
    problems.extend(secrets::leak(&debug).map(|secret| format!("Debug shows {secret}")));
    problems.extend(secrets::leak(&result.to_string()).map(|secret| format!("the result shows {secret}")));
    for exchange in mock.exchanges() {
        // Everybody may ask for a cloud id, and the site's own host takes no credential of the gateway's.
        if exchange.path == "/_edge/tenant_info" && exchange.headers.contains_key("authorization") {
            problems.push("a credential goes where none is wanted".into());
        }
        let leaked = secrets::leak(&elsewhere(exchange));
        problems.extend(leaked.map(|secret| format!("{secret} goes elsewhere than into Authorization")));
    }
    let parts = if case.mistake.is_some() { &IN[..1] } else { &IN[..] };
    compare("", parts, &filled(&case.expect, &mock), &result, &mut problems);
    let exchanges = mock.exchanges();
    if let Some(mistake) = &case.mistake {
        let answered = exchanges.iter().map(|exchange| format!("{} {}", exchange.status, exchange.answer));
        let expected = mistake.answer.as_ref().map(|answer| fill(answer, &mock));
        let answered = answered.filter(|answer| expected.as_ref().is_none_or(|expected| expected == answer));
        if answered.count() == 0 && expected.is_some() {
            problems.push(format!("no answer was {expected:?}"));
        }
    }
    let asked: Vec<String> = exchanges
        .iter()
        .map(|it| format!("{} {}{}{}", it.method, it.path, if it.query.is_empty() { "" } else { "?" }, it.query))
        .collect();
    if in_any_order(&asked) != in_any_order(&case.requests) {
        problems.push(format!("asked {asked:#?}"));
    }
    let sent: Vec<Value> = exchanges.iter().filter_map(|exchange| exchange.body.clone()).collect();
    let sorted = |bodies: &[Value]| bodies.iter().map(Value::to_string).collect::<BTreeSet<_>>();
    if !case.bodies.is_empty() && (sent.len(), sorted(&sent)) != (case.bodies.len(), sorted(&case.bodies)) {
        problems.push(format!("sent {sent:#?}"));
    }
    for exchange in &exchanges {
        let header = |name: &str| exchange.headers.contains_key(name);
        if header("transfer-encoding") || header("content-length") != (exchange.method == "POST") {
            problems.push(format!("{} {} is framed wrongly: {:?}", exchange.method, exchange.path, exchange.headers));
        }
    }
    let outbox = mock.world(|world| world.outbox.iter().map(|(to, text)| format!("{to}: {text}")).collect::<Vec<_>>());
    if outbox != case.outbox {
        problems.push(format!("Atlassian mailed {outbox:?}"));
    }
    problems.extend(mock.unexpected().into_iter().map(|call| format!("the mock does not know {call}")));
    if let Some(official) = official {
        problems.extend(exchanges.iter().flat_map(|exchange| official.check(exchange)));
    }
    problems
}

/// Requests with those sorted that only read and follow each other: they may be on their way at once.
fn in_any_order(requests: &[String]) -> Vec<String> {
    let reads = ["/search", "/workspaces", "/check-access-by-email"];
    let is_read = |request: &String| request.starts_with("GET") || reads.iter().any(|end| request.ends_with(end));
    let mut sorted = requests.to_vec();
    sorted.chunk_by_mut(|one, next| is_read(one) && is_read(next)).for_each(<[String]>::sort);
    sorted
}

/// Everything of a request but the one header that a secret belongs in.
fn elsewhere(mut exchange: Exchange) -> String {
    exchange.headers.remove("authorization");
    let Exchange { method, path, query, headers, body, .. } = exchange;
    format!("{method} {path}?{query} {headers:?} {body:?}")
}

fn set_up(case: &Case, mock: &Mock) {
    mock.world(|world| {
        if let Some(keys) = &case.api_keys {
            world.api_keys.clone_from(keys);
        }
        for setup in &case.people {
            let person: &mut Person = world.create(&setup.email, "");
            person.hides_email = setup.hides_email;
            person.roles.extend(setup.access.iter().map(|product| (resource(product), "atlassian/user".to_owned())));
            person.status = match setup.status.as_deref() {
                None => "active",
                Some("suspended") => "suspended",
                Some("not_invited") => "not_invited",
                Some(other) => panic!("{}: {other}", case.name),
            };
            let groups = setup.groups.clone();
            let ids: Vec<String> = world
                .groups
                .iter()
                .filter(|group| groups.contains(&group.name))
                .map(|group| group.id.clone())
                .collect();
            world.person(&setup.email).unwrap().groups.extend(ids);
        }
        for name in &case.other_directory {
            let mut group = world.groups.iter().find(|group| group.name == *name).unwrap().clone();
            group.id = group.id.replace("276f955c", "99999999");
            group.directory_id = "other".into();
            world.groups.push(group);
        }
    });
    for answer in &case.answers {
        let reply = Reply::text(answer.status, &answer.content_type, fill(&answer.body, mock));
        let reply = answer.headers.iter().fold(reply, |reply, (name, value)| reply.header(name, value));
        mock.fault(&answer.path, Fault::answer(reply));
    }
}

/// Whether all that is expected is there; of the fields in `parts` a part is enough.
fn compare(path: &str, parts: &[&str], expected: &Value, found: &Value, problems: &mut Vec<String>) {
    let field = path.rsplit('.').next().unwrap_or_default();
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, expected) in expected {
                let found = found.get(name).unwrap_or(&Value::Null);
                compare(&format!("{path}.{name}"), parts, expected, found, problems);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{path}[{at}]"), parts, expected, found, problems);
            }
        }
        (Value::String(expected), Value::String(found))
            if parts.contains(&field) && found.contains(expected.as_str()) => {}
        // TOML has no null.
        (Value::String(none), Value::Null) if none == "{none}" => {}
        (expected, found) if expected == found => {}
        _ => problems.push(format!("{path} should be {expected}, and is {found}")),
    }
}
