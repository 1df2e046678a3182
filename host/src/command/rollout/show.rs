//! A plan as people read it, and what became of it as JSON and CSV.

use super::journal::Earlier;
use super::people::People;
use crate::command::arguments::ROLES;
use crate::command::print::{self, BAD, GOOD, LATER, QUIET, plain};
use anstream::{eprintln, println};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use usher_host::{Action, ActionKind, Applied, Failure, Problem, Role, Rollout, Step, StepOutcome};

pub(crate) fn outcome(outcome: StepOutcome) -> &'static str {
    match outcome {
        StepOutcome::Done => "done",
        StepOutcome::AlreadySo => "already-so",
        StepOutcome::Requested => "requested",
        StepOutcome::Failed => "failed",
        StepOutcome::NotTried => "not-tried",
    }
}

fn kind(kind: ActionKind) -> &'static str {
    match kind {
        ActionKind::Invite => "invite",
        ActionKind::Restore => "restore",
        ActionKind::GiveAccess => "give-access",
        ActionKind::JoinGroup => "join-group",
        ActionKind::LeaveGroup => "leave-group",
        ActionKind::Suspend => "suspend",
        ActionKind::Remove => "remove",
    }
}

fn role(role: Role) -> &'static str {
    ROLES.iter().find(|(_, known)| *known == role).map_or("user", |(name, _)| name)
}

/// An action in a few words.
fn words(action: &Action) -> String {
    let name = plain(&action.name);
    match action.kind {
        ActionKind::GiveAccess if action.role != Role::User => format!("give {name} as {}", role(action.role)),
        ActionKind::GiveAccess => format!("give {name}"),
        ActionKind::JoinGroup => format!("join {name}"),
        ActionKind::LeaveGroup => format!("leave {name}"),
        other => kind(other).to_owned(),
    }
}

/// What a step does on the whole: somebody comes, goes, or is changed.
enum Sign {
    Comes,
    Changes,
    Goes,
}

impl Sign {
    fn of(step: &Step) -> Sign {
        let has = |kind| step.actions.iter().any(|action| action.kind == kind);
        if has(ActionKind::Invite) || has(ActionKind::Restore) {
            Sign::Comes
        } else if has(ActionKind::Suspend) || has(ActionKind::Remove) {
            Sign::Goes
        } else {
            Sign::Changes
        }
    }
}

/// Shows a plan: a line for everybody for whom there is something to do, what stands in the way, and how
/// many there are of each.
pub(crate) fn plan(people: &People, rollout: &Rollout) {
    let width = rollout.steps.iter().map(|step| step.email.chars().count()).max().unwrap_or_default().min(40);
    let mut counts = [0, 0, 0];
    for step in &rollout.steps {
        let (sign, style, at) = match Sign::of(step) {
            Sign::Comes => ("+", GOOD, 0),
            Sign::Changes => ("~", LATER, 1),
            Sign::Goes => ("-", BAD, 2),
        };
        counts[at] += 1;
        let actions = step.actions.iter().map(words).collect::<Vec<_>>().join(", ");
        let email = plain(&step.email);
        println!("{style}{sign}{style:#} {email:<width$}  {actions}");
    }
    if !people.ignored.is_empty() {
        println!("{QUIET}Columns that are not read: {}{QUIET:#}", plain(&people.ignored.join(", ")));
    }
    for (place, why) in &people.bad {
        eprintln!("{BAD}!{BAD:#} {place}: {}", plain(why));
    }
    for problem in &rollout.problems {
        problem_line(people, problem);
    }
    let [comes, changes, goes] = counts;
    let bad = bad(people, rollout);
    println!(
        "{comes} to come, {changes} to change, {goes} to go; {} need nothing, {bad} left out.",
        rollout.settled.len()
    );
}

fn problem_line(people: &People, problem: &Problem) {
    let style = if problem.blocks { BAD } else { LATER };
    let place = people.place(&problem.email).map(|place| format!("{place}, {}: ", problem.email)).unwrap_or_default();
    let Failure { message, advice, .. } = &problem.failure;
    let text = format!("{place}{message} {advice}");
    for (at, line) in print::wrapped(&text, "  ").into_iter().enumerate() {
        let sign = if at == 0 { "!" } else { " " };
        eprintln!("{style}{sign}{style:#}{}", &line[1..]);
    }
}

/// How many rows and people something is wrong with.
pub(crate) fn bad(people: &People, rollout: &Rollout) -> usize {
    people.bad.len() + rollout.problems.iter().filter(|problem| problem.blocks).count()
}

pub(crate) fn plan_json(people: &People, rollout: &Rollout) -> Value {
    let action = |action: &Action| {
        json!({
            "kind": kind(action.kind),
            "name": action.name,
            "id": action.id,
            "role": role(action.role),
        })
    };
    let step = |step: &Step| {
        json!({
            "email": step.email,
            "accountId": step.account_id,
            "actions": step.actions.iter().map(action).collect::<Vec<_>>(),
        })
    };
    let problem = |problem: &Problem| {
        let mut it = json!({
            "email": problem.email,
            "place": people.place(&problem.email),
            "blocks": problem.blocks,
        });
        it["failure"] = print::failure_json(&problem.failure)["failure"].take();
        it
    };
    json!({
        "steps": rollout.steps.iter().map(step).collect::<Vec<_>>(),
        "settled": rollout.settled,
        "problems": rollout.problems.iter().map(problem).collect::<Vec<_>>(),
        "bad": people.bad.iter().map(|(place, why)| json!({"place": place, "why": why})).collect::<Vec<_>>(),
    })
}

pub(crate) fn applied_json(applied: &Applied) -> Value {
    let mut it = json!({
        "email": applied.email,
        "outcome": outcome(applied.outcome),
        "accountId": applied.account_id,
    });
    if let Some(failure) = &applied.failure {
        it["failure"] = print::failure_json(failure)["failure"].take();
    }
    it
}

/// Says what became of the steps: what failed, each with why, and how many there are of each.
pub(crate) fn applied(people: &People, applied: &[Applied], steps: usize) {
    for it in applied {
        let Some(failure) = &it.failure else { continue };
        eprintln!("{BAD}{}{BAD:#} {}", outcome(it.outcome), plain(&it.email));
        let place = people.place(&it.email).map(|place| format!("{place}: ")).unwrap_or_default();
        for line in print::wrapped(&format!("{place}{} {}", failure.message, failure.advice), "  ") {
            eprintln!("{line}");
        }
    }
    let count = |outcome: StepOutcome| applied.iter().filter(|it| it.outcome == outcome).count();
    let (done, so) = (count(StepOutcome::Done), count(StepOutcome::AlreadySo));
    let not_tried = count(StepOutcome::NotTried) + steps - applied.len();
    let later = match count(StepOutcome::Requested) {
        0 => String::new(),
        requested => format!(" {requested} requested (Atlassian does it later),"),
    };
    println!("{done} done, {so} already so,{later} {} failed, {not_tried} not tried.", count(StepOutcome::Failed));
}

/// Writes what became of everybody, in an earlier run too.
pub(crate) fn results(
    path: &Path,
    people: &People,
    rollout: &Rollout,
    applied: &[Applied],
    earlier: &[Earlier],
) -> Result<(), String> {
    let wrong = |error: csv::Error| format!("{} cannot be written: {error}", path.display());
    let mut writer = csv::Writer::from_path(path).map_err(wrong)?;
    let mut row = |cells: [&str; 6]| writer.write_record(cells.map(inert)).map_err(wrong);
    row(["email", "outcome", "account", "what", "advice", "where"])?;
    for Earlier { email, outcome, account_id } in earlier {
        row([email, outcome, account_id, "in an earlier run", "", ""])?;
    }
    for it in applied {
        let (what, advice) = it.failure.as_ref().map_or(("", ""), |it| (&it.message, &it.advice));
        let account = it.account_id.as_deref().unwrap_or_default();
        row([&it.email, outcome(it.outcome), account, what, advice, people.place(&it.email).unwrap_or_default()])?;
    }
    let handed: HashSet<&str> = applied.iter().map(|it| it.email.as_str()).collect();
    for Step { email, account_id, .. } in rollout.steps.iter().filter(|step| !handed.contains(step.email.as_str())) {
        let account = account_id.as_deref().unwrap_or_default();
        let place = people.place(email).unwrap_or_default();
        row([email, outcome(StepOutcome::NotTried), account, "It was stopped before.", "Go on with --resume.", place])?;
    }
    for email in &rollout.settled {
        row([email, outcome(StepOutcome::AlreadySo), "", "", "", people.place(email).unwrap_or_default()])?;
    }
    for Problem { email, failure, .. } in rollout.problems.iter().filter(|problem| problem.blocks) {
        row([email, "left-out", "", &failure.message, &failure.advice, people.place(email).unwrap_or_default()])?;
    }
    for (place, why) in &people.bad {
        row(["", "left-out", "", why, "", place])?;
    }
    writer.flush().map_err(|error| format!("{} cannot be written: {error}", path.display()))
}

/// A cell that no spreadsheet takes for a formula: people choose their own names.
fn inert(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { format!("'{cell}") } else { cell.to_owned() }
}
