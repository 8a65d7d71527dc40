use super::*;
use crate::Header;
use proptest::prelude::*;

fn ids() -> ExtensionIds {
    ExtensionIds::ALL
}

/// A packet with these elements.
fn packet(elements: &[(u8, &[u8])]) -> Vec<u8> {
    let elements: Vec<_> = elements.iter().map(|(id, data)| Element { id: *id, data }).collect();
    let mut buffer = vec![0; 200];
    let header = Header { payload_type: 96, marker: false, sequence_number: 1, timestamp: 2, ssrc: 3 };
    let length = header.write(&mut buffer, &elements).unwrap();
    buffer.truncate(length);
    buffer
}

#[test]
fn every_extension_is_found_at_its_id() {
    let bytes = packet(&[
        (1, b"0"),
        (2, b"h"),
        (3, b"q"),
        (4, &[0x80 | 30]),
        (5, &[4, 0, 0]),
        (6, &[0x12, 0x34]),
        (7, &[0xc0, 0, 1]),
        (8, &[0x05]),
        (9, &[0x00, 0xa0, 0x14]),
        (10, &[9; 8]),
        (11, b"unknown"),
    ]);
    let found = Extensions::read(&Packet::parse(&bytes).unwrap(), &ids());
    assert_eq!(
        found,
        Extensions {
            mid: Some(b"0"),
            rid: Some(b"h"),
            repaired_rid: Some(b"q"),
            audio_level: Some(AudioLevel { voice: true, level_dbov: -30 }),
            abs_send_time: Some(AbsSendTime::from_micros(1_000_000)),
            transport_sequence: Some(0x1234),
            dependency_descriptor: Some(&[0xc0, 0, 1]),
            video_orientation: Some(VideoOrientation { back_camera: false, flipped: true, quarter_turns: 1 }),
            playout_delay: Some(PlayoutDelay { min_10ms: 10, max_10ms: 20 }),
            abs_capture_time: Some(&[9; 8]),
        }
    );
}

#[test]
fn what_is_not_negotiated_or_too_short_is_absent() {
    let bytes = packet(&[(4, &[1]), (5, &[1, 2]), (6, &[1]), (9, &[1, 2])]);
    let packet = Packet::parse(&bytes).unwrap();
    let found = Extensions::read(&packet, &ids());
    assert_eq!(
        found,
        Extensions { audio_level: Some(AudioLevel { voice: false, level_dbov: -1 }), ..Default::default() }
    );
    assert_eq!(Extensions::read(&packet, &ExtensionIds::default()), Extensions::default());
}

#[test]
fn of_elements_with_one_id_the_first_counts() {
    let bytes = packet(&[(6, &[0, 1]), (6, &[0, 2])]);
    assert_eq!(Extensions::read(&Packet::parse(&bytes).unwrap(), &ids()).transport_sequence, Some(1));
}

#[test]
fn send_times_are_compared_across_their_wrap() {
    let before = AbsSendTime::from_micros(63_999_000);
    let after = AbsSendTime::from_micros(64_001_000);
    assert!((after.micros_since(before) - 2_000).abs() <= 4, "{}", after.micros_since(before));
    assert!((before.micros_since(after) + 2_000).abs() <= 4);
}

proptest! {
    #[test]
    fn values_read_back_as_written(level in -127i8..=0, voice: bool, min in 0u16..4096, max in 0u16..4096, orientation in 0u8..16, time: u64) {
        let level = AudioLevel { voice, level_dbov: level };
        prop_assert_eq!(AudioLevel::parse(&level.to_bytes()), Some(level));
        let delay = PlayoutDelay { min_10ms: min, max_10ms: max };
        prop_assert_eq!(PlayoutDelay::parse(&delay.to_bytes()), Some(delay));
        prop_assert_eq!(VideoOrientation::parse(&[orientation]).unwrap().to_bytes(), [orientation]);
        let time = AbsSendTime::from_micros(time);
        prop_assert_eq!(AbsSendTime::parse(&time.to_bytes()), Some(time));
    }
}
