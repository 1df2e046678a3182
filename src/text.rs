//! Looking for texts in texts.
//!
//! The standard library's search is two-way, which is 3 kB of component; what is looked for here is
//! short, and so is what it is looked for in.

/// What is before and behind the first place where `part` is.
pub(crate) fn cut<'a>(text: &'a str, part: &str) -> Option<(&'a str, &'a str)> {
    let start = text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())?;
    Some((text.get(..start)?, text.get(start + part.len()..)?))
}

/// Whether `part` is in a text.
pub(crate) fn has(text: &str, part: &str) -> bool {
    cut(text, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_cut_where_the_standard_library_splits_it(text in "[abé]{0,12}", part in "[abé]{1,3}") {
            prop_assert_eq!(cut(&text, &part), text.split_once(part.as_str()));
            prop_assert_eq!(has(&text, &part), text.contains(part.as_str()));
        }
    }
}
