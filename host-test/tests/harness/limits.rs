//! A hundred people at twenty requests a second: everybody is done, and hardly a request is wasted.

use crate::engine;
use std::io::Write as _;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use usher_host::{Connection, Grants};
use usher_host_test::mock::world::{ADMIN_EMAIL, API_KEY, API_TOKEN, ORG_ID};
use usher_host_test::mock::{Mock, Options, Rate};

const PEOPLE: usize = 100;

/// How many requests there may be in a second, and how many of them at once.
const RATE: u32 = 20;

/// What a run came to.
struct Done {
    people: usize,
    requests: usize,
    refused: usize,
    took: Duration,
}

impl Done {
    /// What it took, by what the limit leaves: a burst at once, and the others one by one.
    fn ratio(&self) -> f64 {
        let needed = (self.requests - self.refused) as f64;
        self.took.as_secs_f64() / ((needed - f64::from(RATE)) / f64::from(RATE))
    }
}

/// Adds everybody to a group, in so many sandboxes at once: by their address, which looks them up, or
/// in two calls.
async fn run(on_site: bool, is_one_call: bool, sandboxes: usize) -> Done {
    let rate = Some(Rate { per_second: RATE, burst: RATE });
    let mock = Mock::start(Options { rate, ..Options::default() }).await.unwrap();
    let email = |n: usize| format!("p{n}@acme.example");
    mock.world(|world| {
        for n in 0..PEOPLE {
            world
                .create(&email(n), "")
                .roles
                .insert(("ari:cloud:jira-software::site/x".into(), "atlassian/user".into()));
        }
    });
    let connection = if on_site {
        Connection::site(mock.url(), ADMIN_EMAIL, API_TOKEN)
    } else {
        Connection::organization(ORG_ID, API_KEY).with_api_url(mock.url())
    };
    let start = Instant::now();
    let mut running = JoinSet::new();
    for first in 0..sandboxes {
        let (connection, mut sandbox) =
            (connection.clone(), engine().sandbox(Grants::new().host(&mock.url()).unwrap()));
        running.spawn(async move {
            let mut done = 0;
            for n in (first..PEOPLE).step_by(sandboxes) {
                let person = if is_one_call {
                    email(n)
                } else {
                    sandbox.find_account(&connection, &email(n)).await.unwrap().unwrap().account_id
                };
                done += usize::from(sandbox.add_to_group(&connection, "engineering", &person).await.unwrap().is_ok());
            }
            done
        });
    }
    let people = running.join_all().await.into_iter().sum();
    let took = start.elapsed();
    let exchanges = mock.exchanges();
    let refused = exchanges.iter().filter(|exchange| exchange.status == 429).count();
    Done { people, requests: exchanges.len(), refused, took }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_limit_everybody_is_done_with_hardly_a_wasted_request() {
    let (by_address, in_two_calls, at_once, in_organization) =
        tokio::join!(run(true, true, 1), run(true, false, 1), run(true, true, 8), run(false, true, 1));
    let runs = [
        ("by address", &by_address),
        ("in two calls", &in_two_calls),
        ("in 8 sandboxes", &at_once),
        ("in an organization", &in_organization),
    ];
    let mut word = format!("\n{PEOPLE} people looked up and added to a group at {RATE} requests a second:\n");
    for (how, done) in runs {
        let ratio = done.ratio();
        word.push_str(&format!(
            "{how:<18} {} done, {} requests, {} of them refused, {:.1} s, {ratio:.2} of the ideal\n",
            done.people,
            done.requests,
            done.refused,
            done.took.as_secs_f64(),
        ));
    }
    // The test runner keeps back what a passing test prints.
    let _ = std::io::stderr().write_all(word.as_bytes());
    for (_, done) in runs {
        assert_eq!(done.people, PEOPLE);
    }
    assert!(by_address.requests <= 205 && in_two_calls.requests <= 205, "{word}");
    assert!(at_once.requests <= 240 && in_organization.requests <= 305, "{word}");
}
