//! Doing what a plan's steps say: all of one kind at once, and then the next.

mod batch;
mod organization;
mod site;
mod work;

use super::present::{self, Present};
use super::site::{no_message, not_yet};
use super::{Action, ActionKind, Applied, ApplyOptions, Step};
use crate::accounts::Found;
use crate::accounts::standing::{self, REMOVED, RESTORED, SUSPENDED, Standing};
use crate::client::{Call, Changed, Client, width};
use crate::connection::Plane;
use crate::email::Addresses;
use crate::failure::{Change, Failure, PartKind, PartOutcome, Result};
use crate::groups::{self, Group};
use crate::json::Value;
use crate::{accounts, email, operations, product};
pub(super) use work::Work;

/// Does what steps say; the outcomes are in their order.
///
/// # Errors
///
/// Fails where a step is wrong by its look, and where what is there cannot be read; nothing is changed
/// then.
pub fn apply(client: &Client<'_>, steps: &[Step], options: &ApplyOptions) -> Result<Vec<Applied>> {
    let is_site = client.plane() == Plane::Site;
    if !is_site {
        client.check_plane(&operations::organization::INVITE)?;
    } else if options.message.is_some() {
        return Err(no_message());
    }
    let mut addresses = Addresses::default();
    for step in steps {
        check(step, is_site)?;
        if !addresses.insert(&step.email) {
            return Err(Failure::invalid(format!("steps: there are two for {}.", step.email))
                .advise("Apply them one after the other, or make one of them."));
        }
    }
    let mut hand = Hand::new(client, options, steps.iter().map(Work::new).collect());
    hand.carry_on()?;
    Ok(hand.work.into_iter().map(Work::applied).collect())
}

/// Refuses a step that no plan of this plane has.
fn check(step: &Step, is_site: bool) -> Result<()> {
    email::check("email", &step.email)?;
    let wrong = |what: &str| {
        let failure = Failure::invalid(format!("steps: the one for {} {what}.", step.email));
        Err(failure.advise("Give `apply` steps as `plan` made them, for the same connection."))
    };
    if step.account_id.is_none() && !step.has(ActionKind::Invite) {
        return wrong("has no account");
    }
    for Action { kind, id, .. } in &step.actions {
        match kind {
            ActionKind::Restore | ActionKind::Suspend | ActionKind::Remove if is_site => {
                return wrong("does what a site cannot");
            }
            ActionKind::GiveAccess if is_site && product::known(id) != Some(id) => {
                return wrong("does not say which of a site's products");
            }
            ActionKind::GiveAccess | ActionKind::JoinGroup | ActionKind::LeaveGroup if id.is_empty() => {
                return wrong("does not say which product or group");
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether an invitation is a part of a step.
fn is_sent(step: &Step) -> bool {
    step.has(ActionKind::Invite) || step.has(ActionKind::GiveAccess)
}

/// What carries steps out.
pub(super) struct Hand<'a> {
    client: &'a Client<'a>,
    is_site: bool,
    width: usize,
    message: Option<&'a str>,
    /// Whether the message is also for who is there already and gets access.
    pub(super) tells_all: bool,
    pub(super) work: Vec<Work<'a>>,
    /// The groups of steps, as the organization shows them.
    pub(super) groups: Vec<Group>,
    /// The only directory there is.
    directory_id: Option<String>,
}

impl<'a> Hand<'a> {
    pub(super) fn new(client: &'a Client<'a>, options: &'a ApplyOptions, work: Vec<Work<'a>>) -> Hand<'a> {
        Hand {
            client,
            is_site: client.plane() == Plane::Site,
            width: width(options.window),
            message: options.message.as_deref(),
            tells_all: false,
            work,
            groups: Vec::new(),
            directory_id: None,
        }
    }
}

impl Hand<'_> {
    /// Does all there is to do.
    ///
    /// # Errors
    ///
    /// Fails where what is there cannot be read, before anything is changed.
    pub(super) fn carry_on(&mut self) -> Result<()> {
        if self.is_site {
            self.bring();
        } else {
            self.look()?;
            self.stand(ActionKind::Restore, &RESTORED);
            self.send();
        }
        self.change_memberships(ActionKind::JoinGroup);
        self.change_memberships(ActionKind::LeaveGroup);
        self.stand(ActionKind::Suspend, &SUSPENDED);
        self.stand(ActionKind::Remove, &REMOVED);
        Ok(())
    }

    /// Looks at people and groups in an organization, so that what is so is not done again. Who is
    /// not there yet and gets no message need not be looked at: all of that can be repeated.
    fn look(&mut self) -> Result<()> {
        let (client, message) = (self.client, self.message);
        let is_looked =
            |work: &Work<'_>| work.present.is_none() && (message.is_some() || !work.step.has(ActionKind::Invite));
        let ats: Vec<usize> = (0..self.work.len()).filter(|at| is_looked(&self.work[*at])).collect();
        let steps: Vec<&Step> = self.work.iter().map(|work| work.step).collect();
        let emails: Vec<&str> = ats.iter().map(|at| steps[*at].email.as_str()).collect();
        let mut ids: Vec<&str> = Vec::new();
        for step in &steps {
            // Groups that come with an invitation need not be looked up.
            let joins = step.of(ActionKind::JoinGroup).filter(|_| message.is_some() || !is_sent(step));
            for action in joins.chain(step.of(ActionKind::LeaveGroup)) {
                if !ids.contains(&action.id.as_str()) && self.groups.iter().all(|group| group.id != action.id) {
                    ids.push(&action.id);
                }
            }
        }
        let searches = groups::search(client, &ids);
        let mut present = vec![Present::default(); ats.len()];
        let take = &mut |_, list: &[Value]| {
            self.groups.extend(groups::read(list)?);
            Ok(())
        };
        let of_step = |at: usize, group: &Group| steps[ats[at]].actions.iter().any(|action| action.id == group.id);
        present::ask(client, &emails, self.width, searches, take, &of_step, &mut present)?;
        self.look_by_id(&ats, &mut present)?;
        for (at, present) in ats.iter().zip(present) {
            self.work[*at].see(present);
        }
        let kinds = [ActionKind::Restore, ActionKind::Suspend, ActionKind::Remove];
        if steps.iter().any(|step| kinds.iter().any(|kind| step.has(*kind))) {
            // With several, each person's is asked for.
            self.directory_id = client.directory(None).ok();
        }
        Ok(())
    }

    /// Looks for those by their accounts who were not found by their addresses, which may have changed.
    fn look_by_id(&self, ats: &[usize], present: &mut [Present]) -> Result<()> {
        let mut lost: Vec<(usize, &str)> = Vec::new();
        for (place, at) in ats.iter().enumerate() {
            if let (None, Some(account_id)) = (&present[place].found, &self.work[*at].account_id) {
                lost.push((place, account_id));
            }
        }
        let chunks: Vec<&[(usize, &str)]> = lost.chunks(accounts::IDS_AT_ONCE).collect();
        let mut calls = chunks.iter().map(|chunk| accounts::by_ids(chunk.iter().map(|(_, id)| *id)));
        self.client.read_all(self.width, u64::MAX, &mut calls, &mut |number, users| {
            let users = users.unwrap_or_default();
            for (place, account_id) in chunks[number] {
                present[*place].found = Found::by_id(&users, account_id)?;
            }
            Ok(())
        })
    }

    /// The work that has actions of a kind and can go on.
    fn with(&self, kind: ActionKind) -> Vec<usize> {
        let goes_on = self.client.has_time();
        let is_it = |at: &usize| goes_on && !self.work[*at].is_over && self.work[*at].step.has(kind);
        (0..self.work.len()).filter(is_it).collect()
    }

    /// Sends changes, one for each of the work at these places, and counts them as begun. What comes of
    /// them has to be noted, and then [`Hand::stop_all`] called with what refuses everything.
    fn carry_out(
        &mut self,
        ats: &[usize],
        calls: &mut dyn Iterator<Item = Call>,
        look: &dyn Fn(usize) -> Result<Option<Value>>,
    ) -> (Vec<Result<Changed>>, Option<Failure>) {
        let results = self.client.change_all(self.width, calls, look);
        for at in ats.iter().take(results.len()) {
            self.work[*at].begun += 1;
        }
        let refusal = refusal(&results);
        (results, refusal)
    }

    /// Where the connection is refused, nothing more is tried.
    fn stop_all(&mut self, refusal: Option<Failure>) {
        let Some(failure) = refusal else { return };
        for work in self.work.iter_mut().filter(|work| !work.is_over && work.begun < work.step.actions.len()) {
            work.stop(failure.clone().after(Change::NotApplied));
        }
    }

    /// Gives people a standing.
    fn stand(&mut self, kind: ActionKind, standing: &Standing) {
        let (client, mut ats, mut todo) = (self.client, Vec::new(), Vec::new());
        for at in self.with(kind) {
            let work = &mut self.work[at];
            if work.present.as_ref().is_some_and(|present| standing.is_of(present.found.as_ref())) {
                work.begun += 1;
                continue;
            }
            let account_id = work.account_id.clone().unwrap_or_default();
            match self.directory_id.clone().map_or_else(|| client.directory(Some(&account_id)), Ok) {
                Ok(directory_id) => todo.push((account_id, directory_id)),
                Err(failure) => {
                    work.stop(failure);
                    continue;
                }
            }
            ats.push(at);
        }
        let mut calls =
            todo.iter().map(|(account_id, directory_id)| standing::call(standing, account_id, directory_id));
        let (results, refusal) =
            self.carry_out(&ats, &mut calls, &|number| standing::look(client, standing, &todo[number].0));
        for (at, result) in ats.into_iter().zip(results) {
            match result {
                Ok(_) => self.work[at].progress.is_changed = true,
                Err(failure) => self.work[at].stop(failure),
            }
        }
        self.stop_all(refusal);
    }

    /// Whether an organization's invitation does what there is to do for somebody.
    fn is_sent(&self, at: usize) -> bool {
        let work = &self.work[at];
        (work.step.has(ActionKind::Invite) && !work.is_there()) || work.step.has(ActionKind::GiveAccess)
    }

    /// Adds people to groups, but for those whose invitation did, or removes them.
    fn change_memberships(&mut self, kind: ActionKind) {
        let is_joining = kind == ActionKind::JoinGroup;
        let (client, mut ats, mut todo) = (self.client, Vec::new(), Vec::new());
        for at in self.with(kind) {
            if is_joining && !self.is_site && self.is_sent(at) {
                continue;
            }
            let work = &mut self.work[at];
            for action in work.step.of(kind) {
                let group = if self.is_site {
                    Ok(Group::known(&action.id, &action.name))
                } else {
                    groups::pick(&self.groups, &action.id).cloned()
                };
                let group = group.and_then(|group| group.check_changeable().map(|()| group));
                let done = match (&work.account_id, group) {
                    // A site tells with a person only some of their groups, or none.
                    _ if !self.is_site && work.present.as_ref().is_some_and(|it| it.has(action) == is_joining) => {
                        Ok(PartOutcome::AlreadySo)
                    }
                    (_, Err(failure)) => Err(failure),
                    (None, _) => Err(not_yet()),
                    (Some(account_id), Ok(group)) => {
                        ats.push(at);
                        todo.push((&action.name, group, account_id.clone()));
                        continue;
                    }
                };
                work.begun += 1;
                work.progress.part(PartKind::Group, &action.name, done);
            }
        }
        let mut calls = todo.iter().map(|(_, group, account_id)| match is_joining {
            true => groups::joining(client, group, account_id),
            false => groups::leaving(client, group, account_id),
        });
        let (results, refusal) = self.carry_out(&ats, &mut calls, &|number| {
            let (_, group, account_id) = &todo[number];
            let look = if is_joining { groups::membership } else { groups::gone };
            look(client, group, account_id)
        });
        for ((at, (name, group, account_id)), result) in ats.into_iter().zip(&todo).zip(results) {
            let work = &mut self.work[at];
            let done = match result {
                result if !is_joining => groups::left(client, group, account_id, result).map(PartOutcome::from),
                // Whoever was invited a moment ago is waited for.
                Err(failure) if failure.is(404) && work.step.has(ActionKind::Invite) => {
                    groups::join(client, group, account_id)
                }
                result => groups::joined(client, group, account_id, result).map(|(outcome, _)| outcome.into()),
            };
            work.progress.part(PartKind::Group, name, done);
        }
        self.stop_all(refusal);
    }
}

/// What refuses every other request, too.
fn refusal<R>(results: &[Result<R>]) -> Option<Failure> {
    results.iter().filter_map(|result| result.as_ref().err()).find(|failure| failure.is_for_all()).cloned()
}
