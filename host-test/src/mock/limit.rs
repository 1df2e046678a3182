//! A limit of requests: a bucket of tokens that fills up steadily, and what Atlassian says of it.

use super::{Reply, lock};
use serde_json::json;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

/// How many requests there may be.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// How many in a second, in the long run.
    pub per_second: u32,
    /// How many at once.
    pub burst: u32,
}

pub(super) struct Limit {
    rate: Rate,
    /// How many are left, and since when.
    tokens: Mutex<(f64, Instant)>,
}

impl Limit {
    pub(super) fn new(rate: Rate) -> Limit {
        Limit { rate, tokens: Mutex::new((f64::from(rate.burst), Instant::now())) }
    }

    /// The answer, or a 429; either with the headers of its plane.
    pub(super) fn answer(&self, path: &str, answer: impl FnOnce() -> Reply) -> Reply {
        let Rate { per_second, burst } = self.rate;
        let (is_allowed, left) = {
            let mut tokens = lock(&self.tokens);
            let now = Instant::now();
            let gained = now.duration_since(tokens.1).as_secs_f64() * f64::from(per_second);
            *tokens = ((tokens.0 + gained).min(f64::from(burst)), now);
            let is_allowed = tokens.0 >= 1.0;
            tokens.0 -= f64::from(u8::from(is_allowed));
            (is_allowed, tokens.0)
        };
        let is_site = ["/rest", "/wiki", "/ex"].iter().any(|plane| path.starts_with(plane));
        let reset = rfc3339(SystemTime::now() + Duration::from_secs(1));
        let mut reply = match (is_allowed, is_site) {
            (true, _) => answer(),
            (false, true) => {
                let reply = Reply::text(429, "text/html", "<html><title>Rate limit exceeded</title></html>");
                let reply = reply.header("ratelimit-reason", "jira-quota-tenant-based");
                reply.header("retry-after", "1").header("x-ratelimit-reset", &reset)
            }
            // Nobody promises a `Retry-After` here.
            (false, false) => Reply::json(429, &json!({"code": 429, "message": "Too Many Requests"})),
        };
        reply.headers.retain(|(name, _)| !name.starts_with("x-ratelimit-") || (name.ends_with("reset") && is_site));
        let reply = reply.header("x-ratelimit-limit", burst.to_string());
        let reply = reply.header("x-ratelimit-remaining", left.floor().to_string());
        match is_site {
            true if left * 5.0 < f64::from(burst) => reply.header("x-ratelimit-nearlimit", "true"),
            true => reply,
            false => reply.header("x-ratelimit-reset", reset),
        }
    }
}

/// Now and then, as Atlassian writes it.
fn rfc3339(time: SystemTime) -> String {
    let date = httpdate::HttpDate::from(time).to_string();
    // `Sun, 06 Nov 1994 08:49:37 GMT`
    let words: Vec<&str> = date.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = 1 + months.iter().position(|month| *month == words[2]).unwrap_or_default();
    format!("{}-{month:02}-{}T{}Z", words[3], words[1], words[4])
}
