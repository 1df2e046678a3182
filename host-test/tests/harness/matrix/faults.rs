//! What goes wrong in the fault matrix, and what that means.

use std::time::Duration;
use usher_host_test::mock::{Fault, How, Reply};

/// What a fault means for a request that is struck by it, once unless it says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Means {
    /// Nothing was done, and it is known: again.
    Again,
    /// It is not known whether it was done.
    Lost,
    /// Nothing can be made of it: a read fails as this.
    Wrong(&'static str),
    /// It strikes every time: a read fails as this.
    Always(&'static str),
}

pub(super) fn faults() -> Vec<(&'static str, Means, Duration, Fault)> {
    use Means::{Again, Always, Lost, Wrong};
    let (long, short) = (Duration::from_secs(40), Duration::from_secs(13));
    let soonest = Duration::from_secs(2);
    let json = |status: u16, body: &str| Reply::text(status, "application/json", body);
    let html = |status: u16| Reply::text(status, "text/html", "<html><head><title>Log in</title></head></html>");
    let limited = |name: &str, value: &str| Fault::answer(html(429).header(name, value));
    // The mock's own clock goes into `Date`, which these are compared with.
    let soon = httpdate::fmt_http_date(std::time::SystemTime::now() + Duration::from_secs(2));
    let many_headers = (0..3000).fold(json(200, "[]"), |reply, n| reply.header(&format!("x-{n}"), "x"));
    let drip = How::Drip { every: Duration::from_millis(50) };
    let protocol = Wrong("protocol");
    vec![
        ("429 with Retry-After: 1", Again, long, limited("retry-after", "1")),
        ("429 with Retry-After: 0", Again, long, limited("retry-after", "0")),
        ("429 with a date", Again, long, limited("retry-after", &soon)),
        (
            "429 with a reset in the past, without seconds",
            Again,
            long,
            limited("x-ratelimit-reset", "2025-10-08T15:00Z"),
        ),
        ("429 that says nothing", Again, long, Fault::answer(html(429))),
        ("408", Lost, long, Fault::answer(Reply::empty(408))),
        ("502 before", Lost, long, Fault::answer(html(502))),
        ("502 after", Lost, long, Fault::after(How::Answer(html(502)))),
        ("503 before", Lost, long, Fault::answer(Reply::empty(503).header("retry-after", "1"))),
        ("503 after", Lost, long, Fault::after(How::Answer(Reply::empty(503)))),
        ("504 before", Lost, long, Fault::answer(Reply::empty(504))),
        ("504 after", Lost, long, Fault::after(How::Answer(Reply::empty(504)))),
        ("cut before", Lost, long, Fault::before(How::Cut)),
        ("cut after", Lost, long, Fault::after(How::Cut)),
        ("cut in the body before", Lost, long, Fault::before(How::CutBody)),
        ("silence before", Lost, short, Fault::before(How::Hang)),
        ("silence after", Lost, short, Fault::after(How::Hang)),
        ("drip before", Lost, short, Fault::before(drip.clone())),
        ("drip after", Lost, short, Fault::after(drip.clone())),
        ("silence in the body", Lost, short, Fault::after(How::Drip { every: Duration::from_secs(3600) })),
        ("3,000 headers", Lost, long, Fault::answer(many_headers)),
        ("always silence before", Always("timeout"), soonest, Fault::before(How::Hang)),
        ("always silence after", Always("timeout"), soonest, Fault::after(How::Hang)),
        ("always a drip", Always("timeout"), soonest, Fault::after(drip)),
        ("always cut", Always("unavailable"), short, Fault::after(How::Cut)),
        ("always 503", Always("unavailable"), short, Fault::answer(Reply::empty(503))),
        ("always 429", Always("rate-limited"), short, limited("retry-after", "1")),
        ("100 MB", protocol, long, Fault::before(How::Flood { bytes: 100 << 20 })),
        ("a login page", protocol, long, Fault::answer(html(200))),
        ("XML", protocol, long, Fault::answer(Reply::text(200, "application/xml", "<?xml version=\"1.0\"?><status/>"))),
        ("JSON that is cut off", protocol, long, Fault::answer(json(200, r#"{"data":[{"id":"#))),
        ("JSON of 100,000 levels", protocol, long, Fault::answer(json(200, &"[".repeat(100_000)))),
        (
            "JSON of a million values",
            protocol,
            long,
            Fault::answer(json(200, &format!("[{}0]", "0,".repeat(1_000_000)))),
        ),
        ("invalid UTF-8", protocol, long, Fault::answer(Reply::text(200, "application/json", b"[\"\xff\"]".to_vec()))),
        (
            "other types",
            protocol,
            long,
            Fault::answer(json(200, r#"{"data":"x","values":7,"links":[],"accountId":{},"groups":[1]}"#)),
        ),
        ("an error as 200", protocol, long, Fault::answer(json(200, r#"{"errorMessages":["No."],"errors":{}}"#))),
        ("no body", protocol, long, Fault::answer(Reply::empty(200))),
        ("a redirect", protocol, long, Fault::answer(Reply::empty(302).header("location", "http://127.0.0.1:1/"))),
        ("500", Wrong("unavailable"), long, Fault::answer(json(500, r#"{"message":"Internal server error"}"#))),
        ("401", Wrong("unauthenticated"), long, Fault::answer(html(401))),
        ("403", Wrong("forbidden"), long, Fault::answer(json(403, r#"{"message":"No."}"#))),
    ]
}
