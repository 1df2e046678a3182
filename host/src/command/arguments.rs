//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use usher_host::{Access, Role};

/// Atlassian Cloud administration from a sandboxed component.
///
/// The connection comes from the environment. A site: ATLASSIAN_SITE, ATLASSIAN_EMAIL and
/// ATLASSIAN_API_TOKEN. An organization: ATLASSIAN_ORG_ID and ATLASSIAN_API_KEY, and if need be
/// ATLASSIAN_DIRECTORY_ID and ATLASSIAN_API_URL (what replaces `https://api.atlassian.com`).
#[derive(Parser)]
#[command(name = "usher", version)]
pub(crate) struct Arguments {
    /// Which connection to use, where the environment describes both.
    #[arg(long, global = true, value_name = "PLANE")]
    pub(crate) connection: Option<Plane>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Verb(Verb),
    /// Write the component itself, to load it elsewhere.
    Component {
        /// The file.
        #[arg(long, short, default_value = "usher.wasm")]
        output: PathBuf,
    },
}

/// What is asked of the component.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Find a person's account by their e-mail address.
    Find {
        /// The e-mail address, whole.
        email: String,
    },
    /// Invite a person, and do only what is not so yet.
    Invite {
        /// The e-mail address.
        email: String,
        /// A group they should be in, by name or id; may be given several times.
        #[arg(long, value_name = "GROUP")]
        group: Vec<String>,
        /// A product they should have access to, such as jira-software, or with a role
        /// confluence=guest; may be given several times.
        #[arg(long, value_name = "PRODUCT[=ROLE]", value_parser = access)]
        product: Vec<Access>,
        /// The text of an e-mail to them (organization only).
        #[arg(long, value_name = "TEXT")]
        message: Option<String>,
    },
    /// Find groups and add people to them.
    Group {
        #[command(subcommand)]
        command: GroupCommand,
    },
}

#[derive(Subcommand)]
pub(crate) enum GroupCommand {
    /// Find a group.
    Find {
        /// The group's name or id.
        group: String,
    },
    /// Add a person to a group.
    Add {
        /// The group's name or id.
        group: String,
        /// The person's e-mail address or account id.
        person: String,
    },
}

/// One of the two planes.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Plane {
    /// ATLASSIAN_SITE and the person's API token.
    Site,
    /// ATLASSIAN_ORG_ID and its API key.
    Organization,
}

impl Plane {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Plane::Site => "site",
            Plane::Organization => "organization",
        }
    }
}

const ROLES: [(&str, Role); 8] = [
    ("user", Role::User),
    ("admin", Role::Admin),
    ("guest", Role::Guest),
    ("contributor", Role::Contributor),
    ("customer", Role::Customer),
    ("basic", Role::Basic),
    ("stakeholder", Role::Stakeholder),
    ("viewer", Role::Viewer),
];

/// Reads `product` or `product=role`.
fn access(text: &str) -> Result<Access, String> {
    let (product, role) = text.split_once('=').unwrap_or((text, "user"));
    let known = ROLES.iter().find(|(name, _)| *name == role);
    let role = known.map(|(_, role)| *role).ok_or_else(|| {
        let names: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
        format!("there is no role `{role}`; there are {}", names.join(", "))
    })?;
    Ok(Access { product: product.to_owned(), role })
}
