//! Planes, credentials, and the `Authorization` header.

use crate::failure::{Facts, Failure, Result};
use crate::url::BaseUrl;
use base64ct::{Base64, Base64Unpadded, Encoding};
use std::fmt;

/// Where the admin APIs are unless the connection says otherwise.
pub const API_URL: &str = "https://api.atlassian.com";

/// One of the places of Atlassian Cloud with a host and a credential of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// One site, such as `https://acme.atlassian.net`.
    Site,
    /// The organization, at `https://api.atlassian.com/admin`.
    Organization,
}

/// A plane and the credential for it, checked as far as that goes without a request.
#[derive(Clone, Debug)]
pub enum Connection {
    /// A site, as a person.
    Site(Site),
    /// An organization, by its API key.
    Organization(Organization),
}

/// A site and the person who asks.
#[derive(Clone, Debug)]
pub struct Site {
    base: BaseUrl,
    email: String,
    token: Secret,
}

/// An organization and its API key.
#[derive(Clone, Debug)]
pub struct Organization {
    base: BaseUrl,
    id: String,
    key: Secret,
    directory: Option<String>,
}

/// A value that is never shown.
#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Connection {
    /// A connection to a site; the arguments are the fields of the contract's `site`.
    ///
    /// # Errors
    ///
    /// `invalid-input`, naming the field, without a request.
    pub fn site(site: &str, email: &str, api_token: &str) -> Result<Connection> {
        Self::site_named(["site", "email", "api-token"], site, email, api_token)
    }

    /// A connection to an organization; the arguments are the fields of the contract's
    /// `organization`.
    ///
    /// # Errors
    ///
    /// `invalid-input`, naming the field, without a request.
    pub fn organization(id: &str, api_key: &str, directory: Option<&str>, api_url: Option<&str>) -> Result<Connection> {
        Self::organization_named(["id", "api-key", "directory", "api-url"], id, api_key, directory, api_url)
    }

    /// The connection that `ATLASSIAN_*` variables describe; an empty one counts as not there.
    ///
    /// # Errors
    ///
    /// `invalid-input`, naming the variable, without a request.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Connection> {
        const SITE: [&str; 3] = ["ATLASSIAN_SITE", "ATLASSIAN_EMAIL", "ATLASSIAN_API_TOKEN"];
        const ORGANIZATION: [&str; 4] =
            ["ATLASSIAN_ORG_ID", "ATLASSIAN_API_KEY", "ATLASSIAN_DIRECTORY_ID", "ATLASSIAN_API_URL"];
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let any = |names: &[&str]| names.iter().any(|name| get(name).is_some());

        let organization = match get("ATLASSIAN_CONNECTION").as_deref() {
            Some("site") => false,
            Some("organization") => true,
            Some(_) => {
                return Err(Failure::invalid("ATLASSIAN_CONNECTION is neither `site` nor `organization`.")
                    .advise("Set it to one of the two, or leave it out."));
            }
            None => match (any(&SITE), any(&ORGANIZATION[..2])) {
                (true, true) => {
                    return Err(Failure::invalid("The environment describes a site and an organization.")
                        .advise("Set ATLASSIAN_CONNECTION to `site` or `organization`."));
                }
                (_, organization) => organization,
            },
        };
        let need = |names: &[&'static str]| -> Result<Vec<String>> {
            let missing: Vec<_> = names.iter().filter(|name| get(name).is_none()).copied().collect();
            if missing.is_empty() {
                return Ok(names.iter().filter_map(|name| get(name)).collect());
            }
            let missing = missing.join(", ");
            Err(Failure::invalid(format!("The environment has no {missing}.")).advise(
                "A site needs ATLASSIAN_SITE, ATLASSIAN_EMAIL and ATLASSIAN_API_TOKEN; an organization \
                 needs ATLASSIAN_ORG_ID and ATLASSIAN_API_KEY. The host has to grant them to the component.",
            ))
        };
        if organization {
            let values = need(&ORGANIZATION[..2])?;
            let (directory, api_url) = (get(ORGANIZATION[2]), get(ORGANIZATION[3]));
            Self::organization_named(ORGANIZATION, &values[0], &values[1], directory.as_deref(), api_url.as_deref())
        } else {
            let values = need(&SITE)?;
            Self::site_named(SITE, &values[0], &values[1], &values[2])
        }
    }

    fn site_named(names: [&'static str; 3], site: &str, email: &str, token: &str) -> Result<Connection> {
        let base = base_url(names[0], site)?;
        crate::email::check_unseen(names[1], email)?;
        Ok(Connection::Site(Site { base, email: email.to_owned(), token: secret(names[2], token)? }))
    }

    fn organization_named(
        names: [&'static str; 4],
        id: &str,
        key: &str,
        directory: Option<&str>,
        api_url: Option<&str>,
    ) -> Result<Connection> {
        for (name, value) in [(names[0], Some(id)), (names[2], directory)] {
            if value.is_some_and(|id| id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')) {
                return Err(Failure::invalid(format!("{name} is not an id.")).advise(
                    "It is the part after `/o/` in the address of your Atlassian Administration \
                     (admin.atlassian.com/o/<organization id>/…), such as a UUID.",
                ));
            }
        }
        Ok(Connection::Organization(Organization {
            base: base_url(names[3], api_url.unwrap_or(API_URL))?,
            id: id.to_owned(),
            key: secret(names[1], key)?,
            directory: directory.map(str::to_owned),
        }))
    }

    /// The plane it is for.
    pub fn plane(&self) -> Plane {
        match self {
            Connection::Site(_) => Plane::Site,
            Connection::Organization(_) => Plane::Organization,
        }
    }

    /// Where its requests go; the one host that has to be allowed for it.
    pub fn base(&self) -> &BaseUrl {
        match self {
            Connection::Site(site) => &site.base,
            Connection::Organization(organization) => &organization.base,
        }
    }

    /// What an operation's `{name}` stands for, where the connection knows it.
    pub(crate) fn path_value(&self, name: &str) -> Option<&str> {
        match (self, name) {
            (Connection::Organization(organization), "orgId") => Some(&organization.id),
            // `-` is every directory that the key may manage.
            (Connection::Organization(organization), "directoryId") => {
                Some(organization.directory.as_deref().unwrap_or("-"))
            }
            _ => None,
        }
    }

    /// The value of the `Authorization` header: the one place a secret goes.
    pub(crate) fn authorization(&self) -> String {
        match self {
            Connection::Site(site) => format!("Basic {}", site.basic()),
            Connection::Organization(organization) => format!("Bearer {}", organization.key.0),
        }
    }

    /// A failure with whatever a server repeated of the credential struck out.
    pub fn redact_all(&self, mut failure: Failure) -> Failure {
        let secrets = match self {
            Connection::Site(site) => vec![site.basic(), site.token.0.clone()],
            Connection::Organization(organization) => vec![organization.key.0.clone()],
        };
        let redact = |text: &mut String| {
            for secret in &secrets {
                // What is shorter is no secret of Atlassian's, and may be part of any word.
                if secret.len() >= 8 && text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), "[redacted]");
                }
            }
        };
        let Facts { message, advice, code, request_id, parts, .. } = &mut *failure;
        [message, advice].into_iter().for_each(redact);
        [code, request_id].into_iter().flatten().for_each(redact);
        parts.iter_mut().map(|part| &mut part.reason).for_each(redact);
        failure
    }
}

impl Site {
    /// RFC 7617: base64 of the two joined by a colon, not of each.
    fn basic(&self) -> String {
        Base64::encode_string(format!("{}:{}", self.email, self.token.0).as_bytes())
    }
}

/// Reads a base URL; what is wrong with it may be that it is a secret, so it is not repeated.
fn base_url(name: &str, text: &str) -> Result<BaseUrl> {
    let wrong = match BaseUrl::parse(text) {
        Ok(base) if base.authority().contains(['.', ':']) || base.authority() == "localhost" => return Ok(base),
        Ok(_) => "is not a whole host name",
        Err(wrong) => wrong,
    };
    Err(Failure::invalid(format!("{name} {wrong}."))
        .advise("It is a whole host name such as acme.atlassian.net, or a URL of nothing more than that."))
}

/// Checks a token or a key for what is wrong with it by its look; the value is in no message.
fn secret(name: &str, value: &str) -> Result<Secret> {
    let wrong = if value.is_empty() {
        "is empty"
    } else if ["Basic ", "Bearer "].iter().any(|scheme| value.starts_with(scheme)) {
        "is a whole Authorization header"
    } else if value.bytes().any(|b| b.is_ascii_whitespace()) {
        "has white space or a line break in it"
    } else if !value.bytes().all(|b| b.is_ascii_graphic()) {
        "has characters that no token has"
    } else if is_basic(value) {
        "is base64 of an e-mail address and a token already"
    } else {
        return Ok(Secret(value.to_owned()));
    };
    Err(Failure::invalid(format!("{name} {wrong}."))
        .advise("Give the token or key itself, just as Atlassian showed it once; Usher does the encoding."))
}

/// Whether a value is base64 of `email:token`, which people make because Basic wants it.
fn is_basic(value: &str) -> bool {
    let decoded = Base64Unpadded::decode_vec(value.trim_end_matches('='));
    let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.is_some_and(|text| text.split_once(':').is_some_and(|(email, _)| email.contains('@')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Part, PartKind};

    const TOKEN: &str = "ATATT3xFfGF0-s3cret_value=AB12CD34";

    fn message(result: Result<Connection>) -> String {
        let failure = result.unwrap_err();
        let shown = format!("{failure:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        failure.message.clone()
    }

    #[test]
    fn basic_is_base64_of_the_two_joined() {
        let connection = Connection::site("acme.atlassian.net", "mia@example.com", "token").unwrap();
        assert_eq!(connection.authorization(), "Basic bWlhQGV4YW1wbGUuY29tOnRva2Vu");
    }

    #[test]
    fn a_token_that_cannot_be_one_is_refused_by_its_field_and_not_shown() {
        for (token, wrong) in [
            (String::new(), "is empty"),
            (format!("{TOKEN}\n"), "line break"),
            (format!("{TOKEN} {TOKEN}"), "white space"),
            (format!("Bearer {TOKEN}"), "whole Authorization header"),
            (Base64::encode_string(format!("mia@example.com:{TOKEN}").as_bytes()), "base64"),
            (Base64Unpadded::encode_string(format!("mia@example.com:{TOKEN}x").as_bytes()), "base64"),
            (format!("{TOKEN}\u{a0}"), "characters"),
        ] {
            let site = message(Connection::site("acme.atlassian.net", "mia@example.com", &token));
            assert!(site.starts_with("api-token ") && site.contains(wrong), "{site}");
            let organization = message(Connection::organization("o-1", &token, None, None));
            assert!(organization.starts_with("api-key ") && organization.contains(wrong), "{organization}");
        }
    }

    #[test]
    fn the_environment_names_what_it_lacks() {
        let env = |pairs: &'static [(&str, &str)]| {
            Connection::from_environment(|name| {
                pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        const SITE: (&str, &str) = ("ATLASSIAN_SITE", "acme.atlassian.net");
        const KEY: (&str, &str) = ("ATLASSIAN_API_KEY", "key");
        assert!(message(env(&[SITE])).contains("ATLASSIAN_EMAIL, ATLASSIAN_API_TOKEN"));
        assert!(message(env(&[KEY])).contains("ATLASSIAN_ORG_ID"));
        assert!(message(env(&[])).contains("ATLASSIAN_SITE"));
        assert!(message(env(&[SITE, KEY])).contains("a site and an organization"));
        assert!(message(env(&[SITE, KEY, ("ATLASSIAN_CONNECTION", "organization")])).contains("ATLASSIAN_ORG_ID"));
        assert!(message(env(&[("ATLASSIAN_CONNECTION", "both")])).contains("ATLASSIAN_CONNECTION"));
        let there = env(&[KEY, ("ATLASSIAN_ORG_ID", "o-1"), ("ATLASSIAN_API_URL", "http://127.0.0.1:1")]);
        assert_eq!(there.unwrap().base().to_string(), "http://127.0.0.1:1");
    }

    #[test]
    fn a_token_in_the_wrong_field_is_not_repeated() {
        for (site, email) in [(TOKEN, "mia@example.com"), ("acme.atlassian.net", TOKEN), ("s3cret", "s3cret")] {
            let failure = Connection::site(site, email, "t").unwrap_err();
            assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
        }
        let failure = Connection::organization(TOKEN, "k", Some(TOKEN), Some(TOKEN)).unwrap_err();
        assert!(!format!("{failure:?}").contains("s3cret"), "{failure:?}");
    }

    #[test]
    fn debug_shows_no_secret_and_echoes_are_struck_out() {
        let connection = Connection::site("acme.atlassian.net", "mia@example.com", TOKEN).unwrap();
        assert!(!format!("{connection:?}").contains(TOKEN));
        let mut echo = Failure::invalid(format!("you sent {} with {TOKEN}", connection.authorization()));
        echo.request_id = Some(TOKEN.to_owned());
        echo.parts = vec![Part::failed(PartKind::Group, "engineering", &Failure::invalid(TOKEN))];
        let redacted = connection.redact_all(echo);
        assert_eq!(redacted.message, "you sent Basic [redacted] with [redacted]");
        assert_eq!(redacted.request_id.as_deref(), Some("[redacted]"));
        assert_eq!(redacted.parts[0].reason, "[redacted]");
    }

    #[test]
    fn an_id_that_is_a_url_and_a_site_that_is_a_bare_name_are_refused() {
        let url = "https://admin.atlassian.com/o/1/overview";
        assert!(message(Connection::organization(url, "k", None, None)).contains("id is not an id"));
        assert!(message(Connection::site("acme", "mia@example.com", "t")).contains("site is not a whole host name"));
    }
}
