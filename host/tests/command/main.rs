//! The `usher` command as a person and as a script use it, against the mock Atlassian.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod rollout;

use serde_json::Value;
use std::process::Output;
use tokio::process::Command;
use usher_host_test::mock::world::{
    ADMIN_EMAIL, API_KEY, API_TOKEN, CLOUD_ID, OAUTH_TOKEN, ORG_ID, SCIM_DIRECTORY_ID, SCIM_KEY, SCOPED_TOKEN,
    SERVICE_TOKEN,
};
use usher_host_test::mock::{Fault, How, Mock, Options};
use usher_host_test::secrets;
use usher_host_test::tls::Authority;

async fn mock() -> Mock {
    Mock::start(Options::default()).await.unwrap()
}

/// Runs the command with a site in its environment, and whatever else is given.
async fn usher(mock: &Mock, more: &[(&str, &str)], arguments: &[&str]) -> Output {
    let url = mock.url();
    let site = [("ATLASSIAN_SITE", url.as_str()), ("ATLASSIAN_EMAIL", ADMIN_EMAIL), ("ATLASSIAN_API_TOKEN", API_TOKEN)];
    usher_alone(&[&site[..], more].concat(), arguments).await
}

/// Runs the command with nothing in its environment but this.
async fn usher_alone(environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = command();
    command.envs(environment.iter().copied()).args(arguments);
    unleaked(command.output().await.unwrap())
}

/// The command, without what this environment has for it.
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_usher"));
    let is_ours = |name: &str| ["ATLASSIAN_", "USHER_"].iter().any(|ours| name.starts_with(ours));
    let is_proxy = |name: &str| name.to_lowercase().ends_with("_proxy");
    for (name, _) in std::env::vars().filter(|(name, _)| is_ours(name) || is_proxy(name)) {
        command.env_remove(name);
    }
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
    command
}

/// No secret is ever printed.
fn unleaked(output: Output) -> Output {
    for text in [out(&output), err(&output)] {
        assert_eq!(secrets::leak(&text), None, "{text}");
    }
    output
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", out(output)))
}

#[tokio::test]
async fn the_three_commands_do_what_they_say_and_say_it() {
    let mock = mock().await;
    let invite = ["invite", "mia@example.com", "--group", "jira-users", "--product", "jira-software"];
    let invited = usher(&mock, &[], &invite).await;
    assert!(invited.status.success() && out(&invited).starts_with("invited  mia@example.com"), "{}", out(&invited));
    let again = usher(&mock, &[], &invite).await;
    assert!(again.status.success() && out(&again).starts_with("already-there  mia@example.com"), "{}", out(&again));
    let found = usher(&mock, &[], &["find", "MIA@example.com"]).await;
    assert!(found.status.success() && out(&found).contains("5b10a2844c20165700ede203, active"), "{}", out(&found));
    let added = usher(&mock, &[], &["group", "add", "engineering", "mia@example.com"]).await;
    assert!(
        added.status.success() && out(&added).starts_with("added  mia@example.com in engineering"),
        "{}",
        out(&added)
    );
    let person = mock.world(|world| world.person("mia@example.com").cloned()).unwrap();
    assert_eq!(person.groups.len(), 2);
}

#[tokio::test]
async fn json_has_the_contracts_names_and_its_failures_too() {
    let mock = mock().await;
    let found = json(&usher(&mock, &[], &["find", "liam@acme.example", "--json"]).await);
    assert_eq!((&found["accountId"], &found["status"]), (&"5b10a2844c20165700ede202".into(), &"active".into()));
    let invited = usher(&mock, &[], &["invite", "mia@example.com", "--product", "jira-software", "--json"]).await;
    assert_eq!(json(&invited)["parts"][0]["outcome"], "done");
    let group = json(&usher(&mock, &[], &["group", "find", "engineering", "--json"]).await);
    assert_eq!(group["name"], "engineering");
    let failed = usher(&mock, &[], &["group", "add", "nope", "liam@acme.example", "--json"]).await;
    assert_eq!(failed.status.code(), Some(1));
    assert_eq!(
        (&json(&failed)["failure"]["kind"], &json(&failed)["failure"]["change"]),
        (&"not-found".into(), &"not-applied".into())
    );
}

#[tokio::test]
async fn the_exit_status_tells_done_from_not_done_from_misused() {
    let mock = mock().await;
    for (arguments, code) in [
        (&["find", "liam@acme.example"][..], 0),
        (&["find", "nobody@acme.example"], 1),
        (&["find", "no address"], 1),
        (&["invite", "mia@example.com", "--product", "jira-software", "--group", "okta-staff", "--group", "nope"], 1),
        (&["find"], 2),
        (&["invite", "mia@example.com", "--product", "confluence=king"], 2),
        (&["find", "liam@acme.example", "--connection", "moon"], 2),
    ] {
        let output = usher(&mock, &[], arguments).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", out(&output), err(&output));
        assert!(code == 0 || (out(&output).is_empty() && !err(&output).is_empty()), "{arguments:?}");
    }
    assert!(mock.world(|world| world.person("mia@example.com").is_none()));
}

#[tokio::test]
async fn where_both_planes_are_set_the_flag_chooses() {
    let mock = mock().await;
    let url = mock.url();
    let both = [("ATLASSIAN_ORG_ID", ORG_ID), ("ATLASSIAN_API_KEY", API_KEY), ("ATLASSIAN_API_URL", url.as_str())];
    let undecided = usher(&mock, &both, &["find", "liam@acme.example"]).await;
    assert_eq!(undecided.status.code(), Some(1));
    assert!(err(&undecided).contains("ATLASSIAN_CONNECTION"), "{}", err(&undecided));
    for (plane, path) in [("site", "/rest/api/3/user/search"), ("organization", "/users/search")] {
        let found = usher(&mock, &both, &["--connection", plane, "find", "liam@acme.example"]).await;
        assert!(found.status.success(), "{}", err(&found));
        assert!(mock.exchanges().last().unwrap().path.ends_with(path));
    }
}

#[tokio::test]
async fn no_secret_is_ever_printed_and_a_pipe_gets_no_colour() {
    let mock = mock().await;
    let basic = base64(&format!("{ADMIN_EMAIL}:{API_TOKEN}"));
    for token in [API_TOKEN, "wrong-s3cret-token", basic.as_str(), "wrong-s3cret-token\n"] {
        for flag in [&["--json"][..], &[]] {
            let arguments = [&["find", "liam@acme.example"], flag].concat();
            let output = usher(&mock, &[("ATLASSIAN_API_TOKEN", token)], &arguments).await;
            let all = format!("{}{}", out(&output), err(&output));
            assert!(!all.contains(token.trim()) && !all.contains(&API_TOKEN[10..]), "{all}");
            assert!(!all.contains('\u{1b}'), "{all:?}");
        }
    }
}

fn base64(text: &str) -> String {
    use base64ct::Encoding as _;
    base64ct::Base64::encode_string(text.as_bytes())
}

#[tokio::test]
async fn secrets_in_each_others_places_are_not_printed_either() {
    let mock = mock().await;
    for name in ["ATLASSIAN_EMAIL", "ATLASSIAN_SITE", "ATLASSIAN_ORG_ID", "ATLASSIAN_API_URL", "ATLASSIAN_DIRECTORY_ID"]
    {
        for plane in ["site", "organization"] {
            let swapped = [("ATLASSIAN_API_KEY", API_KEY), ("ATLASSIAN_ORG_ID", ORG_ID), (name, "s3crets3crets3cret")];
            let output = usher(&mock, &swapped, &["--connection", plane, "find", "liam@acme.example"]).await;
            let all = format!("{}{}", out(&output), err(&output));
            assert!(!all.contains("s3cret"), "{name}: {all}");
        }
    }
}

#[tokio::test]
async fn what_atlassian_does_later_is_not_done_now() {
    let mock = mock().await;
    let invite = ["invite", "mia@example.com", "--product", "confluence"];
    let requested = usher(&mock, &[], &invite).await;
    assert_eq!(requested.status.code(), Some(1));
    assert!(out(&requested).contains("access confluence  requested"), "{}", out(&requested));
    assert_eq!(usher(&mock, &[], &invite).await.status.code(), Some(0));
}

#[tokio::test]
async fn a_name_cannot_write_to_the_terminal() {
    let mock = mock().await;
    mock.world(|world| world.person("liam@acme.example").unwrap().name = "Li\u{1b}]0;owned\u{7}am".into());
    let found = usher(&mock, &[], &["find", "liam@acme.example"]).await;
    assert!(found.status.success() && !out(&found).contains(['\u{1b}', '\u{7}']), "{:?}", out(&found));
}

#[tokio::test]
async fn the_component_can_be_written_to_a_file() {
    let mock = mock().await;
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/usher.wasm");
    assert!(usher(&mock, &[], &["component", "--output", file]).await.status.success());
    assert_eq!(std::fs::read(file).unwrap(), usher_host::COMPONENT);
}

#[tokio::test]
async fn the_doctor_says_a_line_of_each_ability_and_changes_nothing() {
    let mock = mock().await;
    let before = mock.world(|world| world.clone());
    let report = usher(&mock, &[], &["doctor"]).await;
    assert!(report.status.success(), "{}{}", out(&report), err(&report));
    for line in [
        "a person's e-mail address with an API token\n",
        "as            Ada Admin admin@acme.example",
        "pass    reach              http://127.0.0.1",
        "pass    authenticate",
        "unknown invite             This account administers Jira.",
        "pass    change-memberships This account is in site-admins",
        "fail    manage-accounts    No credential of a site can do that.",
    ] {
        assert!(out(&report).contains(line), "{line}: {}", out(&report));
    }
    assert_eq!(mock.world(|world| world.clone()), before);
    let as_json = json(&usher(&mock, &[], &["doctor", "--json"]).await);
    assert_eq!(as_json["identity"]["email"], ADMIN_EMAIL);
    assert_eq!(as_json["findings"].as_array().unwrap().len(), 7);
    assert_eq!(
        (&as_json["findings"][4]["ability"], &as_json["findings"][4]["verdict"]),
        (&"invite".into(), &"unknown".into())
    );
}

#[tokio::test]
async fn the_doctor_fails_where_the_credential_is_not_accepted() {
    let mock = mock().await;
    let wrong = usher(&mock, &[("ATLASSIAN_API_TOKEN", "ATCTT3xFfGN0-not-this-one")], &["doctor"]).await;
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        out(&wrong).contains("fail    authenticate") && out(&wrong).contains("begins with ATCTT"),
        "{}",
        out(&wrong)
    );
}

#[tokio::test]
async fn every_kind_of_credential_works_from_the_environment_and_by_flags_with_a_file() {
    let mock = mock().await;
    let url = mock.url();
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/secret");
    let basic = format!("Basic {}", base64(&format!("{ADMIN_EMAIL}:{API_TOKEN}")));
    let (email, site) = (("ATLASSIAN_EMAIL", ADMIN_EMAIL), ("ATLASSIAN_SITE", url.as_str()));
    let cloud = ("ATLASSIAN_SITE", CLOUD_ID);
    for (kind, place, variable, secret) in [
        ("site", site, "ATLASSIAN_API_TOKEN", API_TOKEN),
        ("scoped-token", cloud, "ATLASSIAN_SCOPED_TOKEN", SCOPED_TOKEN),
        ("scoped-token", site, "ATLASSIAN_SCOPED_TOKEN", SCOPED_TOKEN),
        ("service-account", cloud, "ATLASSIAN_SERVICE_ACCOUNT_TOKEN", SERVICE_TOKEN),
        ("oauth", cloud, "ATLASSIAN_OAUTH_TOKEN", OAUTH_TOKEN),
        ("organization", ("ATLASSIAN_ORG_ID", ORG_ID), "ATLASSIAN_API_KEY", API_KEY),
        ("scim", ("ATLASSIAN_SCIM_DIRECTORY_ID", SCIM_DIRECTORY_ID), "ATLASSIAN_SCIM_KEY", SCIM_KEY),
        ("host-signed", site, "ATLASSIAN_AUTHORIZATION", &basic),
    ] {
        let mut environment = vec![email, place, (variable, secret), ("ATLASSIAN_API_URL", &url)];
        if kind == "host-signed" {
            environment.push(("ATLASSIAN_CONNECTION", kind));
        }
        let report = usher_alone(&environment, &["doctor"]).await;
        assert!(report.status.success(), "{kind}: {}{}", out(&report), err(&report));

        std::fs::write(file, format!("{secret}\n")).unwrap();
        let flag = format!("--{}", place.0.trim_start_matches("ATLASSIAN_").to_lowercase().replace('_', "-"));
        let flags = ["--connection", kind, &flag, place.1, "--email", ADMIN_EMAIL, "--api-url", &url];
        let report = usher_alone(&[], &[&flags[..], &["--secret-file", file, "doctor"]].concat()).await;
        assert!(report.status.success(), "{kind}: {}{}", out(&report), err(&report));
    }
    std::fs::remove_file(file).unwrap();
    let kindless = usher_alone(&[], &["--secret-file", file, "doctor"]).await;
    assert!(err(&kindless).contains("--connection"), "{}", err(&kindless));
    assert_eq!(kindless.status.code(), Some(2));
    let signed = [site, ("ATLASSIAN_AUTHORIZATION", basic.as_str())];
    assert!(usher_alone(&signed, &["doctor"]).await.status.success(), "the header alone says that the host signs");
}

#[tokio::test]
async fn an_empty_variable_counts_as_not_there() {
    let mock = mock().await;
    let empty = [("ATLASSIAN_CONNECTION", ""), ("ATLASSIAN_ORG_ID", ""), ("ATLASSIAN_API_URL", "")];
    let found = usher(&mock, &empty, &["find", "liam@acme.example"]).await;
    assert!(found.status.success(), "{}", err(&found));
}

#[tokio::test]
async fn a_token_on_the_command_line_is_not_repeated() {
    for arguments in [
        &["doctor", API_TOKEN][..],
        &[API_TOKEN],
        &["find", "--nothing", API_KEY],
        &["--connection", API_TOKEN, "doctor"],
        &["--site=x", "--json=eyJhbGciOi", "doctor"],
        &["invite", "a@b.c", "--product", "x=ATATT3xFfGF0-mock-site-api-token"],
    ] {
        let wrong = usher_alone(&[("ATLASSIAN_SITE", "x.example")], arguments).await;
        assert_eq!(wrong.status.code(), Some(2), "{arguments:?}");
        assert!(!err(&wrong).contains("eyJ") && err(&wrong).contains("error"), "{}", err(&wrong));
    }
    let variable = usher_alone(&[("ATLASSIAN_CONNECTION", API_TOKEN)], &["doctor"]).await;
    assert_eq!(variable.status.code(), Some(2), "{}", err(&variable));
}

#[tokio::test]
async fn a_certificate_authority_of_ones_own_is_trusted_by_flag_and_by_variable() {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let authority = Authority::new(&folder.join("authority.pem"));
    let tls = Some(authority.server("localhost", true, 2999));
    let mock = Mock::start(Options { tls, ..Options::default() }).await.unwrap();
    let file = authority.file().to_str().unwrap();
    let find = ["find", "liam@acme.example", "--retries", "0"];
    assert_eq!(usher(&mock, &[], &find).await.status.code(), Some(1));
    for (environment, flags) in [(&[("USHER_CA_FILE", file)][..], &[][..]), (&[], &["--ca-file", file])] {
        let found = usher(&mock, environment, &[flags, &find].concat()).await;
        assert!(found.status.success(), "{}", err(&found));
    }
    let wrong = usher(&mock, &[("USHER_CA_FILE", "/nonexistent.pem")], &find).await;
    assert_eq!(wrong.status.code(), Some(2));
    assert!(err(&wrong).contains("/nonexistent.pem"), "{}", err(&wrong));
    // A proxy of the environment that is not there is not gone around; one that is not for this host is.
    let proxy = ("HTTPS_PROXY", "http://127.0.0.1:1");
    let trusted = ("USHER_CA_FILE", file);
    assert_eq!(usher(&mock, &[trusted, proxy], &find).await.status.code(), Some(1));
    assert!(usher(&mock, &[trusted, proxy, ("NO_PROXY", "localhost")], &find).await.status.success());
}

#[tokio::test]
async fn deadline_and_retries_are_set_by_flag_and_by_variable() {
    let mock = mock().await;
    let find = ["find", "liam@acme.example"];
    for (environment, flags, code) in [
        (&[][..], &[][..], 0),
        (&[], &["--retries", "0"], 1),
        (&[("USHER_RETRIES", "0")], &[], 1),
        (&[("USHER_RETRIES", "0")], &["--retries", "1"], 0),
        (&[], &["--deadline-ms", "100"], 1),
        (&[], &["--deadline-ms", "soon"], 2),
    ] {
        mock.heal();
        mock.fault("/user/search", Fault::before(How::Cut));
        let output = usher(&mock, environment, &[flags, &find].concat()).await;
        assert_eq!(output.status.code(), Some(code), "{environment:?} {flags:?} {}", err(&output));
    }
}

#[tokio::test]
async fn people_and_groups_come_and_go_and_what_is_so_already_is_said() {
    let mock = mock().await;
    let url = mock.url();
    let key = [("ATLASSIAN_ORG_ID", ORG_ID), ("ATLASSIAN_API_KEY", API_KEY), ("ATLASSIAN_API_URL", url.as_str())];
    for (arguments, printed, outcome) in [
        (
            &["group", "create", "new", "--description", "For a test"][..],
            "created  new\n  group 276f955c",
            "already-so",
        ),
        (&["group", "add", "new", "liam@acme.example"], "added  liam@acme.example in new", "already-member"),
        (&["group", "remove", "new", "liam@acme.example"], "removed  liam@acme.example from new", "already-so"),
        (&["group", "delete", "new"], "deleted  new", "already-so"),
        (&["suspend", "liam@acme.example"], "suspended  liam@acme.example", "already-so"),
        (&["restore", "liam@acme.example"], "restored  liam@acme.example", "already-so"),
        (&["remove", "liam@acme.example"], "removed  liam@acme.example", "already-so"),
    ] {
        let done = usher_alone(&key, arguments).await;
        assert!(
            done.status.success() && out(&done).starts_with(printed),
            "{arguments:?}: {}{}",
            out(&done),
            err(&done)
        );
        let again = usher_alone(&key, &[arguments, &["--json"]].concat()).await;
        assert_eq!(json(&again)["outcome"], outcome, "{arguments:?}");
    }
    assert!(mock.world(|world| world.person("liam@acme.example").is_none()));
}
