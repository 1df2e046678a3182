//! What there is to do: what is wanted, against what is there.

use super::present::{self, Present};
use super::{Action, ActionKind, Departure, OtherGroups, Person, PlanOptions, Presence, Problem, Rollout, Step};
use crate::accounts::AccountStatus;
use crate::client::{Call, Client};
use crate::connection::Plane;
use crate::email::{self, Addresses};
use crate::failure::{Failure, FailureKind, Result};
use crate::groups::{self, Group};
use crate::invite::organization::Products;
use crate::invite::{Access, site};
use crate::operations::{jira, organization};

/// Finds out what there is to do for people, by reading only.
///
/// # Errors
///
/// Fails where reading does, and where the plane cannot do what is asked for; all else is a problem of
/// the plan.
pub fn plan(client: &Client<'_>, people: &[Person], options: &PlanOptions) -> Result<Rollout> {
    let is_site = client.plane() == Plane::Site;
    if !is_site {
        client.check_plane(&organization::SEARCH_USERS)?;
    } else if options.departure != Departure::LeaveGroups && people.iter().any(Person::is_gone) {
        return Err(Failure::invalid("departure: a site can take people out of groups only.")
            .advise("Choose `leave-groups`, or use an organization's API key."));
    }
    let mut draft = Draft::new(options, is_site);
    let mut addresses = Addresses::default();
    let mut people: Vec<&Person> = people.iter().filter(|person| draft.check(person, &mut addresses)).collect();
    let mut names: Vec<&str> = Vec::new();
    for name in people.iter().flat_map(|person| &person.groups) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let present = if is_site {
        draft.groups = groups::look_up(client, &names)?;
        people.retain(|person| draft.knows(person));
        present::on_site(client, &people, options, &draft.groups)?
    } else {
        let mut others = groups::search(client, &names);
        let of_groups = others.len();
        let is_named = |access: &Access| !access.product.starts_with("ari:");
        if people.iter().any(|person| !person.is_gone() && person.access.iter().any(is_named)) {
            others.push(Products::call());
        }
        let present = present::in_organization(client, &people, options, others, &mut |number, list| {
            if number < of_groups {
                draft.groups.extend(groups::read(&list)?);
            } else {
                draft.products = Products(list);
            }
            Ok(())
        })?;
        draft.look_at_others(client, &people, &present)?;
        present
    };
    for (person, present) in people.iter().zip(&present) {
        if is_site || draft.knows(person) {
            draft.decide(person, present);
        }
    }
    draft.count_seats(client);
    Ok(draft.rollout)
}

/// A plan in the making, and what is known for it.
struct Draft<'a> {
    options: &'a PlanOptions,
    is_site: bool,
    /// What was found for the groups that are named.
    groups: Vec<Group>,
    /// Groups that somebody is in and that are not named, where that matters.
    others: Vec<Group>,
    products: Products,
    rollout: Rollout,
}

impl Draft<'_> {
    fn new(options: &PlanOptions, is_site: bool) -> Draft<'_> {
        Draft {
            options,
            is_site,
            groups: Vec::new(),
            others: Vec::new(),
            products: Products::default(),
            rollout: Rollout::default(),
        }
    }

    fn problem(&mut self, email: &str, blocks: bool, failure: Failure) {
        self.rollout.problems.push(Problem { email: email.to_owned(), blocks, failure });
    }

    /// What can be said of a person without a request.
    fn check<'a>(&mut self, person: &'a Person, addresses: &mut Addresses<'a>) -> bool {
        let mut check = || {
            email::check("email", &person.email)?;
            person.groups.iter().try_for_each(|group| groups::check(group))?;
            crate::invite::check(&person.access)?;
            if addresses.insert(&person.email) {
                return Ok(());
            }
            Err(Failure::invalid(format!("{} is there more than once.", person.email))
                .advise("Put all that is wanted for a person in one place; the first is taken."))
        };
        let checked = check();
        self.note(person, checked).is_some()
    }

    /// Whether what is wanted for a person is there.
    fn knows(&mut self, person: &Person) -> bool {
        let known = self.wanted_access(person).and_then(|_| self.wanted_groups(person)).map(drop);
        self.note(person, known).is_some()
    }

    fn note<R>(&mut self, person: &Person, result: Result<R>) -> Option<R> {
        result.map_err(|failure| self.problem(&person.email, true, failure)).ok()
    }

    fn wanted_groups(&self, person: &Person) -> Result<Vec<Group>> {
        person.groups.iter().map(|name| groups::pick(&self.groups, name)).collect()
    }

    fn wanted_access(&self, person: &Person) -> Result<Vec<Action>> {
        let give = |access: &Access, id: &str| Action {
            role: access.role,
            ..Action::new(ActionKind::GiveAccess, &access.product, id)
        };
        if person.is_gone() {
            return Ok(Vec::new());
        }
        if self.is_site {
            let wanted = site::wanted(&person.access)?;
            return Ok(person
                .access
                .iter()
                .zip(wanted)
                .map(|(it, (_, on_site))| give(it, site::id_of(on_site)))
                .collect());
        }
        person.access.iter().map(|it| Ok(give(it, &self.products.resource(&it.product)?))).collect()
    }

    /// Whether all groups that a person is in matter.
    fn is_about_all(&self, person: &Person) -> bool {
        match person.state {
            Presence::Present => self.options.other_groups == OtherGroups::Leave,
            Presence::Gone => self.options.departure == Departure::LeaveGroups && person.groups.is_empty(),
        }
    }

    /// Finds out which of the groups that are to be left an identity provider manages; a site does not say.
    fn look_at_others(&mut self, client: &Client<'_>, people: &[&Person], present: &[Present]) -> Result<()> {
        let mut ids: Vec<&str> = Vec::new();
        for (_, present) in people.iter().zip(present).filter(|(person, _)| self.is_about_all(person)) {
            for group in &present.groups {
                if !ids.contains(&group.id.as_str()) {
                    ids.push(&group.id);
                }
            }
        }
        for group in groups::look_up(client, &ids)? {
            // Only those that cannot be left are worth remembering.
            if let Err(failure) = group.check_changeable() {
                self.problem("", false, failure);
                self.others.push(group);
            }
        }
        Ok(())
    }

    /// Decides what there is to do for one person.
    fn decide(&mut self, person: &Person, present: &Present) {
        let actions = self.actions(person, present);
        let Some(actions) = self.note(person, actions) else { return };
        let email = person.email.clone();
        if actions.is_empty() {
            self.rollout.settled.push(email);
            return;
        }
        let is_last = actions.iter().any(|action| matches!(action.kind, ActionKind::Suspend | ActionKind::Remove));
        if is_last && present.is_unmanaged {
            let message = format!("{email} is not of the organization's own domains.");
            let failure = Failure::new(FailureKind::Other, message);
            let advice = "They lose what they have here. The account itself is theirs, and stays.";
            self.problem(&email, false, failure.advise(advice));
        }
        self.rollout.steps.push(Step { email, account_id: present.account_id.clone(), actions });
    }

    fn actions(&self, person: &Person, present: &Present) -> Result<Vec<Action>> {
        if let Some(unclear) = &present.unclear {
            return Err(unclear.clone());
        }
        let status = present.status.filter(|status| *status != AccountStatus::NotInvited);
        let groups = self.wanted_groups(person)?;
        let mut actions = Vec::new();
        let mut push = |kind, name: &str, id: &str| actions.push(Action::new(kind, name, id));
        let about = |kind, group: &Group| Action::new(kind, &group.name, &group.id);
        if person.is_gone() {
            match (status, self.options.departure) {
                (None, _) | (Some(AccountStatus::Suspended), Departure::Suspend) => {}
                (_, Departure::Suspend) => push(ActionKind::Suspend, "", ""),
                (_, Departure::Remove) => push(ActionKind::Remove, "", ""),
                (_, Departure::LeaveGroups) => {
                    for group in &present.groups {
                        if groups.iter().any(|other| other.id == group.id) || self.may_be_left(person, group) {
                            actions.push(about(ActionKind::LeaveGroup, group));
                        }
                    }
                    // Of those that are named it has to be known.
                    let theirs = |group: &&Group| present.groups.iter().any(|other| other.id == group.id);
                    groups.iter().filter(theirs).try_for_each(Group::check_changeable)?;
                }
            }
            return Ok(actions);
        }
        match status {
            Some(AccountStatus::Active) => {}
            Some(AccountStatus::Suspended) => push(ActionKind::Restore, "", ""),
            Some(AccountStatus::Deactivated) => {
                return Err(Failure::new(
                    FailureKind::Conflict,
                    format!("The account of {} is deactivated.", person.email),
                )
                .advise("Activate it first, in Atlassian Administration or at the identity provider."));
            }
            _ if self.is_site && person.access.is_empty() => return Err(site::no_product(&person.email)),
            _ => push(ActionKind::Invite, "", ""),
        }
        let is_role = |has: &str, role: &str| has.rsplit('/').next() == Some(role);
        let has = |it: &Action| present.access.iter().any(|(id, role)| *id == it.id && is_role(role, it.role));
        for access in self.wanted_access(person)? {
            if !has(&access) && !actions.contains(&access) {
                actions.push(access);
            }
        }
        for group in &groups {
            let join = about(ActionKind::JoinGroup, group);
            if !present.groups.iter().any(|other| other.id == group.id) && !actions.contains(&join) {
                group.check_changeable()?;
                actions.push(join);
            }
        }
        for group in &present.groups {
            if !groups.iter().any(|other| other.id == group.id) && self.may_be_left(person, group) {
                actions.push(about(ActionKind::LeaveGroup, group));
            }
        }
        Ok(actions)
    }

    /// Whether a group that is not named is to be left.
    fn may_be_left(&self, person: &Person, group: &Group) -> bool {
        self.is_about_all(person) && !self.others.iter().any(|other| other.id == group.id)
    }

    /// Compares who is to get access with what the licences leave, where that is to be known.
    fn count_seats(&mut self, client: &Client<'_>) {
        let given = self.rollout.steps.iter().flat_map(|step| step.of(ActionKind::GiveAccess));
        let mut counts: Vec<(Action, u64)> = Vec::new();
        for action in given {
            match counts.iter_mut().find(|(other, _)| other.id == action.id) {
                Some((_, count)) => *count += 1,
                None => counts.push((action.clone(), 1)),
            }
        }
        if counts.is_empty() {
            return;
        }
        // Not everybody who may invite may read licences.
        let roles = if self.is_site { client.call(Call::new(&jira::APPLICATION_ROLES)).ok() } else { None };
        for (Action { name, id, .. }, count) in counts {
            let left = match &roles {
                Some(roles) => roles.as_list().unwrap_or_default().iter().find_map(|role| {
                    let is_it = role.text("key") == Some(&id) && role.flag("hasUnlimitedSeats") != Some(true);
                    role.number("remainingSeats").filter(|_| is_it)
                }),
                None => self.products.seats(&id),
            };
            if let Some(left) = left.filter(|left| *left < count) {
                let message = format!("{count} people are to get access to {name}, and its licence takes {left} more.");
                let failure = Failure::new(FailureKind::Conflict, message);
                self.problem("", false, failure.advise("Enlarge the licence, or take access away from others first."));
            }
        }
    }
}
