//! Products by the names people use, and access to them.

use crate::failure::{Failure, Result};

/// The contract's `role`, in its order.
pub const ROLES: [&str; 8] = ["user", "admin", "guest", "contributor", "customer", "basic", "stakeholder", "viewer"];

/// The contract's `access`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Access {
    pub product: String,
    /// One of [`ROLES`].
    pub role: &'static str,
}

/// Refuses access to nothing.
pub(crate) fn check(access: &[Access]) -> Result<()> {
    if access.iter().any(|access| access.product.trim_ascii().is_empty()) {
        return Err(Failure::invalid("access: a product is empty.").advise(format!("Known are {}.", names())));
    }
    Ok(())
}

/// A product that Usher knows by name.
struct Product {
    /// The name that Usher uses, and Jira's `createUser`; Confluence invites for itself.
    name: &'static str,
    /// Other names it is known by.
    aliases: &'static [&'static str],
    /// What an organization's list of workspaces calls it (`typeKey`), the likeliest first.
    /// Atlassian does not document the values; these were seen in clients.
    type_keys: &'static [&'static str],
}

/// The products that a site can give access to. An organization may have more, which are found by
/// the names it lists them under.
const PRODUCTS: &[Product] = &[
    Product { name: "jira-software", aliases: &["jira"], type_keys: &["jira-software", "jira"] },
    Product {
        name: "jira-servicedesk",
        aliases: &["jira-service-desk", "jira-service-management", "jsm"],
        type_keys: &["jira-servicedesk", "jira-service-desk", "jira-service-management"],
    },
    Product { name: "jira-product-discovery", aliases: &["jpd"], type_keys: &["jira-product-discovery"] },
    Product { name: "jira-core", aliases: &["jira-work-management"], type_keys: &["jira-core"] },
    Product { name: "confluence", aliases: &[], type_keys: &["confluence"] },
];

/// The product of that name, ignoring case.
fn by_name(name: &str) -> Option<&'static Product> {
    let same = |other: &&str| other.eq_ignore_ascii_case(name);
    PRODUCTS.iter().find(|product| same(&product.name) || product.aliases.iter().any(same))
}

/// What Usher calls the product of that name, ignoring case.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    by_name(name).map(|product| product.name)
}

/// The names of all products, for a message.
pub(crate) fn names() -> String {
    PRODUCTS.iter().map(|product| product.name).collect::<Vec<_>>().join(", ")
}

/// What an organization may call the product of that name, the likeliest first.
pub(crate) fn type_keys(name: &str) -> Vec<&str> {
    by_name(name).map_or_else(|| vec![name], |product| product.type_keys.to_vec())
}
