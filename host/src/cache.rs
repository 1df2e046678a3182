//! The compiled component, kept in the user's cache folder.
//!
//! What is loaded from there runs as machine code outside of any sandbox, so the folder and the
//! file have to belong to the user and be writable by nobody else; otherwise they are left alone.

use sha2::{Digest, Sha256};
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use wasmtime::component::Component;
use wasmtime::{Engine, Result};

/// Loads the component from the cache, or compiles it and puts it there as far as that works.
pub(crate) fn component(engine: &Engine, wasm: &[u8], folder: Option<&Path>) -> Result<Component> {
    let Some(folder) = folder.filter(|folder| make_private(folder)) else {
        return Component::new(engine, wasm);
    };
    let file = folder.join(format!("{}.cwasm", key(engine, wasm)));
    if is_private(&file) {
        // SAFETY: the file was written by this user, below, from wasmtime's own output, and nobody
        // else could write it since. Its name holds the engine's version and settings.
        if let Ok(component) = unsafe { Component::deserialize_file(engine, &file) } {
            return Ok(component);
        }
    }
    let component = Component::new(engine, wasm)?;
    // A cache that cannot be written only costs the next start a second.
    let _ = component.serialize().and_then(|bytes| Ok(store(&file, &bytes)?));
    Ok(component)
}

/// The user's cache folder for Usher.
pub(crate) fn folder() -> Option<PathBuf> {
    Some(dirs::cache_dir()?.join("usher"))
}

/// The hash of the component, and of the engine's version and settings.
fn key(engine: &Engine, wasm: &[u8]) -> String {
    struct Sha(Sha256);
    impl Hasher for Sha {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut hash = Sha(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hash);
    hash.0.update(wasm);
    hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes beside and renames, so that nobody ever reads half a file.
fn store(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = file.with_extension(format!("{}.tmp", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(&beside)?, bytes)?;
    fs::rename(&beside, file)
}

/// Makes the folder if it is not there; tells whether it is the user's alone.
fn make_private(folder: &Path) -> bool {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).is_ok() && is_private(folder)
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // Not the owner of `$HOME`: sudo may keep that of somebody else.
    let me = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(path).is_ok_and(|it| !it.is_symlink() && it.uid() == me && it.mode() & 0o022 == 0)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    // Windows keeps the cache folder in the user's profile, which others cannot write.
    path.exists()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_others_can_write_or_redirect_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("usher-cache-test-{}", std::process::id()));
        assert!(make_private(&folder));
        let mode = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        for open in [0o770, 0o707, 0o777] {
            mode(open);
            assert!(!make_private(&folder), "{open:o}");
        }
        mode(0o700);
        let link = folder.join("link");
        std::os::unix::fs::symlink(&folder, &link).unwrap();
        assert!(!is_private(&link));
        fs::remove_dir_all(&folder).unwrap();
    }
}
