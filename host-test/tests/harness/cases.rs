//! The cases: what is called, what has to come back, and what goes over the wire.
//!
//! They are data, in `cases/*.toml`. Arguments are in WAVE, as `wasmtime run --invoke` takes them.

mod run;

use crate::{conformance, engine};
use base64ct::{Base64, Encoding as _};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use usher_host::Function;
use usher_host_test::mock::Mock;
use usher_host_test::mock::world::{
    ADMIN_EMAIL, API_KEY, API_TOKEN, CLOUD_ID, NARROW_TOKEN, OAUTH_TOKEN, ORG_ID, SCIM_DIRECTORY_ID, SCIM_KEY,
    SCOPED_API_KEY, SCOPED_TOKEN, SERVICE_TOKEN,
};
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
    /// What has to be in the result; texts named in `run::IN` have to be part of it, all else the same.
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
        let problems = run::run(&case, &functions[&case.call], official).await;
        wrong.extend(problems.into_iter().map(|problem| format!("{}:\n    {problem}", case.name)));
    }
    assert!(wrong.is_empty(), "{} problems\n  {}", wrong.len(), wrong.join("\n  "));
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
