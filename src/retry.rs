//! When a request is sent again: one pure function, and how long each try may take.

use crate::operation::Safety;
use crate::transport::{Answer, TransportError};
use std::time::Duration;

/// How often a request is sent again, and how long is waited before.
///
/// Atlassian advises four retries at most, 30 seconds at most between two, and a jitter of ×0.7 to
/// ×1.3 (developer.atlassian.com, rate limiting of Jira Cloud).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How often at most; 0 is never. A caller that retries by itself switches it off.
    pub retries: u32,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy { retries: 4 }
    }
}

/// The pause before the first retry; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(500);

/// The longest pause that is of our own making.
const LONGEST: Duration = Duration::from_secs(30);

/// What came of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// An answer, or a failure, that another try would not change.
    Final,
    /// A 429: nothing was done.
    Limited,
    /// The request never left: nothing was done.
    Unsent,
    /// No answer, or one by something in between (408, 502, 503, 504): it may have been done.
    Lost,
}

impl Met {
    /// What a try's result is.
    pub fn of(result: &Answer) -> Met {
        match result {
            Ok(answer) => match answer.status {
                429 => Met::Limited,
                408 | 502..=504 => Met::Lost,
                _ => Met::Final,
            },
            Err(TransportError::Unsent(_) | TransportError::Timeout { sent: false }) => Met::Unsent,
            Err(TransportError::Lost(_) | TransportError::Timeout { sent: true }) => Met::Lost,
            Err(TransportError::Denied | TransportError::Never(_) | TransportError::TooLarge(_)) => Met::Final,
        }
    }
}

/// What to do after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Take it as it is.
    Done,
    /// Send it again after that time.
    Again(Duration),
    /// It is a write that may have been made: look, and report what is true.
    ReadBack,
}

/// What to do after a try, of which `retries` came before.
///
/// - What another try would not change is taken as it is; so is everything once the retries of the
///   policy are used up, or where the pause would outlast `left`, the time until the deadline.
/// - A read is sent again after a 408, 429, 502, 503, 504, and where no answer came back.
/// - A write is sent again after a 429 and where it never left, because then nothing was done; after
///   everything else the state has to be read back, and nothing is sent blindly.
/// - The pause is 0.5 s, 1 s, 2 s and so on up to 30 s, times 0.7 to 1.3 by `random`. If the server
///   asked for a longer pause (`asked`), it gets that and up to 0.2 s more, so that those who were
///   told the same do not come back at once. A `Retry-After: 0` is no reason to hurry.
pub fn next(
    policy: Policy,
    retries: u32,
    safety: Safety,
    met: Met,
    asked: Option<Duration>,
    left: Duration,
    random: &dyn Fn() -> u64,
) -> Next {
    match (met, safety) {
        (Met::Final, _) => return Next::Done,
        (Met::Lost, Safety::Write | Safety::Once | Safety::Later) => return Next::ReadBack,
        _ if retries >= policy.retries => return Next::Done,
        _ => {}
    }
    let random = (random() % 1000) as u32;
    let part = |of: Duration| of * random / 1000;
    let own = (FIRST * (1 << retries.min(10))).min(LONGEST);
    let own = own * 7 / 10 + part(own * 6 / 10);
    let pause = match asked {
        Some(asked) if asked > own => asked.saturating_add(part(Duration::from_millis(200))),
        _ => own,
    };
    if pause < left { Next::Again(pause) } else { Next::Done }
}

/// How much of the time that is left one try may take: two thirds, so that there is some for another
/// or for reading back; all of it where neither comes after, or what were left is too little.
pub fn share(policy: Policy, safety: Safety, left: Duration) -> Duration {
    if safety.is_read() && (policy.retries == 0 || left < FIRST * 3) { left } else { left / 3 * 2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Response;
    use proptest::prelude::*;

    fn any_met() -> impl Strategy<Value = Met> {
        prop_oneof![Just(Met::Final), Just(Met::Limited), Just(Met::Unsent), Just(Met::Lost)]
    }

    fn any_safety() -> impl Strategy<Value = Safety> {
        prop_oneof![Just(Safety::Read), Just(Safety::Write), Just(Safety::Once), Just(Safety::Later)]
    }

    fn any_time() -> impl Strategy<Value = Duration> {
        prop_oneof![(0_u64..7_200_000).prop_map(Duration::from_millis), Just(Duration::MAX)]
    }

    proptest! {
        #[test]
        fn a_retry_is_within_the_policy_and_the_deadline_and_not_before_the_server_wants_it(
            (most, retries, safety, met) in (0_u32..9, 0_u32..20, any_safety(), any_met()),
            (asked, left, random) in (proptest::option::of(any_time()), any_time(), any::<u64>()),
        ) {
            let next = next(Policy { retries: most }, retries, safety, met, asked, left, &|| random);
            if let Next::Again(pause) = next {
                prop_assert!(retries < most && met != Met::Final);
                prop_assert!(pause < left);
                prop_assert!(pause >= asked.unwrap_or_default() && pause >= Duration::from_millis(350));
                prop_assert!(asked.is_some() || pause <= Duration::from_secs(39));
            }
            // A write that may have been made is never sent again without looking, and only that is looked at.
            prop_assert_eq!(next == Next::ReadBack, met == Met::Lost && !safety.is_read());
        }

        #[test]
        fn all_tries_and_pauses_together_end_before_the_deadline(
            (safety, met, random) in (any_safety(), any_met(), any::<u64>()),
            (limit, asked) in (any_time(), proptest::option::of(any_time())),
        ) {
            let (mut left, mut retries) = (limit, 0);
            loop {
                let try_for = share(Policy::default(), safety, left);
                prop_assert!(try_for <= left);
                left -= try_for;
                match next(Policy::default(), retries, safety, met, asked, left, &|| random) {
                    Next::Again(pause) => left -= pause,
                    _ => break,
                }
                retries += 1;
            }
            prop_assert!(retries <= 4);
        }
    }

    #[test]
    fn a_try_leaves_time_for_what_comes_after_it() {
        let (left, never) = (Duration::from_secs(60), Policy { retries: 0 });
        for (policy, safety, most) in [
            (Policy::default(), Safety::Read, 40),
            (Policy::default(), Safety::Once, 40),
            (never, Safety::Write, 40),
            (never, Safety::Read, 60),
        ] {
            assert_eq!(share(policy, safety, left), Duration::from_secs(most));
        }
        let short = Duration::from_secs(1);
        assert_eq!(share(Policy::default(), Safety::Read, short), short, "there is no time for another");
    }

    #[test]
    fn what_is_sent_again_is_what_the_documentation_lists() {
        let answer = |status| Ok(Box::new(Response { status, headers: Vec::new(), body: Vec::new() }));
        for (result, read, write) in [
            (answer(200), false, false),
            (answer(302), false, false),
            (answer(400), false, false),
            (answer(401), false, false),
            (answer(404), false, false),
            (answer(408), true, false),
            (answer(409), false, false),
            (answer(429), true, true),
            (answer(500), false, false),
            (answer(502), true, false),
            (answer(503), true, false),
            (answer(504), true, false),
            (Err(TransportError::Denied), false, false),
            (Err(TransportError::Unsent(String::new())), true, true),
            (Err(TransportError::Never(String::new())), false, false),
            (Err(TransportError::Timeout { sent: false }), true, true),
            (Err(TransportError::Timeout { sent: true }), true, false),
            (Err(TransportError::Lost(String::new())), true, false),
            (Err(TransportError::TooLarge(1)), false, false),
        ] {
            for (safety, again) in [(Safety::Read, read), (Safety::Write, write), (Safety::Once, write)] {
                let left = Duration::from_secs(60);
                let next = next(Policy::default(), 0, safety, Met::of(&result), None, left, &|| 0);
                assert_eq!(matches!(next, Next::Again(_)), again, "{result:?} {safety:?} {next:?}");
            }
        }
    }
}
