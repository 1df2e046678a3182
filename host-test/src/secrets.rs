//! Finds the mock's secrets in what was written.

use crate::mock::world::{ADMIN_EMAIL, SECRETS};
use base64ct::{Base64, Base64Unpadded, Encoding as _};

/// The first of the mock's secrets that is in a text: whole, in half, or as base64, alone or with the
/// admin's address.
pub fn leak(text: &str) -> Option<String> {
    SECRETS.iter().flat_map(|secret| forms(secret)).find(|form| text.contains(form.as_str()))
}

/// What must not be seen of a secret.
pub fn forms(secret: &str) -> Vec<String> {
    let (first, second) = secret.split_at(secret.len() / 2);
    let basic = format!("{ADMIN_EMAIL}:{secret}");
    vec![
        first.to_owned(),
        second.to_owned(),
        Base64Unpadded::encode_string(secret.as_bytes()),
        Base64::encode_string(basic.as_bytes()),
        Base64Unpadded::encode_string(second.as_bytes()),
    ]
}
