//! What people have at present, read with the fewest requests that the plane allows.

use super::{Action, ActionKind, OtherGroups, Person, PlanOptions, Presence, site};
use crate::accounts::{self, AccountStatus, Found, Matches};
use crate::client::{Call, Client, PAGE, width};
use crate::email::Addresses;
use crate::failure::{Failure, FailureKind, Result};
use crate::groups::Group;
use crate::json::Value;
use crate::operations::{jira, organization};
use crate::product::{self, Access, ROLES};

/// What a person has.
#[derive(Clone, Default)]
pub(super) struct Present {
    /// Who they are, with the groups they are in; nothing for who is not there.
    pub(super) found: Option<Found>,
    /// The products they have access to, each with a role, as far as that was asked for.
    pub(super) access: Vec<(String, String)>,
    /// Ids of accounts that may be theirs: the site does not show their addresses.
    pub(super) hidden: Vec<String>,
    /// Why it cannot be told who they are.
    pub(super) unclear: Option<Failure>,
    /// Why it cannot be told which groups they are not in.
    pub(super) cut: Option<Failure>,
}

impl Present {
    pub(super) fn of(matches: &Matches) -> Present {
        let (found, unclear) = match matches.one() {
            Ok(found) => (found.cloned(), None),
            Err(failure) => (None, Some(failure)),
        };
        let hidden = if found.is_none() { matches.hidden.clone() } else { Vec::new() };
        Present { found, unclear, hidden, ..Present::default() }
    }

    pub(super) fn account_id(&self) -> Option<&str> {
        self.found.as_ref().map(|found| found.account.account_id.as_str())
    }

    /// Their status, nothing for who is not there or was never invited. In several directories it is
    /// that of where they are suspended, or else of where they work.
    pub(super) fn status(&self) -> Option<AccountStatus> {
        let statuses = self.found.as_ref().map_or(&[][..], |found| &found.statuses);
        let order =
            [AccountStatus::Suspended, AccountStatus::Active, AccountStatus::Deactivated, AccountStatus::Unknown];
        order.into_iter().find(|status| statuses.contains(status))
    }

    pub(super) fn groups(&self) -> &[Group] {
        self.found.as_ref().map_or(&[], |found| &found.groups)
    }

    /// Whether they are somebody who works there, in one directory at least.
    pub(super) fn is_active(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.statuses.contains(&AccountStatus::Active))
    }

    /// Whether they have access to a product, in a role as the contract calls it.
    pub(super) fn has_access(&self, id: &str, role: &str) -> bool {
        self.access
            .iter()
            .any(|(other, theirs)| other == id && theirs.strip_prefix("atlassian/").unwrap_or(theirs) == role)
    }

    /// Whether they have the access that an action gives, or are in the group that it is about.
    pub(super) fn has(&self, action: &Action) -> bool {
        match action.kind {
            ActionKind::GiveAccess => self.has_access(&action.id, action.role),
            _ => self.found.as_ref().is_some_and(|found| found.is_in(&action.id)),
        }
    }

    /// With the groups and the Jira products that a site shows.
    pub(super) fn complete(&mut self, user: &Value) -> Result<()> {
        self.cut = Group::check_all(user).err();
        let user = site::User::read(user)?;
        if let Some(found) = &mut self.found {
            found.groups = user.groups;
        }
        self.access = user.products.into_iter().map(|key| (key, ROLES[0].to_owned())).collect();
        Ok(())
    }
}

/// Asks for people, as many at once as the plane takes, and for the lists of other calls along with
/// them, which `take` gets by their number. Of the groups that they are in, those are kept that matter.
pub(super) fn ask(
    client: &Client<'_>,
    emails: &[&str],
    width: usize,
    others: Vec<Call>,
    take: &mut dyn FnMut(usize, &[Value]) -> Result<()>,
    matters: &dyn Fn(usize, &Group) -> bool,
    present: &mut [Present],
) -> Result<()> {
    let plane = client.plane();
    let unknown: Vec<usize> = (0..emails.len()).filter(|at| present[*at].found.is_none()).collect();
    let chunks: Vec<&[usize]> = unknown.chunks(accounts::at_once(plane)).collect();
    let of = |chunk: &[usize]| chunk.iter().map(|at| emails[*at]).collect::<Vec<_>>();
    let first = others.len();
    let mut calls = others.into_iter().chain(chunks.iter().map(|chunk| Matches::call(plane, &of(chunk))));
    client.read_all(width, u64::MAX, &mut calls, &mut |number, list| {
        let list = list.unwrap_or_default();
        let Some(number) = number.checked_sub(first) else { return take(number, &list) };
        for (at, matches) in chunks[number].iter().zip(Matches::of(plane, &of(chunks[number]), &list)?) {
            let mut it = Present::of(&matches);
            // Ten thousand people are in more groups than there is memory for.
            if let Some(found) = &mut it.found {
                found.groups.retain(|group| matters(*at, group));
                found.groups.shrink_to_fit();
            }
            present[*at] = it;
        }
        Ok(())
    })
}

/// Asks an organization for the roles of those who are there and of whom they matter, one by one.
pub(super) fn ask_roles(
    client: &Client<'_>,
    width: usize,
    matters: &dyn Fn(usize) -> bool,
    present: &mut [Present],
) -> Result<()> {
    let wanting: Vec<usize> = (0..present.len()).filter(|at| matters(*at) && present[*at].found.is_some()).collect();
    let calls: Vec<Call> = wanting
        .iter()
        .filter_map(|at| Some(Call::new(&organization::USER_ROLES).path("accountId", present[*at].account_id()?)))
        .collect();
    client.read_all(width, u64::MAX, &mut calls.into_iter(), &mut |number, resources| {
        let resources = resources.unwrap_or_default();
        present[wanting[number]].access = roles(&resources);
        Ok(())
    })
}

/// The roles that somebody has, each with its resource.
fn roles(resources: &[Value]) -> Vec<(String, String)> {
    let each = resources.iter().flat_map(|resource| {
        let role = |role: &Value| (resource.owned("resourceId"), role.owned("role"));
        resource.list("roleAssignments").iter().map(role)
    });
    each.collect()
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
        Presence::Present => person.wants_access() || options.other_groups == OtherGroups::Leave,
        Presence::Gone => person.groups.is_empty(),
    };
    // The groups whose members are known, each with the ids of those whom no address told.
    let mut listed: Vec<(&Group, Vec<String>)> = Vec::new();
    let by_group = people.iter().filter(|person| !is_whole(person)).count();
    if by_group > groups.len() {
        // A list has an end, too: that of 4 MiB, which more members than this may be.
        let most = (by_group / groups.len().max(1) * PAGE).min(3000);
        let mut addresses = Addresses::default();
        for person in people {
            addresses.insert(&person.email);
        }
        let mut calls = groups.iter().map(|group| Call::new(&jira::GROUP_MEMBERS).query("groupId", &group.id));
        client.read_all(width, most as u64, &mut calls, &mut |number, members| {
            let Some(members) = members else { return Ok(()) };
            let mut untold = Vec::new();
            for member in &members {
                let member = Found::on_site(member)?;
                match addresses.find(&member.account.email) {
                    // Who is seen here need not be searched for.
                    Some(at) => {
                        all[at].found.get_or_insert(member).groups.push(groups[number].clone());
                    }
                    None => untold.push(member.account.account_id.clone()),
                }
            }
            listed.push((&groups[number], untold));
            Ok(())
        })?;
    }
    let emails: Vec<&str> = people.iter().map(|person| person.email.as_str()).collect();
    ask(client, &emails, width, Vec::new(), &mut |_, _| Ok(()), &|_, _| true, &mut all)?;
    let is_listed = |name: &String| listed.iter().any(|(group, _)| group.name == *name || group.id == *name);
    let mut whole: Vec<usize> = Vec::new();
    for (at, (person, present)) in people.iter().zip(&mut all).enumerate() {
        let Some(found) = &mut present.found else { continue };
        if is_whole(person) || !person.groups.iter().all(is_listed) {
            whole.push(at);
        } else {
            for (group, untold) in &listed {
                if untold.contains(&found.account.account_id) {
                    found.groups.push((*group).clone());
                }
            }
        }
    }
    let calls: Vec<Call> = whole.iter().filter_map(|at| all[*at].account_id().map(site::user_call)).collect();
    client.read_all(width, u64::MAX, &mut calls.into_iter(), &mut |number, user| {
        all[whole[number]].complete(&user.unwrap_or_default().swap_remove(0))
    })?;
    let in_confluence = |at: &usize| {
        let is_confluence = |access: &Access| product::known(&access.product) == Some(site::CONFLUENCE);
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
