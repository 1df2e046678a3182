//! The exports of the `plugin` world: contract types in, a call of the core, contract types out.

mod runtime;

mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "plugin" });
}

use crate::client::{Client, DEADLINE};
use crate::connection::{Connection, Given, Kind, Plane};
use crate::transport::wasi::{Wasi, variable};
use crate::{accounts, diagnosis, failure, groups, invite};
use bindings::exports::usher::atlassian::{
    accounts as wit_accounts, diagnosis as wit_diagnosis, groups as wit_groups, types as wit,
};
use std::pin::pin;
use std::time::Duration;

struct Plugin;

bindings::export!(Plugin with_types_in bindings);

impl wit_accounts::Guest for Plugin {
    fn find_account(connection: wit::Connection, email: String) -> Result<wit_accounts::Account, wit::Failure> {
        run(connection, async |client| accounts::find(client, &email).await.map(Into::into))
    }

    fn invite(
        connection: wit::Connection,
        invitation: wit_accounts::Invitation,
    ) -> Result<wit_accounts::Invited, wit::Failure> {
        let invitation = invitation.into();
        run(connection, async |client| invite::invite(client, &invitation).await.map(Into::into))
    }
}

impl wit_groups::Guest for Plugin {
    fn find_group(connection: wit::Connection, group: String) -> Result<wit_groups::Group, wit::Failure> {
        run(connection, async |client| groups::find(client, &group).await.map(Into::into))
    }

    fn add_to_group(
        connection: wit::Connection,
        group: String,
        person: String,
    ) -> Result<wit_groups::Membership, wit::Failure> {
        run(connection, async |client| groups::add(client, &group, &person).await.map(Into::into))
    }
}

impl wit_diagnosis::Guest for Plugin {
    fn check_connection(connection: wit::Connection) -> Result<wit_diagnosis::Report, wit::Failure> {
        run(connection, async |client| Ok(diagnosis::check(client).await.into()))
    }
}

/// Runs a verb to its end on the host's HTTP.
fn run<R>(
    connection: wit::Connection,
    verb: impl AsyncFnOnce(&Client<'_, Wasi>) -> failure::Result<R>,
) -> Result<R, wit::Failure> {
    let connection = connect(connection)?;
    let transport = Wasi::default();
    let client = Client::new(&connection, &transport, limit()?);
    let mut result = None;
    transport.block_on(pin!(async { result = Some(verb(&client).await) }));
    // `block_on` returns only when the future has ended.
    result.unwrap_or_else(|| unreachable!()).map_err(|failure| connection.redact_all(failure).into())
}

/// Checks a connection, or reads it from the environment.
#[inline(never)]
fn connect(connection: wit::Connection) -> Result<Connection, wit::Failure> {
    use wit::Connection as Case;
    let given = match &connection {
        Case::Site(it) => Given { email: &it.email, ..Given::new(Kind::ApiToken, &it.site, &it.api_token) },
        Case::ScopedToken(it) => Given {
            email: &it.email,
            api_url: it.api_url.as_deref(),
            ..Given::new(Kind::ScopedToken, &it.site, &it.api_token)
        },
        Case::ServiceAccount(it) => bearer(Kind::ServiceAccount, it),
        Case::Oauth(it) => bearer(Kind::OAuth, it),
        Case::Organization(it) => Given {
            directory: it.directory.as_deref(),
            api_url: it.api_url.as_deref(),
            ..Given::new(Kind::ApiKey, &it.id, &it.api_key)
        },
        Case::Scim(it) => Given { api_url: it.api_url.as_deref(), ..Given::new(Kind::ScimKey, &it.directory, &it.key) },
        Case::HostSigned(it) => {
            let plane = match it.plane {
                wit::Plane::Site => Plane::Site,
                wit::Plane::Organization => Plane::Organization,
                wit::Plane::Scim => Plane::Scim,
            };
            Given { plane, api_url: it.api_url.as_deref(), ..Given::new(Kind::HostSigned, &it.id, "") }
        }
        Case::Environment => return Connection::from_environment(variable).map_err(Into::into),
    };
    Connection::new(&given).map_err(Into::into)
}

fn bearer(kind: Kind, it: &wit::Bearer) -> Given<'_> {
    Given { api_url: it.api_url.as_deref(), ..Given::new(kind, &it.site, &it.token) }
}

/// How long a call may take: for the host to set, who alone knows how long it can wait.
fn limit() -> Result<Duration, wit::Failure> {
    let Some(set) = variable("USHER_DEADLINE_MS") else { return Ok(DEADLINE) };
    set.parse::<u32>().map(|set| Duration::from_millis(set.into())).map_err(|_| {
        let failure = failure::Failure::invalid("USHER_DEADLINE_MS is no number of milliseconds.");
        failure.advise("Set it to a whole number such as 60000, or leave it out.").into()
    })
}

impl From<accounts::Account> for wit_accounts::Account {
    fn from(account: accounts::Account) -> Self {
        use accounts::AccountStatus::{Active, Deactivated, NotInvited, Suspended, Unknown};
        use wit_accounts::AccountStatus as Status;
        let status = match account.status {
            Active => Status::Active,
            Suspended => Status::Suspended,
            NotInvited => Status::NotInvited,
            Deactivated => Status::Deactivated,
            Unknown => Status::Unknown,
        };
        Self { account_id: account.account_id, email: account.email, name: account.name, status }
    }
}

impl From<wit_accounts::Invitation> for invite::Invitation {
    fn from(invitation: wit_accounts::Invitation) -> Self {
        let access = |access: wit_accounts::Access| {
            use wit_accounts::Role;
            let role = match access.role {
                Role::User => "user",
                Role::Admin => "admin",
                Role::Guest => "guest",
                Role::Contributor => "contributor",
                Role::Customer => "customer",
                Role::Basic => "basic",
                Role::Stakeholder => "stakeholder",
                Role::Viewer => "viewer",
            };
            invite::Access { product: access.product, role }
        };
        Self {
            email: invitation.email,
            access: invitation.access.into_iter().map(access).collect(),
            groups: invitation.groups,
            message: invitation.message,
        }
    }
}

impl From<invite::Invited> for wit_accounts::Invited {
    fn from(invited: invite::Invited) -> Self {
        let outcome = match invited.outcome {
            invite::InviteOutcome::Invited => wit_accounts::InviteOutcome::Invited,
            invite::InviteOutcome::AlreadyThere => wit_accounts::InviteOutcome::AlreadyThere,
        };
        Self { outcome, account_id: invited.account_id, parts: parts(invited.parts) }
    }
}

impl From<groups::Group> for wit_groups::Group {
    fn from(group: groups::Group) -> Self {
        Self { id: group.id, name: group.name }
    }
}

impl From<groups::Membership> for wit_groups::Membership {
    fn from(membership: groups::Membership) -> Self {
        let outcome = match membership.outcome {
            groups::MembershipOutcome::Added => wit_groups::MembershipOutcome::Added,
            groups::MembershipOutcome::AlreadyMember => wit_groups::MembershipOutcome::AlreadyMember,
        };
        Self { outcome, group: membership.group.into(), account_id: membership.account_id }
    }
}

impl From<diagnosis::Report> for wit_diagnosis::Report {
    fn from(report: diagnosis::Report) -> Self {
        use diagnosis::{Ability, PlaceKind, Verdict};
        let place = |place: diagnosis::Place| wit_diagnosis::Place {
            kind: match place.kind {
                PlaceKind::Organization => wit_diagnosis::PlaceKind::Organization,
                PlaceKind::Directory => wit_diagnosis::PlaceKind::Directory,
                PlaceKind::Site => wit_diagnosis::PlaceKind::Site,
            },
            id: place.id,
            name: place.name,
        };
        let finding = |finding: diagnosis::Finding| wit_diagnosis::Finding {
            ability: match finding.ability {
                Ability::Reach => wit_diagnosis::Ability::Reach,
                Ability::Authenticate => wit_diagnosis::Ability::Authenticate,
                Ability::LookUpPeople => wit_diagnosis::Ability::LookUpPeople,
                Ability::SeeGroups => wit_diagnosis::Ability::SeeGroups,
                Ability::Invite => wit_diagnosis::Ability::Invite,
                Ability::ChangeMemberships => wit_diagnosis::Ability::ChangeMemberships,
                Ability::ManageAccounts => wit_diagnosis::Ability::ManageAccounts,
            },
            verdict: match finding.verdict {
                Verdict::Pass => wit_diagnosis::Verdict::Pass,
                Verdict::Fail => wit_diagnosis::Verdict::Fail,
                Verdict::Unknown => wit_diagnosis::Verdict::Unknown,
            },
            detail: finding.detail,
            advice: finding.advice,
        };
        Self {
            credential: report.credential.to_owned(),
            identity: report.identity.map(Into::into),
            expires: report.expires,
            places: report.places.into_iter().map(place).collect(),
            findings: report.findings.into_iter().map(finding).collect(),
        }
    }
}

impl From<failure::Failure> for wit::Failure {
    #[inline(never)]
    fn from(failure: failure::Failure) -> Self {
        use failure::{Change, FailureKind};
        let failure = failure::Facts::from(failure);
        let kind = match failure.kind {
            FailureKind::InvalidInput => wit::FailureKind::InvalidInput,
            FailureKind::Unauthenticated => wit::FailureKind::Unauthenticated,
            FailureKind::Forbidden => wit::FailureKind::Forbidden,
            FailureKind::NotFound => wit::FailureKind::NotFound,
            FailureKind::Ambiguous => wit::FailureKind::Ambiguous,
            FailureKind::Conflict => wit::FailureKind::Conflict,
            FailureKind::Incomplete => wit::FailureKind::Incomplete,
            FailureKind::RateLimited => wit::FailureKind::RateLimited,
            FailureKind::Timeout => wit::FailureKind::Timeout,
            FailureKind::Unavailable => wit::FailureKind::Unavailable,
            FailureKind::DeniedByHost => wit::FailureKind::DeniedByHost,
            FailureKind::Protocol => wit::FailureKind::Protocol,
            FailureKind::Other => wit::FailureKind::Other,
        };
        let change = match failure.change {
            Change::NotApplied => wit::Change::NotApplied,
            Change::Applied => wit::Change::Applied,
            Change::PartlyApplied => wit::Change::PartlyApplied,
            Change::Unknown => wit::Change::Unknown,
        };
        Self {
            kind,
            message: failure.message,
            advice: failure.advice,
            status: failure.status,
            retry_after: failure.retry_after,
            code: failure.code,
            request_id: failure.request_id,
            change,
            parts: parts(failure.parts),
        }
    }
}

fn parts(parts: Vec<failure::Part>) -> Vec<wit::Part> {
    use failure::{PartKind, PartOutcome};
    let part = |part: failure::Part| wit::Part {
        kind: match part.kind {
            PartKind::Access => wit::PartKind::Access,
            PartKind::Group => wit::PartKind::Group,
        },
        name: part.name,
        outcome: match part.outcome {
            PartOutcome::Added => wit::PartOutcome::Added,
            PartOutcome::AlreadyThere => wit::PartOutcome::AlreadyThere,
            PartOutcome::Requested => wit::PartOutcome::Requested,
            PartOutcome::Failed => wit::PartOutcome::Failed,
            PartOutcome::Unknown => wit::PartOutcome::Unknown,
        },
        reason: part.reason,
    };
    parts.into_iter().map(part).collect()
}
