//! How fast requests may follow each other: what the rate-limit headers say, and what that means.
//!
//! Atlassian has at least four forms of them, some at once: `X-RateLimit-*` (Jira, Confluence and
//! the admin APIs), `RateLimit` and `RateLimit-Policy` as in the IETF's draft, `Retry-After`, and each
//! of them with `Beta-`, which announces limits that are not in force yet. A time is said as seconds, as 0, as RFC 3339 with or without seconds,
//! as an HTTP date, or not at all.

use crate::text::has;
use crate::time;
use crate::transport::Response;
use std::time::Duration;

/// What is left of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many requests there are in a window.
    limit: u64,
    /// How many of them are left.
    remaining: u64,
    /// When the window ends, from when the answer came.
    resets_in: Duration,
    /// Whether it counts for the one endpoint only, and not for all of the plane.
    pub is_of_endpoint: bool,
}

/// The window where none is said: that of Jira's bursts.
const WINDOW: Duration = Duration::from_secs(1);

/// The longest pause while something is left.
const SLOW: Duration = Duration::from_secs(1);

/// The longest pause at the end of a call.
const COURTESY: Duration = Duration::from_millis(250);

impl Budget {
    /// What an answer says of a limit, if it says anything.
    pub fn of(answer: &Response) -> Option<Budget> {
        // `"jira-burst-based";q=100;w=1` and `"jira-burst-based";r=348;t=1`
        let policies = answer.header("ratelimit-policy").unwrap_or_default().split(',');
        let by_policy = policies.filter_map(|policy| {
            let name = policy.split(';').next()?.trim_ascii();
            let mut states = answer.header("ratelimit").unwrap_or_default().split(',');
            let state = states.find(|state| state.split(';').next().is_some_and(|other| other.trim_ascii() == name))?;
            let seconds = parameter(state, "t").or_else(|| parameter(policy, "w"));
            Some(Budget {
                limit: parameter(policy, "q")?,
                remaining: parameter(state, "r")?,
                resets_in: seconds.map_or(WINDOW, Duration::from_secs),
                is_of_endpoint: has(name, "burst"),
            })
        });
        let nearest = by_policy.max_by_key(Budget::pause);
        nearest.or_else(|| Budget::of_counts(answer))
    }

    /// The same of `X-RateLimit-*`.
    fn of_counts(answer: &Response) -> Option<Budget> {
        let header = |name: &str| answer.header(&format!("x-ratelimit-{name}"));
        let number = |name: &str| header(name)?.trim_ascii().parse().ok();
        let limit: u64 = number("limit")?;
        // Nothing else is sure to be there; this says that less than a fifth is.
        let near = (header("nearlimit") == Some("true")).then_some(limit / 10);
        let remaining = number("remaining").or(near)?;
        let resets_in = header("reset").and_then(|reset| until(answer, reset)).unwrap_or(WINDOW);
        let is_of_endpoint = answer.header("ratelimit-reason").is_some_and(|reason| has(reason, "burst"));
        Some(Budget { limit, remaining, resets_in, is_of_endpoint })
    }

    /// What a 429 means that says no more than how long to wait, if that.
    pub fn refused(answer: &Response) -> Option<Budget> {
        let is_of_endpoint = answer.header("ratelimit-reason").is_some_and(|reason| has(reason, "burst"));
        let resets_in = asked(answer).filter(|_| answer.status == 429)?;
        Some(Budget { limit: 1, remaining: 0, resets_in, is_of_endpoint })
    }

    /// The same once so many requests that left since then have been counted.
    pub fn less(self, sent: u32) -> Budget {
        Budget { remaining: self.remaining.saturating_sub(sent.into()), ..self }
    }

    /// The pause before the next request: none while a fifth is left (below that, Jira says
    /// `X-RateLimit-NearLimit`); then what is left is spread over the rest of the window; and where
    /// nothing is left, the rest of the window.
    pub fn pause(&self) -> Duration {
        if self.remaining.saturating_mul(5) >= self.limit {
            return Duration::ZERO;
        }
        // Times come in whole seconds, so that less than one is not known to be any.
        let rest = self.resets_in.max(WINDOW);
        if self.remaining == 0 {
            return rest;
        }
        let parts = u32::try_from(self.remaining).unwrap_or(u32::MAX).saturating_add(1);
        (rest / parts).min(SLOW)
    }

    /// The pause at the end of a call. Nothing is remembered from one call to the next, whose first
    /// request would be one too many; but nobody waits long for a call that is done.
    pub fn courtesy(&self) -> Duration {
        let pause = self.pause();
        if pause > SLOW { Duration::ZERO } else { pause.min(COURTESY) }
    }
}

/// How long the server wants to be left alone, if it says so.
pub fn asked(answer: &Response) -> Option<Duration> {
    let said = |name: &str| answer.header(name).and_then(|text| until(answer, text));
    ["retry-after", "beta-retry-after"].into_iter().find_map(said).or_else(|| {
        // That the window ends then is a request only where the limit is why there is no better answer.
        let resets = ["x-ratelimit-reset", "x-beta-ratelimit-reset"];
        if answer.status == 429 { resets.into_iter().find_map(said) } else { None }
    })
}

/// The time until what a header says: seconds, or a date, which is compared with the answer's own.
fn until(answer: &Response, text: &str) -> Option<Duration> {
    let text = text.trim_ascii();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = time::read(answer.header("date")?)?;
    time::read(text).map(|then| Duration::from_secs(then.saturating_sub(now)))
}

/// A number among parameters that are parted by semicolons.
fn parameter(text: &str, name: &str) -> Option<u64> {
    let mut pairs = text.split([';', ',']).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| key.trim_ascii() == name)?.1.trim_ascii().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DATE: (&str, &str) = ("Date", "Wed, 08 Oct 2025 14:29:13 GMT");

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
        let header = |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
        Response { status, headers: headers.iter().map(header).collect(), body: Vec::new() }
    }

    #[test]
    fn a_wait_is_read_in_every_form_it_comes_in() {
        for (headers, seconds) in [
            (&[("Retry-After", "1847")][..], Some(1847)),
            (&[("Retry-After", "0")], Some(0)),
            (&[("Retry-After", "Wed, 08 Oct 2025 15:00:00 GMT"), DATE], Some(1847)),
            (&[("Retry-After", "Wed, 08 Oct 2025 15:00:00 GMT")], None),
            (&[("Retry-After", "soon"), DATE], None),
            (&[("Beta-Retry-After", "7")], Some(7)),
            (&[("X-RateLimit-Reset", "2025-10-08T15:00:00Z"), DATE], Some(1847)),
            (&[("X-RateLimit-Reset", "2025-10-08T15:00Z"), DATE], Some(1847)),
            (&[("X-RateLimit-Reset", "2025-10-08T15:00:00.5+00:00"), DATE], Some(1847)),
            (&[("X-RateLimit-Reset", "2025-10-08T14:00:00Z"), DATE], Some(0)),
            (&[("X-Beta-RateLimit-Reset", "2025-10-08T15:00:00Z"), DATE], Some(1847)),
            (&[("X-Ratelimit-Limit", "360000"), ("X-Failure-Category", "FAILURE CLIENT RATE LIMITED")], None),
            (&[], None),
        ] {
            assert_eq!(asked(&answer(429, headers)), seconds.map(Duration::from_secs), "{headers:?}");
        }
        // A 503 may ask for a pause; the end of a window is none of its business.
        let reset = ("X-RateLimit-Reset", "2025-10-08T15:00:00Z");
        assert_eq!(asked(&answer(503, &[("Retry-After", "3")])), Some(Duration::from_secs(3)));
        assert_eq!(asked(&answer(503, &[reset, DATE])), None);
    }

    #[test]
    fn the_pause_grows_as_the_limit_comes_near() {
        let reset = ("X-RateLimit-Reset", "2025-10-08T14:29:15Z");
        let pause = |remaining: &str| {
            let headers = [("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", remaining), reset, DATE];
            Budget::of(&answer(200, &headers)).unwrap().pause().as_millis()
        };
        assert_eq!(["20", "4", "3", "1", "0"].map(pause), [0, 0, 500, 1000, 2000]);
    }

    #[test]
    fn every_form_of_a_budget_is_read() {
        for (headers, limit, remaining, resets_in, is_of_endpoint) in [
            (
                &[
                    ("RateLimit-Policy", r#""jira-burst-based";q=100;w=1"#),
                    ("RateLimit", r#""jira-burst-based";r=348;t=1"#),
                ][..],
                100,
                348,
                1,
                true,
            ),
            (
                &[
                    ("RateLimit-Policy", r#""wide";q=65000;w=3600, "jira-burst-based";q=100;w=1"#),
                    ("RateLimit", r#""jira-burst-based";r=0;t=1, "wide";r=11000;t=600"#),
                ],
                100,
                0,
                1,
                true,
            ),
            (&[("X-RateLimit-Limit", "1000"), ("X-RateLimit-NearLimit", "true")], 1000, 100, 1, false),
            (
                &[
                    ("X-RateLimit-Limit", "100"),
                    ("X-RateLimit-Remaining", "0"),
                    ("RateLimit-Reason", "jira-burst-based"),
                    ("X-RateLimit-Reset", "60"),
                ],
                100,
                0,
                60,
                true,
            ),
        ] {
            let resets_in = Duration::from_secs(resets_in);
            let expected = Budget { limit, remaining, resets_in, is_of_endpoint };
            assert_eq!(Budget::of(&answer(200, headers)), Some(expected), "{headers:?}");
        }
        let beta = [("Beta-RateLimit-Policy", r#""q";q=65000"#), ("Beta-RateLimit", r#""q";r=0;t=60"#)];
        for nothing in [&[][..], &[("X-RateLimit-Limit", "x")], &[("X-Ratelimit-Limit", "360000")], &beta] {
            assert_eq!(Budget::of(&answer(200, nothing)), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_refusal_is_a_budget_without_anything_left() {
        let refused = Budget::refused(&answer(429, &[("Retry-After", "3")])).unwrap();
        assert_eq!(refused.pause(), Duration::from_secs(3));
        assert_eq!(Budget::refused(&answer(503, &[("Retry-After", "3")])), None);
        assert_eq!(Budget::refused(&answer(429, &[])), None);
    }

    #[test]
    fn nobody_waits_for_an_hourly_quota_at_the_end_of_a_call() {
        let budget = |remaining, seconds| Budget {
            limit: 20,
            remaining,
            resets_in: Duration::from_secs(seconds),
            is_of_endpoint: false,
        };
        assert_eq!(budget(0, 1800).courtesy(), Duration::ZERO);
        assert_eq!(budget(0, 1).courtesy(), COURTESY);
        assert_eq!(budget(20, 1).courtesy(), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reading_panic_or_the_pause_too_long(value in any::<String>(), other in any::<String>()) {
            for name in ["Retry-After", "X-RateLimit-Reset", "X-RateLimit-Limit", "RateLimit", "Date"] {
                let answer = answer(429, &[(name, &value), ("RateLimit-Policy", &other), DATE]);
                prop_assert!(Budget::of(&answer).is_none_or(|budget| budget.courtesy() <= COURTESY));
                let _ = (asked(&answer), Budget::refused(&answer));
            }
        }

        #[test]
        fn the_less_is_left_the_longer_the_pause(limit in 0_u64..1000, remaining in 0_u64..1000, seconds in 0_u64..100) {
            let resets_in = Duration::from_secs(seconds);
            let budget = |remaining| Budget { limit, remaining, resets_in, is_of_endpoint: false };
            prop_assert!(budget(remaining).pause() >= budget(remaining + 1).pause());
            prop_assert!(budget(remaining).courtesy() <= COURTESY);
        }
    }
}
