//! Checking a connection to a SCIM directory.

use super::{Ability, Answers, Finding, Report, Verdict, list};
use crate::client::Call;
use crate::operations::scim;

// The answers, by their requests' order.
const PEOPLE: usize = 0;
const GROUPS: usize = 1;

pub(super) fn call(answers: &Answers) -> Option<Call> {
    let operation = match answers.len() {
        PEOPLE => &scim::LIST_USERS,
        GROUPS => &scim::LIST_GROUPS,
        _ => return None,
    };
    Some(Call::new(operation).query("count", "1"))
}

pub(super) fn read(answers: &Answers, report: &mut Report) {
    for (ability, at) in [(Ability::LookUpPeople, PEOPLE), (Ability::SeeGroups, GROUPS)] {
        let items = list(answers, at, "Resources");
        report.findings.push(Finding::of_list(ability, answers.get(at), items, "The directory may hold none yet."));
    }
    for ability in [Ability::Invite, Ability::ChangeMemberships, Ability::ManageAccounts] {
        report.findings.push(Finding::new(
            ability,
            Verdict::Fail,
            "Usher changes nothing through SCIM, whose directory follows its identity provider.",
            "Use an organization's API key, or a site.",
        ));
    }
}
