//! What the command line asks for, and carrying it out in a sandbox.

mod arguments;
mod print;
mod rollout;
mod settings;

use arguments::{Arguments, Command, GroupCommand, Verb};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use usher_host::{
    Ability, Answer, COMPONENT, Connection, Engine, Grants, Invitation, Network, Part, PartOutcome, Report, Verdict,
};

/// Runs the command. The exit status is 0 only if what was asked for is so now, 1 if it is not,
/// and 2 if the command line is wrong.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::read();
    let verb = match &arguments.command {
        Command::Component { output } => return write_component(output),
        Command::Verb(verb) => verb,
    };
    let (grants, network) = match settings::read(&arguments.connection, |name| std::env::var(name).ok()) {
        Ok(settings) => settings,
        Err(error) => return print::misused(&error),
    };
    let mut runtime = match verb {
        // Several sandboxes compute at once.
        Verb::Rollout { .. } => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = runtime.enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(call(&arguments, grants, &network, verb)),
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
async fn call(arguments: &Arguments, grants: Grants, network: &Network, verb: &Verb) -> Result<ExitCode, String> {
    let json = arguments.json;
    let engine = Engine::load().map_err(|error| format!("{error:#}"))?.network(network);
    if let Verb::Rollout { command } = verb {
        let has_deadline = settings::has_deadline(&arguments.connection);
        let place = settings::place(&arguments.connection);
        return rollout::run(json, &engine, grants, has_deadline, &place, command).await;
    }
    let mut sandbox = engine.sandbox(grants);
    let here = &Connection::environment();
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
        Verb::Suspend { person } => {
            let answer = sandbox.suspend_account(here, person).await;
            show(json, answer, |outcome| print::outcome(*outcome, "suspended", person), print::outcome_json)
        }
        Verb::Restore { person } => {
            let answer = sandbox.restore_account(here, person).await;
            show(json, answer, |outcome| print::outcome(*outcome, "restored", person), print::outcome_json)
        }
        Verb::Remove { person } => {
            let answer = sandbox.remove_account(here, person).await;
            show(json, answer, |outcome| print::outcome(*outcome, "removed", person), print::outcome_json)
        }
        Verb::Rollout { .. } => unreachable!("it was carried out above"),
        Verb::Doctor => {
            let answer = sandbox.check_connection(here).await;
            let is_accepted = matches!(&answer, Ok(Ok(report)) if is_accepted(report));
            let code = show(json, answer, print::report, print::report_json);
            if is_accepted { code } else { code.map(|_| ExitCode::FAILURE) }
        }
        Verb::Group { command: GroupCommand::Find { group } } => {
            let answer = sandbox.find_group(here, group).await;
            show(json, answer, print::group, print::group_json)
        }
        Verb::Group { command: GroupCommand::Add { group, person } } => {
            let answer = sandbox.add_to_group(here, group, person).await;
            show(json, answer, |membership| print::membership(person, membership), print::membership_json)
        }
        Verb::Group { command: GroupCommand::Remove { group, person } } => {
            let answer = sandbox.remove_from_group(here, group, person).await;
            let what = format!("{person} from {group}");
            show(json, answer, |outcome| print::outcome(*outcome, "removed", &what), print::outcome_json)
        }
        Verb::Group { command: GroupCommand::Create { name, description } } => {
            let answer = sandbox.create_group(here, name, description.as_deref()).await;
            show(json, answer, print::created_group, print::created_group_json)
        }
        Verb::Group { command: GroupCommand::Delete { group } } => {
            let answer = sandbox.delete_group(here, group).await;
            show(json, answer, |outcome| print::outcome(*outcome, "deleted", group), print::outcome_json)
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

/// Whether the connection is of any use at all.
fn is_accepted(report: &Report) -> bool {
    let passes = |finding: &usher_host::Finding| finding.verdict == Verdict::Pass;
    report.findings.iter().any(|finding| finding.ability == Ability::Authenticate && passes(finding))
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
