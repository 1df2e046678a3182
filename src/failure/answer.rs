//! Failures from the wire: no answer, an answer that refuses, an answer that cannot be read.

use super::diagnosis::diagnose;
use super::said::{Said, said};
use super::{Change, Failure, FailureKind};
use crate::connection::Connection;
use crate::operation::{Operation, Safety};
use crate::pace;
use crate::text::has;
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
            TransportError::Unsent(what) | TransportError::Never(what) => (
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
            Safety::Read => Change::NotApplied,
            _ if error.may_have_arrived() => Change::Unknown,
            _ => Change::NotApplied,
        };
        Failure::new(kind, message).advise(advice).after(change)
    }

    /// An answer came whose status is not a success, or that was meant for a stranger.
    pub(crate) fn from_answer(connection: &Connection, operation: &Operation, answer: &Response) -> Failure {
        let status = answer.status;
        let Said { sentence: said, code, is_of_an_api } = said(&answer.body);
        let says = |texts: &[&str]| texts.iter().any(|text| has(&said, text));
        let is_stranger = is_refused(answer) && status != 401;
        let kind = match status {
            _ if is_stranger => FailureKind::Unauthenticated,
            403 if says(&REFUSALS) => FailureKind::Unauthenticated,
            // States that come as a 400 or a 403 and are told by their words only.
            400 | 403 if says(&["Licence exceeded", "externalDirectory"]) => FailureKind::Conflict,
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
        let what = match kind {
            FailureKind::Unauthenticated if is_stranger => {
                "Atlassian did not accept the credential, and answered as to a stranger"
            }
            FailureKind::Unauthenticated => "Atlassian did not accept the credential",
            FailureKind::Forbidden => "Atlassian does not let this credential do that",
            FailureKind::NotFound => "Atlassian does not know what this is about",
            FailureKind::Conflict => "The state of the organization does not allow it",
            FailureKind::RateLimited => "Atlassian wants fewer requests",
            FailureKind::Unavailable | FailureKind::Timeout => "Atlassian could not answer",
            FailureKind::Protocol => "This is no answer that Atlassian documents",
            _ => "Atlassian refused the request",
        };
        let mut advice = diagnose(connection, operation, answer, &said);
        if advice.is_empty() {
            advice.push_str(by_status(status));
        }
        let colon = if said.is_empty() { "." } else { ": " };
        let message = format!("{what} (HTTP {status}, {}){colon}{said}", operation.id);
        // A redirect or a 5xx may come from something in between, after the server has acted; and a
        // success that is not documented may be one.
        let change = match (operation.safety, status) {
            (Safety::Read, _) => Change::NotApplied,
            (_, 200..=399 | 408 | 500..=599) => Change::Unknown,
            _ => Change::NotApplied,
        };
        let text = |name: &str| answer.header(name).map(str::to_owned);
        let mut failure = Failure::new(kind, message).advise(advice).after(change);
        failure.status = Some(status);
        failure.retry_after = pace::asked(answer).map(|wait| u32::try_from(wait.as_secs()).unwrap_or(u32::MAX));
        failure.code = code;
        failure.is_known = match status {
            // The gateway says 401 to a token that it knows and that lacks a scope.
            401 => says(&["scope does not match"]),
            // In the words of the API itself, behind everything that checks credentials.
            403 => kind != FailureKind::Unauthenticated && is_of_an_api,
            _ => false,
        };
        failure.request_id = ["atl-traceid", "x-arequestid", "x-request-id"].into_iter().find_map(text);
        failure
    }

    /// An answer came whose status is a success, and whose body is not what it should be.
    pub(crate) fn from_body(operation: &Operation, answer: &Response, wrong: &str) -> Failure {
        let message =
            format!("Atlassian's answer to {} (HTTP {}) cannot be read: {wrong}.", operation.id, answer.status);
        let change = match (operation.safety, answer.status) {
            (Safety::Read, _) => Change::NotApplied,
            (_, 201) => Change::Applied,
            // A login page is a 200, too.
            _ => Change::Unknown,
        };
        let mut failure =
            Failure::new(FailureKind::Protocol, message).advise(crate::failure::WRONG_ADDRESS).after(change);
        failure.status = Some(answer.status);
        failure
    }
}

/// What to do about a status of which no cause is known.
fn by_status(status: u16) -> &'static str {
    match status {
        400 => "Check the values; Atlassian's own words are in the message.",
        404 => "Check the address and the ids, and that this product is there.",
        409 => "Check that the licence has room left, in Atlassian Administration > Billing.",
        300..=399 => "Usher follows no redirects. Check the address.",
        200..=299 => crate::failure::WRONG_ADDRESS,
        500..=599 | 408 => "Try again later; see status.atlassian.com.",
        _ => "",
    }
}

/// What says that a credential was not accepted, although the status says that it may not do this.
const REFUSALS: [&str; 2] = ["Connect Session Auth Token", "Basic authentication with passwords"];

/// Whether the answer is to nobody: Jira does not refuse a wrong e-mail address or token where
/// strangers may ask too, but answers them, with an empty list or a 404, and says so in this header
/// only (measured: github.com/brekkylab/backlot/issues/123, MrRefactoring/jira.js/issues/418).
pub(crate) fn is_refused(answer: &Response) -> bool {
    let reason = answer.header("x-seraph-loginreason").unwrap_or_default();
    // What says "later" says so to everybody.
    answer.status < 429 && ["AUTHENTICATED_FAILED", "AUTHENTICATION_DENIED"].iter().any(|refused| has(reason, refused))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Given, Kind, Plane};
    use crate::operations::{jira, organization, scim};

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: vec![("X-AREQUESTID".into(), "r-1".into())], body: body.as_bytes().to_vec() }
    }

    fn site() -> Connection {
        Connection::site("acme.atlassian.net", "mia@example.com", "token").unwrap()
    }

    #[test]
    fn a_server_error_leaves_a_write_unknown_and_a_read_undone() {
        let write = Failure::from_answer(&site(), &jira::CREATE_USER, &answer(502, "<html>"));
        assert_eq!((write.kind, write.change), (FailureKind::Unavailable, Change::Unknown));
        assert!(write.advice.contains("look before sending it again"));
        let read = Failure::from_answer(&site(), &jira::FIND_USERS, &answer(502, "<html>"));
        assert_eq!((read.change, read.request_id.as_deref()), (Change::NotApplied, Some("r-1")));
    }

    #[test]
    fn whoever_is_answered_as_a_stranger_is_refused_unless_everybody_has_to_wait() {
        for (status, kind) in [
            (200, FailureKind::Unauthenticated),
            (400, FailureKind::Unauthenticated),
            (404, FailureKind::Unauthenticated),
            (429, FailureKind::RateLimited),
            (503, FailureKind::Unavailable),
        ] {
            let mut stranger = answer(status, "[]");
            stranger.headers.push(("x-seraph-loginreason".into(), "AUTHENTICATED_FAILED".into()));
            let failure = Failure::from_answer(&site(), &jira::FIND_USERS, &stranger);
            assert_eq!(failure.kind, kind, "{status}");
            let is_wrong = failure.advice.contains("do not belong together");
            assert_eq!(is_wrong, kind == FailureKind::Unauthenticated, "{status} {}", failure.advice);
        }
    }

    #[test]
    fn a_certain_cause_is_named_alone() {
        let mut both = answer(401, "Basic authentication with passwords is deprecated.");
        both.headers.push(("X-Seraph-LoginReason".into(), "AUTHENTICATION_DENIED".into()));
        let advice = Failure::from_answer(&site(), &jira::FIND_USERS, &both).advice.clone();
        let lines: Vec<&str> = advice.lines().collect();
        assert!(lines.len() == 2 && lines[1].starts_with("Certain: After too many failed logins"), "{advice}");
    }

    #[test]
    fn a_page_for_a_browser_is_told_by_its_type_or_by_how_it_begins() {
        let advice = |answer: &Response| Failure::from_answer(&site(), &jira::FIND_USERS, answer).advice.clone();
        let mut typed = answer(403, "Access blocked");
        assert!(!advice(&typed).contains("proxy"));
        typed.headers.push(("Content-Type".into(), "text/html; charset=utf-8".into()));
        for page in [typed, answer(403, " <!DOCTYPE html><p>"), answer(403, "<!doctype HTML>"), answer(403, "<HTML>")] {
            assert!(advice(&page).contains("a proxy, or a list of allowed addresses"), "{page:?}");
        }
    }

    #[test]
    fn every_refusal_of_every_kind_everywhere_has_an_advice_that_is_filled_in() {
        let (cloud, site) = ("70ef3a32-d0da-4e09-b35e-0109f91969c3", "acme.atlassian.net");
        let (of_site, of_organization, of_scim) = (&jira::CREATE_USER, &organization::INVITE, &scim::LIST_USERS);
        for (kind, plane, id, operation) in [
            (Kind::ApiToken, Plane::Site, site, of_site),
            (Kind::ScopedToken, Plane::Site, cloud, of_site),
            (Kind::ServiceAccount, Plane::Site, cloud, of_site),
            (Kind::OAuth, Plane::Site, cloud, of_site),
            (Kind::ApiKey, Plane::Organization, "o-1", of_organization),
            (Kind::ApiKey, Plane::Organization, "o-1", &organization::GET_MANAGEABILITY),
            (Kind::ScimKey, Plane::Scim, "d-1", of_scim),
            (Kind::HostSigned, Plane::Site, site, of_site),
            (Kind::HostSigned, Plane::Site, cloud, of_site),
            (Kind::HostSigned, Plane::Organization, "o-1", of_organization),
            (Kind::HostSigned, Plane::Organization, "o-1", &organization::GET_MANAGEABILITY),
            (Kind::HostSigned, Plane::Scim, "d-1", of_scim),
        ] {
            let given = Given { plane, email: "mia@example.com", ..Given::new(kind, id, "token") };
            let connection = Connection::new(&given).unwrap();
            for (status, body) in [(401, ""), (401, "<!DOCTYPE HTML>"), (403, ""), (403, "<HTML>"), (403, "{}")] {
                let advice = Failure::from_answer(&connection, operation, &answer(status, body)).advice.clone();
                let lines: Vec<&str> = advice.lines().collect();
                let what = format!("{kind:?} {plane:?} {status} {body} {advice}");
                assert!(lines[0].starts_with("Sent: ") && lines[1].starts_with("Likely: "), "{what}");
                assert!(!advice.contains(['{', '}']) && lines.len() <= 4, "{what}");
            }
        }
    }
}
