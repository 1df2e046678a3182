//! The cases: what is called, what has to come back, and what goes over the wire.
//!
//! They are data, in `cases/*.toml`. Arguments are in WAVE, as `wasmtime run --invoke` takes them.

use crate::{conformance, engine};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use usher_host::{Function, Grants};
use usher_host_test::mock::world::{ADMIN_EMAIL, API_KEY, API_TOKEN, ORG_ID, Person, resource};
use usher_host_test::mock::{Fault, Mock, Options, Reply};
use wasmtime::component::Val;

#[derive(Deserialize)]
struct File {
    case: Vec<Case>,
}

/// One call.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Case {
    /// What it shows, as a sentence.
    name: String,
    /// The function.
    call: String,
    /// Its arguments in WAVE, in which `{site}`, `{organization}` and `{url}` stand for the mock's.
    arguments: Vec<String>,
    /// What has to be in the result; texts named in `IN` have to be part of it, all else the same.
    expect: Value,
    /// The requests, in their order, without the host.
    #[serde(default)]
    requests: Vec<String>,
    /// The bodies of those that have one, in their order; not compared where there are none here.
    #[serde(default)]
    bodies: Vec<Value>,
    /// The e-mails that Atlassian sends, as `address: text`.
    #[serde(default)]
    outbox: Vec<String>,
    /// Granted environment.
    #[serde(default)]
    environment: BTreeMap<String, String>,
    /// Whether the mock's host is granted.
    #[serde(default = "yes")]
    host_granted: bool,
    /// People who are there besides those of the mock's own world.
    #[serde(default)]
    people: Vec<Setup>,
    /// Answers in the place of the mock's.
    #[serde(default)]
    answers: Vec<Answer>,
    /// Groups in a second directory, by name.
    #[serde(default)]
    other_directory: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Setup {
    email: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    hides_email: bool,
    #[serde(default)]
    access: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Answer {
    path: String,
    status: u16,
    #[serde(default)]
    body: String,
    #[serde(default = "json")]
    content_type: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

fn json() -> String {
    "application/json".into()
}

/// Fields whose text has only to hold the expected text.
const IN: [&str; 3] = ["message", "advice", "reason"];

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        toml::from_str::<File>(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).case
    };
    files.iter().flat_map(read).collect()
}

#[test]
fn every_exported_function_has_a_case_on_each_plane() {
    let has =
        |function: &str, plane: &str| cases().iter().any(|case| case.call == function && case.arguments[0] == plane);
    for function in engine().functions() {
        for plane in ["{site}", "{organization}"] {
            assert!(has(&function.name, plane), "no case calls {} with {plane}", function.name);
        }
    }
}

#[test]
fn every_expected_failure_says_what_became_of_the_change() {
    for case in cases() {
        let failure = case.expect.get("err");
        assert!(failure.is_none_or(|failure| failure.get("change").is_some()), "{}", case.name);
    }
}

#[test]
fn no_two_cases_have_one_name() {
    let names: Vec<String> = cases().into_iter().map(|case| case.name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[tokio::test]
async fn every_case_gives_what_it_has_to_and_asks_for_no_more() {
    let functions: BTreeMap<String, Function> =
        engine().functions().into_iter().map(|function| (function.name.clone(), function)).collect();
    let official = conformance::official();
    let mut wrong = Vec::new();
    for case in cases() {
        let problems = run(&case, &functions[&case.call], official).await;
        wrong.extend(problems.into_iter().map(|problem| format!("{}:\n    {problem}", case.name)));
    }
    assert!(wrong.is_empty(), "{} problems\n  {}", wrong.len(), wrong.join("\n  "));
}

async fn run(case: &Case, function: &Function, official: Option<&conformance::Official>) -> Vec<String> {
    let mock = Mock::start(Options::default()).await.unwrap();
    set_up(case, &mock);
    let mut grants = Grants::new();
    if case.host_granted {
        grants = grants.host(&mock.url()).unwrap();
    }
    for (name, value) in &case.environment {
        grants = grants.variable(name, fill(value, &mock));
    }
    let types = function.signature.params();
    let arguments: Vec<Val> = types
        .zip(&case.arguments)
        .map(|((_, ty), text)| {
            Val::from_wave(&ty, &fill(text, &mock)).unwrap_or_else(|error| panic!("{}: {error}", case.name))
        })
        .collect();
    let mut sandbox = engine().sandbox(grants);
    let result = match sandbox.call_dynamic(function, &arguments).await {
        Ok(result) => value(&result),
        Err(stopped) => return vec![stopped.to_string()],
    };

    let mut problems = Vec::new();
    compare("", &case.expect, &result, &mut problems);
    let exchanges = mock.exchanges();
    let asked: Vec<String> = exchanges
        .iter()
        .map(|it| format!("{} {}{}{}", it.method, it.path, if it.query.is_empty() { "" } else { "?" }, it.query))
        .collect();
    if asked != case.requests {
        problems.push(format!("asked {asked:#?}"));
    }
    let sent: Vec<Value> = exchanges.iter().filter_map(|exchange| exchange.body.clone()).collect();
    if !case.bodies.is_empty() && sent != case.bodies {
        problems.push(format!("sent {sent:#?}"));
    }
    for exchange in &exchanges {
        let header = |name: &str| exchange.headers.contains_key(name);
        if header("transfer-encoding") || header("content-length") != exchange.body.is_some() {
            problems.push(format!("{} {} is framed wrongly: {:?}", exchange.method, exchange.path, exchange.headers));
        }
    }
    let outbox = mock.world(|world| world.outbox.iter().map(|(to, text)| format!("{to}: {text}")).collect::<Vec<_>>());
    if outbox != case.outbox {
        problems.push(format!("Atlassian mailed {outbox:?}"));
    }
    problems.extend(mock.unexpected().into_iter().map(|call| format!("the mock does not know {call}")));
    for secret in [API_KEY, API_TOKEN] {
        let half = &secret[secret.len() / 2..];
        if result.to_string().contains(half) {
            problems.push(format!("the result holds a secret: {result}"));
        }
    }
    if let Some(official) = official {
        problems.extend(exchanges.iter().flat_map(|exchange| official.check(exchange)));
    }
    problems
}

fn set_up(case: &Case, mock: &Mock) {
    mock.world(|world| {
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
        mock.fault(&answer.path, Fault::Answer(reply));
    }
}

fn fill(text: &str, mock: &Mock) -> String {
    let url = mock.url();
    text.replace("{site}", &format!(r#"site({{site: "{url}", email: "{ADMIN_EMAIL}", api-token: "{API_TOKEN}"}})"#))
        .replace(
            "{organization}",
            &format!(r#"organization({{id: "{ORG_ID}", api-key: "{API_KEY}", api-url: "{url}"}})"#),
        )
        .replace("{url}", &url)
        .replace("{org-id}", ORG_ID)
        .replace("{api-key}", API_KEY)
        .replace("{email}", ADMIN_EMAIL)
        .replace("{api-token}", API_TOKEN)
}

/// A component's value as JSON, by the names of the contract.
fn value(val: &Val) -> Value {
    let optional = |inner: &Option<Box<Val>>| inner.as_deref().map_or(Value::Null, value);
    match val {
        Val::Bool(it) => (*it).into(),
        Val::U16(it) => (*it).into(),
        Val::U32(it) => (*it).into(),
        Val::String(it) | Val::Enum(it) => it.as_str().into(),
        Val::List(items) => items.iter().map(value).collect(),
        Val::Record(fields) => fields.iter().map(|(name, field)| (name.clone(), value(field))).collect(),
        Val::Option(inner) => optional(inner),
        Val::Result(Ok(inner)) => Value::from_iter([("ok", optional(inner))]),
        Val::Result(Err(inner)) => Value::from_iter([("err", optional(inner))]),
        other => panic!("the contract has no {other:?}"),
    }
}

/// Whether all that is expected is there.
fn compare(path: &str, expected: &Value, found: &Value, problems: &mut Vec<String>) {
    let field = path.rsplit('.').next().unwrap_or_default();
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (name, expected) in expected {
                let found = found.get(name).unwrap_or(&Value::Null);
                compare(&format!("{path}.{name}"), expected, found, problems);
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{path}[{at}]"), expected, found, problems);
            }
        }
        (Value::String(expected), Value::String(found)) if IN.contains(&field) && found.contains(expected.as_str()) => {
        }
        (expected, found) if expected == found => {}
        _ => problems.push(format!("{path} should be {expected}, and is {found}")),
    }
}
