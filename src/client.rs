//! Calls an operation: build, sign, send, page, decode.

use crate::connection::{Connection, Plane};
use crate::failure::{Failure, FailureKind, Result, is_refused};
use crate::id::is_uuid;
use crate::json::{Object, Value};
use crate::operation::{Operation, Paging};
use crate::operations::gateway;
use crate::transport::{Request, Response, Transport};
use crate::url::{BaseUrl, encode_into};
use std::cell::OnceCell;
use std::time::Duration;

/// How long a call may take where its caller does not say.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A list that has not ended after so many pages is a server that goes round in circles.
const MAX_PAGES: usize = 1000;

/// The page size where a list is asked for by `startAt`; the largest that every one takes.
const PAGE: usize = 50;

/// Speaks to one plane, within one call's deadline.
pub struct Client<'a, T> {
    connection: &'a Connection,
    transport: &'a T,
    deadline: Duration,
    /// What looking up the cloud id gave, if that was needed.
    cloud_id: OnceCell<Result<String>>,
}

/// One use of an operation: its arguments.
pub struct Call {
    operation: &'static Operation,
    path: Vec<(&'static str, String)>,
    query: String,
    body: Option<Object>,
}

impl Call {
    /// A call without arguments; the connection fills in what it knows of the path.
    pub fn new(operation: &'static Operation) -> Call {
        Call { operation, path: Vec::new(), query: String::new(), body: None }
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

    /// Sets the body.
    pub fn json(mut self, body: Object) -> Call {
        self.body = Some(body);
        self
    }
}

impl<'a, T: Transport> Client<'a, T> {
    /// A client whose calls all end within `limit` from now.
    pub fn new(connection: &'a Connection, transport: &'a T, limit: Duration) -> Client<'a, T> {
        let deadline = transport.now().saturating_add(limit);
        Client { connection, transport, deadline, cloud_id: OnceCell::new() }
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
        Ok(self.call_status(call).await?.1)
    }

    /// The same, with the status, where an operation has two that mean success.
    pub async fn call_status(&self, call: Call) -> Result<(u16, Value)> {
        let answer = self.send(&call, &[]).await?;
        Ok((answer.status, decode(call.operation, &answer)?))
    }

    /// Calls an operation whose answer's body says nothing.
    pub async fn tell(&self, call: Call) -> Result<()> {
        self.send(&call, &[]).await.map(drop)
    }

    /// Calls an operation that answers with a list, page by page to its end.
    pub async fn list(&self, call: Call) -> Result<Vec<Value>> {
        let operation = call.operation;
        let mut all: Vec<Value> = Vec::new();
        let mut cursor = String::new();
        for _ in 0..MAX_PAGES {
            let (start, size) = (all.len().to_string(), PAGE.to_string());
            let more: &[(&str, &str)] = match operation.paging {
                Paging::StartAt | Paging::PageBean => &[("startAt", &start), ("maxResults", &size)],
                Paging::QueryCursor | Paging::BodyCursor if !cursor.is_empty() => &[("cursor", &cursor)],
                _ => &[],
            };
            let answer = self.send(&call, more).await?;
            let mut page = decode(operation, &answer)?;
            let items = match operation.paging {
                Paging::StartAt => Some(std::mem::take(&mut page)),
                Paging::PageBean => page.take("values"),
                _ => page.take("data"),
            };
            // An answer without its list is no empty list.
            let Some(Value::List(items)) = items else {
                return Err(Failure::from_body(operation, &answer, "there is no list in it"));
            };
            let next = page.get("links").and_then(|links| links.text("next")).unwrap_or_default();
            let is_last = match operation.paging {
                Paging::None => true,
                Paging::StartAt => items.len() < PAGE,
                Paging::PageBean => items.is_empty() || page.flag("isLast") != Some(false),
                Paging::BodyCursor | Paging::QueryCursor => next.is_empty(),
            };
            all.extend(items);
            if is_last {
                return Ok(all);
            }
            if !next.is_empty() && next == cursor {
                return Err(Failure::from_body(operation, &answer, "its next page is itself"));
            }
            next.clone_into(&mut cursor);
        }
        Err(Failure::new(FailureKind::Protocol, format!("{} has no end after {MAX_PAGES} pages.", operation.id)))
    }

    /// Builds and signs one request, and takes its answer if it is a good one.
    async fn send(&self, call: &Call, more: &[(&str, &str)]) -> Result<Response> {
        let operation = call.operation;
        if operation.plane != self.plane() {
            return Err(self.wrong_plane(operation));
        }
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

    /// Sends one request and reads its answer, whatever that is. Retrying and pacing belong here,
    /// around the one `transport.send` there is.
    async fn exchange(&self, operation: &Operation, request: Request) -> Result<Response> {
        let host = request.base.authority().to_owned();
        let answer = self.transport.send(request, self.deadline).await;
        answer.map_err(|error| Failure::from_transport(operation, &host, &error))
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
        let takes = match operation.plane {
            Plane::Site => "a site",
            Plane::Organization => "a site or an organization",
            Plane::Scim => "a SCIM directory",
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

fn decode(operation: &Operation, answer: &Response) -> Result<Value> {
    Value::read(&answer.body).ok_or_else(|| Failure::from_body(operation, answer, "it is not JSON"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Given, Kind};
    use crate::failure::Change;
    use crate::operations::{jira, organization};
    use crate::transport::TransportError;
    use crate::transport::scripted::{Scripted, run};

    fn organization() -> Connection {
        Connection::organization("o-1", "key-s3cret", None, None).unwrap()
    }

    #[test]
    fn a_path_is_filled_in_and_cannot_be_left() {
        let (connection, transport) = (organization(), Scripted::default().answer(204, ""));
        let client = Client::new(&connection, &transport, DEADLINE);
        let call = |group: &str| Call::new(&organization::ADD_MEMBER).path("groupId", group);
        run(client.tell(call("../a/b?c#d"))).unwrap();
        let asked = transport.asked.borrow().join("\n");
        assert_eq!(asked, "POST /admin/v2/orgs/o-1/directories/-/groups/..%2Fa%2Fb%3Fc%23d/memberships");
        for bad in ["", ".", ".."] {
            assert_eq!(run(client.tell(call(bad))).unwrap_err().kind, FailureKind::InvalidInput, "{bad:?}");
        }
    }

    #[test]
    fn a_list_follows_its_cursor_in_the_body() {
        let transport = Scripted::default()
            .answer(200, r#"{"data":[1,2],"links":{"next":"c/2"}}"#)
            .answer(200, r#"{"data":[3],"links":{}}"#);
        let connection = organization();
        let client = Client::new(&connection, &transport, DEADLINE);
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
        let client = Client::new(&connection, &transport, DEADLINE);
        let failure = run(client.list(Call::new(&organization::SEARCH_USERS).json(Object::new()))).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Protocol);
    }

    #[test]
    fn a_full_page_is_followed_by_start_at() {
        let full = format!("[0{}]", ",0".repeat(PAGE - 1));
        let transport = Scripted::default().answer(200, &full).answer(200, "[1]");
        let connection = Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap();
        let client = Client::new(&connection, &transport, DEADLINE);
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
        let client = Client::new(&connection, &transport, DEADLINE);
        run(client.call(call())).unwrap();
        run(client.call(call())).unwrap();
        let myself = format!("GET /ex/jira/{id}/rest/api/3/myself");
        assert_eq!(*transport.asked.borrow(), ["GET /_edge/tenant_info", &myself, &myself]);
        for (status, body) in
            [(403, body.as_str()), (200, r#"{"cloudId":"../../admin"}"#), (200, "{}"), (200, "<html>")]
        {
            let transport = Scripted::default().answer(status, body);
            let client = Client::new(&connection, &transport, DEADLINE);
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
        let client = Client::new(&connection, &transport, DEADLINE);
        let all = run(client.list(Call::new(&jira::BULK_GET_GROUPS).query("groupName", "a"))).unwrap();
        assert_eq!(all, [1, 2, 3].map(Value::Number));
        assert_eq!(transport.asked.borrow()[1], "GET /rest/api/3/group/bulk?groupName=a&startAt=2&maxResults=50");
    }

    #[test]
    fn an_answer_that_is_no_list_is_no_empty_list() {
        for body in ["{}", r#"{"errors":[]}"#, "[]", "<html>", ""] {
            let transport = Scripted::default().answer(200, body);
            let connection = organization();
            let client = Client::new(&connection, &transport, DEADLINE);
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
            .answer(400, r#"{"errors":[{"detail":"bad key-s3cret"}]}"#);
        let connection = organization();
        let client = Client::new(&connection, &transport, DEADLINE);
        let next = || run(client.tell(Call::new(&organization::INVITE).json(Object::new()))).unwrap_err();
        let (lost, refused, denied, echoed) = (next(), next(), next(), next());
        assert_eq!((lost.kind, lost.change), (FailureKind::Unavailable, Change::Unknown));
        assert_eq!((refused.kind, refused.change), (FailureKind::Unavailable, Change::NotApplied));
        assert_eq!((denied.kind, denied.change), (FailureKind::DeniedByHost, Change::NotApplied));
        assert!(denied.advice.contains("api.atlassian.com"));
        let redacted = connection.redact_all(echoed).message.clone();
        assert!(redacted.contains("bad [redacted]"), "{redacted}");
    }
}
