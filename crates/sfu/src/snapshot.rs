//! A peer as it is at one moment, for whoever looks after the server: what it sends, what it gets, and how its path is.

use std::time::Duration;

use rtp::parameters::{CodecName, Kind, Mid, Rid};

use crate::id::{PeerId, Source, TrackId};
use crate::output::{QualityReason, SlotState};

/// A peer that is connected to this router. Counters are since the peer came; the others are of the moment.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerSnapshot {
    /// Which peer.
    pub peer: PeerId,
    /// Since something came from it.
    pub silence: Duration,
    /// Between it and us, smoothed; `None` before the first measurement.
    pub round_trip: Option<Duration>,
    /// The share lost of what it sends, 0 to 1: of the layer that suffers most, by our last report.
    pub loss_in: f32,
    /// The share lost of what it is sent, 0 to 1: by its reports, smoothed.
    pub loss_out: f32,
    /// What its path is thought to carry.
    pub estimate_bps: u64,
    /// What its slots could take.
    pub wanted_bps: u64,
    /// What they are granted.
    pub granted_bps: u64,
    /// What waits for its turn on the path.
    pub queued_bytes: usize,
    /// Dropped because the queue was full, or because it had waited too long.
    pub queue_drops: u64,
    /// 0 (nothing arrives) to 5 (perfect), and what it suffers from, as last told.
    pub quality: (u8, Option<QualityReason>),
    /// RTP packets from it.
    pub received_packets: u64,
    /// Their bytes, headers included.
    pub received_bytes: u64,
    /// RTP packets to it, retransmissions and padding included.
    pub sent_packets: u64,
    /// Their bytes, headers included.
    pub sent_bytes: u64,
    /// Packets sent again because it had asked.
    pub resent_packets: u64,
    /// Bytes that only tested its path.
    pub probe_bytes: u64,
    /// What it publishes, in the order of the sources.
    pub tracks: Vec<TrackSnapshot>,
    /// What it gets.
    pub slots: Vec<SlotSnapshot>,
}

/// A published track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackSnapshot {
    /// What it shows or lets hear.
    pub source: Source,
    /// Audio or video.
    pub kind: Kind,
    /// The codec that arrives; before the first packet the publisher's most wanted one.
    pub codec: Option<CodecName>,
    /// Nothing of it is forwarded, by moderation.
    pub is_blocked: bool,
    /// When the publisher itself sent nothing; of cameras only.
    pub standstills: Option<Standstills>,
    /// The smallest first; a track without simulcast has one.
    pub layers: Vec<LayerSnapshot>,
}

/// A layer of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSnapshot {
    /// Its name in simulcast.
    pub rid: Option<Rid>,
    /// Whether it flows.
    pub is_active: bool,
    /// Over about the last second.
    pub bitrate_bps: u32,
    /// Width and height, as far as key frames told.
    pub size_px: Option<(u32, u32)>,
    /// RTP packets, without duplicates.
    pub packets: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
    /// Pictures that have begun; of sound, packets.
    pub pictures: u64,
    /// Key frames among them.
    pub key_frames: u64,
    /// Packets that the publisher was asked to send again.
    pub nacked_packets: u64,
    /// Key frames that it was asked for.
    pub key_frame_requests: u64,
}

/// A slot of a peer.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotSnapshot {
    /// Which slot.
    pub mid: Mid,
    /// Audio or video.
    pub kind: Kind,
    /// The track in it.
    pub track: Option<TrackId>,
    /// Whether media flows, and if not, why.
    pub state: SlotState,
    /// The layer of simulcast that is sent.
    pub layer: Option<Rid>,
    /// Width and height of the tile, as the subscriber said; 0 where it did not.
    pub tile_px: (u32, u32),
    /// RTP packets, retransmissions included.
    pub packets: u64,
    /// Their bytes, headers included.
    pub bytes: u64,
    /// Packets sent again.
    pub resent_packets: u64,
    /// Packets that the subscriber asked for again.
    pub nacked_packets: u64,
    /// Key frames that it asked for.
    pub key_frame_requests: u64,
    /// The share lost by its last report, 0 to 1.
    pub loss: f32,
    /// When nothing was forwarded although something should have been; of cameras only.
    pub standstills: Option<Standstills>,
}

/// Gaps of more than half a second in a stream of pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standstills {
    /// How many.
    pub count: u32,
    /// How long together.
    pub total: Duration,
    /// The longest.
    pub longest: Duration,
}
