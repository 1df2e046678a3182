//! Calls an operation: build, sign, send, page, decode.

mod exchange;

use crate::connection::{Connection, Plane};
use crate::failure::{Change, Failure, FailureKind, Result, is_refused};
use crate::id::is_uuid;
use crate::json::{MAX_VALUES, Object, Value};
use crate::operation::{Operation, Paging, Safety};
use crate::operations::{gateway, organization};
use crate::pace::Budget;
use crate::retry::Policy;
use crate::transport::{Request, Response, Transport};
use crate::url::{BaseUrl, encode_into};
use std::cell::{Cell, OnceCell, RefCell};
use std::pin::Pin;
use std::time::Duration;

/// How long a call may take where its caller does not say.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A list that has not ended after so many pages is a server that goes round in circles.
const MAX_PAGES: usize = 1000;

/// The page size where a list is asked for by its start; the largest that every one takes.
const PAGE: usize = 50;

/// How long somebody who was invited may not be seen yet, and how long it takes to believe that
/// an invitation was not made. Atlassian gives no figure; people report some seconds.
pub(crate) const SETTLE: Duration = Duration::from_secs(8);

/// Speaks to one plane, within one call's deadline.
pub struct Client<'a, T> {
    connection: &'a Connection,
    transport: &'a T,
    deadline: Duration,
    policy: Policy,
    /// What the server said of its limits, and when: of an endpoint's by its id, and of the plane's.
    budgets: RefCell<Vec<(&'static str, Budget, Duration)>>,
    /// What looking up the cloud id gave, if that was needed.
    cloud_id: OnceCell<Result<String>>,
}

/// One use of an operation: its arguments.
pub struct Call {
    operation: &'static Operation,
    path: Vec<(&'static str, String)>,
    query: String,
    body: Option<Object>,
    needs: &'static str,
}

impl Call {
    /// A call without arguments; the connection fills in what it knows of the path.
    pub fn new(operation: &'static Operation) -> Call {
        Call { operation, path: Vec::new(), query: String::new(), body: None, needs: "" }
    }

    /// Sets a `{name}` of the path.
    pub fn path(mut self, name: &'static str, value: impl Into<String>) -> Call {
        self.path.push((name, value.into()));
        self
    }

    /// Adds a query parameter; one name may come several times.
    pub fn query(mut self, name: &str, value: &str) -> Call {
        push_query(&mut self.query, name, value);
        self
    }

    /// Names a field without which the answer to a change says nothing, as if it were lost.
    pub(crate) fn needs(mut self, field: &'static str) -> Call {
        self.needs = field;
        self
    }

    /// Sets the body.
    pub fn json(mut self, body: Object) -> Call {
        self.body = Some(body);
        self
    }
}

impl<'a, T: Transport> Client<'a, T> {
    /// A client whose calls all end within `limit` from now.
    pub fn new(connection: &'a Connection, transport: &'a T, limit: Duration, policy: Policy) -> Client<'a, T> {
        let deadline = transport.now().saturating_add(limit);
        Client { connection, transport, deadline, policy, budgets: RefCell::default(), cloud_id: OnceCell::new() }
    }

    /// What it speaks through.
    pub fn transport(&self) -> &'a T {
        self.transport
    }

    /// What it speaks with.
    pub fn connection(&self) -> &'a Connection {
        self.connection
    }

    /// The plane it speaks to. On a SCIM directory a verb may go the organization's way: what is for
    /// another plane is refused before it is sent.
    pub fn plane(&self) -> Plane {
        self.connection.plane()
    }

    /// Calls an operation that answers with JSON.
    pub async fn call(&self, call: Call) -> Result<Value> {
        let answer = self.send(&call, &[]).await?;
        decode(call.operation, &answer, &Cell::new(MAX_VALUES))
    }

    /// Calls an operation that changes something. Where its answer is lost, so that the change may have
    /// been made, it looks, and sends it again only if the change was not made.
    ///
    /// `look` gives what shows that the change was made, or nothing where it does not show. Where the
    /// operation is to be sent once, that has to stay so for [`SETTLE`]: who was invited is not seen
    /// at once. Where it is done later, nothing shows that it was not made.
    ///
    /// # Errors
    ///
    /// The failure of the operation, whose `change` says what looking told.
    pub(crate) async fn change(&self, call: Call, look: &Look<'_>) -> Result<Changed> {
        let safety = call.operation.safety;
        let mut retries = 0;
        loop {
            let mut failure = match self.send(&call, &[]).await.and_then(|answer| changed(&call, &answer)) {
                Ok(changed) => return Ok(changed),
                Err(failure) if failure.change == Change::Unknown => failure,
                // Refused the second time, it may have been made the first time after all.
                Err(failure) if retries > 0 => match look().await {
                    Ok(Some(seen)) => return Ok(Changed::Seen(seen)),
                    _ => return Err(failure),
                },
                Err(failure) => return Err(failure),
            };
            let mut patience = self.patience(if safety == Safety::Write { Duration::ZERO } else { SETTLE });
            let seen = loop {
                match look().await {
                    Ok(None) if patience.wait().await => {}
                    seen => break seen,
                }
            };
            match seen {
                Ok(Some(seen)) => return Ok(Changed::Seen(seen)),
                Ok(None) if patience.is_full && safety != Safety::Later => {
                    let asked = failure.retry_after.map(|seconds| Duration::from_secs(seconds.into()));
                    if !self.wait(retries, asked).await {
                        failure.message.push_str(" Looked for afterwards, it was not made.");
                        return Err(failure.after(Change::NotApplied));
                    }
                    retries += 1;
                }
                Ok(None) => {
                    failure.message.push_str(" Looked for afterwards, the change does not show.");
                    return Err(failure);
                }
                Err(_) => {
                    failure.message.push_str(" Looking for the change afterwards failed, too.");
                    return Err(failure);
                }
            }
        }
    }

    /// Calls an operation that answers with a list, page by page to its end.
    pub async fn list(&self, call: Call) -> Result<Vec<Value>> {
        let operation = call.operation;
        let paging = operation.paging;
        let mut all: Vec<Value> = Vec::new();
        let mut cursors: Vec<String> = Vec::new();
        let left = Cell::new(MAX_VALUES);
        for _ in 0..MAX_PAGES {
            let first = all.len() + usize::from(paging == Paging::Scim);
            let (start, size) = (first.to_string(), PAGE.to_string());
            let more: &[(&str, &str)] = match (paging, cursors.last()) {
                (Paging::StartAt | Paging::PageBean, _) => &[("startAt", &start), ("maxResults", &size)],
                (Paging::Scim, _) => &[("startIndex", &start), ("count", &size)],
                (Paging::QueryCursor | Paging::BodyCursor, Some(cursor)) => &[("cursor", cursor)],
                _ => &[],
            };
            let answer = self.send(&call, more).await?;
            let mut page = decode(operation, &answer, &left)?;
            let items = match paging {
                Paging::StartAt => Some(std::mem::take(&mut page)),
                Paging::PageBean => page.take("values"),
                Paging::Scim => page.take("Resources"),
                _ => page.take("data"),
            };
            // An answer without its list is no empty list; but SCIM leaves out an empty one.
            let items = match items {
                Some(Value::List(items)) => items,
                None if paging == Paging::Scim && page.number("totalResults") == Some(0) => Vec::new(),
                _ => return Err(Failure::from_body(operation, &answer, "there is no list in it")),
            };
            let read = (all.len() + items.len()) as u64;
            let is_whole = |total: &str| page.number(total).is_none_or(|total| read >= total);
            let next = page.get("links").and_then(|links| links.text("next")).unwrap_or_default();
            let is_last = match paging {
                Paging::None => true,
                Paging::StartAt => items.len() < PAGE,
                _ if items.is_empty() && next.is_empty() => true,
                // Each of the three may be missing.
                Paging::PageBean => match page.flag("isLast") {
                    Some(is_last) => is_last,
                    None => page.text("nextPage").is_none() && is_whole("total"),
                },
                Paging::Scim => is_whole("totalResults"),
                Paging::BodyCursor | Paging::QueryCursor => next.is_empty(),
            };
            all.extend(items);
            if is_last {
                return Ok(all);
            }
            if cursors.iter().any(|cursor| cursor == next) {
                return Err(Failure::from_body(operation, &answer, "its next page was there before"));
            }
            if !next.is_empty() {
                cursors.push(next.to_owned());
            }
        }
        Err(Failure::new(FailureKind::Protocol, format!("{} has no end after {MAX_PAGES} pages.", operation.id)))
    }

    /// Refuses an operation of another plane, without a request.
    pub(crate) fn check_plane(&self, operation: &Operation) -> Result<()> {
        if operation.plane == self.plane() { Ok(()) } else { Err(self.wrong_plane(operation)) }
    }

    /// The directory to act in: the connection's, or the only one there is, of an account where that is
    /// given.
    pub(crate) async fn directory(&self, account_id: Option<&str>) -> Result<String> {
        if let Some(id) = self.connection.path_value("directoryId").filter(|id| *id != "-") {
            return Ok(id.to_owned());
        }
        let mut call = Call::new(&organization::LIST_DIRECTORIES);
        if let Some(account_id) = account_id {
            call = call.query("accountId", account_id);
        }
        let found = self.list(call).await?;
        match found.as_slice() {
            [one] => one.need("directoryId"),
            [] => Err(Failure::new(FailureKind::NotFound, "The organization shows no directory to act in.")
                .advise("Check what the key may see with `check-connection`, or name the directory.")),
            several => {
                let each = several.iter().map(|it| format!("{} ({})", it.owned("directoryId"), it.owned("name")));
                let message =
                    format!("There are {} directories: {}.", several.len(), each.collect::<Vec<_>>().join(", "));
                Err(Failure::new(FailureKind::Ambiguous, message).advise("Name the directory in the connection."))
            }
        }
    }

    /// Builds and signs one request, and takes its answer if it is a good one.
    async fn send(&self, call: &Call, more: &[(&str, &str)]) -> Result<Response> {
        let operation = call.operation;
        self.check_plane(operation)?;
        let path = self.path(call)?;
        let mut path_and_query = match self.connection.product(operation) {
            Some(product) => format!("/ex/{product}/{}", self.cloud_id().await?),
            None => String::new(),
        };
        path_and_query.push_str(&path);
        let mut query = call.query.clone();
        let mut body = None;
        if let Some(object) = &call.body {
            // A cursor goes where the list's other parameters are.
            let cursor = more.first().map(|(name, value)| object.clone().text(name, value));
            body = Some(cursor.as_ref().unwrap_or(object).finish().into_bytes());
        } else {
            for (name, value) in more {
                push_query(&mut query, name, value);
            }
        }
        path_and_query.push_str(&query);
        let mut request = request(operation, self.connection.base(), path_and_query, body);
        request.headers.extend(self.connection.authorization().map(|value| ("Authorization", value)));
        let answer = self.exchange(operation, request).await?;
        if operation.success.contains(&answer.status) && !is_refused(&answer) {
            return Ok(answer);
        }
        Err(Failure::from_answer(self.connection, operation, &answer))
    }

    /// The cloud id as far as it is known without asking for it; empty where none is needed.
    pub(crate) fn known_cloud_id(&self) -> &str {
        match self.cloud_id.get() {
            Some(Ok(id)) => id,
            _ => self.connection.id(),
        }
    }

    /// The cloud id, looked up once where only the site is known: what failed is not asked again.
    async fn cloud_id(&self) -> Result<&str> {
        let Some(site) = self.connection.site_to_look_up() else { return Ok(self.connection.id()) };
        if self.cloud_id.get().is_none() {
            let operation = &gateway::TENANT_INFO;
            // Everybody may ask, so the credential stays where it belongs.
            let request = request(operation, site, operation.path.to_owned(), None);
            let found = self.exchange(operation, request).await.and_then(|answer| cloud_id(site, &answer));
            // Where two looked at once, the first answer stays.
            let _ = self.cloud_id.set(found);
        }
        match self.cloud_id.get() {
            Some(Err(failure)) => Err(failure.clone()),
            _ => Ok(self.known_cloud_id()),
        }
    }

    /// What is refused without a request: a credential for another plane.
    fn wrong_plane(&self, operation: &Operation) -> Failure {
        let what = self.connection.kind().what();
        let takes = match (operation.plane, self.plane()) {
            (Plane::Site, _) => "a site",
            // Verbs for both planes go the organization's way there.
            (Plane::Organization, Plane::Scim) => "a site or an organization",
            (Plane::Organization, _) => "an organization",
            (Plane::Scim, _) => "a SCIM directory",
        };
        Failure::invalid(format!("connection: this takes {takes}, and {what} does not work there."))
            .advise("Use a connection of that plane. `check-connection` tells what a connection can do.")
    }

    /// The operation's path with every `{name}` filled in.
    fn path(&self, call: &Call) -> Result<String> {
        let mut path = String::new();
        let mut rest = call.operation.path;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').unwrap_or((after, ""));
            let given = call.path.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
            let value = given
                .or_else(|| self.connection.path_value(name))
                // An empty or dotted segment would be another path than the one that was meant.
                .filter(|value| !matches!(*value, "" | "." | ".."))
                .ok_or_else(|| Failure::invalid(format!("{name} is missing or no id.")))?;
            path.push_str(before);
            encode_into(&mut path, value);
            rest = after;
        }
        path.push_str(rest);
        Ok(path)
    }
}

/// The cloud id in what a site answered to [`gateway::TENANT_INFO`].
fn cloud_id(site: &BaseUrl, answer: &Response) -> Result<String> {
    let found = Value::read(&answer.body).and_then(|body| body.need("cloudId").ok());
    found.filter(|id| answer.status == 200 && is_uuid(id)).ok_or_else(|| {
        let path = gateway::TENANT_INFO.path;
        let message = format!("{site}{path} (HTTP {}) tells no cloud id.", answer.status);
        let mut failure = Failure::new(FailureKind::NotFound, message)
            .advise("Check the site's address, or give its cloud id in the place of it.");
        failure.status = Some(answer.status);
        failure
    })
}

/// A request with everything but the credential.
fn request(operation: &Operation, base: &BaseUrl, path_and_query: String, body: Option<Vec<u8>>) -> Request {
    let mut headers = vec![
        ("Accept", "application/json".to_owned()),
        ("User-Agent", concat!("usher/", env!("CARGO_PKG_VERSION")).to_owned()),
    ];
    if let Some(body) = &body {
        headers.push(("Content-Type", "application/json".to_owned()));
        // Without it a host sends chunks, which not every gateway takes.
        headers.push(("Content-Length", body.len().to_string()));
    }
    Request { method: operation.method, base: base.clone(), path_and_query, headers, body }
}

fn push_query(query: &mut String, name: &str, value: &str) {
    query.push(if query.is_empty() { '?' } else { '&' });
    query.push_str(name);
    query.push('=');
    encode_into(query, value);
}

fn decode(operation: &Operation, answer: &Response, left: &Cell<usize>) -> Result<Value> {
    let value = Value::read_within(&answer.body, left);
    value.ok_or_else(|| {
        let wrong = if left.get() == 0 { "it has more in it than is read" } else { "it is not JSON" };
        Failure::from_body(operation, answer, wrong)
    })
}

/// Looks for a change: what shows it, or nothing where it does not show.
pub(crate) type Look<'a> = dyn Fn() -> Pin<Box<dyn Future<Output = Result<Option<Value>>> + 'a>> + 'a;

/// A change that was made.
pub(crate) enum Changed {
    /// The operation said so, with this status and body; the body of what needs none is null.
    Said(u16, Value),
    /// The answer was lost, and this shows it.
    Seen(Value),
}

/// What the answer to a change says. A page for a browser or an error is no success, whatever the status.
fn changed(call: &Call, answer: &Response) -> Result<Changed> {
    if answer.body.is_empty() && call.needs.is_empty() {
        return Ok(Changed::Said(answer.status, Value::Null));
    }
    let value = decode(call.operation, answer, &Cell::new(MAX_VALUES))?;
    let wrong = if value.get("errorMessages").is_some() || value.get("errors").is_some() {
        "it is an error"
    } else if !call.needs.is_empty() && value.get(call.needs).and_then(Value::as_list).is_none() {
        "what it should be about is missing"
    } else {
        return Ok(Changed::Said(answer.status, value));
    };
    Err(Failure::from_body(call.operation, answer, wrong))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Given, Kind};
    use crate::operations::{confluence, jira, scim};
    use crate::transport::TransportError;
    use crate::transport::scripted::{Scripted, run};

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
        let all =
            run(client.list(Call::new(&organization::SEARCH_USERS).json(Object::new().raw("limit", "2")))).unwrap();
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
        for (status, body) in
            [(403, body.as_str()), (200, r#"{"cloudId":"../../admin"}"#), (200, "{}"), (200, "<html>")]
        {
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

    #[test]
    fn a_write_that_does_not_show_is_sent_again_an_invitation_only_after_a_while() {
        let transport = Scripted::default().fail(lost()).answer(204, "");
        assert!(matches!(change(&transport, &organization::ADD_MEMBER, &[None]), Ok(Changed::Said(204, Value::Null))));
        let pause = Duration::from_millis(350);
        assert_eq!((transport.asked.borrow().len(), transport.now()), (2, pause));

        let transport = Scripted::default().fail(lost()).answer(200, "{}");
        assert!(change(&transport, &organization::INVITE, &[None; 8]).is_ok());
        assert_eq!((transport.asked.borrow().len(), transport.now()), (2, SETTLE + pause));

        // Five times, with longer and longer pauses, or as the server wants it.
        let always = (0..5).fold(Scripted::default(), |always, _| always.with(503, &[("Retry-After", "2")], ""));
        let Err(failure) = change(&always, &organization::ADD_MEMBER, &[None; 5]) else { panic!("it is not made") };
        assert_eq!((failure.change, always.asked.borrow().len()), (Change::NotApplied, 5));
        assert!(!failure.advice.contains("may have been made"), "{}", failure.advice);
        assert!(always.now() >= Duration::from_secs(8), "{:?}", always.now());
    }

    #[test]
    fn what_is_refused_the_second_time_may_have_been_made_the_first_time() {
        let twice = || Scripted::default().fail(lost()).answer(409, "");
        let changed = change(&twice(), &organization::ADD_MEMBER, &[None, Some(1)]);
        assert!(matches!(changed, Ok(Changed::Seen(Value::Number(1)))));
        let Err(failure) = change(&twice(), &organization::ADD_MEMBER, &[None, None]) else { panic!("it is not made") };
        assert!(failure.is(409));
    }

    #[test]
    fn what_is_done_later_is_never_sent_again_and_stays_unknown() {
        let transport = Scripted::default().fail(lost());
        let Err(failure) = change(&transport, &confluence::INVITE, &[None; 8]) else { panic!("it is not known") };
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
        for body in [r#"{"errorMessages":["no"]}"#, r#"{"errors":[{"title":"no"}]}"#, "<html>", "\u{1}", "[1", "", "{}"]
        {
            let transport = Scripted::default().answer(200, body);
            let connection = organization();
            let client = Client::new(&connection, &transport, Duration::from_secs(1), ONCE);
            let failure =
                tell(&client, Call::new(&organization::INVITE).needs("data").json(Object::new())).unwrap_err();
            assert_eq!((failure.kind, failure.change), (FailureKind::Protocol, Change::Unknown), "{body}");
        }
    }
}
