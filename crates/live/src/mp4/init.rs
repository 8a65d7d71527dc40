//! The initialization section: which tracks there are, and how to decode them. It has no samples.

use media::{Kind, Parameters, Shape};

use super::boxes::{full, plain, u16, u32, zeros};
use super::{Track, sample_entry};

/// The `ftyp` and `moov` boxes of a file with these tracks, one of a kind at most.
#[must_use]
pub fn init(tracks: &[&Parameters]) -> Vec<u8> {
    let mut out = Vec::with_capacity(INIT_BYTES);
    plain(&mut out, *b"ftyp", |out| {
        out.extend_from_slice(b"iso6");
        u32(out, 0);
        out.extend_from_slice(b"iso6cmfcmp41");
    });
    plain(&mut out, *b"moov", |out| {
        write_movie_header(out);
        for parameters in tracks {
            write_track(out, parameters);
        }
        plain(out, *b"mvex", |out| {
            for parameters in tracks {
                // Every default is told in the fragments.
                full(out, *b"trex", 0, 0, |out| {
                    u32(out, Track::of(parameters).id());
                    u32(out, 1);
                    zeros(out, 12);
                });
            }
        });
    });
    out
}

fn write_movie_header(out: &mut Vec<u8>) {
    full(out, *b"mvhd", 0, 0, |out| {
        zeros(out, 8);
        u32(out, 1000);
        // The duration is that of the fragments, and unknown.
        u32(out, 0);
        u32(out, 0x0001_0000);
        u16(out, 0x0100);
        zeros(out, 10);
        write_matrix(out);
        zeros(out, 24);
        u32(out, NEXT_TRACK_ID);
    });
}

fn write_track(out: &mut Vec<u8>, parameters: &Parameters) {
    let track = Track::of(parameters);
    let (width, height) = if let Shape::Video { width, height } = parameters.shape { (width, height) } else { (0, 0) };
    plain(out, *b"trak", |out| {
        // Enabled and in the movie.
        full(out, *b"tkhd", 0, 3, |out| {
            zeros(out, 8);
            u32(out, track.id());
            zeros(out, 20);
            u16(out, if track.kind == Kind::Audio { 0x0100 } else { 0 });
            zeros(out, 2);
            write_matrix(out);
            // 16 bits before the point, 16 behind it.
            u32(out, width << 16);
            u32(out, height << 16);
        });
        plain(out, *b"mdia", |out| {
            full(out, *b"mdhd", 0, 0, |out| {
                zeros(out, 8);
                u32(out, track.timescale_hz);
                u32(out, 0);
                // "und", each letter in five bits.
                u16(out, 0x55c4);
                u16(out, 0);
            });
            let (handler, name) = match track.kind {
                Kind::Video => (b"vide", b"video\0"),
                Kind::Audio => (b"soun", b"audio\0"),
            };
            full(out, *b"hdlr", 0, 0, |out| {
                zeros(out, 4);
                out.extend_from_slice(handler);
                zeros(out, 12);
                out.extend_from_slice(name);
            });
            write_media_information(out, parameters);
        });
    });
}

fn write_media_information(out: &mut Vec<u8>, parameters: &Parameters) {
    plain(out, *b"minf", |out| {
        match parameters.kind() {
            Kind::Video => full(out, *b"vmhd", 0, 1, |out| zeros(out, 8)),
            Kind::Audio => full(out, *b"smhd", 0, 0, |out| zeros(out, 4)),
        }
        plain(out, *b"dinf", |out| {
            full(out, *b"dref", 0, 0, |out| {
                u32(out, 1);
                // The data is in this file.
                full(out, *b"url ", 0, 1, |_| {});
            });
        });
        plain(out, *b"stbl", |out| {
            full(out, *b"stsd", 0, 0, |out| {
                u32(out, 1);
                sample_entry::write(out, parameters);
            });
            // Empty: the samples are in the fragments.
            full(out, *b"stts", 0, 0, |out| u32(out, 0));
            full(out, *b"stsc", 0, 0, |out| u32(out, 0));
            full(out, *b"stsz", 0, 0, |out| zeros(out, 8));
            full(out, *b"stco", 0, 0, |out| u32(out, 0));
        });
    });
}

/// No turning, no scaling.
fn write_matrix(out: &mut Vec<u8>) {
    for value in [0x0001_0000, 0, 0, 0, 0x0001_0000, 0, 0, 0, 0x4000_0000] {
        u32(out, value);
    }
}

/// With two tracks and their parameter sets there is room.
const INIT_BYTES: usize = 2048;
/// Past both tracks.
const NEXT_TRACK_ID: u32 = 3;
