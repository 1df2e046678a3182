//! Bringing many people onto a site.

use super::{Hand, is_sent, refusal};
use crate::accounts::Matches;
use crate::client::Call;
use crate::connection::Plane;
use crate::failure::{Failure, PartKind, Result};
use crate::invite::site;
use crate::product::OnSite;
use crate::rollout::{ActionKind, Step};

/// Somebody who is not on the site: where their work is, what they get, and what looking for them gave.
type Newcomer<'a> = (usize, Vec<(&'a str, OnSite)>, Matches);

impl Hand<'_> {
    /// Brings people onto a site: whoever is new with overlapping requests, the others one by one.
    pub(super) fn bring(&mut self) {
        let client = self.client;
        let ats: Vec<usize> =
            (0..self.work.len()).filter(|at| !self.work[*at].is_over && is_sent(self.work[*at].step)).collect();
        let mut found: Vec<Option<Result<Matches>>> = ats.iter().map(|_| None).collect();
        let steps: Vec<&Step> = ats.iter().map(|at| self.work[*at].step).collect();
        let mut calls = steps.iter().map(|step| Matches::call(Plane::Site, &[&step.email]));
        client.lists(self.width, u64::MAX, &mut calls, &mut |number, users| {
            let goes_on = !users.as_ref().is_err_and(Failure::is_for_all);
            let matches =
                users.and_then(|users| Matches::of(Plane::Site, &[&steps[number].email], &users.unwrap_or_default()));
            found[number] = Some(matches.map(|mut matches| matches.swap_remove(0)));
            goes_on
        });
        let mut new: Vec<Newcomer<'_>> = Vec::new();
        let mut refused = None;
        for (at, found) in ats.into_iter().zip(found) {
            let work = &mut self.work[at];
            // Every product is known: the steps were checked.
            let wanted = work.step.of(ActionKind::GiveAccess);
            let wanted: Vec<(&str, OnSite)> =
                wanted.filter_map(|it| Some((it.name.as_str(), site::product(&it.id).ok()?))).collect();
            match found {
                Some(Ok(matches)) if matches.hidden.is_empty() && matches!(matches.one(), Ok(None)) => {
                    new.push((at, wanted, matches));
                }
                Some(Ok(matches)) if client.has_time() => {
                    work.begun += 1 + wanted.len();
                    match site::bring(client, &matches, &wanted, &[], &mut work.progress) {
                        Ok(account_id) => work.account_id = account_id.or(work.account_id.take()),
                        Err(failure) => work.stop(failure),
                    }
                }
                Some(Err(failure)) => {
                    refused = refused.or_else(|| Some(failure.clone()).filter(Failure::is_for_all));
                    work.stop(failure);
                }
                _ => {}
            }
        }
        self.stop_all(refused);
        // Whoever was found before may still be noted as new.
        new.retain(|(at, ..)| !self.work[*at].is_over);
        let (ats, calls): (Vec<usize>, Vec<Call>) = new
            .iter()
            .enumerate()
            .filter_map(|(place, (_, wanted, matches))| Some((place, site::creating(&matches.email, wanted)?)))
            .unzip();
        let results = client.change_all(self.width, &mut calls.into_iter(), &|number| {
            let (.., matches) = &new[ats[number]];
            site::look_for(client, &matches.email, &matches.hidden)
        });
        let refused = refusal(&results);
        for (place, result) in ats.into_iter().zip(results) {
            let (at, wanted, matches) = &new[place];
            let work = &mut self.work[*at];
            work.begun += 1 + wanted.iter().filter(|(_, on_site)| !on_site.is_confluence()).count();
            match site::created(client, wanted, &matches.hidden, result, &mut work.progress) {
                Ok(user) => work.account_id = Some(user.account_id),
                Err(failure) => work.stop(failure),
            }
        }
        self.stop_all(refused);
        let in_confluence = |(at, wanted, _): &&Newcomer<'_>| {
            !self.work[*at].is_over && wanted.iter().any(|(_, on_site)| on_site.is_confluence())
        };
        let people: Vec<_> = new.iter().filter(in_confluence).collect();
        for chunk in people.chunks(site::AT_ONCE) {
            if !client.has_time() {
                break;
            }
            let emails: Vec<&str> = chunk.iter().map(|(.., matches)| matches.email.as_str()).collect();
            for ((at, wanted, _), result) in chunk.iter().zip(site::to_confluence(client, &emails)) {
                let work = &mut self.work[*at];
                let is_first = wanted.iter().all(|(_, on_site)| on_site.is_confluence());
                for (name, _) in wanted.iter().filter(|(_, on_site)| on_site.is_confluence()) {
                    work.begun += 1;
                    work.progress.part(PartKind::Access, name, result.clone());
                }
                work.begun += usize::from(is_first);
            }
        }
    }
}
