use std::io::Cursor;

use matroska_demuxer::{MatroskaFile, TrackType};
use media::{Codec, Kind, MediaTime, Parameters};

use super::ebml::{element_bytes, write_size};
use super::{DocType, Header, cluster};
use crate::mp4::Sample;
use crate::record::SeekPoint;
use crate::testing::{aac, audio, h264, h265, picture, sound, video};

fn open(bytes: Vec<u8>) -> MatroskaFile<Cursor<Vec<u8>>> {
    MatroskaFile::open(Cursor::new(bytes)).expect("the header is well-formed")
}

/// A file of these tracks with one second in it.
fn short(doc_type: DocType, tracks: &[&Parameters]) -> MatroskaFile<Cursor<Vec<u8>>> {
    let mut bytes = Header::new(doc_type, tracks).bytes;
    cluster(&mut bytes, None, &second(0));
    open(bytes)
}

fn second(number: i64) -> Vec<Sample> {
    let start = number * 1000;
    let sounds = sound(Codec::Opus, MediaTime::from_millis(start + 5), 90);
    let frames = [picture(Codec::H264, start, true, 500), sounds, picture(Codec::H264, start + 500, false, 200)];
    frames.map(|frame| Sample { frame, duration: MediaTime::from_millis(500) }).into()
}

#[test]
fn the_tracks_are_read_as_they_were_written() {
    let (video, audio) = (h264(), aac());
    let file = short(DocType::Matroska, &[&video, &audio]);
    assert_eq!(file.ebml_header().doc_type(), "matroska");
    let [pictures, sounds] = file.tracks() else { panic!("two tracks") };
    assert_eq!((pictures.track_type(), sounds.track_type()), (TrackType::Video, TrackType::Audio));
    assert_eq!(
        (pictures.codec_id(), pictures.codec_private()),
        ("V_MPEG4/ISO/AVC", Some(&*video.decoder_configuration))
    );
    assert_eq!((sounds.codec_id(), sounds.codec_private()), ("A_AAC", Some(&*audio.decoder_configuration)));
    let size = pictures.video().map(|video| (video.pixel_width().get(), video.pixel_height().get()));
    let sampling = sounds.audio().map(|audio| (audio.sampling_frequency(), audio.channels().get()));
    assert_eq!((size, sampling), (Some((64, 48)), Some((48_000.0, 2))));
    assert!(!pictures.flag_lacing());
}

#[test]
fn every_codec_has_its_name() {
    let of = |codec| video(codec, vec![0x81, 0x04, 0x0c, 0x00]);
    let opus = audio(Codec::Opus, &[]);
    let named: [(Parameters, &str, bool); 8] = [
        (h265(), "V_MPEGH/ISO/HEVC", true),
        (of(Codec::Av1), "V_AV1", true),
        (of(Codec::Vp8), "V_VP8", false),
        (of(Codec::Vp9), "V_VP9", false),
        (aac(), "A_AAC", true),
        (audio(Codec::Mp3, &[]), "A_MPEG/L3", false),
        (opus, "A_OPUS", true),
        (audio(Codec::Pcmu, &[]), "A_MS/ACM", true),
    ];
    for (parameters, name, has_private) in named {
        let file = short(DocType::WebM, &[&parameters]);
        let [track] = file.tracks() else { panic!("one track") };
        assert_eq!((track.codec_id(), track.codec_private().is_some()), (name, has_private));
    }
}

#[test]
fn opus_is_told_what_its_decoder_leaves_out() {
    let told = audio(Codec::Opus, b"OpusHead\x01\x02\xc0\x03\x80\xbb\x00\x00\x00\x00\x00");
    for (opus, delay_ns) in [(audio(Codec::Opus, &[]), 6_500_000), (told, 20_000_000)] {
        let file = short(DocType::WebM, &[&opus]);
        let track = &file.tracks()[0];
        assert_eq!((track.codec_delay(), track.seek_pre_roll()), (Some(delay_ns), Some(80_000_000)));
    }
}

#[test]
fn a_complete_file_tells_how_long_it_is_and_where_to_begin() {
    let (video, audio) = (h264(), audio(Codec::Opus, &[]));
    let header = Header::new(DocType::Matroska, &[&video, &audio]);
    let mut bytes = header.bytes.clone();
    let mut points = Vec::new();
    for number in 0..5 {
        points.push(SeekPoint { time: MediaTime::from_millis(number * 1000), offset: bytes.len() as u64 });
        cluster(&mut bytes, Some(&audio), &second(number));
    }
    let (cues, fills) = header.index(bytes.len() as u64, MediaTime::from_millis(5000), Kind::Video, &points);
    bytes.extend(cues);
    for fill in fills {
        let at = fill.offset as usize;
        bytes[at..at + fill.bytes.len()].copy_from_slice(&fill.bytes);
    }
    let mut file = open(bytes.clone());
    assert_eq!(file.info().duration(), Some(5000.0));
    let mut block = matroska_demuxer::Frame::default();
    file.seek(3000).expect("there is an index");
    assert!(file.next_frame(&mut block).unwrap());
    assert_eq!((block.timestamp, block.track, block.is_keyframe), (3000, 1, Some(true)));
    // The segment ends where the file does.
    let after_ebml = element_bytes(&bytes).unwrap() as usize;
    let size = u64::from_be_bytes(*bytes[after_ebml + 4..].first_chunk().unwrap()) & 0x00ff_ffff_ffff_ffff;
    assert_eq!(size as usize, bytes.len() - after_ebml - 12);
}

#[test]
fn sizes_are_read_as_they_were_written() {
    for size in [0, 1, 0x7e, 0x7f, 0x80, 0x0fff_fffe, 0x0fff_ffff, 0x00ff_ffff_ffff_fffe] {
        let mut bytes = vec![0xa3];
        write_size(&mut bytes, size);
        assert_eq!(element_bytes(&bytes), Some(size + bytes.len() as u64), "{size:#x}");
    }
}

#[test]
fn what_is_no_element_has_no_length() {
    for bytes in [&[] as &[u8], &[0], &[0x1a, 0x45], &[0xa3], &[0x08, 1, 1, 1, 1, 1], &[0xa3, 0x40]] {
        assert_eq!(element_bytes(bytes), None, "{bytes:?}");
    }
}
