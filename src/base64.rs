//! Base64 (RFC 4648), which costs 4 kB of component where a crate does it.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes with padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// Decodes either alphabet, padded or not; nothing where it is no base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for letter in text.trim_end_matches('=').bytes() {
        let standard = match letter {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        };
        let value = ALPHABET.iter().position(|other| *other == standard)?;
        bits = bits << 6 | u32::try_from(value).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 255) as u8);
        }
    }
    // A letter alone is no byte.
    (count != 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64ct::{Base64, Base64Unpadded, Base64Url, Encoding};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_base64_of_a_well_kept_crate(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(encode(&bytes), Base64::encode_string(&bytes));
            for text in [encode(&bytes), Base64Unpadded::encode_string(&bytes), Base64Url::encode_string(&bytes)] {
                prop_assert_eq!(decode(&text), Some(bytes.clone()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = decode(&text);
        }
    }

    #[test]
    fn what_is_no_base64_is_nothing() {
        for text in ["a", "abcde", "ab c", "ab.c", "ä"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
