//! Drives the component in wasmtime over real sockets, against the mock Atlassian.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod budget;
mod cases;
mod conformance;
mod contract;
mod hostile;
mod limits;
mod matrix;
mod network;
mod rollouts;
mod secrets;
mod troubleshooting;

use std::path::Path;
use std::sync::OnceLock;
use usher_host::{COMPONENT, Engine};

/// The engine of this test run: the component is compiled once.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
        Engine::from_component(COMPONENT, Some(&cache)).unwrap()
    })
}
