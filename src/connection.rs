//! Planes, credentials, and the `Authorization` header.

mod credential;
mod environment;

use crate::failure::{Facts, Failure, Result};
use crate::id::{is_id, is_uuid};
use crate::operation::Operation;
use crate::text::cut;
use crate::url::BaseUrl;
pub(crate) use credential::Look;
use credential::Secret;
pub use credential::{Home, Kind};
pub use environment::{cases, variables};

/// Where the gateway and the admin APIs are unless the connection says otherwise.
pub const API_URL: &str = "https://api.atlassian.com";

/// One of the places of Atlassian Cloud with a host and credentials of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plane {
    /// One site: at its own host, such as `https://acme.atlassian.net`, or behind the gateway,
    /// `https://api.atlassian.com/ex`.
    Site,
    /// The organization, at `https://api.atlassian.com/admin` and `/users`.
    Organization,
    /// A directory of an identity provider, at `https://api.atlassian.com/scim`.
    Scim,
}

/// A plane and the credential for it, checked as far as that goes without a request.
#[derive(Clone, Debug)]
pub struct Connection {
    home: Home,
    /// The one host that its requests go to, but for looking up a cloud id.
    base: BaseUrl,
    /// The cloud id, the organization's or the directory's; empty for a site's own host.
    id: String,
    /// The site whose cloud id is not known yet.
    site: Option<BaseUrl>,
    /// One directory of the organization.
    directory: Option<String>,
    kind: Kind,
    email: String,
    /// None where the host signs.
    secret: Option<Secret>,
}

/// What a connection is made of, unchecked; what its kind does not need is empty.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The kind of credential.
    pub kind: Kind,
    /// The plane; read only where the host signs, as else the kind says it.
    pub plane: Plane,
    /// The site, its cloud id, the organization's id or the SCIM directory's.
    pub id: &'a str,
    /// The e-mail address that the token goes with.
    pub email: &'a str,
    /// The token or key.
    pub secret: &'a str,
    /// One directory of the organization.
    pub directory: Option<&'a str>,
    /// What replaces [`API_URL`].
    pub api_url: Option<&'a str>,
}

/// What the caller calls what they gave, for messages.
struct Names {
    id: &'static str,
    email: &'static str,
    secret: &'static str,
    directory: &'static str,
    api_url: &'static str,
}

impl Connection {
    /// A connection by the fields of the contract's cases.
    ///
    /// # Errors
    ///
    /// `invalid-input`, naming the field, without a request.
    pub fn new(given: &Given<'_>) -> Result<Connection> {
        let about = given.kind.about();
        let id = match about.map(|about| about.home) {
            Some(Home::Site | Home::Gateway) => "site",
            Some(Home::Scim) => "directory",
            _ => "id",
        };
        let secret = about.map_or("", |about| about.field);
        Self::named(given, &Names { id, email: "email", secret, directory: "directory", api_url: "api-url" })
    }

    /// A site's own host, as a person with an API token.
    ///
    /// # Errors
    ///
    /// `invalid-input`, naming the field, without a request.
    pub fn site(site: &str, email: &str, api_token: &str) -> Result<Connection> {
        let given = Given { email, ..Given::new(Kind::ApiToken, site, api_token) };
        Self::new(&given)
    }

    /// An organization, by an API key.
    ///
    /// # Errors
    ///
    /// `invalid-input`, naming the field, without a request.
    pub fn organization(id: &str, api_key: &str, directory: Option<&str>, api_url: Option<&str>) -> Result<Connection> {
        Self::new(&Given { directory, api_url, ..Given::new(Kind::ApiKey, id, api_key) })
    }

    fn named(given: &Given<'_>, names: &Names) -> Result<Connection> {
        let about = given.kind.about();
        let home = match (about, given.plane) {
            (Some(about), _) => about.home,
            (None, Plane::Site) if is_uuid(given.id) => Home::Gateway,
            (None, Plane::Site) => Home::Site,
            (None, Plane::Organization) => Home::Organization,
            (None, Plane::Scim) => Home::Scim,
        };
        let mut site = None;
        let mut id = String::new();
        match home {
            Home::Site if is_uuid(given.id) => {
                return Err(Failure::invalid(format!(
                    "{} is a cloud id, and a site's own host goes by its name.",
                    names.id
                ))
                .advise(
                    "Give the host name; a cloud id is for the connections scoped-token, service-account and oauth.",
                ));
            }
            Home::Site => {}
            Home::Gateway if !is_uuid(given.id) => site = Some(base_url(names.id, given.id)?),
            _ => id = checked_id(names.id, given.id, home)?,
        }
        let directory = given.directory.map(|id| checked_id(names.directory, id, home)).transpose()?;
        let base = match home {
            Home::Site => base_url(names.id, given.id)?,
            _ => base_url(names.api_url, given.api_url.unwrap_or(API_URL))?,
        };
        if about.is_some_and(|about| about.is_basic) {
            crate::email::check_unseen(names.email, given.email)?;
        }
        let secret = about.map(|_| Secret::new(names.secret, given.secret)).transpose()?;
        let email = given.email.to_owned();
        Ok(Connection { home, base, id, site, directory, kind: given.kind, email, secret })
    }

    /// The plane it is for.
    pub fn plane(&self) -> Plane {
        self.home.plane()
    }

    /// Where its credential is taken.
    pub fn home(&self) -> Home {
        self.home
    }

    /// The kind of its credential.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where its requests go.
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// The site whose cloud id has to be looked up, for which its host has to be allowed too.
    pub fn site_to_look_up(&self) -> Option<&BaseUrl> {
        self.site.as_ref()
    }

    /// The cloud id, the organization's or the SCIM directory's id, where it is known and there is one.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What the credential looks like, as to the kind that it was given as.
    pub(crate) fn look(&self) -> Look {
        self.secret.as_ref().map_or(Look::Unknown, |secret| secret.look(self.kind))
    }

    /// When the credential expires, where it says so itself.
    pub(crate) fn expires(&self) -> Option<String> {
        self.secret.as_ref()?.expires()
    }

    /// The product that the gateway has to be told before an operation's path; none elsewhere.
    pub(crate) fn product(&self, operation: &Operation) -> Option<&'static str> {
        match operation.path {
            _ if self.home != Home::Gateway => None,
            path if path.starts_with("/rest/") => Some("jira"),
            path if path.starts_with("/wiki/") => Some("confluence"),
            _ => None,
        }
    }

    /// What an operation's `{name}` stands for, where the connection knows it.
    pub(crate) fn path_value(&self, name: &str) -> Option<&str> {
        match (self.home, name) {
            (Home::Organization, "orgId") => Some(&self.id),
            // `-` is every directory that the key may manage.
            (Home::Organization, "directoryId") => Some(self.directory.as_deref().unwrap_or("-")),
            (Home::Scim, "directoryId") => Some(&self.id),
            _ => None,
        }
    }

    /// The value of the `Authorization` header, the one place a secret goes; none where the host
    /// adds it.
    pub(crate) fn authorization(&self) -> Option<String> {
        let secret = self.secret.as_ref()?;
        Some(if self.is_basic() {
            format!("Basic {}", secret.basic(&self.email))
        } else {
            format!("Bearer {}", secret.reveal())
        })
    }

    fn is_basic(&self) -> bool {
        self.kind.about().is_some_and(|about| about.is_basic)
    }

    /// A failure with whatever a server repeated of the credential struck out.
    pub fn redact_all(&self, mut failure: Failure) -> Failure {
        let Facts { message, advice, code, request_id, parts, .. } = &mut *failure;
        [message, advice].into_iter().for_each(|text| self.redact(text));
        [code, request_id].into_iter().flatten().for_each(|text| self.redact(text));
        parts.iter_mut().for_each(|part| self.redact(&mut part.reason));
        failure
    }

    /// A text with whatever a server repeated of the credential struck out.
    pub(crate) fn redact(&self, text: &mut String) {
        let Some(secret) = &self.secret else { return };
        for secret in [secret.basic(&self.email).as_str(), secret.reveal()] {
            // What is shorter is no secret of Atlassian's, and may be part of any word.
            if secret.len() < 8 {
                continue;
            }
            let (mut clean, mut rest) = (String::new(), text.as_str());
            while let Some((before, after)) = cut(rest, secret) {
                clean.extend([before, "[redacted]"]);
                rest = after;
            }
            clean.push_str(rest);
            *text = clean;
        }
    }
}

impl<'a> Given<'a> {
    /// A kind of credential, where it is for, and the secret.
    pub fn new(kind: Kind, id: &'a str, secret: &'a str) -> Given<'a> {
        Given { kind, plane: Plane::Site, id, email: "", secret, directory: None, api_url: None }
    }
}

fn checked_id(name: &str, id: &str, home: Home) -> Result<String> {
    if is_id(id) {
        return Ok(id.to_owned());
    }
    let advice = match home {
        Home::Scim => "It is the end of the SCIM base URL that Atlassian Administration shows for the directory.",
        _ => {
            "It is the part after `/o/` in the address of your Atlassian Administration \
             (admin.atlassian.com/o/<organization id>/…), such as a UUID."
        }
    };
    Err(Failure::invalid(format!("{name} is not an id.")).advise(advice))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Part, PartKind};
    use crate::operations::{confluence, gateway, jira};

    const TOKEN: &str = "ATATT3xFfGF0-s3cret_value=AB12CD34";
    const CLOUD_ID: &str = "70ef3a32-d0da-4e09-b35e-0109f91969c3";

    fn message(result: Result<Connection>) -> String {
        let failure = result.unwrap_err();
        let shown = format!("{failure:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
        failure.message.clone()
    }

    #[test]
    fn basic_is_base64_of_the_two_joined_and_bearer_is_the_secret_alone() {
        let given = |kind| Given { email: "mia@example.com", ..Given::new(kind, CLOUD_ID, "token") };
        let header = |given: &Given<'_>| Connection::new(given).unwrap().authorization();
        let basic = Some("Basic bWlhQGV4YW1wbGUuY29tOnRva2Vu".to_owned());
        assert_eq!(header(&Given { id: "acme.atlassian.net", ..given(Kind::ApiToken) }), basic);
        assert_eq!(header(&given(Kind::ScopedToken)), basic);
        for kind in [Kind::ServiceAccount, Kind::OAuth, Kind::ApiKey, Kind::ScimKey] {
            assert_eq!(header(&given(kind)).as_deref(), Some("Bearer token"), "{kind:?}");
        }
        assert_eq!(header(&given(Kind::HostSigned)), None);
    }

    #[test]
    fn the_gateway_is_told_the_product_and_nobody_else_is() {
        let product = |connection: &Connection, operation| connection.product(operation);
        let gateway = Connection::new(&Given::new(Kind::OAuth, CLOUD_ID, "token")).unwrap();
        assert_eq!(product(&gateway, &jira::FIND_USERS), Some("jira"));
        assert_eq!(product(&gateway, &confluence::INVITE), Some("confluence"));
        assert_eq!(product(&gateway, &gateway::ACCESSIBLE_RESOURCES), None);
        assert_eq!(gateway.base().to_string(), API_URL);
        let site = Connection::site("acme.atlassian.net", "mia@example.com", "t").unwrap();
        assert_eq!(product(&site, &jira::FIND_USERS), None);
        let by_name = Connection::new(&Given::new(Kind::OAuth, "acme.atlassian.net", "token")).unwrap();
        assert_eq!(by_name.site_to_look_up().map(ToString::to_string).as_deref(), Some("https://acme.atlassian.net"));
    }

    #[test]
    fn what_the_host_signs_is_told_apart_by_plane_and_id() {
        let home = |plane, id| {
            Connection::new(&Given { plane, ..Given::new(Kind::HostSigned, id, "") }).map(|connection| connection.home)
        };
        assert_eq!(home(Plane::Site, "acme.atlassian.net").unwrap(), Home::Site);
        assert_eq!(home(Plane::Site, CLOUD_ID).unwrap(), Home::Gateway);
        assert_eq!(home(Plane::Organization, "o-1").unwrap(), Home::Organization);
        assert_eq!(home(Plane::Scim, "d-1").unwrap(), Home::Scim);
        assert!(home(Plane::Organization, "acme.atlassian.net").is_err());
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
    fn debug_shows_no_secret_of_any_kind() {
        let kinds = [Kind::ApiToken, Kind::ScopedToken, Kind::ServiceAccount, Kind::OAuth, Kind::ApiKey, Kind::ScimKey];
        for kind in kinds {
            let id = if kind == Kind::ApiToken { "acme.atlassian.net" } else { CLOUD_ID };
            let given = Given { email: "mia@example.com", ..Given::new(kind, id, TOKEN) };
            let shown = format!("{:?}", Connection::new(&given).unwrap());
            assert!(shown.contains("[redacted]") && !shown.contains("s3cret"), "{shown}");
        }
    }

    #[test]
    fn debug_shows_no_secret_and_echoes_are_struck_out() {
        let connection = Connection::site("acme.atlassian.net", "mia@example.com", TOKEN).unwrap();
        assert!(!format!("{connection:?}").contains(TOKEN));
        let mut echo = Failure::invalid(format!("you sent {} with {TOKEN}", connection.authorization().unwrap()));
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
