//! Rollouts: a file of people, the plan for them, and carrying it out.

mod journal;
mod people;
mod show;

use super::arguments::{How, RolloutCommand, Wanted};
use super::print;
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use journal::{Earlier, Journal};
use people::People;
use serde_json::{Value, json};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use usher_host::{
    Answer, Applied, ApplyOptions, Change, Connection, Engine, Failure, FailureKind, Grants, OtherGroups, PlanOptions,
    Rollout, Sandbox, Step, StepOutcome, apply_in_parts,
};

/// How long a plan may take where nothing else is said: a site is asked for each person.
const PLANNING: Duration = Duration::from_secs(20 * 60);

/// The exit status where some are as wanted, and some are not.
const SOME: u8 = 3;

/// Runs a command of rollouts. An error is what is no failure of the contract.
pub(super) async fn run(
    json: bool,
    engine: &Engine,
    grants: Grants,
    has_deadline: bool,
    place: &str,
    command: &RolloutCommand,
) -> Result<ExitCode, String> {
    let (wanted, how) = match command {
        RolloutCommand::Plan { wanted } => (wanted, None),
        RolloutCommand::Apply { wanted, how } => (wanted, Some(how)),
    };
    let mut people = match people::read(&wanted.file) {
        Ok(people) => people,
        Err(error) => return Ok(print::misused(&error)),
    };
    // Who is done is done only for what was wanted then.
    let about = json!({"place": place, "exactly": wanted.exactly, "gone": format!("{:?}", wanted.gone)});
    let (mut journal, mut earlier) = (None, Vec::new());
    if let Some(how) = how {
        // What would be shown to be agreed to, or asked, is not where it would be read.
        if !how.yes && (json || !std::io::stdin().is_terminal()) {
            return Ok(print::misused("nobody can be asked here: say --yes"));
        }
        match open(how, &wanted.file, &about) {
            Ok((opened, done)) => {
                people.leave_out(&done.iter().map(|it| it.email.to_lowercase()).collect());
                (journal, earlier) = (opened, done);
            }
            Err(error) => return Ok(print::misused(&error)),
        }
    }
    let planning = if has_deadline { grants.clone() } else { grants.clone().deadline(PLANNING) };
    let mut sandbox = engine.sandbox(planning);
    let rollout = match plan(&mut sandbox, &people, wanted).await.map_err(|stopped| stopped.to_string())? {
        Ok(rollout) => rollout,
        Err(failure) => {
            print::any_failure(json, &failure);
            return Ok(ExitCode::FAILURE);
        }
    };
    drop(sandbox);
    let bad = show::bad(&people, &rollout);
    let Some(how) = how else {
        if json {
            print::json(&show::plan_json(&people, &rollout));
        } else {
            show::plan(&people, &rollout);
        }
        return Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    };
    if !json {
        show::plan(&people, &rollout);
    }
    if bad > 0 && !wanted.skip_bad {
        if json {
            print::json(&show::plan_json(&people, &rollout));
        }
        let message =
            format!("nothing was done: {bad} rows or people are wrong. Mend them, or leave them out with --skip-bad");
        print::error(&message);
        return Ok(ExitCode::FAILURE);
    }
    if !rollout.steps.is_empty() && !how.yes && !is_agreed()? {
        print::error("nothing was done");
        return Ok(ExitCode::FAILURE);
    }
    let results = beside(how.results.as_deref(), &wanted.file, "results.csv");
    // What cannot be written is better known before anything is changed.
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(&results);
    opened.map_err(|error| format!("nothing was done: {} cannot be written: {error}", results.display()))?;
    let mut journal = match journal {
        Some(journal) => journal,
        None => Journal::begin(&journal_of(how, &wanted.file), &about)?,
    };
    journal.settled(&rollout.settled)?;
    let sandboxes = (0..how.sandboxes).map(|_| engine.sandbox(grants.clone())).collect();
    let applied = apply(sandboxes, &rollout, wanted, how, &mut journal).await?;
    show::results(&results, &people, &rollout, &applied, &earlier)?;
    if json {
        print::json(&applied.iter().map(show::applied_json).collect());
    } else {
        show::applied(&people, &applied, rollout.steps.len());
        print::line(&format!("Everybody's result is in {}.", results.display()));
    }
    let is_so = |it: &&Applied| matches!(it.outcome, StepOutcome::Done | StepOutcome::AlreadySo);
    let may_be_changed = |it: &Applied| match &it.failure {
        None => true,
        Some(failure) => failure.change != Change::NotApplied,
    };
    let so = applied.iter().filter(is_so).count();
    Ok(match so {
        so if so == rollout.steps.len() && bad == 0 => ExitCode::SUCCESS,
        _ if !earlier.is_empty() || !rollout.settled.is_empty() => ExitCode::from(SOME),
        _ if applied.iter().any(may_be_changed) => ExitCode::from(SOME),
        _ => ExitCode::FAILURE,
    })
}

/// The journal of an earlier run with those who are done, or nothing where a new one is to be begun.
fn open(how: &How, file: &Path, about: &Value) -> Result<(Option<Journal>, Vec<Earlier>), String> {
    let path = journal_of(how, file);
    if how.resume {
        return Journal::resume(&path, about).map(|(journal, done)| (Some(journal), done));
    }
    // It is begun once there is something to write; what would stop it then is said now.
    if path.exists() {
        Journal::begin(&path, about).map(|journal| (Some(journal), Vec::new()))
    } else {
        Ok(Default::default())
    }
}

fn journal_of(how: &How, file: &Path) -> PathBuf {
    beside(how.journal.as_deref(), file, "journal.jsonl")
}

/// A file beside that of the people, if none is given; standard input is in the current folder.
fn beside(given: Option<&Path>, file: &Path, end: &str) -> PathBuf {
    match given {
        Some(given) => given.to_owned(),
        None if file == Path::new("-") => PathBuf::from(format!("rollout.{end}")),
        None => file.with_extension(end),
    }
}

async fn plan(sandbox: &mut Sandbox, people: &People, wanted: &Wanted) -> Answer<Rollout> {
    let options = PlanOptions {
        other_groups: if wanted.exactly { OtherGroups::Leave } else { OtherGroups::Keep },
        window: wanted.window,
        departure: wanted.gone,
    };
    let spinner = ProgressBar::new_spinner().with_message(format!("Looking at {} people", people.people.len()));
    spinner.enable_steady_tick(Duration::from_millis(100));
    let answer = sandbox.plan(&Connection::environment(), &people.people, options).await;
    spinner.finish_and_clear();
    answer
}

/// Asks whether to go on.
fn is_agreed() -> Result<bool, String> {
    eprint!("Do it? Only `yes` is taken: ");
    let mut answer = String::new();
    let read = std::io::stderr().flush().and_then(|()| std::io::stdin().lock().read_line(&mut answer));
    read.map_err(|error| error.to_string())?;
    Ok(answer.trim() == "yes")
}

/// Applies the steps, some with each call, and writes what became of them when the call ends.
async fn apply(
    sandboxes: Vec<Sandbox>,
    rollout: &Rollout,
    wanted: &Wanted,
    how: &How,
    journal: &mut Journal,
) -> Result<Vec<Applied>, String> {
    let options = ApplyOptions { message: how.message.clone(), window: wanted.window };
    let bar = ProgressBar::new(rollout.steps.len() as u64);
    // The template is a constant, and right.
    let template = "[{bar:30}] {pos}/{len}  {rate}, {eta} left{msg}";
    let style = ProgressStyle::with_template(template).map_err(|error| error.to_string())?.progress_chars("=> ");
    // Its own has four decimal places.
    bar.set_style(style.with_key("rate", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let _ = write!(out, "{:.0}/s", state.per_sec());
    }));
    bar.enable_steady_tick(Duration::from_millis(200));
    let is_stopped = stop_on_ctrl_c(&bar);
    let (mut all, mut failed, mut broken) = (Vec::new(), 0, None);
    apply_in_parts(sandboxes, &Connection::environment(), &rollout.steps, &options, |steps, answer| {
        let (applied, goes_on) = outcomes(steps, answer);
        failed += applied.iter().filter(|it| it.failure.is_some()).count();
        bar.inc(applied.len() as u64);
        if failed > 0 {
            bar.set_message(format!(", {failed} failed"));
        }
        broken = broken.take().or(journal.write(&applied).err());
        all.extend(applied);
        goes_on && broken.is_none() && !is_stopped.load(Ordering::Relaxed)
    })
    .await;
    bar.finish_and_clear();
    match broken {
        Some(error) => Err(error),
        None => Ok(all),
    }
}

/// What became of each step of a call, and whether another call makes sense.
fn outcomes(steps: &[Step], answer: Answer<Vec<Applied>>) -> (Vec<Applied>, bool) {
    let all = |outcome: StepOutcome, failure: Failure| {
        let one = |step: &Step| Applied {
            email: step.email.clone(),
            outcome,
            account_id: step.account_id.clone(),
            failure: Some(failure.clone()),
        };
        steps.iter().map(one).collect::<Vec<_>>()
    };
    let is_for_all =
        |failure: &Failure| matches!(failure.kind, FailureKind::Unauthenticated | FailureKind::DeniedByHost);
    match answer {
        Ok(Ok(applied)) => {
            let goes_on = !applied.iter().filter_map(|it| it.failure.as_ref()).any(is_for_all);
            (applied, goes_on)
        }
        Ok(Err(failure)) => {
            let goes_on = !is_for_all(&failure) && failure.kind != FailureKind::InvalidInput;
            (all(StepOutcome::NotTried, failure), goes_on)
        }
        Err(stopped) => {
            let failure = Failure {
                kind: FailureKind::Other,
                message: format!("The sandbox was stopped: {stopped}."),
                advice: "What was on its way may have been done: plan again.".into(),
                status: None,
                retry_after: None,
                code: None,
                request_id: None,
                change: Change::Unknown,
                parts: Vec::new(),
            };
            (all(StepOutcome::Failed, failure), false)
        }
    }
}

/// The first Ctrl-C lets what is on its way come to its end; the second ends at once.
fn stop_on_ctrl_c(bar: &ProgressBar) -> Arc<AtomicBool> {
    let is_stopped = Arc::new(AtomicBool::new(false));
    let (bar, stop) = (bar.clone(), Arc::clone(&is_stopped));
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.store(true, Ordering::Relaxed);
            bar.println("Stopping after what is on its way. Ctrl-C once more stops at once.");
            if tokio::signal::ctrl_c().await.is_ok() {
                std::process::exit(130);
            }
        }
    });
    is_stopped
}
