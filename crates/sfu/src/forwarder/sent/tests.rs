use super::{Lookup, SentPacket, SentPackets};

fn packet(index: u64, place: u64) -> SentPacket {
    SentPacket { index, place, picture_shift: 3, epoch: 1, marker: index.is_multiple_of(2) }
}

#[test]
fn a_packet_is_found_by_its_number_until_it_is_too_old() {
    let mut sent = SentPackets::new(8);
    for index in 65_530..65_550 {
        sent.insert(packet(index, index + 100), index);
    }
    assert_eq!(sent.find(13, 65_550), Lookup::Sent(packet(65_549, 65_649)));
    assert_eq!(sent.find(6, 65_550), Lookup::Sent(packet(65_542, 65_642)));
    assert_eq!(sent.find(5, 65_550), Lookup::Unknown, "too old");
    assert_eq!(sent.find(14, 65_550), Lookup::Unknown, "of the future");
}

#[test]
fn a_number_that_was_passed_over_is_reserved_until_its_packet_comes() {
    let mut sent = SentPackets::new(8);
    sent.insert(packet(10, 110), 10);
    sent.insert(packet(13, 113), 11);
    assert_eq!(sent.find(12, 14), Lookup::Reserved(12));
    assert!(sent.is_reserved(12, 14));
    assert!(!sent.is_reserved(13, 14));
    assert!(!sent.is_reserved(14, 14));
    sent.insert(packet(12, 112), 14);
    assert_eq!(sent.find(12, 14), Lookup::Sent(packet(12, 112)));
}

#[test]
fn a_jump_longer_than_the_ring_leaves_nothing_of_before() {
    let mut sent = SentPackets::new(8);
    (0..8).for_each(|index| sent.insert(packet(index, index), index));
    sent.insert(packet(100, 100), 8);
    assert!((93..100).all(|number| sent.find(number, 101) == Lookup::Reserved(u64::from(number))));
    assert_eq!(sent.find(7, 101), Lookup::Unknown);
}
