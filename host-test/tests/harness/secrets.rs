//! No secret gets out: of the cases `cases.rs` looks, of the command its own tests, and here the rest.

use base64ct::{Base64, Base64Url, Encoding as _};
use std::process::Command;
use usher_host_test::mock::world::{ADMIN_EMAIL, API_TOKEN, SECRETS};
use usher_host_test::secrets::leak;

#[test]
fn the_demo_prints_no_secret() {
    let output = Command::new(env!("CARGO_BIN_EXE_demo")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for text in [output.stdout, output.stderr] {
        assert_eq!(leak(&String::from_utf8_lossy(&text)), None);
    }
}

#[test]
fn a_secret_is_found_whole_in_half_and_as_base64() {
    for secret in SECRETS {
        let basic = Base64::encode_string(format!("{ADMIN_EMAIL}:{secret}").as_bytes());
        let url = Base64Url::encode_string(format!("x{secret}y").as_bytes());
        for text in [secret.to_owned(), format!("x{}", &secret[secret.len() / 2..]), basic, url] {
            assert!(leak(&text).is_some(), "{text}");
        }
    }
    assert_eq!(leak(&format!("{ADMIN_EMAIL} {}", &API_TOKEN[..12])), None);
}
