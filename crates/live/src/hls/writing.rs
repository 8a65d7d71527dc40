//! Writes segments and parts, the first time somebody asks, and keeps what was written with them.

use bytes::Bytes;
use media::Codec;

use super::HlsError;
use super::segment::{Segment, Tracks};
use super::window::Window;
use crate::mp4::{self, Track};
use crate::ts::{self, Muxer};

/// The transport stream of a publication: one muxer, since continuity counters go on from segment to segment.
#[derive(Debug, Default)]
pub(super) struct TransportStream {
    muxer: Option<Muxer>,
    /// Segments before this one have been written, or are too old.
    next_number: u64,
}

impl TransportStream {
    /// The segment of that number, and with it those before it that nobody asked for.
    pub(super) fn segment(&mut self, window: &mut Window, number: u64) -> Result<Bytes, HlsError> {
        let last = window.find(number).ok_or(HlsError::NotFound)?;
        if let Some(codec) = uncarried(&last.tracks) {
            return Err(HlsError::Codec(codec));
        }
        let carried = window.kept().filter(|segment| uncarried(&segment.tracks).is_none());
        let numbers = carried.map(|segment| segment.number);
        let due: Vec<u64> = numbers.filter(|&each| each >= self.next_number && each <= number).collect();
        for each in due {
            let segment = window.find_mut(each).ok_or(HlsError::NotFound)?;
            segment.transport_stream = Some(self.write(segment)?);
            self.next_number = each + 1;
        }
        let segment = window.find(number).ok_or(HlsError::NotFound)?;
        segment.transport_stream.clone().ok_or(HlsError::NotFound)
    }

    fn write(&mut self, segment: &Segment) -> Result<Bytes, HlsError> {
        let (video, audio) = (segment.tracks.video.as_ref(), segment.tracks.audio.as_ref());
        let muxer = match &mut self.muxer {
            Some(muxer) => muxer.change(video, audio).map(|()| muxer),
            None => Muxer::new(video, audio).map(|muxer| self.muxer.insert(muxer)),
        };
        // The codecs are carried, and parameters that cannot be read are refused where they come in.
        let muxer = muxer.map_err(|_| HlsError::NotFound)?;
        let mut out = Vec::with_capacity(segment.frame_bytes() + segment.frame_bytes() / 16);
        muxer.write_tables(&mut out);
        for sample in segment.samples() {
            // A frame that is not what its codec says is left out; the decoder would do the same.
            let _malformed = muxer.write_frame(&sample.frame, &mut out);
        }
        muxer.flush(&mut out);
        Ok(Bytes::from(out))
    }
}

/// A codec of the stream that transport streams cannot carry.
pub(super) fn uncarried(tracks: &Tracks) -> Option<Codec> {
    tracks.iter().map(|track| track.codec).find(|&codec| !ts::can_carry(codec))
}

/// The part of that number as a fragment.
pub(super) fn part(segment: &mut Segment, number: u64) -> Option<Bytes> {
    let tracks: Vec<Track> = segment.tracks.iter().map(Track::of).collect();
    let index = usize::try_from(number.checked_sub(segment.first_part)?).ok()?;
    let part = segment.parts.get_mut(index)?;
    if part.fragment.is_none() {
        let mut out = Vec::new();
        // Fragments count from 1.
        let sequence_number = u32::try_from(number.wrapping_add(1) & u64::from(u32::MAX)).unwrap_or(u32::MAX);
        mp4::fragment(&mut out, sequence_number, &tracks, &part.samples);
        part.fragment = Some(Bytes::from(out));
    }
    part.fragment.clone()
}

/// The segment as fragmented MP4: its parts one behind the other, so that who has the parts has the segment.
pub(super) fn mp4_segment(segment: &mut Segment) -> Vec<Bytes> {
    let end = segment.first_part + segment.parts.len() as u64;
    (segment.first_part..end).filter_map(|number| part(segment, number)).collect()
}

/// The initialization section of the tracks.
pub(super) fn init(tracks: &Tracks) -> Bytes {
    let tracks: Vec<_> = tracks.iter().collect();
    Bytes::from(mp4::init(&tracks))
}
