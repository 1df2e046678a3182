//! How fast the component is, beside a native floor in the same run: the same requests, recorded from
//! the component, sent by a plain pooled Rust client without wasm, as many at once.
//!
//! The mock has a thread of its own, and what is measured has another. Machines are noisy: each figure
//! is the median of several rounds, in which the floor and the component take turns.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on has failed")]

use futures_util::StreamExt as _;
use futures_util::stream;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use usher_host::{
    Access, ApplyOptions, Connection, Departure, Engine, Grants, OtherGroups, Person, PlanOptions, Presence, Role,
};
use usher_host_test::mock::world::{ADMIN_EMAIL, API_KEY, API_TOKEN, ORG_ID, resource};
use usher_host_test::mock::{Exchange, Mock, Options};

const WINDOW: usize = 16;

const KEEP: PlanOptions =
    PlanOptions { other_groups: OtherGroups::Keep, window: Some(WINDOW as u32), departure: Departure::LeaveGroups };

const QUIET: ApplyOptions = ApplyOptions { message: None, window: Some(WINDOW as u32) };

/// The client that the floor sends with.
type Native = Client<HttpConnector, Full<Bytes>>;

/// What all measurements share.
struct Bench {
    engine: Engine,
    /// With memory reserved for the sandboxes that are alive at once.
    pooled: Engine,
    server: Runtime,
}

fn main() {
    // `cargo bench` hands on its own flags; there is nothing to choose from.
    let bench = Bench {
        engine: Engine::load().unwrap(),
        pooled: Engine::pooled(64).unwrap(),
        server: Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap(),
    };
    let here = Builder::new_current_thread().enable_all().build().unwrap();
    println!("\n{:<66}{:>11}{:>11}{:>9}{:>9}", "", "floor", "usher", "ratio", "at most");
    here.block_on(async {
        bench.new_people().await;
        bench.known_people().await;
        bench.one_after_the_other().await;
        bench.at_once().await;
        bench.parts().await;
        bench.memory().await;
    });
    println!();
}

impl Bench {
    fn mock(&self, latency: u64, known: usize) -> Mock {
        let options = Options { latency: Duration::from_millis(latency), ..Options::default() };
        let mock = self.server.block_on_from_here(Mock::start(options)).unwrap();
        mock.world(|world| {
            for n in 0..known {
                let role = (resource("jira-software"), "atlassian/user".to_owned());
                world.create(&email(n), "").roles.insert(role);
            }
        });
        mock
    }

    fn grants(mock: &Mock) -> Grants {
        Grants::new().host(&mock.url()).unwrap()
    }

    /// A rollout, and the floor of its plan and of its steps; the requests of both.
    async fn rollout(
        &self,
        latency: u64,
        known: usize,
        people: &[Person],
        is_site: bool,
    ) -> (Duration, Duration, [usize; 2]) {
        let mock = self.mock(latency, known);
        let connection = connection(&mock, is_site);
        let mut sandbox = self.engine.sandbox(Bench::grants(&mock));
        sandbox.prepare().await.unwrap();
        let start = Instant::now();
        let rollout = sandbox.plan(&connection, people, KEEP).await.unwrap().unwrap();
        let planned = mock.exchanges().len();
        let applied = sandbox.apply(&connection, &rollout.steps, &QUIET).await.unwrap().unwrap();
        let usher = start.elapsed();
        assert!(applied.len() == people.len() && applied.iter().all(|it| it.failure.is_none()));
        let exchanges = mock.exchanges();
        drop(mock);
        let fresh = self.mock(latency, known);
        let (plan, steps) = exchanges.split_at(planned);
        let native = native();
        let start = Instant::now();
        send(&native, &fresh, plan, WINDOW).await;
        send(&native, &fresh, steps, WINDOW).await;
        (usher, start.elapsed(), [plan.len(), steps.len()])
    }

    async fn new_people(&self) {
        let people: Vec<Person> = (0..1000).map(|n| person(n, &[], &["engineering", "writers"])).collect();
        let mut rounds = Vec::new();
        let mut counts = [0, 0];
        for _ in 0..5 {
            let (usher, floor, requests) = self.rollout(50, 0, &people, false).await;
            counts = requests;
            rounds.push((floor, usher));
        }
        let [plan, steps] = counts;
        let requests = plan + steps;
        println!("1,000 new people in two groups, organization, 50 ms: {requests} requests, at most 60");
        assert!(requests <= 60);
        row("  beside the floor", &rounds, None);
        ideal(rounds, 50 * (plan.div_ceil(WINDOW) + steps.div_ceil(WINDOW)));
    }

    async fn known_people(&self) {
        let people: Vec<Person> = (0..1000).map(|n| person(n, &[], &["engineering"])).collect();
        let mut rounds = Vec::new();
        let mut requests = [0, 0];
        for _ in 0..3 {
            let (usher, floor, counts) = self.rollout(20, 1000, &people, true).await;
            rounds.push((floor, usher));
            requests = counts;
        }
        let [plan, steps] = requests;
        println!("1,000 known people into one group, site, 20 ms: {} requests", plan + steps);
        row("  beside the floor", &rounds, None);
        // The group and its members come before the people.
        ideal(rounds, 20 * (2 + (plan - 2).div_ceil(WINDOW) + steps.div_ceil(WINDOW)));
    }

    async fn one_after_the_other(&self) {
        const CALLS: usize = 500;
        let mock = self.mock(0, 0);
        let connection = connection(&mock, true);
        let native = native();
        let mut live = self.engine.sandbox(Bench::grants(&mock));
        live.find_account(&connection, "liam@acme.example").await.unwrap().unwrap();
        let one = mock.exchanges();
        let (mut in_live, mut in_fresh, mut in_pooled) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..9 {
            let floor = time(async {
                for _ in 0..CALLS {
                    send(&native, &mock, &one, 1).await;
                }
            });
            let floor = floor.await / CALLS as u32;
            let usher = time(async {
                for _ in 0..CALLS {
                    live.find_account(&connection, "liam@acme.example").await.unwrap().unwrap();
                }
            });
            in_live.push((floor, usher.await / CALLS as u32));
            for (engine, rounds) in [(&self.engine, &mut in_fresh), (&self.pooled, &mut in_pooled)] {
                let usher = time(async {
                    for _ in 0..CALLS {
                        let mut fresh = engine.sandbox(Bench::grants(&mock));
                        fresh.find_account(&connection, "liam@acme.example").await.unwrap().unwrap();
                    }
                });
                rounds.push((floor, usher.await / CALLS as u32));
            }
        }
        println!("One look-up after the other, no latency, each");
        row("  in a live sandbox", &in_live, Some(1.25));
        row("  in a fresh sandbox per call", &in_fresh, Some(1.75));
        row("  in a fresh sandbox per call, memory pooled", &in_pooled, Some(1.75));
    }

    async fn at_once(&self) {
        const CALLS: usize = 1000;
        let mock = self.mock(0, 0);
        let connection = connection(&mock, true);
        let native = native();
        let people: Vec<Person> = (0..CALLS).map(|n| person(n, &["jira-software"], &[])).collect();
        let mut live = self.engine.sandbox(Bench::grants(&mock));
        live.plan(&connection, &people, KEEP).await.unwrap().unwrap();
        let asked = mock.exchanges();
        let mut in_one = Vec::new();
        for _ in 0..9 {
            let floor = time(send(&native, &mock, &asked, WINDOW)).await / asked.len() as u32;
            let usher = time(async { live.plan(&connection, &people, KEEP).await.unwrap().unwrap() }).await;
            in_one.push((floor, usher / asked.len() as u32));
        }
        let one: Vec<Exchange> = (0..CALLS).map(|_| asked[0].clone()).collect();
        let connections = mock.connections();
        let (mut in_fresh, mut in_pooled) = (Vec::new(), Vec::new());
        for _ in 0..9 {
            let floor = time(send(&native, &mock, &one, WINDOW)).await / CALLS as u32;
            for (engine, rounds) in [(&self.engine, &mut in_fresh), (&self.pooled, &mut in_pooled)] {
                let usher = time(async {
                    let calls = (0..CALLS).map(|_| async {
                        let mut fresh = engine.sandbox(Bench::grants(&mock));
                        fresh.find_account(&connection, "nobody@acme.example").await.unwrap().unwrap_err();
                    });
                    stream::iter(calls).buffer_unordered(WINDOW).for_each(|()| async {}).await;
                });
                rounds.push((floor, usher.await / CALLS as u32));
            }
        }
        let opened = mock.connections() - connections;
        println!("16 at once, no latency, each");
        row("  the window inside one call", &in_one, Some(2.0));
        row("  a fresh sandbox per call", &in_fresh, Some(6.0));
        row("  a fresh sandbox per call, memory pooled", &in_pooled, Some(6.0));
        println!("  {} calls in fresh sandboxes opened {opened} connections", CALLS * 18);
    }

    async fn parts(&self) {
        let mock = self.mock(0, 0);
        for (engine, how) in [(&self.engine, ""), (&self.pooled, ", memory pooled")] {
            let instantiated = median((0..2000).map(|_| async {
                let mut sandbox = engine.sandbox(Bench::grants(&mock));
                time(sandbox.prepare()).await
            }))
            .await;
            let what = format!("Instantiation{how}");
            println!("{what:<66}{:>11}{instantiated:>11.1?}{:>9}{:>9}", "", "", "20 µs");
        }
        let loaded = median((0..30).map(|_| async { time(async { Engine::load().unwrap() }).await })).await;
        println!(
            "{:<66}{:>11}{loaded:>11.2?}{:>9}{:>9}",
            "Loading the compiled component from the cache", "", "", "1 ms"
        );
    }

    async fn memory(&self) {
        const SANDBOXES: usize = 1000;
        let mock = self.mock(0, 0);
        let connection = connection(&mock, true);
        let before = resident();
        let mut alive = Vec::new();
        for _ in 0..SANDBOXES {
            let mut sandbox = self.engine.sandbox(Bench::grants(&mock));
            sandbox.find_account(&connection, "liam@acme.example").await.unwrap().unwrap();
            alive.push(sandbox);
        }
        let each = (resident() - before) / SANDBOXES / 1024;
        println!(
            "{:<66}{:>11}{each:>7} KiB{:>9}{:>9}",
            "1,000 sandboxes alive at once, after a call each, resident", "", "", "1 MiB"
        );
        drop(alive);
        let people: Vec<Person> = (0..10_000).map(|n| person(n, &["jira-software"], &["engineering"])).collect();
        let (usher, _, [plan, steps]) = self.rollout(0, 0, &people, false).await;
        let took = format!("{usher:.1?}");
        let what = format!("10,000 new people within the default memory, {} requests", plan + steps);
        println!("{what:<66}{:>11}{took:>11}{:>9}{:>9}", "", "", "32 MiB");
    }
}

fn email(n: usize) -> String {
    format!("p{n}@acme.example")
}

fn person(n: usize, access: &[&str], groups: &[&str]) -> Person {
    Person {
        email: email(n),
        state: Presence::Present,
        access: access.iter().map(|it| Access { product: (*it).to_owned(), role: Role::User }).collect(),
        groups: groups.iter().map(|it| (*it).to_owned()).collect(),
    }
}

fn connection(mock: &Mock, is_site: bool) -> Connection {
    if is_site {
        Connection::site(mock.url(), ADMIN_EMAIL, API_TOKEN)
    } else {
        Connection::organization(ORG_ID, API_KEY).with_api_url(mock.url())
    }
}

fn native() -> Native {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

/// Sends recorded requests again, so many at once, and reads every answer.
async fn send(native: &Native, mock: &Mock, exchanges: &[Exchange], width: usize) {
    let url = mock.url();
    let calls = exchanges.iter().map(|exchange| {
        let query = if exchange.query.is_empty() { String::new() } else { format!("?{}", exchange.query) };
        let mut request =
            Request::builder().method(exchange.method.as_str()).uri(format!("{url}{}{query}", exchange.path));
        for name in ["authorization", "accept", "content-type", "user-agent"] {
            if let Some(value) = exchange.headers.get(name) {
                request = request.header(name, value);
            }
        }
        let body = exchange.body.as_ref().map(ToString::to_string).unwrap_or_default();
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        async move {
            let answer = native.request(request).await.unwrap();
            answer.into_body().collect().await.unwrap();
        }
    });
    stream::iter(calls).buffer_unordered(width).for_each(|()| async {}).await;
}

async fn time<T>(what: impl Future<Output = T>) -> Duration {
    let start = Instant::now();
    what.await;
    start.elapsed()
}

async fn median(each: impl Iterator<Item = impl Future<Output = Duration>>) -> Duration {
    let mut all = Vec::new();
    for one in each {
        all.push(one.await);
    }
    all.sort();
    all[all.len() / 2]
}

/// A line of the table: the round whose ratio is the median.
fn row(what: &str, rounds: &[(Duration, Duration)], most: Option<f64>) {
    let mut rounds = rounds.to_vec();
    let ratio = |(floor, usher): &(Duration, Duration)| usher.as_secs_f64() / floor.as_secs_f64();
    rounds.sort_by(|one, other| ratio(one).total_cmp(&ratio(other)));
    let middle = rounds[rounds.len() / 2];
    let most = most.map_or(String::new(), |most| format!("{most:.2}"));
    println!("{what:<66}{:>11.1?}{:>11.1?}{:>9.2}{most:>9}", middle.0, middle.1, ratio(&middle));
}

/// The same beside what the latency alone takes.
fn ideal(rounds: Vec<(Duration, Duration)>, milliseconds: usize) {
    let ideal = Duration::from_millis(milliseconds as u64);
    let rounds: Vec<_> = rounds.into_iter().map(|(_, usher)| (ideal, usher)).collect();
    row("  beside what the latency alone takes", &rounds, Some(1.10));
}

/// The memory of this process, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

trait FromHere {
    /// Runs a future on that runtime, from within another.
    fn block_on_from_here<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> T;
}

impl FromHere for Runtime {
    fn block_on_from_here<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> T {
        let (give, take) = std::sync::mpsc::channel();
        self.spawn(async move { drop(give.send(future.await)) });
        take.recv().unwrap()
    }
}
