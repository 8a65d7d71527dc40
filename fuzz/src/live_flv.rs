//! FLV of a stranger: tags, their bodies, and frames that are written again.

use bytes::Bytes;
use live::flv::{BodyReader, Packet, TagKind, TagReader, frame_body, parameters_body};
use media::{Codec, Kind, MediaTime, Shape};

/// A whole stream; without the header of a file, one is put in front.
pub fn run(data: &[u8]) {
    let mut tags = TagReader::new();
    if !data.starts_with(b"FLV") {
        tags.handle_bytes(&live::flv::header(true, true));
    }
    tags.handle_bytes(data);
    let (mut reader, mut again) = (BodyReader::new(), BodyReader::new());
    while let Ok(Some(tag)) = tags.next_tag() {
        let dts = MediaTime::from_millis(tag.timestamp_ms.into());
        let packets = match tag.kind {
            TagKind::Video => reader.read_video(dts, tag.body),
            TagKind::Audio => reader.read_audio(dts, tag.body),
            TagKind::Script => continue,
        };
        for packet in packets.into_iter().flatten() {
            rewrite(&mut again, dts, packet);
        }
    }
}

/// What was read is written, and read as the same thing.
fn rewrite(reader: &mut BodyReader, dts: MediaTime, packet: Packet) {
    let mut read = |kind, body: Bytes| match kind {
        Kind::Video => reader.read_video(dts, body).expect("a body of our own"),
        Kind::Audio => reader.read_audio(dts, body).expect("a body of our own"),
    };
    match packet {
        Packet::Parameters(parameters) => {
            if let Some(body) = parameters_body(&parameters).filter(|_| !parameters.decoder_configuration.is_empty()) {
                let again = read(parameters.kind(), body).parameters.expect("a body of our own");
                assert_eq!(again.decoder_configuration, parameters.decoder_configuration);
                // The size of some stands in their frames.
                assert!(again.shape == parameters.shape || again.shape == UNSIZED);
            }
        }
        // Its parameters may have been empty, which are not written above.
        Packet::Frame(frame) if frame.codec == Codec::Opus => {}
        Packet::Frame(frame) if frame.data.is_empty() => {}
        Packet::Frame(frame) => assert_eq!(read(frame.kind(), frame_body(&frame)).frame, Some(frame)),
    }
}

const UNSIZED: Shape = Shape::Video { width: 0, height: 0 };
