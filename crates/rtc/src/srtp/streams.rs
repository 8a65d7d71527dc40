//! The streams of one peer by SSRC, each with its replay window. A stream is remembered once a packet of it was authentic.

use super::UnprotectError;
use super::replay::Window;

/// At most [`STREAMS_MAX`].
#[derive(Debug, Default)]
pub(super) struct Streams<const WORDS: usize> {
    /// Searched from the front: a peer has a handful.
    streams: Vec<Stream<WORDS>>,
    /// Counts accepted packets, to find the stream that was silent for longest.
    clock: u64,
}

#[derive(Debug)]
struct Stream<const WORDS: usize> {
    ssrc: u32,
    window: Window<WORDS>,
    heard_at: u64,
}

impl<const WORDS: usize> Streams<WORDS> {
    /// The index that is nearest to the newest one of the stream (RFC 3711 §3.3.1); `None` when it would be before the first.
    pub(super) fn rtp_index(&self, ssrc: u32, sequence: u16) -> Option<u64> {
        let Some(stream) = self.stream(ssrc) else { return Some(u64::from(sequence)) };
        let newest = stream.window.newest();
        let distance = sequence.wrapping_sub(newest as u16).cast_signed();
        newest.checked_add_signed(i64::from(distance))
    }

    pub(super) fn check(&self, ssrc: u32, index: u64) -> Result<(), UnprotectError> {
        let fresh = self.stream(ssrc).is_none_or(|stream| stream.window.is_fresh(index));
        if fresh { Ok(()) } else { Err(UnprotectError::Replay) }
    }

    /// Notes an authentic packet. The stream that was silent for longest makes room for a new one.
    pub(super) fn accept(&mut self, ssrc: u32, index: u64) {
        self.clock += 1;
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.ssrc == ssrc) {
            stream.window.accept(index);
            stream.heard_at = self.clock;
            return;
        }
        let stream = Stream { ssrc, window: Window::new(index), heard_at: self.clock };
        if self.streams.len() < STREAMS_MAX {
            // Doubling would reserve windows that few peers need.
            self.streams.reserve_exact(1);
            self.streams.push(stream);
        } else if let Some(place) = self.streams.iter_mut().min_by_key(|stream| stream.heard_at) {
            *place = stream;
        }
    }

    fn stream(&self, ssrc: u32) -> Option<&Stream<WORDS>> {
        self.streams.iter().find(|stream| stream.ssrc == ssrc)
    }
}

/// Microphone, camera and screen with three layers each and their retransmissions are fifteen; a client that changes its SSRCs
/// often needs room for those that are gone.
pub(super) const STREAMS_MAX: usize = 64;

#[cfg(test)]
mod tests;
