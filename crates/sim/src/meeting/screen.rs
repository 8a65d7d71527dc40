//! A video slot of a viewer: jitter buffer, retransmission requests, and a decoder that stands still without its reference.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rtp::Packet;
use rtp::payload::vp8::Descriptor;
use rtp::sequence::SequenceUnwrapper;

use super::picture::{self, Stamp};

/// One slot.
#[derive(Debug)]
pub(super) struct Screen {
    unwrapper: SequenceUnwrapper,
    /// Packets by extended number, from `next` on; at most [`PACKETS_MAX`].
    packets: BTreeMap<u64, Piece>,
    /// The packet that the decoder waits for.
    next: Option<u64>,
    /// Since when it waits though later ones are there.
    stuck_since: Option<Instant>,
    /// Packets asked for again, and how often; at most [`MISSING_MAX`].
    missing: BTreeMap<u64, Request>,
    decoder: Decoder,
    needs_key: bool,
    key_requested_at: Option<Instant>,
    pub(super) seen: Seen,
}

/// What the viewer saw in a slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// Pictures shown.
    pub frames: u64,
    /// Key frames among them.
    pub key_frames: u64,
    /// Pictures whose reference the decoder did not have, though the descriptors said so: it showed garbage.
    pub garbage: u64,
    /// Breaks in picture id, timestamp or marker where no packet was missing.
    pub breaks: u64,
    /// When the last one was shown.
    pub last_at: Option<Instant>,
    /// Since when the first picture of what is watched is waited for.
    pub waiting_since: Option<Instant>,
    /// The longest wait for such a first picture.
    pub longest_start: Duration,
    /// The layer of the last one, 0 the smallest.
    pub layer: Option<u8>,
    /// Who was in the last one.
    pub publisher: Option<u32>,
    /// The longest time without a new picture, from the first one on.
    pub longest_freeze: Duration,
    /// From camera to screen, of the slowest picture.
    pub longest_delay: Duration,
    /// Requests for packets and for key frames.
    pub retransmission_requests: u64,
    /// Requests for key frames.
    pub key_requests: u64,
}

/// A packet that has arrived.
#[derive(Clone, Debug)]
struct Piece {
    timestamp: u32,
    marker: bool,
    /// From end to end.
    is_encrypted: bool,
    /// `None` is a filler or padding.
    content: Option<(Descriptor, Stamp)>,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    since: Instant,
    asked_at: Option<Instant>,
    times: u32,
}

/// What a decoder remembers: VP8 in temporal layers refers to the last frame of the lowest one.
#[derive(Debug, Default)]
struct Decoder {
    tl0_picture_index: Option<u8>,
    /// What is truly in the reference buffer: publisher, layer, frame.
    reference: Option<(u32, u8, u32)>,
    /// Last picture: where it ended, its picture id and timestamp.
    last: Option<(u64, u16, u32)>,
}

impl Screen {
    pub(super) fn new() -> Self {
        Self {
            unwrapper: SequenceUnwrapper::default(),
            packets: BTreeMap::new(),
            next: None,
            stuck_since: None,
            missing: BTreeMap::new(),
            decoder: Decoder::default(),
            needs_key: false,
            key_requested_at: None,
            seen: Seen::default(),
        }
    }

    /// A packet of the slot's media stream.
    pub(super) fn handle_packet(&mut self, now: Instant, begun: Instant, packet: &Packet<'_>) {
        let piece = Piece::new(packet.timestamp(), packet.marker(), packet.payload());
        self.insert(now, begun, packet.sequence_number(), piece);
    }

    /// A packet of its retransmissions (RFC 4588).
    pub(super) fn handle_retransmission(&mut self, now: Instant, begun: Instant, packet: &Packet<'_>) {
        let Some((original, payload)) = packet.payload().split_first_chunk::<2>() else { return };
        let piece = Piece::new(packet.timestamp(), packet.marker(), payload);
        self.insert(now, begun, u16::from_be_bytes(*original), piece);
    }

    /// Packets to be asked for now, and whether a key frame is.
    pub(super) fn poll_requests(&mut self, now: Instant, begun: Instant, round_trip: Duration) -> (Vec<u16>, bool) {
        self.missing.retain(|_, request| request.times < RETRIES && now - request.since < GIVE_UP);
        let retry = round_trip + Duration::from_millis(20);
        let due = |request: &Request| request.asked_at.is_none_or(|at| now - at >= retry);
        let mut lost = Vec::new();
        for (number, request) in self.missing.iter_mut().filter(|(_, request)| due(request)) {
            request.asked_at = Some(now);
            request.times += 1;
            lost.push(*number as u16);
        }
        self.seen.retransmission_requests += lost.len() as u64;
        self.advance(now, begun);
        let waits_for_key = self.needs_key || (self.decoder.last.is_none() && self.next.is_some());
        let rested = self.key_requested_at.is_none_or(|at| now - at >= KEY_REQUEST_INTERVAL);
        let asks_key = waits_for_key && rested;
        if asks_key {
            self.key_requested_at = Some(now);
            self.seen.key_requests += 1;
        }
        (lost, asks_key)
    }

    /// Something else is to be shown: what comes next does not continue what was.
    pub(super) fn expect(&mut self, now: Instant) {
        (self.seen.last_at, self.seen.waiting_since) = (None, Some(now));
    }

    fn insert(&mut self, now: Instant, begun: Instant, sequence: u16, piece: Piece) {
        let highest = self.unwrapper.highest();
        let number = self.unwrapper.unwrap(sequence);
        let next = *self.next.get_or_insert(number);
        if number < next || self.packets.len() >= PACKETS_MAX {
            return;
        }
        self.missing.remove(&number);
        if let Some(highest) = highest.filter(|highest| *highest < number) {
            for lost in (highest + 1).max(next)..number {
                if self.missing.len() < MISSING_MAX {
                    self.missing.insert(lost, Request { since: now, asked_at: None, times: 0 });
                }
            }
        }
        if piece.content.is_some() || !self.packets.contains_key(&number) {
            self.packets.insert(number, piece);
        }
        self.advance(now, begun);
    }

    /// Shows whatever can be shown.
    fn advance(&mut self, now: Instant, begun: Instant) {
        while let Some(next) = self.next {
            if let Some(end) = self.frame_at(next) {
                self.show(now, begun, next, end);
                continue;
            }
            // A filler between frames, or the rest of a frame whose beginning is gone.
            let useless = self.packets.get(&next).is_some_and(|piece| piece.content.is_none() || !piece.is_start());
            if useless {
                self.forget_until(next + 1);
                continue;
            }
            if !self.skip(now) {
                return;
            }
        }
    }

    /// The end of the complete frame that begins at this packet.
    fn frame_at(&self, first: u64) -> Option<u64> {
        if !self.packets.get(&first)?.is_start() {
            return None;
        }
        for (expected, (number, piece)) in (first..).zip(self.packets.range(first..)) {
            // A filler inside a frame says that nothing more will come, unless it does.
            if *number != expected || piece.content.is_none() || (*number > first && piece.is_start()) {
                return None;
            }
            if piece.marker {
                return Some(*number);
            }
        }
        None
    }

    /// A gap: a later key frame, or after a while any later frame whose reference is there, ends the wait.
    fn skip(&mut self, now: Instant) -> bool {
        let Some(next) = self.next else { return false };
        if self.packets.is_empty() {
            self.stuck_since = None;
            return false;
        }
        let since = *self.stuck_since.get_or_insert(now);
        let waited = now - since;
        let starts = self.packets.range(next + 1..).filter(|(_, piece)| piece.is_start()).map(|(number, _)| *number);
        let complete: Vec<u64> = starts.filter(|first| self.frame_at(*first).is_some()).collect();
        let is_key = |first: &u64| self.packets.get(first).is_some_and(Piece::is_key);
        let is_decodable = |first: &u64| self.packets.get(first).is_some_and(|piece| self.decoder.can_decode(piece));
        let target = complete.iter().find(|first| is_key(first));
        let target = target.or_else(|| complete.iter().find(|first| waited > SKIP_AFTER && is_decodable(first)));
        if let Some(target) = target.copied() {
            self.forget_until(target);
            return true;
        }
        if waited > GIVE_UP {
            self.needs_key = true;
        }
        false
    }

    fn forget_until(&mut self, number: u64) {
        self.next = Some(number);
        self.packets = self.packets.split_off(&number);
        self.missing = self.missing.split_off(&number);
        self.stuck_since = None;
    }

    fn show(&mut self, now: Instant, begun: Instant, first: u64, end: u64) {
        if let Some(piece) = self.packets.get(&first).cloned() {
            if self.decoder.can_decode(&piece) {
                self.decoder.decode(&piece, first, end, &mut self.seen);
                self.needs_key = false;
                self.note_shown(now, begun, &piece);
            } else {
                self.needs_key = true;
            }
        }
        self.forget_until(end + 1);
    }

    fn note_shown(&mut self, now: Instant, begun: Instant, piece: &Piece) {
        let Some((_, stamp)) = &piece.content else { return };
        let seen = &mut self.seen;
        if let Some(last_at) = seen.last_at {
            seen.longest_freeze = seen.longest_freeze.max(now - last_at);
        }
        if let Some(since) = seen.waiting_since.take() {
            seen.longest_start = seen.longest_start.max(now - since);
        }
        seen.longest_delay = seen.longest_delay.max((now - begun).saturating_sub(stamp.captured));
        seen.frames += 1;
        seen.key_frames += u64::from(stamp.key);
        (seen.last_at, seen.layer, seen.publisher) = (Some(now), Some(stamp.layer), Some(stamp.publisher));
    }
}

impl Seen {
    /// The longest time without a new picture up to now, from the first one on.
    pub fn freeze(&self, now: Instant) -> Duration {
        let present = self.last_at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        self.longest_freeze.max(present)
    }

    /// The longest wait for a first picture up to now.
    pub fn start(&self, now: Instant) -> Duration {
        let present = self.waiting_since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        self.longest_start.max(present)
    }
}

impl Piece {
    fn new(timestamp: u32, marker: bool, payload: &[u8]) -> Self {
        let decrypted = picture::decrypt(payload);
        let is_encrypted = decrypted.is_some();
        let payload = decrypted.as_deref().unwrap_or(payload);
        let descriptor = Descriptor::parse(payload).ok();
        let content = descriptor.and_then(|descriptor| Some((descriptor, Stamp::read(&descriptor, payload)?)));
        Self { timestamp, marker, is_encrypted, content }
    }

    fn is_start(&self) -> bool {
        self.content.as_ref().is_some_and(|(descriptor, _)| descriptor.is_start_of_frame())
    }

    fn is_key(&self) -> bool {
        self.content.as_ref().is_some_and(|(descriptor, _)| descriptor.is_key_frame())
    }
}

impl Decoder {
    /// As a browser decides: by the index of the lowest temporal layer (RFC 7741 §4.2). The numbers of encrypted frames are their
    /// publisher's own, so that those of another one cannot be mistaken for what follows.
    fn can_decode(&self, piece: &Piece) -> bool {
        let Some((descriptor, stamp)) = &piece.content else { return false };
        if piece.is_encrypted {
            return stamp.key || self.reference == Some((stamp.publisher, stamp.layer, stamp.reference));
        }
        let (index, temporal) = (descriptor.tl0_picture_index, descriptor.temporal.map_or(0, |temporal| temporal.id));
        let continues =
            |last: u8| if temporal == 0 { index == Some(last.wrapping_add(1)) } else { index == Some(last) };
        descriptor.is_key_frame() || self.tl0_picture_index.is_some_and(continues)
    }

    fn decode(&mut self, piece: &Piece, first: u64, end: u64, seen: &mut Seen) {
        let Some((descriptor, stamp)) = &piece.content else { return };
        let needed = (stamp.publisher, stamp.layer, stamp.reference);
        seen.garbage += u64::from(!stamp.key && self.reference != Some(needed));
        let picture_id = descriptor.picture_id.map_or(0, |id| id.value());
        if let Some((_, last_id, last_timestamp)) = self.last.filter(|(last_end, ..)| last_end + 1 == first) {
            let is_next = piece.is_encrypted || picture_id == last_id.wrapping_add(1) & 0x7fff;
            let is_later = piece.timestamp.wrapping_sub(last_timestamp).wrapping_sub(1) < 1 << 31;
            seen.breaks += u64::from(!is_next) + u64::from(!is_later);
        }
        self.last = Some((end, picture_id, piece.timestamp));
        if descriptor.temporal.is_none_or(|temporal| temporal.id == 0) {
            self.tl0_picture_index = descriptor.tl0_picture_index;
            self.reference = Some((stamp.publisher, stamp.layer, stamp.frame));
        }
    }
}

/// Some seconds of the largest layer.
const PACKETS_MAX: usize = 2_000;

/// As many as a browser asks for.
const MISSING_MAX: usize = 1_000;

/// How often a packet is asked for.
const RETRIES: u32 = 10;

/// A picture that is incomplete for so long is given up.
const GIVE_UP: Duration = Duration::from_millis(1_000);

/// A frame that is not needed is waited for so long.
const SKIP_AFTER: Duration = Duration::from_millis(200);

/// Between requests for a key frame.
const KEY_REQUEST_INTERVAL: Duration = Duration::from_millis(300);
