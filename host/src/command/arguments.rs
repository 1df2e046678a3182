//! The command line.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use usher_host::{Access, Departure, Role};

/// Atlassian Cloud administration from a sandboxed component.
///
/// A connection is a place and a credential. The place is a site, an organization or a SCIM
/// directory; the credential comes from the environment, in the variable of its kind, or from a
/// file. `usher doctor` tells what a connection can do, and why it cannot.
#[derive(Parser)]
#[command(name = "usher", version, after_help = CREDENTIALS)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) connection: ConnectionArguments,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const CREDENTIALS: &str = "\
Credentials, each for the --connection it is named after:
  site             ATLASSIAN_API_TOKEN              with ATLASSIAN_EMAIL and ATLASSIAN_SITE
  scoped-token     ATLASSIAN_SCOPED_TOKEN           with ATLASSIAN_EMAIL and ATLASSIAN_SITE
  service-account  ATLASSIAN_SERVICE_ACCOUNT_TOKEN  with ATLASSIAN_SITE
  oauth            ATLASSIAN_OAUTH_TOKEN            with ATLASSIAN_SITE
  organization     ATLASSIAN_API_KEY                with ATLASSIAN_ORG_ID
  scim             ATLASSIAN_SCIM_KEY               with ATLASSIAN_SCIM_DIRECTORY_ID
  host-signed      ATLASSIAN_AUTHORIZATION          with one of the three places

The last is a whole header, which is added outside of the sandbox and never gets in.";

/// What the connection is; each flag stands before the variable that it names.
#[derive(Args, Default)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArguments {
    /// The kind of credential, where the environment has several; `usher --help` lists them
    /// [ATLASSIAN_CONNECTION].
    #[arg(long, global = true, value_name = "KIND")]
    pub(crate) connection: Option<String>,
    /// The site: its host name, its URL, or behind the gateway its cloud id [ATLASSIAN_SITE].
    #[arg(long, global = true, value_name = "HOST")]
    pub(crate) site: Option<String>,
    /// The e-mail address of the account that an API token belongs to [ATLASSIAN_EMAIL].
    // Its own name: `find` and `invite` have an `email` of theirs, which would be taken for it.
    #[arg(long = "email", global = true, value_name = "ADDRESS")]
    pub(crate) account_email: Option<String>,
    /// The organization [ATLASSIAN_ORG_ID].
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) org_id: Option<String>,
    /// One directory of the organization; all that the key reaches if it is left out
    /// [ATLASSIAN_DIRECTORY_ID].
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) directory_id: Option<String>,
    /// The SCIM directory [ATLASSIAN_SCIM_DIRECTORY_ID].
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) scim_directory_id: Option<String>,
    /// What replaces https://api.atlassian.com [ATLASSIAN_API_URL].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) api_url: Option<String>,
    /// How long a call may take, in milliseconds; 60000 if it is not given [USHER_DEADLINE_MS].
    #[arg(long, global = true, value_name = "MS", help_heading = "Network")]
    pub(crate) deadline_ms: Option<u32>,
    /// How often a request is sent again at most, where that is safe; 4 if it is not given, 0 never
    /// [USHER_RETRIES].
    #[arg(long, global = true, value_name = "TIMES", help_heading = "Network")]
    pub(crate) retries: Option<u32>,
    /// A PEM file of certificates to trust besides the system's [USHER_CA_FILE]. A proxy is taken from
    /// HTTPS_PROXY and NO_PROXY.
    #[arg(long, global = true, value_name = "FILE", help_heading = "Network")]
    pub(crate) ca_file: Option<PathBuf>,
    /// A file that holds the credential of the --connection; `-` is standard input. A token on the
    /// command line could be read by everybody on the machine.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
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
    /// Take a person's access to everything in their directory away, and keep what they had
    /// (organization only).
    Suspend {
        /// Their account id or e-mail address.
        person: String,
    },
    /// Give a suspended person their access back (organization only).
    Restore {
        /// Their account id or e-mail address.
        person: String,
    },
    /// Remove a person from their directory; to come back they have to be invited again (organization
    /// only).
    Remove {
        /// Their account id or e-mail address.
        person: String,
    },
    /// Tell what the connection can do, and why it cannot. It changes nothing.
    Doctor,
    /// Bring many people to the state that a file wants for them.
    Rollout {
        #[command(subcommand)]
        command: RolloutCommand,
    },
    /// Find, create and delete groups, add people and remove them.
    Group {
        #[command(subcommand)]
        command: GroupCommand,
    },
}

#[derive(Subcommand)]
pub(crate) enum RolloutCommand {
    /// Show what there is to do. It changes nothing.
    #[command(after_help = FILES)]
    Plan {
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Do it, after showing it and asking.
    ///
    /// The exit status is 0 if everybody is as wanted, 3 if only some are or something was changed, and 1 if nothing
    /// was done. Ctrl-C stops after what is on its way.
    #[command(after_help = FILES)]
    Apply {
        #[command(flatten)]
        wanted: Wanted,
        #[command(flatten)]
        how: How,
    },
}

const FILES: &str = "\
The file is CSV with a heading, JSON or YAML. Its columns, or fields of a list's items:
  email   the person's e-mail address
  groups  the groups they should be in, by name or id
  access  products, such as jira-software, or with a role confluence=guest
  state   present, or gone; present if it is left out
Several values in a cell are parted by ; or |. Of somebody who should be gone, the groups are those to
leave, and all if there are none.";

/// What is wanted.
#[derive(Args)]
pub(crate) struct Wanted {
    /// The people: a .csv, .json or .yaml file; `-` is CSV from standard input.
    pub(crate) file: PathBuf,
    /// Take people out of the groups that the file does not name for them.
    #[arg(long)]
    pub(crate) exactly: bool,
    /// What it means to be gone: `leave-groups`, `suspend` or `remove`.
    #[arg(long, value_name = "HOW", default_value = "leave-groups", value_parser = departure)]
    pub(crate) gone: Departure,
    /// How many requests may be on their way at once: 16 if it is not given, 64 at most.
    #[arg(long, value_name = "REQUESTS")]
    pub(crate) window: Option<u32>,
    /// Leave out the rows and people that something is wrong with, instead of doing nothing.
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

/// How to apply it.
#[derive(Args)]
pub(crate) struct How {
    /// Do not ask.
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Go on where an earlier run stopped, by its journal.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Where the journal is: one line of JSON for each person, written when the part of
    /// the steps ends that the person is in. If it is
    /// not given, beside the file, with .journal.jsonl at its end.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Where to write what became of everybody, as CSV; beside the file, with .results.csv at its end,
    /// if it is not given.
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
    /// The text of an e-mail to everybody who is invited (organization only).
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// How many sandboxes work at once. One fills its window; more help only where computing is what
    /// takes long, and they do not know of each other's requests.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    pub(crate) sandboxes: u8,
}

fn departure(text: &str) -> Result<Departure, String> {
    match text {
        "leave-groups" => Ok(Departure::LeaveGroups),
        "suspend" => Ok(Departure::Suspend),
        "remove" => Ok(Departure::Remove),
        _ => Err("there are leave-groups, suspend and remove".into()),
    }
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
    /// Remove a person from a group.
    Remove {
        /// The group's name or id.
        group: String,
        /// The person's e-mail address or account id.
        person: String,
    },
    /// Create a group, unless there is one of that name.
    Create {
        /// The group's name.
        name: String,
        /// What it is for (organization only).
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Delete a group, if it is there.
    Delete {
        /// The group's name or id.
        group: String,
    },
}

impl Arguments {
    /// Reads the command line, and ends the process where it is wrong.
    ///
    /// clap repeats what it does not know, and people put a token where none belongs; so whatever
    /// looks like one is struck out of its message.
    pub(crate) fn read() -> Arguments {
        Arguments::try_parse().unwrap_or_else(|error| {
            let text = error.render().to_string();
            if !SECRETS.iter().any(|begin| text.contains(begin)) {
                error.exit();
            }
            let is_end = |c: char| c.is_whitespace() || "'\"=".contains(c);
            for word in text.split_inclusive(is_end) {
                let end = &word[word.trim_end_matches(is_end).len()..];
                let is_secret = SECRETS.iter().any(|begin| word.contains(begin));
                if is_secret { eprint!("[redacted]{end}") } else { eprint!("{word}") }
            }
            std::process::exit(2);
        })
    }
}

/// How Atlassian's tokens and keys begin, and a JWT.
const SECRETS: [&str; 4] = ["ATATT", "ATCTT", "ATSTT", "eyJ"];

pub(crate) const ROLES: [(&str, Role); 8] = [
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
pub(crate) fn access(text: &str) -> Result<Access, String> {
    let (product, role) = text.split_once('=').unwrap_or((text, "user"));
    let known = ROLES.iter().find(|(name, _)| *name == role);
    let role = known.map(|(_, role)| *role).ok_or_else(|| {
        let names: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
        format!("there is no role `{role}`; there are {}", names.join(", "))
    })?;
    Ok(Access { product: product.to_owned(), role })
}
