//! The products of an organization's sites, and what identifies them.

use crate::client::Call;
use crate::failure::{Failure, FailureKind, Result};
use crate::json::{Object, Value};
use crate::operations::organization;
use crate::product;

/// The products of the organization's sites, as far as names need them.
#[derive(Default)]
pub(super) struct Products(pub(super) Vec<Value>);

impl Products {
    /// What asks for them.
    pub(super) fn call() -> Call {
        Call::new(&organization::QUERY_WORKSPACES).json(Object::new().raw("limit", "1000"))
    }

    /// The one resource of a product, by its name or already its id; with several sites, the caller has
    /// to choose.
    pub(super) fn resource(&self, name: &str) -> Result<String> {
        if is_resource(name) {
            return Ok(name.to_owned());
        }
        let online = |workspace: &&Value| attribute(workspace, "status").is_none_or(|status| status == "online");
        let sites = product::type_keys(name).into_iter().find_map(|key| {
            let same = |workspace: &&Value| type_key(workspace).eq_ignore_ascii_case(key);
            let sites: Vec<&Value> = self.0.iter().filter(online).filter(same).collect();
            (!sites.is_empty()).then_some(sites)
        });
        let Some(sites) = sites else {
            let mut known: Vec<&str> = Vec::new();
            for key in self.0.iter().map(type_key) {
                if !known.contains(&key) {
                    known.push(key);
                }
            }
            let known = if known.is_empty() { "none that this key sees".to_owned() } else { known.join(", ") };
            return Err(Failure::invalid(format!("access: the organization has no product `{name}`."))
                .advise(format!("It has {known}.")));
        };
        if let [site] = sites.as_slice() {
            return site.need("id");
        }
        let list: Vec<String> = sites
            .iter()
            .map(|site| format!("{} ({})", site.owned("id"), attribute(site, "hostUrl").unwrap_or("no address")))
            .collect();
        let message = format!("access: `{name}` is on {} sites: {}.", list.len(), list.join(", "));
        Err(Failure::new(FailureKind::Ambiguous, message).advise("Name the product by its resource id (ari:cloud:…)."))
    }

    /// How many more people a resource's licence takes, where the organization says it.
    pub(super) fn seats(&self, id: &str) -> Option<u64> {
        let attributes = self.0.iter().find(|workspace| workspace.text("id") == Some(id))?.get("attributes")?;
        Some(attributes.number("capacity")?.saturating_sub(attributes.number("usage")?))
    }
}

/// Whether it is a resource's id and not a product's name.
pub(super) fn is_resource(name: &str) -> bool {
    name.starts_with("ari:")
}

fn attribute<'a>(workspace: &'a Value, name: &str) -> Option<&'a str> {
    workspace.get("attributes")?.text(name)
}

/// What a workspace is: its `typeKey`, or else the owner in its id (`ari:cloud:{owner}::site/…`).
fn type_key(workspace: &Value) -> &str {
    let owner = || workspace.text("id").and_then(|id| id.split(':').nth(2));
    attribute(workspace, "typeKey").or_else(owner).unwrap_or_default()
}
