//! The cases: what is called, what has to come back, and what goes over the wire.
//!
//! They are data, in `cases/*.toml`. Arguments are in WAVE, as `wasmtime run --invoke` takes them.

use crate::{conformance, engine};
use base64ct::{Base64, Encoding as _};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use usher_host::{Function, Grants};
use usher_host_test::mock::world::{
    ADMIN_EMAIL, API_KEY, API_TOKEN, CLOUD_ID, NARROW_TOKEN, OAUTH_TOKEN, ORG_ID, Person, SCIM_DIRECTORY_ID, SCIM_KEY,
    SCOPED_API_KEY, SCOPED_TOKEN, SERVICE_TOKEN, resource,
};
use usher_host_test::mock::{Exchange, Fault, Mock, Options, Reply};
use usher_host_test::secrets;
use wasmtime::component::Val;

#[derive(Deserialize)]
struct File {
    case: Vec<Case>,
}

/// One call.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Case {
    /// What it shows, as a sentence.
    pub(crate) name: String,
    /// What it is on the troubleshooting page, where it has to be there.
    pub(crate) mistake: Option<Mistake>,
    /// The function.
    call: String,
    /// Its arguments in WAVE, in which `{site}`, `{organization}` and `{url}` stand for the mock's.
    arguments: Vec<String>,
    /// What has to be in the result; texts named in `IN` have to be part of it, all else the same.
    pub(crate) expect: Value,
    /// The requests, in their order, without the host.
    #[serde(default)]
    pub(crate) requests: Vec<String>,
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
    /// The `Authorization` header that the host adds.
    #[serde(default)]
    signed: Option<String>,
    /// The organization's API keys as the mock lists them, by label and expiry, instead of one.
    #[serde(default)]
    api_keys: Option<Vec<(String, String)>>,
    /// People who are there besides those of the mock's own world.
    #[serde(default)]
    people: Vec<Setup>,
    /// Answers in the place of the mock's.
    #[serde(default)]
    pub(crate) answers: Vec<Answer>,
    /// Groups in a second directory, by name.
    #[serde(default)]
    other_directory: Vec<String>,
}

/// A mistake that people make. Its advice has to be word for word what is expected.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Mistake {
    /// What was done, as a sentence.
    pub(crate) what: String,
    /// The answer that led to the failure, as its status and body; none where it needs no request.
    pub(crate) answer: Option<String>,
    /// Whether it is one of the four questions that this project began with.
    #[serde(default)]
    pub(crate) thread: bool,
    /// Whether nobody has reported the answer's body: it is what the mock makes of what was reported.
    #[serde(default)]
    pub(crate) assumed: bool,
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
pub(crate) struct Answer {
    path: String,
    status: u16,
    #[serde(default)]
    body: String,
    #[serde(default = "json")]
    content_type: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

fn json() -> String {
    "application/json".into()
}

/// Fields whose text has only to hold the expected text.
const IN: [&str; 4] = ["message", "advice", "reason", "detail"];

pub(crate) fn cases() -> Vec<Case> {
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
        for plane in ["{site}", "{organization}", "{scim}"] {
            assert!(has(&function.name, plane), "no case calls {} with {plane}", function.name);
        }
    }
}

#[test]
fn every_kind_of_connection_is_checked_by_a_case() {
    let has = |connection: &str| {
        cases().iter().any(|case| case.call == "check-connection" && case.arguments[0].starts_with(connection))
    };
    for kind in usher::connection::cases().map(|(case, _)| case) {
        assert!(has(&format!("{{{kind}}}")) || has(&format!("{kind}(")), "no case checks {kind}");
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

/// A function's arguments from WAVE.
pub(crate) fn arguments(function: &Function, texts: &[impl AsRef<str>], mock: &Mock) -> Vec<Val> {
    let types = function.signature.params().zip(texts);
    let parse = |((_, ty), text): ((&str, _), _)| {
        let text: &str = AsRef::as_ref(text);
        Val::from_wave(&ty, &fill(text, mock)).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    types.map(parse).collect()
}

/// Puts the mock's own into `{…}`: whole connections first, then what they are made of.
fn fill(text: &str, mock: &Mock) -> String {
    let url = mock.url();
    let gateway = |case: &str, fields: &str| format!(r#"{case}({{site: "{CLOUD_ID}", {fields}, api-url: "{url}"}})"#);
    let person = |token: &str| format!(r#"email: "{ADMIN_EMAIL}", api-token: "{token}""#);
    let organization = |key: &str| format!(r#"organization({{id: "{ORG_ID}", api-key: "{key}", api-url: "{url}"}})"#);
    let base64 = |text: &str| Base64::encode_string(text.as_bytes());
    let known = [
        ("{site}", format!(r#"site({{site: "{url}", email: "{ADMIN_EMAIL}", api-token: "{API_TOKEN}"}})"#)),
        ("{scoped-token}", gateway("scoped-token", &person(SCOPED_TOKEN))),
        ("{narrow-token}", gateway("scoped-token", &person(NARROW_TOKEN))),
        ("{service-account}", gateway("service-account", &format!(r#"token: "{SERVICE_TOKEN}""#))),
        ("{oauth}", gateway("oauth", &format!(r#"token: "{OAUTH_TOKEN}""#))),
        ("{organization}", organization(API_KEY)),
        ("{scoped-organization}", organization(SCOPED_API_KEY)),
        ("{scim}", format!(r#"scim({{directory: "{SCIM_DIRECTORY_ID}", key: "{SCIM_KEY}", api-url: "{url}"}})"#)),
        ("{url}", url.clone()),
        ("{host}", url.trim_start_matches("http://").to_owned()),
        ("{org-id}", ORG_ID.to_owned()),
        ("{api-key}", API_KEY.to_owned()),
        ("{scoped-api-key}", SCOPED_API_KEY.to_owned()),
        ("{email}", ADMIN_EMAIL.to_owned()),
        ("{api-token}", API_TOKEN.to_owned()),
        ("{scoped-api-token}", SCOPED_TOKEN.to_owned()),
        ("{service-token}", SERVICE_TOKEN.to_owned()),
        ("{oauth-token}", OAUTH_TOKEN.to_owned()),
        ("{cloud-id}", CLOUD_ID.to_owned()),
        ("{scim-directory-id}", SCIM_DIRECTORY_ID.to_owned()),
        ("{scim-key}", SCIM_KEY.to_owned()),
        ("{basic}", base64(&format!("{ADMIN_EMAIL}:{API_TOKEN}"))),
        ("{base64-of-the-token}", base64(API_TOKEN)),
        ("{base64-of-each}", format!("{}:{}", base64(ADMIN_EMAIL), base64(API_TOKEN))),
    ];
    known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}

fn filled(value: &Value, mock: &Mock) -> Value {
    match value {
        Value::String(text) => fill(text, mock).into(),
        Value::Array(items) => items.iter().map(|item| filled(item, mock)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, field)| (name.clone(), filled(field, mock))).collect(),
        other => other.clone(),
    }
}

/// A component's value as JSON, by the names of the contract.
pub(crate) fn value(val: &Val) -> Value {
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
