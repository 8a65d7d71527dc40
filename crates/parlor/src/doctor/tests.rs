use std::time::Duration;

use super::clock;
use super::report::State;

#[test]
fn clock_is_compared_by_the_end_of_credentials_and_never_called_right_without() {
    let now = Duration::from_secs(1_000_000);
    let state = |user: &str| clock(&[user], 600, now).state;
    assert_eq!(state("1000600:ana"), State::Ok);
    assert_eq!(state("1000660:ana#room"), State::Ok);
    assert_eq!(state("1000721:ana"), State::Warn);
    assert_eq!(state("1000539:ana"), State::Warn);
    assert_eq!(state("ana"), State::NotChecked);
    assert_eq!(state(""), State::NotChecked);
}

#[test]
fn clock_that_is_behind_is_called_behind() {
    let finding = clock(&["400:ana"], 600, Duration::from_secs(1000));
    assert_eq!(finding.seen, "about 1200 s behind this machine's");
}
