use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::DataDir;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn directory_and_its_secret_are_for_the_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("a/b");
    let directory = DataDir::open(&path).unwrap();
    directory.turn_secret().unwrap();
    assert_eq!(mode(&path), 0o700);
    assert_eq!(mode(&path.join("turn.secret")), 0o600);
    assert_eq!(fs::read_dir(&path).unwrap().count(), 1);
}

#[test]
fn secret_stays_the_same_and_differs_between_directories() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let secret = |path: &Path| DataDir::open(path).unwrap().turn_secret().unwrap();
    let first = secret(one.path());
    assert_eq!(first.reveal().len(), 64);
    assert_eq!(first, secret(one.path()));
    assert_ne!(first, secret(two.path()));
}

#[test]
fn secret_with_open_mode_is_closed_and_damaged_secret_is_replaced() {
    let parent = tempfile::tempdir().unwrap();
    let directory = DataDir::open(parent.path()).unwrap();
    let secret = directory.turn_secret().unwrap();
    let file = parent.path().join("turn.secret");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(directory.turn_secret().unwrap(), secret);
    assert_eq!(mode(&file), 0o600);
    fs::write(&file, "short").unwrap();
    assert_eq!(directory.turn_secret().unwrap().reveal().len(), 64);
}

#[test]
fn path_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(DataDir::open(file.path()).is_err());
}
