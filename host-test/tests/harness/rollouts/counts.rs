//! How many requests a rollout takes, and what it gives.

use super::*;

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
async fn a_site_invites_into_jira_and_confluence_a_hundred_at_once() {
    let mut it = Tried::on_site().await;
    let people = new_people(120, &["jira-software", "confluence"], &["engineering"]);
    let rollout = it.plan(&people, KEEP).await;
    let before = it.mock.exchanges().len();
    let applied = it.apply(&rollout.steps).await;
    assert!(applied.iter().all(|it| it.outcome == StepOutcome::Requested), "{applied:#?}");
    // A search, an invitation and a group each; Confluence is asked twice, and invites twice.
    assert_eq!(it.since(before).len(), 3 * 120 + 4);
}

#[tokio::test]
async fn ten_thousand_people_who_are_in_many_groups_fit_into_the_sandbox() {
    let mut it = Tried::in_organization().await;
    let emails = known_people(&it.mock, 10_000);
    it.mock.world(|world| {
        let mut group = world.groups.iter().find(|group| group.name == "engineering").unwrap().clone();
        let mut ids: Vec<String> = vec![group.id.clone()];
        for n in 0..11 {
            group.id = format!("276f955c-63d7-42c8-9520-92d01dca07{n:02}");
            group.name = format!("team-{n}");
            ids.push(group.id.clone());
            world.groups.push(group.clone());
        }
        for person in &mut world.people {
            person.groups.extend(ids.iter().cloned());
        }
    });
    let people: Vec<Person> = emails.iter().map(|email| person(email, &[], &["engineering", "writers"])).collect();
    let rollout = it.plan(&people, KEEP).await;
    assert_eq!(rollout.steps.len(), 10_000);
    assert!(rollout.steps.iter().all(|step| kinds(step) == [ActionKind::JoinGroup]));
}
