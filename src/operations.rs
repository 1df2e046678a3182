//! The endpoints Usher calls, a file for each of Atlassian's API families.

pub mod confluence;
pub mod gateway;
pub mod jira;
pub mod organization;
pub mod scim;

use crate::operation::Operation;

/// Every operation there is, for the tests that compare them with the official descriptions.
pub fn all() -> impl Iterator<Item = &'static Operation> {
    [confluence::ALL, gateway::ALL, jira::ALL, organization::ALL, scim::ALL].into_iter().flatten().copied()
}
