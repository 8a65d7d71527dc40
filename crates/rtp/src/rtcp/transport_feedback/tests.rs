use super::*;
use crate::rtcp::{Packet, Writer, read};
use proptest::prelude::*;

/// A feedback packet with one chunk of each kind.
const EVERY_CHUNK: &[u8] = &[
    0xaf, 0xcd, 0x00, 0x09, // padded, format 15, type 205, ten words
    0, 0, 0, 1, 0, 0, 0, 2, // SSRCs
    0xff, 0xfe, 0x00, 0x1a, // from 65534 on, 26 packets
    0xff, 0xff, 0xff, 0x07, // reference time -1, the seventh feedback
    0x20, 0x03, // three packets with a small delta
    0x00, 0x02, // two that did not come
    0xb0, 0x00, // a vector of one bit: 1 1 0 0 ... (14)
    0xd8, 0x00, // a vector of two bits: small, large, and five lost
    0x04, 0x08, 0x00, 0x0c, // small deltas
    0x01, 0x04, 0xff, 0xf8, // small deltas, a large one of -8
    0x00, 0x00, 0x00, 0x04, // padding
];

fn parse(bytes: &[u8]) -> Result<TransportFeedback<'_>, ParseError> {
    let packet = read(bytes).next().unwrap()?;
    let Packet::TransportFeedback(feedback) = packet else { panic!("{packet:?}") };
    Ok(feedback)
}

#[test]
fn every_kind_of_chunk_is_read() {
    let feedback = parse(EVERY_CHUNK).unwrap();
    assert_eq!((feedback.sender_ssrc, feedback.media_ssrc, feedback.feedback_count), (1, 2, 7));
    let arrived: Vec<_> =
        feedback.packets().filter_map(|p| p.arrival_us.map(|at| (p.sequence_number, at + 64_000))).collect();
    assert_eq!(arrived, [(65534, 1000), (65535, 3000), (0, 3000), (3, 6000), (4, 6250), (17, 7250), (18, 5250)]);
    assert_eq!(feedback.packets().count(), 26);
}

#[test]
fn deltas_or_chunks_that_are_missing_make_it_truncated() {
    for (keep, words) in [(36, 8), (32, 7), (24, 5), (20, 4)] {
        let mut bytes = EVERY_CHUNK[..keep].to_vec();
        bytes[0] = 0x8f;
        bytes[3] = words;
        let expected = if keep == 36 { None } else { Some(ParseError::Truncated) };
        assert_eq!(parse(&bytes).err(), expected, "{keep} bytes");
    }
}

#[test]
fn the_reserved_status_is_refused() {
    let mut bytes = EVERY_CHUNK.to_vec();
    bytes[20] = 0x60;
    assert_eq!(parse(&bytes).unwrap_err(), ParseError::Value { field: "packet status", value: 3 });
}

#[test]
fn a_feedback_about_more_packets_than_the_limit_is_refused() {
    let body = |count: u16| {
        let mut body = vec![0; 8];
        body.extend([0, 0]);
        body.extend(count.to_be_bytes());
        body.extend([0, 0, 0, 0]);
        body.extend([0x1f, 0xff, 0x1f, 0xff, 0x1f, 0xff, 0, 0]);
        body
    };
    assert_eq!(TransportFeedback::read(&body(STATUSES_MAX)).unwrap().packets().count(), usize::from(STATUSES_MAX));
    assert!(matches!(TransportFeedback::read(&body(STATUSES_MAX + 1)), Err(ParseError::TooMany { .. })));
}

/// The bytes of a feedback about these arrivals.
fn written(builder: &TransportFeedbackBuilder) -> Vec<u8> {
    let mut output = Vec::new();
    Writer::new(&mut output).transport_feedback(1, 2, 3, builder);
    output
}

#[test]
fn what_belongs_into_another_feedback_is_not_taken() {
    let mut builder = TransportFeedbackBuilder::new(10, 1_000_000);
    assert!(builder.is_empty());
    assert!(builder.push(12, 1_000_000));
    assert!(!builder.push(12, 1_000_100), "the same number");
    assert!(!builder.push(11, 1_000_100), "a lower number");
    assert!(!builder.push(13, 1_000_000 + 9_000_000), "too late");
    assert!(!builder.push(13, 1_000_000 - 9_000_000), "too early");
    assert!(!builder.push(10 + 1_400, 1_000_000), "too far");
    assert!(builder.push(10 + 1_399, 1_000_000));
    let bytes = written(&builder);
    let arrived: Vec<_> = parse(&bytes).unwrap().packets().filter(|p| p.arrival_us.is_some()).collect();
    assert_eq!(
        arrived,
        [12, 10 + 1_399].map(|sequence_number| PacketStatus { sequence_number, arrival_us: Some(1_000_000) })
    );
}

#[test]
fn the_largest_feedback_fits_into_a_datagram() {
    let mut builder = TransportFeedbackBuilder::new(0, 0);
    let mut at = 0;
    // Alternating statuses and large deltas make the chunks as long as they get.
    for number in (0..=u16::MAX).step_by(2) {
        at += 70_000;
        if !builder.push(number, at) {
            break;
        }
    }
    assert!(written(&builder).len() <= 1_200, "{}", written(&builder).len());
}

proptest! {
    #[test]
    fn what_is_built_reads_back(
        base: u16, reference in 0..(1i64 << 40),
        steps in prop::collection::vec((1u16..30, -200_000i64..2_000_000), 1..300),
    ) {
        let mut builder = TransportFeedbackBuilder::new(base, reference);
        let mut expected = Vec::new();
        let (mut number, mut at) = (base.wrapping_sub(1), reference);
        for (step, delay) in steps {
            number = number.wrapping_add(step);
            at += delay;
            if !builder.push(number, at) {
                break;
            }
            expected.push((number, at.div_euclid(TICK_US)));
        }
        let bytes = written(&builder);
        prop_assert_eq!(bytes.len() % 4, 0);
        let feedback = parse(&bytes).unwrap();
        let found: Vec<_> = feedback
            .packets()
            .filter_map(|p| Some((p.sequence_number, p.arrival_us?)))
            .map(|(number, at)| (number, at.rem_euclid(REFERENCE_CYCLE_US).div_euclid(TICK_US)))
            .collect();
        let cycle = REFERENCE_CYCLE_US / TICK_US;
        let expected: Vec<_> = expected.iter().map(|(number, ticks)| (*number, ticks.rem_euclid(cycle))).collect();
        prop_assert_eq!(found, expected);
    }
}
