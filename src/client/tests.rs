//! The client against a scripted transport, whose clock goes on only when somebody waits.

mod change;
mod exchange;
mod list;
mod overlap;

use super::*;
use crate::connection::{Given, Kind};
use crate::operations::{confluence, jira, scim};
use crate::transport::TransportError;
use crate::transport::scripted::Scripted;

/// Nothing is sent again.
const ONCE: Policy = Policy { retries: 0 };

/// Makes a change that nothing can be seen of.
fn tell(client: &Client<'_>, call: Call) -> Result<()> {
    client.change(call, &|| Ok(None)).map(drop)
}

fn organization() -> Connection {
    Connection::organization("o-1", "key-s3cret", None, None).unwrap()
}

#[test]
fn a_path_is_filled_in_and_cannot_be_left() {
    let (connection, transport) = (organization(), Scripted::default().answer(204, ""));
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let call = |group: &str| Call::new(&organization::ADD_MEMBER).path("groupId", group);
    tell(&client, call("../a/b?c#d")).unwrap();
    let asked = transport.asked.borrow().join("\n");
    assert_eq!(asked, "POST /admin/v2/orgs/o-1/directories/-/groups/..%2Fa%2Fb%3Fc%23d/memberships");
    for bad in ["", ".", ".."] {
        assert_eq!(tell(&client, call(bad)).unwrap_err().kind, FailureKind::InvalidInput, "{bad:?}");
    }
}

#[test]
fn a_cloud_id_is_looked_up_once_and_taken_only_if_it_is_one() {
    let id = "70ef3a32-d0da-4e09-b35e-0109f91969c3";
    let body = format!(r#"{{"cloudId":"{id}"}}"#);
    let given = Given::new(Kind::OAuth, "acme.atlassian.net", "token");
    let connection = Connection::new(&given).unwrap();
    let call = || Call::new(&jira::MYSELF);
    let transport = Scripted::default().answer(200, &body).answer(200, "{}").answer(200, "{}");
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    client.call(call()).unwrap();
    client.call(call()).unwrap();
    let myself = format!("GET /ex/jira/{id}/rest/api/3/myself");
    assert_eq!(*transport.asked.borrow(), ["GET /_edge/tenant_info", &myself, &myself]);
    for (status, body) in [(403, body.as_str()), (200, r#"{"cloudId":"../../admin"}"#), (200, "{}"), (200, "<html>")] {
        let transport = Scripted::default().answer(status, body);
        let client = Client::new(&connection, &transport, DEADLINE, ONCE);
        let failure = client.call(call()).unwrap_err();
        assert_eq!((failure.kind, failure.status), (FailureKind::NotFound, Some(status)), "{body}");
    }
}

fn lost() -> TransportError {
    TransportError::Lost("reset".into())
}

fn site() -> Connection {
    Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap()
}

#[test]
fn a_cloud_id_that_cannot_be_looked_up_now_is_not_one_that_is_not_there() {
    for (status, kind) in [(429, FailureKind::RateLimited), (503, FailureKind::Unavailable)] {
        let transport = Scripted::default().with(status, &[("Retry-After", "7")], "");
        let connection = Connection::new(&Given::new(Kind::OAuth, "acme.atlassian.net", "token")).unwrap();
        let client = Client::new(&connection, &transport, DEADLINE, ONCE);
        let failure = client.call(Call::new(&jira::MYSELF)).unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (kind, Some(7)));
    }
}
