//! Base URLs and percent-encoding.

use crate::text::cut;
use std::fmt;

/// Where a plane is: a scheme and an authority, and nothing else.
///
/// There is no path, so that an operation's path is the whole path; no user-info, which would be
/// a second place for a credential; and plain HTTP only to this machine itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    https: bool,
    authority: String,
}

impl BaseUrl {
    /// Reads a URL or a bare host name, which is taken as `https`.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as the end of a sentence that begins with the field's name.
    pub fn parse(text: &str) -> Result<BaseUrl, &'static str> {
        let (https, rest) = match cut(text, "://") {
            None => (true, text),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) => return Err("has a scheme other than https"),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        if authority.is_empty() {
            return Err("is empty");
        }
        if authority.contains('@') {
            return Err("has a user name or an e-mail address in it");
        }
        if authority.contains(['/', '?', '#']) {
            return Err("has a path; only the host is wanted");
        }
        let (host, port) = split_port(&authority);
        if !is_host(host) {
            return Err("is not a host name");
        }
        if port.is_some_and(|port| !port.parse::<u32>().is_ok_and(|port| port <= 65_535)) {
            return Err("has no valid port");
        }
        if !https && !is_loopback(host) {
            return Err("would send the credential unencrypted; only https is allowed");
        }
        Ok(BaseUrl { https, authority })
    }

    /// Whether it is `https`.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// The host, with the port where one was given.
    pub fn authority(&self) -> &str {
        &self.authority
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http{}://{}", if self.https { "s" } else { "" }, self.authority)
    }
}

/// Splits `host:port` and `[v6]:port`.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    // A colon inside the brackets of an IPv6 address is no port's.
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(v6) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return v6.contains(':') && v6.bytes().all(|b| b.is_ascii_hexdigit() || b == b':' || b == b'.');
    }
    host.len() <= 253
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "[::1]" || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
}

/// Appends text, with everything but RFC 3986's unreserved characters percent-encoded.
///
/// Nothing that is encoded can leave its path segment or its query value.
pub fn encode_into(out: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_host_name_and_its_url_are_the_same_base() {
        let base = BaseUrl::parse("acme.atlassian.net").unwrap();
        assert_eq!(base, BaseUrl::parse("HTTPS://Acme.Atlassian.net/").unwrap());
        assert_eq!(base.to_string(), "https://acme.atlassian.net");
    }

    #[test]
    fn plain_http_reaches_only_this_machine() {
        for loopback in ["http://127.0.0.1:8080", "http://localhost", "http://[::1]:9/"] {
            assert!(BaseUrl::parse(loopback).is_ok(), "{loopback}");
        }
        for elsewhere in ["http://acme.atlassian.net", "http://10.0.0.1", "http://127.0.0.1.evil.example"] {
            assert!(BaseUrl::parse(elsewhere).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn whatever_is_not_a_bare_host_is_refused() {
        for bad in [
            "",
            "https://",
            "mia@acme.atlassian.net",
            "https://mia:secret@acme.atlassian.net",
            "acme.atlassian.net/jira",
            "acme.atlassian.net?x",
            "acme.atlassian.net#x",
            "acme.atlassian.net//",
            "acme atlassian.net",
            "acme.atlassian.net\r\nHost: evil",
            "acme..net",
            "acme.net:",
            "acme.net:99999",
            "[::1",
            "[x]",
            "ftp://acme.atlassian.net",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn encoded_text_stays_in_its_segment_and_decodes_to_itself(text in any::<String>()) {
            let mut encoded = String::new();
            encode_into(&mut encoded, &text);
            prop_assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
            let mut bytes = encoded.bytes();
            let mut decoded = Vec::new();
            while let Some(byte) = bytes.next() {
                decoded.push(if byte == b'%' {
                    let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
                } else {
                    byte
                });
            }
            prop_assert_eq!(decoded, text.into_bytes());
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = BaseUrl::parse(&text);
        }
    }
}
