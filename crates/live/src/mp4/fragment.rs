//! Fragments: some samples of the tracks, `moof` and `mdat`.

use media::{Frame, Kind, MediaTime};

use super::Track;
use super::boxes::{full, plain, u32, u64};

/// A frame and how long it is shown or heard.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The frame.
    pub frame: Frame,
    /// Until the next frame of the track is decoded.
    pub duration: MediaTime,
}

/// Writes a fragment behind what is in `out`: of each track the samples of its kind, in their order. Without any sample there is a fragment of no track.
/// `sequence_number` grows from fragment to fragment.
pub fn fragment(out: &mut Vec<u8>, sequence_number: u32, tracks: &[Track], samples: &[Sample]) {
    let data_bytes: usize = samples.iter().map(|sample| sample.frame.data.len()).sum();
    out.reserve(HEAD_BYTES + samples.len() * SAMPLE_BYTES + data_bytes);
    let start = out.len();
    let mut offset_places = [None; 2];
    plain(out, *b"moof", |out| {
        full(out, *b"mfhd", 0, 0, |out| u32(out, sequence_number));
        for (track, place) in tracks.iter().zip(&mut offset_places) {
            *place = write_track(out, *track, samples);
        }
    });
    // The samples of each track follow each other behind the head of `mdat`.
    let mut offset = out.len() - start + 8;
    for (track, place) in tracks.iter().zip(offset_places) {
        let Some(place) = place else { continue };
        if let Some(place) = out.get_mut(place..place + 4) {
            place.copy_from_slice(&u32::try_from(offset).unwrap_or(u32::MAX).to_be_bytes());
        }
        offset += of(*track, samples).map(|sample| sample.frame.data.len()).sum::<usize>();
    }
    plain(out, *b"mdat", |out| {
        for track in tracks {
            of(*track, samples).for_each(|sample| out.extend_from_slice(&sample.frame.data));
        }
    });
}

/// The samples of the track.
fn of(track: Track, samples: &[Sample]) -> impl Iterator<Item = &Sample> {
    samples.iter().filter(move |sample| sample.frame.kind() == track.kind)
}

/// Writes `traf`; returns where the offset of its data has to be written.
fn write_track(out: &mut Vec<u8>, track: Track, samples: &[Sample]) -> Option<usize> {
    let first = of(track, samples).next()?;
    let count = of(track, samples).count();
    let mut offset_place = 0;
    plain(out, *b"traf", |out| {
        // Offsets count from `moof`.
        full(out, *b"tfhd", 0, 0x02_0000, |out| u32(out, track.id()));
        full(out, *b"tfdt", 1, 0, |out| u64(out, ticks(first.frame.dts, track)));
        // Offset of the data; duration, size, flags and composition offset of each sample. Version 1: the last is signed.
        full(out, *b"trun", 1, 0x0f01, |out| {
            u32(out, u32::try_from(count).unwrap_or(u32::MAX));
            offset_place = out.len();
            u32(out, 0);
            for sample in of(track, samples) {
                write_sample(out, track, sample);
            }
        });
    });
    Some(offset_place)
}

fn write_sample(out: &mut Vec<u8>, track: Track, sample: &Sample) {
    let frame = &sample.frame;
    // Differences of rounded times, so that roundings do not add up.
    let (start, end) = (ticks(frame.dts, track), ticks(frame.dts + sample.duration, track));
    u32(out, u32::try_from(end.saturating_sub(start)).unwrap_or(u32::MAX));
    u32(out, u32::try_from(frame.data.len()).unwrap_or(u32::MAX));
    u32(out, if frame.is_key || track.kind == Kind::Audio { SYNC } else { NO_SYNC });
    let shown = frame.pts.max(MediaTime::ZERO).ticks(track.timescale_hz);
    let later = shown.saturating_sub(i64::try_from(start).unwrap_or(i64::MAX));
    out.extend_from_slice(&i32::try_from(later).unwrap_or(0).to_be_bytes());
}

/// Files have no times before zero.
fn ticks(time: MediaTime, track: Track) -> u64 {
    u64::try_from(time.ticks(track.timescale_hz)).unwrap_or(0)
}

/// The sample depends on no other (§8.8.3.1).
const SYNC: u32 = 0x0200_0000;
/// It depends on others, and no decoder can begin with it.
const NO_SYNC: u32 = 0x0101_0000;
/// `moof` without samples, with two tracks.
const HEAD_BYTES: usize = 256;
/// What `trun` says of a sample.
const SAMPLE_BYTES: usize = 16;
