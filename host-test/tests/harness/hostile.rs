//! Servers that do not answer as they should, and what limits hold then.

use crate::engine;
use std::time::{Duration, Instant};
use usher_host::{
    Access, Change, Connection, Engine, FailureKind, Grants, Invitation, InviteOutcome, Limits, MembershipOutcome,
    Role, Sandbox, Stopped,
};
use usher_host_test::mock::world::{ADMIN_EMAIL, API_KEY, API_TOKEN, ORG_ID};
use usher_host_test::mock::{Fault, How, Mock, Options, Plan, Reply};

/// How much later than its deadline a call may end. It is milliseconds where nothing else runs;
/// this is for machines that are busy, and far from the minute that a missing deadline would show.
const GRACE: Duration = Duration::from_secs(2);

async fn mock() -> Mock {
    Mock::start(Options::default()).await.unwrap()
}

fn site(url: &str) -> Connection {
    Connection::site(url, ADMIN_EMAIL, API_TOKEN)
}

fn organization(url: &str) -> Connection {
    Connection::organization(ORG_ID, API_KEY).with_api_url(url)
}

fn invitation(email: &str) -> Invitation {
    let access = vec![Access { product: "jira-software".into(), role: Role::User }];
    Invitation { email: email.into(), access, groups: Vec::new(), message: None }
}

fn sandbox(url: &str, deadline: Duration) -> Sandbox {
    let grants = Grants::new().host(url).unwrap();
    engine().sandbox(grants.variable("USHER_DEADLINE_MS", deadline.as_millis().to_string()))
}

#[tokio::test]
async fn a_silent_server_ends_a_call_at_its_own_deadline_and_the_sandbox_goes_on() {
    let (mock, deadline) = (mock().await, Duration::from_millis(300));
    let mut sandbox = sandbox(&mock.url(), deadline);
    mock.fault("/user/search", Fault::before(How::Hang));
    let start = Instant::now();
    let failure = sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap().unwrap_err();
    assert!((deadline..deadline + GRACE).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!((failure.kind, failure.change), (FailureKind::Timeout, Change::NotApplied));
    let again = sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap();
    assert_eq!(again.unwrap().email, "liam@acme.example");
}

#[tokio::test]
async fn a_server_that_drips_ends_a_call_at_its_own_deadline() {
    // The host's timeouts are content with a byte now and then; only the component's deadline is not.
    let (mock, deadline) = (mock().await, Duration::from_millis(500));
    let mut sandbox = sandbox(&mock.url(), deadline);
    mock.fault("/user/search", Fault::before(How::Drip { every: Duration::from_millis(20) }));
    let start = Instant::now();
    let failure = sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap().unwrap_err();
    assert!((deadline..deadline + GRACE).contains(&start.elapsed()), "{:?}", start.elapsed());
    assert_eq!(failure.kind, FailureKind::Timeout);
}

#[tokio::test]
async fn an_invitation_whose_answer_is_lost_is_looked_for_and_not_sent_again() {
    let mock = mock().await;
    let mut sandbox = sandbox(&mock.url(), Duration::from_secs(3));
    mock.fault("/users/invite", Fault::after(How::Hang));
    let connection = organization(&mock.url());
    let invited = sandbox.invite(&connection, &invitation("mia@acme.example")).await.unwrap().unwrap();
    assert_eq!(invited.outcome, InviteOutcome::Invited);
    assert_eq!(mock.world(|world| world.person("mia@acme.example").unwrap().invitations), 1);
}

#[tokio::test]
async fn whoever_was_invited_and_is_not_to_be_seen_yet_is_waited_for() {
    let delay_visibility = Duration::from_secs(1);
    for connection in [site, organization] {
        let mock = Mock::start(Options { delay_visibility, ..Options::default() }).await.unwrap();
        let mut sandbox = sandbox(&mock.url(), Duration::from_secs(20));
        let connection = connection(&mock.url());
        let invited = sandbox.invite(&connection, &invitation("mia@acme.example")).await.unwrap().unwrap();
        assert_eq!(invited.outcome, InviteOutcome::Invited);
        let added = sandbox.add_to_group(&connection, "engineering", "mia@acme.example").await.unwrap().unwrap();
        assert_eq!(added.outcome, MembershipOutcome::Added);
        let by_id = sandbox.add_to_group(&connection, "writers", &added.account_id).await.unwrap().unwrap();
        assert_eq!(by_id.outcome, MembershipOutcome::Added);
    }
}

#[tokio::test]
async fn an_invitation_with_groups_waits_for_whom_it_invited_and_a_cut_is_not_taken_for_a_failure() {
    let delay_visibility = Duration::from_secs(1);
    for (connection, request) in
        [(site as fn(&str) -> Connection, "POST /rest/api/3/user?"), (organization, "/users/invite")]
    {
        let mock = Mock::start(Options { delay_visibility, ..Options::default() }).await.unwrap();
        let mut sandbox = sandbox(&mock.url(), Duration::from_secs(20));
        mock.fault(request, Fault::after(How::Cut));
        let invitation = Invitation { groups: vec!["engineering".into()], ..invitation("mia@acme.example") };
        let invited = sandbox.invite(&connection(&mock.url()), &invitation).await.unwrap().unwrap();
        assert_eq!(invited.outcome, InviteOutcome::Invited);
        let mia = mock.world(|world| world.person("mia@acme.example").cloned().unwrap());
        assert_eq!((mia.invitations, mia.groups.len()), (1, 1));
    }
}

#[tokio::test]
async fn retries_can_be_switched_off() {
    let mock = mock().await;
    let grants = Grants::new().host(&mock.url()).unwrap().variable("USHER_RETRIES", "0");
    mock.fault("/user/search", Fault::before(How::Cut));
    let failure = engine().sandbox(grants).find_account(&site(&mock.url()), "liam@acme.example").await.unwrap();
    assert_eq!(failure.unwrap_err().kind, FailureKind::Unavailable);
    assert_eq!(mock.exchanges().len(), 1);
}

#[tokio::test]
async fn a_sandbox_that_is_used_again_and_again_does_not_grow() {
    let mock = mock().await;
    let limits = Limits { memory: 3 << 20, ..Limits::default() };
    let mut sandbox = engine().sandbox(Grants::new().host(&mock.url()).unwrap().limits(limits));
    // Arguments that were left behind would be 4 MB, and results too.
    let wide = "x".repeat(20_000);
    for _ in 0..200 {
        let refused = sandbox.find_group(&site(&mock.url()), &wide).await.unwrap().unwrap_err();
        assert_eq!(refused.kind, FailureKind::InvalidInput);
        assert!(sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap().is_ok());
    }
    for _ in 0..10_000 {
        let refused = sandbox.find_account(&site(&mock.url()), "liam").await.unwrap().unwrap_err();
        assert!(refused.message.contains("is not an e-mail address"));
    }
}

#[tokio::test]
async fn the_host_stops_a_component_that_stays_too_long_and_gives_it_a_fresh_instance() {
    let mock = mock().await;
    let limits = Limits { time: Duration::from_millis(200), ..Limits::default() };
    let mut sandbox = engine().sandbox(Grants::new().host(&mock.url()).unwrap().limits(limits));
    mock.fault("/user/search", Fault::before(How::Hang));
    let stopped = sandbox.find_account(&site(&mock.url()), "liam@acme.example").await;
    assert!(matches!(stopped, Err(Stopped::TimedOut(_))), "{stopped:?}");
    assert!(sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap().is_ok());
}

#[tokio::test]
async fn a_component_that_wants_more_memory_than_granted_traps_and_the_host_lives() {
    let mock = mock().await;
    let limits = Limits { memory: 64 << 10, ..Limits::default() };
    let mut small = engine().sandbox(Grants::new().host(&mock.url()).unwrap().limits(limits));
    let stopped = small.find_account(&site(&mock.url()), "liam@acme.example").await;
    assert!(matches!(stopped, Err(Stopped::Trapped(_))), "{stopped:?}");
}

#[tokio::test]
async fn an_answer_of_any_size_stays_within_the_sandbox() {
    let mock = mock().await;
    let mut sandbox = sandbox(&mock.url(), Duration::from_secs(20));
    mock.fault("/user/search", Fault::answer(Reply::text(200, "application/json", " ".repeat(9 << 20))));
    let failure = sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Protocol);
    assert!(failure.message.contains("more than 4194304 bytes"), "{}", failure.message);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (mock, elsewhere) = (mock().await, mock().await);
    let mut sandbox = sandbox(&mock.url(), Duration::from_secs(5));
    let to = format!("{}/login", elsewhere.url());
    mock.fault("/user/search", Fault::answer(Reply::empty(302).header("location", to)));
    let failure = sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap().unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Protocol, Some(302)));
    assert!(elsewhere.unexpected().is_empty());
}

#[tokio::test]
async fn a_closed_port_is_unavailable_and_nothing_was_sent() {
    let url = mock().await.url();
    let mut sandbox = sandbox(&url, Duration::from_secs(5));
    let added = sandbox.add_to_group(&site(&url), "jira-users", "5b10a2844c20165700ede202").await.unwrap();
    let failure = added.unwrap_err();
    assert_eq!((failure.kind, failure.change), (FailureKind::Unavailable, Change::NotApplied));
    assert!(failure.message.contains("connection refused"), "{}", failure.message);
}

#[tokio::test]
async fn two_tenants_reach_neither_the_others_host_nor_its_environment() {
    let (one, other) = (mock().await, mock().await);
    let grants = |mock: &Mock| {
        let grants = Grants::new().host(&mock.url()).unwrap().variable("ATLASSIAN_SITE", mock.url());
        grants.variable("ATLASSIAN_EMAIL", ADMIN_EMAIL).variable("ATLASSIAN_API_TOKEN", API_TOKEN)
    };
    let mut tenant = engine().sandbox(grants(&one));
    let mut neighbour = engine().sandbox(grants(&other));
    for sandbox in [&mut tenant, &mut neighbour] {
        assert!(sandbox.find_account(&Connection::environment(), "liam@acme.example").await.unwrap().is_ok());
    }
    assert_eq!((one.exchanges().len(), other.exchanges().len()), (1, 1));
    let denied = tenant.find_account(&site(&other.url()), "liam@acme.example").await.unwrap().unwrap_err();
    assert_eq!(denied.kind, FailureKind::DeniedByHost);
    assert_eq!(other.exchanges().len(), 1);
}

#[tokio::test]
async fn connections_are_used_again() {
    let mock = mock().await;
    let mut sandbox = sandbox(&mock.url(), Duration::from_secs(5));
    for _ in 0..5 {
        assert!(sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap().is_ok());
    }
    assert_eq!(mock.connections(), 1);
}

#[tokio::test]
async fn a_plan_says_which_request_goes_wrong_how_and_how_often() {
    let plan = r#"
        [[fault]]
        request = "/user/search|/group/bulk"
        kind = "answer"
        every = 2
        times = 1
        status = 418
        body = '{"errorMessages":["teapot"],"errors":{}}'
        headers = [["x-arequestid", "r-1"]]
    "#;
    let plan = Plan::parse(plan).unwrap();
    let mock = Mock::start(Options { plan, ..Options::default() }).await.unwrap();
    let mut sandbox = sandbox(&mock.url(), Duration::from_secs(5));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let found = sandbox.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap();
        statuses.push(found.map_or_else(|failure| (failure.status, failure.request_id), |_| (None, None)));
    }
    assert_eq!(statuses, [(None, None), (Some(418), Some("r-1".into())), (None, None), (None, None)]);
    for wrong in ["[[fault]]", "[[fault]]\nkind = 'nothing'", "[[fault]]\nkind = 'cut'\nwhat = 1", "fault"] {
        assert!(Plan::parse(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn what_goes_wrong_again_and_again_is_gone_through_all_the_same() {
    let plan = Plan::default().every(3, "", "cut-body", true).every(2, "POST /rest|/memberships", "cut", true);
    let mock = Mock::start(Options { plan, ..Options::default() }).await.unwrap();
    let mut sandbox = sandbox(&mock.url(), Duration::from_secs(30));
    for group in ["engineering", "writers", "site-admins"] {
        for connection in [site(&mock.url()), organization(&mock.url())] {
            assert!(sandbox.add_to_group(&connection, group, "liam@acme.example").await.unwrap().is_ok());
        }
    }
    assert_eq!(mock.world(|world| world.person("liam@acme.example").unwrap().groups.len()), 4);
}

#[tokio::test]
async fn a_pool_holds_so_many_sandboxes_at_once_and_any_number_after_each_other() {
    let mock = mock().await;
    let engine = Engine::pooled(2).unwrap();
    let open = || engine.sandbox(Grants::new().host(&mock.url()).unwrap());
    for _ in 0..5 {
        let mut fresh = open();
        let found = fresh.find_account(&site(&mock.url()), "liam@acme.example").await.unwrap();
        assert_eq!(found.unwrap().email, "liam@acme.example");
    }
    let [mut one, mut two, mut three] = [open(), open(), open()];
    one.prepare().await.unwrap();
    two.prepare().await.unwrap();
    assert!(matches!(three.prepare().await, Err(Stopped::Trapped(_))));
    drop(one);
    three.prepare().await.unwrap();
}
