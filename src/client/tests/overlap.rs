//! Several requests at once, on a clock that goes on when all of them wait.

use super::*;
use crate::transport::{Answer, Request, Response, Waiting};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// A server that takes its time and allows so many requests in a second.
struct Server {
    now: Cell<Duration>,
    alarm: Cell<Option<Duration>>,
    latency: Duration,
    rate: f64,
    /// How many requests may come now, and since when.
    tokens: Cell<(f64, Duration)>,
    at_once: Cell<usize>,
    most_at_once: Cell<usize>,
    statuses: RefCell<Vec<u16>>,
}

impl Server {
    fn new(latency: u64, rate: f64) -> Server {
        Server {
            now: Cell::default(),
            alarm: Cell::default(),
            latency: Duration::from_millis(latency),
            rate,
            tokens: Cell::new((rate, Duration::ZERO)),
            at_once: Cell::default(),
            most_at_once: Cell::default(),
            statuses: RefCell::default(),
        }
    }
}

impl Transport for Server {
    fn send(&self, _: &Request, _: Duration) -> Waiting<'_, Answer> {
        Box::pin(async {
            self.at_once.set(self.at_once.get() + 1);
            self.most_at_once.set(self.most_at_once.get().max(self.at_once.get()));
            self.sleep(self.now() + self.latency / 2).await;
            let (tokens, since) = self.tokens.get();
            let tokens = (tokens + (self.now() - since).as_secs_f64() * self.rate).min(self.rate);
            let status = if tokens >= 1.0 { 200 } else { 429 };
            let left = if tokens >= 1.0 { tokens - 1.0 } else { tokens };
            self.tokens.set((left, self.now()));
            self.statuses.borrow_mut().push(status);
            self.sleep(self.now() + self.latency / 2).await;
            self.at_once.set(self.at_once.get() - 1);
            let header = |name: &str, value: f64| (format!("X-RateLimit-{name}"), format!("{value:.0}").into_bytes());
            let headers = vec![header("Limit", self.rate), header("Remaining", left.floor())];
            Ok(Box::new(Response { status, headers, body: b"{}".to_vec() }))
        })
    }

    fn now(&self) -> Duration {
        self.now.get()
    }

    fn sleep(&self, until: Duration) -> Waiting<'_, ()> {
        Box::pin(poll_fn(move |_| {
            if self.now.get() >= until {
                return Poll::Ready(());
            }
            self.alarm.set(Some(self.alarm.get().map_or(until, |other| other.min(until))));
            Poll::Pending
        }))
    }

    fn random(&self) -> u64 {
        0
    }

    /// Where all of it waits, the clock goes to the next alarm.
    fn block_on(&self, mut future: Pin<&mut dyn Future<Output = ()>>) {
        while future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.now.set(self.alarm.take().expect("somebody waits for a time"));
        }
    }
}

/// Sends so many requests, `width` at once; how many were answered.
fn send(server: &Server, count: usize, width: usize) -> usize {
    let connection = site();
    let client = Client::new(&connection, server, Duration::from_secs(600), Policy::default());
    let done = Cell::new(0);
    let calls = (0..count).map(|_| Call::new(&jira::MYSELF));
    client.overlap(width, &mut { calls }, &mut |_, _, answer| {
        done.set(done.get() + usize::from(answer.is_ok()));
        true
    });
    done.get()
}

#[test]
fn so_many_are_on_their_way_as_the_window_is_wide_and_no_more() {
    for (width, most) in [(16, 16), (1, 1), (0, 1), (2000, 1000)] {
        let server = Server::new(50, 1e6);
        assert_eq!(send(&server, 1000, width), 1000);
        assert_eq!(server.most_at_once.get(), most);
        assert_eq!(server.now(), Duration::from_millis(50) * 1000_usize.div_ceil(most) as u32);
    }
}

#[test]
fn nothing_to_do_is_done_at_once() {
    let server = Server::new(50, 1e6);
    assert_eq!(send(&server, 0, 16), 0);
    assert_eq!(server.now(), Duration::ZERO);
}

#[test]
fn a_window_keeps_to_the_limit_that_the_server_tells() {
    for (latency, rate) in [(50, 20.0), (200, 20.0), (20, 100.0), (400, 100.0), (50, 5.0)] {
        let server = Server::new(latency, rate);
        assert_eq!(send(&server, 500, 16), 500);
        let refused = server.statuses.borrow().iter().filter(|status| **status == 429).count();
        // What the limit and the window leave, whichever is less.
        let by_limit = (500.0 - rate) / rate;
        let by_window = 500.0 / 16.0 * server.latency.as_secs_f64();
        let ratio = server.now().as_secs_f64() / by_limit.max(by_window);
        println!("{latency} ms, {rate}/s: {refused} refused, {ratio:.2} of the ideal");
        assert!(ratio < 1.15, "{latency} ms, {rate}/s: {ratio:.2} of the ideal");
        // Before the first answer nothing is known: as many as the window has may be too many.
        let blind = (16.0 - rate).max(0.0) as usize;
        assert!(refused <= blind * 2 + 5, "{latency} ms, {rate}/s: {refused} refused");
    }
}
