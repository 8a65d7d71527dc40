//! Sound as it came, and in the codec that every player of RTMP, FLV and HLS knows.

use std::sync::Arc;

use live::hub::Rendition;
use media::{Codec, Frame, Kind, MediaTime, Parameters};

use super::program::Output;
use crate::live::transcoding::{Load, Transcoding};

/// What goes to the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rendered {
    /// Of which sound it is a part; `None` for what everybody takes.
    pub(super) rendition: Option<Rendition>,
    pub(super) output: Output,
}

/// Gives sound as it comes, and makes AAC of it while somebody reads that.
pub(super) struct Sound {
    /// How it comes, once that is known.
    original: Option<Parameters>,
    /// Somebody reads the other rendition.
    is_listened: bool,
    /// Once the parameters of the sound are known, while somebody reads what it makes.
    transcoder: Option<Transcoding>,
    /// The first picture since the transcoder began, while no sound has come.
    silent_since: Option<MediaTime>,
    load: Arc<Load>,
}

impl Rendered {
    pub(super) fn of_all(output: Output) -> Self {
        Self { rendition: None, output }
    }

    fn common(output: Output) -> Self {
        Self { rendition: Some(Rendition::Common), output }
    }

    fn original(output: Output) -> Self {
        Self { rendition: Some(Rendition::Original), output }
    }
}

impl Sound {
    /// Counts what it transcodes there; nothing before [`Self::begin`].
    pub(super) fn new(load: Arc<Load>) -> Self {
        Self { original: None, is_listened: false, transcoder: None, silent_since: None, load }
    }

    /// Transcodes from here on. Gives the parameters of what comes out, if it is known what comes in.
    pub(super) fn begin(&mut self) -> Option<Rendered> {
        self.is_listened = true;
        self.begin_transcoder()
    }

    /// Transcodes no longer.
    pub(super) fn rest(&mut self) {
        (self.is_listened, self.transcoder) = (false, None);
    }

    /// Whether there is something to transcode: sound, or pictures so far ahead of it that nobody speaks.
    pub(super) fn is_concerned(&self, outputs: &[Output]) -> bool {
        let is_silent = |output: &Output| matches!(output, Output::Frame(frame) if self.is_silent_at(frame));
        self.is_listened && outputs.iter().any(|output| output.is_sound() || is_silent(output))
    }

    /// The same with each sound in every rendition in which it is read; pictures pass.
    pub(super) fn render(&mut self, outputs: Vec<Output>) -> Vec<Rendered> {
        let mut rendered = Vec::with_capacity(outputs.len());
        for output in outputs {
            match output {
                Output::Parameters(parameters) if parameters.kind() == Kind::Audio => {
                    self.original = Some(parameters.clone());
                    // First, or there would be a moment without it for who begins.
                    rendered.extend(self.begin_transcoder());
                    rendered.push(Rendered::original(Output::Parameters(parameters)));
                }
                Output::Frame(frame) if frame.kind() == Kind::Audio => {
                    self.send(&frame, &mut rendered);
                    rendered.push(Rendered::original(Output::Frame(frame)));
                }
                Output::Frame(frame) => {
                    self.keep_silence(&frame, &mut rendered);
                    rendered.push(Rendered::of_all(Output::Frame(frame)));
                }
                other @ (Output::Parameters(_)
                | Output::LayerParameters(..)
                | Output::LayerPicture(..)
                | Output::KeyFrameWanted) => rendered.push(Rendered::of_all(other)),
            }
        }
        rendered
    }

    fn begin_transcoder(&mut self) -> Option<Rendered> {
        (self.transcoder, self.silent_since) = (None, None);
        let original = self.original.as_ref().filter(|_| self.is_listened)?;
        match Transcoding::begin(original, Codec::Aac, &self.load) {
            Ok(transcoder) => {
                let transcoder = self.transcoder.insert(transcoder);
                Some(Rendered::common(Output::Parameters(transcoder.parameters().clone())))
            }
            Err(error) => {
                tracing::warn!(codec = %original.codec, %error, "the sound of a stream is not transcoded");
                None
            }
        }
    }

    fn send(&mut self, frame: &Frame, to: &mut Vec<Rendered>) {
        let Some(transcoder) = &mut self.transcoder else { return };
        let sent = transcoder.handle_frame(frame, &mut |frame| to.push(Rendered::common(Output::Frame(frame))));
        if let Err(error) = sent {
            tracing::debug!(codec = %frame.codec, %error, "a piece of sound is not transcoded");
        }
    }

    /// Players of AAC wait for sound as long as there is none for a picture.
    fn keep_silence(&mut self, picture: &Frame, to: &mut Vec<Rendered>) {
        let is_silent = self.is_silent_at(picture);
        let Some(transcoder) = &mut self.transcoder else { return };
        if transcoder.heard_until().is_none() {
            let since = *self.silent_since.get_or_insert(picture.dts);
            if is_silent {
                transcoder.begin_silence(since);
            }
        }
        if is_silent {
            let until = picture.dts - SILENCE_AFTER;
            let filled = transcoder.handle_silence(until, &mut |frame| to.push(Rendered::common(Output::Frame(frame))));
            if let Err(error) = filled {
                tracing::debug!(%error, "silence becomes no frame");
            }
        }
    }

    fn is_silent_at(&self, picture: &Frame) -> bool {
        let Some(transcoder) = &self.transcoder else { return false };
        let heard_until = transcoder.heard_until().or(self.silent_since);
        heard_until.is_some_and(|heard_until| picture.dts - heard_until > SILENCE_AFTER + SILENCE_MIN)
    }
}

/// Sound that is missing is waited for by then: the patience of its track, and what a browser's sound may be behind its pictures.
const SILENCE_AFTER: MediaTime = MediaTime::from_millis(350);
/// Silence is made in pieces of some frames.
const SILENCE_MIN: MediaTime = MediaTime::from_millis(100);

#[cfg(test)]
mod tests;
