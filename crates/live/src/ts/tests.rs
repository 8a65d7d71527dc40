use std::collections::BTreeMap;

use media::{Codec, Frame, MediaTime};
use mpeg2ts::ts::{ReadTsPacket as _, TsPacketReader, TsPayload};

use super::{Muxer, PACKET_BYTES, TsError};
use crate::testing::{aac, audio, h264, h265, picture, sound, video};

/// What another reader finds in a transport stream.
#[derive(Default)]
struct Read {
    /// By PID: payload of each PES packet, with PTS and DTS as they stand there.
    pes: BTreeMap<u16, Vec<(u64, u64, Vec<u8>)>>,
    stream_types: Vec<u8>,
    clocks: usize,
    random_access: usize,
}

fn read(bytes: &[u8]) -> Read {
    assert_eq!(bytes.len() % PACKET_BYTES, 0);
    let mut read = Read::default();
    let mut counters: BTreeMap<u16, u8> = BTreeMap::new();
    let mut reader = TsPacketReader::new(bytes);
    while let Some(packet) = reader.read_ts_packet().expect("every packet is well-formed") {
        let pid = packet.header.pid.as_u16();
        let counter = packet.header.continuity_counter.as_u8();
        if let Some(last) = counters.insert(pid, counter) {
            assert_eq!(counter, (last + 1) % 16, "the counter of PID {pid} goes on");
        }
        if let Some(field) = &packet.adaptation_field {
            read.clocks += usize::from(field.pcr.is_some());
            read.random_access += usize::from(field.random_access_indicator);
        }
        match packet.payload {
            Some(TsPayload::Pmt(map)) => {
                read.stream_types = map.es_info.iter().map(|track| track.stream_type as u8).collect();
            }
            Some(TsPayload::PesStart(pes)) => {
                let pts = pes.header.pts.expect("every PES packet has a PTS").as_u64();
                let dts = pes.header.dts.map_or(pts, |dts| dts.as_u64());
                read.pes.entry(pid).or_default().push((pts, dts, pes.data.to_vec()));
            }
            Some(TsPayload::PesContinuation(more)) => {
                let (_, _, data) = read.pes.get_mut(&pid).and_then(|all| all.last_mut()).expect("it has begun");
                data.extend_from_slice(&more);
            }
            _ => {}
        }
    }
    read
}

fn written(muxer: &mut Muxer, frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    muxer.write_tables(&mut out);
    for frame in frames {
        muxer.write_frame(frame, &mut out).expect("the frame is sound");
    }
    muxer.flush(&mut out);
    out
}

#[test]
fn pictures_of_any_length_come_out_as_they_went_in() {
    // Around the ends of packets, where filling takes 0, 1, 2 or more bytes.
    for bytes in (0..400).chain([5_000, 65_530, 70_000]) {
        let mut muxer = Muxer::new(Some(&h264()), None).expect("it can be carried");
        let out = written(&mut muxer, &[picture(Codec::H264, 40, false, bytes)]);
        let read = read(&out);
        let (pts, dts, data) = &read.pes[&0x100][0];
        assert_eq!((*pts, *dts), (93_600, 93_600));
        assert_eq!(data[..6], [0, 0, 0, 1, 9, 0xf0]);
        assert_eq!(data[6..11], [0, 0, 0, 1, 0x41]);
        assert_eq!(data.len(), 11 + bytes);
    }
}

#[test]
fn a_key_frame_has_its_parameter_sets_before_it_and_says_that_one_can_begin_here() {
    let mut muxer = Muxer::new(Some(&h264()), None).expect("it can be carried");
    let read = read(&written(&mut muxer, &[picture(Codec::H264, 0, true, 10), picture(Codec::H264, 40, false, 10)]));
    let kinds = |data: &[u8]| -> Vec<u8> {
        data.windows(5).filter(|window| window.starts_with(&[0, 0, 0, 1])).map(|window| window[4] & 0x1f).collect()
    };
    assert_eq!(kinds(&read.pes[&0x100][0].2), [9, 7, 8, 5]);
    assert_eq!(kinds(&read.pes[&0x100][1].2), [9, 1]);
    assert_eq!((read.random_access, read.clocks), (1, 2));
    assert_eq!(read.stream_types, [0x1b]);
}

#[test]
fn h265_has_its_three_parameter_sets() {
    let mut muxer = Muxer::new(Some(&h265()), None).expect("it can be carried");
    let read = read(&written(&mut muxer, &[picture(Codec::H265, 0, true, 10)]));
    let data = &read.pes[&0x100][0].2;
    let starts = data.windows(5).filter(|window| window.starts_with(&[0, 0, 0, 1])).map(|window| window[4] >> 1);
    assert_eq!(starts.collect::<Vec<_>>(), [35, 32, 33, 34, 19]);
}

#[test]
fn a_picture_that_is_shown_later_than_decoded_has_both_times() {
    let mut muxer = Muxer::new(Some(&h264()), None).expect("it can be carried");
    let frame = Frame { pts: MediaTime::from_millis(120), ..picture(Codec::H264, 40, false, 10) };
    let (pts, dts, _) = read(&written(&mut muxer, &[frame])).pes[&0x100][0].clone();
    assert_eq!((pts, dts), (90_000 + 10_800, 90_000 + 3_600));
}

#[test]
fn times_wrap_at_33_bits() {
    let mut muxer = Muxer::new(Some(&h264()), None).expect("it can be carried");
    let wrap = MediaTime::from_ticks((1 << 33) - 90_000, 90_000);
    let mut frame = picture(Codec::H264, 0, false, 10);
    (frame.pts, frame.dts) = (wrap + MediaTime::from_millis(10), wrap + MediaTime::from_millis(10));
    assert_eq!(read(&written(&mut muxer, &[frame])).pes[&0x100][0].0, 900);
}

#[test]
fn sounds_share_packets_and_come_out_whole() {
    let mut muxer = Muxer::new(None, Some(&aac())).expect("it can be carried");
    let frames: Vec<Frame> = (0..50).map(|n| sound(Codec::Aac, MediaTime::from_ticks(n * 1024, 48_000), 200)).collect();
    let read = read(&written(&mut muxer, &frames));
    let packets = &read.pes[&0x101];
    // Five frames of 21.3 ms are more than 100 ms.
    assert_eq!(packets.len(), 10);
    let all: Vec<u8> = packets.iter().flat_map(|(_, _, data)| data.clone()).collect();
    assert_eq!(all.len(), 50 * 207);
    assert_eq!(all[..7], [0xff, 0xf1, 0x4c, 0x80, 0x19, 0xff, 0xfc]);
    assert_eq!(read.clocks, packets.len(), "without pictures the clock is on the sounds");
}

#[test]
fn opus_packets_have_their_length_before_them() {
    let mut muxer = Muxer::new(None, Some(&audio(Codec::Opus, &[]))).expect("it can be carried");
    let read = read(&written(&mut muxer, &[sound(Codec::Opus, MediaTime::ZERO, 600)]));
    let data = &read.pes[&0x101][0].2;
    assert_eq!(data[..5], [0x7f, 0xe0, 0xff, 0xff, 90]);
    assert_eq!(data.len(), 5 + 600);
}

#[test]
fn counters_go_on_from_segment_to_segment() {
    let mut muxer = Muxer::new(Some(&h264()), Some(&aac())).expect("it can be carried");
    let mut all = Vec::new();
    for second in 0..5 {
        let frames = [
            picture(Codec::H264, second * 1000, true, 3000),
            sound(Codec::Aac, MediaTime::from_millis(second * 1000), 99),
        ];
        all.extend(written(&mut muxer, &frames));
    }
    assert_eq!(read(&all).pes[&0x101].len(), 5);
}

#[test]
fn what_cannot_be_carried_is_refused() {
    let refused = Muxer::new(Some(&video(Codec::Av1, Vec::new())), None).err();
    assert_eq!(refused, Some(TsError::Codec(Codec::Av1)));
    assert!(matches!(Muxer::new(Some(&video(Codec::H264, vec![1, 2])), None), Err(TsError::Parse(_))));
}

#[test]
fn a_picture_whose_units_are_longer_than_it_leaves_no_trace() {
    let mut muxer = Muxer::new(Some(&h264()), None).expect("it can be carried");
    let mut frame = picture(Codec::H264, 0, true, 10);
    frame.data = frame.data.slice(..9);
    let mut out = Vec::new();
    assert!(muxer.write_frame(&frame, &mut out).is_err());
    assert_eq!(out, Vec::<u8>::new());
}

#[test]
fn a_sound_too_long_for_its_header_leaves_no_trace() {
    let mut muxer = Muxer::new(None, Some(&aac())).expect("it can be carried");
    let mut out = Vec::new();
    muxer.write_tables(&mut out);
    assert!(muxer.write_frame(&sound(Codec::Aac, MediaTime::ZERO, 8184), &mut out).is_ok());
    assert!(muxer.write_frame(&sound(Codec::Aac, MediaTime::ZERO, 8185), &mut out).is_err());
    muxer.flush(&mut out);
    assert_eq!(read(&out).pes[&0x101].len(), 1);
}

#[test]
fn random_frames_are_read_as_they_were_written() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut muxer = Muxer::new(Some(&h264()), Some(&aac())).expect("it can be carried");
    let (mut pictures, mut sound_bytes) = (0, 0);
    let mut frames = Vec::new();
    for step in 0..2000 {
        let bytes = random.usize(..1500);
        if random.bool() {
            pictures += 1;
            frames.push(picture(Codec::H264, step * 20, random.u8(..20) == 0, bytes));
        } else {
            sound_bytes += bytes + 7;
            frames.push(sound(Codec::Aac, MediaTime::from_millis(step * 20), bytes));
        }
    }
    let read = read(&written(&mut muxer, &frames));
    assert_eq!(read.pes[&0x100].len(), pictures);
    assert_eq!(read.pes[&0x101].iter().map(|(_, _, data)| data.len()).sum::<usize>(), sound_bytes);
}
