//! What messages of audio, video and data say about a stream, on either side of a connection.

use bytes::{Buf as _, Bytes};
use media::MediaTime;

use super::{Message, RtmpError, kind};
use crate::flv::{BodyReader, Packet, Packets};

/// Reads the messages of one publication.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    bodies: BodyReader,
    clock: Clock,
}

/// One thing a message says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Packet(Packet),
    /// The name and the values of `onMetaData`, as they came.
    Metadata(Bytes),
}

impl Incoming {
    /// What the message says; nothing when it is of another kind.
    pub(crate) fn read(&mut self, message: &Message) -> Result<Vec<Content>, RtmpError> {
        match message.kind {
            kind::AUDIO | kind::VIDEO => {
                let packets = self.read_media(message.kind, message.timestamp_ms, message.payload.clone())?;
                Ok(packets.into_iter().map(Content::Packet).collect())
            }
            kind::AGGREGATE => self.read_aggregate(message),
            kind::DATA | kind::DATA_AMF3 => Ok(metadata(message).map(Content::Metadata).into_iter().collect()),
            _ => Ok(Vec::new()),
        }
    }

    fn read_media(&mut self, message_kind: u8, timestamp_ms: u32, body: Bytes) -> Result<Packets, RtmpError> {
        let dts = self.clock.time_of(timestamp_ms);
        let packets = match message_kind {
            kind::AUDIO => self.bodies.read_audio(dts, body),
            _ => self.bodies.read_video(dts, body),
        };
        packets.map_err(RtmpError::from)
    }

    /// Several tags in one message (RTMP 1.0 §7.1.6): their times count from that of the message.
    fn read_aggregate(&mut self, message: &Message) -> Result<Vec<Content>, RtmpError> {
        let mut rest = message.payload.clone();
        let mut first = None;
        let mut contents = Vec::new();
        while let Some(&[tag_kind, l2, l1, l0, t2, t1, t0, t3, ..]) = rest.first_chunk::<11>() {
            let length = usize::from(l2) << 16 | usize::from(l1) << 8 | usize::from(l0);
            let time = u32::from_be_bytes([t3, t2, t1, t0]);
            rest.advance(11);
            if rest.len() < length {
                return Err(RtmpError::Truncated(message.kind));
            }
            let body = rest.split_to(length);
            // The size of the tag, which the last one may lack.
            rest.advance(rest.len().min(4));
            let offset = time.wrapping_sub(*first.get_or_insert(time));
            if matches!(tag_kind, kind::AUDIO | kind::VIDEO) {
                let packets = self.read_media(tag_kind, message.timestamp_ms.wrapping_add(offset), body)?;
                contents.extend(packets.into_iter().map(Content::Packet));
            }
        }
        Ok(contents)
    }
}

/// `onMetaData` and its values, without the command to keep it in front, which publishers send.
fn metadata(message: &Message) -> Option<Bytes> {
    let mut payload = message.payload.clone();
    if message.kind == kind::DATA_AMF3 && payload.first() == Some(&0) {
        payload.advance(1);
    }
    if payload.starts_with(SET_DATA_FRAME) {
        payload.advance(SET_DATA_FRAME.len());
    }
    payload.starts_with(ON_META_DATA).then_some(payload)
}

/// Timestamps of 32 bits on a timeline without end.
#[derive(Debug, Default)]
struct Clock {
    /// The last timestamp, and where it is.
    last: Option<(u32, i64)>,
}

impl Clock {
    fn time_of(&mut self, timestamp_ms: u32) -> MediaTime {
        let millis = match self.last {
            None => i64::from(timestamp_ms),
            // The shorter way round is the one meant.
            Some((last, millis)) => millis + i64::from(timestamp_ms.wrapping_sub(last).cast_signed()),
        };
        self.last = Some((timestamp_ms, millis));
        MediaTime::from_millis(millis)
    }
}

/// As AMF0 has the names.
pub(crate) const SET_DATA_FRAME: &[u8] = b"\x02\x00\x0d@setDataFrame";
pub(crate) const ON_META_DATA: &[u8] = b"\x02\x00\x0aonMetaData";

#[cfg(test)]
mod tests;
