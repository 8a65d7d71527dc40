use bytes::Bytes;
use media::av1::{Obus, write_leb128};
use media::{Codec, Frame, MediaTime, Parameters, Shape};
use proptest::collection::vec;
use proptest::prelude::{any, prop_assert_eq, proptest};

use super::TemporalUnit;
use crate::bridge::Packetizer;

/// The sequence header of libaom: 322 by 242.
const HEADER: &[u8] = &[0x0a, 0x0b, 0x00, 0x00, 0x00, 0x04, 0x3d, 0x07, 0xc4, 0xda, 0xf9, 0x00, 0x40];
const RECORD_HEAD: &[u8] = &[0x81, 0x00, 0x0c, 0x00];
const SHAPE: Shape = Shape::Video { width: 322, height: 242 };

/// An OBU of type "frame" with so many bytes.
fn frame(bytes: usize) -> Vec<u8> {
    let mut out = vec![0x32];
    write_leb128(bytes, &mut out);
    out.resize(out.len() + bytes, 0x5a);
    out
}

fn parameters() -> Parameters {
    let record = [RECORD_HEAD, HEADER].concat();
    Parameters { codec: Codec::Av1, decoder_configuration: record.into(), shape: SHAPE }
}

fn payloads(unit: Vec<u8>, is_key: bool, limit: usize) -> Vec<(Vec<u8>, bool)> {
    let mut packetizer = Packetizer::new(limit);
    packetizer.set_parameters(&parameters()).unwrap();
    let at = MediaTime::ZERO;
    let frame = Frame { codec: Codec::Av1, pts: at, dts: at, is_key, data: Bytes::from(unit) };
    let mut all = Vec::new();
    packetizer.packetize(&frame, |payload, last| all.push((payload.to_vec(), last))).unwrap();
    all
}

#[test]
fn a_key_picture_comes_out_with_the_record_of_its_sequence_header_and_another_without() {
    for (unit, is_key) in [([HEADER, &frame(900)].concat(), true), (frame(900), false)] {
        let mut collected = TemporalUnit::default();
        for (payload, _) in payloads(unit.clone(), is_key, 200) {
            collected.add(&payload).unwrap();
        }
        let whole = collected.take().unwrap();
        assert_eq!((whole.is_key, &whole.data), (is_key, &unit));
        let expected = parameters();
        assert_eq!(whole.parameters, is_key.then_some((expected.decoder_configuration, expected.shape)));
    }
}

#[test]
fn a_key_picture_that_lacks_its_sequence_header_gets_that_of_the_record_and_delimiters_stay_behind() {
    let sent = payloads([&[0x12, 0][..], &frame(5)].concat(), true, 200);
    // New sequence, every element with its length: the header and the frame without theirs.
    let expected = [&[0x08, 12, 0x08][..], &HEADER[2..], &[6, 0x30], &[0x5a; 5]].concat();
    assert_eq!(sent, [(expected, true)]);
}

#[test]
fn elements_may_be_counted_the_last_without_its_length() {
    let mut collected = TemporalUnit::default();
    // Two elements: a delimiter with its length, and a frame that goes on in the next packet.
    collected.add(&[0x60, 1, 0x10, 0x30, 1, 2]).unwrap();
    assert!(collected.add(&[0x10, 0x30, 9]).is_err(), "what was begun goes on first");
    collected.add(&[0x90, 3, 4]).unwrap();
    assert_eq!(collected.take().unwrap().data, [0x32, 4, 1, 2, 3, 4]);
}

#[test]
fn what_is_not_whole_does_not_come_out() {
    let mut collected = TemporalUnit::default();
    assert!(collected.add(&[]).is_err());
    assert!(collected.add(&[0x80, 1, 7]).is_err(), "the beginning is missing");
    assert!(collected.add(&[0x00, 9, 7]).is_err(), "a length beyond the end");
    collected.clear();
    collected.add(&[0x50, 0x30, 1]).unwrap();
    assert!(collected.take().is_none(), "the end is missing");
}

proptest! {
    #[test]
    fn any_obus_come_out_as_they_went_in_whatever_fits_into_a_packet(
        sizes in vec(0_usize..700, 1..8), limit in 60_usize..1_300, is_key in any::<bool>(),
    ) {
        let frames: Vec<u8> = sizes.iter().flat_map(|size| frame(*size)).collect();
        let unit = if is_key { [HEADER, &frames].concat() } else { frames };
        let sent = payloads(unit.clone(), is_key, limit);
        assert!(sent.iter().all(|(payload, _)| payload.len() <= limit), "{limit}");
        assert_eq!(sent.iter().filter(|(_, last)| *last).count(), 1);
        let mut collected = TemporalUnit::default();
        for (payload, _) in &sent {
            collected.add(payload).unwrap();
        }
        let whole = collected.take().unwrap();
        let obus = |bytes| Obus::new(bytes).map(|obu| obu.unwrap().payload.to_vec()).collect::<Vec<_>>();
        prop_assert_eq!(obus(&whole.data), obus(&unit));
        prop_assert_eq!(whole.is_key, is_key);
    }
}
