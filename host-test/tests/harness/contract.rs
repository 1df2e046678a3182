//! The contract itself: what it may be made of, so that every host can load it.

use crate::engine;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use wit_parser::{Docs, Resolve, Type, TypeDefKind};

fn contract() -> Resolve {
    let mut resolve = Resolve::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    resolve.push_dir(folder).unwrap();
    resolve
}

#[test]
fn the_component_exports_just_the_functions_of_the_contract() {
    let written: BTreeSet<String> =
        contract().interfaces.iter().flat_map(|(_, it)| it.functions.keys().cloned()).collect();
    let functions = engine().functions();
    let exported: BTreeSet<String> = functions.iter().map(|function| function.name.clone()).collect();
    assert_eq!(exported, written);
    assert_eq!(functions.len(), exported.len(), "a function's name is there twice");
}

#[test]
fn every_item_is_documented_and_its_first_line_is_a_sentence() {
    let resolve = contract();
    let mut wrong = Vec::new();
    let mut check = |name: String, docs: &Docs| {
        let text = docs.contents.as_deref().unwrap_or_default();
        let paragraph = text.trim().split("\n\n").next().unwrap_or_default().trim_end();
        let begins = paragraph.starts_with(|first: char| first.is_uppercase() || first == '`');
        if !begins || !paragraph.ends_with('.') {
            wrong.push(name);
        }
    };
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.clone().unwrap_or_default();
        check(name.clone(), &interface.docs);
        for function in interface.functions.values() {
            check(format!("{name}.{}", function.name), &function.docs);
        }
    }
    for (_, world) in &resolve.worlds {
        check(world.name.clone(), &world.docs);
    }
    for (_, ty) in &resolve.types {
        let Some(name) = &ty.name else { continue };
        if let TypeDefKind::Type(_) = ty.kind {
            continue; // `use` brings a type in by its name; it is documented where it is from.
        }
        check(name.clone(), &ty.docs);
        match &ty.kind {
            TypeDefKind::Record(record) => {
                record.fields.iter().for_each(|it| check(format!("{name}.{}", it.name), &it.docs))
            }
            TypeDefKind::Variant(variant) => {
                variant.cases.iter().for_each(|it| check(format!("{name}.{}", it.name), &it.docs))
            }
            TypeDefKind::Enum(cases) => {
                cases.cases.iter().for_each(|it| check(format!("{name}.{}", it.name), &it.docs))
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "without a sentence: {}", wrong.join(", "));
}

#[test]
fn nothing_in_the_contract_breaks_in_a_host_it_has_to_run_in() {
    let resolve = contract();
    for (_, ty) in &resolve.types {
        let name = ty.name.clone().unwrap_or_default();
        match &ty.kind {
            // A 64-bit integer is a BigInt in JavaScript, and BigInt is no JSON.
            TypeDefKind::Type(inner) | TypeDefKind::List(inner) | TypeDefKind::Option(inner) => {
                assert!(!matches!(inner, Type::U64 | Type::S64), "{name}");
            }
            TypeDefKind::Variant(variant) => {
                // wasmtime-py tags a variant only if two of its payloads are of one class.
                let records = variant.cases.iter().filter(|case| case.ty.is_some()).count();
                assert!(records >= 2, "{name} has {records} cases with a record");
            }
            TypeDefKind::Record(_) | TypeDefKind::Enum(_) | TypeDefKind::Result(_) => {}
            other => panic!("{name} is {other:?}"),
        }
    }
    // These are words of WAVE, and print as `%none`.
    let words = ["none", "some", "ok", "err", "true", "false", "inf", "nan"];
    let cases: BTreeMap<&str, &str> = resolve
        .types
        .iter()
        .filter_map(|(_, ty)| match &ty.kind {
            TypeDefKind::Enum(it) => Some((ty, it)),
            _ => None,
        })
        .flat_map(|(ty, it)| it.cases.iter().map(|case| (case.name.as_str(), ty.name.as_deref().unwrap_or_default())))
        .collect();
    assert!(words.iter().all(|word| !cases.contains_key(word)));
}

/// The component gives an enum's case by its number, so the core's have to be in the contract's order.
#[test]
fn the_cores_enums_have_the_contracts_cases_in_its_order() {
    use usher::accounts::AccountStatus as Status;
    use usher::connection::Plane;
    use usher::diagnosis::{Ability, PlaceKind, Verdict};
    use usher::failure::{Change, FailureKind as Kind, PartKind, PartOutcome as Outcome};
    use usher::groups::MembershipOutcome as Membership;
    use usher::invite::InviteOutcome as Invite;
    use usher::outcome::Outcome as Done;
    use usher::rollout::{ActionKind, Departure, OtherGroups, Presence, StepOutcome};
    macro_rules! enums {
        ($($name:literal = $enum:ident [$($case:ident)*];)*) => {
            vec![$(($name, vec![$((stringify!($case), $enum::$case as usize)),*])),*]
        };
    }
    let core = enums! {
        "account-status" = Status [Active Suspended NotInvited Deactivated Unknown];
        "invite-outcome" = Invite [Invited AlreadyThere];
        "membership-outcome" = Membership [Added AlreadyMember];
        "failure-kind" = Kind [InvalidInput Unauthenticated Forbidden NotFound Ambiguous Conflict Incomplete
            RateLimited Timeout Unavailable DeniedByHost Protocol Other];
        "change" = Change [NotApplied Applied PartlyApplied Unknown];
        "part-kind" = PartKind [Access Group];
        "part-outcome" = Outcome [Done AlreadySo Requested Failed Unknown];
        "place-kind" = PlaceKind [Organization Directory Site];
        "ability" = Ability [Reach Authenticate LookUpPeople SeeGroups Invite ChangeMemberships ManageAccounts];
        "verdict" = Verdict [Pass Fail Unknown];
        "outcome" = Done [Done AlreadySo];
        "plane" = Plane [Site Organization Scim];
        "presence" = Presence [Present Gone];
        "other-groups" = OtherGroups [Keep Leave];
        "departure" = Departure [LeaveGroups Suspend Remove];
        "action-kind" = ActionKind [Invite Restore GiveAccess JoinGroup LeaveGroup Suspend Remove];
        "step-outcome" = StepOutcome [Done AlreadySo Requested Failed NotTried];
    };
    let resolve = contract();
    let enums = resolve.types.iter().filter_map(|(_, ty)| match &ty.kind {
        TypeDefKind::Enum(it) => Some((ty.name.as_deref()?, it)),
        _ => None,
    });
    for (name, it) in enums {
        if name == "role" {
            assert!(it.cases.iter().map(|case| case.name.as_str()).eq(usher::product::ROLES));
            continue;
        }
        let (_, cases) =
            core.iter().find(|(core, _)| *core == name).unwrap_or_else(|| panic!("{name} is not compared"));
        let written: Vec<String> = it.cases.iter().map(|case| case.name.replace('-', "")).collect();
        let mut ordered: Vec<String> = vec![String::new(); cases.len()];
        cases.iter().for_each(|(case, number)| ordered[*number] = case.to_lowercase());
        assert_eq!(ordered, written, "{name}");
    }
}
