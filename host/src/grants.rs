//! What a sandbox is granted: environment, host names, and limits.

use http::HeaderValue;
use std::fmt;
use std::time::Duration;
use usher::url::BaseUrl;

/// What one sandbox may see and reach; nothing unless it is named here.
#[derive(Clone, Default)]
pub struct Grants {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) limits: Limits,
}

/// A host that may be reached.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    base: BaseUrl,
    /// What every request to it gets as `Authorization`; marked as sensitive, which hides it.
    pub(crate) authorization: Option<HeaderValue>,
}

/// How much one sandbox may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most memory that the component may have, in bytes.
    pub memory: usize,
    /// How long a call may take, the waiting for HTTP included. The component ends its calls by
    /// itself before that, and then says why; this is for a component that does not. A deadline
    /// beyond it is set with [`Grants::deadline`].
    pub time: Duration,
}

/// How much longer than its deadline the component may take before it is stopped.
const GRACE: Duration = Duration::from_secs(5);

impl Default for Limits {
    fn default() -> Limits {
        Limits { memory: 32 << 20, time: Duration::from_secs(90) }
    }
}

impl Grants {
    /// Grants nothing.
    pub fn new() -> Grants {
        Grants::default()
    }

    /// Grants an environment variable.
    pub fn variable(mut self, name: &str, value: impl Into<String>) -> Grants {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Grants a host: its name, or a URL of scheme, name and port. A name alone means `https` at
    /// its usual port.
    ///
    /// # Errors
    ///
    /// Fails if it is no host.
    pub fn host(mut self, host: &str) -> Result<Grants, NotAHost> {
        let base = BaseUrl::parse(host).map_err(NotAHost)?;
        self.hosts.push(Host { base, authorization: None });
        Ok(self)
    }

    /// Adds this `Authorization` header to every request to the hosts granted so far, in the place of
    /// any other: the credential then never gets into the sandbox, and its connection is
    /// `host-signed`.
    ///
    /// # Errors
    ///
    /// Fails if it is no value of a header.
    pub fn signed(mut self, authorization: &str) -> Result<Grants, NotAHeader> {
        let mut value = HeaderValue::from_str(authorization).map_err(|_| NotAHeader)?;
        value.set_sensitive(true);
        for host in &mut self.hosts {
            host.authorization = Some(value.clone());
        }
        Ok(self)
    }

    /// Sets how long a call may take: the component ends it by itself then, and is stopped a little later
    /// if it does not.
    pub fn deadline(mut self, deadline: Duration) -> Grants {
        self.limits.time = deadline.saturating_add(GRACE);
        self.variable("USHER_DEADLINE_MS", deadline.as_millis().min(u128::from(u32::MAX)).to_string())
    }

    /// Sets the limits.
    pub fn limits(self, limits: Limits) -> Grants {
        Grants { limits, ..self }
    }

    /// The host of a request that is allowed: scheme, name and port all have to be.
    pub(crate) fn allowed(&self, uri: &http::Uri) -> Option<&Host> {
        let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
        // User-info is no part of where a request goes, and there is no use for it here.
        if authority.as_str().contains('@') {
            return None;
        }
        let port = |port: Option<u16>, https: bool| port.unwrap_or(if https { 443 } else { 80 });
        self.hosts.iter().find(|Host { base, .. }| {
            let allowed: Option<http::uri::Authority> = base.authority().parse().ok();
            allowed.is_some_and(|allowed| {
                scheme == if base.is_https() { "https" } else { "http" }
                    && allowed.host().eq_ignore_ascii_case(authority.host())
                    && port(allowed.port_u16(), base.is_https()) == port(authority.port_u16(), scheme == "https")
            })
        })
    }
}

impl fmt::Debug for Grants {
    /// Names variables without their values, which are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.environment.iter().map(|(name, _)| name.as_str()).collect();
        let Grants { hosts, limits, .. } = self;
        f.debug_struct("Grants").field("environment", &names).field("hosts", hosts).field("limits", limits).finish()
    }
}

/// A host that is none. It is not repeated: what is wrong with it may be a password in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAHost(&'static str);

impl fmt::Display for NotAHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the host {}", self.0)
    }
}

impl std::error::Error for NotAHost {}

/// An `Authorization` header that is none. It is not repeated: it is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAHeader;

impl fmt::Display for NotAHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the Authorization header has characters that no header has, such as a line break")
    }
}

impl std::error::Error for NotAHeader {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_allowed_by_scheme_name_and_port_together() {
        let grants = Grants::new().host("acme.atlassian.net").unwrap().host("http://127.0.0.1:8080").unwrap();
        for allowed in
            ["https://acme.atlassian.net/rest", "https://ACME.atlassian.net:443/", "http://127.0.0.1:8080/x?y"]
        {
            assert!(grants.allowed(&allowed.parse().unwrap()).is_some(), "{allowed}");
        }
        for denied in [
            "http://acme.atlassian.net/",
            "https://acme.atlassian.net:444/",
            "https://evil.atlassian.net/",
            "https://acme.atlassian.net.evil.example/",
            "https://acme.atlassian.net@evil.example/",
            "http://127.0.0.1/",
            "http://127.0.0.1:8081/",
            "https://127.0.0.1:8080/",
            "/relative",
        ] {
            assert!(grants.allowed(&denied.parse().unwrap()).is_none(), "{denied}");
        }
    }

    #[test]
    fn a_deadline_is_the_components_and_a_little_later_the_sandboxs() {
        let grants = Grants::new().deadline(Duration::from_secs(120));
        assert_eq!(grants.environment, [("USHER_DEADLINE_MS".to_owned(), "120000".to_owned())]);
        assert!(grants.limits.time > Duration::from_secs(120));
    }

    #[test]
    fn debug_names_variables_without_their_values_and_hides_what_signs() {
        let grants = Grants::new().variable("ATLASSIAN_API_TOKEN", "s3cret").host("acme.atlassian.net").unwrap();
        let shown = format!("{:?}", grants.signed("Bearer s3cret").unwrap());
        assert!(shown.contains("ATLASSIAN_API_TOKEN") && !shown.contains("s3cret"), "{shown}");
        assert!(!format!("{:?}", Grants::new().signed("s3cret\n")).contains("s3cret"));
    }
}
