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
fn admin_secret_is_kept_beside_the_other_and_looking_for_it_makes_none() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data");
    assert_eq!(DataDir::kept_admin_secret(&path).unwrap(), None);
    assert!(!path.exists());
    let directory = DataDir::open(&path).unwrap();
    let secret = directory.admin_secret().unwrap();
    assert_ne!(secret, directory.turn_secret().unwrap());
    assert_eq!(DataDir::kept_admin_secret(&path).unwrap(), Some(secret));
    assert_eq!(mode(&path.join("admin.secret")), 0o600);
    fs::write(path.join("admin.secret"), "short").unwrap();
    assert_eq!(DataDir::kept_admin_secret(&path).unwrap(), None);
}

#[test]
fn path_that_is_a_file_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(DataDir::open(file.path()).is_err());
}
