use super::*;
use proptest::prelude::*;

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut output = Vec::new();
    write(&mut Writer::new(&mut output));
    output
}

const INFO: SenderInfo = SenderInfo { ssrc: 1, ntp: 0x0102_0304_0506_0708, timestamp: 9, packets: 10, octets: 11 };

const BLOCK: ReportBlock = ReportBlock {
    ssrc: 21,
    fraction_lost: 22,
    cumulative_lost: -3,
    highest_sequence: 0x0002_0017,
    jitter: 24,
    last_sender_report: 25,
    delay_since_last: 26,
};

#[test]
fn a_compound_gives_its_packets_in_order() {
    let bytes = written(|writer| {
        writer.sender_report(&INFO, &[BLOCK]);
        writer.source_description(&[1], b"parlor");
        writer.picture_loss_indication(1, 2);
        writer.goodbye(&[1, 2]);
    });
    let packets: Vec<_> = read(&bytes).map(Result::unwrap).collect();
    let [
        Packet::SenderReport(report),
        Packet::SourceDescription(description),
        Packet::PictureLossIndication(pli),
        Packet::Goodbye(bye),
    ] = packets[..]
    else {
        panic!("{packets:?}")
    };
    assert_eq!(report.info, INFO);
    assert_eq!(report.blocks.collect::<Vec<_>>(), [BLOCK]);
    assert_eq!(description.chunks().collect::<Vec<_>>(), [Chunk { ssrc: 1, cname: b"parlor" }]);
    assert_eq!(pli, PictureLossIndication { sender_ssrc: 1, media_ssrc: 2 });
    assert_eq!(bye.ssrcs().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn rfc3550_report_of_a_browser_is_read() {
    // A receiver report as Chromium sends it, with a REMB behind it.
    let bytes = [
        0x81, 0xc9, 0x00, 0x07, 0x00, 0x00, 0x00, 0x01, 0x3a, 0x1b, 0x5c, 0x0d, 0x80, 0x00, 0x00, 0x05, 0x00, 0x00,
        0x4e, 0x21, 0x00, 0x00, 0x00, 0x10, 0xaa, 0xbb, 0xcc, 0xdd, 0x00, 0x01, 0x00, 0x00, // RR
        0x8f, 0xce, 0x00, 0x05, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, b'R', b'E', b'M', b'B', 0x01, 0x0b,
        0xd0, 0x90, 0x3a, 0x1b, 0x5c, 0x0d, // REMB 1,000,000 = 250,000 << 2
    ];
    let packets: Vec<_> = read(&bytes).map(Result::unwrap).collect();
    let [Packet::ReceiverReport(report), Packet::Remb(remb)] = packets[..] else { panic!("{packets:?}") };
    let block = report.blocks.into_iter().next().unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost, block.highest_sequence), (128, 5, 20_001));
    assert_eq!(remb.bitrate_bps, 1_000_000);
    assert_eq!(remb.ssrcs().collect::<Vec<_>>(), [0x3a1b_5c0d]);
}

#[test]
fn a_bad_packet_does_not_take_its_neighbours_along() {
    let mut bytes = written(|writer| writer.receiver_report(1, &[]));
    bytes[0] |= 31; // It claims 31 report blocks that are not there.
    bytes.extend(written(|writer| writer.picture_loss_indication(1, 2)));
    let packets: Vec<_> = read(&bytes).collect();
    assert!(matches!(packets[..], [Err(ParseError::Truncated), Ok(Packet::PictureLossIndication(_))]), "{packets:?}");
}

#[test]
fn a_wrong_length_or_version_ends_the_compound() {
    let good = written(|writer| writer.picture_loss_indication(1, 2));
    let mut long = good.clone();
    long[3] = 9;
    let mut version = good.clone();
    version[0] = 0x41;
    version.extend(&good);
    for (bytes, error) in
        [(long, ParseError::Truncated), (version, ParseError::Version(1)), (good[..3].into(), ParseError::Truncated)]
    {
        let packets: Vec<_> = read(&bytes).collect();
        assert_eq!(packets.len(), 1);
        assert_eq!(packets[0].unwrap_err(), error);
    }
}

#[test]
fn unknown_packets_are_passed_over() {
    let mut bytes = vec![0x80, 207, 0, 1, 1, 2, 3, 4, 0x81, 204, 0, 0, 0x8f, 206, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend(written(|writer| writer.nack(1, 2, &[3])));
    let kinds: Vec<_> = read(&bytes).map(Result::unwrap).collect();
    let [
        Packet::Other { packet_type: 207, count: 0 },
        Packet::Other { packet_type: 204, count: 1 },
        Packet::Other { packet_type: 206, count: 15 },
        Packet::Nack(nack),
    ] = kinds[..]
    else {
        panic!("{kinds:?}")
    };
    assert_eq!(nack.lost().collect::<Vec<_>>(), [3]);
}

#[test]
fn padding_is_taken_off_and_checked() {
    let goodbye = |padding: u8| [0xa1, 203, 0, 2, 0, 0, 0, 9, 0, 0, 0, padding];
    for (padding, valid) in [(4, true), (0, false), (9, false)] {
        let bytes = goodbye(padding);
        let packet = read(&bytes).next().unwrap();
        assert_eq!(packet.is_ok(), valid, "{padding}");
    }
}

#[test]
fn lists_at_their_limit_are_whole_and_beyond_it_cut() {
    for (given, kept) in [(31, 31), (32, 31)] {
        let bytes = written(|writer| writer.receiver_report(1, &vec![BLOCK; given]));
        let Packet::ReceiverReport(report) = read(&bytes).next().unwrap().unwrap() else { panic!() };
        assert_eq!(report.blocks.count(), kept);
    }
    for (given, kept) in [(255, 255), (256, 255)] {
        let bytes = written(|writer| writer.remb(1, 5, &vec![7; given]));
        let Packet::Remb(remb) = read(&bytes).next().unwrap().unwrap() else { panic!() };
        assert_eq!(remb.ssrcs().count(), kept);
        let lost: Vec<u16> = (0..given).map(|index| u16::try_from(index * 20).unwrap()).collect();
        let bytes = written(|writer| writer.nack(1, 2, &lost));
        let Packet::Nack(nack) = read(&bytes).next().unwrap().unwrap() else { panic!() };
        assert_eq!(nack.lost().count(), kept);
    }
}

#[test]
fn a_request_for_a_key_frame_names_stream_and_number() {
    let bytes = written(|writer| writer.full_intra_request(1, 2, 3));
    let Packet::FullIntraRequest(request) = read(&bytes).next().unwrap().unwrap() else { panic!() };
    assert_eq!(request.requests().collect::<Vec<_>>(), [(2, 3)]);
}

#[test]
fn a_rate_beyond_all_numbers_is_no_limit() {
    let mut bytes = written(|writer| writer.remb(1, 5, &[]));
    bytes[17] = 0xff;
    let Packet::Remb(remb) = read(&bytes).next().unwrap().unwrap() else { panic!() };
    assert_eq!(remb.bitrate_bps, u64::MAX);
}

proptest! {
    #[test]
    fn lost_numbers_read_back(start: u16, steps in prop::collection::vec(1u16..40, 0..200)) {
        let mut lost = vec![start];
        for step in steps {
            lost.push(lost.last().unwrap().wrapping_add(step));
        }
        let bytes = written(|writer| writer.nack(1, 2, &lost));
        let Packet::Nack(nack) = read(&bytes).next().unwrap().unwrap() else { panic!() };
        prop_assert_eq!(nack.lost().collect::<Vec<_>>(), lost);
    }

    #[test]
    fn a_rate_loses_less_than_its_18_bits(bitrate: u64) {
        let bytes = written(|writer| writer.remb(1, bitrate, &[2]));
        let Packet::Remb(remb) = read(&bytes).next().unwrap().unwrap() else { panic!() };
        prop_assert!(remb.bitrate_bps <= bitrate);
        prop_assert!(bitrate - remb.bitrate_bps <= bitrate >> 17);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        exhaust(&bytes);
    }

    #[test]
    fn no_body_of_a_known_kind_makes_the_reader_panic(
        packet_type in 200u8..208, count in 0u8..32, padded: bool, body in prop::collection::vec(any::<[u8; 4]>(), 0..60),
    ) {
        let mut bytes = vec![0x80 | (u8::from(padded) << 5) | count, packet_type, 0, u8::try_from(body.len()).unwrap()];
        bytes.extend(body.iter().flatten());
        exhaust(&bytes);
    }
}

/// Reads everything that can be read.
fn exhaust(bytes: &[u8]) {
    for packet in read(bytes).flatten() {
        match packet {
            Packet::SenderReport(report) => assert!(report.blocks.count() <= 31),
            Packet::ReceiverReport(report) => assert!(report.blocks.count() <= 31),
            Packet::SourceDescription(description) => assert!(description.chunks().count() <= 31),
            Packet::Goodbye(bye) => assert!(bye.ssrcs().count() <= 31),
            Packet::Nack(nack) => assert!(nack.lost().count() <= bytes.len() / 4 * 17),
            Packet::FullIntraRequest(request) => assert!(request.requests().count() <= bytes.len()),
            Packet::Remb(remb) => assert!(remb.ssrcs().count() <= 255),
            Packet::TransportFeedback(feedback) => {
                assert_eq!(feedback.packets().count(), usize::from(feedback.status_count));
            }
            Packet::CongestionFeedback(feedback) => {
                assert!(feedback.streams().flat_map(|stream| stream.packets()).count() <= bytes.len());
            }
            Packet::PictureLossIndication(_) | Packet::Other { .. } => {}
        }
    }
}
