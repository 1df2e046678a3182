//! What a connection can do, found out by reading: which requests to send, and what the answers say.

mod organization;
mod scim;
mod site;

use crate::accounts::Account;
use crate::client::{Call, Client};
use crate::connection::{Connection, Look, Plane};
use crate::failure::{Failure, FailureKind, Result};
use crate::json::Value;

/// The contract's `report`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Report {
    pub credential: &'static str,
    pub identity: Option<Account>,
    pub expires: Option<String>,
    pub places: Vec<Place>,
    pub findings: Vec<Finding>,
}

/// The contract's `place`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Place {
    pub kind: PlaceKind,
    pub id: String,
    pub name: String,
}

/// The contract's `place-kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum PlaceKind {
    Organization,
    Directory,
    Site,
}

/// The contract's `finding`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Finding {
    pub ability: Ability,
    pub verdict: Verdict,
    pub detail: String,
    pub advice: String,
}

/// The contract's `ability`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum Ability {
    Reach,
    Authenticate,
    LookUpPeople,
    SeeGroups,
    Invite,
    ChangeMemberships,
    ManageAccounts,
}

/// The contract's `verdict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub enum Verdict {
    Pass,
    Fail,
    Unknown,
}

/// The answers so far, in the order of the plane's requests.
type Answers = [Result<Value>];

/// Finds out what a connection can do. It changes nothing: every operation that it uses reads.
pub fn check(client: &Client<'_>) -> Report {
    let connection = client.connection();
    let mut answers: Vec<Result<Value>> = Vec::new();
    while let Some(call) = next(connection, &answers) {
        answers.push(client.call(call));
    }
    let mut report = Report {
        credential: connection.kind().what(),
        identity: None,
        expires: connection.expires(),
        places: Vec::new(),
        findings: vec![reach(connection, &answers), authenticate(connection, &answers)],
    };
    match client.plane() {
        Plane::Site => site::read(connection, client.known_cloud_id(), &answers, &mut report),
        Plane::Organization => organization::read(&answers, &mut report),
        Plane::Scim => scim::read(&answers, &mut report),
    }
    report.redact(connection);
    report
}

impl Report {
    /// Strikes out whatever a server repeated of the credential.
    fn redact(&mut self, connection: &Connection) {
        let account = self.identity.iter_mut().flat_map(|it| [&mut it.account_id, &mut it.email, &mut it.name]);
        let places = self.places.iter_mut().flat_map(|it| [&mut it.id, &mut it.name]);
        let findings = self.findings.iter_mut().flat_map(|it| [&mut it.detail, &mut it.advice]);
        account.chain(places).chain(findings).chain(&mut self.expires).for_each(|text| connection.redact(text));
    }
}

/// The next request, if the answers so far leave a reason for one.
fn next(connection: &Connection, answers: &Answers) -> Option<Call> {
    // An organization's key without the scope for the first may have the one for the second; a
    // person's token that is sent wrong again and again leads to a CAPTCHA.
    let tries = if connection.plane() == Plane::Organization { 2 } else { 1 };
    let is_lost = |answer: &Result<Value>| answer.as_ref().is_err_and(|failure| !has_answered(failure));
    if answers.iter().any(is_lost) || (answers.len() >= tries && !is_accepted(answers)) {
        return None;
    }
    match connection.plane() {
        Plane::Site => site::call(connection, answers),
        Plane::Organization => organization::call(answers),
        Plane::Scim => scim::call(answers),
    }
}

/// Whether a server answered at all.
fn has_answered(failure: &Failure) -> bool {
    failure.status.is_some() || failure.kind == FailureKind::Protocol
}

/// Whether any answer shows that the credential was accepted.
fn is_accepted(answers: &Answers) -> bool {
    answers.iter().any(|answer| answer.as_ref().map_or_else(|failure| failure.is_known, |_| true))
}

fn reach(connection: &Connection, answers: &Answers) -> Finding {
    let answered = answers.iter().any(|answer| answer.as_ref().map_or_else(has_answered, |_| true));
    match answers.iter().find_map(|answer| answer.as_ref().err()) {
        Some(failure) if !answered => Finding::failed(Ability::Reach, Verdict::Fail, failure),
        _ => {
            // The first that was asked: where it did not answer as it should, nobody else was.
            let host = connection.site_to_look_up().unwrap_or(connection.base());
            Finding::new(Ability::Reach, Verdict::Pass, &format!("{host} answers."), "")
        }
    }
}

fn authenticate(connection: &Connection, answers: &Answers) -> Finding {
    let ability = Ability::Authenticate;
    if is_accepted(answers) {
        return Finding::new(ability, Verdict::Pass, "The credential is accepted.", "");
    }
    let mut failures = answers.iter().filter_map(|answer| answer.as_ref().err());
    match failures.find(|failure| has_answered(failure)) {
        Some(failure) => {
            let is_refused = failure.kind == FailureKind::Unauthenticated;
            Finding::failed(ability, if is_refused { Verdict::Fail } else { Verdict::Unknown }, failure)
        }
        // Nobody answered, so that no more than this can be said.
        None => {
            let mut finding = Finding::not_asked(ability);
            if let Look::Other(what) = connection.look() {
                finding.advice = format!("Possible: What was given is by its look {what}.");
            }
            finding
        }
    }
}

impl Finding {
    // Out of line: its callers are many, and every kilobyte counts.
    #[inline(never)]
    fn new(ability: Ability, verdict: Verdict, detail: &str, advice: &str) -> Finding {
        Finding { ability, verdict, detail: detail.to_owned(), advice: advice.to_owned() }
    }

    /// What a failure says.
    fn failed(ability: Ability, verdict: Verdict, failure: &Failure) -> Finding {
        Finding::new(ability, verdict, &failure.message, &failure.advice)
    }

    fn not_asked(ability: Ability) -> Finding {
        Finding::new(ability, Verdict::Unknown, "Not asked: the connection does not get that far.", "")
    }

    /// What a list shows: something is a proof, nothing is none.
    fn of_list(ability: Ability, answer: Option<&Result<Value>>, items: &[Value], needs: &str) -> Finding {
        match answer {
            None => Finding::not_asked(ability),
            Some(Err(failure)) => Finding::refused(ability, failure),
            Some(Ok(_)) if items.is_empty() => {
                Finding::new(ability, Verdict::Unknown, "The list is empty, which proves nothing.", needs)
            }
            Some(Ok(_)) => {
                let shown = if ability == Ability::SeeGroups { "Groups are shown." } else { "People are shown." };
                Finding::new(ability, Verdict::Pass, shown, "")
            }
        }
    }

    /// What a failed read says of an ability: no more than that, if it was not for lack of rights.
    fn refused(ability: Ability, failure: &Failure) -> Finding {
        let is_refused = failure.is_known || failure.kind == FailureKind::Unauthenticated;
        Finding::failed(ability, if is_refused { Verdict::Fail } else { Verdict::Unknown }, failure)
    }
}

/// The list of that name in the answer with that number; empty where there is none.
fn list<'a>(answers: &'a Answers, at: usize, name: &str) -> &'a [Value] {
    good(answers, at).map_or(&[], |answer| answer.list(name))
}

/// The answer with that number, if it was asked for and is no failure.
fn good(answers: &Answers, at: usize) -> Option<&Value> {
    answers.get(at)?.as_ref().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::DEADLINE;
    use crate::connection::{Given, Kind};
    use crate::operations::all;
    use crate::retry::Policy;
    use crate::transport::TransportError;
    use crate::transport::scripted::Scripted;

    #[test]
    fn a_host_that_cannot_be_reached_is_asked_once() {
        let connection = Connection::organization("o-1", "key", None, None).unwrap();
        let transport = Scripted::default().fail(TransportError::Unsent("connection refused".into()));
        let report = check(&Client::new(&connection, &transport, DEADLINE, Policy { retries: 0 }));
        assert_eq!(transport.asked.borrow().len(), 1);
        let verdicts: Vec<Verdict> = report.findings.iter().map(|finding| finding.verdict).collect();
        assert_eq!((verdicts.len(), verdicts[0]), (7, Verdict::Fail));
        assert!(verdicts[1..].iter().all(|verdict| *verdict == Verdict::Unknown));
    }

    #[test]
    fn that_a_token_is_for_another_site_is_said_only_where_this_one_is_known() {
        let resources = r#"[{"id":"1","url":"https://acme.atlassian.net"}]"#;
        for (site, is_other) in [("70ef3a32-d0da-4e09-b35e-0109f91969c3", true), ("acme.atlassian.net", false)] {
            let connection = Connection::new(&Given::new(Kind::OAuth, site, "t")).unwrap();
            let transport = (0..5).fold(Scripted::default().answer(200, resources), |it, _| it.answer(404, ""));
            let report = check(&Client::new(&connection, &transport, DEADLINE, Policy { retries: 0 }));
            assert_eq!(report.findings[1].detail.contains("It is not for the site"), is_other, "{site}");
        }
    }

    #[test]
    fn every_request_of_every_check_only_reads() {
        let id = "70ef3a32-d0da-4e09-b35e-0109f91969c3";
        let site = Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap();
        let oauth = Connection::new(&Given::new(Kind::OAuth, id, "t")).unwrap();
        let organization = Connection::organization("o-1", "key", None, None).unwrap();
        let scim = Connection::new(&Given::new(Kind::ScimKey, "d-1", "k")).unwrap();
        let person = r#"{"data":[{"accountId":"1","claimStatus":"managed"}]}"#;
        for (connection, requests) in [(site, 5), (oauth, 6), (organization, 7), (scim, 2)] {
            let transport = (0..requests).fold(Scripted::default(), |transport, _| transport.answer(200, person));
            check(&Client::new(&connection, &transport, DEADLINE, Policy { retries: 0 }));
            let asked = transport.asked.borrow();
            assert_eq!(asked.len(), requests, "{asked:?}");
            for request in asked.iter() {
                let (method, rest) = request.split_once(' ').unwrap();
                let path = rest.split([' ', '?']).next().unwrap();
                let path: Vec<&str> = path.trim_start_matches(&format!("/ex/jira/{id}")).split('/').collect();
                let is_it = |template: &str| {
                    let template: Vec<&str> = template.split('/').collect();
                    let same = |(wanted, given): (&&str, &&str)| wanted == given || wanted.starts_with('{');
                    template.len() == path.len() && template.iter().zip(&path).all(same)
                };
                let mut known = all().filter(|operation| operation.method.name() == method && is_it(operation.path));
                assert!(known.next().is_some_and(|operation| operation.safety.is_read()), "{request}");
            }
        }
    }
}
