//! Usher: Atlassian Cloud administration as a sandboxed WebAssembly component.
//!
//! This is the component and, under it, the core that it shares with whoever links this crate
//! natively. A call flows one way: `plugin`
//! turns the contract's types into the core's, a verb ([`accounts`], [`groups`], [`invite`]) says
//! what it wants in [`operations`], [`client`] builds, signs and sends through the [`transport`]
//! it was handed, and a [`failure`] says what went wrong and what to do.
//!
//! There is no state: no cache, no credential and no answer outlives a call.

pub mod accounts;
mod base64;
pub mod client;
pub mod connection;
pub mod diagnosis;
mod email;
pub mod failure;
pub mod groups;
mod id;
pub mod invite;
pub mod json;
pub mod operation;
pub mod operations;
pub mod outcome;
pub mod pace;
#[cfg(all(feature = "plugin", target_family = "wasm"))]
mod plugin;
pub mod product;
pub mod retry;
pub mod rollout;
mod text;
mod time;
pub mod transport;
pub mod url;
