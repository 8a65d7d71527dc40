use bytes::Bytes;
use media::nal::Units;
use media::{Codec, Frame, MediaTime, Parameters, Shape, h264};
use rtp::payload::units::{Collected, Syntax};

use super::{BridgeError, Packetizer};
use crate::bridge::tests::{PPS, SPS, access_unit, h264_parameters};

fn frame(pts_ms: i64, is_key: bool, units: &[&[u8]]) -> Frame {
    let pts = MediaTime::from_millis(pts_ms);
    Frame { codec: Codec::H264, pts, dts: pts, is_key, data: access_unit(units) }
}

fn payloads(packetizer: &mut Packetizer, frame: &Frame) -> Vec<(Vec<u8>, bool)> {
    let mut all = Vec::new();
    packetizer.packetize(frame, |payload, last| all.push((payload.to_vec(), last))).unwrap();
    all
}

fn units_of(payloads: &[(Vec<u8>, bool)]) -> Vec<Vec<u8>> {
    let mut collected = Collected::new(Syntax::H264);
    payloads.iter().for_each(|(payload, _)| collected.add(payload).unwrap());
    let data = collected.take().unwrap();
    Units::new(&data).map(|unit| unit.unwrap().to_vec()).collect()
}

#[test]
fn a_key_picture_goes_out_behind_its_parameter_sets_which_it_may_bring_itself() {
    let mut packetizer = Packetizer::new(1_200);
    packetizer.set_parameters(&h264_parameters()).unwrap();
    let idr = [&[0x65][..], &[7; 3_000]].concat();
    let delimiter: &[u8] = &[9, 0xf0];
    let out = payloads(&mut packetizer, &frame(0, true, &[delimiter, &idr]));
    assert_eq!(units_of(&out), [SPS.to_vec(), PPS.to_vec(), idr.clone()]);
    assert!(out.iter().all(|(payload, _)| payload.len() <= 1_200));
    assert_eq!(out.iter().filter(|(_, last)| *last).count(), 1);
    let with_sets = payloads(&mut packetizer, &frame(40, true, &[SPS, PPS, &idr]));
    assert_eq!(units_of(&with_sets).len(), 3, "not twice");
    let inter = payloads(&mut packetizer, &frame(80, false, &[&[0x41, 1, 2]]));
    assert_eq!(units_of(&inter), [[0x41, 1, 2]]);
}

#[test]
fn pictures_go_out_in_the_order_they_are_shown_and_b_pictures_not_at_all() {
    let mut packetizer = Packetizer::new(1_200);
    packetizer.set_parameters(&h264_parameters()).unwrap();
    // Decoded as I P B B P B B, then a publisher begins anew.
    let shown: Vec<_> =
        [(0, true), (120, false), (40, false), (80, false), (240, false), (160, false), (200, false), (0, true)]
            .into_iter()
            .filter(|(pts, is_key)| !payloads(&mut packetizer, &frame(*pts, *is_key, &[&[0x41, 1]])).is_empty())
            .map(|(pts, _)| pts)
            .collect();
    assert_eq!(shown, [0, 120, 240, 0]);
    assert_eq!(packetizer.left_out(), 4);
}

#[test]
fn sounds_go_out_as_they_are() {
    let mut packetizer = Packetizer::new(1_200);
    let shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };
    packetizer.set_parameters(&Parameters { codec: Codec::Opus, decoder_configuration: Bytes::new(), shape }).unwrap();
    let sound = Frame { codec: Codec::Opus, data: Bytes::from_static(b"\xfcsound"), ..frame(0, true, &[]) };
    assert_eq!(payloads(&mut packetizer, &sound), [(b"\xfcsound".to_vec(), true)]);
}

#[test]
fn what_cannot_go_over_is_refused_with_its_reason() {
    let mut packetizer = Packetizer::new(1_200);
    let mut refused = |frame: &Frame| packetizer.packetize(frame, |_, _| panic!("nothing goes out")).unwrap_err();
    assert_eq!(refused(&frame(0, true, &[&[0x65, 1]])), BridgeError::NoParameters);
    let aac = Parameters { codec: Codec::Aac, ..h264_parameters() };
    assert_eq!(packetizer.set_parameters(&aac), Err(BridgeError::Codec(Codec::Aac)));
    let broken = Parameters { decoder_configuration: Bytes::from_static(&[1, 2]), ..h264_parameters() };
    assert!(matches!(packetizer.set_parameters(&broken), Err(BridgeError::Frame(_))));
    packetizer.set_parameters(&h264_parameters()).unwrap();
    let cut = Frame { data: Bytes::from_static(&[0, 0, 0, 9, 0x65]), ..frame(0, true, &[]) };
    assert!(matches!(packetizer.packetize(&cut, |_, _| panic!("nothing goes out")), Err(BridgeError::Frame(_))));
    assert!(h264::DecoderConfiguration::parse(&h264_parameters().decoder_configuration).is_ok());
}
