use std::sync::Arc;

use bytes::Bytes;
use live::hub::Content;
use media::{Codec, Frame, MediaTime, Parameters, Shape, h264};
use room::media::Source;
use rtp::Packet;
use rtp::extension::{AudioLevel, Extensions};
use rtp::parameters::CodecName;

use transcode::Transcoder;

use super::{Batch, Program};
use crate::media::FedPacket;

/// 320 by 240, Constrained Baseline.
const SPS: &[u8] = &[0x67, 0x42, 0xc0, 0x0d, 0xda, 0x05, 0x07, 0xe4];
const PPS: &[u8] = &[0x68, 0xce, 0x0f, 0xc8];

fn pictures() -> Parameters {
    let record = h264::DecoderConfiguration { length_bytes: 4, sps: vec![SPS], pps: vec![PPS] }.record().unwrap();
    let shape = Shape::Video { width: 320, height: 240 };
    Parameters { codec: Codec::H264, decoder_configuration: record.into(), shape }
}

fn sounds(codec: Codec) -> Parameters {
    let record: &'static [u8] = if codec == Codec::Aac { &[0x11, 0x90] } else { &[] };
    let shape = Shape::Audio { sample_rate_hz: 48_000, channels: 2 };
    Parameters { codec, decoder_configuration: Bytes::from_static(record), shape }
}

fn picture(ms: i64, is_key: bool, bytes: usize) -> Content {
    let pts = MediaTime::from_millis(ms);
    let unit = [&[if is_key { 0x65 } else { 0x41 }][..], &vec![7; bytes]].concat();
    let data = [&(unit.len() as u32).to_be_bytes()[..], &unit].concat().into();
    Content::Frame(Frame { codec: Codec::H264, pts, dts: pts, is_key, data })
}

fn opus(ms: i64) -> Content {
    let pts = MediaTime::from_millis(ms);
    let data = Bytes::from_static(&[0xfc, 0xff, 0xfe]);
    Content::Frame(Frame { codec: Codec::Opus, pts, dts: pts, is_key: true, data })
}

fn rtp(batch: &Batch) -> Vec<Packet<'_>> {
    let packets = batch.packets.iter();
    packets
        .filter_map(|packet| if let FedPacket::Rtp(bytes) = packet { Packet::parse(bytes).ok() } else { None })
        .collect()
}

#[test]
fn what_viewers_can_have_is_told_before_the_first_packet() {
    let mut program = Program::with_ssrc(0x1000, Arc::default());
    assert_eq!(program.take(&Content::Metadata(Bytes::new())).tracks, None);
    assert!(program.take(&picture(0, true, 10)).packets.is_empty(), "of a track nobody told of");
    let told = program.take(&Content::Parameters(pictures())).tracks.unwrap();
    assert_eq!(told.len(), 1);
    let told = program.take(&Content::Parameters(sounds(Codec::Aac))).tracks.unwrap();
    let codecs: Vec<_> = told.iter().map(|(source, track)| (*source, track.codecs[0].name)).collect();
    assert_eq!(codecs, [(Source::Microphone, CodecName::Opus), (Source::Camera, CodecName::H264)]);
    assert_ne!(told[0].1.ssrcs, told[1].1.ssrcs);
    let without = program.take(&Content::Parameters(sounds(Codec::Mp3))).tracks.unwrap();
    assert_eq!(without.len(), 1, "there is no way from MP3 to Opus: pictures go on alone");
}

#[test]
fn packets_are_numbered_without_a_gap_and_the_last_of_a_picture_is_marked() {
    let mut program = Program::with_ssrc(0x10fe, Arc::default());
    program.take(&Content::Parameters(pictures()));
    let batches =
        [picture(0, true, 3_000), picture(40, false, 200), picture(80, false, 2_000)].map(|it| program.take(&it));
    let packets: Vec<_> = batches.iter().flat_map(rtp).collect();
    let numbers: Vec<_> = packets.iter().map(|packet| packet.sequence_number()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{numbers:?}");
    assert!(packets.iter().all(|packet| (packet.ssrc(), packet.payload_type()) == (0x10fe, 102)));
    let ends: Vec<_> = packets.iter().filter(|packet| packet.marker()).map(|packet| packet.timestamp()).collect();
    assert_eq!(ends, [0, 3_600, 7_200]);
    // Other parameters are no other track.
    program.take(&Content::Parameters(pictures()));
    let after = program.take(&picture(120, true, 10));
    assert_eq!(rtp(&after)[0].sequence_number(), numbers.last().unwrap().wrapping_add(1));
}

#[test]
fn sound_and_pictures_report_by_one_clock() {
    let mut program = Program::with_ssrc(0x1000, Arc::default());
    program.take(&Content::Parameters(pictures()));
    program.take(&Content::Parameters(sounds(Codec::Opus)));
    let mut reports = Vec::new();
    for ms in (0..2_500).step_by(20) {
        for content in [picture(ms, ms == 0, 10), opus(ms)] {
            for packet in program.take(&content).packets {
                let FedPacket::Rtcp(compound) = packet else { continue };
                for packet in rtp::rtcp::read(&compound).flatten() {
                    let rtp::rtcp::Packet::SenderReport(report) = packet else { panic!("{packet:?}") };
                    reports.push((ms, report.info.ntp, report.info.timestamp));
                }
            }
        }
    }
    let clock = |ntp: u64| (ntp as f64 / f64::from(u32::MAX)) - reports[0].1 as f64 / f64::from(u32::MAX);
    assert_eq!(reports.iter().map(|report| report.0).collect::<Vec<_>>(), [0, 0, 1_000, 1_000, 2_000, 2_000]);
    for (ms, ntp, timestamp) in &reports {
        assert!((clock(*ntp) * 1_000.0 - *ms as f64).abs() < 0.01, "{ms}: {ntp}");
        assert!([*ms * 90, *ms * 48].contains(&i64::from(*timestamp)), "{ms}: {timestamp}");
    }
}

/// AAC, half a second of it: a square wave of 1 kHz as loud as G.711 has it, or silence.
fn aac(loud: bool) -> (Parameters, Vec<Frame>) {
    let shape = Shape::Audio { sample_rate_hz: 8_000, channels: 1 };
    let law = Parameters { codec: Codec::Pcmu, decoder_configuration: Bytes::new(), shape };
    let mut transcoder = Transcoder::new(&law, Codec::Aac).unwrap();
    let wave = if loud { [[0x80; 4], [0x00; 4]].concat() } else { vec![0xff; 8] };
    let mut frames = Vec::new();
    for ms in (1_000..1_500).step_by(20) {
        let pts = MediaTime::from_millis(ms);
        let frame = Frame { codec: Codec::Pcmu, pts, dts: pts, is_key: true, data: wave.repeat(20).into() };
        transcoder.handle_frame(&frame, &mut |frame| frames.push(frame)).unwrap();
    }
    (transcoder.parameters().clone(), frames)
}

/// What the packets of a program say of the loudness of its sound.
fn levels(parameters: Parameters, frames: impl IntoIterator<Item = Content>) -> Vec<Option<AudioLevel>> {
    let mut program = Program::with_ssrc(0x1000, Arc::default());
    let tracks = program.take(&Content::Parameters(parameters)).tracks.unwrap();
    let batches: Vec<_> = frames.into_iter().map(|content| program.take(&content)).collect();
    let packets = batches.iter().flat_map(rtp);
    packets.map(|packet| Extensions::read(&packet, &tracks[0].1.extensions).audio_level).collect()
}

#[test]
fn sound_that_is_transcoded_says_how_loud_it_is() {
    for (is_loud, expected) in [(true, -12..=0), (false, -127..=-90)] {
        let (parameters, frames) = aac(is_loud);
        let told = levels(parameters, frames.into_iter().map(Content::Frame));
        // An encoder takes some frames to begin.
        let told: Vec<_> = told.into_iter().skip(8).collect();
        let holds = |level: &Option<AudioLevel>| {
            level.is_some_and(|level| !level.voice && expected.contains(&level.level_dbov))
        };
        assert!(told.len() > 8 && told.iter().all(holds), "{is_loud}: {told:?}");
    }
}

#[test]
fn of_sound_that_goes_on_as_it_is_nobody_says_how_loud_it_is() {
    let told = levels(sounds(Codec::Opus), (0..100).step_by(20).map(opus));
    assert_eq!(told, [None; 5]);
}
