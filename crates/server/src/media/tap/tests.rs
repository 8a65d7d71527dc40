use rtp::Header;
use rtp::rtcp::SenderInfo;

use super::*;
use crate::clock;

const SEAT: u32 = 7;

fn header(payload_type: u8, number: u16) -> Vec<u8> {
    let header = Header { payload_type, marker: true, sequence_number: number, timestamp: 90, ssrc: VIDEO_SSRCS[0] };
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
        grade: Grade::BEST,
        number: 70_000,
        timestamp: 90,
        marker: true,
        payload: Bytes::from_static(b"hello"),
    };
    let report = TappedPacket::Report { place: Place::Audio, ntp: 5 << 32, timestamp: 48_000 };
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
    let [audio, video] = [Place::Audio, Place::Video(Grade::BEST)].map(|place| slot(place).codecs.len());
    assert_eq!(audio + video, CODECS.len());
}

#[test]
fn g711_counts_its_8000_samples_a_second_and_has_one_channel() {
    let codecs = slot(Place::Audio).codecs;
    let shape =
        |name| codecs.iter().find(|codec| codec.name == name).map(|codec| (codec.clock_rate_hz, codec.channels));
    assert_eq!(shape(CodecName::Opus), Some((48_000, 2)));
    assert_eq!([CodecName::Pcmu, CodecName::Pcma].map(shape), [Some((8_000, 1)); 2]);
}

#[test]
fn every_place_of_a_tap_has_a_name_and_a_number_of_its_own() {
    let places: Vec<Place> = Place::all().collect();
    assert_eq!(places.len(), GRADES_MAX + 1);
    for place in &places {
        assert_eq!(Place::of(place.ssrc()), Some(*place));
        assert_eq!(places.iter().filter(|other| other.mid() == place.mid()).count(), 1);
    }
    assert_eq!(Place::of(0), None);
}
