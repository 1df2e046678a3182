//! What ids look like.

/// Whether a text has the form of a UUID, as Atlassian's group ids and cloud ids have.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Whether a text can be the id of an organization or a directory; a URL or an address cannot.
pub(crate) fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_uuid_has_the_form_of_one() {
        assert!(is_uuid("276f955c-63d7-42c8-9520-92d01dca0625"));
        for name in ["276f955c-63d7-42c8-9520-92d01dca062", "jira-users", "276f955c_63d7-42c8-9520-92d01dca0625"] {
            assert!(!is_uuid(name), "{name}");
        }
    }
}
