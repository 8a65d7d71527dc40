use std::time::Duration;

use rtp::extension::AudioLevel;

use super::Loudness;
use crate::tests::epoch;

fn packets(loudness: &mut Loudness, from: std::time::Instant, count: u32, level_dbov: i8) -> std::time::Instant {
    for step in 0..count {
        let now = from + Duration::from_millis(20) * step;
        loudness.handle_level(now, AudioLevel { voice: true, level_dbov });
    }
    from + Duration::from_millis(20) * count
}

#[test]
fn speech_is_audible_after_a_few_packets_and_a_click_is_not() {
    let now = epoch();
    let mut click = Loudness::default();
    packets(&mut click, now, 1, -20);
    assert!(!click.is_audible(now));
    let mut speech = Loudness::default();
    let now = packets(&mut speech, now, 5, -30);
    assert!(speech.is_audible(now));
    assert!((-50..=-30).contains(&speech.level_dbov(now)));
}

#[test]
fn a_pause_for_breath_does_not_end_a_speech_and_silence_does() {
    let mut loudness = Loudness::default();
    let now = packets(&mut loudness, epoch(), 25, -30);
    let now = packets(&mut loudness, now, 50, -127);
    assert!(loudness.was_audible_lately(now));
    let now = packets(&mut loudness, now, 100, -127);
    assert!(!loudness.was_audible_lately(now));
}

#[test]
fn a_track_without_packets_falls_silent() {
    let mut loudness = Loudness::default();
    let now = packets(&mut loudness, epoch(), 25, -30);
    assert_eq!(loudness.level_dbov(now + Duration::from_secs(3)), -127);
}
