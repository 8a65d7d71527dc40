//! Our readers and writers beside those of `rtp-types` and `rtcp-types`, which others wrote: on the same bytes they say the same.

use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use rtcp_types::prelude::*;
use rtcp_types::{Fir, Nack, PayloadFeedback, Pli, TransportFeedback, Twcc, TwccPacketStatus};
use rtp::rtcp::{self, Packet, ReportBlock, SenderInfo, TransportFeedbackBuilder, Writer};
use rtp::{Element, Header};
use rtp_types::{RtpPacket, RtpPacketBuilder};

/// Bytes that look like RTP often enough.
fn packets() -> impl Strategy<Value = Vec<u8>> {
    (0x80..0xc0_u8, vec(any::<u8>(), 0..60)).prop_map(|(first, mut rest)| {
        // A block of extensions that is too long for the packet teaches nothing.
        let length = 12 + usize::from(first & 15) * 4 + 1;
        if let Some(words) = rest.get_mut(length..length + 2) {
            words.copy_from_slice(&[0, words[1] & 3]);
        }
        rest.insert(0, first);
        rest
    })
}

fn blocks() -> impl Strategy<Value = Vec<ReportBlock>> {
    let numbers = (any::<[u32; 5]>(), any::<u8>(), -0x80_0000..0x80_0000_i32);
    let block = numbers.prop_map(|([ssrc, highest_sequence, jitter, last, delay], fraction_lost, cumulative_lost)| {
        ReportBlock {
            ssrc,
            fraction_lost,
            cumulative_lost,
            highest_sequence,
            jitter,
            last_sender_report: last,
            delay_since_last: delay,
        }
    });
    vec(block, 0..31)
}

/// In their words; they do not know that more can come than was sent.
fn theirs(block: &rtcp_types::ReportBlock<'_>) -> ReportBlock {
    ReportBlock {
        ssrc: block.ssrc(),
        fraction_lost: block.fraction_lost(),
        cumulative_lost: (block.cumulative_lost() << 8).cast_signed() >> 8,
        highest_sequence: block.extended_sequence_number(),
        jitter: block.interarrival_jitter(),
        last_sender_report: block.last_sender_report_timestamp(),
        delay_since_last: block.delay_since_last_sender_report_timestamp(),
    }
}

fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut Writer::new(&mut bytes));
    bytes
}

/// The arrivals of a feedback in ticks of 250 µs since its reference time.
fn ticks(feedback: &rtcp::TransportFeedback<'_>) -> Vec<(u16, Option<i64>)> {
    let origin_us = i64::from(feedback.reference_time) * 64_000;
    feedback.packets().map(|it| (it.sequence_number, it.arrival_us.map(|us| (us - origin_us) / 250))).collect()
}

/// The same as they read it: each delta counts from the one before.
fn their_ticks(feedback: &Twcc<'_>) -> Option<Vec<(u16, Option<i64>)>> {
    let mut at = 0;
    let mut take = |status| match status {
        TwccPacketStatus::NotReceived => None,
        TwccPacketStatus::Received { delta } => {
            at += i64::from(delta);
            Some(at)
        }
    };
    feedback.packets().map(|packet| packet.ok().map(|(number, status)| (number, take(status)))).collect()
}

/// Packets of one feedback that we read at most.
const STATUSES_MAX: usize = 16_384;

proptest! {
    #[test]
    fn any_bytes_are_the_same_packet_to_both_or_to_neither(bytes in packets()) {
        let (ours, theirs) = (rtp::Packet::parse(&bytes), RtpPacket::parse(&bytes));
        prop_assert_eq!(ours.is_ok(), theirs.is_ok(), "{:?} {:?}", ours, theirs);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours.marker(), theirs.marker_bit());
            prop_assert_eq!(ours.payload_type(), theirs.payload_type());
            prop_assert_eq!(ours.sequence_number(), theirs.sequence_number());
            prop_assert_eq!(ours.timestamp(), theirs.timestamp());
            prop_assert_eq!(ours.ssrc(), theirs.ssrc());
            prop_assert_eq!(ours.padding_bytes(), theirs.padding().unwrap_or(0));
            prop_assert_eq!(ours.payload(), theirs.payload());
        }
    }

    #[test]
    fn a_header_that_we_write_is_read_by_them(
        numbers: (u8, bool, u16, u32, u32),
        elements in vec((1..15_u8, vec(any::<u8>(), 1..17)), 0..4),
        payload in vec(any::<u8>(), 0..30),
    ) {
        let (payload_type, marker, sequence_number, timestamp, ssrc) = numbers;
        let header = Header { payload_type: payload_type & 0x7f, marker, sequence_number, timestamp, ssrc };
        let elements: Vec<Element<'_>> = elements.iter().map(|(id, data)| Element { id: *id, data }).collect();
        let mut bytes = vec![0; 200];
        let length = header.write(&mut bytes, &elements).expect("there is room");
        bytes.truncate(length);
        bytes.extend(&payload);
        let read = RtpPacket::parse(&bytes).expect("they can read it");
        prop_assert_eq!(
            (read.payload_type(), read.marker_bit(), read.sequence_number(), read.timestamp(), read.ssrc()),
            (payload_type & 0x7f, marker, sequence_number, timestamp, ssrc)
        );
        prop_assert_eq!(read.payload(), &payload);
        prop_assert_eq!(read.extension().is_some(), !elements.is_empty());
    }

    #[test]
    fn a_packet_that_they_write_is_read_by_us(
        numbers: (u8, bool, u16, u32, u32),
        csrcs in vec(any::<u32>(), 0..16),
        payload in vec(any::<u8>(), 0..30),
        extension in vec(any::<[u8; 4]>(), 0..4),
    ) {
        let (payload_type, marker, sequence_number, timestamp, ssrc) = numbers;
        let extension = extension.concat();
        let mut builder = RtpPacketBuilder::<&[u8], &[u8]>::new()
            .payload_type(payload_type & 0x7f)
            .marker_bit(marker)
            .sequence_number(sequence_number)
            .timestamp(timestamp)
            .ssrc(ssrc)
            .extension(0xbede, &extension)
            .payload(&payload);
        for csrc in &csrcs {
            builder = builder.add_csrc(*csrc);
        }
        let bytes = builder.write_vec().expect("they can write it");
        let read = rtp::Packet::parse(&bytes).expect("we can read it");
        prop_assert_eq!(
            (read.payload_type(), read.marker(), read.sequence_number(), read.timestamp(), read.ssrc()),
            (payload_type & 0x7f, marker, sequence_number, timestamp, ssrc)
        );
        prop_assert_eq!(read.payload(), &payload);
    }

    #[test]
    fn reports_that_we_write_are_read_by_them(numbers: [u32; 4], ntp: u64, blocks in blocks()) {
        let [ssrc, timestamp, packets, octets] = numbers;
        let bytes = written(|writer| writer.sender_report(&SenderInfo { ssrc, ntp, timestamp, packets, octets }, &blocks));
        let read = rtcp_types::SenderReport::parse(&bytes).expect("they can read it");
        prop_assert_eq!((read.ssrc(), read.ntp_timestamp(), read.rtp_timestamp()), (ssrc, ntp, timestamp));
        prop_assert_eq!((read.packet_count(), read.octet_count()), (packets, octets));
        prop_assert!(read.report_blocks().map(|block| theirs(&block)).eq(blocks.iter().copied()));
        let bytes = written(|writer| writer.receiver_report(ssrc, &blocks));
        let read = rtcp_types::ReceiverReport::parse(&bytes).expect("they can read it");
        prop_assert_eq!(read.ssrc(), ssrc);
        prop_assert!(read.report_blocks().map(|block| theirs(&block)).eq(blocks));
    }

    #[test]
    fn feedback_that_we_write_is_read_by_them(ssrcs: [u32; 2], number: u8, lost in vec(any::<u16>(), 1..40)) {
        let [sender, media] = ssrcs;
        let mut sorted = lost;
        sorted.sort_unstable();
        sorted.dedup();
        let bytes = written(|writer| writer.nack(sender, media, &sorted));
        let read = TransportFeedback::parse(&bytes).expect("they can read it");
        prop_assert_eq!((read.sender_ssrc(), read.media_ssrc()), (sender, media));
        let nack = read.parse_fci::<Nack<'_>>().expect("they can read it");
        prop_assert_eq!(nack.entries().collect::<Vec<_>>(), sorted);
        let bytes = written(|writer| writer.picture_loss_indication(sender, media));
        let read = PayloadFeedback::parse(&bytes).expect("they can read it");
        prop_assert_eq!((read.sender_ssrc(), read.media_ssrc()), (sender, media));
        prop_assert!(read.parse_fci::<Pli<'_>>().is_ok());
        let bytes = written(|writer| writer.full_intra_request(sender, media, number));
        let read = PayloadFeedback::parse(&bytes).expect("they can read it");
        let entries = read.parse_fci::<Fir<'_>>().expect("they can read it");
        let entries: Vec<_> = entries.entries().map(|entry| (entry.ssrc(), entry.sequence())).collect();
        prop_assert_eq!(entries, [(media, number)]);
    }

    #[test]
    fn arrivals_that_we_write_are_read_by_them(
        first: (u16, i64),
        steps in vec((1..40_u16, -8_000..8_000_i64), 0..80),
        count: u8,
    ) {
        let (base, begin) = (first.0, first.1.rem_euclid(1 << 40));
        let mut feedback = TransportFeedbackBuilder::new(base, begin);
        let (mut number, mut arrival) = (base, begin);
        feedback.push(number, arrival);
        for (step, ticks) in steps {
            number = number.wrapping_add(step);
            arrival += ticks * 250;
            if !feedback.push(number, arrival) {
                break;
            }
        }
        let bytes = written(|writer| writer.transport_feedback(1, 2, count, &feedback));
        let Some(Ok(Packet::TransportFeedback(ours))) = rtcp::read(&bytes).next() else { panic!("{bytes:?}") };
        let theirs = TransportFeedback::parse(&bytes).expect("they can read it");
        let theirs = theirs.parse_fci::<Twcc<'_>>().expect("they can read it");
        prop_assert_eq!(theirs.base_sequence_number(), base);
        prop_assert_eq!(theirs.feedback_packet_count(), count);
        prop_assert_eq!(theirs.reference_time() & 0xff_ffff, ours.reference_time.cast_unsigned() & 0xff_ffff);
        prop_assert_eq!(their_ticks(&theirs), Some(ticks(&ours)));
    }

    #[test]
    fn what_both_take_for_feedback_is_the_same_to_both(
        kind in 0..4_usize,
        body in vec(any::<[u8; 4]>(), 3..20).prop_map(|words| words.concat()),
    ) {
        let (packet_type, format) = [(205, 1), (205, 15), (206, 1), (206, 4)][kind];
        let words = u8::try_from(body.len() / 4).expect("short");
        let bytes = [&[0x80 | format, packet_type, 0, words][..], &body].concat();
        let ours = rtcp::read(&bytes).next();
        match ours {
            Some(Ok(Packet::Nack(ours))) => {
                let theirs = TransportFeedback::parse(&bytes).expect("they can read it");
                let nack = theirs.parse_fci::<Nack<'_>>().expect("they can read it");
                prop_assert!(ours.lost().eq(nack.entries()));
            }
            Some(Ok(Packet::TransportFeedback(ours))) => {
                let theirs = TransportFeedback::parse(&bytes).expect("they can read it");
                let theirs = theirs.parse_fci::<Twcc<'_>>().expect("they can read it");
                prop_assert_eq!(their_ticks(&theirs), Some(ticks(&ours)));
            }
            Some(Ok(Packet::PictureLossIndication(ours))) => {
                let theirs = PayloadFeedback::parse(&bytes).expect("they can read it");
                prop_assert_eq!((ours.sender_ssrc, ours.media_ssrc), (theirs.sender_ssrc(), theirs.media_ssrc()));
            }
            Some(Ok(Packet::FullIntraRequest(ours))) => {
                let theirs = PayloadFeedback::parse(&bytes).expect("they can read it");
                // An entry that is cut off is left out by us, and refused by them.
                let is_whole = (body.len() - 8) % 8 == 0;
                if let Ok(theirs) = theirs.parse_fci::<Fir<'_>>() {
                    prop_assert!(ours.requests().eq(theirs.entries().map(|entry| (entry.ssrc(), entry.sequence()))));
                } else {
                    prop_assert!(!is_whole, "{body:?}");
                }
            }
            Some(Err(_)) => {
                // We refuse a feedback that does not speak of as many packets as it says, and one that speaks of too many.
                let announced = bytes.get(14..16).map_or(0, |count| usize::from(count[0]) << 8 | usize::from(count[1]));
                let theirs = TransportFeedback::parse(&bytes).ok();
                let theirs = theirs.and_then(|it| their_ticks(&it.parse_fci::<Twcc<'_>>().ok()?));
                let is_taken = theirs.as_ref().is_some_and(|it| it.len() == announced && announced <= STATUSES_MAX);
                prop_assert!(packet_type != 205 || format != 15 || !is_taken, "{theirs:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}
