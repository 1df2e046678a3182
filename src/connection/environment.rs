//! The connection that the environment describes.

use super::credential::{About, HOST_SIGNED, KINDS};
use super::{Connection, Given, Home, Kind, Names, Plane};
use crate::failure::{Failure, Result};

const SITE: &str = "ATLASSIAN_SITE";
const EMAIL: &str = "ATLASSIAN_EMAIL";
const ORG_ID: &str = "ATLASSIAN_ORG_ID";
const SCIM_DIRECTORY_ID: &str = "ATLASSIAN_SCIM_DIRECTORY_ID";
const DIRECTORY_ID: &str = "ATLASSIAN_DIRECTORY_ID";
const API_URL: &str = "ATLASSIAN_API_URL";
const CONNECTION: &str = "ATLASSIAN_CONNECTION";

/// The variables that say where, each with its plane.
const PLACES: [(&str, Plane); 3] =
    [(SITE, Plane::Site), (ORG_ID, Plane::Organization), (SCIM_DIRECTORY_ID, Plane::Scim)];

/// Every variable that is read.
pub fn variables() -> impl Iterator<Item = &'static str> {
    let others = [CONNECTION, EMAIL, DIRECTORY_ID, API_URL];
    let places = PLACES.iter().map(|(name, _)| *name);
    others.into_iter().chain(places).chain(KINDS.iter().map(|about| about.variable))
}

/// What `ATLASSIAN_CONNECTION` may say, each with the variable of its secret, if it has one.
pub fn cases() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    KINDS.iter().map(|about| (about.case, Some(about.variable))).chain([(HOST_SIGNED, None)])
}

impl Connection {
    /// The connection that `ATLASSIAN_*` variables describe; an empty one counts as not there.
    ///
    /// # Errors
    ///
    /// `invalid-input`, naming the variable, without a request.
    pub fn from_environment<'a>(variable: &dyn Fn(&str) -> Option<&'a str>) -> Result<Connection> {
        Environment(variable).connection()
    }
}

struct Environment<'a, 'b>(&'b dyn Fn(&str) -> Option<&'a str>);

impl<'a> Environment<'a, '_> {
    fn get(&self, name: &str) -> Option<&'a str> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn connection(&self) -> Result<Connection> {
        let about = self.kind()?;
        let place = match about {
            Some(about) => place(about.home.plane()),
            None => self.place()?,
        };
        let secret = about.map_or("", |about| about.variable);
        let email = if about.is_some_and(|about| about.is_basic) { EMAIL } else { "" };
        let mut missing = Vec::new();
        for name in [place.0, email, secret] {
            if !name.is_empty() && !self.has(name) {
                missing.push(name);
            }
        }
        if !missing.is_empty() {
            return Err(self.lacks(&missing, about));
        }
        let value = |name: &str| self.get(name).unwrap_or_default();
        let given = Given {
            kind: about.map_or(Kind::HostSigned, |about| about.kind),
            plane: place.1,
            id: value(place.0),
            email: value(EMAIL),
            secret: value(secret),
            directory: self.get(DIRECTORY_ID).filter(|_| place.1 == Plane::Organization),
            api_url: self.get(API_URL),
        };
        let names = Names { id: place.0, email: EMAIL, secret, directory: DIRECTORY_ID, api_url: API_URL };
        Connection::named(&given, &names)
    }

    /// The kind of credential: the one that was named, or the one that is there with its place. Where
    /// there is none, the one that most likely was meant; none is the host's own.
    fn kind(&self) -> Result<Option<&'static About>> {
        let named = self.get(CONNECTION);
        if named == Some(HOST_SIGNED) {
            return Ok(None);
        }
        let mut there = Vec::new();
        let (mut meant, mut best) = (&KINDS[0], 0);
        for about in &KINDS {
            let (has_place, has_secret) = (self.has(place(about.home.plane()).0), self.has(about.variable));
            match named {
                Some(named) if named == about.case => return Ok(Some(about)),
                Some(_) => {}
                None if has_place && has_secret => there.push(about.case),
                None => {}
            }
            // A place says more of what was meant than a secret, which may be in the wrong one.
            let rank = match (has_place, has_secret) {
                (true, true) => 3,
                (true, false) if about.home != Home::Gateway => 2,
                (_, true) => 1,
                _ => 0,
            };
            if rank > best {
                (meant, best) = (about, rank);
            }
        }
        if named.is_some() {
            let mut all: Vec<&str> = KINDS.iter().map(|about| about.case).collect();
            all.push(HOST_SIGNED);
            return Err(Failure::invalid(format!("{CONNECTION} names no kind of connection."))
                .advise(format!("Set it to one of {}, or leave it out.", all.join(", "))));
        }
        if there.len() > 1 {
            return Err(Failure::invalid("The environment has credentials of several kinds.")
                .advise(format!("Set {CONNECTION} to one of {}.", there.join(", "))));
        }
        Ok(Some(meant))
    }

    /// The place of what the host signs: one has to be there.
    fn place(&self) -> Result<&'static (&'static str, Plane)> {
        let mut there = PLACES.iter().filter(|(name, _)| self.has(name));
        match (there.next(), there.next()) {
            (Some(place), None) => Ok(place),
            _ => Err(Failure::invalid("The environment names no place, or several.")
                .advise(format!("Where the host signs, set {SITE}, {ORG_ID} or {SCIM_DIRECTORY_ID}, and only one."))),
        }
    }

    /// What is missing, and what is there that belongs elsewhere.
    fn lacks(&self, missing: &[&str], about: Option<&About>) -> Failure {
        let mut advice = String::new();
        if let Some(about) = about {
            let email = if about.is_basic { "ATLASSIAN_EMAIL, " } else { "" };
            advice = format!("`{}` needs {}, {email}{}. ", about.case, place(about.home.plane()).0, about.variable);
            for other in KINDS.iter().filter(|other| other.kind != about.kind && self.has(other.variable)) {
                advice.push_str(&format!("{} never works there: {} is another kind. ", other.variable, other.what));
            }
        }
        advice.push_str("Set them; a host has to grant them to the component.");
        Failure::invalid(format!("The environment has no {}.", missing.join(", "))).advise(advice)
    }
}

/// The variable that says where, for a plane.
fn place(plane: Plane) -> &'static (&'static str, Plane) {
    // Every plane is in the table.
    PLACES.iter().find(|(_, of)| *of == plane).unwrap_or(&PLACES[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Connection> {
        Connection::from_environment(&|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value))
    }

    fn failure(pairs: &[(&str, &str)]) -> (String, String) {
        let failure = read(pairs).unwrap_err();
        let shown = format!("{failure:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        (failure.message.clone(), failure.advice.clone())
    }

    const ACME: (&str, &str) = (SITE, "acme.atlassian.net");
    const MIA: (&str, &str) = (EMAIL, "mia@example.com");
    const ORG: (&str, &str) = (ORG_ID, "o-1");
    const TOKEN: (&str, &str) = ("ATLASSIAN_API_TOKEN", "token-s3cret");
    const KEY: (&str, &str) = ("ATLASSIAN_API_KEY", "key-s3cret");

    #[test]
    fn every_kind_is_chosen_by_its_place_and_its_secret() {
        for about in &KINDS {
            let all = [ACME, MIA, ORG, (SCIM_DIRECTORY_ID, "d-1"), (about.variable, "t0ken-s3cret")];
            let connection = read(&all).unwrap();
            assert_eq!((connection.kind(), connection.home()), (about.kind, about.home), "{}", about.variable);
            let named = [(CONNECTION, about.case), TOKEN, KEY, ("ATLASSIAN_OAUTH_TOKEN", "s3cret")];
            assert_eq!(read(&[&all[..], &named].concat()).unwrap().kind(), about.kind);
        }
        assert_eq!(read(&[ACME, MIA, TOKEN, KEY]).unwrap().kind(), Kind::ApiToken);
        let signed = read(&[(CONNECTION, HOST_SIGNED), ORG, TOKEN]).unwrap();
        assert_eq!((signed.kind(), signed.plane()), (Kind::HostSigned, Plane::Organization));
    }

    #[test]
    fn the_environment_names_what_it_lacks() {
        assert_eq!(failure(&[ACME]).0, "The environment has no ATLASSIAN_EMAIL, ATLASSIAN_API_TOKEN.");
        assert_eq!(failure(&[ORG]).0, "The environment has no ATLASSIAN_API_KEY.");
        assert_eq!(failure(&[KEY]).0, "The environment has no ATLASSIAN_ORG_ID.");
        assert_eq!(failure(&[(CONNECTION, "organization"), KEY]).0, "The environment has no ATLASSIAN_ORG_ID.");
        let nothing = failure(&[]);
        assert_eq!(nothing.0, "The environment has no ATLASSIAN_SITE, ATLASSIAN_EMAIL, ATLASSIAN_API_TOKEN.");
        assert!(nothing.1.contains("needs ATLASSIAN_SITE, ATLASSIAN_EMAIL, ATLASSIAN_API_TOKEN."), "{}", nothing.1);
        assert_eq!(failure(&[ACME, MIA, (TOKEN.0, "")]).0, "The environment has no ATLASSIAN_API_TOKEN.");
    }

    #[test]
    fn a_credential_of_the_wrong_kind_for_the_place_is_named_without_a_request() {
        for pairs in [&[ORG, TOKEN][..], &[(CONNECTION, "organization"), ORG, TOKEN]] {
            let (message, advice) = failure(pairs);
            assert_eq!(message, "The environment has no ATLASSIAN_API_KEY.");
            assert!(advice.contains("ATLASSIAN_API_TOKEN never works there: a person's e-mail"), "{advice}");
        }
        let (message, advice) = failure(&[ACME, MIA, KEY]);
        assert_eq!(message, "The environment has no ATLASSIAN_API_TOKEN.");
        assert!(advice.contains("ATLASSIAN_API_KEY never works there: an organization's API key"), "{advice}");
    }

    #[test]
    fn several_credentials_have_to_be_chosen_from() {
        let (message, advice) = failure(&[ACME, MIA, TOKEN, ORG, KEY]);
        assert_eq!(message, "The environment has credentials of several kinds.");
        assert_eq!(advice, "Set ATLASSIAN_CONNECTION to one of site, organization.");
        assert!(failure(&[(CONNECTION, "both")]).1.contains("scim, host-signed, or leave it out"));
        assert!(failure(&[(CONNECTION, HOST_SIGNED), ACME, ORG]).0.contains("several"));
    }

    #[test]
    fn a_directory_is_the_organizations_only_and_the_api_url_is_everybodys() {
        let more = [(DIRECTORY_ID, "not an id"), (API_URL, "http://127.0.0.1:1")];
        assert!(read(&[&[ACME, MIA, TOKEN][..], &more].concat()).is_ok());
        assert_eq!(failure(&[&[ORG, KEY][..], &more].concat()).0, "ATLASSIAN_DIRECTORY_ID is not an id.");
        let scim = [("ATLASSIAN_SCIM_KEY", "s3cret"), (SCIM_DIRECTORY_ID, "d-1"), more[1]];
        assert_eq!(read(&scim).unwrap().base().to_string(), "http://127.0.0.1:1");
    }
}
