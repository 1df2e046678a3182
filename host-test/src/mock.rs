//! A mock Atlassian: real state, both planes, and the real answers to the classic mistakes.
//!
//! It is one server for the site (`/rest`, `/wiki`) and for the organization (`/admin`). It is
//! strict: a call it does not know is answered with 501, and kept in [`Mock::unexpected`].
//! Everything asked and answered is kept too, so that tests can compare it with Atlassian's
//! official descriptions.

mod confluence;
mod credentials;
mod fault;
mod jira;
mod limit;
mod organization;
mod reply;
mod scim;
mod server;
pub mod world;

pub use fault::{Fault, How, Plan};
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use limit::Limit;
pub use limit::Rate;
pub use reply::Reply;
use rustls::ServerConfig;
use serde_json::{Value, json};
use server::Answer;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use world::{CLOUD_ID, World};

/// How a mock behaves from its start.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 is a free one.
    pub port: u16,
    /// How long every answer takes.
    pub latency: Duration,
    /// How many requests it takes, all endpoints together.
    pub rate: Option<Rate>,
    /// How long somebody who was invited cannot be seen.
    pub delay_visibility: Duration,
    /// What goes wrong again and again.
    pub plan: Plan,
    /// Its certificate: with one it speaks TLS, and HTTP/2 where the other side does.
    pub tls: Option<Arc<ServerConfig>>,
}

/// A running mock. It ends when this is dropped.
pub struct Mock {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method.
    pub method: String,
    /// The path, still encoded.
    pub path: String,
    /// The query, still encoded; empty where there is none.
    pub query: String,
    /// The version of HTTP.
    pub version: http::Version,
    /// The headers of the request.
    pub headers: HeaderMap,
    /// The request's body, if it is JSON.
    pub body: Option<Value>,
    /// The status of the answer; 0 where there was none.
    pub status: u16,
    /// The answer's body.
    pub answer: String,
    /// Whether a [`Fault`] answered, and not the mock by itself.
    pub faulted: bool,
}

/// A request, in the pieces that the planes look at.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) segments: &'a [String],
    pub(crate) query: &'a [(String, String)],
    pub(crate) authorization: Option<&'a str>,
    pub(crate) body: Option<&'a Value>,
}

struct Shared {
    latency: Duration,
    connections: AtomicUsize,
    world: Mutex<World>,
    exchanges: Mutex<Vec<Exchange>>,
    unexpected: Mutex<Vec<String>>,
    faults: Mutex<Vec<(String, Fault)>>,
    plan: Mutex<Plan>,
    limit: Option<Limit>,
    is_https: bool,
}

impl Mock {
    /// Starts a mock on the current runtime, with the world as it is in the beginning.
    ///
    /// # Errors
    ///
    /// Fails if the port is taken.
    pub async fn start(options: Options) -> io::Result<Mock> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let mut world = World::acme(&url(address, options.tls.is_some()));
        world.delay_visibility = options.delay_visibility;
        let shared = Arc::new(Shared {
            latency: options.latency,
            connections: AtomicUsize::new(0),
            world: Mutex::new(world),
            exchanges: Mutex::default(),
            unexpected: Mutex::default(),
            faults: Mutex::default(),
            plan: Mutex::new(options.plan),
            limit: options.rate.map(Limit::new),
            is_https: options.tls.is_some(),
        });
        let serving = tokio::spawn(server::accept(listener, Arc::clone(&shared), options.tls));
        Ok(Mock { address, shared, serving })
    }

    /// The base URL, for a site and for the admin APIs.
    pub fn url(&self) -> String {
        url(self.address, self.shared.is_https)
    }

    /// Looks at the world, or changes it.
    pub fn world<R>(&self, look: impl FnOnce(&mut World) -> R) -> R {
        look(&mut lock(&self.shared.world))
    }

    /// Lets something go wrong with the next request that has this text in `METHOD path?query`.
    pub fn fault(&self, request: &str, fault: Fault) {
        lock(&self.shared.faults).push((request.to_owned(), fault));
    }

    /// Lets nothing go wrong any more.
    pub fn heal(&self) {
        lock(&self.shared.faults).clear();
        *lock(&self.shared.plan) = Plan::default();
    }

    /// Everything asked and answered so far.
    pub fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.shared.exchanges).clone()
    }

    /// How many connections it accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// The calls it did not know.
    pub fn unexpected(&self) -> Vec<String> {
        lock(&self.shared.unexpected).clone()
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// `localhost`, which a certificate can name, or the address.
fn url(address: SocketAddr, is_https: bool) -> String {
    if is_https { format!("https://localhost:{}", address.port()) } else { format!("http://{address}") }
}

/// Waits, and not longer: the timer is up to two milliseconds late, which a measurement would take for
/// the component's.
async fn late(by: Duration) {
    const GRAIN: Duration = Duration::from_millis(2);
    let until = Instant::now() + by;
    if by > GRAIN {
        tokio::time::sleep(by - GRAIN).await;
    }
    while Instant::now() < until {
        tokio::task::yield_now().await;
    }
}

async fn serve(shared: Arc<Shared>, request: http::Request<hyper::body::Incoming>) -> io::Result<Answer> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
    late(shared.latency).await;
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    let json: Option<Value> = serde_json::from_slice(&bytes).ok();
    let name = format!("{} {path}?{query}", parts.method);
    let fault = take_fault(&shared, &name).or_else(|| lock(&shared.plan).next(&name));
    let carry_out = || {
        let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let call = Call {
            method: parts.method.as_str(),
            segments: &segments,
            query: &parse_query(&query),
            authorization: parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()),
            body: json.as_ref(),
        };
        match &shared.limit {
            Some(limit) => limit.answer(&path, || answer(&shared, &call)),
            None => answer(&shared, &call),
        }
    };
    let reply = match &fault {
        Some(Fault { applied: false, .. }) => Reply::empty(0),
        _ => carry_out(),
    };
    let answer = server::answer(reply, fault.as_ref().map(|fault| &fault.how));
    lock(&shared.exchanges).push(Exchange {
        method: parts.method.to_string(),
        path,
        query,
        version: parts.version,
        headers: parts.headers,
        body: json,
        status: answer.status,
        answer: answer.text.clone(),
        faulted: fault.is_some(),
    });
    answer.send().await
}

/// Picks the plane by the first segments; each checks its credential before anything else.
fn answer(shared: &Shared, call: &Call<'_>) -> Reply {
    let mut world = lock(&shared.world);
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let path = format!("/{}", segments.join("/"));
    let reply = match segments.as_slice() {
        ["_edge", "tenant_info"] => Some(Reply::json(200, &json!({"cloudId": CLOUD_ID}))),
        ["rest" | "wiki", ..] => credentials::site(call).or_else(|| site(&mut world, call, &segments)),
        ["ex", product, cloud_id, rest @ ..] => {
            credentials::gateway(call, &format!("/{}", rest.join("/"))).or_else(|| {
                let is_there = *cloud_id == CLOUD_ID
                    && *product == if rest.first() == Some(&"wiki") { "confluence" } else { "jira" };
                if is_there { site(&mut world, call, rest) } else { Some(Reply::gateway_error(404, "Not Found")) }
            })
        }
        ["oauth", "token", "accessible-resources"] => Some(credentials::oauth(call).unwrap_or_else(|| {
            let scopes = ["read:jira-user", "manage:jira-configuration"];
            let avatar = format!("{}/avatar.png", world.site);
            Reply::json(
                200,
                &json!([{"id": CLOUD_ID, "name": "acme", "url": world.site, "scopes": scopes, "avatarUrl": avatar}]),
            )
        })),
        ["admin", rest @ ..] => {
            credentials::organization(call, &path).or_else(|| organization::answer(&mut world, call, rest))
        }
        ["users", rest @ ..] => {
            credentials::user_management(call).or_else(|| organization::user_management(&mut world, call, rest))
        }
        ["scim", "directory", rest @ ..] => credentials::scim(call).or_else(|| scim::answer(&world, call, rest)),
        _ => None,
    };
    reply.unwrap_or_else(|| {
        let name = format!("{} {path}", call.method);
        lock(&shared.unexpected).push(name.clone());
        Reply::text(501, "text/plain", format!("the mock Atlassian does not know {name}"))
    })
}

/// A site, on its own host and behind the gateway alike.
fn site(world: &mut World, call: &Call<'_>, path: &[&str]) -> Option<Reply> {
    match path {
        ["rest", "api", "3", rest @ ..] => jira::answer(world, call, rest),
        ["wiki", "api", "v2", rest @ ..] => confluence::answer(world, call, rest),
        _ => None,
    }
}

fn take_fault(shared: &Shared, request: &str) -> Option<Fault> {
    let mut faults = lock(&shared.faults);
    let at = faults.iter().position(|(part, _)| request.contains(part.as_str()))?;
    Some(faults.remove(at).1)
}

impl Call<'_> {
    /// The first value of a query parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params(name).next()
    }

    /// All values of a query parameter.
    pub(crate) fn params(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A field of the body.
    pub(crate) fn field(&self, name: &str) -> Option<&Value> {
        self.body?.get(name)
    }

    /// A field of the body that is a list of texts; none where it is missing.
    pub(crate) fn texts(&self, name: &str) -> Vec<&str> {
        texts(self.field(name))
    }
}

pub(crate) fn texts(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn parse_query(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Decodes `%XX`; what is not valid becomes the replacement character.
fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A test that panicked holds nothing half-done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
