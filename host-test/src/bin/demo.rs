//! The demo: onboards people through the sandboxed component on both planes, twice, makes two of the
//! classic mistakes, and checks what a key can do.

use anstream::println;
use anstyle::{AnsiColor, Style};
use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;
use usher_host::{
    Access, AccountStatus, COMPONENT, Connection, Engine, Failure, FailureKind, Grants, Invitation, InviteOutcome,
    MembershipOutcome, Role, Sandbox, Verdict,
};
use usher_host_test::mock::world::{ADMIN_EMAIL, API_KEY, API_TOKEN, ORG_ID, SCOPED_API_KEY};
use usher_host_test::mock::{Mock, Options};

const TITLE: Style = Style::new().bold();
const NEW: Style = AnsiColor::Green.on_default();
const SAME: Style = AnsiColor::Cyan.on_default();
const ABSENT: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const QUIET: Style = AnsiColor::BrightBlack.on_default();

/// A person to onboard: e-mail address, and the groups they should be in.
type Person = (&'static str, &'static [&'static str]);

const ON_SITE: [Person; 3] = [
    ("mia@acme.example", &["jira-users", "engineering"]),
    ("noa@acme.example", &["jira-users"]),
    ("liam@acme.example", &["engineering"]),
];

const IN_ORGANIZATION: [Person; 2] =
    [("kim@acme.example", &["engineering", "writers"]), ("mia@acme.example", &["writers"])];

#[tokio::main]
async fn main() -> ExitCode {
    match demo().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            anstream::eprintln!("{BAD}The demo failed:{BAD:#} {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demo() -> Result<(), Box<dyn Error>> {
    let mock = Mock::start(Options::default()).await?;
    let start = Instant::now();
    let engine = Engine::load()?;
    println!(
        "{TITLE}usher.wasm{TITLE:#}, {} bytes, loaded in {:.1} ms, may reach {} only",
        COMPONENT.len(),
        start.elapsed().as_secs_f64() * 1e3,
        mock.url(),
    );
    let sandbox = || -> Result<Sandbox, Box<dyn Error>> { Ok(engine.sandbox(Grants::new().host(&mock.url())?)) };

    let site = Connection::site(mock.url(), ADMIN_EMAIL, API_TOKEN);
    let organization = |api_key: &str| Connection::organization(ORG_ID, api_key).with_api_url(mock.url());
    let planes = [
        ("The site, by e-mail and API token", site.clone(), &ON_SITE[..]),
        ("The organization, by API key", organization(API_KEY), &IN_ORGANIZATION[..]),
    ];
    for (title, connection, people) in planes {
        let mut run = Run { sandbox: sandbox()?, connection, mock: &mock };
        run.round(title, people).await?;
        if run.round("The same again, where everything is so already", people).await? {
            return Err("the second round changed something".into());
        }
    }

    println!();
    println!("{TITLE}Two classic mistakes{TITLE:#}");
    let token_as_key = organization(API_TOKEN);
    let refused = sandbox()?.find_account(&token_as_key, "mia@acme.example").await?;
    mistake("An API token sent to the admin API", refused.err(), FailureKind::Unauthenticated)?;
    let missing = sandbox()?.add_to_group(&site, "enginering", "mia@acme.example").await?;
    mistake("A group that does not exist", missing.err(), FailureKind::NotFound)?;
    check(&mut sandbox()?, &organization(SCOPED_API_KEY)).await?;
    match mock.unexpected().as_slice() {
        [] => Ok(()),
        calls => Err(format!("the mock did not know {}", calls.join(", ")).into()),
    }
}

/// Shows what a connection can do, which has to be found out without changing anything.
async fn check(sandbox: &mut Sandbox, connection: &Connection) -> Result<(), Box<dyn Error>> {
    let report = sandbox.check_connection(connection).await?.map_err(|failure| failure.message)?;
    println!();
    println!(
        "{TITLE}What an API key with a few scopes can do, told by {} requests that read{TITLE:#}",
        sandbox.requests()
    );
    for finding in &report.findings {
        let (style, verdict) = match finding.verdict {
            Verdict::Pass => (NEW, "pass"),
            Verdict::Fail => (BAD, "fail"),
            Verdict::Unknown => (ABSENT, "unknown"),
        };
        let ability = format!("{:?}", finding.ability);
        let ability = ability.trim_start_matches("Ability::");
        let told = if finding.advice.is_empty() { &finding.detail } else { &finding.advice };
        // The likeliest cause is the second line of a refusal's advice.
        let line = told.lines().nth(1).or_else(|| told.lines().next()).unwrap_or_default();
        let [mut verdict, mut ability] = [verdict, ability];
        for line in textwrap::wrap(line, textwrap::termwidth().min(100) - 27) {
            println!("{style}{verdict:<7}{style:#} {ability:<18} {line}");
            [verdict, ability] = ["", ""];
        }
    }
    Ok(())
}

/// One sandbox on one plane.
struct Run<'a> {
    sandbox: Sandbox,
    connection: Connection,
    mock: &'a Mock,
}

impl Run<'_> {
    /// Onboards everybody, and tells whether anything in the mock's state is other than before.
    async fn round(&mut self, title: &str, people: &[Person]) -> Result<bool, Box<dyn Error>> {
        println!();
        println!("{TITLE}{title}{TITLE:#}");
        println!(
            "{QUIET}{:<6} {:<21} {:<14} {:<17}{:>8} {:>9}{QUIET:#}",
            "call", "who", "outcome", "account id", "requests", "time"
        );
        let (before, requests, start) =
            (self.mock.world(|world| world.clone()), self.sandbox.requests(), Instant::now());
        for (email, groups) in people {
            self.onboard(email, groups).await?;
        }
        let changed = self.mock.world(|world| *world != before);
        println!(
            "{QUIET}{} people, {} HTTP requests, {:.1} ms, {}{QUIET:#}",
            people.len(),
            self.sandbox.requests() - requests,
            start.elapsed().as_secs_f64() * 1e3,
            if changed { "the state at Atlassian changed" } else { "nothing at Atlassian changed" },
        );
        Ok(changed)
    }

    /// Looks a person up, invites them if they are not there, and adds them to their groups.
    async fn onboard(&mut self, email: &str, groups: &[&str]) -> Result<(), Box<dyn Error>> {
        let call = Call::begin("find", email, &self.sandbox);
        let account_id = match self.sandbox.find_account(&self.connection, email).await? {
            Ok(account) if account.status != AccountStatus::NotInvited => {
                call.end(&self.sandbox, SAME, "found", &account.account_id);
                account.account_id
            }
            Ok(account) => {
                call.end(&self.sandbox, ABSENT, "not-invited", &account.account_id);
                self.invite(email).await?
            }
            Err(failure) if failure.kind == FailureKind::NotFound => {
                call.end(&self.sandbox, ABSENT, "not-found", "");
                self.invite(email).await?
            }
            Err(failure) => return Err(failure.message.into()),
        };
        for group in groups {
            let name = email.split('@').next().unwrap_or(email);
            let call = Call::begin("add", &format!("{name} to {group}"), &self.sandbox);
            let membership = self.sandbox.add_to_group(&self.connection, group, &account_id).await?;
            let membership = membership.map_err(|failure| failure.message)?;
            let (style, outcome) = match membership.outcome {
                MembershipOutcome::Added => (NEW, "added"),
                MembershipOutcome::AlreadyMember => (SAME, "already-member"),
            };
            call.end(&self.sandbox, style, outcome, &membership.account_id);
        }
        Ok(())
    }

    async fn invite(&mut self, email: &str) -> Result<String, Box<dyn Error>> {
        let invitation = Invitation {
            email: email.to_owned(),
            access: vec![Access { product: "jira-software".into(), role: Role::User }],
            groups: Vec::new(),
            message: None,
        };
        let call = Call::begin("invite", email, &self.sandbox);
        let invited = self.sandbox.invite(&self.connection, &invitation).await?.map_err(|failure| failure.message)?;
        let account_id = invited.account_id.ok_or("the invitation gave no account")?;
        let (style, outcome) = match invited.outcome {
            InviteOutcome::Invited => (NEW, "invited"),
            InviteOutcome::AlreadyThere => (SAME, "already-there"),
        };
        call.end(&self.sandbox, style, outcome, &account_id);
        Ok(account_id)
    }
}

/// A call under way; its line is printed when it ends.
struct Call {
    name: &'static str,
    subject: String,
    requests: u32,
    start: Instant,
}

impl Call {
    fn begin(name: &'static str, subject: &str, sandbox: &Sandbox) -> Call {
        Call { name, subject: subject.to_owned(), requests: sandbox.requests(), start: Instant::now() }
    }

    /// Prints one line of 80 columns.
    fn end(self, sandbox: &Sandbox, style: Style, outcome: &str, account_id: &str) {
        let Call { name, subject, requests, start } = self;
        println!(
            "{name:<6} {subject:<21} {style}{outcome:<14}{style:#} {account_id:<24} {} {QUIET}{:>6.1} ms{QUIET:#}",
            sandbox.requests() - requests,
            start.elapsed().as_secs_f64() * 1e3,
        );
    }
}

/// Shows what Usher says to a mistake, which has to be a failure of that kind.
fn mistake(title: &str, failure: Option<Failure>, kind: FailureKind) -> Result<(), Box<dyn Error>> {
    let failure = failure
        .filter(|failure| failure.kind == kind)
        .ok_or_else(|| format!("{title}: not the failure it should be"))?;
    println!("{BAD}{title}{BAD:#}");
    let options = textwrap::Options::new(textwrap::termwidth().min(100))
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .initial_indent("  ")
        .subsequent_indent("  ");
    for text in [&failure.message, &failure.advice] {
        for line in textwrap::wrap(text, &options) {
            println!("{line}");
        }
    }
    Ok(())
}
