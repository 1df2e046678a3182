//! Whether the licences suffice.

use super::Draft;
use crate::client::{Call, Client};
use crate::failure::{Failure, FailureKind};
use crate::operations::jira;
use crate::rollout::{Action, ActionKind};

impl Draft<'_> {
    /// Compares who is to get access with what the licences leave, where that is to be known.
    pub(super) fn count_seats(&mut self, client: &Client<'_>) {
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
