//! What stands in the way, is refused, is lost or runs out of time.

use super::*;

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
            ("c@acme.example", true, FailureKind::InvalidInput),
            ("b@acme.example", true, FailureKind::Conflict),
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
