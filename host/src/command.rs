//! What the command line asks for, and carrying it out in a sandbox.

mod arguments;
mod print;

use arguments::{Arguments, Command, GroupCommand, Verb};
use clap::Parser as _;
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use usher_host::{Answer, COMPONENT, Connection, Engine, Grants, Invitation, Limits, Part, PartOutcome};

/// The variables that the component may see, where they are set.
const VARIABLES: [&str; 9] = [
    "ATLASSIAN_CONNECTION",
    "ATLASSIAN_SITE",
    "ATLASSIAN_EMAIL",
    "ATLASSIAN_API_TOKEN",
    "ATLASSIAN_ORG_ID",
    "ATLASSIAN_API_KEY",
    "ATLASSIAN_DIRECTORY_ID",
    "ATLASSIAN_API_URL",
    "USHER_DEADLINE_MS",
];

/// How much longer than its deadline the component may take before it is stopped.
const GRACE: Duration = Duration::from_secs(5);

/// Runs the command. The exit status is 0 only if what was asked for is so now, 1 if it is not,
/// and 2 if the command line is wrong.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let verb = match &arguments.command {
        Command::Component { output } => return write_component(output),
        Command::Verb(verb) => verb,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(call(&arguments, verb)),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            print::broken(&error, arguments.json);
            ExitCode::FAILURE
        }
    }
}

/// Calls the component. An error is what is no failure of the contract: the sandbox itself broke.
async fn call(arguments: &Arguments, verb: &Verb) -> Result<ExitCode, String> {
    let engine = Engine::load().map_err(|error| format!("{error:#}"))?;
    let mut sandbox = engine.sandbox(grants(arguments));
    let here = &Connection::Environment;
    let json = arguments.json;
    let printed = match verb {
        Verb::Find { email } => {
            let answer = sandbox.find_account(here, email).await;
            show(json, answer, print::account, print::account_json)
        }
        Verb::Invite { email, product, group, message } => {
            let invitation = Invitation {
                email: email.clone(),
                access: product.clone(),
                groups: group.clone(),
                message: message.clone(),
            };
            let answer = sandbox.invite(here, &invitation).await;
            // What Atlassian carries out later is not so now.
            let later = |part: &Part| part.outcome == PartOutcome::Requested;
            let is_later = matches!(&answer, Ok(Ok(invited)) if invited.parts.iter().any(later));
            let code = show(json, answer, |invited| print::invited(email, invited), print::invited_json);
            if is_later { Ok(ExitCode::FAILURE) } else { code }
        }
        Verb::Group { command: GroupCommand::Find { group } } => {
            let answer = sandbox.find_group(here, group).await;
            show(json, answer, print::group, print::group_json)
        }
        Verb::Group { command: GroupCommand::Add { group, person } } => {
            let answer = sandbox.add_to_group(here, group, person).await;
            show(json, answer, |membership| print::membership(person, membership), print::membership_json)
        }
    };
    printed.map_err(|stopped| stopped.to_string())
}

/// Prints an answer, for a person or as JSON.
fn show<T>(
    json: bool,
    answer: Answer<T>,
    for_people: impl FnOnce(&T),
    as_json: impl FnOnce(&T) -> Value,
) -> Result<ExitCode, usher_host::Stopped> {
    Ok(match answer? {
        Ok(result) => {
            if json {
                print::json(&as_json(&result))
            } else {
                for_people(&result)
            }
            ExitCode::SUCCESS
        }
        Err(failure) => {
            if json {
                print::json(&print::failure_json(&failure))
            } else {
                print::failure(&failure)
            }
            ExitCode::FAILURE
        }
    })
}

/// Grants the variables that are set, and the one host they lead to.
fn grants(arguments: &Arguments) -> Grants {
    let variable = |name: &str| match (name, arguments.connection) {
        ("ATLASSIAN_CONNECTION", Some(plane)) => Some(plane.name().to_owned()),
        _ => std::env::var(name).ok(),
    };
    // The component ends a call by itself at its deadline; this comes after.
    let deadline = variable("USHER_DEADLINE_MS").and_then(|text| text.parse().ok()).unwrap_or(60_000);
    let limits = Limits { time: Duration::from_millis(deadline).saturating_add(GRACE), ..Limits::default() };
    let set = VARIABLES.iter().filter_map(|name| Some((name, variable(name)?)));
    let grants = set.fold(Grants::new().limits(limits), |grants, (name, value)| grants.variable(name, value));
    // Where the environment makes no connection there is no host to grant, and the component says
    // what is wrong with it.
    let host =
        usher::connection::Connection::from_environment(variable).map(|connection| connection.base().to_string());
    match host {
        Ok(host) => grants.clone().host(&host).unwrap_or(grants),
        Err(_) => grants,
    }
}

fn write_component(output: &Path) -> ExitCode {
    match std::fs::write(output, COMPONENT) {
        Ok(()) => {
            print::line(&format!("{} ({} bytes)", output.display(), COMPONENT.len()));
            ExitCode::SUCCESS
        }
        Err(error) => {
            print::broken(&format!("{} cannot be written: {error}", output.display()), false);
            ExitCode::FAILURE
        }
    }
}
