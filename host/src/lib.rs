//! Runs the usher component: one sandbox per tenant.
//!
//! An [`Engine`] loads the component once and holds the pooled HTTP client. [`Engine::sandbox`]
//! opens a [`Sandbox`] with its own memory, its own [`Grants`] of environment and host names, and
//! its own limits; opening one costs microseconds, so a workflow host opens one per tenant or per
//! run.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use usher_host::{Connection, Engine, Grants};
//!
//! let engine = Engine::load()?;
//! let grants = Grants::new()
//!     .host("https://acme.atlassian.net")?
//!     .variable("ATLASSIAN_SITE", "acme.atlassian.net")
//!     .variable("ATLASSIAN_EMAIL", "admin@acme.example")
//!     .variable("ATLASSIAN_API_TOKEN", std::env::var("TOKEN")?);
//! let mut sandbox = engine.sandbox(grants);
//! match sandbox.find_account(&Connection::environment(), "mia@example.com").await? {
//!     Ok(account) => println!("{}", account.account_id),
//!     Err(failure) => println!("{} {}", failure.message, failure.advice),
//! }
//! # Ok(())
//! # }
//! ```

mod bindings;
mod cache;
mod connection;
mod egress;
mod engine;
mod fan_out;
mod grants;
mod network;
mod resolver;
mod sandbox;

pub use bindings::exports::usher::atlassian::accounts::{
    Access, Account, AccountStatus, Invitation, InviteOutcome, Invited, Role,
};
pub use bindings::exports::usher::atlassian::diagnosis::{Ability, Finding, Place, PlaceKind, Report, Verdict};
pub use bindings::exports::usher::atlassian::groups::{CreatedGroup, Group, Membership, MembershipOutcome};
pub use bindings::exports::usher::atlassian::rollouts::{
    Action, ActionKind, Applied, ApplyOptions, Departure, OtherGroups, Person, PlanOptions, Presence, Problem, Rollout,
    Step, StepOutcome,
};
pub use bindings::exports::usher::atlassian::types::{
    Change, Failure, FailureKind, Outcome, Part, PartKind, PartOutcome, Plane,
};
pub use connection::Connection;
pub use engine::{COMPONENT, Engine, Function};
pub use fan_out::apply_in_parts;
pub use grants::{Grants, Limits, NotAHeader, NotAHost};
pub use network::{Network, NoCertificate};
pub use sandbox::{Answer, Sandbox, Stopped};
