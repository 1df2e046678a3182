//! Inviting many people into an organization: those who get the same with one request.

use super::batch::{self, Batch};
use super::{Hand, refusal};
use crate::client::Changed;
use crate::failure::{Failure, Result};
use crate::rollout::progress::Progress;
use crate::rollout::{Action, ActionKind};

/// People who get the same with one invitation.
struct Unit {
    wanted: Vec<Action>,
    /// Whether they are there already.
    were_there: bool,
    ats: Vec<usize>,
    /// Whether it is a part of one that was refused.
    is_half: bool,
}

impl Hand<'_> {
    /// Invites people into an organization, those who get the same with one request.
    pub(super) fn send(&mut self) {
        // One wrong address makes Atlassian refuse all of a request (HTTP 400), so that it is halved. That
        // it is an address shows when a half is accepted; until then only one is halved, because it may
        // be what all of them get.
        let (mut units, mut held) = (self.units(), Vec::new());
        let (mut is_address, mut alone, mut refused) = (false, 0, None);
        while !units.is_empty() && self.client.has_time() {
            let (answered, refusal) = self.invite(units);
            for (unit, result) in answered {
                let is_refused = matches!(&result, Err(failure) if failure.is(400));
                if is_refused && unit.ats.len() > 1 {
                    held.push((unit, result));
                    continue;
                }
                is_address |= unit.is_half && result.is_ok();
                alone += usize::from(is_refused && unit.is_half);
                self.note(&unit, result);
            }
            if refusal.is_some() {
                refused = refusal;
                break;
            }
            // Where one was halved in vain, every other is halved once: its halves may be good.
            let (halved, kept): (Vec<_>, Vec<_>) = match (is_address, alone) {
                (true, _) => (std::mem::take(&mut held), Vec::new()),
                (false, 0 | 1) => {
                    let kept = held.len().saturating_sub(1);
                    (held.split_off(kept), std::mem::take(&mut held))
                }
                _ => std::mem::take(&mut held).into_iter().partition(|(unit, _)| !unit.is_half),
            };
            held = kept;
            units = Vec::new();
            for (Unit { wanted, were_there, mut ats, .. }, _) in halved {
                let other = ats.split_off(ats.len() / 2);
                units.push(Unit { wanted: wanted.clone(), were_there, ats, is_half: true });
                units.push(Unit { wanted, were_there, ats: other, is_half: true });
            }
        }
        for (unit, result) in held {
            self.note(&unit, result);
        }
        self.stop_all(refused);
    }

    /// Those who get the same.
    fn units(&mut self) -> Vec<Unit> {
        let mut units: Vec<Unit> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        for at in 0..self.work.len() {
            let is_sent = self.is_sent(at);
            let work = &mut self.work[at];
            if !is_sent && !work.is_over {
                // Whoever came in the meantime need not be invited.
                work.begin(&[ActionKind::Invite]);
            }
            if work.is_over || !is_sent {
                continue;
            }
            let kinds = [ActionKind::GiveAccess, ActionKind::JoinGroup];
            let wanted = || work.step.actions.iter().filter(|action| kinds.contains(&action.kind));
            let were_there = work.is_there() || !work.step.has(ActionKind::Invite);
            match open
                .iter()
                .position(|unit| units[*unit].were_there == were_there && units[*unit].wanted.iter().eq(wanted()))
            {
                Some(place) => {
                    let unit = &mut units[open[place]];
                    unit.ats.push(at);
                    if unit.ats.len() == batch::AT_ONCE {
                        open.swap_remove(place);
                    }
                }
                None => {
                    open.push(units.len());
                    units.push(Unit { wanted: wanted().cloned().collect(), were_there, ats: vec![at], is_half: false });
                }
            }
        }
        units
    }

    /// Sends the invitations of units, as far as the time allows.
    fn invite(&self, units: Vec<Unit>) -> (Vec<(Unit, Result<Changed>)>, Option<Failure>) {
        let client = self.client;
        let results = {
            let emails: Vec<Vec<&str>> = units.iter().map(|unit| self.emails(unit)).collect();
            let batch = |number: usize| self.batch(&units[number], &emails[number]);
            let mut calls = (0..units.len()).map(|number| batch::invitation(&batch(number)));
            client.change_all(self.width, &mut calls, &|number| batch::shows(client, &batch(number)))
        };
        let refusal = refusal(&results);
        (units.into_iter().zip(results).collect(), refusal)
    }

    fn emails(&self, unit: &Unit) -> Vec<&str> {
        unit.ats.iter().map(|at| self.work[*at].step.email.as_str()).collect()
    }

    fn batch<'a>(&self, unit: &'a Unit, emails: &'a [&'a str]) -> Batch<'a>
    where
        Self: 'a,
    {
        let message = if unit.were_there && !self.tells_all { None } else { self.message };
        Batch { emails, wanted: &unit.wanted, were_there: unit.were_there, message }
    }

    /// Notes what became of a unit.
    fn note(&mut self, unit: &Unit, result: Result<Changed>) {
        let mut progress: Vec<Progress> =
            unit.ats.iter().map(|at| std::mem::take(&mut self.work[*at].progress)).collect();
        let emails = self.emails(unit);
        let accounts = batch::answered(self.client, &self.batch(unit, &emails), result, &mut progress);
        for ((at, progress), account_id) in unit.ats.iter().zip(progress).zip(accounts) {
            let work = &mut self.work[*at];
            work.begin(&[ActionKind::Invite, ActionKind::GiveAccess, ActionKind::JoinGroup]);
            work.progress = progress;
            // Whoever was not there may be there now, even if everything asked for failed.
            work.progress.is_unknown |= !unit.were_there && account_id.is_ok();
            match account_id {
                Ok(account_id) => work.account_id = account_id.or(work.account_id.take()),
                Err(failure) => work.stop(failure),
            }
        }
    }
}
