//! What the sandbox is granted: the connection's variables, and the hosts they lead to.

use super::arguments::ConnectionArguments;
use std::collections::HashMap;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;
use usher::connection::{self, Connection};
use usher_host::{Grants, Network};

const DEADLINE: &str = "USHER_DEADLINE_MS";

const RETRIES: &str = "USHER_RETRIES";

const CA_FILE: &str = "USHER_CA_FILE";

const CONNECTION: &str = "ATLASSIAN_CONNECTION";

/// The header of a connection that the host signs. The component never sees it.
const AUTHORIZATION: &str = "ATLASSIAN_AUTHORIZATION";

/// Reads environment and flags, for what the sandbox gets and for how its requests get out; a flag
/// stands before its variable, and what is empty is not there.
///
/// # Errors
///
/// What is wrong with the command line, in words that repeat nothing of it: people put secrets into
/// the wrong place.
pub(super) fn read(
    arguments: &ConnectionArguments,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(Grants, Network), String> {
    let known = || connection::cases().map(|(case, _)| case).collect::<Vec<_>>().join(", ");
    let flags = [
        (CONNECTION, &arguments.connection),
        ("ATLASSIAN_SITE", &arguments.site),
        ("ATLASSIAN_EMAIL", &arguments.account_email),
        ("ATLASSIAN_ORG_ID", &arguments.org_id),
        ("ATLASSIAN_DIRECTORY_ID", &arguments.directory_id),
        ("ATLASSIAN_SCIM_DIRECTORY_ID", &arguments.scim_directory_id),
        ("ATLASSIAN_API_URL", &arguments.api_url),
        (DEADLINE, &arguments.deadline_ms.map(|deadline| deadline.to_string())),
        (RETRIES, &arguments.retries.map(|retries| retries.to_string())),
    ];
    let given = |name: &str| {
        let flag = flags.iter().find(|(variable, _)| *variable == name).and_then(|(_, flag)| flag.as_ref());
        flag.cloned().or_else(|| variable(name)).filter(|value| !value.is_empty())
    };
    let names = connection::variables().chain([DEADLINE, RETRIES, AUTHORIZATION]);
    let mut settings: HashMap<&str, String> = names.filter_map(|name| Some((name, given(name)?))).collect();
    let named = settings.get(CONNECTION).cloned();
    let case = named.as_ref().and_then(|named| connection::cases().find(|(case, _)| case == named));
    if named.is_some() && case.is_none() {
        return Err(format!("--connection is none of the kinds there are: {}", known()));
    }
    if let Some(file) = &arguments.secret_file {
        let (_, variable) =
            case.ok_or_else(|| format!("--secret-file needs --connection, to tell its kind: {}", known()))?;
        settings.insert(variable.unwrap_or(AUTHORIZATION), secret(file)?);
    }
    let authorization = settings.remove(AUTHORIZATION);
    let secrets = || connection::cases().filter_map(|(_, variable)| variable);
    if authorization.is_some() && named.is_none() && !secrets().any(|variable| settings.contains_key(variable)) {
        settings.insert(CONNECTION, "host-signed".to_owned());
    }

    let mut grants = Grants::new();
    // What is no number is for the component to refuse.
    if let Some(deadline) = settings.get(DEADLINE).and_then(|text| text.parse::<u32>().ok()) {
        settings.remove(DEADLINE);
        grants = grants.deadline(Duration::from_millis(deadline.into()));
    }
    // Where the settings make no connection there is no host to grant, and the component says what
    // is wrong with them.
    if let Ok(connection) = Connection::from_environment(&|name| settings.get(name).map(String::as_str)) {
        for host in [Some(connection.base()), connection.site_to_look_up()].into_iter().flatten() {
            grants = grants.host(&host.to_string()).map_err(|error| error.to_string())?;
        }
        if let (connection::Kind::HostSigned, Some(value)) = (connection.kind(), &authorization) {
            grants = grants.signed(value.trim()).map_err(|error| error.to_string())?;
        }
        // A secret that is not used has no business in the sandbox.
        let used = connection.kind().variable();
        settings.retain(|name, _| Some(*name) == used || !secrets().any(|variable| variable == *name));
    }
    let grants = settings.iter().fold(grants, |grants, (name, value)| grants.variable(name, value));
    let mut network = Network::from_environment();
    let file = arguments.ca_file.clone().or_else(|| variable(CA_FILE).filter(|file| !file.is_empty()).map(Into::into));
    if let Some(file) = file {
        network = network.trust(&file).map_err(|error| format!("--ca-file: {error}"))?;
    }
    Ok((grants, network))
}

/// The site or the organization that is meant, as far as it is named.
pub(super) fn place(arguments: &ConnectionArguments) -> String {
    let named =
        |flag: &Option<String>, name: &str| flag.clone().or_else(|| std::env::var(name).ok()).unwrap_or_default();
    let site = named(&arguments.site, "ATLASSIAN_SITE");
    format!("{site} {}", named(&arguments.org_id, "ATLASSIAN_ORG_ID")).trim().to_owned()
}

/// Whether somebody says how long a call may take.
pub(super) fn has_deadline(arguments: &ConnectionArguments) -> bool {
    arguments.deadline_ms.is_some() || std::env::var(DEADLINE).is_ok_and(|value| !value.is_empty())
}

/// The credential in a file, without the line break at its end that editors make.
fn secret(file: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().read_to_string(&mut text),
        _ => std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text)),
    };
    read.map_err(|error| format!("--secret-file: {error}"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    fn grants(pairs: &[(&str, &str)]) -> String {
        let variable = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        format!("{:?}", read(&ConnectionArguments::default(), variable).unwrap().0)
    }

    #[test]
    fn of_several_secrets_the_sandbox_gets_the_one_that_is_used() {
        let all = [
            ("ATLASSIAN_SITE", "acme.atlassian.net"),
            ("ATLASSIAN_EMAIL", "a@b.c"),
            ("ATLASSIAN_API_TOKEN", "token"),
            ("ATLASSIAN_API_KEY", "key"),
            ("ATLASSIAN_OAUTH_TOKEN", "oauth"),
            ("ATLASSIAN_AUTHORIZATION", "Bearer x"),
            ("ATLASSIAN_CONNECTION", "site"),
        ];
        let site = grants(&all);
        assert!(site.contains("ATLASSIAN_API_TOKEN") && site.contains("ATLASSIAN_CONNECTION"), "{site}");
        for other in ["ATLASSIAN_API_KEY", "ATLASSIAN_OAUTH_TOKEN", "ATLASSIAN_AUTHORIZATION", "Sensitive"] {
            assert!(!site.contains(other), "{site}");
        }
        let signed = grants(&[&all[..6], &[("ATLASSIAN_CONNECTION", "host-signed")]].concat());
        assert!(!signed.contains("_TOKEN") && !signed.contains("_KEY") && signed.contains("Sensitive"), "{signed}");
    }

    #[test]
    fn a_cloud_id_that_is_looked_up_takes_two_hosts_and_a_wrong_connection_none() {
        let token = ("ATLASSIAN_OAUTH_TOKEN", "oauth");
        let by_name = grants(&[("ATLASSIAN_SITE", "acme.atlassian.net"), token]);
        assert!(by_name.contains("acme.atlassian.net") && by_name.contains("api.atlassian.com"), "{by_name}");
        assert!(grants(&[("ATLASSIAN_SITE", "acme"), token]).contains("hosts: []"));
    }
}
