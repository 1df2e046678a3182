//! E-mail addresses: what can be one, and when two are the same.

use crate::failure::{Failure, Result};

/// Refuses what cannot be one bare address, and repeats it; the mail server has the last word on
/// the rest.
pub(crate) fn check(field: &str, email: &str) -> Result<()> {
    if is_bare(email) {
        return Ok(());
    }
    // It is repeated only as far as it helps: a whole file pasted into a field does not.
    let shown: String = email.chars().filter(|c| !c.is_control()).take(64).collect();
    Err(Failure::invalid(format!("{field}: `{shown}` is not an e-mail address.")).advise(ADVICE))
}

/// The same for a field that stands beside a secret, which people put into the wrong one: nothing
/// of the value is repeated.
pub(crate) fn check_unseen(field: &str, email: &str) -> Result<()> {
    if is_bare(email) {
        return Ok(());
    }
    let wrong = if email.is_empty() { "is missing" } else { "is not an e-mail address" };
    Err(Failure::invalid(format!("{field} {wrong}."))
        .advise("The token goes with the e-mail address of the account that made it, such as mia@example.com."))
}

const ADVICE: &str = "Give one bare address such as mia@example.com.";

fn is_bare(email: &str) -> bool {
    let bare = |b: u8| {
        !matches!(b, 0..=b' ' | 0x7f | b'<' | b'>' | b',' | b';' | b':' | b'"' | b'(' | b')' | b'[' | b']' | b'\\')
    };
    email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
    }) && email.len() <= 254
        && email.bytes().all(bare)
}

/// Whether two addresses are the same: whole, ignoring the case of ASCII letters.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// Addresses that are found again, ignoring the case of ASCII letters: a hash table, because ten
/// thousand people are compared with ten thousand others, and the standard library's is 5 kB.
#[derive(Default)]
pub(crate) struct Addresses<'a> {
    all: Vec<&'a str>,
    /// Places in `all`, plus one; 0 is free. More than half of them are.
    slots: Vec<u32>,
}

impl<'a> Addresses<'a> {
    /// Keeps an address, and says whether it is a new one.
    pub(crate) fn insert(&mut self, email: &'a str) -> bool {
        if self.find(email).is_some() {
            return false;
        }
        self.all.push(email);
        if self.all.len() * 2 > self.slots.len() {
            self.slots = vec![0; self.all.len() * 4];
            for at in 0..self.all.len() {
                let free = self.slot(self.all[at]);
                self.slots[free] = at as u32 + 1;
            }
        } else {
            let free = self.slot(email);
            self.slots[free] = self.all.len() as u32;
        }
        true
    }

    /// As which it was kept, counted from 0.
    pub(crate) fn find(&self, email: &str) -> Option<usize> {
        if self.slots.is_empty() {
            return None;
        }
        (self.slots[self.slot(email)] as usize).checked_sub(1)
    }

    /// Where it is, or would be. FNV-1a: whoever chooses addresses that collide slows their own call.
    fn slot(&self, email: &str) -> usize {
        let hash = email.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
        });
        let mut at = hash as usize % self.slots.len();
        while self.slots[at] != 0 && !same(self.all[self.slots[at] as usize - 1], email) {
            at = (at + 1) % self.slots.len();
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_bare_address_passes() {
        for good in ["mia@example.com", "mia+x@example.co.uk", "MIA@localhost", "m.i-a_1@xn--ex.com", "ü@exämple.com"]
        {
            assert!(check("email", good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "mia",
            "@example.com",
            "mia@",
            "mia@.com",
            "a@b@c.com",
            "mia @example.com",
            "mia@example.com\n",
            "Mia <mia@example.com>",
            "a@b.com,c@d.com",
        ] {
            assert!(check("email", bad).unwrap_err().message.contains("email"), "{bad}");
        }
    }

    #[test]
    fn every_address_is_found_again_as_what_it_was_kept() {
        let emails: Vec<String> = (0..1000).map(|n| format!("p{n}@example.com")).collect();
        let mut addresses = Addresses::default();
        assert_eq!(addresses.find("p0@example.com"), None);
        for email in &emails {
            assert!(addresses.insert(email));
        }
        for (at, email) in emails.iter().enumerate() {
            assert_eq!(addresses.find(&email.to_uppercase()), Some(at));
            assert!(!addresses.insert(email));
        }
        assert_eq!(addresses.find("p1000@example.com"), None);
    }

    #[test]
    fn addresses_match_whole_and_without_case() {
        assert!(same("Mia@Example.com", "mia@example.COM"));
        assert!(!same("mia@example.com", "mia@example.com.au"));
        assert!(!same("mia@example.com", "mia@example.co"));
    }
}
