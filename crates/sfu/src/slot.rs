//! Slots: the places of a subscriber into which the router puts tracks.

mod codec;

use std::sync::Arc;
use std::time::Instant;

use rtp::parameters::{CodecName, Kind, Mid, SendParameters};

use crate::allocator::{Demand, Tile};
use crate::departures::Departures;
use crate::forwarder::Forwarder;
use crate::frame::Frame;
use crate::freeze::{FreezeWatch, Freezes};
use crate::id::TrackId;
use crate::output::SlotState;
use crate::replay::Replay;
use crate::tally::SlotTally;
use crate::track::Track;
use codec::outgoing_codec;

pub(crate) use codec::Format;

/// What a subscriber wants in one of its slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Which slot.
    pub mid: Mid,
    /// Which track; with `None` the slot is empty, or chosen by the server if it is an audio slot.
    pub track: Option<TrackId>,
    /// Width of the tile in device pixels; 0 where it does not matter.
    pub width_px: u32,
    /// Height of the tile in device pixels; 0 where it does not matter.
    pub height_px: u32,
    /// No layer of simulcast above this one, counted from the smallest, as long as one of these flows; `None`: all of them.
    pub layer_max: Option<u8>,
    /// What goes first when bandwidth is short.
    pub priority: Priority,
    /// Nothing is to be sent, because nobody looks.
    pub paused: bool,
}

/// What goes first when bandwidth is short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// One tile among others.
    #[default]
    Normal,
    /// The one who speaks.
    Speaker,
    /// The one that the viewer chose.
    Pinned,
}

/// A slot and what goes through it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) parameters: SendParameters,
    /// What is needed of the codecs: one copy for all slots of a subscriber that have the same.
    pub(crate) formats: Arc<[Format]>,
    /// What the subscriber wants; `None` before it says so.
    pub(crate) wish: Option<Wish>,
    /// The key of the track in it.
    pub(crate) track: Option<usize>,
    /// The track's payload type on the way in, and what it becomes; `None` when it can become nothing.
    pub(crate) codec: Option<(u8, Option<OutgoingCodec>)>,
    pub(crate) forwarder: Forwarder,
    /// What came since the latest key picture goes out, faster than it came.
    pub(crate) replay: Option<Box<Replay>>,
    /// The index of the next packet under the SSRC of retransmissions.
    pub(crate) next_rtx: u64,
    /// The subscriber has reported about the SSRC: it knows to which mid it belongs.
    pub(crate) acknowledged: bool,
    pub(crate) demand: Demand,
    /// For sender reports (RFC 3550 §6.4.1), both modulo 2^32.
    pub(crate) sent_packets: u32,
    pub(crate) sent_octets: u32,
    /// A sender report should follow soon: another stream has begun.
    pub(crate) report_soon: bool,
    /// When its packets left, where nothing but the subscriber's reports tells whether they arrive.
    pub(crate) departures: Option<Box<Departures>>,
    pub(crate) tally: SlotTally,
    pub(crate) freezes: FreezeWatch,
    /// The subscriber was told that there are fewer decode targets than the publisher has.
    pub(crate) is_cut: bool,
    /// What the signalling side was told last.
    pub(crate) reported: Option<Told>,
}

/// What the signalling side knows of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) track: Option<TrackId>,
    pub(crate) state: SlotState,
    /// The layer of simulcast.
    pub(crate) layer: Option<usize>,
    pub(crate) temporal: Option<u8>,
}

/// The payload types that a subscriber has for a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutgoingCodec {
    name: CodecName,
    pub(crate) payload_type: u8,
    pub(crate) rtx_payload_type: Option<u8>,
    pub(crate) clock_rate_hz: u32,
    /// The subscriber may ask for lost packets.
    pub(crate) nack: bool,
    /// It takes the sound out of its redundancy (RFC 2198): only the primary block of a packet goes out.
    pub(crate) unwraps: bool,
}

impl OutgoingCodec {
    /// What a packet has in it that only fills a number, for who may take an empty one for the end of the stream: nothing that belongs to a
    /// picture. Browsers, which number packets transport-wide, want it empty.
    pub(crate) fn filling(&self) -> &'static [u8] {
        match self.name {
            // No beginning of a partition (RFC 7741 §4.2), and less than the header of a frame.
            CodecName::Vp8 => &[0, 0],
            // A unit of filler data (RFC 6184 §5.2).
            CodecName::H264 => &[12, 0x80],
            CodecName::Vp9
            | CodecName::Av1
            | CodecName::H265
            | CodecName::Opus
            | CodecName::Red
            | CodecName::Pcmu
            | CodecName::Pcma => &[],
        }
    }
}

impl Slot {
    /// An empty slot. `first` and `first_rtx` are the sequence numbers to begin with.
    pub(crate) fn new(parameters: SendParameters, formats: Arc<[Format]>, first: u16, first_rtx: u16) -> Self {
        let is_audio = parameters.kind == Kind::Audio;
        let rate_hz = formats.first().map_or(90_000, |format| format.clock_rate_hz);
        let history = if is_audio { HISTORY_AUDIO } else { HISTORY_VIDEO };
        Self {
            parameters,
            formats,
            wish: None,
            track: None,
            codec: None,
            forwarder: Forwarder::new(first, rate_hz, history),
            replay: None,
            next_rtx: u64::from(first_rtx & 0x7fff),
            acknowledged: false,
            demand: if is_audio { Demand::audio() } else { Demand::video() },
            sent_packets: 0,
            sent_octets: 0,
            report_soon: false,
            departures: None,
            tally: SlotTally::default(),
            freezes: FreezeWatch::default(),
            is_cut: false,
            reported: None,
        }
    }

    /// The same slot after another negotiation.
    pub(crate) fn with(self, parameters: SendParameters, formats: Arc<[Format]>) -> Self {
        Self { parameters, formats, codec: None, ..self }
    }

    /// Another stream begins in it: a report is to follow soon, and what was replayed of another one is over.
    pub(crate) fn note_beginning(&mut self) {
        self.report_soon = true;
        self.replay = None;
    }

    /// A packet of the track goes out. Returns the freeze that is over with it; of a subscriber whose pictures somebody sees.
    pub(crate) fn note_sent(&mut self, now: Instant, frame: &Frame, track: &Track) -> Option<Freezes> {
        let begins_key = frame.key && frame.starts_picture;
        if track.is_video() { self.freezes.handle_packet(now, begins_key, track.standstills.resumed()) } else { None }
    }

    /// Filled by the server with whoever is loudest.
    pub(crate) fn is_automatic(&self) -> bool {
        self.parameters.kind == Kind::Audio
            && self.wish.as_ref().is_none_or(|wish| wish.track.is_none() && !wish.paused)
    }

    /// The payload type under which packets can be sent that the subscriber throws away. A slot that is paused for want of bandwidth, or
    /// could not even begin, needs them most.
    pub(crate) fn padding_type(&self) -> Option<u8> {
        let used = self.codec.and_then(|(_, codec)| codec?.rtx_payload_type);
        used.or_else(|| self.formats.iter().find_map(|format| format.rtx_payload_type))
    }

    /// Where the subscriber shows it.
    pub(crate) fn tile(&self) -> Tile {
        let Some(wish) = &self.wish else { return Tile::default() };
        Tile { priority: wish.priority, width_px: wish.width_px, height_px: wish.height_px, paused: wish.paused }
    }

    /// What a payload type of the track becomes; looked up when it changes.
    pub(crate) fn codec_for(&mut self, payload_type: u8, track: &Track) -> Option<OutgoingCodec> {
        if let Some((known, codec)) = self.codec
            && known == payload_type
        {
            return codec;
        }
        let incoming = track.formats.iter().find(|format| format.payload_type == payload_type)?;
        let codec = self.outgoing(incoming, track);
        self.codec = Some((payload_type, codec));
        if let Some(codec) = codec {
            self.forwarder.set_rate(codec.clock_rate_hz);
        }
        codec
    }

    /// Whether the subscriber has a payload type for what the track sends, or may send.
    pub(crate) fn can_take(&self, track: &Track) -> bool {
        if let Some((payload_type, codec)) = self.codec
            && track.payload_type == Some(payload_type)
        {
            return codec.is_some();
        }
        let is_coming =
            |format: &&Format| track.payload_type.is_none_or(|payload_type| payload_type == format.payload_type);
        let mut coming = track.formats.iter().filter(is_coming);
        coming.any(|format| self.outgoing(format, track).is_some())
    }

    fn outgoing(&self, incoming: &Format, track: &Track) -> Option<OutgoingCodec> {
        outgoing_codec(incoming, (&track.formats, track.parameters.encrypted), &self.formats)
    }
}

/// Packets that can be found again for retransmission: two seconds of 500 packets.
const HISTORY_VIDEO: usize = 1_024;

/// The same of audio, more than a second of packets of 20 ms.
const HISTORY_AUDIO: usize = 64;
