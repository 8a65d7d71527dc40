//! One track from one codec to another.

use media::{Codec, Frame, MediaTime, Parameters};

use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::level::level_dbov;
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
    /// Whether what comes out must not have holes: players of AAC stop at one.
    fills: bool,
    /// Samples of each channel that are to be left out, as there is silence at their times already.
    surplus: usize,
    /// Of what was encoded last.
    level_dbov: Option<i8>,
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
        Ok(Self {
            decoder,
            encoder,
            parameters,
            samples: Vec::new(),
            begins_at: None,
            ahead: MediaTime::ZERO,
            fills: to == Codec::Aac,
            surplus: 0,
            level_dbov: None,
        })
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
        let known = self.samples.len();
        self.decoder.decode(frame, &mut self.samples)?;
        let left_out = self.surplus.min((self.samples.len() - known) / CHANNELS);
        self.surplus -= left_out;
        self.samples.drain(known..known + left_out * CHANNELS);
        self.encode(send)
    }

    /// How loud the latest frame that came out is: 0, as loud as it gets, to -127, silence, in dBov (RFC 6464 §3); `None` before the first.
    #[must_use]
    pub fn level_dbov(&self) -> Option<i8> {
        self.level_dbov
    }

    /// Until when sound has come, or was made of silence; `None` before the first frame.
    #[must_use]
    pub fn heard_until(&self) -> Option<MediaTime> {
        let waiting = samples_long(self.samples.len() / CHANNELS) + self.decoder.waiting();
        self.begins_at.map(|begins_at| begins_at + waiting)
    }

    /// Says when the track begins, if nothing of it has come: what is missing from there on is silence where holes matter.
    pub fn begin_silence(&mut self, at: MediaTime) {
        self.begins_at.get_or_insert(at);
    }

    /// Nothing comes for the time before `until`, because nobody speaks (RFC 6716 §2.1.9) or packets were lost. Where holes matter there is silence
    /// instead; what comes later for that time is left out.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn handle_silence(&mut self, until: MediaTime, send: &mut impl FnMut(Frame)) -> Result<(), TranscodeError> {
        let Some(heard_until) = self.heard_until().filter(|_| self.fills) else { return Ok(()) };
        let missing = until - heard_until;
        if missing > MediaTime::ZERO && missing <= FILL_MAX {
            self.fill(missing);
        }
        self.encode(send)
    }

    fn encode(&mut self, send: &mut impl FnMut(Frame)) -> Result<(), TranscodeError> {
        let portion = self.encoder.frame_samples() * CHANNELS;
        while let Some(samples) = self.samples.get(..portion) {
            let data = self.encoder.encode(samples);
            self.level_dbov = Some(level_dbov(samples));
            self.samples.drain(..portion);
            let begins_at = self.begins_at.unwrap_or_default();
            self.begins_at = Some(begins_at + samples_long(self.encoder.frame_samples()));
            let Some(data) = data? else { continue };
            let delay = samples_long(self.encoder.delay_samples() + self.decoder.delay_samples());
            let pts = begins_at - delay;
            send(Frame { codec: self.parameters.codec, pts, dts: pts, is_key: true, data });
        }
        Ok(())
    }

    /// Samples are counted, so that frames follow each other without a seam though their times are rounded to milliseconds. Where the times
    /// are another matter (a gap, a clock that runs differently), the count begins anew by them, or the gap is filled.
    fn keep_time(&mut self, pts: MediaTime) {
        let Some(heard_until) = self.heard_until() else {
            self.begins_at = Some(pts - self.decoder.waiting());
            return;
        };
        let by_time = pts - heard_until;
        let ahead = by_time + samples_long(self.surplus);
        let jump = ahead - self.ahead;
        if self.fills
            && jump.micros().saturating_abs() >= JUMP_MIN.micros()
            && ahead.micros().saturating_abs() <= FILL_MAX.micros()
        {
            self.ahead = MediaTime::ZERO;
            self.fill(by_time);
            self.surplus = samples_of(MediaTime::ZERO - by_time);
            return;
        }
        let smoothed = self.ahead.micros() + jump.micros() / SMOOTHING;
        self.ahead = MediaTime::from_micros(smoothed);
        let is_gap = ahead.micros().saturating_abs() > GAP_MIN.micros();
        if is_gap || smoothed.saturating_abs() > DRIFT_MAX.micros() {
            self.begins_at = self.begins_at.map(|begins_at| begins_at + by_time);
            self.ahead = MediaTime::ZERO;
            self.surplus = 0;
        }
    }

    /// Silence behind what waits.
    fn fill(&mut self, missing: MediaTime) {
        self.samples.resize(self.samples.len() + samples_of(missing) * CHANNELS, 0.0);
    }
}

/// Samples of each channel in so much time.
fn samples_of(time: MediaTime) -> usize {
    usize::try_from(time.ticks(SAMPLE_RATE_HZ)).unwrap_or_default()
}

fn samples_long(count: usize) -> MediaTime {
    MediaTime::from_ticks(i64::try_from(count).unwrap_or(i64::MAX), SAMPLE_RATE_HZ)
}

/// Some 40 frames, a second of sound.
const SMOOTHING: i64 = 40;

/// Sound that is so far from its time is put right.
const DRIFT_MAX: MediaTime = MediaTime::from_millis(20);

/// No drift: RTP counts samples, so a packet is missing, or came too late.
const JUMP_MIN: MediaTime = MediaTime::from_millis(15);

/// Who was silent for longer than this without a word of it has begun anew.
const FILL_MAX: MediaTime = MediaTime::from_millis(1_000);

/// No jitter, but sound that is missing, or a publisher that began anew.
const GAP_MIN: MediaTime = MediaTime::from_millis(200);

#[cfg(test)]
mod tests;
