//! One track from one codec to another.

use media::{Codec, Frame, MediaTime, Parameters};

use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::{CHANNELS, SAMPLE_RATE_HZ, TranscodeError};

/// Decodes, resamples and encodes the sound of one track.
pub struct Transcoder {
    decoder: Decoder,
    encoder: Encoder,
    parameters: Parameters,
    /// Interleaved samples that do not fill a frame yet.
    samples: Vec<f32>,
    /// The time of the first of them; `None` before the first frame.
    begins_at: Option<MediaTime>,
    /// By how much the frames' own times are ahead of the count of samples, smoothed.
    ahead: MediaTime,
}

impl Transcoder {
    /// From a track with these parameters to another codec.
    ///
    /// # Errors
    /// If there is no way, or the parameters are broken.
    pub fn new(from: &Parameters, to: Codec) -> Result<Self, TranscodeError> {
        let (Some(decoder), Some(encoder)) = (Decoder::new(from)?, Encoder::new(to)?) else {
            return Err(TranscodeError::NoWay { from: from.codec, to });
        };
        let parameters = encoder.parameters()?;
        Ok(Self { decoder, encoder, parameters, samples: Vec::new(), begins_at: None, ahead: MediaTime::ZERO })
    }

    /// Of the track that comes out.
    #[must_use]
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// A frame of the track. What comes out goes to `send`, in order, with the time of what it lets hear.
    ///
    /// # Errors
    /// If the frame cannot be decoded; the next one may be good again.
    pub fn handle_frame(&mut self, frame: &Frame, send: &mut impl FnMut(Frame)) -> Result<(), TranscodeError> {
        self.keep_time(frame.pts);
        self.decoder.decode(frame, &mut self.samples)?;
        let portion = self.encoder.frame_samples() * CHANNELS;
        while let Some(samples) = self.samples.get(..portion) {
            let data = self.encoder.encode(samples);
            self.samples.drain(..portion);
            let begins_at = self.begins_at.unwrap_or(frame.pts);
            self.begins_at = Some(begins_at + samples_long(self.encoder.frame_samples()));
            let Some(data) = data? else { continue };
            let delay = samples_long(self.encoder.delay_samples() + self.decoder.delay_samples());
            let pts = begins_at - delay;
            send(Frame { codec: self.parameters.codec, pts, dts: pts, is_key: true, data });
        }
        Ok(())
    }

    /// Samples are counted, so that frames follow each other without a seam though their times are rounded to milliseconds. Where the times
    /// are another matter (a gap, a clock that runs differently), the count begins anew by them.
    fn keep_time(&mut self, pts: MediaTime) {
        let waiting = samples_long(self.samples.len() / CHANNELS) + self.decoder.waiting();
        let by_frame = pts - waiting;
        let Some(begins_at) = self.begins_at else {
            self.begins_at = Some(by_frame);
            return;
        };
        let ahead = by_frame - begins_at;
        let smoothed = self.ahead.micros() + (ahead - self.ahead).micros() / SMOOTHING;
        self.ahead = MediaTime::from_micros(smoothed);
        let is_gap = ahead.micros().saturating_abs() > GAP_MIN.micros();
        if is_gap || smoothed.saturating_abs() > DRIFT_MAX.micros() {
            self.begins_at = Some(by_frame);
            self.ahead = MediaTime::ZERO;
        }
    }
}

fn samples_long(count: usize) -> MediaTime {
    MediaTime::from_ticks(i64::try_from(count).unwrap_or(i64::MAX), SAMPLE_RATE_HZ)
}

/// Some 40 frames, a second of sound.
const SMOOTHING: i64 = 40;

/// Sound that is so far from its time is put right.
const DRIFT_MAX: MediaTime = MediaTime::from_millis(20);

/// No jitter, but sound that is missing, or a publisher that began anew.
const GAP_MIN: MediaTime = MediaTime::from_millis(200);

#[cfg(test)]
mod tests;
