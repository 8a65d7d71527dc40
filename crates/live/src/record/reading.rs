//! Files as readers see them: for MP4 and Matroska readers of other authors.

use std::io::Cursor;

use bytes::Bytes;
use matroska_demuxer::{DemuxError, Frame as Block, MatroskaFile, TrackType};
use media::{Kind, MediaTime};
use mp4_atom::{Any, DecodeMaybe as _};

use super::Format;
use crate::flv::{BodyReader, Packet, TagKind, TagReader};

/// A frame as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) kind: Kind,
    pub(super) pts_ms: i64,
    pub(super) is_key: bool,
    pub(super) data: Bytes,
}

/// All frames of a file, pictures first, each kind in its order.
pub(super) fn frames_of(format: Format, bytes: &[u8]) -> Vec<Shown> {
    let mut frames = match format {
        Format::Mp4 => of_mp4(bytes),
        Format::WebM | Format::Matroska => of_matroska(bytes),
        Format::Flv => of_flv(bytes),
    };
    frames.sort_by_key(|frame| frame.kind != Kind::Video);
    frames
}

/// Reads until the bytes end in the middle of a box.
#[expect(clippy::wildcard_enum_match_arm, reason = "of two hundred boxes three are of interest")]
fn of_mp4(bytes: &[u8]) -> Vec<Shown> {
    let mut rest = bytes;
    let (mut frames, mut layout, mut offset) = (Vec::new(), Vec::new(), 0);
    let mut scales = Vec::new();
    while let Some(atom) = Any::decode_maybe(&mut rest).expect("every box is well-formed") {
        match atom {
            Any::Moov(moov) => scales = moov.trak.iter().map(|trak| i64::from(trak.mdia.mdhd.timescale)).collect(),
            Any::Moof(moof) => layout = vec![(moof, offset)],
            Any::Mdat(mdat) => {
                let (moof, moof_offset) = layout.pop().expect("a moof stands before its mdat");
                let data_offset = offset + 8;
                for traf in &moof.traf {
                    // A file of sounds alone has their track as its first.
                    let scale = if scales.len() == 1 { scales[0] } else { scales[traf.tfhd.track_id as usize - 1] };
                    let mut dts = traf.tfdt.as_ref().expect("there is a time").base_media_decode_time as i64;
                    let mut at =
                        moof_offset + traf.trun[0].data_offset.expect("there is an offset") as usize - data_offset;
                    for sample in &traf.trun[0].samples {
                        let size = sample.size.expect("there is a size") as usize;
                        let kind = if traf.tfhd.track_id == 1 { Kind::Video } else { Kind::Audio };
                        let pts = dts + sample.cts.unwrap_or(0);
                        let data = Bytes::copy_from_slice(&mdat.data[at..at + size]);
                        let is_key = sample.flags == Some(0x0200_0000);
                        frames.push(Shown { kind, pts_ms: (pts * 1000 + scale / 2) / scale, is_key, data });
                        dts += i64::from(sample.duration.expect("there is a duration"));
                        at += size;
                    }
                }
            }
            _ => {}
        }
        offset = bytes.len() - rest.len();
    }
    frames
}

/// Reads until the bytes end in the middle of an element.
fn of_matroska(bytes: &[u8]) -> Vec<Shown> {
    let mut file = match MatroskaFile::open(Cursor::new(bytes)) {
        Ok(file) => file,
        // There is no cluster yet.
        Err(DemuxError::CantFindCluster | DemuxError::IoError(_)) => return Vec::new(),
        Err(error) => panic!("the header is well-formed: {error:?}"),
    };
    let kinds: Vec<(u64, Kind, i64)> = file
        .tracks()
        .iter()
        .map(|track| {
            let kind = if track.track_type() == TrackType::Video { Kind::Video } else { Kind::Audio };
            (track.track_number().get(), kind, track.codec_delay().unwrap_or(0) as i64 / 1_000_000)
        })
        .collect();
    let (mut frames, mut block) = (Vec::new(), Block::default());
    while let Ok(true) = file.next_frame(&mut block) {
        let &(_, kind, delay) = kinds.iter().find(|(number, ..)| *number == block.track).expect("the track is known");
        frames.push(Shown {
            kind,
            pts_ms: block.timestamp as i64 - delay,
            is_key: block.is_keyframe.unwrap_or(false),
            data: Bytes::copy_from_slice(&block.data),
        });
    }
    frames
}

fn of_flv(bytes: &[u8]) -> Vec<Shown> {
    let (mut tags, mut reader, mut frames) = (TagReader::new(), BodyReader::new(), Vec::new());
    tags.handle_bytes(bytes);
    while let Some(tag) = tags.next_tag().expect("every tag is well-formed") {
        let dts = MediaTime::from_millis(tag.timestamp_ms.into());
        let packets = match tag.kind {
            TagKind::Video => reader.read_video(dts, tag.body),
            TagKind::Audio => reader.read_audio(dts, tag.body),
            TagKind::Script => continue,
        };
        for packet in packets.expect("every body is well-formed") {
            if let Packet::Frame(frame) = packet {
                frames.push(Shown {
                    kind: frame.kind(),
                    pts_ms: frame.pts.millis(),
                    is_key: frame.is_key,
                    data: frame.data,
                });
            }
        }
    }
    frames
}
