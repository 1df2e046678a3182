//! Answers as people read them, and as JSON in the contract's names.

use anstream::{eprintln, println};
use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};
use std::process::ExitCode;
use usher_host::{
    Ability, Account, AccountStatus, Change, CreatedGroup, Failure, FailureKind, Group, InviteOutcome, Invited,
    Membership, MembershipOutcome, Outcome, Part, PartKind, PartOutcome, PlaceKind, Report, Verdict,
};

pub(super) const GOOD: Style = AnsiColor::Green.on_default().bold();
pub(super) const BAD: Style = AnsiColor::Red.on_default().bold();
pub(super) const LATER: Style = AnsiColor::Yellow.on_default().bold();
pub(super) const QUIET: Style = AnsiColor::BrightBlack.on_default();

/// Text from elsewhere without what a terminal would obey: people choose their own names.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

pub(crate) fn line(text: &str) {
    println!("{text}");
}

pub(crate) fn json(value: &Value) {
    println!("{value:#}");
}

/// The command line is wrong; in clap's words and with its exit status.
pub(crate) fn misused(error: &str) -> ExitCode {
    eprintln!("{BAD}error:{BAD:#} {error}");
    ExitCode::from(2)
}

/// Something that is no failure of the contract and no mistake of the command line.
pub(crate) fn error(text: &str) {
    eprintln!("{BAD}error:{BAD:#} {text}");
}

/// A failure, for a person or as JSON.
pub(crate) fn any_failure(as_json: bool, failure: &Failure) {
    if as_json {
        json(&failure_json(failure));
    } else {
        self::failure(failure);
    }
}

/// The sandbox itself broke.
pub(crate) fn broken(error: &str, as_json: bool) {
    if as_json {
        json(&json!({"failure": {"kind": "other", "message": error, "change": "unknown"}}));
    } else {
        eprintln!("{BAD}broken{BAD:#}  {error}");
    }
}

pub(crate) fn account(account: &Account) {
    println!("{GOOD}found{GOOD:#}  {}  {QUIET}{}{QUIET:#}", plain(&account.email), plain(&account.name));
    println!("       account {}, {}", account.account_id, account_status(account.status));
}

pub(crate) fn account_json(account: &Account) -> Value {
    json!({
        "accountId": account.account_id,
        "email": account.email,
        "name": account.name,
        "status": account_status(account.status),
    })
}

pub(crate) fn invited(email: &str, invited: &Invited) {
    println!("{GOOD}{}{GOOD:#}  {email}", invite_outcome(invited.outcome));
    if let Some(account_id) = &invited.account_id {
        println!("  account {account_id}");
    }
    parts(&invited.parts);
}

pub(crate) fn invited_json(invited: &Invited) -> Value {
    json!({
        "outcome": invite_outcome(invited.outcome),
        "accountId": invited.account_id,
        "parts": invited.parts.iter().map(part_json).collect::<Vec<_>>(),
    })
}

pub(crate) fn group(group: &Group) {
    println!("{GOOD}found{GOOD:#}  {}  {QUIET}{}{QUIET:#}", plain(&group.name), plain(&group.id));
}

pub(crate) fn group_json(group: &Group) -> Value {
    json!({"id": group.id, "name": group.name})
}

pub(crate) fn membership(person: &str, membership: &Membership) {
    let (outcome, group) = (membership_outcome(membership.outcome), &membership.group);
    println!("{GOOD}{outcome}{GOOD:#}  {person} in {}", plain(&group.name));
    println!("  account {}, group {}", membership.account_id, group.id);
}

pub(crate) fn membership_json(membership: &Membership) -> Value {
    json!({
        "outcome": membership_outcome(membership.outcome),
        "group": group_json(&membership.group),
        "accountId": membership.account_id,
    })
}

/// What was done to whom or what, or that it was so already.
pub(crate) fn outcome(outcome: Outcome, done: &str, what: &str) {
    let word = if outcome == Outcome::Done { done } else { self::word(outcome) };
    println!("{GOOD}{word}{GOOD:#}  {}", plain(what));
}

pub(crate) fn outcome_json(outcome: &Outcome) -> Value {
    json!({"outcome": word(*outcome)})
}

pub(crate) fn created_group(created: &CreatedGroup) {
    outcome(created.outcome, "created", &created.group.name);
    println!("  group {}", created.group.id);
}

pub(crate) fn created_group_json(created: &CreatedGroup) -> Value {
    json!({"outcome": word(created.outcome), "group": group_json(&created.group)})
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::AlreadySo => "already-so",
    }
}

pub(crate) fn report(report: &Report) {
    println!("{}", report.credential);
    let fact = |name: &str, text: String| println!("{QUIET}{name:<14}{QUIET:#}{}", plain(&text));
    if let Some(account) = &report.identity {
        fact("as", format!("{} {} ({})", account.name, account.email, account.account_id));
    }
    for place in &report.places {
        let id = if place.id.is_empty() { String::new() } else { format!(" ({})", place.id) };
        fact(place_kind(place.kind), format!("{}{id}", place.name));
    }
    if let Some(expires) = &report.expires {
        fact("expires", expires.clone());
    }
    println!();
    let mut before = "";
    for finding in &report.findings {
        let advice = if finding.advice == before && !before.is_empty() { "As above." } else { &finding.advice };
        before = &finding.advice;
        let style = match finding.verdict {
            Verdict::Pass => GOOD,
            Verdict::Fail => BAD,
            Verdict::Unknown => LATER,
        };
        // Verdict and ability are a column of their own beside the text.
        let [mut verdict, mut ability] = [verdict(finding.verdict), ability(finding.ability)];
        for line in [finding.detail.as_str(), advice].into_iter().flat_map(|text| wrapped(text, &" ".repeat(27))) {
            println!("{style}{verdict:<8}{style:#}{ability:<19}{}", line.trim_start());
            [verdict, ability] = ["", ""];
        }
    }
}

pub(crate) fn report_json(report: &Report) -> Value {
    json!({
        "credential": report.credential,
        "identity": report.identity.as_ref().map(account_json),
        "expires": report.expires,
        "places": report
            .places
            .iter()
            .map(|place| json!({"kind": place_kind(place.kind), "id": place.id, "name": place.name}))
            .collect::<Vec<_>>(),
        "findings": report
            .findings
            .iter()
            .map(|finding| json!({
                "ability": ability(finding.ability),
                "verdict": verdict(finding.verdict),
                "detail": finding.detail,
                "advice": finding.advice,
            }))
            .collect::<Vec<_>>(),
    })
}

/// To standard error: what happened, how far it got, and what to do.
pub(crate) fn failure(failure: &Failure) {
    eprintln!("{BAD}{}{BAD:#}", failure_kind(failure.kind));
    paragraph(&failure.message);
    for part in &failure.parts {
        eprintln!("  {}", part_line(part));
    }
    paragraph(&failure.advice);
    let mut facts = vec![format!("change {}", change(failure.change))];
    facts.extend(failure.retry_after.map(|seconds| format!("retry after {seconds} s")));
    facts.extend(failure.code.as_ref().map(|code| format!("code {code}")));
    facts.extend(failure.request_id.as_ref().map(|id| format!("request {id}")));
    eprintln!("  {QUIET}{}{QUIET:#}", facts.join(", "));
}

fn paragraph(text: &str) {
    for line in wrapped(text, "  ") {
        eprintln!("{line}");
    }
}

/// The lines of a text within the width of the terminal, but no wider than is good to read.
pub(super) fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let options = textwrap::Options::new(textwrap::termwidth().min(100))
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .initial_indent(indent)
        .subsequent_indent(indent);
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .flat_map(|line| textwrap::wrap(&plain(line), &options).into_iter().map(String::from).collect::<Vec<_>>())
        .collect()
}

pub(crate) fn failure_json(failure: &Failure) -> Value {
    json!({"failure": {
        "kind": failure_kind(failure.kind),
        "message": failure.message,
        "advice": failure.advice,
        "status": failure.status,
        "retryAfter": failure.retry_after,
        "code": failure.code,
        "requestId": failure.request_id,
        "change": change(failure.change),
        "parts": failure.parts.iter().map(part_json).collect::<Vec<_>>(),
    }})
}

fn parts(parts: &[Part]) {
    for part in parts {
        println!("  {}", part_line(part));
    }
}

fn part_line(part: &Part) -> String {
    let style = match part.outcome {
        PartOutcome::Failed | PartOutcome::Unknown => BAD,
        PartOutcome::Requested => LATER,
        PartOutcome::Done | PartOutcome::AlreadySo => GOOD,
    };
    let outcome = part_outcome(part.outcome);
    let reason =
        if part.reason.is_empty() { String::new() } else { format!("  {QUIET}{}{QUIET:#}", plain(&part.reason)) };
    format!("{} {}  {style}{outcome}{style:#}{reason}", part_kind(part.kind), part.name)
}

fn part_json(part: &Part) -> Value {
    json!({
        "kind": part_kind(part.kind),
        "name": part.name,
        "outcome": part_outcome(part.outcome),
        "reason": part.reason,
    })
}

fn account_status(status: AccountStatus) -> &'static str {
    match status {
        AccountStatus::Active => "active",
        AccountStatus::Suspended => "suspended",
        AccountStatus::NotInvited => "not-invited",
        AccountStatus::Deactivated => "deactivated",
        AccountStatus::Unknown => "unknown",
    }
}

fn invite_outcome(outcome: InviteOutcome) -> &'static str {
    match outcome {
        InviteOutcome::Invited => "invited",
        InviteOutcome::AlreadyThere => "already-there",
    }
}

fn membership_outcome(outcome: MembershipOutcome) -> &'static str {
    match outcome {
        MembershipOutcome::Added => "added",
        MembershipOutcome::AlreadyMember => "already-member",
    }
}

fn part_kind(kind: PartKind) -> &'static str {
    match kind {
        PartKind::Access => "access",
        PartKind::Group => "group",
    }
}

fn part_outcome(outcome: PartOutcome) -> &'static str {
    match outcome {
        PartOutcome::Done => "done",
        PartOutcome::AlreadySo => "already-so",
        PartOutcome::Requested => "requested",
        PartOutcome::Failed => "failed",
        PartOutcome::Unknown => "unknown",
    }
}

fn place_kind(kind: PlaceKind) -> &'static str {
    match kind {
        PlaceKind::Organization => "organization",
        PlaceKind::Directory => "directory",
        PlaceKind::Site => "site",
    }
}

fn ability(ability: Ability) -> &'static str {
    match ability {
        Ability::Reach => "reach",
        Ability::Authenticate => "authenticate",
        Ability::LookUpPeople => "look-up-people",
        Ability::SeeGroups => "see-groups",
        Ability::Invite => "invite",
        Ability::ChangeMemberships => "change-memberships",
        Ability::ManageAccounts => "manage-accounts",
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Unknown => "unknown",
    }
}

fn change(change: Change) -> &'static str {
    match change {
        Change::NotApplied => "not-applied",
        Change::Applied => "applied",
        Change::PartlyApplied => "partly-applied",
        Change::Unknown => "unknown",
    }
}

fn failure_kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::InvalidInput => "invalid-input",
        FailureKind::Unauthenticated => "unauthenticated",
        FailureKind::Forbidden => "forbidden",
        FailureKind::NotFound => "not-found",
        FailureKind::Ambiguous => "ambiguous",
        FailureKind::Conflict => "conflict",
        FailureKind::Incomplete => "incomplete",
        FailureKind::RateLimited => "rate-limited",
        FailureKind::Timeout => "timeout",
        FailureKind::Unavailable => "unavailable",
        FailureKind::DeniedByHost => "denied-by-host",
        FailureKind::Protocol => "protocol",
        FailureKind::Other => "other",
    }
}
