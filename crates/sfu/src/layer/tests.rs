use std::time::Duration;

use rtp::parameters::Kind;

use super::{Arrival, FAR_BEHIND_MAX, Layer};
use crate::forwarder::StreamId;
use crate::tests::epoch;
use crate::timeline::NtpTime;

fn layer() -> Layer {
    let mut layer = Layer::new(Kind::Video, None, StreamId(1));
    layer.ssrc = Some(7);
    layer
}

#[test]
fn numbers_get_places_and_a_packet_counts_once() {
    let mut layer = layer();
    assert_eq!(layer.handle_number(65_535), Arrival::Newest(131_071));
    assert_eq!(layer.handle_number(1), Arrival::Newest(131_073));
    assert_eq!(layer.handle_number(0), Arrival::Late(131_072));
    assert_eq!(layer.handle_number(0), Arrival::Duplicate);
    assert_eq!(layer.handle_number(1), Arrival::Duplicate);
}

#[test]
fn what_is_behind_the_window_counts_as_a_duplicate() {
    let mut layer = layer();
    layer.handle_number(5_000);
    assert!(matches!(layer.handle_number(5_000 - 1_023), Arrival::Late(_)));
    assert_eq!(layer.handle_number(5_000 - 1_024), Arrival::Duplicate);
}

#[test]
fn a_publisher_that_counts_anew_is_followed_after_some_packets_in_a_row() {
    let mut layer = layer();
    layer.handle_number(30_000);
    for number in 0..u16::from(FAR_BEHIND_MAX) - 1 {
        assert_eq!(layer.handle_number(number + 100), Arrival::Duplicate);
    }
    assert!(matches!(layer.handle_number(120), Arrival::Restart(_)));
    assert_eq!(layer.handle_number(30_001), Arrival::Newest(95_537), "until it is restarted, nothing changes");
}

#[test]
fn a_report_tells_loss_since_the_one_before() {
    let now = epoch();
    let mut layer = layer();
    for number in (0..100_u16).filter(|number| number % 4 != 3) {
        let Arrival::Newest(place) = layer.handle_number(number) else { panic!("in order") };
        layer.handle_reception(now, place, u32::from(number) * 3_000, 90_000);
    }
    layer.handle_sender_report(now, NtpTime(0x1234_5678_9abc_def0), 0);
    let block = layer.report_block(now + Duration::from_millis(500)).unwrap();
    assert_eq!((block.ssrc, block.cumulative_lost, block.highest_sequence), (7, 24, 98));
    assert!((60..=64).contains(&block.fraction_lost), "{}", block.fraction_lost);
    assert_eq!((block.last_sender_report, block.delay_since_last), (0x5678_9abc, 32_768));
    let again = layer.report_block(now + Duration::from_secs(1)).unwrap();
    assert_eq!(again.fraction_lost, 0);
}
