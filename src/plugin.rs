//! The exports of the `plugin` world: contract types in, a call of the core, contract types out.

mod abi;
mod heap;
mod lower;
mod runtime;

mod bindings {
    #![allow(dead_code, unused_imports, reason = "only the component's type is used; see `no_functions`")]
    wit_bindgen::generate!({ path: "wit", world: "plugin" });
}

use crate::accounts::standing::{self, Standing};
use crate::client::{Client, DEADLINE};
use crate::connection::{Connection, Given, Kind, Plane};
use crate::failure::{Failure, Result};
use crate::retry::Policy;
use crate::rollout::{ACTION_KINDS, Departure, OtherGroups, Presence};
use crate::transport::wasi::{Wasi, variables};
use crate::{accounts, diagnosis, groups, invite, product, rollout};
use abi::{Arguments, Row};
use std::time::Duration;

/// How many words a connection has: its case, and the ten of the largest.
const CONNECTION: usize = 11;

fn find_account(mut arguments: Arguments) -> *const u32 {
    let (connection, email) = (connection(&mut arguments), arguments.text());
    run(connection, &|client| accounts::find(client, &email).map(Row::of))
}

fn invite(arguments: Arguments) -> *const u32 {
    // 20 words, which is more than are passed one by one.
    let mut arguments = unsafe { arguments.behind(CONNECTION + 9) };
    let (connection, invitation) = (connection(&mut arguments), invitation(&mut arguments));
    run(connection, &|client| invite::invite(client, &invitation).map(Row::of))
}

fn suspend_account(arguments: Arguments) -> *const u32 {
    stand(arguments, &standing::SUSPENDED)
}

fn restore_account(arguments: Arguments) -> *const u32 {
    stand(arguments, &standing::RESTORED)
}

fn remove_account(arguments: Arguments) -> *const u32 {
    stand(arguments, &standing::REMOVED)
}

fn stand(mut arguments: Arguments, standing: &Standing) -> *const u32 {
    let (connection, person) = (connection(&mut arguments), arguments.text());
    run(connection, &|client| standing::set(client, &person, standing).map(Row::of))
}

fn find_group(mut arguments: Arguments) -> *const u32 {
    let (connection, group) = (connection(&mut arguments), arguments.text());
    run(connection, &|client| groups::find(client, &group).map(Row::of))
}

fn add_to_group(mut arguments: Arguments) -> *const u32 {
    let (connection, group, person) = (connection(&mut arguments), arguments.text(), arguments.text());
    run(connection, &|client| groups::add(client, &group, &person).map(Row::of))
}

fn remove_from_group(mut arguments: Arguments) -> *const u32 {
    let (connection, group, person) = (connection(&mut arguments), arguments.text(), arguments.text());
    run(connection, &|client| groups::remove(client, &group, &person).map(Row::of))
}

fn create_group(mut arguments: Arguments) -> *const u32 {
    let (connection, name, description) = (connection(&mut arguments), arguments.text(), arguments.maybe_text());
    run(connection, &|client| groups::create(client, &name, description.as_deref()).map(Row::of))
}

fn delete_group(mut arguments: Arguments) -> *const u32 {
    let (connection, group) = (connection(&mut arguments), arguments.text());
    run(connection, &|client| groups::delete(client, &group).map(Row::of))
}

fn plan(arguments: Arguments) -> *const u32 {
    let mut arguments = unsafe { arguments.behind(CONNECTION + 6) };
    let connection = connection(&mut arguments);
    let people = arguments.list(7, |it| rollout::Person {
        email: it.text(),
        state: [Presence::Present, Presence::Gone][usize::from(it.case())],
        access: it.list(3, access),
        groups: it.list(2, Arguments::text),
    });
    let options = rollout::PlanOptions {
        other_groups: [OtherGroups::Keep, OtherGroups::Leave][usize::from(arguments.case())],
        window: arguments.maybe_number(),
        departure: [Departure::LeaveGroups, Departure::Suspend, Departure::Remove][usize::from(arguments.case())],
    };
    run(connection, &|client| rollout::plan(client, &people, &options).map(Row::of))
}

fn apply(arguments: Arguments) -> *const u32 {
    let mut arguments = unsafe { arguments.behind(CONNECTION + 7) };
    let connection = connection(&mut arguments);
    let steps = arguments.list(7, |it| rollout::Step {
        email: it.text(),
        account_id: it.maybe_text(),
        actions: it.list(6, |it| rollout::Action {
            kind: ACTION_KINDS[usize::from(it.case())],
            name: it.text(),
            id: it.text(),
            role: product::ROLES[usize::from(it.case())],
        }),
    });
    let options = rollout::ApplyOptions { message: arguments.maybe_text(), window: arguments.maybe_number() };
    run(connection, &|client| rollout::apply(client, &steps, &options).map(Row::of))
}

fn check_connection(mut arguments: Arguments) -> *const u32 {
    run(connection(&mut arguments), &|client| Ok(Row::of(diagnosis::check(client))))
}

/// Runs a verb on the host's HTTP.
// No generic one: it is there for every export, and every kilobyte counts.
fn run(set: Result<Set>, verb: &dyn Fn(&Client<'_>) -> Result<Row>) -> *const u32 {
    let done = match &set {
        Ok(Set { connection, limit, policy }) => {
            let transport = Wasi::default();
            let client = Client::new(connection, &transport, *limit, *policy);
            let done = verb(&client);
            client.finish();
            done.map_err(|failure| connection.redact_all(failure))
        }
        Err(failure) => Err(failure.clone()),
    };
    done.unwrap_or_else(|failure| {
        let mut row = Row::default();
        row.case(1);
        row.value(failure);
        row
    })
    .finish()
}

/// What a call runs with.
struct Set {
    connection: Connection,
    /// How long it may take: for the host to set, who alone knows how long it can wait.
    limit: Duration,
    /// How often a request is sent again.
    policy: Policy,
}

/// Checks a connection, or takes it from the environment, which is read once.
#[inline(never)]
fn connection(arguments: &mut Arguments) -> Result<Set> {
    let variables = variables();
    let variable = |name: &str| variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let connection = given(arguments, &variable)?;
    let limit = number(&variable, "USHER_DEADLINE_MS", "60000")?;
    let retries = number(&variable, "USHER_RETRIES", "0 or 4")?;
    Ok(Set {
        connection,
        limit: limit.map_or(DEADLINE, |set| Duration::from_millis(set.into())),
        policy: retries.map_or_else(Policy::default, |retries| Policy { retries }),
    })
}

fn given<'a>(arguments: &mut Arguments, variable: &dyn Fn(&str) -> Option<&'a str>) -> Result<Connection> {
    let case = arguments.case();
    let kind = match case {
        0 => Kind::ApiToken,
        1 => Kind::ScopedToken,
        2 => Kind::ServiceAccount,
        3 => Kind::OAuth,
        4 => Kind::ApiKey,
        5 => Kind::ScimKey,
        6 => Kind::HostSigned,
        _ => {
            arguments.skip_to(CONNECTION);
            return Connection::from_environment(variable);
        }
    };
    let plane = match kind {
        Kind::HostSigned => [Plane::Site, Plane::Organization, Plane::Scim][usize::from(arguments.case())],
        kind => Given::new(kind, "", "").plane,
    };
    let place = arguments.text();
    let email = if matches!(kind, Kind::ApiToken | Kind::ScopedToken) { arguments.text() } else { String::new() };
    let secret = if kind == Kind::HostSigned { String::new() } else { arguments.text() };
    let directory = if kind == Kind::ApiKey { arguments.maybe_text() } else { None };
    let api_url = if kind == Kind::ApiToken { None } else { arguments.maybe_text() };
    arguments.skip_to(CONNECTION);
    Connection::new(&Given {
        plane,
        email: &email,
        directory: directory.as_deref(),
        api_url: api_url.as_deref(),
        ..Given::new(kind, &place, &secret)
    })
}

fn invitation(arguments: &mut Arguments) -> invite::Invitation {
    invite::Invitation {
        email: arguments.text(),
        access: arguments.list(3, access),
        groups: arguments.list(2, Arguments::text),
        message: arguments.maybe_text(),
    }
}

fn access(item: &mut Arguments) -> product::Access {
    product::Access { product: item.text(), role: product::ROLES[usize::from(item.case())] }
}

/// A number that the host may set.
fn number<'a>(variable: &dyn Fn(&str) -> Option<&'a str>, name: &str, example: &str) -> Result<Option<u32>> {
    let Some(set) = variable(name) else { return Ok(None) };
    set.parse().map(Some).map_err(|_| {
        Failure::invalid(format!("{name} is no whole number."))
            .advise(format!("Set it to one such as {example}, or leave it out."))
    })
}

/// Exports functions, each by its interface, its name and a letter for each word of its arguments.
macro_rules! export {
    ($($interface:literal $name:literal = $function:ident($($word:ident)*);)*) => { $(const _: () = {
        #[unsafe(export_name = concat!("usher:atlassian/", $interface, "@0.1.0#", $name))]
        extern "C" fn call($($word: u32),*) -> *const u32 {
            // Without it the linker runs them around every function, and the C library's exit after it.
            wit_bindgen::rt::run_ctors_once();
            $function(Arguments::new(&[$($word),*]))
        }

        #[unsafe(export_name = concat!("cabi_post_usher:atlassian/", $interface, "@0.1.0#", $name))]
        unsafe extern "C" fn done(row: *const u32) {
            unsafe { abi::free(row) }
        }
    };)* };
}

export! {
    "accounts" "find-account" = find_account(a b c d e f g h i j k l m);
    "accounts" "invite" = invite(a);
    "accounts" "suspend-account" = suspend_account(a b c d e f g h i j k l m);
    "accounts" "restore-account" = restore_account(a b c d e f g h i j k l m);
    "accounts" "remove-account" = remove_account(a b c d e f g h i j k l m);
    "groups" "find-group" = find_group(a b c d e f g h i j k l m);
    "groups" "add-to-group" = add_to_group(a b c d e f g h i j k l m n o);
    "groups" "remove-from-group" = remove_from_group(a b c d e f g h i j k l m n o);
    "groups" "create-group" = create_group(a b c d e f g h i j k l m n o p);
    "groups" "delete-group" = delete_group(a b c d e f g h i j k l m);
    "rollouts" "plan" = plan(a);
    "rollouts" "apply" = apply(a);
    "diagnosis" "check-connection" = check_connection(a b c d e f g h i j k);
}

// Brings in the component's type, which the linker checks the functions' signatures against. The
// functions that it would define besides are those above, so it finds nothing in their place.
bindings::export!(nobody with_types_in no_functions);

mod no_functions {
    macro_rules! nothing {
        ($($any:tt)*) => {};
    }

    pub(super) mod exports {
        pub(crate) mod usher {
            pub(crate) mod atlassian {
                pub(crate) mod types {
                    pub(crate) use nothing as __export_usher_atlassian_types_0_1_0_cabi;
                }
                pub(crate) mod accounts {
                    pub(crate) use nothing as __export_usher_atlassian_accounts_0_1_0_cabi;
                }
                pub(crate) mod groups {
                    pub(crate) use nothing as __export_usher_atlassian_groups_0_1_0_cabi;
                }
                pub(crate) mod rollouts {
                    pub(crate) use nothing as __export_usher_atlassian_rollouts_0_1_0_cabi;
                }
                pub(crate) mod diagnosis {
                    pub(crate) use nothing as __export_usher_atlassian_diagnosis_0_1_0_cabi;
                }
            }
        }
    }
}
