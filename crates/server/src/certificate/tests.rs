use std::fs;
use std::path::Path;
use std::time::Duration;

use super::{Certificate, CertificateError, CertificateSource};
use crate::data_dir::DataDir;
use crate::tls;

const YEAR_2027: Duration = Duration::from_secs(1_800_000_000);
const DAY: Duration = Duration::from_secs(86_400);

fn self_signed(directory: &Path, names: &[&str]) -> CertificateSource {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateSource::SelfSigned { directory: DataDir::open(directory).unwrap(), names }
}

fn open(source: CertificateSource, unix_time: Duration) -> Result<Certificate, CertificateError> {
    Certificate::open(source, tls::provider(), unix_time)
}

/// The certificate as it would be shown in a handshake.
fn shown(certificate: &Certificate) -> Vec<u8> {
    certificate.read().key.cert.first().unwrap().to_vec()
}

/// Chain and key that somebody else made, as files.
fn write_files(directory: &Path) -> CertificateSource {
    let made = rcgen::generate_simple_self_signed(["call.example.org".to_owned()]).unwrap();
    let (chain, key) = (directory.join("chain.pem"), directory.join("key.pem"));
    fs::write(&chain, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    CertificateSource::Files { chain, key }
}

#[test]
fn self_signed_certificate_is_kept_until_a_month_before_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(self_signed(directory.path(), &[]), YEAR_2027).unwrap();
    let same = open(self_signed(directory.path(), &[]), YEAR_2027 + DAY * 366).unwrap();
    assert_eq!(shown(&first), shown(&same));
    assert!(!first.refresh(YEAR_2027 + DAY * 366).unwrap());
    assert!(first.refresh(YEAR_2027 + DAY * 368).unwrap());
    assert_ne!(shown(&first), shown(&same));
}

#[test]
fn self_signed_certificate_is_made_anew_for_a_name_it_lacks_and_kept_when_one_goes() {
    let directory = tempfile::tempdir().unwrap();
    let first = shown(&open(self_signed(directory.path(), &["a.example", "b.example"]), YEAR_2027).unwrap());
    assert_eq!(first, shown(&open(self_signed(directory.path(), &["a.example"]), YEAR_2027).unwrap()));
    assert_ne!(first, shown(&open(self_signed(directory.path(), &["c.example"]), YEAR_2027).unwrap()));
}

#[test]
fn damaged_self_signed_certificate_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    open(self_signed(directory.path(), &[]), YEAR_2027).unwrap();
    for file in ["certificate.pem", "certificate.key", "certificate.json"] {
        fs::write(directory.path().join(file), "damaged").unwrap();
        open(self_signed(directory.path(), &[]), YEAR_2027).unwrap();
        assert!(fs::read_to_string(directory.path().join(file)).unwrap().len() > 50, "{file}");
    }
}

#[test]
fn self_signed_certificate_whose_key_is_of_another_is_replaced() {
    let (directory, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for place in [&directory, &other] {
        open(self_signed(place.path(), &[]), YEAR_2027).unwrap();
    }
    fs::copy(other.path().join("certificate.key"), directory.path().join("certificate.key")).unwrap();
    let made = open(self_signed(directory.path(), &[]), YEAR_2027).unwrap();
    assert_eq!(shown(&made), shown(&open(self_signed(directory.path(), &[]), YEAR_2027).unwrap()), "it is kept");
}

#[test]
fn changed_files_are_taken_up_and_a_broken_pair_leaves_the_old_one() {
    let directory = tempfile::tempdir().unwrap();
    let source = write_files(directory.path());
    let certificate = open(source, YEAR_2027).unwrap();
    let first = shown(&certificate);
    assert!(!certificate.refresh(YEAR_2027).unwrap());

    fs::write(directory.path().join("chain.pem"), "half writ").unwrap();
    assert!(certificate.refresh(YEAR_2027).is_err());
    assert!(!certificate.refresh(YEAR_2027).unwrap());
    assert_eq!(shown(&certificate), first);

    write_files(directory.path());
    assert!(certificate.refresh(YEAR_2027).unwrap());
    assert_ne!(shown(&certificate), first);
}

#[test]
fn key_of_another_certificate_or_a_missing_file_is_refused_by_name() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_files(one.path());
    write_files(two.path());
    let mixed = CertificateSource::Files { chain: one.path().join("chain.pem"), key: two.path().join("key.pem") };
    assert!(matches!(open(mixed, YEAR_2027), Err(CertificateError::Unusable(_))));
    let missing = CertificateSource::Files { chain: one.path().join("none.pem"), key: two.path().join("key.pem") };
    assert!(open(missing, YEAR_2027).unwrap_err().to_string().contains("none.pem"));
}

#[test]
fn renewal_that_fails_is_tried_and_told_again_after_pauses_that_grow() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("data");
    let certificate = open(self_signed(&kept, &[]), YEAR_2027).unwrap();
    let shown_before = shown(&certificate);
    fs::remove_dir_all(&kept).unwrap();
    fs::write(&kept, "no folder: nothing can be written").unwrap();
    let (start, second) = (YEAR_2027 + DAY * 370, Duration::from_secs(1));
    let failures: Vec<u64> = (0..86_400)
        .step_by(2)
        .filter(|elapsed| certificate.refresh(start + second * *elapsed as u32).is_err())
        .collect();
    assert_eq!(failures[..5], [0, 60, 180, 420, 900]);
    assert!(failures.windows(2).all(|pair| pair[1] - pair[0] <= 3600), "{failures:?}");
    assert!(failures.len() < 40, "{failures:?}");
    assert_eq!(shown(&certificate), shown_before);
    fs::remove_file(&kept).unwrap();
    fs::create_dir(&kept).unwrap();
    assert!(certificate.refresh(start + DAY * 2).unwrap());
}

#[test]
fn certificate_says_from_when_until_when_it_is_good_and_for_whom() {
    let directory = tempfile::tempdir().unwrap();
    let made = open(self_signed(directory.path(), &["call.example.org"]), YEAR_2027).unwrap();
    let validity = made.validity().unwrap();
    assert_eq!(validity.start, YEAR_2027 - DAY);
    assert!(
        validity.contains(&(YEAR_2027 + DAY * 366)) && !validity.contains(&(YEAR_2027 + DAY * 500)),
        "{validity:?}"
    );
    let is_for = |name| made.is_for(name);
    assert!(is_for("call.example.org") && is_for("localhost") && is_for("127.0.0.1"));
    assert!(!is_for("example.org") && !is_for("a.call.example.org") && !is_for("8.8.8.8") && !is_for("no name"));
}
