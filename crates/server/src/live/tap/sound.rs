//! Sound in the codec that every player of RTMP, FLV and HLS knows.

use media::{Codec, Frame, Kind, Parameters};
use transcode::Transcoder;

use super::program::Output;

/// Makes AAC of Opus.
#[derive(Default)]
pub(super) struct Sound {
    /// Once the parameters of the sound are known.
    transcoder: Option<Transcoder>,
}

impl Sound {
    /// The same with other sound; pictures pass.
    pub(super) fn transcode(&mut self, outputs: Vec<Output>) -> Vec<Output> {
        let mut transcoded = Vec::with_capacity(outputs.len());
        for output in outputs {
            match output {
                Output::Parameters(parameters) if parameters.kind() == Kind::Audio => {
                    transcoded.extend(self.set_parameters(&parameters));
                }
                Output::Frame(frame) if frame.kind() == Kind::Audio => self.send(&frame, &mut transcoded),
                other @ (Output::Parameters(_) | Output::Frame(_) | Output::KeyFrameWanted) => transcoded.push(other),
            }
        }
        transcoded
    }

    fn set_parameters(&mut self, parameters: &Parameters) -> Option<Output> {
        self.transcoder = None;
        match Transcoder::new(parameters, Codec::Aac) {
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
}
