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
    let bare = |b: u8| !b.is_ascii_whitespace() && !b.is_ascii_control() && !b"<>,;:\"()[]\\".contains(&b);
    email.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !local.contains('@') && !domain.starts_with('.')
    }) && email.len() <= 254
        && email.bytes().all(bare)
}

/// Whether two addresses are the same: whole, ignoring the case of ASCII letters.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
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
    fn addresses_match_whole_and_without_case() {
        assert!(same("Mia@Example.com", "mia@example.COM"));
        assert!(!same("mia@example.com", "mia@example.com.au"));
        assert!(!same("mia@example.com", "mia@example.co"));
    }
}
