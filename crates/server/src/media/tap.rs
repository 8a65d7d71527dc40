//! Members without a connection that receive: what they get goes to a task of this server, as plain packets.
//!
//! The worker never waits for that task: what finds its queue full is dropped, and the numbers of the packets tell what is missing.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use live::hub::{GRADES_MAX, Grade, Grades};
use room::media::{MediaPeerId, MediaRoomId, Priority, SlotWish, Source};
use rtp::parameters::{Codec, CodecName, ExtensionIds, Feedback, Kind, Mid, SendParameters};
use rtp::rtcp::{self, Writer};
use sfu::PeerId;
use tokio::sync::mpsc;

use super::Media;
use crate::worker::Ways;

/// What a member of this kind does.
#[derive(Debug)]
pub(crate) enum Tap {
    /// Receives what is in that view: the first time it takes a seat.
    Open { room: MediaRoomId, peer: MediaPeerId, view: View, grades: Grades, batches: mpsc::Sender<Batch> },
    /// Receives something else from here on.
    Turn { peer: MediaPeerId, view: View, grades: Grades },
    /// Cannot go on without key frames: of all grades, so that they begin together.
    WantKeyFrame { peer: MediaPeerId },
    /// Is gone.
    Close { peer: MediaPeerId },
}

/// What such a member receives: one sound and one picture, as of a publisher that sends them, or will.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct View {
    /// `None`: whoever speaks loudest.
    pub(crate) audio: Option<(MediaPeerId, Source)>,
    /// `None`: nothing at the moment.
    pub(crate) video: Option<(MediaPeerId, Source)>,
    /// How many layers of simulcast the pictures have, as far as that is known.
    pub(crate) layers: usize,
}

impl View {
    /// What a publisher of a stream sends, whose pictures have so many layers.
    pub(crate) fn of(publisher: MediaPeerId, layers: usize) -> Self {
        Self { audio: Some((publisher, Source::Microphone)), video: Some((publisher, Source::Camera)), layers }
    }
}

/// What came for a member of this kind in one wake-up.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) arrived: Instant,
    pub(crate) packets: Vec<TappedPacket>,
}

/// Something that a member of this kind gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TappedPacket {
    /// A packet. Its number is unwrapped; it may come late, and never twice.
    Rtp { codec: media::Codec, grade: Grade, number: u64, timestamp: u32, marker: bool, payload: Bytes },
    /// What the router says of the clock of a track: all of a publisher are measured by one (RFC 3550 §6.4.1).
    Report { place: Place, ntp: u64, timestamp: u32 },
}

/// A place of such a member for a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// For sound.
    Audio,
    /// For pictures.
    Video(Grade),
}

/// What has gathered for members of this kind since the beginning of the wake-up.
#[derive(Debug, Default)]
pub(super) struct Taps {
    basins: BTreeMap<u32, Basin>,
    /// Payloads are parts of one piece of memory, as long as it lasts.
    bytes: BytesMut,
}

#[derive(Debug)]
struct Basin {
    sender: mpsc::Sender<Batch>,
    packets: Vec<TappedPacket>,
    dropped: u64,
}

impl Taps {
    /// Takes a packet for the member with that seat. False: it is none of these.
    pub(super) fn push_rtp(&mut self, seat: u32, index: u64, [header, head, payload]: [&[u8]; 3]) -> bool {
        let Some(basin) = self.basins.get_mut(&seat) else { return false };
        let Ok(read) = rtp::Packet::parse(header) else { return true };
        let Some(codec) = codec_of(read.payload_type()) else { return true };
        let grade = match Place::of(read.ssrc()) {
            Some(Place::Video(grade)) => grade,
            Some(Place::Audio) | None => Grade::BEST,
        };
        let bytes = head.len() + payload.len();
        if self.bytes.capacity() < bytes {
            self.bytes.reserve(MEMORY_BYTES.max(bytes));
        }
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(payload);
        basin.packets.push(TappedPacket::Rtp {
            codec,
            grade,
            number: index,
            timestamp: read.timestamp(),
            marker: read.marker(),
            payload: self.bytes.split().freeze(),
        });
        true
    }

    /// Takes reports for the member with that seat. False: it is none of these.
    pub(super) fn push_rtcp(&mut self, seat: u32, compound: &[u8]) -> bool {
        let Some(basin) = self.basins.get_mut(&seat) else { return false };
        for packet in rtcp::read(compound).flatten() {
            let rtcp::Packet::SenderReport(report) = packet else { continue };
            let Some(place) = Place::of(report.info.ssrc) else { continue };
            let (ntp, timestamp) = (report.info.ntp, report.info.timestamp);
            basin.packets.push(TappedPacket::Report { place, ntp, timestamp });
        }
        true
    }

    /// Hands over what has gathered.
    pub(super) fn flush(&mut self, now: Instant) {
        for basin in self.basins.values_mut().filter(|basin| !basin.packets.is_empty()) {
            let packets = std::mem::take(&mut basin.packets);
            let count = crate::worker::as_count(packets.len());
            if basin.sender.try_send(Batch { arrived: now, packets }).is_err() {
                // It says itself when it is gone.
                basin.dropped += count;
            }
        }
    }

    fn open(&mut self, seat: u32, sender: mpsc::Sender<Batch>) {
        self.basins.insert(seat, Basin { sender, packets: Vec::new(), dropped: 0 });
    }

    pub(super) fn close(&mut self, seat: u32) {
        if let Some(basin) = self.basins.remove(&seat).filter(|basin| basin.dropped > 0) {
            tracing::warn!(packets = basin.dropped, "what was received within the server was not taken in time");
        }
    }
}

impl Media {
    /// Does what a member without a connection that receives does.
    pub(crate) fn handle_tap(&mut self, now: Instant, tap: Tap, ways: &mut Ways) {
        match tap {
            Tap::Open { room, peer, view, grades, batches } => {
                self.open_tap(now, (room, peer), (view, grades), batches);
            }
            Tap::Turn { peer, view, grades } => {
                if let Some(&seat) = self.members_by_id.get(&peer) {
                    self.wish_for_view(now, seat, view, grades);
                }
            }
            Tap::WantKeyFrame { peer } => {
                let Some(&seat) = self.members_by_id.get(&peer) else { return };
                let Some(room) = self.members.get(seat).map(|member| member.room) else { return };
                let mut compound = Vec::new();
                for place in Place::all().filter(|place| place.kind() == Kind::Video) {
                    Writer::new(&mut compound).picture_loss_indication(place.ssrc(), place.ssrc());
                }
                self.with_router(room, ways, |router, sink| router.handle_rtcp(now, PeerId(seat), &compound, sink));
                self.settle_room(room);
            }
            Tap::Close { peer } => {
                if let Some(&seat) = self.members_by_id.get(&peer) {
                    self.post.taps.close(seat);
                }
                self.handle_close(now, peer, ways);
            }
        }
    }

    fn open_tap(
        &mut self,
        now: Instant,
        (room, peer): (MediaRoomId, MediaPeerId),
        (view, grades): (View, Grades),
        batches: mpsc::Sender<Batch>,
    ) {
        // Without a seat the sender is dropped, by which the task knows.
        let Ok(seat) = self.seat(now, room, peer) else { return };
        self.post.taps.open(seat, batches);
        let Some(member) = self.members.get_mut(seat) else { return };
        member.joined = true;
        let Some(room) = self.rooms.get_mut(member.room) else { return };
        room.router.handle_local_join(now, PeerId(seat));
        room.router.handle_slots(now, PeerId(seat), Place::all().map(slot).collect());
        self.wish_for_view(now, seat, view, grades);
    }

    fn wish_for_view(&mut self, now: Instant, seat: u32, view: View, grades: Grades) {
        for place in Place::all() {
            let (track, layer_max) = match place {
                Place::Audio => (view.audio, None),
                Place::Video(grade) => (view.video.filter(|_| grades.contains(grade)), grade.layer()),
            };
            let wish = SlotWish {
                mid: place.mid().as_str().to_owned(),
                track,
                width_px: 0,
                height_px: 0,
                layer_max,
                priority: Priority::Normal,
                paused: false,
            };
            self.handle_wish(now, seat, &wish);
        }
        self.settle_room_of(seat);
    }
}

impl Place {
    /// Every one of them.
    fn all() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Audio).chain(Grades::ALL.iter().map(Self::Video))
    }

    fn of(ssrc: u32) -> Option<Self> {
        Self::all().find(|place| place.ssrc() == ssrc)
    }

    fn kind(self) -> Kind {
        match self {
            Self::Audio => Kind::Audio,
            Self::Video(_) => Kind::Video,
        }
    }

    /// Within the server they are nobody else's.
    fn ssrc(self) -> u32 {
        match self {
            Self::Audio => AUDIO_SSRC,
            Self::Video(grade) => VIDEO_SSRCS.get(grade.index()).copied().unwrap_or_default(),
        }
    }

    #[expect(clippy::expect_used, reason = "tokens of one letter")]
    fn mid(self) -> Mid {
        let letters = ["v", "w", "x"];
        let letter = match self {
            Self::Audio => "a",
            Self::Video(grade) => letters.get(grade.index()).copied().unwrap_or("y"),
        };
        Mid::new(letter).expect("a letter is a token")
    }
}

/// A place with every codec that can become frames.
fn slot(place: Place) -> SendParameters {
    let (kind, ssrc) = (place.kind(), place.ssrc());
    let codecs = CODECS.iter().filter(|(name, ..)| name.kind() == kind);
    let codec = |&(name, codec, payload_type, fmtp): &Tapped| Codec {
        name,
        payload_type,
        rtx_payload_type: None,
        clock_rate_hz: clock_rate_hz(codec),
        channels: if codec == media::Codec::Opus { 2 } else { 1 },
        fmtp: fmtp.to_owned(),
        feedback: Feedback::default(),
    };
    SendParameters {
        mid: place.mid(),
        kind,
        codecs: codecs.map(codec).collect(),
        extensions: ExtensionIds::default(),
        ssrc,
        rtx_ssrc: ssrc,
    }
}

/// Ticks of the timestamps in a second.
pub(crate) fn clock_rate_hz(codec: media::Codec) -> u32 {
    match (codec, codec.kind()) {
        (media::Codec::Pcmu | media::Codec::Pcma, _) => 8_000,
        (_, media::Kind::Audio) => 48_000,
        (_, media::Kind::Video) => VIDEO_CLOCK_HZ,
    }
}

fn codec_of(payload_type: u8) -> Option<media::Codec> {
    CODECS.iter().find(|(_, _, known, _)| *known == payload_type).map(|(_, codec, ..)| *codec)
}

/// A codec as the router and as the frames call it, its payload type, and its format parameters.
type Tapped = (CodecName, media::Codec, u8, &'static str);

/// What can become frames, the payload types that stand for it between router and tap, and the format parameters that a negotiation would
/// have given.
const CODECS: [Tapped; 12] = [
    (CodecName::Opus, media::Codec::Opus, 96, ""),
    (CodecName::H264, media::Codec::H264, 97, "packetization-mode=1;profile-level-id=42e01f"),
    (CodecName::Vp8, media::Codec::Vp8, 98, ""),
    // Main, and ten bits of it.
    (CodecName::H265, media::Codec::H265, 99, "profile-id=1"),
    (CodecName::H265, media::Codec::H265, 100, "profile-id=2"),
    // 8 bits, and 10 or 12; of 4:2:0.
    (CodecName::Vp9, media::Codec::Vp9, 101, "profile-id=0"),
    (CodecName::Vp9, media::Codec::Vp9, 102, "profile-id=2"),
    // Main, High and Professional.
    (CodecName::Av1, media::Codec::Av1, 103, "profile=0"),
    (CodecName::Av1, media::Codec::Av1, 104, "profile=1"),
    (CodecName::Av1, media::Codec::Av1, 105, "profile=2"),
    (CodecName::Pcmu, media::Codec::Pcmu, 106, ""),
    (CodecName::Pcma, media::Codec::Pcma, 107, ""),
];
/// Ticks in a second of the timestamps of pictures, whatever the codec.
pub(crate) const VIDEO_CLOCK_HZ: u32 = 90_000;
/// Memory is taken in pieces of so much.
const MEMORY_BYTES: usize = 64 * 1024;
/// Of the place for sound.
const AUDIO_SSRC: u32 = 1;
/// Of the places for pictures, by grade.
const VIDEO_SSRCS: [u32; GRADES_MAX] = [2, 3, 4];

#[cfg(test)]
mod tests;
