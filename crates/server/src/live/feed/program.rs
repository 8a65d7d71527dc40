//! The tracks of a stream on their way to WebRTC: frames in, packets out.

use std::sync::Arc;

use live::hub::Content;
use media::{Codec, Frame, Kind, Parameters};
use room::media::Source;
use rtp::parameters::ReceiveParameters;

use super::track::Track;
use crate::live::transcoding::{Load, Transcoding};
use crate::media::FedPacket;

/// One publisher's program.
pub(super) struct Program {
    /// Of the pictures; that of the sounds is the next but one.
    ssrc: u32,
    video: Option<Track>,
    audio: Option<Sound>,
    /// Where transcoding is counted.
    load: Arc<Load>,
}

struct Sound {
    track: Track,
    /// For what browsers cannot play.
    transcoder: Option<Transcoding>,
}

/// What becomes of one item.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// All tracks, when they are others than before.
    pub(super) tracks: Option<Vec<(Source, ReceiveParameters)>>,
    /// To be sent after that.
    pub(super) packets: Vec<FedPacket>,
}

impl Program {
    /// # Errors
    /// When the system has no random numbers.
    pub(super) fn new(load: Arc<Load>) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes)?;
        Ok(Self::with_ssrc(u32::from_be_bytes(bytes), load))
    }

    pub(super) fn with_ssrc(ssrc: u32, load: Arc<Load>) -> Self {
        Self { ssrc, video: None, audio: None, load }
    }

    /// Takes what the hub gives.
    pub(super) fn take(&mut self, content: &Content) -> Batch {
        match content {
            Content::Metadata(_) => Batch::default(),
            Content::Parameters(parameters) => self.set_parameters(parameters),
            Content::Frame(frame) => Batch { tracks: None, packets: self.packets(frame) },
        }
    }

    fn set_parameters(&mut self, parameters: &Parameters) -> Batch {
        let result = match parameters.kind() {
            Kind::Video => self.set_video(parameters),
            Kind::Audio => self.set_audio(parameters),
        };
        if let Err(reason) = result {
            tracing::warn!(codec = %parameters.codec, reason, "a track is not carried to WebRTC");
        }
        let tracks = [self.audio.as_ref().map(|sound| &sound.track), self.video.as_ref()];
        let tracks = tracks.into_iter().flatten().map(|track| (track.source(), track.parameters())).collect();
        Batch { tracks: Some(tracks), packets: Vec::new() }
    }

    fn set_video(&mut self, parameters: &Parameters) -> Result<(), String> {
        if let Some(track) = &mut self.video
            && track.set_parameters(parameters).is_ok()
        {
            return Ok(());
        }
        self.video = None;
        self.video = Some(Track::new(parameters, self.ssrc).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn set_audio(&mut self, parameters: &Parameters) -> Result<(), String> {
        let before = self.audio.take();
        let transcoder = parameters.codec != Codec::Opus;
        let transcoder = transcoder.then(|| Transcoding::begin(parameters, Codec::Opus, &self.load)).transpose();
        let transcoder = transcoder.map_err(|error| error.to_string())?;
        let track = match before {
            // What it is encoded in does not change: the numbers go on.
            Some(before) => before.track,
            None => {
                let opus = transcoder.as_ref().map_or(parameters, Transcoding::parameters);
                Track::new(opus, self.ssrc.wrapping_add(2)).map_err(|error| error.to_string())?
            }
        };
        self.audio = Some(Sound { track, transcoder });
        Ok(())
    }

    fn packets(&mut self, frame: &Frame) -> Vec<FedPacket> {
        let mut packets = Vec::new();
        let result = match frame.kind() {
            Kind::Video => match &mut self.video {
                Some(track) => track.send(frame, None, &mut packets).map_err(|error| error.to_string()),
                None => Ok(()),
            },
            Kind::Audio => match &mut self.audio {
                Some(sound) => sound.send(frame, &mut packets),
                None => Ok(()),
            },
        };
        if let Err(reason) = result {
            tracing::debug!(codec = %frame.codec, reason, "a frame is not carried to WebRTC");
        }
        packets
    }
}

impl Sound {
    fn send(&mut self, frame: &Frame, packets: &mut Vec<FedPacket>) -> Result<(), String> {
        let track = &mut self.track;
        let Some(transcoder) = &mut self.transcoder else {
            return track.send(frame, None, packets).map_err(|error| error.to_string());
        };
        let mut frames = Vec::new();
        let transcoded = transcoder.handle_frame(frame, &mut |frame| frames.push(frame));
        transcoded.map_err(|error| error.to_string())?;
        // One frame of what comes seldom makes more than one: the loudness of the latest is that of both.
        let level_dbov = transcoder.level_dbov();
        let mut result = Ok(());
        for frame in &frames {
            if let Err(error) = track.send(frame, level_dbov, packets) {
                result = Err(error.to_string());
            }
        }
        result
    }
}

#[cfg(test)]
mod tests;
