//! Sound as it came, and in the codec that every player of RTMP, FLV and HLS knows; G.711 in that alone.

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

/// Gives sound as it comes, and makes AAC of it while somebody reads that; of G.711 always, and nothing else.
pub(super) struct Sound {
    /// How it comes, once that is known.
    original: Option<Parameters>,
    /// Somebody reads the other rendition.
    is_listened: bool,
    /// Once the parameters of the sound are known, while what it makes is needed.
    transcoder: Option<Transcoding>,
    /// The first picture since the transcoder began, while no sound has come.
    silent_since: Option<MediaTime>,
    load: Arc<Load>,
}

impl Rendered {
    pub(super) fn of_all(output: Output) -> Self {
        Self { rendition: None, output }
    }
}

impl Sound {
    /// Counts what it transcodes there; nothing before [`Self::begin`], but for G.711.
    pub(super) fn new(load: Arc<Load>) -> Self {
        Self { original: None, is_listened: false, transcoder: None, silent_since: None, load }
    }

    /// Transcodes from here on. Gives the parameters of what comes out, if it is known what comes in and that was not transcoded already.
    pub(super) fn begin(&mut self) -> Option<Rendered> {
        self.is_listened = true;
        if self.transcoder.is_some() { None } else { self.begin_transcoder() }
    }

    /// Nobody listens any more. False: it is transcoded all the same.
    pub(super) fn rest(&mut self) -> bool {
        self.is_listened = false;
        let rests = !self.is_needed();
        if rests {
            self.transcoder = None;
        }
        rests
    }

    /// Whether sound is transcoded: for who reads that, or because nobody takes it as it comes.
    fn is_needed(&self) -> bool {
        self.is_listened || !self.is_read_as_it_comes()
    }

    /// WebM, MP4 and FLV have no place for G.711 that players know, so there is one rendition of it, for everybody.
    fn is_read_as_it_comes(&self) -> bool {
        self.original.as_ref().is_none_or(|original| !matches!(original.codec, Codec::Pcmu | Codec::Pcma))
    }

    /// Whether there is something to transcode: sound, or pictures so far ahead of it that nobody speaks.
    pub(super) fn is_concerned(&self, outputs: &[Output]) -> bool {
        let is_silent = |output: &Output| matches!(output, Output::Frame(frame) if self.is_silent_at(frame));
        self.is_needed() && outputs.iter().any(|output| output.is_sound() || is_silent(output))
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
                    rendered.extend(self.original(Output::Parameters(parameters)));
                }
                Output::Frame(frame) if frame.kind() == Kind::Audio => {
                    self.send(&frame, &mut rendered);
                    rendered.extend(self.original(Output::Frame(frame)));
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

    /// Of what comes in, if that is read.
    fn original(&self, output: Output) -> Option<Rendered> {
        self.is_read_as_it_comes().then_some(Rendered { rendition: Some(Rendition::Original), output })
    }

    /// Of what was transcoded.
    fn transcoded(&self) -> Option<Rendition> {
        self.is_read_as_it_comes().then_some(Rendition::Common)
    }

    fn begin_transcoder(&mut self) -> Option<Rendered> {
        (self.transcoder, self.silent_since) = (None, None);
        let original = self.original.as_ref().filter(|_| self.is_needed())?;
        match Transcoding::begin(original, Codec::Aac, &self.load) {
            Ok(transcoder) => {
                let transcoder = self.transcoder.insert(transcoder);
                let parameters = transcoder.parameters().clone();
                Some(Rendered { rendition: self.transcoded(), output: Output::Parameters(parameters) })
            }
            Err(error) => {
                tracing::warn!(codec = %original.codec, %error, "the sound of a stream is not transcoded");
                None
            }
        }
    }

    fn send(&mut self, frame: &Frame, to: &mut Vec<Rendered>) {
        let rendition = self.transcoded();
        let Some(transcoder) = &mut self.transcoder else { return };
        let sent =
            transcoder.handle_frame(frame, &mut |frame| to.push(Rendered { rendition, output: Output::Frame(frame) }));
        if let Err(error) = sent {
            tracing::debug!(codec = %frame.codec, %error, "a piece of sound is not transcoded");
        }
    }

    /// Players of AAC wait for sound as long as there is none for a picture.
    fn keep_silence(&mut self, picture: &Frame, to: &mut Vec<Rendered>) {
        let (is_silent, rendition) = (self.is_silent_at(picture), self.transcoded());
        let Some(transcoder) = &mut self.transcoder else { return };
        if transcoder.heard_until().is_none() {
            let since = *self.silent_since.get_or_insert(picture.dts);
            if is_silent {
                transcoder.begin_silence(since);
            }
        }
        if is_silent {
            let until = picture.dts - SILENCE_AFTER;
            let filled = transcoder
                .handle_silence(until, &mut |frame| to.push(Rendered { rendition, output: Output::Frame(frame) }));
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
