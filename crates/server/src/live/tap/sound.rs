//! Sound in the codec that every player of RTMP, FLV and HLS knows.

use std::sync::Arc;

use media::{Codec, Frame, Kind, MediaTime, Parameters};

use super::program::Output;
use crate::live::transcoding::{Load, Transcoding};

/// Makes AAC of Opus.
pub(super) struct Sound {
    /// Once the parameters of the sound are known.
    transcoder: Option<Transcoding>,
    load: Arc<Load>,
}

impl Sound {
    /// Counts what it does there.
    pub(super) fn new(load: Arc<Load>) -> Self {
        Self { transcoder: None, load }
    }

    /// Whether there is something to do about what comes: sound, or pictures so far ahead of it that nobody speaks.
    pub(super) fn is_concerned(&self, outputs: &[Output]) -> bool {
        let is_silent = |output: &Output| matches!(output, Output::Frame(frame) if self.is_silent_at(frame));
        outputs.iter().any(|output| output.is_sound() || is_silent(output))
    }

    /// The same with other sound; pictures pass.
    pub(super) fn transcode(&mut self, outputs: Vec<Output>) -> Vec<Output> {
        let mut transcoded = Vec::with_capacity(outputs.len());
        for output in outputs {
            match output {
                Output::Parameters(parameters) if parameters.kind() == Kind::Audio => {
                    transcoded.extend(self.set_parameters(&parameters));
                }
                Output::Frame(frame) if frame.kind() == Kind::Audio => self.send(&frame, &mut transcoded),
                Output::Frame(frame) => {
                    if self.is_silent_at(&frame) {
                        self.fill(frame.dts - SILENCE_AFTER, &mut transcoded);
                    }
                    transcoded.push(Output::Frame(frame));
                }
                other @ (Output::Parameters(_) | Output::KeyFrameWanted) => transcoded.push(other),
            }
        }
        transcoded
    }

    fn set_parameters(&mut self, parameters: &Parameters) -> Option<Output> {
        self.transcoder = None;
        match Transcoding::begin(parameters, Codec::Aac, &self.load) {
            Ok(transcoder) => {
                let transcoder = self.transcoder.insert(transcoder);
                Some(Output::Parameters(transcoder.parameters().clone()))
            }
            Err(error) => {
                tracing::warn!(codec = %parameters.codec, %error, "the sound of a stream becomes no frames");
                None
            }
        }
    }

    fn send(&mut self, frame: &Frame, to: &mut Vec<Output>) {
        let Some(transcoder) = &mut self.transcoder else { return };
        let sent = transcoder.handle_frame(frame, &mut |frame| to.push(Output::Frame(frame)));
        if let Err(error) = sent {
            tracing::debug!(codec = %frame.codec, %error, "a piece of sound becomes no frame");
        }
    }

    /// Players wait for sound as long as there is none for a picture.
    fn is_silent_at(&self, picture: &Frame) -> bool {
        let heard_until = self.transcoder.as_ref().and_then(Transcoding::heard_until);
        heard_until.is_some_and(|heard_until| picture.dts - heard_until > SILENCE_AFTER + SILENCE_MIN)
    }

    fn fill(&mut self, until: MediaTime, to: &mut Vec<Output>) {
        let Some(transcoder) = &mut self.transcoder else { return };
        if let Err(error) = transcoder.handle_silence(until, &mut |frame| to.push(Output::Frame(frame))) {
            tracing::debug!(%error, "silence becomes no frame");
        }
    }
}

/// Sound that is missing is waited for by then: the patience of its track, and what a browser's sound may be behind its pictures.
const SILENCE_AFTER: MediaTime = MediaTime::from_millis(350);
/// Silence is made in pieces of some frames.
const SILENCE_MIN: MediaTime = MediaTime::from_millis(100);

#[cfg(test)]
mod tests;
