use std::time::Duration;

use super::LevelRates;
use crate::frame::Level;
use crate::tests::epoch;

#[test]
fn a_steady_stream_has_its_rate_at_every_level() {
    let mut now = epoch();
    let mut rates = LevelRates::default();
    for step in 0..400_u32 {
        let temporal = u8::from(step % 2 == 1);
        rates.handle_packet(now, Level { spatial: 0, temporal }, 1_000);
        now += Duration::from_millis(10);
    }
    let all = rates.up_to_bps(now, Level::HIGHEST);
    assert!((760_000..840_000).contains(&all), "{all}");
    let lowest = rates.up_to_bps(now, Level::default());
    assert!((380_000..420_000).contains(&lowest), "{lowest}");
    assert_eq!(rates.highest(), Level { spatial: 0, temporal: 1 });
}

#[test]
fn the_first_packets_are_not_taken_for_the_rate() {
    let now = epoch();
    let mut rates = LevelRates::default();
    rates.handle_packet(now, Level::default(), 1_000);
    assert_eq!(rates.up_to_bps(now, Level::HIGHEST), 32_000);
}

#[test]
fn what_has_stopped_is_forgotten() {
    let now = epoch();
    let mut rates = LevelRates::default();
    rates.handle_packet(now, Level::HIGHEST, 1_000);
    assert_eq!(rates.up_to_bps(now + Duration::from_secs(5), Level::HIGHEST), 0);
    assert_eq!(rates.highest(), Level::default());
}
