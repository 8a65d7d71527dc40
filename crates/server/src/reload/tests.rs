use super::LIVE;
use crate::config::{Config, SETTINGS, Sources};

const OPERATIONS: &str = include_str!("../../../../docs/operations.md");

fn read(flags: &[&str]) -> crate::config::Loaded {
    let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
    Config::load(&Sources { flags, ..Sources::default() }).unwrap()
}

#[test]
fn every_setting_that_changes_at_once_is_one_and_is_named_to_the_operator() {
    for key in LIVE {
        assert!(SETTINGS.iter().any(|setting| setting.key == key), "{key}");
        assert!(OPERATIONS.contains(&format!("`{key}`")), "{key} is in docs/operations.md");
    }
}

#[test]
fn what_has_changed_is_told_by_its_key_and_never_by_its_value() {
    let one = read(&["turn.users={ana=\"a long password\"}", "limits.rooms=5", "limits.rooms=7"]);
    let other = read(&["limits.rooms=7", "udp.listen=4000"]);
    assert_eq!(
        one.given.changed(&other.given),
        ["udp.listen", "turn.users"],
        "in the order of the table; the last one counts"
    );
    assert_eq!(format!("{:?}", one.given), r#"{"limits.rooms", "turn.users"}"#);
}
