//! Products by the names people use.

/// A product that Usher knows by name.
pub(crate) struct Product {
    /// The name that Usher uses.
    pub(crate) name: &'static str,
    /// Other names it is known by.
    aliases: &'static [&'static str],
    /// How a site gives access to it.
    pub(crate) on_site: OnSite,
    /// What an organization's list of workspaces calls it (`typeKey`), the likeliest first.
    /// Atlassian does not document the values; these were seen in clients.
    type_keys: &'static [&'static str],
}

/// How a site gives access to a product.
#[derive(Clone, Copy)]
pub(crate) enum OnSite {
    /// Jira's `createUser` takes this name.
    Jira(&'static str),
    /// Confluence invites for itself.
    Confluence,
}

impl OnSite {
    /// Whether Confluence invites into it.
    pub(crate) fn is_confluence(self) -> bool {
        matches!(self, OnSite::Confluence)
    }
}

/// The products that a site can give access to. An organization may have more, which are found by
/// the names it lists them under.
pub(crate) const PRODUCTS: &[Product] = &[
    Product {
        name: "jira-software",
        aliases: &["jira"],
        on_site: OnSite::Jira("jira-software"),
        type_keys: &["jira-software", "jira"],
    },
    Product {
        name: "jira-servicedesk",
        aliases: &["jira-service-desk", "jira-service-management", "jsm"],
        on_site: OnSite::Jira("jira-servicedesk"),
        type_keys: &["jira-servicedesk", "jira-service-desk", "jira-service-management"],
    },
    Product {
        name: "jira-product-discovery",
        aliases: &["jpd"],
        on_site: OnSite::Jira("jira-product-discovery"),
        type_keys: &["jira-product-discovery"],
    },
    Product {
        name: "jira-core",
        aliases: &["jira-work-management"],
        on_site: OnSite::Jira("jira-core"),
        type_keys: &["jira-core"],
    },
    Product { name: "confluence", aliases: &[], on_site: OnSite::Confluence, type_keys: &["confluence"] },
];

/// The product of that name, ignoring case.
pub(crate) fn by_name(name: &str) -> Option<&'static Product> {
    let same = |other: &&str| other.eq_ignore_ascii_case(name);
    PRODUCTS.iter().find(|product| same(&product.name) || product.aliases.iter().any(same))
}

/// The names of all products, for a message.
pub(crate) fn names() -> String {
    PRODUCTS.iter().map(|product| product.name).collect::<Vec<_>>().join(", ")
}

/// What an organization may call the product of that name, the likeliest first.
pub(crate) fn type_keys(name: &str) -> Vec<&str> {
    by_name(name).map_or_else(|| vec![name], |product| product.type_keys.to_vec())
}
