//! What the component may import, and how large it may be.

use crate::engine;
use usher_host::COMPONENT;

/// In bytes: what it has, and a little. It is meant to stay within 256 kB.
const LARGEST: usize = 245_000;

#[test]
fn the_component_imports_just_what_is_written_down() {
    let mut imports = engine().imports();
    imports.sort();
    assert_eq!(imports.join("\n"), include_str!("imports.txt").trim_end(), "compare with imports.txt");
}

#[test]
fn the_component_is_within_its_size() {
    assert!(COMPONENT.len() <= LARGEST, "usher.wasm has {} bytes of {LARGEST}", COMPONENT.len());
}

#[test]
fn the_component_holds_no_path_of_the_machine_that_built_it() {
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME")).unwrap_or_default();
    let root = env!("CARGO_MANIFEST_DIR").trim_end_matches("/host-test");
    for path in [home.as_str(), root].into_iter().filter(|path| path.len() > 1) {
        let found = COMPONENT.windows(path.len()).any(|window| window == path.as_bytes());
        assert!(!found, "usher.wasm holds the path {path}");
    }
}
