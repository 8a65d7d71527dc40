use super::*;
use crate::tests::epoch;

const MS: Duration = Duration::from_millis(1);
const LATENESS: Duration = Duration::from_millis(600);

/// Fifty packets a second for so long, beginning with this number.
fn sent(first: u16, packets: u16) -> (Departures, Instant) {
    let mut departures = Departures::default();
    let mut now = epoch();
    for step in 0..packets {
        now += 20 * MS;
        departures.note(now, first.wrapping_add(step));
    }
    (departures, now)
}

#[test]
fn what_left_long_ago_and_has_not_arrived_is_late() {
    for first in [1, u16::MAX - 60] {
        let (departures, now) = sent(first, 100);
        let last = first.wrapping_add(99);
        for (missing, is_late) in [(0, false), (10, false), (29, false), (45, true), (99, true)] {
            assert_eq!(
                departures.is_late(now, last.wrapping_sub(missing), LATENESS),
                Some(is_late),
                "{missing} of {first}"
            );
        }
    }
}

#[test]
fn the_last_packet_before_a_pause_may_be_lost() {
    let (mut departures, now) = sent(1, 100);
    departures.note(now + 200 * MS, 101);
    assert_eq!(departures.is_late(now + 2_000 * MS, 100, LATENESS), Some(false));
}

#[test]
fn what_was_sent_before_a_pause_says_nothing_after_it() {
    let (departures, now) = sent(1, 100);
    assert_eq!(departures.is_late(now + 2_000 * MS, 20, LATENESS), Some(true));
    assert_eq!(departures.is_late(now + 5_000 * MS, 20, LATENESS), None);
    assert_eq!(Departures::default().is_late(now, 7, LATENESS), None);
}
