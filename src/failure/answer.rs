//! Failures from the wire: no answer, an answer that refuses, an answer that cannot be read.

use super::said::said;
use super::{Change, Failure, FailureKind};
use crate::connection::Plane;
use crate::operation::{Operation, Safety};
use crate::transport::{Response, TransportError};

impl Failure {
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
                crate::failure::WRONG_ADDRESS.to_owned(),
            ),
        };
        let change = match operation.safety {
            Safety::Write if error.may_have_arrived() => Change::Unknown,
            _ => Change::NotApplied,
        };
        Failure::new(kind, message).advise(advice).after(change)
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
            FailureKind::Protocol => "This is no answer that Atlassian documents",
            _ => "Atlassian refused the request",
        };
        let message = match said {
            Some(said) => format!("{what} (HTTP {status}, {}): {said}", operation.id),
            None => format!("{what} (HTTP {status}, {}).", operation.id),
        };
        // A redirect or a 5xx may come from something in between, after the server has acted; and a
        // success that is not documented may be one.
        let change = match (operation.safety, status) {
            (Safety::Write, 200..=399 | 408 | 500..=599) => Change::Unknown,
            _ => Change::NotApplied,
        };
        let text = |name: &str| answer.header(name).map(str::to_owned);
        let mut failure = Failure::new(kind, message).advise(advice(operation, status)).after(change);
        failure.status = Some(status);
        failure.retry_after = answer.header("retry-after").and_then(|value| value.trim_ascii().parse().ok());
        failure.code = code;
        failure.request_id = ["atl-traceid", "x-arequestid", "x-request-id"].into_iter().find_map(text);
        failure
    }

    /// An answer came whose status is a success, and whose body is not what it should be.
    pub(crate) fn from_body(operation: &Operation, answer: &Response, wrong: &str) -> Failure {
        let message =
            format!("Atlassian's answer to {} (HTTP {}) cannot be read: {wrong}.", operation.id, answer.status);
        let change = match (operation.safety, answer.status) {
            (Safety::Write, 201) => Change::Applied,
            // A login page is a 200, too.
            (Safety::Write, _) => Change::Unknown,
            (Safety::Read, _) => Change::NotApplied,
        };
        let mut failure =
            Failure::new(FailureKind::Protocol, message).advise(crate::failure::WRONG_ADDRESS).after(change);
        failure.status = Some(answer.status);
        failure
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
        (200..=299, ..) => crate::failure::WRONG_ADDRESS,
        (500..=599, ..) | (408, ..) => "Try again later; see status.atlassian.com.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{jira, organization};

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: vec![("X-AREQUESTID".into(), "r-1".into())], body: body.as_bytes().to_vec() }
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
