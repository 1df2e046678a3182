//! The contract's connection, with its secrets out of sight.

use crate::Plane;
use crate::bindings::exports::usher::atlassian::types as wit;
use std::fmt;

/// A plane of Atlassian Cloud and a credential that it takes; the contract's `connection`.
///
/// What is wrong with it the component says, as a failure. `Debug` shows the kind and the place, and
/// never a secret.
#[derive(Clone)]
pub struct Connection(pub(crate) wit::Connection);

impl Connection {
    /// A site on its own host, as a person: their e-mail address and an API token without scopes.
    pub fn site(site: impl Into<String>, email: impl Into<String>, api_token: impl Into<String>) -> Connection {
        let (site, email, api_token) = (site.into(), email.into(), api_token.into());
        Connection(wit::Connection::Site(wit::Site { site, email, api_token }))
    }

    /// A site through the gateway, as a person: the site's host or cloud id, their e-mail address and
    /// a scoped API token.
    pub fn scoped_token(site: impl Into<String>, email: impl Into<String>, api_token: impl Into<String>) -> Connection {
        let (site, email, api_token) = (site.into(), email.into(), api_token.into());
        Connection(wit::Connection::ScopedToken(wit::ScopedToken { site, email, api_token, api_url: None }))
    }

    /// A site through the gateway, as a service account.
    pub fn service_account(site: impl Into<String>, token: impl Into<String>) -> Connection {
        let (site, token) = (site.into(), token.into());
        Connection(wit::Connection::ServiceAccount(wit::Bearer { site, token, api_url: None }))
    }

    /// A site through the gateway, by an OAuth 2.0 access token.
    pub fn oauth(site: impl Into<String>, token: impl Into<String>) -> Connection {
        let (site, token) = (site.into(), token.into());
        Connection(wit::Connection::Oauth(wit::Bearer { site, token, api_url: None }))
    }

    /// A whole organization, by an API key.
    pub fn organization(id: impl Into<String>, api_key: impl Into<String>) -> Connection {
        let (id, api_key) = (id.into(), api_key.into());
        Connection(wit::Connection::Organization(wit::Organization { id, api_key, directory: None, api_url: None }))
    }

    /// A SCIM directory, by its key.
    pub fn scim(directory: impl Into<String>, key: impl Into<String>) -> Connection {
        let (directory, key) = (directory.into(), key.into());
        Connection(wit::Connection::Scim(wit::Scim { directory, key, api_url: None }))
    }

    /// Any plane, where the host adds the `Authorization` header; see [`Grants::signed`].
    ///
    /// [`Grants::signed`]: crate::Grants::signed
    pub fn host_signed(plane: Plane, id: impl Into<String>) -> Connection {
        Connection(wit::Connection::HostSigned(wit::HostSigned { plane, id: id.into(), api_url: None }))
    }

    /// Whichever of them the granted environment describes.
    pub fn environment() -> Connection {
        Connection(wit::Connection::Environment)
    }

    /// The same in one directory of the organization; nothing else has one.
    pub fn in_directory(mut self, id: impl Into<String>) -> Connection {
        if let wit::Connection::Organization(organization) = &mut self.0 {
            organization.directory = Some(id.into());
        }
        self
    }

    /// The same with this in the place of `https://api.atlassian.com`; a site on its own host and the
    /// environment do not go there by their own.
    pub fn with_api_url(mut self, url: impl Into<String>) -> Connection {
        use wit::Connection as Case;
        match &mut self.0 {
            Case::ScopedToken(it) => it.api_url = Some(url.into()),
            Case::ServiceAccount(it) | Case::Oauth(it) => it.api_url = Some(url.into()),
            Case::Organization(it) => it.api_url = Some(url.into()),
            Case::Scim(it) => it.api_url = Some(url.into()),
            Case::HostSigned(it) => it.api_url = Some(url.into()),
            Case::Site(_) | Case::Environment => {}
        }
        self
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use wit::Connection as Case;
        let (case, place) = match &self.0 {
            Case::Site(it) => ("site", it.site.as_str()),
            Case::ScopedToken(it) => ("scoped-token", it.site.as_str()),
            Case::ServiceAccount(it) => ("service-account", it.site.as_str()),
            Case::Oauth(it) => ("oauth", it.site.as_str()),
            Case::Organization(it) => ("organization", it.id.as_str()),
            Case::Scim(it) => ("scim", it.directory.as_str()),
            Case::HostSigned(it) => ("host-signed", it.id.as_str()),
            Case::Environment => ("environment", ""),
        };
        // A secret put into the wrong field is longer than most names of places.
        let place = if place.len() > 64 { "[long]" } else { place };
        write!(f, "Connection({case} {place})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_kind_and_the_place_and_no_secret() {
        let secret = "ATATT3xFfGF0-s3cret";
        for (connection, shown) in [
            (Connection::site("acme.atlassian.net", "a@b.c", secret), "Connection(site acme.atlassian.net)"),
            (
                Connection::scoped_token("acme.atlassian.net", "a@b.c", secret),
                "Connection(scoped-token acme.atlassian.net)",
            ),
            (Connection::service_account("cloud", secret), "Connection(service-account cloud)"),
            (Connection::oauth("cloud", secret), "Connection(oauth cloud)"),
            (Connection::organization("o-1", secret).in_directory("d"), "Connection(organization o-1)"),
            (Connection::scim("d-1", secret).with_api_url("http://localhost"), "Connection(scim d-1)"),
            (Connection::host_signed(Plane::Site, "cloud"), "Connection(host-signed cloud)"),
            (Connection::environment(), "Connection(environment )"),
        ] {
            assert_eq!(format!("{connection:?}"), shown);
        }
    }
}
