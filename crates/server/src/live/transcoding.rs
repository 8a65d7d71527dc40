//! Sound on its way into another codec, and what that costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use media::{Codec, Frame, MediaTime, Parameters};
use transcode::{TranscodeError, Transcoder};

use crate::clock;

/// What all that is transcoded into one codec costs.
#[derive(Debug, Default)]
pub(crate) struct Load {
    tracks: AtomicU64,
    frames: AtomicU64,
    cpu_ns: AtomicU64,
}

impl Load {
    /// How many tracks are being transcoded.
    pub(crate) fn tracks(&self) -> u64 {
        self.tracks.load(Ordering::Relaxed)
    }

    /// How many frames were, since the start, and did not fail.
    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// How long processors have worked on them.
    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu_ns.load(Ordering::Relaxed))
    }
}

/// A track that is being transcoded.
pub(crate) struct Transcoding {
    transcoder: Transcoder,
    load: Arc<Load>,
}

impl Transcoding {
    /// # Errors
    /// When there is no way from the one codec to the other, or the parameters are bad.
    pub(crate) fn begin(from: &Parameters, to: Codec, load: &Arc<Load>) -> Result<Self, TranscodeError> {
        let transcoder = Transcoder::new(from, to)?;
        load.tracks.fetch_add(1, Ordering::Relaxed);
        Ok(Self { transcoder, load: Arc::clone(load) })
    }

    /// Of what comes out.
    pub(crate) fn parameters(&self) -> &Parameters {
        self.transcoder.parameters()
    }

    /// Gives `send` what the frame becomes; how long that takes the thread is counted.
    ///
    /// # Errors
    /// When the frame cannot be decoded or encoded.
    pub(crate) fn handle_frame(&mut self, frame: &Frame, send: &mut impl FnMut(Frame)) -> Result<(), TranscodeError> {
        let result = self.timed(|transcoder| transcoder.handle_frame(frame, send));
        self.load.frames.fetch_add(u64::from(result.is_ok()), Ordering::Relaxed);
        result
    }

    /// How loud the latest frame that came out is, in dBov; `None` before the first.
    pub(crate) fn level_dbov(&self) -> Option<i8> {
        self.transcoder.level_dbov()
    }

    /// Until when sound has come, or was made of silence; `None` before the first frame.
    pub(crate) fn heard_until(&self) -> Option<MediaTime> {
        self.transcoder.heard_until()
    }

    /// There is silence from here on, until sound comes; if none has come.
    pub(crate) fn begin_silence(&mut self, at: MediaTime) {
        self.transcoder.begin_silence(at);
    }

    /// Gives `send` silence for the time before `until`, where holes matter.
    ///
    /// # Errors
    /// When the encoder fails.
    pub(crate) fn handle_silence(
        &mut self,
        until: MediaTime,
        send: &mut impl FnMut(Frame),
    ) -> Result<(), TranscodeError> {
        self.timed(|transcoder| transcoder.handle_silence(until, send))
    }

    fn timed<R>(&mut self, work: impl FnOnce(&mut Transcoder) -> R) -> R {
        let begun = clock::thread_time();
        let result = work(&mut self.transcoder);
        let took = clock::thread_time().saturating_sub(begun);
        self.load.cpu_ns.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        result
    }
}

impl Drop for Transcoding {
    fn drop(&mut self) {
        self.load.tracks.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
