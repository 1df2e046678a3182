//! Bringing people onto a site: looking, then Jira's products person by person, then Confluence.

use super::{Hand, Work, is_sent, refusal};
use crate::accounts::Matches;
use crate::client::Call;
use crate::connection::Plane;
use crate::failure::{PartKind, PartOutcome, Result};
use crate::json::Value;
use crate::rollout::present::Present;
use crate::rollout::{Action, ActionKind, Step, site};

/// The Jira products that a step gives.
fn in_jira(step: &Step) -> impl Iterator<Item = &Action> {
    step.of(ActionKind::GiveAccess).filter(|action| action.id != site::CONFLUENCE)
}

/// The access to Confluence that it gives.
fn in_confluence(step: &Step) -> impl Iterator<Item = &Action> {
    step.of(ActionKind::GiveAccess).filter(|action| action.id == site::CONFLUENCE)
}

impl Hand<'_> {
    /// Brings people onto a site who are not there, and gives products to who is.
    pub(super) fn bring(&mut self) {
        let ats: Vec<usize> = (0..self.work.len()).filter(|at| is_sent(self.work[*at].step)).collect();
        let unseen: Vec<usize> = ats.iter().copied().filter(|at| self.work[*at].present.is_none()).collect();
        let calls = unseen.iter().map(|at| Matches::call(Plane::Site, &[&self.work[*at].step.email])).collect();
        self.read(&unseen, calls, &|work, users| {
            work.see(Present::of(&Matches::of(Plane::Site, &[&work.step.email], users)?[0]));
            Ok(())
        });
        let known = |at: &usize| Some((*at, site::user_call(self.work[*at].present.as_ref()?.account_id()?)));
        let (known, calls): (Vec<usize>, Vec<Call>) = unseen.iter().filter_map(known).unzip();
        self.read(&known, calls, &|work, users| match (&mut work.present, users) {
            (Some(present), [user, ..]) => present.complete(user),
            _ => Ok(()),
        });
        self.give_jira(&ats);
        self.give_confluence(&ats, unseen.is_empty());
    }

    /// Reads something of each, and where that fails their work is over.
    fn read(&mut self, ats: &[usize], calls: Vec<Call>, take: &dyn Fn(&mut Work<'_>, &[Value]) -> Result<()>) {
        let mut refused = None;
        self.client.lists(self.width, u64::MAX, &mut calls.into_iter(), &mut |number, list| {
            let work = &mut self.work[ats[number]];
            if let Err(failure) = list.and_then(|list| take(work, &list.unwrap_or_default())) {
                if failure.is_for_all() {
                    refused.get_or_insert(failure.clone());
                }
                work.stop(failure);
            }
            refused.is_none()
        });
        self.stop_all(refused);
    }

    /// Those of the work that were looked at and can go on.
    fn seen(&self, ats: &[usize]) -> Vec<usize> {
        let is_seen = |at: &usize| !self.work[*at].is_over && self.work[*at].present.is_some();
        ats.iter().copied().filter(is_seen).collect()
    }

    /// Gives people the Jira products that they lack, which invites who is not there.
    fn give_jira(&mut self, ats: &[usize]) {
        let client = self.client;
        let mut todo: Vec<(usize, Vec<&str>, Present)> = Vec::new();
        for at in self.seen(ats) {
            let work = &mut self.work[at];
            let (step, present) = (work.step, work.present.clone().unwrap_or_default());
            if present.found.is_some() {
                work.begin(&[ActionKind::Invite]);
            }
            let mut missing: Vec<&str> = Vec::new();
            for action in in_jira(step) {
                if !present.has(action) && !missing.contains(&action.id.as_str()) {
                    missing.push(&action.id);
                }
            }
            if !missing.is_empty() {
                todo.push((at, missing, present));
                continue;
            }
            for action in in_jira(step) {
                work.begun += 1;
                work.progress.done(PartKind::Access, &action.name, PartOutcome::AlreadySo);
            }
        }
        let results = {
            let email = |at: &usize| self.work[*at].step.email.as_str();
            let mut calls = todo.iter().map(|(at, missing, _)| site::into_jira(email(at), missing));
            client.change_all(self.width, &mut calls, &|number| {
                let (at, missing, present) = &todo[number];
                site::look_for(client, email(at), missing, present)
            })
        };
        let refused = refusal(&results);
        for ((at, _, present), result) in todo.iter().zip(results) {
            let work = &mut self.work[*at];
            if present.found.is_none() {
                work.begin(&[ActionKind::Invite]);
            }
            work.begun += in_jira(work.step).count();
            match site::given(client, in_jira(work.step), present, result, &mut work.progress) {
                Ok(account_id) => work.account_id = Some(account_id),
                Err(failure) => work.stop(failure),
            }
        }
        self.stop_all(refused);
    }

    /// Gives people access to Confluence, which invites who is not there.
    fn give_confluence(&mut self, ats: &[usize], is_known: bool) {
        let mut ats = self.seen(ats);
        ats.retain(|at| in_confluence(self.work[*at].step).next().is_some());
        for chunk in ats.chunks(site::AT_ONCE) {
            if !self.client.has_time() {
                break;
            }
            let emails: Vec<&str> = chunk.iter().map(|at| self.work[*at].step.email.as_str()).collect();
            let results = site::to_confluence(self.client, &emails, is_known);
            let refused = refusal(&results);
            for (at, result) in chunk.iter().zip(results) {
                let work = &mut self.work[*at];
                if in_jira(work.step).next().is_none() && work.account_id.is_none() {
                    work.begin(&[ActionKind::Invite]);
                }
                for action in in_confluence(work.step) {
                    work.begun += 1;
                    work.progress.part(PartKind::Access, &action.name, result.clone());
                }
            }
            self.stop_all(refused);
        }
    }
}
