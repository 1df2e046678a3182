//! Rollouts: what a plan says is what there is to do, applying it makes it so, and both take as few
//! requests as the plane allows.

mod agreement;
mod counts;
mod outcomes;
mod trouble;

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
