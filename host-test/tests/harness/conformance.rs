//! Compares what goes over the wire with Atlassian's official descriptions (OpenAPI 3.0).
//!
//! The descriptions are Atlassian's and not part of this project. Their folder is named by
//! `USHER_OPENAPI`; without it nothing is compared, and that is said.

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;
use usher::operation::{Operation, Safety};
use usher_host_test::mock::Exchange;

/// What Atlassian documents on pages only, so that there is nothing to compare it with.
const NOT_DESCRIBED: [&str; 3] =
    ["/_edge/tenant_info", "/oauth/token/accessible-resources", "/admin/api-access/v1/orgs/{orgId}/api-keys"];

/// What stands in front of an API answers by itself, and so the API's description does not name it:
/// the status, and how the body begins, as they were reported.
const IN_FRONT: [(u16, &str); 3] =
    [(401, r#"{"code":401"#), (403, r#"{"error":"Failed to parse Connect Session"#), (404, r#"{"code":404"#)];

/// All descriptions in the folder.
pub(crate) struct Official {
    documents: Vec<Document>,
}

struct Document {
    /// The path of the server's URL, which its paths begin after.
    base: String,
    paths: Value,
    components: Value,
}

/// One operation of one document.
struct Described<'a> {
    document: &'a Document,
    template: &'a str,
    operation: &'a Value,
}

/// The descriptions, or a word on the real standard error that there are none: the test runner
/// keeps back what a passing test prints.
pub(crate) fn official() -> Option<&'static Official> {
    static OFFICIAL: OnceLock<Option<Official>> = OnceLock::new();
    let load = || match std::env::var_os("USHER_OPENAPI") {
        Some(folder) => Some(Official::read(Path::new(&folder))),
        None => {
            let word =
                "\nNOT COMPARED with Atlassian's official descriptions: USHER_OPENAPI names no folder of them.\n\n";
            let _ = std::io::stderr().write_all(word.as_bytes());
            None
        }
    };
    OFFICIAL.get_or_init(load).as_ref()
}

#[test]
fn every_operation_is_one_of_the_official_descriptions_and_not_deprecated() {
    let Some(official) = official() else { return };
    let described = usher::operations::all().filter(|operation| !NOT_DESCRIBED.contains(&operation.path));
    let wrong: Vec<String> = described.flat_map(|operation| official.check_operation(operation)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_request_that_is_not_in_the_descriptions_is_found() {
    let Some(official) = official() else { return };
    let exchange = |method: &str, path: &str, query: &str, body: Option<Value>| Exchange {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        version: Default::default(),
        headers: Default::default(),
        body,
        status: 201,
        answer: String::new(),
        faulted: true,
    };
    let problems = |method, path, query, body| official.check(&exchange(method, path, query, body)).len();
    let user = json!({"emailAddress": "mia@example.com", "products": []});
    assert_eq!(problems("POST", "/rest/api/3/user", "", Some(user)), 0);
    assert_eq!(problems("POST", "/rest/api/3/nothing", "", None), 1);
    assert_eq!(problems("PUT", "/rest/api/3/user", "", None), 1);
    assert_eq!(problems("POST", "/rest/api/3/user", "", Some(json!({"emailAddress": 1}))), 2);
    assert_eq!(problems("POST", "/rest/api/3/group/user", "group=x", Some(json!({}))), 1);
    assert_eq!(problems("POST", "/rest/api/3/group/user", "", Some(json!({"groupname": "x"}))), 1);
    assert_eq!(problems("POST", "/admin/v1/orgs/o/users/invite", "", None), 1);
}

impl Official {
    fn read(folder: &Path) -> Official {
        let files = fs::read_dir(folder).unwrap_or_else(|error| panic!("USHER_OPENAPI, {}: {error}", folder.display()));
        let documents: Vec<Document> = files
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
            .map(|path| {
                let document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                let server = document["servers"][0]["url"].as_str().unwrap_or_default();
                let after_host =
                    server.split_once("//").and_then(|(_, rest)| rest.split_once('/')).map(|(_, path)| path);
                let base = after_host.map(|path| format!("/{path}")).unwrap_or_default();
                Document {
                    base: base.trim_end_matches('/').to_owned(),
                    paths: document["paths"].clone(),
                    components: to_json_schema(document["components"].clone()),
                }
            })
            .collect();
        assert!(!documents.is_empty(), "USHER_OPENAPI: there is no description in {}", folder.display());
        Official { documents }
    }

    /// The operation of that method and path; the template with the fewest parameters wins.
    fn find(&self, method: &str, path: &str) -> Option<Described<'_>> {
        let all = self.documents.iter().filter_map(|document| {
            let rest = path.strip_prefix(document.base.as_str())?;
            let paths = document.paths.as_object()?.iter().filter(move |(template, _)| matches(template, rest));
            Some(paths.filter_map(move |(template, item)| {
                let operation = item.get(method.to_lowercase())?;
                Some(Described { document, template, operation })
            }))
        });
        all.flatten().min_by_key(|found| found.template.matches('{').count())
    }

    fn check_operation(&self, operation: &Operation) -> Vec<String> {
        let id = operation.id;
        let Some(found) = self.find(operation.method.name(), operation.path) else {
            return vec![format!("{id}: {} {} is not described", operation.method.name(), operation.path)];
        };
        let mut wrong = Vec::new();
        if found.operation["deprecated"] == true {
            wrong.push(format!("{id} is deprecated"));
        }
        let scopes: BTreeSet<&str> =
            found.operation["x-scopes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let known: BTreeSet<&str> =
            [operation.scopes.one].into_iter().chain(operation.scopes.all.iter().copied()).collect();
        if !scopes.is_empty() && scopes != known {
            wrong.push(format!("{id} takes {scopes:?}"));
        }
        if let Some(official) = found.operation["operationId"].as_str().filter(|official| *official != id) {
            wrong.push(format!("{id} is officially {official}"));
        }
        let responses = &found.operation["responses"];
        let described: Vec<u16> = responses
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(status, _)| status.parse().ok().filter(|status| (200..300).contains(status)))
            .collect();
        if operation.success != described {
            wrong.push(format!("{id} succeeds with {described:?}"));
        }
        if operation.method.name() == "GET" && operation.safety != Safety::Read {
            wrong.push(format!("{id} is a GET that writes"));
        }
        wrong
    }

    /// What is wrong with a request, and with the answer if it is the mock's own.
    pub(crate) fn check(&self, exchange: &Exchange) -> Vec<String> {
        let name = format!("{} {}", exchange.method, exchange.path);
        if NOT_DESCRIBED.iter().any(|template| matches(template, &exchange.path)) {
            return Vec::new();
        }
        // Behind the gateway a site's paths begin with the product and the cloud id.
        let path = match exchange.path.strip_prefix("/ex/").map(|rest| rest.splitn(3, '/').collect::<Vec<_>>()) {
            Some(parts) if parts.len() == 3 => format!("/{}", parts[2]),
            _ => exchange.path.clone(),
        };
        let Some(found) = self.find(&exchange.method, &path) else {
            return vec![format!("{name} is not described")];
        };
        let mut wrong = found.check_query(exchange);
        let body = &found.document.resolve(&found.operation["requestBody"])["content"]["application/json"]["schema"];
        match &exchange.body {
            Some(sent) if !body.is_null() => {
                wrong.extend(found.document.errors(body, sent));
                wrong.extend(found.document.unknown_fields(body, sent));
            }
            Some(_) => wrong.push("a body where none is described".into()),
            None if !body.is_null() => wrong.push("no body".into()),
            None => {}
        }
        let is_in_front =
            IN_FRONT.iter().any(|(status, body)| *status == exchange.status && exchange.answer.starts_with(body));
        // The admin APIs do describe what their gateway says.
        if !exchange.faulted && (!is_in_front || exchange.path.starts_with("/admin")) {
            let answer = &found.operation["responses"][exchange.status.to_string()];
            let schema = &found.document.resolve(answer)["content"]["application/json"]["schema"];
            let given: Option<Value> = serde_json::from_str(&exchange.answer).ok();
            match &given {
                _ if answer.is_null() => wrong.push(format!("the status {} is not described", exchange.status)),
                Some(given) if !schema.is_null() => wrong.extend(found.document.errors(schema, given)),
                None if !schema.is_null() => wrong.push("an answer without JSON where it is described".into()),
                _ => {}
            }
        }
        wrong.into_iter().map(|problem| format!("{name}: {problem}")).collect()
    }
}

impl Described<'_> {
    fn check_query(&self, exchange: &Exchange) -> Vec<String> {
        let parameters: Vec<&Value> = self.operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|parameter| self.document.resolve(parameter))
            .filter(|parameter| parameter["in"] == "query")
            .collect();
        let sent: Vec<(&str, &str)> = exchange.query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let mut wrong = Vec::new();
        for (name, value) in &sent {
            let Some(parameter) = parameters.iter().find(|parameter| parameter["name"] == *name) else {
                wrong.push(format!("the parameter {name} is not described"));
                continue;
            };
            let ty = &parameter["schema"]["type"];
            if *ty == "integer" && value.parse::<i64>().is_err() {
                wrong.push(format!("the parameter {name} is no number: {value}"));
            }
            if *ty != "array" && sent.iter().filter(|(other, _)| other == name).count() > 1 {
                wrong.push(format!("the parameter {name} is no list"));
            }
        }
        let required = parameters.iter().filter(|parameter| parameter["required"] == true);
        let missing = required.filter(|parameter| !sent.iter().any(|(name, _)| parameter["name"] == *name));
        wrong.extend(missing.map(|parameter| format!("the parameter {} is missing", parameter["name"])));
        wrong
    }
}

impl Document {
    /// What a `$ref` names, or the value itself.
    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let path = reference.trim_start_matches("#/components");
        self.components.pointer(path).unwrap_or(&Value::Null)
    }

    /// Fields of a body that its schema does not name. Most schemas allow more than they name, and a
    /// server then takes no notice of it: that is how a misspelt field fails in silence.
    fn unknown_fields(&self, schema: &Value, instance: &Value) -> Vec<String> {
        let named = &self.resolve(schema)["properties"];
        let fields = instance.as_object().into_iter().flatten().map(|(name, _)| name);
        fields
            .filter(|name| named.get(name).is_none())
            .map(|name| format!("the field {name} is not described"))
            .collect()
    }

    fn errors(&self, schema: &Value, instance: &Value) -> Vec<String> {
        let schema = json!({"allOf": [to_json_schema(schema.clone())], "components": self.components});
        let validator: Validator = jsonschema::options().with_draft(Draft::Draft7).build(&schema).unwrap();
        validator.iter_errors(instance).map(|error| format!("{} at {}", error, error.instance_path())).collect()
    }
}

/// OpenAPI 3.0 says `nullable` where JSON Schema has `null` among the types.
fn to_json_schema(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            let nullable = fields.remove("nullable") == Some(Value::Bool(true));
            if nullable {
                if let Some(ty) = fields.get("type").cloned() {
                    fields.insert("type".into(), json!([ty, "null"]));
                }
                if let Some(Value::Array(values)) = fields.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            // A slip in the organization's description: limits of a number on a list.
            if fields.get("type") == Some(&json!("array")) {
                for (number, list) in [("minimum", "minItems"), ("maximum", "maxItems")] {
                    if let Some(limit) = fields.remove(number) {
                        fields.insert(list.into(), limit);
                    }
                }
            }
            for field in fields.values_mut() {
                *field = to_json_schema(field.take());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = to_json_schema(item.take())),
        _ => {}
    }
    value
}

/// Whether a path is one of a template's; a template matches itself.
fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template
            .iter()
            .zip(&path)
            .all(|(wanted, given)| wanted == given || (wanted.starts_with('{') && !given.is_empty()))
}
