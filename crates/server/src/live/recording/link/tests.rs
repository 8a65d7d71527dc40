use std::time::Duration;

use super::{LIFETIME, Links, RecordingId};

const NOW: Duration = Duration::from_secs(1_790_000_000);

#[test]
fn a_link_opens_its_recording_until_its_end() {
    let links = Links::new().unwrap();
    let key = links.key(RecordingId(17), NOW);
    assert!(links.opens(&key, RecordingId(17), NOW));
    assert!(links.opens(&key, RecordingId(17), NOW + LIFETIME - Duration::from_secs(1)));
    assert!(!links.opens(&key, RecordingId(17), NOW + LIFETIME));
    assert!(!links.opens(&key, RecordingId(18), NOW));
    assert!(!Links::new().unwrap().opens(&key, RecordingId(17), NOW), "of another run");
}

#[test]
fn what_was_changed_opens_nothing() {
    let links = Links::new().unwrap();
    let key = links.key(RecordingId(1), NOW);
    let (expiry, code) = key.split_once('.').unwrap();
    let later = expiry.parse::<u64>().unwrap() + 1;
    for wrong in [
        String::new(),
        code.to_owned(),
        format!("{later}.{code}"),
        format!("{expiry}.{}", &code[2..]),
        format!("{expiry}."),
        format!("{expiry}.{code}00"),
        format!("{expiry}.é{}", &code[2..]),
    ] {
        assert!(!links.opens(&wrong, RecordingId(1), NOW), "{wrong}");
    }
}
