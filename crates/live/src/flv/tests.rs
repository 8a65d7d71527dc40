use bytes::Bytes;
use media::{Codec, Frame, Kind, MediaTime, Parameters, ParseError, Shape};
use proptest::prelude::*;

use super::tag::TAG_BYTES_MAX;
use super::{BodyReader, FlvError, Packets, Tag, TagKind, TagReader, frame_body, header, parameters_body, tag};

/// High, 322 by 242, as ffmpeg writes it.
const AVC: &[u8] = b"\x01\x64\0\x0c\xff\xe1\0\x1b\x67\x64\0\x0c\xac\xd9\x41\x50\x87\x88\x88\xc0\x44\0\0\x03\0\x04\0\0\x03\0\x28\x3c\x50\xa6\x58\
    \x01\0\x06\x68\xeb\xe3\xcb\x22\xc0\xfd\xf8\xf8\0";
const AVC_SHAPE: Shape = Shape::Video { width: 322, height: 242 };

fn at(ms: i64) -> MediaTime {
    MediaTime::from_millis(ms)
}

fn video(reader: &mut BodyReader, body: &[u8]) -> Result<Packets, FlvError> {
    reader.read_video(at(40), Bytes::copy_from_slice(body))
}

fn audio(body: &[u8]) -> Result<Packets, FlvError> {
    BodyReader::new().read_audio(at(40), Bytes::copy_from_slice(body))
}

fn parameters(codec: Codec) -> Parameters {
    let (configuration, shape): (&[u8], _) = match codec {
        Codec::H264 => (AVC, AVC_SHAPE),
        Codec::Aac => (&[0x12, 0x10], Shape::Audio { sample_rate_hz: 44_100, channels: 2 }),
        Codec::Opus => {
            (b"OpusHead\x01\x01\0\0\x80\xbb\0\0\0\0\0", Shape::Audio { sample_rate_hz: 48_000, channels: 1 })
        }
        Codec::Pcmu | Codec::Pcma => (&[], Shape::Audio { sample_rate_hz: 8_000, channels: 1 }),
        Codec::Vp8 | Codec::Vp9 => (b"\0\x14\x82\x02\x02\x02\0\0", Shape::Video { width: 0, height: 0 }),
        Codec::Av1 | Codec::H265 | Codec::Mp3 => (b"\x81\0\x0c\0", Shape::Video { width: 0, height: 0 }),
    };
    Parameters { codec, decoder_configuration: Bytes::from_static(configuration), shape }
}

fn read(reader: &mut BodyReader, kind: Kind, dts: MediaTime, body: Bytes) -> Packets {
    let packets = if kind == Kind::Video { reader.read_video(dts, body) } else { reader.read_audio(dts, body) };
    packets.expect("a tag of our own")
}

#[test]
fn g711_has_formats_of_its_own_and_needs_no_record() {
    for (codec, head) in [(Codec::Pcma, 0x72), (Codec::Pcmu, 0x82)] {
        assert_eq!(parameters_body(&parameters(codec)), None);
        let frame = Frame { codec, pts: at(0), dts: at(0), is_key: true, data: Bytes::from_static(b"\xd5\x55") };
        assert_eq!(frame_body(&frame)[..], [head, 0xd5, 0x55]);
    }
}

#[test]
fn every_codec_survives_the_way_through_tags() {
    for codec in [Codec::H264, Codec::Av1, Codec::Vp8, Codec::Vp9, Codec::Aac, Codec::Opus] {
        let mut reader = BodyReader::new();
        let parameters = parameters(codec);
        let body = parameters_body(&parameters).expect("it has a record");
        assert_eq!(read(&mut reader, codec.kind(), at(0), body), Packets::from(parameters), "{codec}");
        let reorder = if codec == Codec::H264 { -3 } else { 0 };
        let data = Bytes::from_static(&[0, 0, 0, 2, 0x65, 1]);
        let frame = Frame { codec, pts: at(1000 + reorder), dts: at(1000), is_key: true, data };
        assert_eq!(read(&mut reader, codec.kind(), at(1000), frame_body(&frame)), Packets::from(frame), "{codec}");
    }
}

#[test]
fn h265_has_its_composition_time_only_when_there_is_one() {
    let frame =
        |pts| Frame { codec: Codec::H265, pts: at(pts), dts: at(0), is_key: false, data: Bytes::from_static(b"x") };
    assert_eq!(frame_body(&frame(0))[..], *b"\xa3hvc1x");
    assert_eq!(frame_body(&frame(80))[..], *b"\xa1hvc1\0\0\x50x");
}

#[test]
fn pictures_whose_record_tells_no_size_tell_it_by_their_first_key_frame() {
    const VP9: &[u8] = b"vp09\x82\x49\x83\x42\0\x14\x10\x0f\x16\x06";
    const SHAPE: Shape = Shape::Video { width: 322, height: 242 };
    let record = b"\0\x14\x82\x02\x02\x02\0\0";
    let mut reader = BodyReader::new();
    let told = video(&mut reader, &[b"\x90vp09\x01\0\0\0", &record[..]].concat()).unwrap().parameters.unwrap();
    assert_eq!((&told.decoder_configuration[..], told.shape), (&record[..], Shape::Video { width: 0, height: 0 }));
    let key = [b"\x91", VP9].concat();
    let sized = video(&mut reader, &key).unwrap().parameters;
    assert_eq!(sized, Some(Parameters { shape: SHAPE, ..told }));
    assert_eq!(video(&mut reader, &key).unwrap().parameters, None, "once");
    let untold = video(&mut BodyReader::new(), &key).unwrap().parameters.map(|told| told.shape);
    assert_eq!(untold, Some(SHAPE), "without a record as well");
}

#[test]
fn av1_tells_its_size_by_its_record_or_else_by_its_first_key_frame_and_delimiters_stay_behind() {
    const HEADER: &[u8] = b"\x0a\x0b\0\0\0\x04\x3d\x07\xc4\xda\xf9\0\x40";
    let (mut reader, record) = (BodyReader::new(), [b"\x81\0\x0c\0", HEADER].concat());
    let told = video(&mut reader, &[b"\x90av01", &record[..]].concat()).unwrap().parameters.unwrap();
    assert_eq!((&told.decoder_configuration[..], told.shape), (&record[..], Shape::Video { width: 322, height: 242 }));
    let key = [b"\x91av01\x12\0", HEADER, b"\x32\x01\x10"].concat();
    let packets = video(&mut reader, &key).unwrap();
    assert_eq!((packets.parameters, &packets.frame.unwrap().data[..]), (None, &key[7..]));
    assert_eq!(video(&mut BodyReader::new(), &key).unwrap().parameters, Some(told));
}

#[test]
fn mp3_tells_its_shape_by_its_first_frame_and_by_one_that_differs() {
    let mut reader = BodyReader::new();
    let mut tell = |header: [u8; 4]| {
        let body = [&[0x2f][..], &header].concat();
        reader.read_audio(at(0), Bytes::from(body)).expect("a sound").parameters.map(|parameters| parameters.shape)
    };
    let stereo = Shape::Audio { sample_rate_hz: 44_100, channels: 2 };
    assert_eq!(tell([0xff, 0xfb, 0x90, 0x40]), Some(stereo));
    assert_eq!(tell([0xff, 0xfb, 0x90, 0x40]), None);
    assert_eq!(tell([0xff, 0xf3, 0x94, 0xc0]), Some(Shape::Audio { sample_rate_hz: 24_000, channels: 1 }));
}

#[test]
fn lengths_of_two_bytes_become_lengths_of_four() {
    let mut reader = BodyReader::new();
    let mut record = AVC.to_vec();
    record[4] = 0xfd;
    let told = video(&mut reader, &[b"\x17\0\0\0\0", &record[..]].concat()).expect("parameters").parameters;
    assert_eq!(told.expect("parameters").decoder_configuration, AVC);
    let frame = video(&mut reader, b"\x27\x01\0\0\0\0\x02\x41\x9a\0\x01\x06").expect("a picture").frame;
    assert_eq!(frame.expect("a picture").data[..], *b"\0\0\0\x02\x41\x9a\0\0\0\x01\x06");
}

#[test]
fn h265_by_the_number_12_is_understood() {
    let body = b"\x1c\x01\0\0\0\0\0\0\x01\x26";
    assert_eq!(video(&mut BodyReader::new(), body), Err(FlvError::NoConfiguration));
}

#[test]
fn what_has_neither_pictures_nor_parameters_is_passed_over() {
    let mut reader = BodyReader::new();
    for body in [
        &b""[..],
        b"\x57\x00",
        b"\x17\x03\0\0\0x",
        b"\x17\x02\0\0\0",
        b"\x92hvc1",
        b"\x84hvc1x",
        b"\x96\x00hvc1\0x",
        b"\xd0",
    ] {
        assert_eq!(video(&mut reader, body), Ok(Packets::default()), "{}", body.escape_ascii());
    }
    for body in [&b""[..], b"\x94Opus", b"\x95\0Opus\0x", b"\x92Opus"] {
        assert_eq!(audio(body), Ok(Packets::default()), "{}", body.escape_ascii());
    }
}

#[test]
fn what_modifies_a_packet_is_passed_over() {
    let packets = audio(b"\x97\x02abc\x01Opusx").expect("a sound");
    assert_eq!(packets.frame.expect("a sound").data[..], *b"x");
    assert_eq!(audio(b"\x97\xff\0"), Err(ParseError::Truncated.into()));
}

#[test]
fn what_cannot_be_played_is_refused_by_name() {
    let mut reader = BodyReader::new();
    for (body, error) in [
        (&b"\x12\0"[..], FlvError::VideoCodec(2)),
        (b"\x90xyz1\0", FlvError::FourCc(*b"xyz1")),
        (b"\x17\x01\0\0\0\0\0\0\x01\x65", FlvError::NoConfiguration),
        (b"\x17", ParseError::Truncated.into()),
        (b"\x17\0\0\0\0", ParseError::Truncated.into()),
    ] {
        assert_eq!(video(&mut reader, body), Err(error), "{}", body.escape_ascii());
    }
    assert_eq!(audio(b"\xb2x"), Err(FlvError::AudioCodec(11)));
    assert_eq!(audio(b"\xaf\x01x"), Err(FlvError::NoConfiguration));
}

#[test]
fn tags_are_read_however_they_are_cut() {
    let bytes = [
        header(true, true),
        tag(TagKind::Script, at(0), b"meta"),
        Bytes::from_static(b"\x0f\0\0\x01\0\0\0\0\0\0\0x\0\0\0\x0c"),
        tag(TagKind::Video, at(0x0123_4567), b"picture"),
    ]
    .concat();
    for cut in [1, 7, 1000] {
        let mut reader = TagReader::new();
        let mut tags = Vec::new();
        for part in bytes.chunks(cut) {
            reader.handle_bytes(part);
            while let Some(tag) = reader.next_tag().expect("FLV") {
                tags.push(tag);
            }
        }
        let expected = |kind, timestamp_ms, body| Tag { kind, timestamp_ms, body: Bytes::from_static(body) };
        assert_eq!(
            tags,
            [expected(TagKind::Script, 0, b"meta"), expected(TagKind::Video, 0x0123_4567, b"picture")],
            "cut every {cut} bytes"
        );
    }
}

#[test]
fn a_tag_may_be_as_long_as_the_limit_and_no_longer() {
    let read = |bytes: usize| {
        let mut reader = TagReader::new();
        reader.handle_bytes(&header(false, true));
        reader.handle_bytes(&tag(TagKind::Video, at(0), &vec![0; bytes]));
        reader.next_tag()
    };
    assert!(matches!(read(TAG_BYTES_MAX), Ok(Some(_))));
    let limit = TAG_BYTES_MAX;
    assert_eq!(read(limit + 1), Err(FlvError::TooLong { bytes: limit + 1, limit }));
    let mut reader = TagReader::new();
    reader.handle_bytes(b"<!doctype html>");
    assert_eq!(reader.next_tag(), Err(FlvError::Signature));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..4)) {
        let (mut reader, mut tags) = (BodyReader::new(), TagReader::new());
        tags.handle_bytes(&header(true, true));
        for body in bodies {
            let _ = video(&mut reader, &body);
            let _ = reader.read_audio(at(0), Bytes::copy_from_slice(&body));
            tags.handle_bytes(&body);
            let _ = tags.next_tag();
        }
    }
}

#[test]
fn he_aac_that_ends_before_it_says_what_is_doubled_is_refused() {
    let body = |configuration: &[u8]| Bytes::from([&[0xaf, 0], configuration].concat());
    let mut reader = BodyReader::new();
    assert!(reader.read_audio(MediaTime::ZERO, body(&[0x2b, 0x11, 0x88])).is_ok());
    assert!(reader.read_audio(MediaTime::ZERO, body(&[0x2b, 0x11])).is_err());
}
