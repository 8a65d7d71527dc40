use std::time::Duration;

use super::{Cached, KEEP_MAX, Kept, Limits, PacketCache};
use crate::tests::epoch;

const SMALL: Limits = Limits { bytes_min: 1_024, bytes_max: 4_096, packets_min: 4, packets_max: 16 };

fn packet(place: u64, length: usize) -> Vec<u8> {
    vec![u8::try_from(place % 251).unwrap(); length]
}

#[test]
fn what_was_inserted_is_found_under_its_place() {
    let now = epoch();
    let mut cache = PacketCache::new(SMALL);
    cache.insert(now, 70_000, &packet(1, 100), false);
    cache.insert(now, 70_001, &packet(2, 200), true);
    assert_eq!(cache.packet(now, 70_000), Some(Cached { bytes: &packet(1, 100), repaired: false }));
    assert_eq!(cache.packet(now, 70_001), Some(Cached { bytes: &packet(2, 200), repaired: true }));
    assert_eq!(cache.packet(now, 70_002), None);
    assert_eq!(cache.packet(now, 70_000 + 65_536), None, "a place is not a sequence number");
}

#[test]
fn a_fast_stream_grows_the_rings_up_to_their_limits_and_no_further() {
    let now = epoch();
    let mut cache = PacketCache::new(SMALL);
    for place in 0..1_000 {
        cache.insert(now, place, &packet(place, 300), false);
    }
    assert_eq!(cache.bytes.len(), SMALL.bytes_max);
    assert_eq!(cache.entries.len(), SMALL.packets_max);
    let found = (0..1_000).filter(|place| cache.packet(now, *place).is_some()).count();
    assert_eq!(found, 4_096 / 300, "as many as the bytes hold");
    for place in 990..1_000 {
        assert_eq!(cache.packet(now, place).unwrap().bytes, packet(place, 300));
    }
}

#[test]
fn a_slow_stream_stays_in_the_smallest_rings() {
    let mut now = epoch();
    let mut cache = PacketCache::new(SMALL);
    for place in 0..100 {
        now += Duration::from_secs(1);
        cache.insert(now, place, &packet(place, 300), false);
    }
    assert_eq!(cache.bytes.len(), SMALL.bytes_min);
    assert_eq!(cache.entries.len(), SMALL.packets_min);
    assert!(cache.packet(now, 99).is_some());
}

#[test]
fn what_is_too_old_is_not_resent() {
    let now = epoch();
    let mut cache = PacketCache::new(SMALL);
    cache.insert(now, 1, &packet(1, 10), false);
    assert!(cache.packet(now + KEEP_MAX, 1).is_some());
    assert!(cache.packet(now + KEEP_MAX + Duration::from_millis(1), 1).is_none());
}

#[test]
fn a_packet_larger_than_the_smallest_ring_is_not_kept_and_harms_nothing() {
    let now = epoch();
    let mut cache = PacketCache::new(SMALL);
    cache.insert(now, 1, &packet(1, 1_024), false);
    cache.insert(now, 2, &packet(2, 1_025), false);
    assert!(cache.packet(now, 1).is_some());
    assert!(cache.packet(now, 2).is_none());
}

#[test]
fn nothing_is_allocated_before_the_first_packet_nor_in_steady_state() {
    let now = epoch();
    let mut cache = PacketCache::new(SMALL);
    assert_eq!(cache.allocated_bytes(), 0);
    let bytes = packet(1, 300);
    (0..200).for_each(|place| cache.insert(now, place, &bytes, false));
    let counted = allocation_counter::measure(|| (200..400).for_each(|place| cache.insert(now, place, &bytes, false)));
    assert_eq!(counted.count_total, 0);
}

proptest::proptest! {
    #[test]
    fn a_cache_returns_the_packet_or_nothing(
        steps in proptest::collection::vec((0_u64..40, 1_usize..700, 0_u64..400), 1..200),
    ) {
        let mut now = epoch();
        let mut cache = PacketCache::new(SMALL);
        let mut truth = std::collections::BTreeMap::new();
        for (place, length, wait_ms) in steps {
            now += Duration::from_millis(wait_ms);
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from((at as u64 * 7 + place + wait_ms) % 256).unwrap()).collect();
            cache.insert(now, place, &bytes, false);
            truth.insert(place, bytes);
            for (place, bytes) in &truth {
                if let Some(cached) = cache.packet(now, *place) {
                    proptest::prop_assert_eq!(cached.bytes, &bytes[..]);
                }
            }
            proptest::prop_assert!(cache.packet(now, place).is_some());
        }
    }
}

/// A cache that keeps what came since the latest key picture.
fn replaying() -> PacketCache {
    let limits = Limits { bytes_max: 16_384, packets_max: 64, ..SMALL };
    PacketCache::new(SMALL).replaying(limits)
}

fn is_kept(cache: &PacketCache, places: std::ops::Range<u64>) -> bool {
    places
        .into_iter()
        .all(|place| matches!(cache.kept(place), Kept::Packet(kept) if kept.bytes[0] == packet(place, 1)[0]))
}

#[test]
fn everything_since_the_latest_key_picture_is_kept_up_to_the_limit_of_packets_and_nothing_beyond_it() {
    let mut now = epoch();
    let mut cache = replaying();
    for place in 0..10 {
        cache.insert(now, place, &packet(place, 20), false);
    }
    cache.handle_key_picture(10);
    for place in 10..74 {
        now += Duration::from_secs(1);
        cache.insert(now, place, &packet(place, 20), false);
        assert!(cache.start() == Some(10) && is_kept(&cache, 10..place + 1), "at {place}");
    }
    assert_eq!(cache.entries.len(), 64);
    cache.insert(now, 74, &packet(74, 20), false);
    assert_eq!((cache.start(), cache.entries.len()), (None, 64));
    cache.handle_key_picture(75);
    cache.insert(now, 75, &packet(75, 20), false);
    assert_eq!(cache.start(), Some(75));
}

#[test]
fn everything_since_the_latest_key_picture_is_kept_up_to_the_limit_of_bytes_and_nothing_beyond_it() {
    let mut now = epoch();
    let mut cache = replaying();
    for place in 0..7 {
        cache.insert(now, place, &packet(place, 400), false);
    }
    cache.handle_key_picture(7);
    let most = 16_384 / 400;
    for place in 7..7 + most {
        now += Duration::from_secs(1);
        cache.insert(now, place, &packet(place, 400), false);
        assert!(cache.start() == Some(7) && is_kept(&cache, 7..place + 1), "at {place}");
    }
    for place in 7 + most..7 + 2 * most {
        cache.insert(now, place, &packet(place, 400), false);
    }
    assert_eq!((cache.start(), cache.bytes.len()), (None, 16_384));
}

#[test]
fn of_what_is_missing_and_what_is_overwritten_each_is_told() {
    let now = epoch();
    let mut cache = replaying();
    cache.handle_key_picture(1);
    cache.insert(now, 1, &packet(1, 400), false);
    cache.insert(now, 3, &packet(3, 400), false);
    assert_eq!(cache.kept(2), Kept::Missing);
    cache.insert(now, 1 + 64, &packet(65, 400), false);
    assert_eq!(cache.kept(1), Kept::Forgotten);
}

#[test]
fn what_came_since_the_key_picture_may_be_sent_again_however_old_it_is() {
    let now = epoch();
    let mut cache = replaying();
    cache.insert(now, 1, &packet(1, 10), false);
    cache.handle_key_picture(2);
    cache.insert(now, 2, &packet(2, 10), false);
    let later = now + KEEP_MAX * 2;
    assert!(cache.packet(later, 1).is_none() && cache.packet(later, 2).is_some());
}
