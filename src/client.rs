//! Calls an operation: build, sign, send, page, decode.

mod change;
mod exchange;
mod list;
mod overlap;

use crate::connection::{Connection, Plane};
use crate::failure::{Failure, FailureKind, Result};
use crate::id::is_uuid;
use crate::json::{MAX_VALUES, Object, Value};
use crate::operation::{Method, Operation};
use crate::operations::{gateway, organization};
use crate::retry::Policy;
use crate::transport::{Request, Response, Transport, Waiting};
use crate::url::{BaseUrl, encode_into};
pub(crate) use change::Changed;
use exchange::Noted;
pub(crate) use list::PAGE;
pub(crate) use overlap::width;
use std::cell::{Cell, OnceCell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

/// How long a call may take where its caller does not say.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How long somebody who was invited may not be seen yet, and how long it takes to believe that
/// an invitation was not made. Atlassian gives no figure; people report some seconds.
pub(crate) const SETTLE: Duration = Duration::from_secs(8);

/// The time without which nothing more is begun, of a call that may take long enough.
const LEAST: Duration = Duration::from_secs(2);

/// Speaks to one plane, within one call's deadline.
pub struct Client<'a> {
    connection: &'a Connection,
    transport: &'a dyn Transport,
    deadline: Duration,
    /// With so little time left, nothing more is begun.
    least: Duration,
    policy: Policy,
    /// What the server said of its limits: of an endpoint's by its id, and of the plane's.
    budgets: RefCell<Vec<(&'static str, Noted)>>,
    /// How often it said anything of them.
    notes: Cell<u32>,
    /// How many requests have left.
    sent: Cell<u32>,
    /// When the last of them left.
    last: Cell<Duration>,
    /// What looking up the cloud id gave, if that was needed.
    cloud_id: OnceCell<Result<String>>,
}

/// One use of an operation: its arguments.
// Boxed, because it goes through many hands: 5 kB of component were its moves.
#[derive(Clone)]
pub struct Call(Box<Details>);

/// What a call is made of.
#[derive(Clone)]
pub struct Details {
    operation: &'static Operation,
    path: Vec<(&'static str, String)>,
    query: String,
    body: Option<Object>,
    needs: &'static str,
    /// What asks for another page of a list.
    more: Vec<(&'static str, String)>,
    /// How often it was sent again.
    retries: Rc<Cell<u32>>,
}

impl std::ops::Deref for Call {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl std::ops::DerefMut for Call {
    fn deref_mut(&mut self) -> &mut Details {
        &mut self.0
    }
}

impl Call {
    /// A call without arguments; the connection fills in what it knows of the path.
    pub fn new(operation: &'static Operation) -> Call {
        Call(Box::new(Details {
            operation,
            path: Vec::new(),
            query: String::new(),
            body: None,
            needs: "",
            more: Vec::new(),
            retries: Rc::default(),
        }))
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

impl<'a> Client<'a> {
    /// A client whose calls all end within `limit` from now.
    pub fn new(
        connection: &'a Connection,
        transport: &'a dyn Transport,
        limit: Duration,
        policy: Policy,
    ) -> Client<'a> {
        let deadline = transport.now().saturating_add(limit);
        Client {
            connection,
            transport,
            deadline,
            least: (limit / 4).min(LEAST),
            policy,
            budgets: RefCell::default(),
            notes: Cell::default(),
            sent: Cell::default(),
            last: Cell::default(),
            cloud_id: OnceCell::new(),
        }
    }

    /// What it speaks through.
    pub fn transport(&self) -> &'a dyn Transport {
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
    pub fn call(&self, call: Call) -> Result<Value> {
        let answer = self.send(&call)?;
        decode(call.operation, &answer, &Cell::new(MAX_VALUES))
    }

    /// Refuses an operation of another plane, without a request.
    pub(crate) fn check_plane(&self, operation: &Operation) -> Result<()> {
        if operation.plane == self.plane() { Ok(()) } else { Err(self.wrong_plane(operation)) }
    }

    /// The directory to act in: the connection's, or the only one there is, of an account where that is
    /// given.
    pub(crate) fn directory(&self, account_id: Option<&str>) -> Result<String> {
        if let Some(id) = self.connection.path_value("directoryId").filter(|id| *id != "-") {
            return Ok(id.to_owned());
        }
        let mut call = Call::new(&organization::LIST_DIRECTORIES);
        if let Some(account_id) = account_id {
            call = call.query("accountId", account_id);
        }
        let found = self.list(call)?;
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

    /// Builds and signs the request of a call.
    fn request(&self, call: &Call) -> Result<Request> {
        let operation = call.operation;
        self.check_plane(operation)?;
        let path = self.path(call)?;
        let mut path_and_query = match self.connection.product(operation) {
            Some(product) => format!("/ex/{product}/{}", self.cloud_id()?),
            None => String::new(),
        };
        path_and_query.push_str(&path);
        let mut query = call.query.clone();
        let mut body = None;
        if let Some(object) = &call.body {
            // A cursor goes where the list's other parameters are.
            let cursor = call.more.first().map(|(name, value)| object.clone().text(name, value));
            body = Some(cursor.as_ref().unwrap_or(object).finish().into_bytes());
        } else {
            for (name, value) in &call.more {
                push_query(&mut query, name, value);
            }
        }
        path_and_query.push_str(&query);
        let mut request = request(operation, self.connection.base(), path_and_query, body);
        request.headers.extend(self.connection.authorization().map(|value| ("Authorization", value)));
        Ok(request)
    }

    /// The cloud id as far as it is known without asking for it; empty where none is needed.
    pub(crate) fn known_cloud_id(&self) -> &str {
        match self.cloud_id.get() {
            Some(Ok(id)) => id,
            _ => self.connection.id(),
        }
    }

    /// The cloud id, looked up once where only the site is known: what failed is not asked again.
    fn cloud_id(&self) -> Result<&str> {
        let Some(site) = self.connection.site_to_look_up() else { return Ok(self.connection.id()) };
        if self.cloud_id.get().is_none() {
            let operation = &gateway::TENANT_INFO;
            // Everybody may ask, so the credential stays where it belongs.
            let request = request(operation, site, operation.path.to_owned(), None);
            let found = block_on(self.transport, Box::pin(self.exchange(operation, request, Rc::default())));
            let found = found.and_then(|answer| cloud_id(self.connection, site, &answer));
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
fn cloud_id(connection: &Connection, site: &BaseUrl, answer: &Response) -> Result<String> {
    if matches!(answer.status, 408 | 429 | 500..) {
        return Err(Failure::from_answer(connection, &gateway::TENANT_INFO, answer));
    }
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
    if body.is_some() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    // A POST without content has an empty body (RFC 9110, 8.6); jco never sends one that has none.
    let body = body.or_else(|| (operation.method == Method::Post).then(Vec::new));
    if let Some(body) = &body {
        // Without it a host sends chunks, which not every gateway takes.
        headers.push(("Content-Length", body.len().to_string()));
    }
    Request { method: operation.method, base: base.clone(), path_and_query, headers, body }
}

/// Waits for a future that waits for nothing but the transport.
fn block_on<R>(transport: &dyn Transport, waiting: Waiting<'_, R>) -> R {
    let mut result = None;
    transport.block_on(pin!(async { result = Some(waiting.await) }));
    // `block_on` returns only when the future has ended.
    result.unwrap_or_else(|| unreachable!())
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

#[cfg(test)]
mod tests;
