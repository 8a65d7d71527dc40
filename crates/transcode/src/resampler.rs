//! Another number of samples a second.

use media::MediaTime;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::{CHANNELS, TranscodeError};

/// Takes samples in any portions.
pub(crate) struct Resampler {
    from_hz: u32,
    engine: Fft<f32>,
    /// Not enough for the engine yet.
    waiting: Vec<f32>,
}

impl Resampler {
    pub(crate) fn new(from_hz: u32, to_hz: u32) -> Result<Self, TranscodeError> {
        let engine = Fft::new(from_hz as usize, to_hz as usize, CHUNK_SAMPLES, CHANNELS, FixedSync::Input)
            .map_err(|error| TranscodeError::Encode(error.to_string()))?;
        Ok(Self { from_hz, engine, waiting: Vec::new() })
    }

    pub(crate) fn source_rate_hz(&self) -> u32 {
        self.from_hz
    }

    /// How many samples what comes out lags behind.
    pub(crate) fn delay_samples(&self) -> usize {
        self.engine.output_delay()
    }

    /// How much sound waits for the rest of its portion.
    pub(crate) fn waiting(&self) -> MediaTime {
        MediaTime::from_ticks(i64::try_from(self.waiting.len() / CHANNELS).unwrap_or(0), self.from_hz)
    }

    pub(crate) fn resample(&mut self, samples: &[f32], output: &mut Vec<f32>) -> Result<(), TranscodeError> {
        let failed = |error: String| TranscodeError::Encode(error);
        self.waiting.extend_from_slice(samples);
        loop {
            let wanted = self.engine.input_frames_next();
            let Some(chunk) = self.waiting.get(..wanted * CHANNELS) else { return Ok(()) };
            let chunk = InterleavedSlice::new(chunk, CHANNELS, wanted).map_err(|error| failed(error.to_string()))?;
            let resampled = self.engine.process(&chunk, None).map_err(|error| failed(error.to_string()))?;
            output.extend(resampled.take_data());
            self.waiting.drain(..wanted * CHANNELS);
        }
    }
}

/// 10 ms: what waits for the rest of its chunk is heard later.
const CHUNK_SAMPLES: usize = 441;
