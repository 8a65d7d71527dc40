use rtp::Header;
use rtp::rtcp::SenderInfo;

use super::*;
use crate::clock;

const SEAT: u32 = 7;

fn header(payload_type: u8, number: u16) -> Vec<u8> {
    let header = Header { payload_type, marker: true, sequence_number: number, timestamp: 90, ssrc: VIDEO_SSRC };
    let mut bytes = vec![0; 12];
    assert_eq!(header.write(&mut bytes, &[]), Some(12));
    bytes
}

fn numbers(batch: &Batch) -> Vec<u64> {
    let number = |packet: &TappedPacket| match packet {
        TappedPacket::Rtp { number, .. } => Some(*number),
        TappedPacket::Report { .. } => None,
    };
    batch.packets.iter().filter_map(number).collect()
}

#[test]
fn packets_and_reports_of_a_wake_up_come_together_and_as_they_were() {
    let (sender, mut batches) = mpsc::channel(1);
    let mut taps = Taps::default();
    taps.open(SEAT, sender);
    assert!(taps.push_rtp(SEAT, 70_000, [&header(97, 4_464), b"he", b"llo"]));
    let mut compound = Vec::new();
    let info = SenderInfo { ssrc: AUDIO_SSRC, ntp: 5 << 32, timestamp: 48_000, packets: 1, octets: 1 };
    Writer::new(&mut compound).sender_report(&info, &[]);
    assert!(taps.push_rtcp(SEAT, &compound));
    assert!(!taps.push_rtp(SEAT + 1, 1, [&header(97, 1), b"", b"x"]), "nobody has that seat");
    taps.flush(clock::now());
    let rtp = TappedPacket::Rtp {
        codec: media::Codec::H264,
        number: 70_000,
        timestamp: 90,
        marker: true,
        payload: Bytes::from_static(b"hello"),
    };
    let report = TappedPacket::Report { kind: Kind::Audio, ntp: 5 << 32, timestamp: 48_000 };
    assert_eq!(batches.try_recv().unwrap().packets, [rtp, report]);
}

#[test]
fn what_finds_the_queue_full_is_dropped_and_the_worker_goes_on() {
    let (sender, mut batches) = mpsc::channel(2);
    let mut taps = Taps::default();
    taps.open(SEAT, sender);
    for number in 0..5 {
        taps.push_rtp(SEAT, number, [&header(97, 0), b"", b"x"]);
        taps.flush(clock::now());
    }
    assert_eq!(taps.basins[&SEAT].dropped, 3);
    assert_eq!(numbers(&batches.try_recv().unwrap()), [0]);
    taps.push_rtp(SEAT, 5, [&header(97, 0), b"", b"x"]);
    taps.flush(clock::now());
    assert_eq!(numbers(&batches.try_recv().unwrap()), [1]);
    assert_eq!(numbers(&batches.try_recv().unwrap()), [5], "the number tells what is missing");
}

#[test]
fn every_codec_of_a_tap_has_a_payload_type_of_its_own() {
    let mut types: Vec<u8> = CODECS.iter().map(|(_, _, payload_type, _)| *payload_type).collect();
    types.dedup();
    assert_eq!(types.len(), CODECS.len());
    assert_eq!(slot(Kind::Audio).codecs.len() + slot(Kind::Video).codecs.len(), CODECS.len());
}
