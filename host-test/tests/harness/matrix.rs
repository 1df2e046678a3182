//! The fault matrix: every exported function, on each plane, with every fault at each of its requests.
//!
//! What has to hold is not written down cell by cell. It follows from what the function does without a
//! fault, from the fault, and from the operation that it strikes.

mod faults;
mod subjects;

use crate::cases::{arguments, value};
use crate::engine;
use faults::{Means, faults};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};
use subjects::SUBJECTS;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use usher::operation::Safety;
use usher_host::{Function, Grants};
use usher_host_test::mock::world::World;
use usher_host_test::mock::{Exchange, Fault, Mock, Options};

/// How late a single call may end, on a machine that is busy with a hundred others; nearly all have to
/// end within 250 ms.
const LATE: Duration = Duration::from_millis(1500);

/// What a call does without, if it is not to be had: how many seats a licence leaves, and that there is
/// one directory only.
const SPARE: [(&str, &str); 2] = [("plan", "/applicationrole"), ("apply", "/directories")];

/// One call: what came of it, and what the mock saw.
struct Run {
    result: Result<Value, String>,
    took: Duration,
    exchanges: Vec<Exchange>,
    before: World,
    after: World,
    problems: Vec<String>,
}

async fn run(function: &Function, texts: &[&str], deadline: Duration, fault: Option<(&str, Fault, usize)>) -> Run {
    let mock = Mock::start(Options::default()).await.unwrap();
    if let Some((request, fault, times)) = fault {
        (0..times).for_each(|_| mock.fault(request, fault.clone()));
    }
    let grants = Grants::new().host(&mock.url()).unwrap();
    let mut sandbox = engine().sandbox(grants.variable("USHER_DEADLINE_MS", deadline.as_millis().to_string()));
    mock.world(|world| world.create("sue@acme.example", "Sue").status = "suspended");
    let before = mock.world(|world| world.clone());
    let start = Instant::now();
    let result = sandbox.call_dynamic(function, &arguments(function, texts, &mock)).await;
    let took = start.elapsed();
    let (exchanges, after) = (mock.exchanges(), mock.world(|world| world.clone()));
    let mut problems: Vec<String> =
        mock.unexpected().iter().map(|call| format!("the mock does not know {call}")).collect();
    mock.heal();
    let admin = ["{site}", r#""admin@acme.example""#];
    let find = &functions()["find-account"];
    match sandbox.call_dynamic(find, &arguments(find, &admin, &mock)).await {
        Ok(found) if value(&found).get("ok").is_some() => {}
        other => problems.push(format!("afterwards it is of no use: {other:?}")),
    }
    let result = result.map(|result| of_one(value(&result))).map_err(|stopped| stopped.to_string());
    Run { result, took, exchanges, before, after, problems }
}

/// A single step's failure as that of the call.
fn of_one(mut result: Value) -> Value {
    match result.pointer_mut("/ok/0/failure").map(Value::take) {
        Some(failure) if failure.is_object() => json!({"err": failure}),
        _ => result,
    }
}

fn functions() -> BTreeMap<String, Function> {
    engine().functions().into_iter().map(|function| (function.name.clone(), function)).collect()
}

fn line(exchange: &Exchange) -> String {
    format!("{} {}?{}", exchange.method, exchange.path, exchange.query)
}

/// The operation that a request is of.
fn safety(exchange: &Exchange) -> Safety {
    let segments: Vec<&str> = exchange.path.split('/').collect();
    let is_of = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        let pairs = || template.iter().rev().zip(segments.iter().rev());
        template.len() <= segments.len() + 1
            && pairs().all(|(one, other)| one.starts_with('{') || one == other || one.is_empty())
    };
    let operation = usher::operations::all().find(|it| it.method.name() == exchange.method && is_of(it.path));
    operation.unwrap_or_else(|| panic!("{} is no operation", exchange.path)).safety
}

/// All that is to be seen of the world, but for how often somebody was invited.
fn state(world: &World) -> Value {
    let people =
        world.people.iter().map(|it| json!([it.email, it.status, it.groups, it.roles.iter().collect::<Vec<_>>()]));
    let groups = world.groups.iter().map(|it| json!(it.name));
    people.chain(groups).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_survives_every_fault_at_each_of_its_requests() {
    let functions = functions();
    let covered: BTreeSet<&str> = SUBJECTS.iter().map(|(name, _)| *name).collect();
    assert!(functions.keys().all(|name| covered.contains(name.as_str())), "a function is not in the matrix");

    let limit = Arc::new(Semaphore::new(256));
    let mut cells = JoinSet::new();
    let mut requests = 0;
    for (name, texts) in SUBJECTS {
        let healthy = Arc::new(run(&functions[name], texts, Duration::from_secs(40), None).await);
        assert!(
            healthy.result.as_ref().is_ok_and(|result| result.get("ok").is_some()),
            "{name} {texts:?}: {:?}",
            healthy.result
        );
        requests += healthy.exchanges.len();
        for at in 0..healthy.exchanges.len() {
            for (fault_name, means, deadline, fault) in faults() {
                let (function, healthy, limit) = (functions[name].clone(), Arc::clone(&healthy), Arc::clone(&limit));
                cells.spawn(async move {
                    let _turn = limit.acquire_owned().await;
                    let struck = &healthy.exchanges[at];
                    let times = if matches!(means, Means::Always(_)) { 100 } else { 1 };
                    let cell = run(&function, texts, deadline, Some((&line(struck), fault, times))).await;
                    let problems = check(name, &healthy, struck, means, deadline, &cell);
                    let title = format!("{name} {} / {} {} / {fault_name}", texts[0], struck.method, struck.path);
                    let asked: Vec<String> =
                        cell.exchanges.iter().map(|it| format!("{} {}", it.status, line(it))).collect();
                    let problems =
                        problems.into_iter().map(|it| format!("{title}: {it}\n    {:?} {asked:#?}", cell.result));
                    (cell.took.saturating_sub(deadline), problems.collect::<Vec<_>>())
                });
            }
        }
    }
    let (mut wrong, mut latest, mut count, mut late_ones) = (Vec::new(), Duration::ZERO, 0, 0);
    while let Some(cell) = cells.join_next().await {
        let (late, problems) = cell.unwrap();
        (latest, count) = (latest.max(late), count + 1);
        late_ones += usize::from(late > Duration::from_millis(250));
        wrong.extend(problems);
    }
    let summary = format!(
        "{} functions in {} calls of {requests} requests x {} faults = {count} cells",
        functions.len(),
        SUBJECTS.len(),
        faults().len(),
    );
    let green = if wrong.is_empty() { "all green".to_owned() } else { format!("{} problems", wrong.len()) };
    // The test runner keeps back what a passing test prints.
    let word =
        format!("\nThe fault matrix: {summary}, {green}; none ended later than {latest:.0?} behind its deadline.\n\n");
    let _ = std::io::stderr().write_all(word.as_bytes());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A busy machine may stop everything for a moment; a deadline that does not hold is late each time.
    assert!(late_ones * 100 <= count, "{late_ones} of {count} ended more than 250 ms behind their deadline");
    assert!(include_str!("../../../README.md").contains(&summary), "the README says otherwise than: {summary}");
}

/// What is wrong with a cell.
fn check(name: &str, healthy: &Run, struck: &Exchange, means: Means, deadline: Duration, cell: &Run) -> Vec<String> {
    // Where success has no body, neither has a lie that nothing was done: nobody could tell them apart.
    let has_answer = |it: &Exchange| {
        it.faulted && it.status == struck.status && !it.answer.contains("error") && !it.answer.contains('<')
    };
    let is_lie = struck.answer.is_empty() && struck.status == 200 && cell.exchanges.iter().any(has_answer);
    if is_lie && matches!(means, Means::Wrong("protocol")) {
        return cell.problems.clone();
    }

    let mut problems = cell.problems.clone();
    let mut wrong = |problem: String| problems.push(problem);
    let result = match &cell.result {
        Ok(result) => result,
        Err(stopped) => return vec![stopped.clone()],
    };
    if cell.took > deadline + LATE {
        wrong(format!("it took {:?} of {deadline:?}", cell.took));
    }
    for person in cell.after.people.iter().filter(|person| person.invitations > 1) {
        wrong(format!("{} was invited {} times", person.email, person.invitations));
    }

    // What the failure says of the change has to be so.
    let (is_before, is_after) =
        (state(&cell.after) == state(&cell.before), state(&cell.after) == state(&healthy.after));
    // What was only asked for may come later or never: Confluence promises no more.
    let is_asked_for = result.to_string().contains(r#""requested""#);
    let is_true = match result["err"]["change"].as_str() {
        None => is_after || is_asked_for,
        Some("not-applied") => is_before,
        Some("applied") => is_after,
        Some("partly-applied") => !is_before,
        _ => true,
    };
    if !is_true {
        wrong("what it says of the change is not so".into());
    }
    let has_written = cell.exchanges.iter().any(|exchange| !safety(exchange).is_read());
    if !has_written && result.get("err").is_some_and(|err| err["change"] != "not-applied") {
        wrong("nothing was sent that changes anything, and it says otherwise".into());
    }

    // How often the request that was struck came again.
    let safety = safety(struck);
    let times = |run: &Run| run.exchanges.iter().filter(|exchange| line(exchange) == line(struck)).count();
    let (usual, came, done) = (times(healthy), times(cell), struck_and_done(cell, struck));
    let is_unable = cell.exchanges.iter().any(|exchange| exchange.faulted && (502..=504).contains(&exchange.status));
    let (allowed, succeeds) = match (means, safety) {
        // At the most four times again, each time that it is asked for.
        (Means::Always(_), Safety::Read) => (1..=5 * usual, name == "check-connection"),
        // As it shows in what can be read.
        (Means::Always(_), Safety::Write) | (Means::Always("rate-limited"), _) => (1..=5, is_after),
        (Means::Always(_), Safety::Once | Safety::Later) => (1..=1, is_after),
        (Means::Again, _) | (Means::Lost, Safety::Read) => (usual + 1..=usual + 1, true),
        (Means::Wrong(_), Safety::Read) => (1..=usual, name == "check-connection"),
        // Certain to be refused, or for whoever asks to mend.
        (Means::Wrong("unauthenticated" | "forbidden"), _) => (1..=1, false),
        (Means::Lost | Means::Wrong(_), _) if done => (1..=1, true),
        // It is never sure that it was not done, unless the server said that it could not.
        (_, Safety::Later) => (1..=1, false),
        (Means::Lost, Safety::Once) if is_unable => (2..=2, true),
        (Means::Lost | Means::Wrong(_), Safety::Once) => (1..=1, false),
        _ => (2..=2, true),
    };
    if !allowed.contains(&came) {
        wrong(format!("it came {came} times and not {allowed:?}"));
    }
    let is_ok = result.get("ok").is_some();
    let is_spare = SPARE.iter().any(|(function, path)| *function == name && struck.path.ends_with(path));
    if is_ok != succeeds && !(is_ok && (is_asked_for || is_spare)) {
        wrong(format!("it should {}", if succeeds { "succeed" } else { "fail" }));
    }
    match (means, is_ok) {
        // What is read back may be more than what was said: done, and not only asked for.
        (_, true) if name != "check-connection" => {
            let said = |run: &Value| run.to_string().replace(r#""requested""#, r#""done""#);
            if healthy.result.as_ref().is_ok_and(|healthy| said(healthy) != said(result)) {
                wrong("it gives something else than without the fault".into());
            }
        }
        (Means::Wrong(kind) | Means::Always(kind), false)
            if safety == Safety::Read && result["err"]["kind"] != kind =>
        {
            wrong(format!("it should fail as {kind}"));
        }
        _ => {}
    }
    problems
}

/// Whether the request that was struck was carried out all the same.
fn struck_and_done(cell: &Run, struck: &Exchange) -> bool {
    let came = cell.exchanges.iter().filter(|exchange| line(exchange) == line(struck)).count();
    came == 1 && state(&cell.after) != state(&cell.before)
}
