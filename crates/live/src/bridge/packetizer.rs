//! Frames of one track as payloads of RTP.

mod payload;

use bytes::Bytes;
use media::nal::Units;
use media::{Codec, Frame, MediaTime, Parameters, h264, h265};
use rtp::payload::units::Syntax;

use super::BridgeError;
use payload::PictureCount;

/// Cuts frames into payloads, as browsers want to have them: parameter sets in front of every key picture, pictures in the order in which
/// they are shown.
#[derive(Debug)]
pub struct Packetizer {
    payload_bytes_max: usize,
    track: Option<Track>,
    /// The latest time that a picture was shown at.
    newest: Option<MediaTime>,
    left_out: u64,
    pictures: PictureCount,
}

#[derive(Debug)]
struct Track {
    codec: Codec,
    /// The parameter sets of H.264 and H.265, in the order they are sent.
    sets: Vec<Bytes>,
    /// What a decoder must know of any codec.
    record: Bytes,
}

impl Packetizer {
    /// For payloads of at most so many bytes.
    #[must_use]
    pub fn new(payload_bytes_max: usize) -> Self {
        Self { payload_bytes_max, track: None, newest: None, left_out: 0, pictures: PictureCount::default() }
    }

    /// How the frames from here on are encoded.
    ///
    /// # Errors
    /// If the codec has no way over, or its record is broken. Frames are refused then.
    pub fn set_parameters(&mut self, parameters: &Parameters) -> Result<(), BridgeError> {
        self.track = None;
        let record = &parameters.decoder_configuration;
        let sets = match parameters.codec {
            Codec::H264 => slices(record, h264::DecoderConfiguration::parse(record)?.parameter_sets()),
            Codec::H265 => slices(record, h265::DecoderConfiguration::parse(record)?.parameter_sets()),
            Codec::Opus | Codec::Av1 | Codec::Vp8 | Codec::Vp9 => Vec::new(),
            codec @ (Codec::Aac | Codec::Mp3 | Codec::Pcmu | Codec::Pcma) => return Err(BridgeError::Codec(codec)),
        };
        self.track = Some(Track { codec: parameters.codec, sets, record: record.clone() });
        Ok(())
    }

    /// Gives `send` each payload of a frame, and whether it is the last one. A picture that is shown before one that has gone out (a B
    /// picture) is left out, as browsers show pictures in the order of their coming; the others do not need it.
    ///
    /// # Errors
    /// If the frame is broken, or of another codec than the parameters.
    pub fn packetize(&mut self, frame: &Frame, mut send: impl FnMut(&[u8], bool)) -> Result<(), BridgeError> {
        let track = self.track.as_ref().filter(|track| track.codec == frame.codec).ok_or(BridgeError::NoParameters)?;
        let limit = self.payload_bytes_max;
        let syntax = match frame.codec {
            Codec::H264 => Syntax::H264,
            Codec::H265 => Syntax::H265,
            Codec::Vp8 => {
                self.pictures.vp8(&frame.data, limit, send);
                return Ok(());
            }
            Codec::Vp9 => {
                self.pictures.vp9(&frame.data, frame.is_key, limit, send);
                return Ok(());
            }
            Codec::Av1 => return Ok(payload::av1(&frame.data, frame.is_key, &track.record, limit, send)?),
            Codec::Aac | Codec::Mp3 | Codec::Opus | Codec::Pcmu | Codec::Pcma => {
                send(&frame.data, true);
                return Ok(());
            }
        };
        let units = Units::new(&frame.data).collect::<Result<Vec<_>, _>>()?;
        if frame.is_key {
            // The publisher's clock may begin anew with it.
            self.newest = None;
        }
        if self.newest.is_some_and(|newest| frame.pts < newest) {
            self.left_out = self.left_out.saturating_add(1);
            return Ok(());
        }
        self.newest = Some(frame.pts);
        let has_sets = units.iter().any(|unit| is_parameter_set(syntax, unit));
        let sets = track.sets.iter().filter(|_| frame.is_key && !has_sets).map(|set| &set[..]);
        let pictures = units.into_iter().filter(|unit| !is_delimiter(syntax, unit));
        let all: Vec<_> = sets.chain(pictures).collect();
        syntax.pack(&all, limit, send);
        Ok(())
    }

    /// How many pictures were left out since the beginning.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

fn slices(record: &Bytes, sets: impl Iterator<Item: AsRef<[u8]>>) -> Vec<Bytes> {
    sets.map(|set| record.slice_ref(set.as_ref())).collect()
}

fn is_parameter_set(syntax: Syntax, unit: &[u8]) -> bool {
    match syntax {
        Syntax::H264 => syntax.unit_type(unit) == Some(7),
        Syntax::H265 => syntax.unit_type(unit).is_some_and(|unit_type| (32..=33).contains(&unit_type)),
    }
}

/// Delimiters, ends and filling: packets tell where pictures end.
fn is_delimiter(syntax: Syntax, unit: &[u8]) -> bool {
    match syntax {
        Syntax::H264 => syntax.unit_type(unit).is_none_or(|unit_type| (9..=12).contains(&unit_type)),
        Syntax::H265 => syntax.unit_type(unit).is_none_or(|unit_type| (35..=38).contains(&unit_type)),
    }
}

#[cfg(test)]
mod tests;
