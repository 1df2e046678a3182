//! Trying again, slowing down, and what a call may take.

use super::*;

#[test]
fn a_read_is_sent_again_with_longer_and_longer_pauses_until_it_is_answered() {
    let transport = Scripted::default().fail(lost()).answer(503, "").answer(429, "").answer(200, "{}");
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    client.call(Call::new(&jira::MYSELF)).unwrap();
    assert_eq!(transport.asked.borrow().len(), 4);
    // 0.5 s, 1 s and 2 s, each at its shortest.
    assert_eq!(transport.now(), Duration::from_millis(350 + 700 + 1400));
}

#[test]
fn a_pause_that_would_outlast_the_deadline_is_not_made() {
    let transport = Scripted::default().with(429, &[("Retry-After", "1847")], "");
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    let failure = client.call(Call::new(&jira::MYSELF)).unwrap_err();
    assert_eq!((failure.kind, failure.retry_after), (FailureKind::RateLimited, Some(1847)));
    assert_eq!(transport.now(), Duration::ZERO);
}

#[test]
fn a_server_that_never_answers_ends_a_call_before_its_deadline() {
    let limit = Duration::from_secs(9);
    let silent = || Scripted::default().fail(lost()).after(Duration::MAX / 4);
    let transport = (0..4).fold(silent(), |transport, _| transport.fail(lost()).after(Duration::MAX / 4));
    let connection = site();
    let client = Client::new(&connection, &transport, limit, Policy::default());
    let failure = client.call(Call::new(&jira::MYSELF)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Timeout);
    assert!(transport.now() <= limit, "{:?}", transport.now());
}

#[test]
fn requests_slow_down_before_the_limit_and_a_call_leaves_something_for_the_next() {
    let near = [("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", "3")];
    let transport = Scripted::default().with(200, &near, "{}").with(200, &near, "{}");
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    client.call(Call::new(&jira::MYSELF)).unwrap();
    assert_eq!(transport.now(), Duration::ZERO);
    client.call(Call::new(&jira::MYSELF)).unwrap();
    assert_eq!(transport.now(), Duration::from_millis(250));
    client.finish();
    assert_eq!(transport.now(), Duration::from_millis(500));

    // What has passed by itself is not waited for again.
    let transport = Scripted::default().with(200, &near, "{}").answer(200, "{}");
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    client.call(Call::new(&jira::MYSELF)).unwrap();
    drop(transport.sleep(Duration::from_secs(9)));
    client.call(Call::new(&jira::MYSELF)).unwrap();
    client.finish();
    assert_eq!(transport.now(), Duration::from_secs(9));

    let transport = Scripted::default().with(200, &near, "{}");
    let client = Client::new(&connection, &transport, DEADLINE, ONCE);
    client.call(Call::new(&jira::MYSELF)).unwrap();
    client.finish();
    assert_eq!(transport.now(), Duration::ZERO, "who retries by themselves does without");
}

#[test]
fn the_limit_of_the_host_that_knows_the_cloud_id_is_not_the_gateways() {
    let empty = [("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", "0")];
    let body = r#"{"cloudId":"70ef3a32-d0da-4e09-b35e-0109f91969c3"}"#;
    let transport = Scripted::default().with(200, &empty, body).answer(200, "{}");
    let connection = Connection::new(&Given::new(Kind::OAuth, "acme.atlassian.net", "token")).unwrap();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    client.call(Call::new(&jira::MYSELF)).unwrap();
    assert_eq!(transport.now(), Duration::ZERO);
}

#[test]
fn a_limit_that_never_ends_holds_nothing_up() {
    let never = u64::MAX.to_string();
    for name in ["X-RateLimit-Reset", "Retry-After"] {
        let headers = [("X-RateLimit-Limit", "20"), ("X-RateLimit-Remaining", "0"), (name, never.as_str())];
        let transport = Scripted::default().with(200, &headers, "{}").with(429, &headers, "{}");
        let connection = site();
        let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
        client.call(Call::new(&jira::MYSELF)).unwrap();
        let failure = client.call(Call::new(&jira::MYSELF)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::RateLimited);
        client.finish();
        assert!(transport.now() < Duration::from_secs(2), "{:?}", transport.now());
    }
}

#[test]
fn a_burst_on_one_endpoint_does_not_slow_another() {
    let empty =
        [("RateLimit-Policy", r#""jira-burst-based";q=100;w=1"#), ("RateLimit", r#""jira-burst-based";r=0;t=1"#)];
    let transport = Scripted::default().with(200, &empty, "{}").answer(200, "{}").answer(200, "{}");
    let connection = site();
    let client = Client::new(&connection, &transport, DEADLINE, Policy::default());
    client.call(Call::new(&jira::MYSELF)).unwrap();
    client.call(Call::new(&jira::GET_USER)).unwrap();
    assert_eq!(transport.now(), Duration::ZERO);
    client.call(Call::new(&jira::MYSELF)).unwrap();
    assert_eq!(transport.now(), Duration::from_secs(1));
}
