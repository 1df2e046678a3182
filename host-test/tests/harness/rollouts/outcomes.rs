//! An outcome says what was done: nothing is done twice, left out without a word, or done to somebody else.

use super::*;

#[tokio::test]
async fn whoever_shows_after_a_lost_answer_is_not_written_to_again() {
    let mut it = Tried::in_organization().await;
    let rollout = it.plan(&new_people(2, &[], &[]), KEEP).await;
    // What the server did is half of it: the first is there, and the second is not.
    it.mock.world(|world| {
        world.create("p0@new.example", "");
    });
    it.mock.fault("/users/search", Fault::answer(Reply::text(200, "application/json", r#"{"data":[]}"#)));
    it.mock.fault("/users/invite", Fault::answer(Reply::empty(504)));
    let before = it.mock.exchanges().len();
    let applied = it.with(&rollout.steps, Some("Welcome")).await;
    let invitations = it.since(before).iter().filter(|it| it.path.ends_with("/users/invite")).count();
    assert_eq!(invitations, 1, "{applied:#?}");
    assert_eq!(applied[0].outcome, StepOutcome::Done);
    assert_eq!(applied[1].failure.as_ref().unwrap().change, usher_host::Change::Unknown);
}

#[tokio::test]
async fn what_comes_after_an_invitation_is_done() {
    let mut it = Tried::in_organization().await;
    it.mock.world(|world| {
        let writers = world.groups.iter().find(|group| group.name == "writers").unwrap().id.clone();
        let person = world.create("back@acme.example", "");
        person.status = "not_invited";
        person.groups.insert(writers);
    });
    let exactly = PlanOptions { other_groups: OtherGroups::Leave, ..KEEP };
    let people = [person("back@acme.example", &[], &["engineering"])];
    let rollout = it.plan(&people, exactly).await;
    assert_eq!(kinds(&rollout.steps[0]), [ActionKind::Invite, ActionKind::JoinGroup, ActionKind::LeaveGroup]);
    let applied = it.apply(&rollout.steps).await;
    assert_eq!(applied[0].outcome, StepOutcome::Done, "{applied:#?}");
    let again = it.plan(&people, exactly).await;
    assert_eq!(again.settled, ["back@acme.example"], "{again:#?}");
}

#[tokio::test]
async fn who_is_in_several_directories_is_suspended_only_if_they_are_in_all() {
    let mut it = Tried::in_organization().await;
    let of = |first: &str, second: &str| {
        let entry = |status: &str| format!(r#"{{"accountId":"5b","email":"two@acme.example","status":"{status}"}}"#);
        format!(r#"{{"data":[{},{}]}}"#, entry(first), entry(second))
    };
    for (first, second, departure, expected) in [
        ("suspended", "active", Departure::Suspend, Some(ActionKind::Suspend)),
        ("not_invited", "active", Departure::Remove, Some(ActionKind::Remove)),
        ("suspended", "not_invited", Departure::Suspend, None),
    ] {
        it.mock.fault("/users/search", Fault::answer(Reply::text(200, "application/json", of(first, second))));
        let options = PlanOptions { departure, ..KEEP };
        let rollout = it.plan(&[gone("two@acme.example", &[])], options).await;
        let kind = rollout.steps.first().map(|step| step.actions[0].kind);
        assert_eq!(kind, expected, "{first} {second}");
    }
    for (first, second, expected) in
        [("not_invited", "active", None), ("active", "suspended", Some(ActionKind::Restore))]
    {
        it.mock.fault("/users/search", Fault::answer(Reply::text(200, "application/json", of(first, second))));
        let rollout = it.plan(&[person("two@acme.example", &[], &[])], KEEP).await;
        let kind = rollout.steps.first().map(|step| step.actions[0].kind);
        assert_eq!(kind, expected, "{first} {second}");
    }
}

#[tokio::test]
async fn a_restored_person_whose_invitation_fails_has_been_changed() {
    let mut it = Tried::in_organization().await;
    it.mock.world(|world| world.create("s@acme.example", "").status = "suspended");
    let rollout = it.plan(&[person("s@acme.example", &["confluence"], &[])], KEEP).await;
    let results = r#"{"data":[{"email":"s@acme.example","results":[]}]}"#;
    it.mock.fault("/users/invite", Fault::answer(Reply::text(206, "application/json", results)));
    let applied = it.apply(&rollout.steps).await;
    assert_eq!(applied[0].failure.as_ref().unwrap().change, usher_host::Change::PartlyApplied, "{applied:#?}");
}

#[tokio::test]
async fn who_is_there_already_and_got_nothing_has_not_been_changed() {
    let mut it = Tried::in_organization().await;
    let emails = known_people(&it.mock, 2);
    let people: Vec<Person> = emails.iter().map(|email| person(email, &["confluence"], &[])).collect();
    let rollout = it.plan(&people, KEEP).await;
    it.mock.fault("/users/invite", Fault::before(How::Cut));
    let applied = it.apply(&rollout.steps).await;
    for it in &applied {
        assert_eq!(it.failure.as_ref().unwrap().change, usher_host::Change::Unknown, "{it:#?}");
    }
}

#[tokio::test]
async fn two_wrong_addresses_alone_do_not_stop_the_good_ones_of_another_request() {
    let mut it = Tried::in_organization().await;
    let mut people = new_people(25, &[], &["engineering"]);
    people.extend([person("x@new.example", &[], &["writers"]), person("y@new.example", &[], &["writers"])]);
    let bad = ["p3@new.example", "x@new.example", "y@new.example"];
    it.mock.world(|world| world.refused.extend(bad.map(str::to_owned)));
    let rollout = it.plan(&people, KEEP).await;
    let applied = it.apply(&rollout.steps).await;
    let failed: Vec<&str> =
        applied.iter().filter(|it| it.outcome != StepOutcome::Done).map(|it| it.email.as_str()).collect();
    assert_eq!(failed, bad);
}

#[tokio::test]
async fn two_steps_for_one_person_in_one_call_are_refused() {
    let mut it = Tried::in_organization().await;
    let rollout = it.plan(&new_people(1, &[], &["engineering"]), KEEP).await;
    let mut twice = rollout.steps.clone();
    twice.extend(rollout.steps);
    twice[1].email = "P0@new.example".into();
    let answer = it.sandbox.apply(&it.connection, &twice, &ApplyOptions { message: None, window: None }).await;
    let failure = answer.unwrap().unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    assert!(failure.message.contains("there are two for P0@new.example"), "{}", failure.message);
}

#[tokio::test]
async fn who_has_another_address_by_now_is_found_by_their_account() {
    let mut it = Tried::in_organization().await;
    let emails = known_people(&it.mock, 1);
    let options = PlanOptions { departure: Departure::Suspend, ..KEEP };
    let rollout = it.plan(&[gone(&emails[0], &[])], options).await;
    it.mock.world(|world| world.person(&emails[0]).unwrap().email = "married@acme.example".into());
    let applied = it.apply(&rollout.steps).await;
    assert_eq!(applied[0].outcome, StepOutcome::Done, "{applied:#?}");
    assert_eq!(it.mock.world(|world| world.person("married@acme.example").unwrap().status), "suspended");
}

#[tokio::test]
async fn a_group_of_more_members_than_are_read_is_not_asked_for_them() {
    let mut it = Tried::on_site().await;
    let emails = known_people(&it.mock, 3100);
    it.mock.world(|world| {
        let id = world.groups.iter().find(|group| group.name == "engineering").unwrap().id.clone();
        for email in &emails {
            world.person(email).unwrap().groups.insert(id.clone());
        }
    });
    let people: Vec<Person> = emails[..70].iter().map(|email| person(email, &[], &["engineering"])).collect();
    let rollout = it.plan(&people, KEEP).await;
    assert_eq!((rollout.settled.len(), rollout.problems.len()), (70, 0));
    let members = it.since(0).iter().filter(|it| it.path.ends_with("/group/member")).count();
    assert_eq!(members, 1);
}

#[tokio::test]
async fn a_site_that_shows_not_all_groups_of_somebody_says_nothing_of_what_they_would_leave() {
    let mut it = Tried::on_site().await;
    let cut =
        r#"{"accountId":"5b10a2844c20165700ede202","groups":{"size":40,"items":[]},"applicationRoles":{"items":[]}}"#;
    it.mock.fault("expand=groups", Fault::answer(Reply::text(200, "application/json", cut)));
    let rollout = it.plan(&[gone("liam@acme.example", &[])], KEEP).await;
    assert!(rollout.settled.is_empty() && rollout.problems[0].blocks, "{rollout:#?}");
    assert!(rollout.problems[0].failure.message.contains("does not show all groups"));
}

#[tokio::test]
async fn a_product_that_somebody_has_by_now_is_not_given_again() {
    let mut it = Tried::on_site().await;
    let emails = known_people(&it.mock, 1);
    let rollout = it.plan(&[person(&emails[0], &["jira-servicedesk"], &[])], KEEP).await;
    assert_eq!(it.apply(&rollout.steps).await[0].outcome, StepOutcome::Done);
    let before = it.mock.exchanges().len();
    assert_eq!(it.apply(&rollout.steps).await[0].outcome, StepOutcome::AlreadySo);
    assert!(it.since(before).iter().all(|it| it.method == "GET"), "{:#?}", it.since(before));
}
