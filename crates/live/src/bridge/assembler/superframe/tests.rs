use bytes::Bytes;
use media::vp9::superframe;
use media::{Codec, Frame, MediaTime, Parameters, Shape};
use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{FRAMES_MAX, Superframe};
use crate::bridge::Packetizer;

/// What libvpx begins with: 322 by 242.
const KEY: &[u8] = &[0x82, 0x49, 0x83, 0x42, 0x00, 0x14, 0x10, 0x0f, 0x16, 0x06];
const RECORD: &[u8] = &[0, 20, 0x82, 2, 2, 2, 0, 0];

fn payloads(data: &[u8], is_key: bool, limit: usize) -> Vec<(Vec<u8>, bool)> {
    let mut packetizer = Packetizer::new(limit);
    let shape = Shape::Video { width: 0, height: 0 };
    packetizer.set_parameters(&Parameters { codec: Codec::Vp9, decoder_configuration: Bytes::new(), shape }).unwrap();
    let at = MediaTime::ZERO;
    let frame = Frame { codec: Codec::Vp9, pts: at, dts: at, is_key, data: Bytes::copy_from_slice(data) };
    let mut all = Vec::new();
    packetizer.packetize(&frame, |payload, last| all.push((payload.to_vec(), last))).unwrap();
    all
}

#[test]
fn a_key_picture_tells_its_size_and_another_does_not() {
    let mut collected = Superframe::default();
    payloads(KEY, true, 200).iter().for_each(|(payload, _)| collected.add(payload).unwrap());
    let whole = collected.take().unwrap();
    assert_eq!((whole.is_key, &whole.data[..]), (true, KEY));
    let shape = Shape::Video { width: 322, height: 242 };
    assert_eq!(whole.parameters, Some((Bytes::from_static(RECORD), shape)));
    payloads(&[0x86, 0], false, 200).iter().for_each(|(payload, _)| collected.add(payload).unwrap());
    let whole = collected.take().unwrap();
    assert_eq!((whole.is_key, whole.parameters), (false, None));
}

#[test]
fn the_layers_of_a_picture_become_a_superframe_with_the_size_of_the_highest() {
    // Layers by SID; the first has the structure: two layers, 161 by 121 and 322 by 242.
    let structure = [0x30, 0, 161, 0, 121, 1, 66, 0, 242];
    let lower = [&[0x2e, 0x00, 0][..], &structure, KEY].concat();
    let upper = [&[0x2c, 0x03, 0][..], &[0x86, 7]].concat();
    let mut collected = Superframe::default();
    collected.add(&lower).unwrap();
    collected.add(&upper).unwrap();
    let whole = collected.take().unwrap();
    assert_eq!((whole.is_key, whole.data), (true, superframe(&[KEY, &[0x86, 7]])));
    assert_eq!(whole.parameters.map(|(_, shape)| shape), Some(Shape::Video { width: 322, height: 242 }));
}

#[test]
fn what_is_not_whole_does_not_come_out_and_more_layers_than_there_can_be_are_refused() {
    let mut collected = Superframe::default();
    assert!(collected.add(&[0x04, 1]).is_err(), "the beginning is missing");
    collected.add(&[0x08, 1]).unwrap();
    assert!(collected.add(&[0x08, 1]).is_err(), "the end of the one before is missing");
    assert!(collected.take().is_none());
    for _ in 0..FRAMES_MAX {
        collected.add(&[0x4c, 1]).unwrap();
    }
    assert!(collected.add(&[0x4c, 1]).is_err());
    assert!(collected.take().is_some());
}

proptest! {
    #[test]
    fn any_picture_comes_out_as_it_went_in(length in 1_usize..5_000, limit in 60_usize..1_300, is_key in any::<bool>()) {
        let data: Vec<u8> = if is_key { KEY.to_vec() } else { vec![0x86] }.into_iter().chain((0..length).map(|at| at as u8)).collect();
        let sent = payloads(&data, is_key, limit);
        assert!(sent.iter().all(|(payload, _)| payload.len() <= limit));
        assert_eq!(sent.iter().map(|(_, last)| *last).rposition(|last| last), Some(sent.len() - 1));
        let mut collected = Superframe::default();
        sent.iter().for_each(|(payload, _)| collected.add(payload).unwrap());
        let whole = collected.take().unwrap();
        prop_assert_eq!((whole.is_key, whole.data), (is_key, data));
    }
}
