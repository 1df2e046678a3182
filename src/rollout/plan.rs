//! What there is to do: what is wanted, against what is there.

mod seats;

use super::present::{self, Present};
use super::products::{Products, is_resource};
use super::{Action, ActionKind, Departure, OtherGroups, Person, PlanOptions, Presence, Problem, Rollout, Step, site};
use crate::accounts::standing::SUSPENDED;
use crate::accounts::{self, AccountStatus};
use crate::client::{Client, width};
use crate::connection::Plane;
use crate::email::{self, Addresses};
use crate::failure::{Failure, FailureKind, Result};
use crate::groups::{self, Group};
use crate::json::Value;
use crate::operations::organization;
use crate::product::{self, Access};

/// Finds out what there is to do for people, by reading only.
///
/// # Errors
///
/// Fails where reading does, and where the plane cannot do what is asked for; all else is a problem of
/// the plan.
pub fn plan(client: &Client<'_>, people: &[Person], options: &PlanOptions) -> Result<Rollout> {
    let is_site = client.plane() == Plane::Site;
    if is_site && options.departure != Departure::LeaveGroups && people.iter().any(Person::is_gone) {
        return Err(Failure::invalid("departure: a site can take people out of groups only.")
            .advise("Choose `leave-groups`, or use an organization's API key."));
    }
    let mut draft = Draft::new(options, is_site);
    for subject in draft.read(client, people)? {
        draft.decide(&subject);
    }
    draft.count_seats(client);
    Ok(draft.rollout)
}

/// A person, with what is wanted and what is there.
pub(super) struct Subject<'a> {
    pub(super) person: &'a Person,
    /// What they are to have, each as they name it; of who is to be gone, the groups that are named.
    pub(super) wanted: Vec<Action>,
    pub(super) present: Present,
}

/// A plan in the making, and what is known for it.
pub(super) struct Draft<'a> {
    options: &'a PlanOptions,
    is_site: bool,
    /// What was found for the groups that are named.
    pub(super) groups: Vec<Group>,
    /// Groups that somebody is in and that are not named, where that matters.
    others: Vec<Group>,
    products: Products,
    pub(super) rollout: Rollout,
}

impl Draft<'_> {
    pub(super) fn new(options: &PlanOptions, is_site: bool) -> Draft<'_> {
        Draft {
            options,
            is_site,
            groups: Vec::new(),
            others: Vec::new(),
            products: Products::default(),
            rollout: Rollout::default(),
        }
    }

    /// Reads what people have, of whom what is wanted is known; all else is a problem.
    pub(super) fn read<'a>(&mut self, client: &Client<'_>, people: &'a [Person]) -> Result<Vec<Subject<'a>>> {
        let mut addresses = Addresses::default();
        let mut people: Vec<&Person> = people.iter().filter(|person| self.check(person, &mut addresses)).collect();
        let mut names: Vec<&str> = Vec::new();
        for name in people.iter().flat_map(|person| &person.groups) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        if self.is_site {
            self.groups = groups::look_up(client, &names)?;
            let mut all: Vec<Vec<Action>> = Vec::new();
            people.retain(|person| self.wanted(person).map(|wanted| all.push(wanted)).is_some());
            let present = present::on_site(client, &people, self.options, &self.groups)?;
            let each = people.into_iter().zip(all).zip(present);
            return Ok(each.map(|((person, wanted), present)| Subject { person, wanted, present }).collect());
        }
        client.check_plane(&organization::SEARCH_USERS)?;
        let mut others = groups::search(client, &names);
        let of_groups = others.len();
        let is_named = |access: &Access| !is_resource(&access.product);
        if people.iter().any(|person| !person.is_gone() && person.access.iter().any(is_named)) {
            others.push(Products::call());
        }
        let (emails, width): (Vec<&str>, usize) =
            (people.iter().map(|person| person.email.as_str()).collect(), width(self.options.window));
        let mut all = vec![Present::default(); people.len()];
        let (mut found, mut products) = (Vec::new(), Products::default());
        let take = &mut |number, list: &[Value]| {
            if number < of_groups {
                found.extend(groups::read(list)?);
            } else {
                products = Products(list.to_vec());
            }
            Ok(())
        };
        let matters = |at: usize, group: &Group| {
            let is_it = |name: &String| *name == group.name || name.eq_ignore_ascii_case(&group.id);
            self.is_about_all(people[at]) || people[at].groups.iter().any(is_it)
        };
        present::ask(client, &emails, width, others, take, &matters, &mut all)?;
        (self.groups, self.products) = (found, products);
        present::ask_roles(client, width, &|at| people[at].wants_access(), &mut all)?;
        self.look_at_others(client, &people, &all)?;
        let known = |(person, present)| Some(Subject { person, wanted: self.wanted(person)?, present });
        Ok(people.into_iter().zip(all).filter_map(known).collect())
    }

    fn problem(&mut self, email: &str, blocks: bool, failure: Failure) {
        self.rollout.problems.push(Problem { email: email.to_owned(), blocks, failure });
    }

    /// What can be said of a person without a request.
    fn check<'a>(&mut self, person: &'a Person, addresses: &mut Addresses<'a>) -> bool {
        let mut check = || {
            email::check("email", &person.email)?;
            person.groups.iter().try_for_each(|group| groups::check(group))?;
            product::check(&person.access)?;
            if addresses.insert(&person.email) {
                return Ok(());
            }
            Err(Failure::invalid(format!("{} is there more than once.", person.email))
                .advise("Put all that is wanted for a person in one place; the first is taken."))
        };
        let checked = check();
        self.note(person, checked).is_some()
    }

    fn note<R>(&mut self, person: &Person, result: Result<R>) -> Option<R> {
        result.map_err(|failure| self.problem(&person.email, true, failure)).ok()
    }

    /// What a person is to have, if all of it is there.
    fn wanted(&mut self, person: &Person) -> Option<Vec<Action>> {
        let wanted = self.find(person);
        self.note(person, wanted)
    }

    fn find(&self, person: &Person) -> Result<Vec<Action>> {
        let mut wanted = Vec::new();
        for access in person.access.iter().filter(|_| !person.is_gone()) {
            wanted.push(if self.is_site {
                site::giving(access)?
            } else {
                let id = self.products.resource(&access.product)?;
                Action { role: access.role, ..Action::new(ActionKind::GiveAccess, &access.product, &id) }
            });
        }
        for name in &person.groups {
            wanted.push(Action::new(ActionKind::JoinGroup, name, &groups::pick(&self.groups, name)?.id));
        }
        Ok(wanted)
    }

    /// Refuses a change of a group that an identity provider manages.
    fn check_changeable(&self, action: &Action) -> Result<()> {
        self.groups.iter().find(|group| group.id == action.id).map_or(Ok(()), Group::check_changeable)
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
            for group in present.groups() {
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
    fn decide(&mut self, subject: &Subject<'_>) {
        let Subject { person, present, .. } = subject;
        let actions = match &present.hidden[..] {
            [] => self.actions(subject),
            hidden => Err(accounts::hides(&person.email, hidden)),
        };
        let Some(named) = self.note(person, actions) else { return };
        let mut actions: Vec<Action> = Vec::new();
        for mut action in named {
            // A group that is given by its id is shown by its name.
            if let Some(group) = self.groups.iter().find(|group| group.id == action.id) {
                action.name.clone_from(&group.name);
            }
            if !action.is_among(&actions) {
                actions.push(action);
            }
        }
        let email = person.email.clone();
        if actions.is_empty() {
            self.rollout.settled.push(email);
            return;
        }
        let is_last = actions.iter().any(|action| matches!(action.kind, ActionKind::Suspend | ActionKind::Remove));
        if is_last && present.found.as_ref().is_some_and(|found| found.is_unmanaged) {
            let message = format!("{email} is not of the organization's own domains.");
            let failure = Failure::new(FailureKind::Other, message);
            let advice = "They lose what they have here. The account itself is theirs, and stays.";
            self.problem(&email, false, failure.advise(advice));
        }
        self.rollout.steps.push(Step { email, account_id: present.account_id().map(str::to_owned), actions });
    }

    /// What there is to do for them, each thing as they name it; whoever is not shown is not there.
    pub(super) fn actions(&self, Subject { person, wanted, present }: &Subject<'_>) -> Result<Vec<Action>> {
        if let Some(unclear) = &present.unclear {
            return Err(unclear.clone());
        }
        let status = present.status();
        if let Some(cut) = present.cut.as_ref().filter(|_| person.is_gone() || self.is_about_all(person)) {
            return Err(cut.clone());
        }
        let is_named = |group: &Group| wanted.iter().any(|action| action.id == group.id);
        let mut actions = Vec::new();
        let mut push = |kind, name: &str, id: &str| actions.push(Action::new(kind, name, id));
        let about = |kind, group: &Group| Action::new(kind, &group.name, &group.id);
        if person.is_gone() {
            match (status, self.options.departure) {
                (None, _) => {}
                (_, Departure::Suspend) if SUSPENDED.is_of(present.found.as_ref()) => {}
                (_, Departure::Suspend) => push(ActionKind::Suspend, "", ""),
                (_, Departure::Remove) => push(ActionKind::Remove, "", ""),
                (_, Departure::LeaveGroups) => {
                    for group in present.groups() {
                        if is_named(group) || self.may_be_left(person, group) {
                            actions.push(about(ActionKind::LeaveGroup, group));
                        }
                    }
                    // Of those that are named it has to be known.
                    wanted.iter().filter(|it| present.has(it)).try_for_each(|it| self.check_changeable(it))?;
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
        for wanted in wanted {
            if !present.has(wanted) && !actions.contains(wanted) {
                self.check_changeable(wanted)?;
                actions.push(wanted.clone());
            }
        }
        for group in present.groups() {
            if !is_named(group) && self.may_be_left(person, group) {
                actions.push(about(ActionKind::LeaveGroup, group));
            }
        }
        Ok(actions)
    }

    /// Whether a group that is not named is to be left.
    fn may_be_left(&self, person: &Person, group: &Group) -> bool {
        self.is_about_all(person) && !self.others.iter().any(|other| other.id == group.id)
    }
}
