//! The troubleshooting page, which is made from the mistakes among the cases.

use crate::cases::{Case, Mistake, cases};
use std::fmt::Write as _;
use std::path::Path;

/// Set to anything, it writes the page instead of comparing it.
const WRITE: &str = "USHER_WRITE_DOCS";

#[test]
fn the_troubleshooting_page_says_what_the_cases_prove() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/troubleshooting.md");
    let page = page();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/troubleshooting.md is not what the cases say; {WRITE}=1 cargo test writes it");
}

#[test]
fn the_readme_counts_the_mistakes() {
    let count = cases().iter().filter(|case| case.mistake.is_some()).count();
    let readme = include_str!("../../../README.md");
    assert!(readme.contains(&format!("has {count} such mistakes")), "there are {count}");
}

#[test]
fn the_mistakes_are_many_and_the_first_four_questions_are_among_them() {
    let cases = cases();
    let mistakes: Vec<&Mistake> = cases.iter().filter_map(|case| case.mistake.as_ref()).collect();
    assert!(mistakes.len() >= 25, "{}", mistakes.len());
    let thread = |case: &&Case| case.mistake.as_ref().is_some_and(|mistake| mistake.thread);
    let threads: Vec<&str> = cases.iter().filter(thread).map(|case| case.name.as_str()).collect();
    let questions = [
        "An API token on the admin API",
        "`Bearer` with an API token",
        "Base64 of the wrong thing",
        "Inviting an outsider without `products`",
    ];
    assert_eq!(threads, questions);
}

fn page() -> String {
    let cases = cases();
    let of = |thread: bool| {
        let mistakes = cases.iter().filter_map(|case| Some((case, case.mistake.as_ref()?)));
        mistakes.filter(move |(_, mistake)| mistake.thread == thread)
    };
    let mut page = format!(
        "<!-- Made from host-test/cases/mistakes.toml by `{WRITE}=1 cargo test`; a test compares the two. -->\n\n\
         # Troubleshooting credentials and permissions\n\n\
         Each mistake here is a test: the component makes it against the mock Atlassian, which answers as written, \
         and Usher says what is written below it, word for word. What an answer says itself is called certain; what \
         it only suggests is called likely or possible, the likeliest first. Nobody who wrote this could ask the \
         live service: the answers are those of Atlassian's descriptions and of people's reports, and where \
         nobody reported the words, that is said.\n\n\
         `usher doctor`, or `check-connection` in the contract, finds most of them at once and changes nothing.\n\n\
         ## The questions that this project began with\n"
    );
    of(true).for_each(|(case, mistake)| section(&mut page, case, mistake));
    page.push_str("\n## All the others\n");
    of(false).for_each(|(case, mistake)| section(&mut page, case, mistake));
    page.push_str(
        "\n## What cannot be got wrong here\n\n\
         Usher builds every request itself, so some known mistakes have no place in it: the group or the account id \
         in the wrong part of the request, the endpoints that stopped in 2026, `GET /v1/orgs` as a proof of a key \
         (it may be empty for a good one), and refresh tokens, which it never asks for or uses (a reused one is \
         `invalid_grant`, and its successor is the one to keep).\n",
    );
    page
}

fn section(page: &mut String, case: &Case, mistake: &Mistake) {
    let text = |field: &str| {
        let failure = case.expect.get("err");
        let findings = case.expect.pointer("/ok/findings").and_then(serde_json::Value::as_array);
        let told = failure.or_else(|| findings?.iter().find(|finding| finding.get("advice").is_some())).unwrap();
        told.get(field).and_then(serde_json::Value::as_str).map(as_acme)
    };
    let message = text("message").or_else(|| text("detail")).unwrap();
    write!(page, "\n### {}\n\n{}\n", case.name, mistake.what).unwrap();
    match &mistake.answer {
        Some(answer) => {
            // The status, then the headers that tell something, then the body.
            let (status, body) = answer.split_once(' ').unwrap();
            write!(page, "\n```\nHTTP {status}\n").unwrap();
            for (name, value) in case.answers.iter().flat_map(|answer| &answer.headers) {
                writeln!(page, "{name}: {value}").unwrap();
            }
            if !body.is_empty() {
                writeln!(page, "{}", as_acme(body)).unwrap();
            }
            page.push_str("```\n");
        }
        None if case.requests.is_empty() => page.push_str("\nUsher refuses it without asking anything.\n"),
        None => page.push_str("\nUsher looks first, and refuses it then; nothing was changed.\n"),
    }
    if mistake.assumed {
        page.push_str("\nThe status was reported; these words are assumed.\n");
    }
    write!(page, "\n> {message}\n").unwrap();
    for line in text("advice").unwrap().lines() {
        write!(page, ">\n> {line}\n").unwrap();
    }
}

/// The mock's own names as a reader's.
fn as_acme(text: &str) -> String {
    text.replace("{host}", "acme.atlassian.net").replace("{org-id}", "9f0a1b2c-3d4e-4f5a-8b6c-7d8e9f0a1b2c")
}
