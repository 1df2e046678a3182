//! The client against a scripted transport, whose clock goes on only when somebody waits.

use super::change::BRIEF;
use super::list::PAGE;
use super::*;
use crate::connection::{Given, Kind};
use crate::failure::Change;
use crate::operations::{confluence, jira, scim};
use crate::transport::scripted::{Scripted, run};
use crate::transport::{MAX_BODY, TransportError};

/// Nothing is sent again.
const ONCE: Policy = Policy { retries: 0 };

/// Makes a change that nothing can be seen of.
fn tell(client: &Client<'_, Scripted>, call: Call) -> Result<()> {
    run(client.change(call, &|| Box::pin(async { Ok(None) }))).map(drop)
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
fn a_list_follows_its_cursor_in_the_body() {
    let transport = Scripted::default()
        .answer(200, r#"{"data":[1,2],"links":{"next":"c/2"}}"#)
        .answer(200, r#"{"data":[3],"links":{}}"#);
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let all = run(client.list(Call::new(&organization::SEARCH_USERS).json(Object::new().raw("limit", "2")))).unwrap();
    assert_eq!(all, [1, 2, 3].map(Value::Number));
    assert!(transport.asked.borrow()[1].ends_with(r#"{"limit":2,"cursor":"c/2"}"#));
}

#[test]
fn a_list_that_goes_round_in_circles_ends() {
    let page = r#"{"data":[1],"links":{"next":"again"}}"#;
    let transport = Scripted::default().answer(200, page).answer(200, page);
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = run(client.list(Call::new(&organization::SEARCH_USERS).json(Object::new()))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Protocol);
}

#[test]
fn a_full_page_is_followed_by_start_at() {
    let full = format!("[0{}]", ",0".repeat(PAGE - 1));
    let transport = Scripted::default().answer(200, &full).answer(200, "[1]");
    let connection = Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let all = run(client.list(Call::new(&jira::FIND_USERS).query("query", "a b"))).unwrap();
    assert_eq!(all.len(), PAGE + 1);
    assert_eq!(transport.asked.borrow()[1], "GET /rest/api/3/user/search?query=a%20b&startAt=50&maxResults=50");
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
    run(client.call(call())).unwrap();
    run(client.call(call())).unwrap();
    let myself = format!("GET /ex/jira/{id}/rest/api/3/myself");
    assert_eq!(*transport.asked.borrow(), ["GET /_edge/tenant_info", &myself, &myself]);
    for (status, body) in [(403, body.as_str()), (200, r#"{"cloudId":"../../admin"}"#), (200, "{}"), (200, "<html>")] {
        let transport = Scripted::default().answer(status, body);
        let client = Client::new(&connection, &transport, DEADLINE, ONCE);
        let failure = run(client.call(call())).unwrap_err();
        assert_eq!((failure.kind, failure.status), (FailureKind::NotFound, Some(status)), "{body}");
    }
}

#[test]
fn a_page_that_is_not_the_last_is_followed() {
    let transport = Scripted::default()
        .answer(200, r#"{"isLast":false,"values":[1,2]}"#)
        .answer(200, r#"{"isLast":true,"values":[3]}"#);
    let connection = Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let all = run(client.list(Call::new(&jira::BULK_GET_GROUPS).query("groupName", "a"))).unwrap();
    assert_eq!(all, [1, 2, 3].map(Value::Number));
    assert_eq!(transport.asked.borrow()[1], "GET /rest/api/3/group/bulk?groupName=a&startAt=2&maxResults=50");
}

#[test]
fn an_answer_that_is_no_list_is_no_empty_list() {
    for body in ["{}", r#"{"errors":[]}"#, "[]", "<html>", ""] {
        let transport = Scripted::default().answer(200, body);
        let connection = organization();
        let client = Client::new(&connection, &transport, DEADLINE, ONCE);
        let failure = run(client.list(Call::new(&organization::SEARCH_USERS).json(Object::new()))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol, "{body}");
    }
}

#[test]
fn a_failure_says_whether_the_change_may_have_been_made_and_never_the_key() {
    let transport = Scripted::default()
        .fail(TransportError::Lost("reset".into()))
        .fail(TransportError::Unsent("refused".into()))
        .fail(TransportError::Denied)
        .fail(TransportError::Never("not trusted".into()))
        .answer(400, r#"{"errors":[{"detail":"bad key-s3cret"}]}"#);
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let next = || tell(&client, Call::new(&organization::INVITE).json(Object::new())).unwrap_err();
    let (lost, refused, denied, never, echoed) = (next(), next(), next(), next(), next());
    assert_eq!((lost.kind, lost.change), (FailureKind::Unavailable, Change::Unknown));
    assert_eq!((refused.kind, refused.change), (FailureKind::Unavailable, Change::NotApplied));
    assert_eq!((denied.kind, denied.change), (FailureKind::DeniedByHost, Change::NotApplied));
    assert_eq!((never.kind, never.change), (FailureKind::Unavailable, Change::NotApplied));
    assert!(lost.advice.starts_with("The change may have been made") && !never.advice.contains("may have been"));
    assert!(denied.advice.contains("api.atlassian.com"));
    let redacted = connection.redact_all(echoed).message.clone();
    assert!(redacted.contains("bad [redacted]"), "{redacted}");
}

fn lost() -> TransportError {
    TransportError::Lost("reset".into())
}

fn site() -> Connection {
    Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap()
}

#[test]
fn a_read_is_sent_again_with_longer_and_longer_pauses_until_it_is_answered() {
    let transport = Scripted::default().fail(lost()).answer(503, "").answer(429, "").answer(200, "{}");
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    assert_eq!(transport.asked.borrow().len(), 4);
    // 0.5 s, 1 s and 2 s, each at its shortest.
    assert_eq!(transport.now(), Duration::from_millis(350 + 700 + 1400));
}

#[test]
fn a_pause_that_would_outlast_the_deadline_is_not_made() {
    let transport = Scripted::default().with(429, &[("Retry-After", "1847")], "");
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    let failure = run(client.call(Call::new(&jira::MYSELF))).unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::RateLimited, Some(1847)));
    assert_eq!(transport.now(), Duration::ZERO);
}

#[test]
fn a_server_that_never_answers_ends_a_call_before_its_deadline() {
    let limit = Duration::from_secs(9);
    let silent = || Scripted::default().fail(lost()).after(Duration::MAX / 4);
    let transport = (0..4).fold(silent(), |transport, _| transport.fail(lost()).after(Duration::MAX / 4));
    let connection = site();
    let client = Client::new(&connection, &transport, limit, Policy::default());
    let failure = run(client.call(Call::new(&jira::MYSELF))).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(transport.now() <= limit, "{:?}", transport.now());
}

#[test]
fn requests_slow_down_before_the_limit_and_a_call_leaves_something_for_the_next() {
    let near = [("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", "3")];
    let transport = Scripted::default().with(200, &near, "{}").with(200, &near, "{}");
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    assert_eq!(transport.now(), Duration::ZERO);
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    assert_eq!(transport.now(), Duration::from_millis(250));
    run(client.finish());
    assert_eq!(transport.now(), Duration::from_millis(500));

    // What has passed by itself is not waited for again.
    let transport = Scripted::default().with(200, &near, "{}").answer(200, "{}");
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    run(transport.sleep(Duration::from_secs(9)));
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    run(client.finish());
    assert_eq!(transport.now(), Duration::from_secs(9));

    let transport = Scripted::default().with(200, &near, "{}");
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    run(client.finish());
    assert_eq!(transport.now(), Duration::ZERO, "who retries by themselves does without");
}

#[test]
fn the_limit_of_the_host_that_knows_the_cloud_id_is_not_the_gateways() {
    let empty = [("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", "0")];
    let body = r#"{"cloudId":"70ef3a32-d0da-4e09-b35e-0109f91969c3"}"#;
    let transport = Scripted::default().with(200, &empty, body).answer(200, "{}");
    let connection = Connection::new(&Given::new(Kind::OAuth, "acme.atlassian.net", "token")).unwrap();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    assert_eq!(transport.now(), Duration::ZERO);
}

#[test]
fn a_limit_that_never_ends_holds_nothing_up() {
    let never = u64::MAX.to_string();
    for name in ["X-RateLimit-Reset", "Retry-After"] {
        let headers = [("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", "0"), (name, never.as_str())];
        let transport = Scripted::default().with(200, &headers, "{}").with(429, &headers, "{}");
        let connection = site();
        let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
        run(client.call(Call::new(&jira::MYSELF))).unwrap();
        let failure = run(client.call(Call::new(&jira::MYSELF))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::RateLimited);
        run(client.finish());
        assert!(transport.now() < Duration::from_secs(2), "{:?}", transport.now());
    }
}

#[test]
fn a_burst_on_one_endpoint_does_not_slow_another() {
    let empty =
        [("RateLimit-Policy", r#""jira-burst-based";q=100;w=1"#), ("RateLimit", r#""jira-burst-based";r=0;t=1"#)];
    let transport = Scripted::default().with(200, &empty, "{}").answer(200, "{}").answer(200, "{}");
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    run(client.call(Call::new(&jira::GET_USER))).unwrap();
    assert_eq!(transport.now(), Duration::ZERO);
    run(client.call(Call::new(&jira::MYSELF))).unwrap();
    assert_eq!(transport.now(), Duration::from_secs(1));
}

/// Makes a change with looks that find this, one after the other.
fn change(transport: &Scripted, operation: &'static Operation, looks: &[Option<u64>]) -> Result<Changed> {
    let connection = if operation.plane == Plane::Site { site() } else { organization() };
    let client = Client::new(&connection, transport, DEADLINE, Policy::default());
    let looks = RefCell::new(looks.iter());
    let look = || looks.borrow_mut().next().map_or_else(|| panic!("one more look"), |seen| seen.map(Value::Number));
    let call = Call::new(operation).path("groupId", "g").json(Object::new());
    run(client.change(call, &|| Box::pin(std::future::ready(Ok(look())))))
}

#[test]
fn a_write_whose_answer_is_lost_is_looked_for_and_not_sent_again_if_it_shows() {
    for (operation, looks) in [
        (&organization::ADD_MEMBER, &[Some(1)][..]),
        (&organization::INVITE, &[None, None, Some(1)]),
        (&jira::CREATE_USER, &[Some(1)]),
    ] {
        for transport in [
            Scripted::default().fail(lost()),
            Scripted::default().answer(503, ""),
            Scripted::default().fail(TransportError::Timeout { sent: true }),
            Scripted::default().answer(200, "<html>a login page"),
        ] {
            let changed = change(&transport, operation, looks);
            assert!(matches!(changed, Ok(Changed::Seen(Value::Number(1)))), "{}", operation.id);
            assert_eq!(transport.asked.borrow().len(), 1);
        }
    }
}

/// How often is looked in [`BRIEF`], and in [`SETTLE`].
const LOOKS: (usize, usize) = (5, 8);

fn failed(changed: Result<Changed>) -> Failure {
    changed.err().unwrap_or_else(|| panic!("it is not made"))
}

#[test]
fn a_write_that_does_not_show_is_sent_again_after_a_moment() {
    let pause = Duration::from_millis(350);
    let transport = Scripted::default().fail(lost()).answer(204, "");
    let changed = change(&transport, &organization::ADD_MEMBER, &[None; LOOKS.0]);
    assert!(matches!(changed, Ok(Changed::Said(204, Value::Null))));
    assert_eq!((transport.asked.borrow().len(), transport.now()), (2, BRIEF + pause));

    // Five times, with longer and longer pauses, or as the server wants it.
    let always = (0..5).fold(Scripted::default(), |always, _| always.with(503, &[("Retry-After", "2")], ""));
    let failure = failed(change(&always, &organization::ADD_MEMBER, &[None; 5 * LOOKS.0]));
    assert_eq!((failure.change, always.asked.borrow().len()), (Change::NotApplied, 5));
    assert!(!failure.advice.contains("may have been made"), "{}", failure.advice);
    assert!(always.now() >= BRIEF * 5 + Duration::from_secs(8), "{:?}", always.now());
}

#[test]
fn an_invitation_is_sent_again_once_and_only_where_the_server_said_that_it_could_not() {
    let transport = Scripted::default().answer(503, "").answer(200, "{}");
    assert!(change(&transport, &organization::INVITE, &[None; LOOKS.1]).is_ok());
    assert_eq!(transport.asked.borrow().len(), 2);
    assert!(transport.now() > SETTLE);

    let twice = Scripted::default().answer(503, "").answer(503, "");
    let failure = failed(change(&twice, &organization::INVITE, &[None; 2 * LOOKS.1]));
    assert_eq!((failure.change, twice.asked.borrow().len()), (Change::Unknown, 2));

    for transport in [
        Scripted::default().fail(lost()),
        Scripted::default().fail(TransportError::Timeout { sent: true }),
        Scripted::default().answer(500, ""),
        Scripted::default().answer(200, "<html>"),
    ] {
        let failure = failed(change(&transport, &organization::INVITE, &[None; LOOKS.1]));
        assert_eq!((failure.change, transport.asked.borrow().len()), (Change::Unknown, 1));
    }
}

#[test]
fn what_is_refused_the_second_time_may_have_been_made_the_first_time() {
    let twice = || Scripted::default().fail(lost()).answer(409, "");
    let looks = [&[None; LOOKS.0][..], &[Some(1)]].concat();
    let changed = change(&twice(), &organization::ADD_MEMBER, &looks);
    assert!(matches!(changed, Ok(Changed::Seen(Value::Number(1)))));
    let failure = failed(change(&twice(), &organization::ADD_MEMBER, &[None; 2 * LOOKS.0]));
    assert!(failure.is(409) && failure.change == Change::Unknown);
}

#[test]
fn without_retries_what_does_not_show_at_once_stays_unknown() {
    let transport = Scripted::default().answer(504, "");
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = tell(&client, Call::new(&organization::ADD_MEMBER).path("groupId", "g")).unwrap_err();
    assert_eq!((failure.change, transport.now()), (Change::Unknown, Duration::ZERO));
}

#[test]
fn a_server_that_knows_nothing_of_where_a_page_begins_is_found_out() {
    let page = r#"{"totalResults":9,"Resources":[1,2]}"#;
    let transport = Scripted::default().answer(200, page).answer(200, page);
    let connection = Connection::new(&Given::new(Kind::ScimKey, "d-1", "key")).unwrap();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = run(client.list(Call::new(&scim::LIST_USERS))).unwrap_err();
    assert!(failure.message.contains("was there before"), "{}", failure.message);
}

#[test]
fn all_pages_together_are_no_more_than_one_answer_may_be() {
    let text = "x".repeat(MAX_BODY / 3);
    let page = |next: usize| format!(r#"{{"data":["{text}"],"links":{{"next":"{next}"}}}}"#);
    let transport = (0..3).fold(Scripted::default(), |transport, next| transport.answer(200, &page(next)));
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = run(client.list(Call::new(&organization::LIST_DIRECTORIES))).unwrap_err();
    assert!(failure.message.contains("more in it than is read"), "{}", failure.message);
}

#[test]
fn a_cloud_id_that_cannot_be_looked_up_now_is_not_one_that_is_not_there() {
    for (status, kind) in [(429, FailureKind::RateLimited), (503, FailureKind::Unavailable)] {
        let transport = Scripted::default().with(status, &[("Retry-After", "7")], "");
        let connection = Connection::new(&Given::new(Kind::OAuth, "acme.atlassian.net", "token")).unwrap();
        let client = Client::new(&connection, &transport, DEADLINE, ONCE);
        let failure = run(client.call(Call::new(&jira::MYSELF))).unwrap_err();
        assert_eq!((failure.kind, failure.retry_after), (kind, Some(7)));
    }
}

#[test]
fn what_is_done_later_is_never_sent_again_and_stays_unknown() {
    let transport = Scripted::default().fail(lost());
    let failure = failed(change(&transport, &confluence::INVITE, &[None; LOOKS.1]));
    assert_eq!((failure.change, transport.asked.borrow().len()), (Change::Unknown, 1));
    assert!(failure.message.contains("does not show"), "{}", failure.message);
}

#[test]
fn an_invitation_is_not_sent_again_where_there_is_no_time_to_be_sure() {
    let transport = Scripted::default().fail(lost());
    let connection = organization();
    let client = Client::new(&connection, &transport, Duration::from_secs(3), Policy::default());
    let failure = tell(&client, Call::new(&organization::INVITE).json(Object::new())).unwrap_err();
    assert_eq!((failure.change, transport.asked.borrow().len()), (Change::Unknown, 1));
    assert!(transport.now() < Duration::from_secs(3));
}

#[test]
fn every_style_of_paging_is_followed_to_its_end() {
    for (operation, pages, second) in [
        (
            &organization::LIST_DIRECTORIES,
            [r#"{"data":[1],"links":{"next":"a b"}}"#, r#"{"data":[2],"links":{"next":null}}"#],
            "cursor=a%20b",
        ),
        (
            &jira::BULK_GET_GROUPS,
            [r#"{"values":[1],"nextPage":"https://x/y"}"#, r#"{"values":[2]}"#],
            "startAt=1&maxResults=50",
        ),
        (
            &jira::BULK_GET_GROUPS,
            [r#"{"values":[1],"total":2}"#, r#"{"values":[2],"total":2}"#],
            "startAt=1&maxResults=50",
        ),
        (
            &scim::LIST_USERS,
            [r#"{"totalResults":2,"Resources":[1]}"#, r#"{"totalResults":2,"Resources":[2]}"#],
            "startIndex=2&count=50",
        ),
    ] {
        let connection = match operation.plane {
            Plane::Site => site(),
            Plane::Organization => organization(),
            Plane::Scim => Connection::new(&Given::new(Kind::ScimKey, "d-1", "key")).unwrap(),
        };
        let transport = Scripted::default().answer(200, pages[0]).answer(200, pages[1]);
        let client = Client::new(&connection, &transport, DEADLINE, ONCE);
        let all = run(client.list(Call::new(operation))).unwrap();
        assert_eq!(all, [1, 2].map(Value::Number), "{}", pages[0]);
        assert!(transport.asked.borrow()[1].ends_with(second), "{}", transport.asked.borrow()[1]);
    }
}

#[test]
fn an_empty_page_is_the_last_only_where_no_other_is_named() {
    let transport = Scripted::default()
        .answer(200, r#"{"data":[],"links":{"next":"a"}}"#)
        .answer(200, r#"{"data":[1],"links":{}}"#);
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let all = run(client.list(Call::new(&organization::LIST_DIRECTORIES))).unwrap();
    assert_eq!(all, [Value::Number(1)]);
    // What is never the last by what it says ends all the same.
    let transport = Scripted::default().answer(200, r#"{"values":[],"isLast":false}"#);
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    assert!(run(client.list(Call::new(&jira::BULK_GET_GROUPS))).unwrap().is_empty());
}

#[test]
fn a_list_without_end_ends_as_a_failure() {
    let connection = organization();
    let call = || Call::new(&organization::SEARCH_USERS).json(Object::new());
    // Between two pages, and with a new cursor for each of very many.
    let pages = ["a", "b", "a"].map(|next| format!(r#"{{"data":[1],"links":{{"next":"{next}"}}}}"#));
    let transport = pages.iter().fold(Scripted::default(), |transport, page| transport.answer(200, page));
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = run(client.list(call())).unwrap_err();
    assert!(failure.message.contains("was there before"), "{}", failure.message);

    let many = vec!["1"; MAX_VALUES / 3].join(",");
    let page = |next: usize| format!(r#"{{"data":[{many}],"links":{{"next":"{next}"}}}}"#);
    let transport = (0..3).fold(Scripted::default(), |transport, next| transport.answer(200, &page(next)));
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    let failure = run(client.list(call())).unwrap_err();
    assert!(failure.message.contains("more in it than is read"), "{}", failure.message);
}

#[test]
fn an_error_is_no_success_whatever_its_status() {
    // An empty list of errors is none.
    let transport = Scripted::default().answer(200, r#"{"errors":[],"data":[]}"#);
    let connection = organization();
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    tell(&client, Call::new(&organization::INVITE).needs("data").json(Object::new())).unwrap();
    for body in [r#"{"errorMessages":["no"]}"#, r#"{"errors":[{"title":"no"}]}"#, "<html>", "\u{1}", "[1", "", "{}"] {
        let transport = Scripted::default().answer(200, body);
        let connection = organization();
        let client = Client::new(&connection, &transport, Duration::from_secs(1), ONCE);
        let failure = tell(&client, Call::new(&organization::INVITE).needs("data").json(Object::new())).unwrap_err();
        assert_eq!((failure.kind, failure.change), (FailureKind::Protocol, Change::Unknown), "{body}");
    }
}
