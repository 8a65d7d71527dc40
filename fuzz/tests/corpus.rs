//! Every input that fuzzing has kept is tried again.

use std::fs;
use std::path::Path;

#[expect(clippy::print_stdout, reason = "a failing test shows which input it was")]
#[test]
fn every_target_survives_its_corpus() {
    for (name, target) in fuzz::TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(name);
        let mut count = 0;
        for entry in fs::read_dir(&folder).expect("each target has a corpus") {
            let path = entry.expect("the folder can be read").path();
            let bytes = fs::read(&path).expect("the file can be read");
            // Shown when the target panics.
            println!("{}", path.display());
            target(&bytes);
            count += 1;
        }
        assert!(count > 0, "{} is empty", folder.display());
    }
}

#[test]
fn every_corpus_has_a_target() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for entry in fs::read_dir(corpora).expect("there are corpora") {
        let name = entry.expect("the folder can be read").file_name();
        assert!(fuzz::TARGETS.iter().any(|(target, _)| name == *target), "{} has no target", name.display());
    }
}
