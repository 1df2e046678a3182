//! The kinds of credentials, and what is wrong with a secret by its look.

use super::Plane;
use crate::base64;
use crate::failure::{Failure, Result};
use crate::json::Value;
use std::fmt;

/// A kind of credential; each is taken in one place only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person's e-mail address and API token without scopes, on the site's own host.
    ApiToken,
    /// A person's e-mail address and API token with scopes, through the gateway.
    ScopedToken,
    /// A service account's token, through the gateway.
    ServiceAccount,
    /// An OAuth 2.0 access token, through the gateway.
    OAuth,
    /// An organization's API key, with or without scopes.
    ApiKey,
    /// A SCIM directory's key.
    ScimKey,
    /// Whatever the host adds.
    HostSigned,
}

/// Where a kind of credential is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// A site's own host.
    Site,
    /// A site behind `api.atlassian.com/ex`.
    Gateway,
    /// `api.atlassian.com/admin` and `/users`.
    Organization,
    /// `api.atlassian.com/scim`.
    Scim,
}

/// What is known of a kind of credential.
pub(crate) struct About {
    pub(crate) kind: Kind,
    /// Its case in the contract, and its name in `ATLASSIAN_CONNECTION`.
    pub(crate) case: &'static str,
    /// What a person calls it.
    pub(crate) what: &'static str,
    pub(crate) home: Home,
    /// Whether it goes with an e-mail address, as `Basic` (RFC 7617), or alone, as `Bearer`.
    pub(crate) is_basic: bool,
    /// The secret's field in the contract.
    pub(crate) field: &'static str,
    /// The secret's variable in the environment.
    pub(crate) variable: &'static str,
}

/// Every kind but the host's own.
pub(crate) const KINDS: [About; 6] = [
    About {
        kind: Kind::ApiToken,
        case: "site",
        what: "a person's e-mail address with an API token",
        home: Home::Site,
        is_basic: true,
        field: "api-token",
        variable: "ATLASSIAN_API_TOKEN",
    },
    About {
        kind: Kind::ScopedToken,
        case: "scoped-token",
        what: "a person's e-mail address with a scoped API token",
        home: Home::Gateway,
        is_basic: true,
        field: "api-token",
        variable: "ATLASSIAN_SCOPED_TOKEN",
    },
    About {
        kind: Kind::ServiceAccount,
        case: "service-account",
        what: "a service account's token",
        home: Home::Gateway,
        is_basic: false,
        field: "token",
        variable: "ATLASSIAN_SERVICE_ACCOUNT_TOKEN",
    },
    About {
        kind: Kind::OAuth,
        case: "oauth",
        what: "an OAuth 2.0 access token",
        home: Home::Gateway,
        is_basic: false,
        field: "token",
        variable: "ATLASSIAN_OAUTH_TOKEN",
    },
    About {
        kind: Kind::ApiKey,
        case: "organization",
        what: "an organization's API key",
        home: Home::Organization,
        is_basic: false,
        field: "api-key",
        variable: "ATLASSIAN_API_KEY",
    },
    About {
        kind: Kind::ScimKey,
        case: "scim",
        what: "a SCIM directory's key",
        home: Home::Scim,
        is_basic: false,
        field: "key",
        variable: "ATLASSIAN_SCIM_KEY",
    },
];

/// The case of a connection that the host signs.
pub(crate) const HOST_SIGNED: &str = "host-signed";

impl Kind {
    /// What is known of it; nothing of what the host adds.
    pub(crate) fn about(self) -> Option<&'static About> {
        KINDS.iter().find(|about| about.kind == self)
    }

    /// The variable of its secret in the environment, if it has one.
    pub fn variable(self) -> Option<&'static str> {
        self.about().map(|about| about.variable)
    }

    /// What a person calls it.
    pub(crate) fn what(self) -> &'static str {
        self.about().map_or("whatever the host adds", |about| about.what)
    }
}

impl Home {
    /// The plane it belongs to.
    pub fn plane(self) -> Plane {
        match self {
            Home::Site | Home::Gateway => Plane::Site,
            Home::Organization => Plane::Organization,
            Home::Scim => Plane::Scim,
        }
    }
}

/// What a secret looks like, as to the kind that it was given as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing that is known.
    Unknown,
    /// What it was given as.
    Fits,
    /// Another kind: what it is, and which connection takes it.
    Other(&'static str),
}

/// A value that is never shown.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Secret {
    /// Checks a token or a key for what is wrong with it by its look; the value is in no message.
    pub(crate) fn new(name: &str, value: &str) -> Result<Secret> {
        let wrong = if value.is_empty() {
            "is empty"
        } else if ["Basic ", "Bearer "].iter().any(|scheme| value.starts_with(scheme)) {
            "is a whole Authorization header"
        } else if value.bytes().any(|b| b.is_ascii_whitespace()) {
            "has white space or a line break in it"
        } else if !value.bytes().all(|b| b.is_ascii_graphic()) {
            "has characters that no token has"
        } else if is_base64(value) {
            "is base64 already, of a token or of an e-mail address and a token"
        } else {
            return Ok(Secret(value.to_owned()));
        };
        Err(Failure::invalid(format!("{name} {wrong}."))
            .advise("Give the token or key itself, just as Atlassian showed it once; Usher does the encoding."))
    }

    /// The value, for the `Authorization` header and for what strikes it out elsewhere.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// RFC 7617: base64 of the two joined by a colon, not of each.
    pub(super) fn basic(&self, email: &str) -> String {
        base64::encode(format!("{email}:{}", self.0).as_bytes())
    }

    /// What it looks like: a hint and no more, since Atlassian documents none of these beginnings;
    /// those who look for leaked secrets know them.
    pub(crate) fn look(&self, kind: Kind) -> Look {
        let (kinds, what): (&[Kind], _) = if self.0.starts_with("ATATT") {
            let people = &[Kind::ApiToken, Kind::ScopedToken, Kind::ServiceAccount];
            (
                people,
                "a person's API token (it begins with ATATT), which the connections `site` and `scoped-token` take",
            )
        } else if self.0.starts_with("ATCTT") {
            let keys = &[Kind::ApiKey, Kind::ScimKey];
            (keys, "an organization's API key (it begins with ATCTT), which the connection `organization` takes")
        } else if self.claims().is_some() {
            let others = &[Kind::OAuth, Kind::ServiceAccount, Kind::ScimKey];
            (others, "an OAuth 2.0 access token (it is a JWT), which the connection `oauth` takes")
        } else {
            return Look::Unknown;
        };
        if kinds.contains(&kind) { Look::Fits } else { Look::Other(what) }
    }

    /// When it expires, as RFC 3339, where it is a JWT (RFC 7519) that says so.
    pub(crate) fn expires(&self) -> Option<String> {
        let claims = self.claims()?;
        claims.get("exp")?.as_number().and_then(crate::time::rfc3339)
    }

    /// The claims of a JWT, unverified: they are the caller's own.
    fn claims(&self) -> Option<Value> {
        let mut parts = self.0.split('.');
        let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return None;
        };
        Value::read(&base64::decode(claims)?)
    }
}

/// Whether a value is base64 of `email:token` or of a token, which people make because Basic wants it.
fn is_base64(value: &str) -> bool {
    let text = base64::decode(value).and_then(|bytes| String::from_utf8(bytes).ok());
    text.is_some_and(|text| {
        let is_pair = text.split_once(':').is_some_and(|(email, _)| email.contains('@'));
        is_pair || text.starts_with("ATATT") || text.starts_with("ATCTT")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ATATT3xFfGF0-s3cret_value=AB12CD34";

    fn hint(kind: Kind, value: &str) -> &'static str {
        match Secret::new("x", value).unwrap().look(kind) {
            Look::Unknown => "unknown",
            Look::Fits => "fits",
            Look::Other(what) => what,
        }
    }

    #[test]
    fn a_token_that_cannot_be_one_is_refused_by_its_field_and_not_shown() {
        for (token, wrong) in [
            (String::new(), "is empty"),
            (format!("{TOKEN}\n"), "line break"),
            (format!("{TOKEN} {TOKEN}"), "white space"),
            (format!("Bearer {TOKEN}"), "whole Authorization header"),
            (base64::encode(format!("mia@example.com:{TOKEN}").as_bytes()), "base64"),
            (base64::encode(format!("mia@example.com:{TOKEN}x").as_bytes()).replace('=', ""), "base64"),
            (base64::encode(TOKEN.as_bytes()), "base64"),
            (base64::encode(TOKEN.replace("ATATT", "ATCTT").as_bytes()), "base64"),
            (format!("{TOKEN}\u{a0}"), "characters"),
        ] {
            let failure = Secret::new("api-token", &token).unwrap_err();
            assert!(failure.message.starts_with("api-token ") && failure.message.contains(wrong), "{failure:?}");
            assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        }
    }

    #[test]
    fn what_looks_like_another_kind_is_a_hint() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3OTUzNDg4MDB9.c2ln";
        assert!(hint(Kind::ApiKey, TOKEN).contains("API token") && hint(Kind::OAuth, TOKEN).contains("API token"));
        assert!(hint(Kind::ApiToken, "ATCTT3xFfGN0abc").contains("API key"));
        assert!(hint(Kind::ApiToken, jwt).contains("JWT") && hint(Kind::ApiKey, jwt).contains("JWT"));
        for (kind, value) in
            [(Kind::ApiToken, TOKEN), (Kind::ScopedToken, TOKEN), (Kind::ApiKey, "ATCTT3xFfGN0abc"), (Kind::OAuth, jwt)]
        {
            assert_eq!(hint(kind, value), "fits", "{kind:?} {value}");
        }
        for (kind, value) in [(Kind::ApiToken, "xyz.abc.def"), (Kind::ScimKey, "abc")] {
            assert_eq!(hint(kind, value), "unknown", "{kind:?} {value}");
        }
    }

    #[test]
    fn a_jwt_says_when_it_expires_and_nothing_else_does() {
        let expires = |value| Secret::new("x", value).unwrap().expires();
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3OTUzNDg4MDB9.c2ln";
        assert_eq!(expires(jwt).as_deref(), Some("2026-11-22T12:00:00Z"));
        for other in [TOKEN, "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"] {
            assert_eq!(expires(other), None, "{other}");
        }
    }
}
