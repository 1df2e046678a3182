//! What people have at present, read with the fewest requests that the plane allows.

use super::{OtherGroups, Person, PlanOptions, Presence};
use crate::accounts::{self, Account, AccountStatus, Found, Matches};
use crate::client::{Call, Client, PAGE, width};
use crate::email::Addresses;
use crate::failure::{Failure, FailureKind, Result};
use crate::groups::Group;
use crate::invite::{Access, ROLES, organization, site};
use crate::json::Value;
use crate::operations::jira;
use crate::product::OnSite;

/// What a person has.
#[derive(Clone, Default)]
pub(super) struct Present {
    pub(super) account_id: Option<String>,
    /// Nothing for who is not there.
    pub(super) status: Option<AccountStatus>,
    pub(super) groups: Vec<Group>,
    /// The products they have access to, each with a role, as far as that is asked for.
    pub(super) access: Vec<(String, String)>,
    pub(super) is_unmanaged: bool,
    /// Why it cannot be told who they are.
    pub(super) unclear: Option<Failure>,
}

impl Present {
    fn of(matches: &Matches) -> Present {
        match matches.one() {
            Ok(Some(found)) => Present {
                account_id: Some(found.account.account_id.clone()),
                status: Some(found.account.status),
                groups: found.groups.clone(),
                is_unmanaged: found.is_unmanaged,
                ..Present::default()
            },
            Ok(None) if matches.hidden.is_empty() => Present::default(),
            Ok(None) => Present { unclear: Some(matches.hides()), ..Present::default() },
            Err(failure) => Present { unclear: Some(failure), ..Present::default() },
        }
    }
}

/// Asks for people, as many at once as the plane takes, and for the lists of other calls along with
/// them, which `take` gets by their number.
fn ask(
    client: &Client<'_>,
    people: &[&Person],
    options: &PlanOptions,
    others: Vec<Call>,
    take: &mut dyn FnMut(usize, Vec<Value>) -> Result<()>,
    present: &mut [Present],
) -> Result<()> {
    let plane = client.plane();
    let unknown: Vec<usize> = (0..people.len()).filter(|at| present[*at].status.is_none()).collect();
    let chunks: Vec<&[usize]> = unknown.chunks(accounts::at_once(plane)).collect();
    let emails = |chunk: &[usize]| chunk.iter().map(|at| people[*at].email.as_str()).collect::<Vec<_>>();
    let first = others.len();
    let mut calls = others.into_iter().chain(chunks.iter().map(|chunk| Matches::call(plane, &emails(chunk))));
    client.read_all(width(options.window), u64::MAX, &mut calls, &mut |number, list| {
        let list = list.unwrap_or_default();
        let Some(number) = number.checked_sub(first) else { return take(number, list) };
        let chunk = chunks[number];
        for (at, matches) in chunk.iter().zip(Matches::of(plane, &emails(chunk), &list)?) {
            present[*at] = Present::of(&matches);
        }
        Ok(())
    })
}

/// Asks an organization for people, and for what `others` ask at the same time.
pub(super) fn in_organization(
    client: &Client<'_>,
    people: &[&Person],
    options: &PlanOptions,
    others: Vec<Call>,
    take: &mut dyn FnMut(usize, Vec<Value>) -> Result<()>,
) -> Result<Vec<Present>> {
    let mut all = vec![Present::default(); people.len()];
    ask(client, people, options, others, take, &mut all)?;
    // Who is not there has no roles; those of everybody else are asked for one by one.
    let wanting = |at: &usize| wants_access(people[*at]) && all[*at].account_id.is_some();
    let wanting: Vec<usize> = (0..people.len()).filter(wanting).collect();
    let calls: Vec<Call> =
        wanting.iter().map(|at| organization::roles_call(all[*at].account_id.as_deref().unwrap_or_default())).collect();
    client.read_all(width(options.window), u64::MAX, &mut calls.into_iter(), &mut |number, resources| {
        all[wanting[number]].access = organization::roles(&resources.unwrap_or_default());
        Ok(())
    })?;
    Ok(all)
}

fn wants_access(person: &Person) -> bool {
    !person.is_gone() && !person.access.is_empty()
}

/// Asks a site for each person; for what groups they are in by the groups' members where that takes
/// fewer requests, and otherwise by the person.
pub(super) fn on_site(
    client: &Client<'_>,
    people: &[&Person],
    options: &PlanOptions,
    groups: &[Group],
) -> Result<Vec<Present>> {
    let width = width(options.window);
    let mut all = vec![Present::default(); people.len()];
    // Whose products or other groups are asked for; a person is read with all of both.
    let is_whole = |person: &Person| match person.state {
        Presence::Present => wants_access(person) || options.other_groups == OtherGroups::Leave,
        Presence::Gone => person.groups.is_empty(),
    };
    // The groups whose members are known, each with the ids of those whom no address told.
    let mut listed: Vec<(&Group, Vec<String>)> = Vec::new();
    let by_group = people.iter().filter(|person| !is_whole(person)).count();
    if by_group > groups.len() {
        let most = by_group / groups.len().max(1) * PAGE;
        let mut addresses = Addresses::default();
        for person in people {
            addresses.insert(&person.email);
        }
        let mut calls = groups.iter().map(|group| Call::new(&jira::GROUP_MEMBERS).query("groupId", &group.id));
        client.read_all(width, most as u64, &mut calls, &mut |number, members| {
            let Some(members) = members else { return Ok(()) };
            let mut untold = Vec::new();
            for member in &members {
                let Account { account_id, email, status, .. } = Found::on_site(member)?.account;
                match addresses.find(&email) {
                    // Who is seen here need not be searched for.
                    Some(at) => {
                        all[at].account_id = Some(account_id);
                        all[at].status = Some(status);
                        all[at].groups.push(groups[number].clone());
                    }
                    None => untold.push(account_id),
                }
            }
            listed.push((&groups[number], untold));
            Ok(())
        })?;
    }
    ask(client, people, options, Vec::new(), &mut |_, _| Ok(()), &mut all)?;
    let is_listed = |name: &String| listed.iter().any(|(group, _)| group.name == *name || group.id == *name);
    let mut whole: Vec<usize> = Vec::new();
    for (at, (person, present)) in people.iter().zip(&mut all).enumerate() {
        let Some(account_id) = &present.account_id else { continue };
        if is_whole(person) || !person.groups.iter().all(is_listed) {
            whole.push(at);
        } else {
            let theirs = listed.iter().filter(|(_, untold)| untold.contains(account_id));
            present.groups.extend(theirs.map(|(group, _)| (*group).clone()));
        }
    }
    let calls: Vec<Call> =
        whole.iter().map(|at| site::user_call(all[*at].account_id.as_deref().unwrap_or_default())).collect();
    client.read_all(width, u64::MAX, &mut calls.into_iter(), &mut |number, user| {
        let user = site::User::read(&user.unwrap_or_default().swap_remove(0))?;
        let present = &mut all[whole[number]];
        present.groups = user.groups;
        present.access = user.products.into_iter().map(|key| (key, ROLES[0].to_owned())).collect();
        Ok(())
    })?;
    let in_confluence = |at: &usize| {
        let is_confluence = |access: &Access| matches!(site::product(&access.product), Ok(OnSite::Confluence));
        !people[*at].is_gone() && people[*at].access.iter().any(is_confluence)
    };
    let wanting: Vec<usize> = (0..people.len()).filter(in_confluence).collect();
    let chunks: Vec<&[usize]> = wanting.chunks(site::AT_ONCE).collect();
    let emails = |chunk: &[usize]| chunk.iter().map(|at| people[*at].email.as_str()).collect::<Vec<_>>();
    let mut calls = chunks.iter().map(|chunk| site::access_call(&emails(chunk)));
    client.read_all(width, u64::MAX, &mut calls, &mut |number, access| {
        let access = access.unwrap_or_default();
        for at in chunks[number] {
            match site::has_access(&access[0], &people[*at].email) {
                Ok(true) => all[*at].access.push((site::CONFLUENCE.to_owned(), ROLES[0].to_owned())),
                Ok(false) => {}
                Err(failure) if failure.kind == FailureKind::InvalidInput => all[*at].unclear = Some(failure),
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    })?;
    Ok(all)
}
