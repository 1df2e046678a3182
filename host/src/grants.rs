//! What a sandbox is granted: environment, host names, and limits.

use std::fmt;
use std::time::Duration;
use usher::url::BaseUrl;

/// What one sandbox may see and reach; nothing unless it is named here.
#[derive(Clone, Default)]
pub struct Grants {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) hosts: Vec<BaseUrl>,
    pub(crate) limits: Limits,
}

/// How much one sandbox may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most memory that the component may have, in bytes.
    pub memory: usize,
    /// How long a call may take, the waiting for HTTP included. The component ends its calls by
    /// itself before that, and then says why; this is for a component that does not.
    pub time: Duration,
}

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
        self.hosts.push(base);
        Ok(self)
    }

    /// Sets the limits.
    pub fn limits(self, limits: Limits) -> Grants {
        Grants { limits, ..self }
    }

    /// Whether a request to this place is allowed: scheme, name and port all have to be.
    pub(crate) fn allows(&self, uri: &http::Uri) -> bool {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
        // User-info is no part of where a request goes, and there is no use for it here.
        if authority.as_str().contains('@') {
            return false;
        }
        let port = |port: Option<u16>, https: bool| port.unwrap_or(if https { 443 } else { 80 });
        self.hosts.iter().any(|base| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_allowed_by_scheme_name_and_port_together() {
        let grants = Grants::new().host("acme.atlassian.net").unwrap().host("http://127.0.0.1:8080").unwrap();
        for allowed in
            ["https://acme.atlassian.net/rest", "https://ACME.atlassian.net:443/", "http://127.0.0.1:8080/x?y"]
        {
            assert!(grants.allows(&allowed.parse().unwrap()), "{allowed}");
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
            assert!(!grants.allows(&denied.parse().unwrap()), "{denied}");
        }
    }

    #[test]
    fn debug_names_variables_without_their_values() {
        let shown = format!("{:?}", Grants::new().variable("ATLASSIAN_API_TOKEN", "s3cret"));
        assert!(shown.contains("ATLASSIAN_API_TOKEN") && !shown.contains("s3cret"), "{shown}");
    }
}
