//! `usher rollout` as an administrator uses it, against the mock Atlassian.

use super::{err, out, unleaked};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use usher_host_test::mock::world::{ADMIN_EMAIL, API_KEY, API_TOKEN, ORG_ID};
use usher_host_test::mock::{Fault, Mock, Options, Reply};

/// A folder of its own, a mock, and the command in it with the organization's key.
struct Desk {
    folder: PathBuf,
    mock: Mock,
}

impl Desk {
    async fn new(name: &str, options: Options) -> Desk {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("rollout-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Desk { folder, mock: Mock::start(options).await.unwrap() }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.join(name)).unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = super::command();
        command
            .envs([("ATLASSIAN_ORG_ID", ORG_ID), ("ATLASSIAN_API_KEY", API_KEY)])
            .env("ATLASSIAN_API_URL", self.mock.url())
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .arg("rollout")
            .args(arguments);
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        unleaked(self.command(arguments).output().await.unwrap())
    }

    fn journal(&self) -> Vec<Value> {
        // The first says what the run is about.
        self.read("people.journal.jsonl").lines().skip(1).map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

const PEOPLE: &str = "email;groups;access\n\
                      mia@new.example;engineering|writers;jira-software\n\
                      liam@acme.example;engineering;\n\
                      admin@acme.example;site-admins;\n";

fn many(count: usize) -> String {
    let rows: String = (0..count).map(|n| format!("p{n}@new.example,engineering\n")).collect();
    format!("email,groups\n{rows}")
}

#[tokio::test]
async fn a_plan_is_shown_and_changes_nothing_and_applying_it_makes_it_so() {
    let desk = Desk::new("whole", Options::default()).await;
    desk.write("people.csv", PEOPLE);
    let before = desk.mock.world(|world| world.clone());
    let plan = desk.run(&["plan", "people.csv"]).await;
    assert_eq!(plan.status.code(), Some(0), "{}", err(&plan));
    assert_eq!(
        out(&plan),
        "+ mia@new.example    invite, give jira-software, join engineering, join writers\n\
         ~ liam@acme.example  join engineering\n\
         1 to come, 1 to change, 0 to go; 1 need nothing, 0 left out.\n"
    );
    assert_eq!(desk.mock.world(|world| world.clone()), before);
    let json: Value = serde_json::from_str(&out(&desk.run(&["plan", "people.csv", "--json"]).await)).unwrap();
    assert_eq!(json["steps"][0]["actions"][1]["kind"], "give-access");
    assert_eq!(json["settled"][0], "admin@acme.example");

    let applied = desk.run(&["apply", "people.csv", "--yes"]).await;
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    assert!(out(&applied).contains("2 done, 0 already so, 0 failed, 0 not tried."), "{}", out(&applied));
    assert!(desk.mock.world(|world| world.person("mia@new.example").unwrap().groups.len() == 2));
    let journal = desk.journal();
    assert_eq!(journal.len(), 3);
    assert!(journal.iter().any(|line| line["email"] == "mia@new.example" && line["outcome"] == "done"));
    let results = desk.read("people.results.csv");
    assert!(
        results.contains("mia@new.example,done,") && results.contains("admin@acme.example,already-so"),
        "{results}"
    );

    let again = desk.run(&["apply", "people.csv", "--yes", "--journal", "other.jsonl"]).await;
    assert_eq!(again.status.code(), Some(0));
    assert!(out(&again).contains("0 to come, 0 to change, 0 to go; 3 need nothing"), "{}", out(&again));
}

#[tokio::test]
async fn nothing_is_applied_while_anything_is_wrong_unless_told_so() {
    let desk = Desk::new("wrong", Options::default()).await;
    desk.write("people.csv", &format!("{PEOPLE}bob@new.example;nope;\n;engineering;\n"));
    let refused = desk.run(&["apply", "people.csv", "--yes"]).await;
    assert_eq!(refused.status.code(), Some(1));
    for part in ["line 5, bob@new.example: There is no group nope", "line 6: there is no e-mail address", "--skip-bad"]
    {
        assert!(err(&refused).contains(part), "{part}: {}", err(&refused));
    }
    assert!(desk.mock.world(|world| world.person("mia@new.example").is_none()));
    let some = desk.run(&["apply", "people.csv", "--yes", "--skip-bad"]).await;
    assert_eq!(some.status.code(), Some(3), "{}", err(&some));
    assert!(desk.mock.world(|world| world.person("mia@new.example").is_some()));
    assert_eq!(desk.read("people.results.csv").matches("left-out").count(), 2);
}

#[tokio::test]
async fn it_asks_before_it_applies_and_only_yes_is_yes() {
    let desk = Desk::new("asked", Options::default()).await;
    desk.write("people.csv", PEOPLE);
    let nobody = desk.run(&["apply", "people.csv"]).await;
    assert_eq!(nobody.status.code(), Some(2));
    assert!(err(&nobody).contains("--yes"), "{}", err(&nobody));
    let lost = desk.run(&["apply", "people.csv", "--yes", "--results", "nowhere/results.csv"]).await;
    assert!(!lost.status.success() && err(&lost).contains("nothing was done"), "{}", err(&lost));
    assert!(!desk.folder.join("people.journal.jsonl").exists());
    assert!(desk.mock.world(|world| world.person("mia@new.example").is_none()));
}

#[tokio::test]
async fn a_journal_is_not_overwritten_and_a_run_goes_on_after_it() {
    let desk = Desk::new("resumed", Options::default()).await;
    desk.write("people.csv", &many(30));
    for _ in 0..100 {
        desk.mock.fault("/users/invite", Fault::answer(Reply::text(403, "application/json", "{}")));
    }
    let failed = desk.run(&["apply", "people.csv", "--yes"]).await;
    assert_eq!(failed.status.code(), Some(1), "{}", err(&failed));
    assert!(out(&failed).contains("30 failed"), "{}", out(&failed));
    desk.mock.heal();
    let refused = desk.run(&["apply", "people.csv", "--yes"]).await;
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains("--resume"), "{}", err(&refused));
    let resumed = desk.run(&["apply", "people.csv", "--yes", "--resume"]).await;
    assert_eq!(resumed.status.code(), Some(0), "{}", err(&resumed));
    let requests = desk.mock.exchanges().len();
    let nothing = desk.run(&["apply", "people.csv", "--yes", "--resume"]).await;
    assert_eq!(nothing.status.code(), Some(0), "{}", err(&nothing));
    assert_eq!(desk.mock.exchanges().len(), requests, "whoever is done is not asked for again");
}

#[tokio::test]
async fn ctrl_c_ends_it_after_what_is_on_its_way_and_says_what_was_done() {
    let desk = Desk::new("stopped", Options { latency: Duration::from_millis(300), ..Options::default() }).await;
    desk.write("people.csv", &many(2000));
    let mut command = desk.command(&["apply", "people.csv", "--yes"]);
    // Files, because a pipe that nobody reads stops whoever writes.
    let file = |name: &str| std::fs::File::create(desk.folder.join(name)).unwrap();
    let mut child = command.stdout(file("out")).stderr(file("err")).spawn().unwrap();
    while !desk.mock.exchanges().iter().any(|it| it.path.ends_with("/users/invite")) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().await.unwrap().success());
    let status = child.wait().await.unwrap();
    let (out, err) = (desk.read("out"), desk.read("err"));
    assert_eq!(status.code(), Some(3), "{err}");
    let done = desk.mock.world(|world| world.people.iter().filter(|person| person.invitations > 0).count());
    assert!((1..2000).contains(&done), "{done}");
    assert_eq!(desk.journal().len(), done, "all that was done is in the journal");
    assert!(out.contains(&format!("{done} done")) && out.contains(&format!("{} not tried", 2000 - done)), "{out}");
    let results = desk.read("people.results.csv");
    let rows = |outcome: &str| desk.read("people.results.csv").matches(&format!(",{outcome},")).count();
    assert_eq!((results.lines().count(), rows("done"), rows("not-tried")), (2001, done, 2000 - done));
    let resumed = desk.run(&["apply", "people.csv", "--yes", "--resume"]).await;
    assert_eq!(resumed.status.code(), Some(0), "{}", super::err(&resumed));
    assert_eq!((desk.read("people.results.csv").lines().count(), rows("done")), (2001, 2000));
}

#[tokio::test]
async fn what_is_known_is_written_while_it_goes_on() {
    let desk = Desk::new("going", Options { latency: Duration::from_millis(300), ..Options::default() }).await;
    desk.write("people.csv", &many(300));
    let mut child =
        desk.command(&["apply", "people.csv", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let journal = desk.folder.join("people.journal.jsonl");
    while std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count()) < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(desk.journal().len() < 100, "{} of 300 at once", desk.journal().len());
    child.wait().await.unwrap();
    assert_eq!(desk.journal().len(), 300);
}

#[tokio::test]
async fn what_confluence_does_later_is_not_done_yet() {
    let desk = Desk::new("later", Options::default()).await;
    desk.write("people.csv", "email,access\nmia@new.example,confluence\n");
    let mut command = super::command();
    let url = desk.mock.url();
    command.envs([
        ("ATLASSIAN_SITE", url.as_str()),
        ("ATLASSIAN_EMAIL", ADMIN_EMAIL),
        ("ATLASSIAN_API_TOKEN", API_TOKEN),
    ]);
    let command = command.current_dir(&desk.folder).stdin(Stdio::null());
    let output = unleaked(command.args(["rollout", "apply", "people.csv", "--yes"]).output().await.unwrap());
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    assert!(out(&output).contains("1 requested (Atlassian does it later)"), "{}", out(&output));
    assert_eq!(desk.journal()[0]["outcome"], "requested");
}

#[tokio::test]
async fn a_run_that_changed_something_did_not_do_nothing() {
    let desk = Desk::new("some", Options::default()).await;
    desk.write("people.csv", "email,state\nliam@acme.example,gone\nnoa@new.example,\n");
    desk.mock.fault("/users/invite", Fault::answer(Reply::text(403, "application/json", "{}")));
    let output = desk.run(&["apply", "people.csv", "--yes"]).await;
    assert_eq!(output.status.code(), Some(3), "{}", err(&output));
    desk.mock.fault("/users/invite", Fault::answer(Reply::text(403, "application/json", "{}")));
    let resumed = desk.run(&["apply", "people.csv", "--yes", "--resume"]).await;
    assert_eq!(resumed.status.code(), Some(3), "one of them is as wanted: {}", err(&resumed));
}

#[tokio::test]
async fn a_crash_loses_nothing_that_was_done_before_the_call_on_its_way() {
    let desk = Desk::new("killed", Options { latency: Duration::from_millis(200), ..Options::default() }).await;
    desk.write("people.csv", &many(2000));
    let mut child =
        desk.command(&["apply", "people.csv", "--yes"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let journal = desk.folder.join("people.journal.jsonl");
    while std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count()) < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().await.unwrap();
    let resumed = desk.run(&["apply", "people.csv", "--yes", "--resume"]).await;
    assert_eq!(resumed.status.code(), Some(0), "{}", err(&resumed));
    let invitations = desk.mock.world(|world| world.people.iter().map(|person| person.invitations).max());
    assert_eq!(invitations, Some(1), "nobody was invited twice");
    assert_eq!(desk.mock.world(|world| world.people.iter().filter(|it| it.invitations > 0).count()), 2000);
}

#[tokio::test]
async fn several_sandboxes_do_the_same_and_json_and_standard_input_are_taken() {
    let desk = Desk::new("several", Options::default()).await;
    let mut command = desk.command(&["apply", "-", "--yes", "--sandboxes", "4", "--json", "--message", "Welcome"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(many(1000).as_bytes()).await.unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let results: Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!(results.as_array().unwrap().len(), 1000);
    assert_eq!(desk.mock.world(|world| world.outbox.len()), 1000);
    assert!(desk.folder.join("rollout.results.csv").exists());
}

#[tokio::test]
async fn those_who_are_gone_are_suspended_or_removed_and_only_where_it_is_said() {
    let desk = Desk::new("gone", Options::default()).await;
    desk.write("people.json", r#"[{"email": "liam@acme.example", "state": "gone"}]"#);
    let plan = desk.run(&["plan", "people.json", "--gone", "suspend"]).await;
    assert!(out(&plan).starts_with("- liam@acme.example  suspend\n"), "{}", out(&plan));
    let plan = desk.run(&["plan", "people.json"]).await;
    assert!(out(&plan).starts_with("~ liam@acme.example  leave jira-users\n"), "{}", out(&plan));
    let applied = desk.run(&["apply", "people.json", "--gone", "remove", "--yes"]).await;
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    assert!(desk.mock.world(|world| world.person("liam@acme.example").is_none()));
    let misused = desk.run(&["plan", "people.json", "--gone", "fired"]).await;
    assert_eq!(misused.status.code(), Some(2));
}
