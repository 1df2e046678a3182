//! What is fuzzed, and what has to hold of it. The fuzzer and the test that replays the corpus share it.

use serde_json::Value as Json;
use std::cell::{Cell, RefCell};
use std::future::{Future, ready};
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;
use usher::accounts::standing;
use usher::client::Client;
use usher::connection::{Connection, Given, Kind};
use usher::json::Value;
use usher::pace::{self, Budget};
use usher::product::Access;
use usher::retry::Policy;
use usher::rollout::{self, Action, ActionKind, ApplyOptions, Person, PlanOptions, Presence, Step};
use usher::transport::{Answer, Request, Response, Transport, TransportError, Waiting};
use usher::{accounts, diagnosis, groups, invite};

/// Reads JSON, and compares with what `serde_json` makes of it.
pub(crate) fn json(data: &[u8]) {
    let ours = Value::read(data);
    match serde_json::from_slice::<Json>(data) {
        // It may be too deep or too large for ours.
        Ok(theirs) => assert!(ours.is_none_or(|ours| is_same(&ours, &theirs))),
        // Numbers that no float holds are of no interest here, and no mistake.
        Err(error) => assert!(ours.is_none() || error.to_string().starts_with("number out of range")),
    }
}

fn is_same(ours: &Value, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Value::Null, Json::Null) => true,
        (Value::Null, Json::Number(number)) => number.as_u64().is_none(),
        (Value::Number(ours), Json::Number(theirs)) => theirs.as_u64() == Some(*ours),
        (Value::Flag(ours), Json::Bool(theirs)) => ours == theirs,
        (Value::Text(ours), Json::String(theirs)) => ours == theirs,
        (Value::List(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        // Theirs are sorted, and have each name once.
        (Value::Object(fields), Json::Object(theirs)) => {
            fields.iter().all(|(name, _)| theirs.contains_key(name))
                && theirs.iter().all(|(name, theirs)| ours.get(name).is_some_and(|ours| is_same(ours, theirs)))
        }
        _ => false,
    }
}

/// Reads headers: what a server says of its limits, and how long it wants to be left alone.
pub(crate) fn headers(data: &[u8]) {
    let (answer, _) = response(data);
    let _ = pace::asked(&answer);
    if let Some(budget) = Budget::of(&answer) {
        assert!(budget.courtesy() <= Duration::from_millis(250) && budget.courtesy() <= budget.pause());
    }
}

/// Answers whatever it is given to every verb, on every plane: none may panic, and all have to end.
pub(crate) fn answers(data: &[u8]) {
    for connection in connections("acme.atlassian.net", "o-1", "70ef3a32-d0da-4e09-b35e-0109f91969c3") {
        let verbs = |client: &Client<'_>, verb: usize| {
            let email = "mia@example.com";
            let access = vec![Access { product: "jira".into(), role: "user" }];
            let invitation =
                invite::Invitation { email: email.into(), access, groups: vec!["writers".into()], message: None };
            match verb {
                0 => drop(accounts::find(client, email)),
                1 => drop(groups::add(client, "writers", email)),
                2 => drop(invite::invite(client, &invitation)),
                3 => drop(groups::remove(client, "writers", email)),
                4 => drop(groups::create(client, "writers", None)),
                5 => drop(groups::delete(client, "writers")),
                6 => drop(standing::set(client, email, &standing::REMOVED)),
                7 => plan_and_apply(client, email, "writers"),
                8 => drop(rollout::apply(client, &[step(email, "writers")], &ApplyOptions::default())),
                _ => drop(diagnosis::check(client)),
            }
        };
        for verb in 0..10 {
            let wire = Wire { rest: Cell::new(data), now: Cell::default(), asked: RefCell::default() };
            verbs(&Client::new(&connection, &wire, Duration::from_secs(60), Policy::default()), verb);
            wire.asked.borrow().iter().for_each(check);
            assert!(wire.now.get() <= Duration::from_secs(60), "it ends after its deadline");
        }
    }
}

/// Takes the data as names, ids and addresses: no request may go anywhere else than it should.
pub(crate) fn paths(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.split('\n').chain(std::iter::repeat(""));
    let mut next = || parts.next().unwrap_or_default();
    let (site, id, cloud, group, person) = (next(), next(), next(), next(), next());
    for connection in connections(site, id, cloud) {
        for verb in 0..8 {
            let wire = Wire { rest: Cell::new(&[]), now: Cell::default(), asked: RefCell::default() };
            let client = Client::new(&connection, &wire, Duration::from_secs(1), Policy { retries: 0 });
            let groups = vec![group.to_owned()];
            let invitation = invite::Invitation { email: person.into(), access: Vec::new(), groups, message: None };
            match verb {
                0 => drop(accounts::find(&client, person)),
                1 => drop(groups::add(&client, group, person)),
                2 => drop(groups::find(&client, group)),
                3 => drop(groups::remove(&client, group, person)),
                4 => drop(groups::create(&client, group, None)),
                5 => drop(standing::set(&client, person, &standing::SUSPENDED)),
                6 => drop(rollout::apply(&client, &[step(person, group)], &ApplyOptions::default())),
                _ => drop(invite::invite(&client, &invitation)),
            }
            wire.asked.borrow().iter().for_each(check);
        }
    }
}

/// Plans for somebody who is to be there and for somebody who is to go, and does what the plan says.
fn plan_and_apply(client: &Client<'_>, email: &str, group: &str) {
    let access =
        vec![Access { product: "jira".into(), role: "user" }, Access { product: "confluence".into(), role: "user" }];
    let present = Person { email: email.into(), state: Presence::Present, access, groups: vec![group.into()] };
    let gone = Person { email: format!("not-{email}"), state: Presence::Gone, ..present.clone() };
    let options = PlanOptions {
        other_groups: rollout::OtherGroups::Leave,
        window: Some(3),
        departure: rollout::Departure::LeaveGroups,
    };
    if let Ok(plan) = rollout::plan(client, &[present, gone], &options) {
        drop(rollout::apply(client, &plan.steps, &ApplyOptions::default()));
    }
}

/// A step that nobody planned.
fn step(email: &str, group: &str) -> Step {
    let action = |kind, id: &str| Action { kind, name: id.into(), id: id.into(), role: "user" };
    let actions = vec![
        action(ActionKind::Invite, ""),
        action(ActionKind::GiveAccess, "confluence"),
        action(ActionKind::JoinGroup, group),
        action(ActionKind::LeaveGroup, group),
    ];
    Step { email: email.into(), account_id: None, actions }
}

/// A connection of each plane, as far as these make any.
fn connections(site: &str, id: &str, cloud: &str) -> Vec<Connection> {
    let given = [
        Given { email: "ada@example.com", ..Given::new(Kind::ApiToken, site, "token-0123456789") },
        Given::new(Kind::OAuth, cloud, "token-0123456789"),
        Given::new(Kind::ApiKey, id, "key-0123456789"),
        Given { directory: Some(cloud), ..Given::new(Kind::ApiKey, "o-1", "key-0123456789") },
        Given::new(Kind::ScimKey, id, "key-0123456789"),
    ];
    given.iter().filter_map(|given| Connection::new(given).ok()).collect()
}

/// What has to hold of every request.
fn check(request: &Request) {
    let (path, query) = request.path_and_query.split_once('?').unwrap_or((&request.path_and_query, ""));
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~%".contains(&b);
    assert!(path.starts_with('/') && path.bytes().all(|b| b == b'/' || is_plain(b)), "{path}");
    assert!(query.bytes().all(|b| b"=&".contains(&b) || is_plain(b)), "{query}");
    let roots =
        ["/rest/api/3/", "/wiki/api/v2/", "/ex/", "/admin/", "/users/", "/scim/directory/", "/_edge/", "/oauth/"];
    assert!(roots.iter().any(|root| path.starts_with(root)), "{path}");
    assert!(path.split('/').all(|segment| !matches!(segment, "." | "..")) && !path.contains("//"), "{path}");
    for (name, value) in &request.headers {
        assert!(value.bytes().all(|b| (b' '..0x7f).contains(&b)), "{name}: {value:?}");
    }
    if let Some(body) = &request.body {
        let is_object = || serde_json::from_slice::<Json>(body).is_ok_and(|body| body.is_object());
        assert!(body.is_empty() || is_object());
    }
}

/// Answers from a row of bytes.
struct Wire<'a> {
    rest: Cell<&'a [u8]>,
    now: Cell<Duration>,
    asked: RefCell<Vec<Request>>,
}

impl Transport for Wire<'_> {
    fn send<'a>(&'a self, request: &'a Request, deadline: Duration) -> Waiting<'a, Answer> {
        self.asked.borrow_mut().push(request.clone());
        let data = self.rest.get();
        self.now.set((self.now.get() + Duration::from_millis(10)).min(deadline));
        let answer = match data.first() {
            None | Some(0) => {
                self.rest.set(data.get(1..).unwrap_or_default());
                Err(TransportError::Lost("the end".into()))
            }
            Some(1) => {
                self.rest.set(&data[1..]);
                self.now.set(deadline);
                Err(TransportError::Timeout { sent: true })
            }
            Some(_) => {
                let (answer, rest) = response(data);
                self.rest.set(rest);
                Ok(Box::new(answer))
            }
        };
        Box::pin(ready(answer))
    }

    fn now(&self) -> Duration {
        self.now.get()
    }

    fn sleep(&self, until: Duration) -> Waiting<'_, ()> {
        self.now.set(self.now.get().max(until));
        Box::pin(ready(()))
    }

    fn random(&self) -> u64 {
        self.rest.get().len() as u64
    }

    fn block_on(&self, future: Pin<&mut dyn Future<Output = ()>>) {
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_ready(), "nothing waits here");
    }
}

/// An answer, and what is behind it: a byte for the status, headers by line up to an empty one, and a body
/// up to a byte that is in no UTF-8.
fn response(data: &[u8]) -> (Response, &[u8]) {
    const STATUSES: [u16; 16] = [200, 200, 200, 201, 204, 206, 302, 400, 401, 403, 404, 409, 429, 500, 503, 999];
    let status = STATUSES[usize::from(data.first().copied().unwrap_or_default() % 16)];
    let mut rest = data.get(1..).unwrap_or_default();
    let mut headers = vec![("Date".to_owned(), b"Sun, 22 Nov 2026 11:59:59 GMT".to_vec())];
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let line = &rest[..end];
        rest = &rest[end + 1..];
        let Some(colon) = line.iter().position(|b| *b == b':') else { break };
        headers.push((String::from_utf8_lossy(&line[..colon]).into_owned(), line[colon + 1..].to_vec()));
    }
    let end = rest.iter().position(|b| *b == 0xff).unwrap_or(rest.len());
    (Response { status, headers, body: rest[..end].to_vec() }, rest.get(end + 1..).unwrap_or_default())
}
