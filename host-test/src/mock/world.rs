//! The state of the mock: an organization with one site, its people, groups and products.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// The organization's id.
pub const ORG_ID: &str = "9f0a1b2c-3d4e-4f5a-8b6c-7d8e9f0a1b2c";
/// The organization's API key.
pub const API_KEY: &str = "ATCTT3xFfGN0-mock-organization-api-key";
/// Another key of the organization, made with scopes that only read people and groups.
pub const SCOPED_API_KEY: &str = "ATCTT3xFfGN0-mock-organization-scoped-key";
/// The organization's user directory.
pub const DIRECTORY_ID: &str = "d1f6e8a0-5b7c-4e2d-9a3f-0c1b2d3e4f5a";
/// The e-mail address of the site's admin.
pub const ADMIN_EMAIL: &str = "admin@acme.example";
/// The API token of the site's admin.
pub const API_TOKEN: &str = "ATATT3xFfGF0-mock-site-api-token";

/// A scoped API token of the site's admin, with every scope.
pub const SCOPED_TOKEN: &str = "ATATT3xFfGF0-mock-scoped-token-with-all";
/// A scoped API token of the site's admin, which may read Jira's people and nothing else.
pub const NARROW_TOKEN: &str = "ATATT3xFfGF0-mock-narrow-token-with-one";
/// A service account's token.
pub const SERVICE_TOKEN: &str = "ATSTT3xFfGF0-mock-service-account-token";
/// An OAuth 2.0 access token: a JWT that expires at 2027-01-01T00:00:00Z.
pub const OAUTH_TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTg3NjE2MDB9.bW9jay1zaWduYXR1cmU";
/// The SCIM directory of an identity provider.
pub const SCIM_DIRECTORY_ID: &str = "5c1a2b3d-4e5f-4a6b-9c7d-8e9f0a1b2c3d";
/// The key of the SCIM directory.
pub const SCIM_KEY: &str = "mock-scim-directory-key-0123456789";
/// Every secret that there is.
pub const SECRETS: [&str; 8] =
    [API_KEY, SCOPED_API_KEY, API_TOKEN, SCOPED_TOKEN, NARROW_TOKEN, SERVICE_TOKEN, OAUTH_TOKEN, SCIM_KEY];

/// The site's cloud id.
pub const CLOUD_ID: &str = "70ef3a32-d0da-4e09-b35e-0109f91969c3";

/// The group that administers the site.
pub(super) const SITE_ADMINS: &str = "site-admins";

/// Everything the mock knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// The base URL of the site.
    pub site: String,
    /// All people of the organization, invited or not.
    pub people: Vec<Person>,
    /// All groups.
    pub groups: Vec<Group>,
    /// The products on the organization's sites.
    pub workspaces: Vec<Workspace>,
    /// The organization's API keys: label, and when it expires.
    pub api_keys: Vec<(String, String)>,
    /// E-mails that Atlassian would have sent: address and text.
    pub outbox: Vec<(String, String)>,
    /// Addresses that no invitation takes.
    pub refused: BTreeSet<String>,
    /// How long somebody who was invited cannot be seen.
    pub delay_visibility: Duration,
    created: u32,
}

/// A person's account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The account id.
    pub account_id: String,
    /// The e-mail address.
    pub email: String,
    /// The name.
    pub name: String,
    /// The directory's status: `active`, `suspended`, `not_invited`, `deactivated`.
    pub status: &'static str,
    /// Whether the person's profile hides the address from sites.
    pub hides_email: bool,
    /// The ids of the groups they are in.
    pub groups: BTreeSet<String>,
    /// Their roles, each by resource and name.
    pub roles: BTreeSet<(String, String)>,
    /// How often they were invited, by whatever endpoint.
    pub invitations: u32,
    /// Until when they cannot be seen.
    hidden_until: Option<Instant>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The directory it is in.
    pub directory_id: String,
    /// Whether an identity provider manages it.
    pub synced: bool,
}

/// A product on a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The resource's id.
    pub resource: String,
    /// What kind of product it is.
    pub type_key: &'static str,
    /// The site's address.
    pub host: String,
    /// How many people its licence takes, where it has an end.
    pub capacity: Option<usize>,
}

impl World {
    /// The organization as every mock begins with it.
    pub(crate) fn acme(site: &str) -> World {
        let group = |n: u8, name: &str, synced: bool| Group {
            id: format!("276f955c-63d7-42c8-9520-92d01dca06{n:02x}"),
            name: name.to_owned(),
            directory_id: DIRECTORY_ID.to_owned(),
            synced,
        };
        let products = ["jira-software", "jira-servicedesk", "confluence"];
        let mut world = World {
            site: site.to_owned(),
            people: Vec::new(),
            groups: vec![
                group(1, "jira-users", false),
                group(2, "writers", false),
                group(3, "engineering", false),
                group(4, "okta-staff", true),
                group(5, SITE_ADMINS, false),
            ],
            workspaces: products
                .map(|type_key| Workspace {
                    resource: resource(type_key),
                    type_key,
                    host: site.to_owned(),
                    capacity: None,
                })
                .to_vec(),
            api_keys: vec![("automation".to_owned(), "2027-01-15T09:00:00Z".to_owned())],
            outbox: Vec::new(),
            refused: BTreeSet::new(),
            delay_visibility: Duration::ZERO,
            created: 0,
        };
        let admin = world.create(ADMIN_EMAIL, "Ada Admin");
        admin.roles.extend(products.map(|product| (resource(product), "atlassian/admin".to_owned())));
        admin.groups.insert("276f955c-63d7-42c8-9520-92d01dca0605".to_owned());
        let liam = world.create("liam@acme.example", "Liam Nakamura");
        liam.roles.insert((resource("jira-software"), "atlassian/user".to_owned()));
        liam.groups.insert("276f955c-63d7-42c8-9520-92d01dca0601".to_owned());
        world
    }

    /// Adds a person without access and groups; the name comes from the address if it is empty.
    pub fn create(&mut self, email: &str, name: &str) -> &mut Person {
        self.created += 1;
        let name = if name.is_empty() { email.split('@').next().unwrap_or_default() } else { name };
        self.people.push(Person {
            account_id: format!("5b10a2844c20165700ede2{:02x}", self.created),
            email: email.to_owned(),
            name: name.to_owned(),
            status: "active",
            hides_email: false,
            groups: BTreeSet::new(),
            roles: BTreeSet::new(),
            invitations: 0,
            hidden_until: Some(self.delay_visibility)
                .filter(|delay| !delay.is_zero())
                .map(|delay| Instant::now() + delay),
        });
        let last = self.people.len() - 1;
        &mut self.people[last]
    }

    /// Adds a group without members.
    pub(crate) fn create_group(&mut self, name: &str) -> Group {
        self.created += 1;
        let id = format!("276f955c-63d7-42c8-9520-92d01dca07{:02x}", self.created);
        let group = Group { id, name: name.to_owned(), directory_id: DIRECTORY_ID.to_owned(), synced: false };
        self.groups.push(group.clone());
        group
    }

    /// Removes a group, and everybody from it.
    pub(crate) fn delete_group(&mut self, id: &str) {
        self.groups.retain(|group| group.id != id);
        self.people.iter_mut().for_each(|person| person.groups.retain(|group| group != id));
    }

    /// The person of that address.
    pub fn person(&mut self, email: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.email.eq_ignore_ascii_case(email))
    }

    /// The person of that account id.
    pub(crate) fn account(&mut self, account_id: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.account_id == account_id)
    }
}

impl Person {
    /// Whether they have access to a product on the site.
    pub(crate) fn has_access(&self, type_key: &str) -> bool {
        self.roles.iter().any(|(has, _)| *has == resource(type_key))
    }

    /// Whether their address is of the organization's own domain.
    pub(crate) fn is_managed(&self) -> bool {
        self.email.ends_with("@acme.example")
    }

    /// Whether the site knows them at all.
    pub(crate) fn on_site(&self) -> bool {
        self.status == "active" && !self.roles.is_empty() && self.is_visible()
    }

    /// Whether they can be seen yet.
    pub(crate) fn is_visible(&self) -> bool {
        self.hidden_until.is_none_or(|until| until <= Instant::now())
    }
}

/// The resource id of a product on the site.
pub fn resource(type_key: &str) -> String {
    format!("ari:cloud:{type_key}::site/{CLOUD_ID}")
}
