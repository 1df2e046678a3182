//! A plan, applied in any order and in parts, comes to what is wanted, and leaves nothing to do.

use super::*;

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
