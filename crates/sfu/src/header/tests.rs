use std::time::Duration;

use rtp::extension::AudioLevel;
use rtp::parameters::ExtensionIds;
use rtp::{Extensions, Header, Packet};

use super::{Patch, Template, send_time};

const IDS: ExtensionIds = ExtensionIds {
    mid: Some(1),
    rid: Some(2),
    repaired_rid: None,
    audio_level: Some(4),
    abs_send_time: Some(5),
    transport_cc: Some(6),
    dependency_descriptor: Some(7),
    video_orientation: None,
    playout_delay: None,
    abs_capture_time: None,
};

fn patch() -> Patch {
    Patch {
        header: Header { payload_type: 96, marker: true, sequence_number: 5, timestamp: 6, ssrc: 7 },
        transport: 0x1234,
        time: send_time(Duration::from_secs(3)),
        number: Some(0xabcd),
    }
}

fn incoming() -> Extensions<'static> {
    Extensions {
        audio_level: Some(AudioLevel { voice: true, level_dbov: -20 }),
        dependency_descriptor: Some(&[0xc0, 0, 1, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]),
        ..Extensions::default()
    }
}

#[test]
fn a_header_has_what_came_and_what_the_subscriber_needs() {
    let mut template = Template::new();
    template.build(&IDS, &incoming(), None, None);
    let bytes = template.patch(&patch());
    let packet = Packet::parse(bytes).unwrap();
    assert_eq!((packet.payload_type(), packet.marker(), packet.sequence_number()), (96, true, 5));
    assert_eq!((packet.timestamp(), packet.ssrc()), (6, 7));
    let extensions = Extensions::read(&packet, &IDS);
    assert_eq!(extensions.transport_sequence, Some(0x1234));
    assert_eq!(extensions.abs_send_time, None, "one of the two is enough");
    assert_eq!(extensions.audio_level.unwrap().level_dbov, -20);
    let descriptor = extensions.dependency_descriptor.unwrap();
    assert_eq!(descriptor[..4], [0xc0, 0xab, 0xcd, 0x80], "longer than sixteen bytes, with the frame's new number");
    assert_eq!(extensions.mid, None);
}

#[test]
fn the_send_time_is_told_where_packets_are_not_numbered() {
    let ids = ExtensionIds { transport_cc: None, ..IDS };
    let mut template = Template::new();
    template.build(&ids, &Extensions::default(), None, None);
    let bytes = template.patch(&patch());
    let extensions = Extensions::read(&Packet::parse(bytes).unwrap(), &ids);
    assert_eq!(extensions.abs_send_time, Some(send_time(Duration::from_secs(3))));
}

#[test]
fn a_template_serves_all_subscribers_with_the_same_ids_but_not_one_with_a_mid() {
    let mut template = Template::new();
    assert!(!template.is_for(&IDS, None));
    template.build(&IDS, &incoming(), None, None);
    assert!(template.is_for(&IDS, None));
    assert!(!template.is_for(&ExtensionIds { mid: None, ..IDS }, None));
    template.build(&IDS, &incoming(), Some(b"v"), None);
    assert!(!template.is_for(&IDS, None));
    template.build(&IDS, &incoming(), None, None);
    template.clear();
    assert!(!template.is_for(&IDS, None));
}

#[test]
fn extensions_that_do_not_fit_are_left_out() {
    let long = [1_u8; 300];
    let mut template = Template::new();
    template.build(&IDS, &Extensions { dependency_descriptor: Some(&long), ..Extensions::default() }, None, None);
    assert_eq!(template.patch(&patch()).len(), 12);
}
