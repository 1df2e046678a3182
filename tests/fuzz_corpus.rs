//! Replays what the fuzzer found to be of interest, with a stable compiler and without the fuzzer.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn everything_in_the_corpus_holds() {
    for (name, target) in [
        ("json", targets::json as fn(&[u8])),
        ("headers", targets::headers),
        ("answers", targets::answers),
        ("paths", targets::paths),
    ] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(!files.is_empty(), "{} is empty", folder.display());
        for file in files {
            // The name of the file is what a panic needs to be found again.
            println!("{}", file.display());
            target(&fs::read(&file).unwrap());
        }
    }
}
