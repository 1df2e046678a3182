//! Rollouts: what a plan says is what there is to do, applying it makes it so, and both take as few
//! requests as the plane allows.

use crate::{conformance, engine};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use usher_host::{
    Access, Action, ActionKind, Applied, ApplyOptions, Connection, Departure, FailureKind, Grants, OtherGroups, Person,
    PlanOptions, Presence, Role, Rollout, Sandbox, Step, StepOutcome,
};
use usher_host_test::mock::world::{ADMIN_EMAIL, API_KEY, API_TOKEN, ORG_ID, World, resource};
use usher_host_test::mock::{Exchange, Fault, How, Mock, Options, Reply};

const KEEP: PlanOptions =
    PlanOptions { other_groups: OtherGroups::Keep, window: None, departure: Departure::LeaveGroups };

struct Tried {
    is_site: bool,
    mock: Mock,
    connection: Connection,
    sandbox: Sandbox,
}

impl Tried {
    async fn on_site() -> Tried {
        let mock = Mock::start(Options::default()).await.unwrap();
        let connection = Connection::site(mock.url(), ADMIN_EMAIL, API_TOKEN);
        Tried::new(true, mock, connection)
    }

    async fn in_organization() -> Tried {
        let mock = Mock::start(Options::default()).await.unwrap();
        let connection = Connection::organization(ORG_ID, API_KEY).with_api_url(mock.url());
        Tried::new(false, mock, connection)
    }

    fn new(is_site: bool, mock: Mock, connection: Connection) -> Tried {
        let sandbox = engine().sandbox(Grants::new().host(&mock.url()).unwrap());
        Tried { is_site, mock, connection, sandbox }
    }

    async fn plan(&mut self, people: &[Person], options: PlanOptions) -> Rollout {
        self.sandbox.plan(&self.connection, people, options).await.unwrap().unwrap()
    }

    async fn apply(&mut self, steps: &[Step]) -> Vec<Applied> {
        self.with(steps, None).await
    }

    async fn with(&mut self, steps: &[Step], message: Option<&str>) -> Vec<Applied> {
        let options = ApplyOptions { message: message.map(str::to_owned), window: None };
        self.sandbox.apply(&self.connection, steps, &options).await.unwrap().unwrap()
    }

    /// What the mock holds, but for how often somebody was invited.
    fn world(&self) -> World {
        self.mock.world(|world| {
            let mut world = world.clone();
            world.people.iter_mut().for_each(|person| person.invitations = 0);
            world
        })
    }

    /// The requests since so many.
    fn since(&self, before: usize) -> Vec<Exchange> {
        self.mock.exchanges().split_off(before)
    }
}

impl Drop for Tried {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert_eq!(self.mock.unexpected(), Vec::<String>::new());
        if let Some(official) = conformance::official() {
            let wrong: BTreeSet<String> = self.mock.exchanges().iter().flat_map(|it| official.check(it)).collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
        }
    }
}

fn person(email: &str, access: &[&str], groups: &[&str]) -> Person {
    let access = access.iter().map(|product| Access { product: (*product).to_owned(), role: Role::User }).collect();
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Person { email: email.to_owned(), state: Presence::Present, access, groups }
}

fn gone(email: &str, groups: &[&str]) -> Person {
    Person { state: Presence::Gone, ..person(email, &[], groups) }
}

fn new_people(count: usize, access: &[&str], groups: &[&str]) -> Vec<Person> {
    (0..count).map(|n| person(&format!("p{n}@new.example"), access, groups)).collect()
}

/// Puts people into the mock who have Jira, in no group.
fn known_people(mock: &Mock, count: usize) -> Vec<String> {
    let emails: Vec<String> = (0..count).map(|n| format!("k{n}@acme.example")).collect();
    mock.world(|world| {
        for email in &emails {
            world.create(email, "").roles.insert((resource("jira-software"), "atlassian/user".to_owned()));
        }
    });
    emails
}

fn kinds(step: &Step) -> Vec<ActionKind> {
    step.actions.iter().map(|action| action.kind).collect()
}

fn outcomes(applied: &[Applied]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for it in applied {
        *counts.entry(format!("{:?}", it.outcome)).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn a_thousand_new_people_with_two_groups_take_an_organization_51_requests() {
    let mut it = Tried::in_organization().await;
    let people = new_people(1000, &[], &["engineering", "writers"]);
    let rollout = it.plan(&people, KEEP).await;
    assert_eq!((rollout.steps.len(), rollout.settled.len(), rollout.problems.len()), (1000, 0, 0));
    assert_eq!(kinds(&rollout.steps[0]), [ActionKind::Invite, ActionKind::JoinGroup, ActionKind::JoinGroup]);
    let applied = it.apply(&rollout.steps).await;
    assert_eq!(outcomes(&applied), BTreeMap::from([("StepOutcome::Done".to_owned(), 1000)]));
    assert!(applied.iter().zip(&people).all(|(applied, person)| applied.email == person.email));
    // One for the groups, ten for the people, forty invitations.
    assert_eq!(it.mock.exchanges().len(), 51);
    let again = it.plan(&people, KEEP).await;
    assert_eq!((again.steps.len(), again.settled.len()), (0, 1000));
}

#[tokio::test]
async fn a_thousand_known_people_take_a_site_two_requests_each_and_a_few() {
    let mut it = Tried::on_site().await;
    let emails = known_people(&it.mock, 1000);
    let people: Vec<Person> = emails.iter().map(|email| person(email, &[], &["engineering"])).collect();
    let rollout = it.plan(&people, KEEP).await;
    // The group, its members, and each person.
    assert_eq!(it.mock.exchanges().len(), 1002);
    let applied = it.apply(&rollout.steps).await;
    assert_eq!(outcomes(&applied), BTreeMap::from([("StepOutcome::Done".to_owned(), 1000)]));
    assert_eq!(it.mock.exchanges().len(), 2002);
    // Now the members are shown with their addresses, so nobody is searched for: 20 pages.
    let again = it.plan(&people, KEEP).await;
    assert_eq!(again.settled.len(), 1000);
    assert_eq!(it.mock.exchanges().len(), 2002 + 1 + 20);
}

#[tokio::test]
async fn a_site_is_asked_for_a_groups_members_only_where_that_takes_fewer_requests() {
    let mut it = Tried::on_site().await;
    let emails = known_people(&it.mock, 300);
    it.mock.world(|world| {
        let id = world.groups.iter().find(|group| group.name == "writers").unwrap().id.clone();
        for email in &emails {
            world.person(email).unwrap().groups.insert(id.clone());
        }
    });
    // Two people, and a group of six pages.
    let few: Vec<Person> = emails[..2].iter().map(|email| person(email, &[], &["writers"])).collect();
    assert_eq!(it.plan(&few, KEEP).await.settled.len(), 2);
    let asked: Vec<String> = it.since(0).into_iter().map(|exchange| exchange.path).collect();
    let count = |path: &str| asked.iter().filter(|asked| *asked == path).count();
    assert_eq!(count("/rest/api/3/group/member"), 1, "its first page says how many there are");
    assert_eq!((count("/rest/api/3/user/search"), count("/rest/api/3/user")), (2, 2));
    // One person alone is read at once.
    let before = asked.len();
    it.plan(&few[..1], KEEP).await;
    let asked: Vec<String> = it.since(before).into_iter().map(|exchange| exchange.path).collect();
    assert_eq!(asked, ["/rest/api/3/group/bulk", "/rest/api/3/user/search", "/rest/api/3/user"]);
}

#[tokio::test]
async fn members_whose_address_is_hidden_are_told_by_their_account() {
    let mut it = Tried::on_site().await;
    let emails = known_people(&it.mock, 3);
    let people: Vec<Person> = emails.iter().map(|email| person(email, &[], &["writers"])).collect();
    it.mock.world(|world| {
        let id = world.groups.iter().find(|group| group.name == "writers").unwrap().id.clone();
        world.person(&emails[0]).unwrap().groups.insert(id);
        world.person(&emails[1]).unwrap().hides_email = true;
    });
    let rollout = it.plan(&people, KEEP).await;
    assert_eq!(rollout.settled, [emails[0].clone()]);
    assert_eq!(rollout.steps.iter().map(|step| step.email.clone()).collect::<Vec<_>>(), [emails[2].clone()]);
    assert_eq!(rollout.problems.len(), 1);
    assert_eq!(rollout.problems[0].failure.kind, FailureKind::Ambiguous);
}

/// Numbers that look like chance and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A world of people in every state, and what is wanted for them.
fn mixed(mock: &Mock, dice: &mut Dice, is_site: bool, departure: Departure) -> Vec<Person> {
    let names = ["engineering", "writers", "jira-users"];
    let mut people = Vec::new();
    for n in 0..60 {
        let email = format!("m{n}@{}.example", if dice.roll(2) == 0 { "acme" } else { "other" });
        let state = dice.roll(4);
        mock.world(|world| {
            let ids: Vec<String> = names
                .iter()
                .filter(|_| dice.roll(2) == 0)
                .map(|name| world.groups.iter().find(|group| group.name == *name).unwrap().id.clone())
                .collect();
            if state == 0 {
                return;
            }
            let known = world.create(&email, "");
            known.roles.insert((resource("jira-software"), "atlassian/user".to_owned()));
            if state == 1 && !is_site {
                known.status = "suspended";
            } else {
                known.groups.extend(ids);
            }
        });
        let groups: Vec<&str> = names.into_iter().filter(|_| dice.roll(2) == 0).collect();
        people.push(if dice.roll(4) == 0 {
            gone(&email, if departure == Departure::LeaveGroups && dice.roll(2) == 0 { &groups } else { &[] })
        } else {
            let product = if dice.roll(2) == 0 { "jira-software" } else { "jira-servicedesk" };
            let access: &[&str] = if is_site || dice.roll(2) == 0 { &[product] } else { &[] };
            person(&email, access, &groups)
        });
    }
    people
}

/// What is wanted, in the mock's own terms.
fn check(it: &Tried, people: &[Person], options: PlanOptions, before: &World) {
    let world = it.world();
    let id = |name: &String| world.groups.iter().find(|group| group.name == *name).unwrap().id.clone();
    for wanted in people {
        let found = world.people.iter().find(|person| person.email == wanted.email);
        let was = before.people.iter().find(|person| person.email == wanted.email);
        let groups: BTreeSet<String> = wanted.groups.iter().map(id).collect();
        if wanted.state == Presence::Gone {
            match (options.departure, found) {
                (Departure::Remove, found) => assert!(found.is_none(), "{} is there", wanted.email),
                (_, None) => assert!(was.is_none(), "{} was removed", wanted.email),
                (Departure::Suspend, Some(found)) => assert_eq!(found.status, "suspended", "{}", wanted.email),
                (Departure::LeaveGroups, Some(found)) => {
                    let left =
                        if groups.is_empty() { !found.groups.is_empty() } else { !found.groups.is_disjoint(&groups) };
                    assert!(!left, "{} is in groups", wanted.email);
                }
            }
            continue;
        }
        let found = found.unwrap_or_else(|| panic!("{} is not there", wanted.email));
        assert_eq!(found.status, "active", "{}", wanted.email);
        for access in &wanted.access {
            assert!(found.roles.iter().any(|(has, _)| *has == resource(&access.product)), "{}", wanted.email);
        }
        let kept = was.map_or_else(BTreeSet::new, |was| was.groups.clone());
        let all: BTreeSet<String> = match options.other_groups {
            OtherGroups::Keep => kept.union(&groups).cloned().collect(),
            OtherGroups::Leave => groups,
        };
        assert_eq!(found.groups, all, "{}", wanted.email);
    }
}

async fn plan_apply_plan(mut it: Tried, seed: u64, options: PlanOptions) {
    let mut dice = Dice(seed);
    let is_site = it.is_site;
    let people = mixed(&it.mock, &mut dice, is_site, options.departure);
    let before = it.world();
    let rollout = it.plan(&people, options).await;
    assert_eq!(it.world(), before, "a plan changes nothing");
    let blocked = rollout.problems.iter().filter(|problem| problem.blocks).count();
    assert_eq!(blocked, 0, "{:#?}", rollout.problems);
    assert_eq!(rollout.steps.len() + rollout.settled.len(), people.len(), "everybody is in one place");
    // In another order, in parts.
    let mut steps = rollout.steps.clone();
    for at in 0..steps.len() {
        let other = dice.roll(steps.len() as u64) as usize;
        steps.swap(at, other);
    }
    for some in steps.chunks(17) {
        let applied = it.apply(some).await;
        let failed: Vec<&Applied> = applied.iter().filter(|it| it.outcome != StepOutcome::Done).collect();
        assert!(failed.is_empty(), "{failed:#?} {some:#?}");
    }
    check(&it, &people, options, &before);
    let after = it.world();
    let again = it.plan(&people, options).await;
    assert!(again.steps.is_empty(), "{:#?}", again.steps);
    // Done a second time, it changes nothing.
    let applied = it.apply(&steps).await;
    assert!(applied.iter().all(|it| it.failure.is_none()), "{applied:#?}");
    assert_eq!(it.world(), after);
}

#[tokio::test]
async fn after_a_plan_was_applied_there_is_nothing_to_do_in_an_organization() {
    for (seed, other_groups, departure) in [
        (1, OtherGroups::Keep, Departure::LeaveGroups),
        (2, OtherGroups::Leave, Departure::Suspend),
        (3, OtherGroups::Keep, Departure::Remove),
        (4, OtherGroups::Leave, Departure::LeaveGroups),
    ] {
        let options = PlanOptions { other_groups, window: None, departure };
        plan_apply_plan(Tried::in_organization().await, seed, options).await;
    }
}

#[tokio::test]
async fn after_a_plan_was_applied_there_is_nothing_to_do_on_a_site() {
    for (seed, other_groups) in [(5, OtherGroups::Keep), (6, OtherGroups::Leave)] {
        let options = PlanOptions { other_groups, window: Some(4), departure: Departure::LeaveGroups };
        plan_apply_plan(Tried::on_site().await, seed, options).await;
    }
}

#[tokio::test]
async fn ten_thousand_people_stay_within_the_memory_that_a_sandbox_has() {
    let mut it = Tried::in_organization().await;
    let people = new_people(10_000, &["jira-software"], &["engineering", "writers"]);
    let rollout = it.plan(&people, KEEP).await;
    assert_eq!(rollout.steps.len(), 10_000);
    let applied = it.apply(&rollout.steps).await;
    assert_eq!(outcomes(&applied), BTreeMap::from([("StepOutcome::Done".to_owned(), 10_000)]));
    // Groups, workspaces, a hundred searches, four hundred invitations.
    assert_eq!(it.mock.exchanges().len(), 502);
    // Now everybody is there, with groups and roles to be read.
    let again = it.plan(&new_people(10_000, &[], &["engineering", "writers"]), KEEP).await;
    assert_eq!(again.settled.len(), 10_000);
}

#[tokio::test]
async fn what_stands_in_the_way_is_said_beforehand_and_everybody_else_is_planned() {
    let mut it = Tried::in_organization().await;
    it.mock.world(|world| {
        world.workspaces[0].capacity = Some(3);
        world.create("off@acme.example", "").status = "deactivated";
        world.create("guest@other.example", "");
    });
    let people = [
        person("mia@acme.example", &["jira-software"], &["engineering"]),
        person("MIA@acme.example", &[], &[]),
        person("no address", &[], &[]),
        person("a@acme.example", &[], &["nope"]),
        person("b@acme.example", &[], &["okta-staff"]),
        person("c@acme.example", &["no-such-product"], &[]),
        person("off@acme.example", &[], &[]),
        person("d@acme.example", &["jira-software"], &[]),
        gone("guest@other.example", &[]),
        gone("nobody@acme.example", &[]),
    ];
    let options = PlanOptions { departure: Departure::Remove, ..KEEP };
    let rollout = it.plan(&people, options).await;
    let problems: Vec<(&str, bool, FailureKind)> =
        rollout.problems.iter().map(|it| (it.email.as_str(), it.blocks, it.failure.kind)).collect();
    assert_eq!(
        problems,
        [
            ("MIA@acme.example", true, FailureKind::InvalidInput),
            ("no address", true, FailureKind::InvalidInput),
            ("a@acme.example", true, FailureKind::NotFound),
            ("b@acme.example", true, FailureKind::Conflict),
            ("c@acme.example", true, FailureKind::InvalidInput),
            ("off@acme.example", true, FailureKind::Conflict),
            ("guest@other.example", false, FailureKind::Other),
            ("", false, FailureKind::Conflict),
        ]
    );
    assert!(rollout.problems[7].failure.message.contains("2 people are to get access to jira-software"));
    assert_eq!(
        rollout.steps.iter().map(|step| step.email.as_str()).collect::<Vec<_>>(),
        ["mia@acme.example", "d@acme.example", "guest@other.example"]
    );
    assert_eq!(rollout.settled, ["nobody@acme.example"]);
}

#[tokio::test]
async fn who_cannot_be_told_apart_holds_up_nobody_else() {
    let mut it = Tried::in_organization().await;
    let emails = known_people(&it.mock, 3);
    let people: Vec<Person> = emails.iter().map(|email| person(email, &[], &["engineering"])).collect();
    let rollout = it.plan(&people, KEEP).await;
    it.mock.world(|world| drop(world.create(&emails[1], "Another").account_id.clone()));
    let again = it.plan(&people, KEEP).await;
    assert_eq!((again.steps.len(), again.problems.len()), (2, 1));
    assert_eq!(again.problems[0].failure.kind, FailureKind::Ambiguous);
    let applied = it.apply(&rollout.steps).await;
    assert_eq!(
        applied.iter().map(|it| it.outcome).collect::<Vec<_>>(),
        [StepOutcome::Done, StepOutcome::NotTried, StepOutcome::Done]
    );
}

#[tokio::test]
async fn a_message_goes_out_once_even_if_a_step_is_applied_twice() {
    let mut it = Tried::in_organization().await;
    let people = new_people(30, &["jira-software"], &["engineering"]);
    let rollout = it.plan(&people, KEEP).await;
    let first = it.with(&rollout.steps, Some("Welcome")).await;
    assert!(first.iter().all(|it| it.outcome == StepOutcome::Done));
    let again = it.with(&rollout.steps, Some("Welcome")).await;
    assert!(again.iter().all(|it| it.failure.is_none()), "{again:#?}");
    assert_eq!(it.mock.world(|world| world.outbox.len()), 30);
}

#[tokio::test]
async fn one_address_that_is_refused_does_not_stop_the_twenty_four_that_go_with_it() {
    let mut it = Tried::in_organization().await;
    it.mock.world(|world| world.refused.insert("p7@new.example".to_owned()));
    let rollout = it.plan(&new_people(25, &[], &["engineering"]), KEEP).await;
    let applied = it.apply(&rollout.steps).await;
    let failed: Vec<&str> =
        applied.iter().filter(|it| it.outcome != StepOutcome::Done).map(|it| it.email.as_str()).collect();
    assert_eq!(failed, ["p7@new.example"]);
    assert_eq!(applied[7].failure.as_ref().unwrap().status, Some(400));
    let invitations = it.since(0).iter().filter(|it| it.path.ends_with("/users/invite")).count();
    assert!(invitations <= 11, "{invitations} requests");
    assert_eq!(it.mock.world(|world| world.people.iter().map(|person| person.invitations).max()), Some(1));
}

#[tokio::test]
async fn what_is_refused_for_everybody_is_not_sent_for_each_of_them() {
    let mut it = Tried::in_organization().await;
    let rollout = it.plan(&new_people(100, &[], &["engineering"]), KEEP).await;
    let before = it.mock.exchanges().len();
    for _ in 0..100 {
        it.mock.fault("/users/invite", Fault::answer(Reply::text(400, "application/json", "{}")));
    }
    let applied = it.apply(&rollout.steps).await;
    assert!(applied.iter().all(|it| it.outcome == StepOutcome::Failed), "{applied:#?}");
    assert!(it.since(before).len() < 40, "{} requests", it.since(before).len());
}

#[tokio::test]
async fn where_the_credential_is_refused_the_rest_is_not_tried() {
    let mut it = Tried::on_site().await;
    let emails = known_people(&it.mock, 200);
    let people: Vec<Person> = emails.iter().map(|email| person(email, &[], &["engineering"])).collect();
    let rollout = it.plan(&people, KEEP).await;
    let before = it.mock.exchanges().len();
    for _ in 0..200 {
        it.mock.fault("POST /rest/api/3/group/user", Fault::answer(Reply::empty(401)));
    }
    let applied = it.apply(&rollout.steps).await;
    assert!(it.since(before).len() <= 16, "{} requests", it.since(before).len());
    let not_tried = applied.iter().filter(|it| it.outcome == StepOutcome::NotTried).count();
    assert!(not_tried >= 184, "{not_tried}");
    assert!(applied.iter().all(|it| it.failure.as_ref().unwrap().kind == FailureKind::Unauthenticated));
}

#[tokio::test]
async fn what_was_done_beside_a_refusal_is_said_to_be_done() {
    let mut it = Tried::in_organization().await;
    let rollout = it.plan(&new_people(100, &[], &["engineering"]), KEEP).await;
    it.mock.fault("/users/invite", Fault::answer(Reply::empty(401)));
    let applied = it.apply(&rollout.steps).await;
    let expected = [("StepOutcome::Done".to_owned(), 75), ("StepOutcome::Failed".to_owned(), 25)];
    assert_eq!(outcomes(&applied), BTreeMap::from(expected));
    for applied in applied.iter().filter(|it| it.outcome == StepOutcome::Failed) {
        assert_eq!(applied.failure.as_ref().unwrap().kind, FailureKind::Unauthenticated);
    }
}

#[tokio::test]
async fn where_looking_for_newcomers_is_refused_that_is_said_of_everybody() {
    let mut it = Tried::on_site().await;
    let rollout = it.plan(&new_people(100, &["jira-software"], &[]), KEEP).await;
    for _ in 0..200 {
        it.mock.fault("/user/search", Fault::answer(Reply::empty(401)));
    }
    let applied = it.apply(&rollout.steps).await;
    assert_eq!(outcomes(&applied), BTreeMap::from([("StepOutcome::NotTried".to_owned(), 100)]));
    for applied in &applied {
        assert_eq!(applied.failure.as_ref().unwrap().kind, FailureKind::Unauthenticated, "{applied:?}");
    }
}

#[tokio::test]
async fn those_who_are_refused_alone_do_not_keep_others_from_being_halved() {
    let mut it = Tried::in_organization().await;
    let mut people = new_people(25, &[], &["engineering"]);
    people.push(person("one@new.example", &[], &["writers"]));
    people.push(person("two@new.example", &[], &["jira-users"]));
    let refused = ["p7@new.example", "one@new.example", "two@new.example"];
    it.mock.world(|world| world.refused.extend(refused.map(str::to_owned)));
    let rollout = it.plan(&people, KEEP).await;
    let applied = it.apply(&rollout.steps).await;
    let failed: Vec<&str> =
        applied.iter().filter(|it| it.outcome != StepOutcome::Done).map(|it| it.email.as_str()).collect();
    assert_eq!(failed, refused);
}

#[tokio::test]
async fn steps_of_another_plane_and_steps_that_say_nothing_are_refused_before_anything_is_sent() {
    let mut it = Tried::on_site().await;
    let step = |kind, id: &str, account_id: Option<&str>| Step {
        email: "mia@acme.example".into(),
        account_id: account_id.map(str::to_owned),
        actions: vec![Action { kind, name: "x".into(), id: id.into(), role: Role::User }],
    };
    for wrong in [
        step(ActionKind::Suspend, "", Some("a")),
        step(ActionKind::JoinGroup, "", Some("a")),
        step(ActionKind::JoinGroup, "g", None),
        step(ActionKind::GiveAccess, "ari:cloud:jira::site/1", Some("a")),
        Step { email: "mia".into(), ..step(ActionKind::JoinGroup, "g", Some("a")) },
    ] {
        let options = ApplyOptions { message: None, window: None };
        let failure =
            it.sandbox.apply(&it.connection, std::slice::from_ref(&wrong), &options).await.unwrap().unwrap_err();
        assert_eq!(failure.kind, FailureKind::InvalidInput, "{wrong:?}");
    }
    assert_eq!(it.mock.exchanges().len(), 0);
}

#[tokio::test]
async fn what_there_is_no_time_for_is_not_begun() {
    let mock = Mock::start(Options { latency: Duration::from_millis(200), ..Options::default() }).await.unwrap();
    let connection = Connection::site(mock.url(), ADMIN_EMAIL, API_TOKEN);
    let mut it = Tried::new(true, mock, connection);
    let emails = known_people(&it.mock, 400);
    let people: Vec<Person> = emails.iter().map(|email| person(email, &[], &["engineering"])).collect();
    let rollout = it.plan(&people, PlanOptions { window: Some(64), ..KEEP }).await;
    let grants = Grants::new().host(&it.mock.url()).unwrap().deadline(Duration::from_secs(3));
    it.sandbox = engine().sandbox(grants);
    let applied = it.apply(&rollout.steps).await;
    let counts = outcomes(&applied);
    assert!(counts["StepOutcome::Done"] >= 16 && counts["StepOutcome::NotTried"] >= 200, "{counts:?}");
    // It goes on where it stopped.
    let rest: Vec<Step> = rollout
        .steps
        .iter()
        .zip(&applied)
        .filter(|(_, applied)| applied.outcome == StepOutcome::NotTried)
        .map(|(step, _)| step.clone())
        .collect();
    it.sandbox = engine().sandbox(Grants::new().host(&it.mock.url()).unwrap());
    assert!(it.apply(&rest).await.iter().all(|it| it.outcome == StepOutcome::Done));
}

#[tokio::test]
async fn an_answer_that_is_lost_is_looked_for_and_not_believed() {
    for (path, people) in [
        ("/users/invite", new_people(20, &["jira-software"], &["engineering"])),
        ("/memberships", vec![person("liam@acme.example", &[], &["engineering", "writers"])]),
    ] {
        let mut it = Tried::in_organization().await;
        let rollout = it.plan(&people, KEEP).await;
        it.mock.fault(path, Fault::after(How::Cut));
        let applied = it.apply(&rollout.steps).await;
        assert!(applied.iter().all(|it| it.outcome == StepOutcome::Done), "{path}: {applied:#?}");
        assert!(it.mock.world(|world| world.people.iter().all(|person| person.invitations <= 1)));
        assert!(it.plan(&people, KEEP).await.steps.is_empty());
    }
}

#[tokio::test]
async fn a_site_invites_into_jira_and_confluence_a_hundred_at_once() {
    let mut it = Tried::on_site().await;
    let people = new_people(120, &["jira-software", "confluence"], &["engineering"]);
    let rollout = it.plan(&people, KEEP).await;
    let before = it.mock.exchanges().len();
    let applied = it.apply(&rollout.steps).await;
    assert!(applied.iter().all(|it| it.outcome == StepOutcome::Done), "{applied:#?}");
    // A search, an invitation and a group each; Confluence is asked twice, and invites twice.
    assert_eq!(it.since(before).len(), 3 * 120 + 4);
}
