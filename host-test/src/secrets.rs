//! Finds the mock's secrets in what was written.

use crate::mock::world::SECRETS;
use base64ct::{Base64Unpadded, Base64UrlUnpadded, Encoding as _};

/// The first of the mock's secrets that is in a text: whole, in half, or as base64 of either, wherever
/// in a longer text that was encoded.
pub fn leak(text: &str) -> Option<String> {
    SECRETS.iter().flat_map(|secret| forms(secret)).find(|form| text.contains(form.as_str()))
}

/// What must not be seen of a secret.
pub fn forms(secret: &str) -> Vec<String> {
    let (first, second) = secret.split_at(secret.len() / 2);
    let mut forms = vec![first.to_owned(), second.to_owned()];
    for text in [secret, first, second] {
        // Base64 takes three bytes at a time, so a text looks otherwise by where it begins; what its
        // neighbours are part of is left out.
        for before in 0..3 {
            let padded = format!("{}{text}", &"   "[..before]);
            let whole = padded.len() / 3 * 4;
            let begin = if before == 0 { 0 } else { 4 };
            forms.push(Base64Unpadded::encode_string(padded.as_bytes())[begin..whole].to_owned());
            forms.push(Base64UrlUnpadded::encode_string(padded.as_bytes())[begin..whole].to_owned());
        }
    }
    forms
}
