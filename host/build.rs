//! Builds the component, so that the command carries it inside.
//!
//! A nested cargo builds it for `wasm32-wasip2` in a target directory of its own, since the outer
//! cargo holds the lock of the other. What is missing of the toolchain is added: a toolchain file
//! alone does not, where rustup's automatic install is off.
//!
//! The standard library is built along with it, for size, and so that a panic traps without a word:
//! nobody reads a message there, and what makes it is 24 kB (9 kB compressed). That takes flags which
//! are unstable, so the toolchain is pinned to one version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

const TARGET: &str = "wasm32-wasip2";

fn main() {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let root = package.parent().expect("the workspace is above");
    for input in ["src", "wit", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"] {
        println!("cargo::rerun-if-changed={}", root.join(input).display());
    }
    add_toolchain(root);
    // OUT_DIR is <target>/<profile>/build/<package>/out: debug and release share one component.
    let target_dir = out.ancestors().nth(4).expect("cargo lays it out so").join("component");
    build(root, &target_dir);
    let built = target_dir.join(TARGET).join("release/usher.wasm");
    let component = fs::read(&built).expect("cargo has just built it");
    fs::write(out.join("usher.wasm"), without_names(&component)).expect("OUT_DIR is writable");
}

fn add_toolchain(root: &Path) {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = Command::new(rustc).args(["--print", "sysroot"]).current_dir(root).output();
    let sysroot = String::from_utf8(sysroot.expect("rustc runs").stdout).expect("a path in UTF-8");
    let lib = Path::new(sysroot.trim()).join("lib/rustlib");
    for (part, add) in [(TARGET, ["target", "add", TARGET]), ("src/rust/library", ["component", "add", "rust-src"])] {
        if lib.join(part).is_dir() {
            continue;
        }
        let added = Command::new("rustup").args(add).current_dir(root).status();
        if !added.is_ok_and(|status| status.success()) {
            eprintln!("A part of Rust is missing and could not be added: run `rustup {}`.", add.join(" "));
            exit(1);
        }
    }
}

/// The standard library, for size, and without what a panic would say.
const SMALL_STD: [&str; 2] = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];
const SILENT: [&str; 4] =
    ["-Zunstable-options", "-Cpanic=immediate-abort", "-Zlocation-detail=none", "-Zfmt-debug=none"];

/// How much of its memory the component has for its stack, in bytes.
const STACK: u32 = 128 << 10;
/// How much memory it begins with, in bytes.
const MEMORY: u32 = 256 << 10;

fn build(root: &Path, target_dir: &Path) {
    let cargo_home = env::var("CARGO_HOME").unwrap_or_else(|_| {
        let home = env::var("HOME").or_else(|_| env::var("USERPROFILE")).unwrap_or_default();
        format!("{home}/.cargo")
    });
    // The same bytes from any directory, and no path of this machine in them. A registry's folder
    // has a hash in its name; the last prefix that fits is the one that is used.
    let registries = fs::read_dir(Path::new(&cargo_home).join("registry/src")).into_iter().flatten().flatten();
    let mut flags = vec![remap(Path::new(&cargo_home), "/cargo"), remap(root, "/usher")];
    flags.extend(registries.map(|registry| remap(&registry.path(), "/crates")));
    // The linker leaves five bytes for each index that it fills in; most need one or two. 17 kB.
    flags.push("-Clink-arg=--compress-relocations".to_owned());
    // The component is linked once and stays where it is: no address has to be added to a base. 4 kB.
    flags.push("-Crelocation-model=static".to_owned());
    // A stack that is more than enough, and a memory that holds what most calls need: no more pages have
    // to be asked for, and what a call touches lies together, where a pool keeps it.
    flags.push(format!("-Clink-arg=-zstack-size={STACK}"));
    flags.push(format!("-Clink-arg=--initial-memory={MEMORY}"));
    // Loop strength reduction keeps a second counter for each array that a loop goes through. 1.7 kB.
    flags.push("-Cllvm-args=-disable-lsr".to_owned());
    // And what is loaded again in some cases only is not kept for them: 0.5 kB.
    flags.push("-Cllvm-args=-enable-load-pre=false".to_owned());
    flags.extend(SILENT.map(str::to_owned));
    let status = Command::new(env::var_os("CARGO").expect("cargo sets it"))
        .args(["rustc", "--package", "usher-atlassian", "--lib", "--crate-type", "cdylib"])
        .args(SMALL_STD)
        .args(["--release", "--locked", "--target", TARGET, "--target-dir"])
        .arg(target_dir)
        .current_dir(root)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        // What makes a stable compiler take unstable flags.
        .env("RUSTC_BOOTSTRAP", "1")
        // What the outer build was told is not meant for this one; clippy comes as a wrapper.
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("CARGO_BUILD_TARGET")
        .status();
    if !status.is_ok_and(|status| status.success()) {
        eprintln!("The component could not be built; what cargo said is above.");
        exit(1);
    }
}

fn remap(from: &Path, to: &str) -> String {
    format!("--remap-path-prefix={}={to}", from.display())
}

/// Drops the custom section of names, 6 kB that no host reads and `strip` leaves there.
fn without_names(component: &[u8]) -> Vec<u8> {
    let (preamble, mut rest) = component.split_at(8);
    let mut kept = preamble.to_vec();
    while let [id, after @ ..] = rest {
        let (size, header) = leb128(after);
        let (section, next) = rest.split_at(1 + header + size);
        let is_names = *id == 0 && section[1 + header..].starts_with(b"\x0ecomponent-name");
        if !is_names {
            kept.extend_from_slice(section);
        }
        rest = next;
    }
    kept
}

/// An unsigned number, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> (usize, usize) {
    let length = 1 + bytes.iter().take_while(|byte| **byte & 0x80 != 0).count();
    let value = bytes[..length].iter().rev().fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, length)
}
