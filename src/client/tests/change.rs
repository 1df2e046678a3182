//! Changes whose answer is lost.

use super::*;
use crate::client::change::BRIEF;
use crate::failure::Change;

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

/// Makes a change with looks that find this, one after the other.
fn change(transport: &Scripted, operation: &'static Operation, looks: &[Option<u64>]) -> Result<Changed> {
    let connection = if operation.plane == Plane::Site { site() } else { organization() };
    let client = Client::new(&connection, transport, DEADLINE, Policy::default());
    let looks = RefCell::new(looks.iter());
    let look = || looks.borrow_mut().next().map_or_else(|| panic!("one more look"), |seen| seen.map(Value::Number));
    let call = Call::new(operation).path("groupId", "g").json(Object::new());
    client.change(call, &|| Ok(look()))
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
