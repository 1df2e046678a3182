//! The one error type: why something did not work, and what to do about it.

use crate::connection::Plane;
use crate::operation::{Operation, Safety};
use crate::transport::{Response, TransportError};
use serde_json::Value;

/// A result whose error is a [`Failure`].
pub type Result<T> = std::result::Result<T, Failure>;

/// Why something did not work.
///
/// Boxed, because it travels through every `?`: that alone is 40 kB of component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Box<Facts>);

/// What a failure says; the fields are those of the contract's `failure`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// What kind of failure it is.
    pub kind: FailureKind,
    /// What happened, for a person.
    pub message: String,
    /// What to do about it, for a person.
    pub advice: String,
    /// The HTTP status of the answer, if there was one.
    pub status: Option<u16>,
    /// Seconds to wait, if the server said so.
    pub retry_after: Option<u32>,
    /// Atlassian's own error code.
    pub code: Option<String>,
    /// The id of the request at Atlassian.
    pub request_id: Option<String>,
    /// Whether the change was made.
    pub change: Change,
    /// What became of the parts of the change.
    pub parts: Vec<Part>,
}

/// The contract's `failure-kind`, which documents the cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum FailureKind {
    InvalidInput,
    Unauthenticated,
    Forbidden,
    NotFound,
    Ambiguous,
    Conflict,
    Incomplete,
    RateLimited,
    Timeout,
    Unavailable,
    DeniedByHost,
    Protocol,
    Other,
}

/// The contract's `change`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum Change {
    NotApplied,
    Applied,
    PartlyApplied,
    Unknown,
}

/// The contract's `part`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Part {
    pub kind: PartKind,
    pub name: String,
    pub outcome: PartOutcome,
    pub reason: String,
}

/// The contract's `part-kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum PartKind {
    Access,
    Group,
}

/// The contract's `part-outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum PartOutcome {
    Added,
    AlreadyThere,
    Requested,
    Failed,
}

impl Part {
    /// A part that did not fail.
    pub(crate) fn new(kind: PartKind, name: &str, outcome: PartOutcome) -> Part {
        Part { kind, name: name.to_owned(), outcome, reason: String::new() }
    }

    /// A part that failed, and why.
    pub(crate) fn failed(kind: PartKind, name: &str, reason: impl Into<String>) -> Part {
        Part { kind, name: name.to_owned(), outcome: PartOutcome::Failed, reason: reason.into() }
    }
}

impl std::ops::Deref for Failure {
    type Target = Facts;

    fn deref(&self) -> &Facts {
        &self.0
    }
}

impl std::ops::DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut Facts {
        &mut self.0
    }
}

impl From<Failure> for Facts {
    fn from(failure: Failure) -> Facts {
        *failure.0
    }
}

impl Failure {
    /// A failure before anything was changed.
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure(Box::new(Facts {
            kind,
            message: message.into(),
            advice: String::new(),
            status: None,
            retry_after: None,
            code: None,
            request_id: None,
            change: Change::NotApplied,
            parts: Vec::new(),
        }))
    }

    /// An argument that is wrong.
    pub(crate) fn invalid(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::InvalidInput, message)
    }

    /// The same with what to do about it.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Failure {
        self.advice = advice.into();
        self
    }

    /// No answer came.
    pub(crate) fn from_transport(operation: &Operation, host: &str, error: &TransportError) -> Failure {
        let (kind, message, advice) = match error {
            TransportError::Denied => (
                FailureKind::DeniedByHost,
                format!("The host does not let Usher reach {host}."),
                format!("Add {host} to the hosts this component may reach."),
            ),
            TransportError::Timeout { .. } => (
                FailureKind::Timeout,
                format!("{host} did not finish its answer before the call's deadline."),
                "Try again later; if it goes on, see status.atlassian.com and the network in between.".into(),
            ),
            TransportError::Unsent(what) => (
                FailureKind::Unavailable,
                format!("{host} cannot be reached: {what}."),
                format!("Check the name {host} and the network between."),
            ),
            TransportError::Lost(what) => (
                FailureKind::Unavailable,
                format!("{host} broke off before its answer was complete: {what}."),
                "Try again later.".into(),
            ),
            TransportError::TooLarge(limit) => (
                FailureKind::Protocol,
                format!("{host} answered with more than {limit} bytes."),
                "Check that the address is Atlassian's and not a proxy's or a login page's.".into(),
            ),
        };
        let change = match operation.safety {
            Safety::Write if error.may_have_arrived() => Change::Unknown,
            _ => Change::NotApplied,
        };
        let mut failure = Failure::new(kind, message).advise(advice);
        failure.change = change;
        failure.look_first()
    }

    /// An answer came whose status is not a success.
    pub(crate) fn from_answer(operation: &Operation, answer: &Response) -> Failure {
        let status = answer.status;
        let kind = match status {
            400 | 405..=406 | 410..=428 => FailureKind::Other,
            401 => FailureKind::Unauthenticated,
            402 | 409 => FailureKind::Conflict,
            403 => FailureKind::Forbidden,
            404 => FailureKind::NotFound,
            408 | 504 => FailureKind::Timeout,
            429 => FailureKind::RateLimited,
            500..=599 => FailureKind::Unavailable,
            _ => FailureKind::Protocol,
        };
        let (said, code) = said(&answer.body);
        let what = match kind {
            FailureKind::Unauthenticated => "Atlassian did not accept the credential",
            FailureKind::Forbidden => "Atlassian does not let this credential do that",
            FailureKind::NotFound => "Atlassian does not know what this is about",
            FailureKind::Conflict => "The state of the organization does not allow it",
            FailureKind::RateLimited => "Atlassian wants fewer requests",
            FailureKind::Unavailable | FailureKind::Timeout => "Atlassian could not answer",
            _ => "Atlassian refused the request",
        };
        let message = match said {
            Some(said) => format!("{what} (HTTP {status}, {}): {said}", operation.id),
            None => format!("{what} (HTTP {status}, {}).", operation.id),
        };
        // A redirect or a 5xx may come from something in between, after the server has acted.
        let change = match (operation.safety, status) {
            (Safety::Write, 408 | 500..=599 | 300..=399) => Change::Unknown,
            _ => Change::NotApplied,
        };
        let text = |name: &str| answer.header(name).map(str::to_owned);
        let mut failure = Failure::new(kind, message).advise(advice(operation, status));
        failure.status = Some(status);
        failure.retry_after = answer.header("retry-after").and_then(|value| value.trim_ascii().parse().ok());
        failure.code = code;
        failure.request_id = ["atl-traceid", "x-arequestid", "x-request-id"].into_iter().find_map(text);
        failure.change = change;
        failure.look_first()
    }

    /// An answer came whose status is a success, and whose body is not what it should be.
    pub(crate) fn from_body(operation: &Operation, answer: &Response, wrong: &str) -> Failure {
        let message =
            format!("Atlassian's answer to {} (HTTP {}) cannot be read: {wrong}.", operation.id, answer.status);
        let change = match operation.safety {
            Safety::Write => Change::Applied,
            Safety::Read => Change::NotApplied,
        };
        let mut failure = Failure::new(FailureKind::Protocol, message)
            .advise("Check that the address is Atlassian's and not a proxy's or a login page's.");
        failure.status = Some(answer.status);
        failure.change = change;
        failure
    }

    /// Says in the advice what `change` says, where it is not known what became of the change.
    fn look_first(mut self) -> Failure {
        if self.change == Change::Unknown {
            self.advice.insert_str(0, "The change may have been made: look before sending it again. ");
        }
        self
    }
}

/// What to do about a status, by operation.
fn advice(operation: &Operation, status: u16) -> &'static str {
    match (status, operation.plane, operation.safety) {
        (400, ..) => "Check the values; Atlassian's own words are in the message.",
        (401, Plane::Site, _) => {
            "A site takes the account's e-mail address with an API token of that account, made without scopes \
             at id.atlassian.com > Security > API tokens. Check that the two belong together and that the \
             token has not expired (it lives a year at most). An organization's API key never works here."
        }
        (401, Plane::Organization, _) => {
            "This takes an API key of this very organization, made in Atlassian Administration \
             (admin.atlassian.com) > Organization settings > API keys. A person's API token never works here. \
             Check the organization id, and that the key has not expired (it lives a year at most)."
        }
        (402, ..) => "The organization's plan does not include this; it takes a paid plan.",
        (403, Plane::Site, Safety::Write) => {
            "Inviting takes an organization admin who also administers Jira; changing groups takes a site admin. \
             Use a token of such a person, or an organization's API key."
        }
        (403, Plane::Site, Safety::Read) => "The person needs the global permission `Browse users and groups`.",
        (403, Plane::Organization, _) => {
            "The API key most likely lacks the scope for this. Make a key with it in Atlassian Administration > \
             Organization settings > API keys."
        }
        (404, Plane::Site, _) => "Check the site's address, and that it has this product.",
        (404, Plane::Organization, _) => {
            "Check the organization id and the directory id, and that the organization uses centralized user \
             management."
        }
        (409, ..) => "Check that the licence has room left, in Atlassian Administration > Billing.",
        (429, ..) => "Wait, then try again.",
        (300..=399, ..) => "Usher follows no redirects. Check the address.",
        (500..=599, ..) | (408, ..) => "Try again later; see status.atlassian.com.",
        _ => "",
    }
}

/// The sentence in an error body, and Atlassian's code for it.
///
/// Atlassian has at least five forms of JSON errors, and answers in XML or HTML where a gateway
/// or a login page is in front.
fn said(body: &[u8]) -> (Option<String>, Option<String>) {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        let text = String::from_utf8_lossy(&body[..body.len().min(4096)]);
        return (["message", "title"].iter().find_map(|tag| element(&text, tag)).or_else(|| plain(&text)), None);
    };
    let string = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let mut sentences: Vec<String> = Vec::new();
    let mut code = None;
    sentences.extend(value["errorMessages"].as_array().into_iter().flatten().filter_map(string));
    if let Some(fields) = value["errors"].as_object() {
        sentences.extend(fields.iter().filter_map(|(field, text)| Some(format!("{field}: {}", text.as_str()?))));
    }
    for error in value["errors"].as_array().into_iter().flatten() {
        sentences.extend(string(&error["detail"]).or_else(|| string(&error["title"])));
        code = code.or_else(|| string(&error["code"]));
    }
    if sentences.is_empty() {
        let keys = ["message", "error_description", "error", "detail", "key"];
        sentences.extend(keys.iter().find_map(|key| string(&value[*key])));
    }
    (short(&sentences.join(" ")), code.or_else(|| string(&value["code"])))
}

/// The text of the first `<tag>` in XML or HTML.
fn element(text: &str, tag: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{tag}>"))?;
    short(rest.split_once('<')?.0)
}

/// Text that is no markup.
fn plain(text: &str) -> Option<String> {
    (!text.trim_ascii_start().starts_with('<')).then(|| short(text)).flatten()
}

/// One line of at most 300 characters.
fn short(text: &str) -> Option<String> {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if line.len() + word.len() > 300 {
            line.push('…');
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{jira, organization};

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: vec![("X-AREQUESTID".into(), "r-1".into())], body: body.as_bytes().to_vec() }
    }

    #[test]
    fn the_sentence_is_found_in_every_form_of_error_body() {
        for (body, sentence, code) in [
            (r#"{"errorMessages":["No such group."],"errors":{}}"#, "No such group.", None),
            (r#"{"errorMessages":[],"errors":{"email":"is taken"}}"#, "email: is taken", None),
            (r#"{"errors":[{"code":"ADMIN-400-4","title":"Bad","detail":"Bad org"}]}"#, "Bad org", Some("ADMIN-400-4")),
            (r#"{"errors":[{"code":"X","title":"Bad","detail":null}]}"#, "Bad", Some("X")),
            (r#"{"code":401,"message":"Unauthorized"}"#, "Unauthorized", None),
            (
                r#"{"error": "Failed to parse Connect Session Auth Token"}"#,
                "Failed to parse Connect Session Auth Token",
                None,
            ),
            (r#"{"key":"unauthorized"}"#, "unauthorized", None),
            ("<html><head><title>Unauthorized (401)</title></head></html>", "Unauthorized (401)", None),
            (
                "<?xml version=\"1.0\"?><status><message>Client must be\n authenticated</message></status>",
                "Client must be authenticated",
                None,
            ),
            ("upstream connect error", "upstream connect error", None),
        ] {
            assert_eq!(said(body.as_bytes()), (Some(sentence.into()), code.map(Into::into)), "{body}");
        }
        for nothing in ["", "<html><body>x</body></html>", "{}", "[]", "null", "3"] {
            assert_eq!(said(nothing.as_bytes()).0.filter(|said| said != "3"), None, "{nothing}");
        }
    }

    #[test]
    fn a_long_body_is_cut_and_stays_one_line() {
        let (said, _) = said("word\r\n".repeat(10_000).as_bytes());
        let said = said.unwrap();
        assert!(said.len() <= 305 && !said.contains('\n'), "{said}");
    }

    #[test]
    fn a_server_error_leaves_a_write_unknown_and_a_read_undone() {
        let write = Failure::from_answer(&jira::CREATE_USER, &answer(502, "<html>"));
        assert_eq!((write.kind, write.change), (FailureKind::Unavailable, Change::Unknown));
        assert!(write.advice.contains("look before sending it again"));
        let read = Failure::from_answer(&jira::FIND_USERS, &answer(502, "<html>"));
        assert_eq!((read.change, read.request_id.as_deref()), (Change::NotApplied, Some("r-1")));
    }

    #[test]
    fn a_401_says_what_the_plane_takes() {
        let organization =
            Failure::from_answer(&organization::INVITE, &answer(401, r#"{"code":401,"message":"Unauthorized"}"#));
        assert!(organization.advice.contains("API keys") && organization.advice.contains("API token never works"));
        let site = Failure::from_answer(&jira::FIND_USERS, &answer(401, ""));
        assert!(site.advice.contains("API token of that account"));
    }
}
