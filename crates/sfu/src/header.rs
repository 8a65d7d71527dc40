//! The RTP header of a forwarded packet: built once for all subscribers with the same extension ids, then patched for each.

use std::time::{Duration, Instant};

use rtp::extension::AbsSendTime;
use rtp::parameters::ExtensionIds;
use rtp::{Element, Extensions, Header, Packet};

/// A header whose numbers are still to be filled in.
#[derive(Debug)]
pub(crate) struct Template {
    ids: ExtensionIds,
    bytes: [u8; HEADER_BYTES_MAX],
    /// 0 before it is built.
    length: usize,
    /// It names one subscriber's media description: of no use to others.
    has_mid: bool,
    /// The decode targets that its dependency descriptor was rewritten for.
    targets: Option<u32>,
    /// Where the transport-wide sequence number is.
    transport_at: Option<usize>,
    /// Where the send time is.
    time_at: Option<usize>,
    /// Where the frame number of the dependency descriptor is.
    number_at: Option<usize>,
}

/// What differs from subscriber to subscriber.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patch {
    pub(crate) header: Header,
    /// The lower 16 bits of the transport-wide sequence number.
    pub(crate) transport: u16,
    pub(crate) time: AbsSendTime,
    pub(crate) number: Option<u16>,
}

impl Template {
    pub(crate) fn new() -> Self {
        let ids = ExtensionIds::default();
        Self {
            ids,
            bytes: [0; HEADER_BYTES_MAX],
            length: 0,
            has_mid: false,
            targets: None,
            transport_at: None,
            time_at: None,
            number_at: None,
        }
    }

    /// Another packet: nothing is built for it.
    pub(crate) fn clear(&mut self) {
        self.length = 0;
    }

    /// Whether it is built for these ids, and with this mask of decode targets.
    pub(crate) fn is_for(&self, ids: &ExtensionIds, targets: Option<u32>) -> bool {
        self.length > 0 && !self.has_mid && self.targets == targets && self.ids == *ids
    }

    /// Builds it from what came with the packet. `mid` is written where the subscriber still has to learn the stream's SSRC. `targets`
    /// is what its dependency descriptor was rewritten for.
    pub(crate) fn build(
        &mut self,
        ids: &ExtensionIds,
        from: &Extensions<'_>,
        mid: Option<&[u8]>,
        targets: Option<u32>,
    ) {
        let level = from.audio_level.map(rtp::extension::AudioLevel::to_bytes);
        let orientation = from.video_orientation.map(rtp::extension::VideoOrientation::to_bytes);
        let delay = from.playout_delay.map(rtp::extension::PlayoutDelay::to_bytes);
        let send_time = ids.abs_send_time.filter(|_| ids.transport_cc.is_none());
        let wanted: [(Option<u8>, Option<&[u8]>); ELEMENTS_MAX] = [
            (ids.transport_cc, Some(&[0, 0])),
            (send_time, Some(&[0, 0, 0])),
            (ids.mid, mid),
            (ids.audio_level, level.as_ref().map(|bytes| &bytes[..])),
            (ids.video_orientation, orientation.as_ref().map(|bytes| &bytes[..])),
            (ids.playout_delay, delay.as_ref().map(|bytes| &bytes[..])),
            (ids.abs_capture_time, from.abs_capture_time),
            (ids.dependency_descriptor, from.dependency_descriptor),
        ];
        let mut elements = [Element { id: 0, data: &[] }; ELEMENTS_MAX];
        let mut count = 0_usize;
        for (id, data) in wanted {
            if let (Some(id), Some(data), Some(free)) = (id, data, elements.get_mut(count)) {
                *free = Element { id, data };
                count = count.saturating_add(1);
            }
        }
        let blank = Header { payload_type: 0, marker: false, sequence_number: 0, timestamp: 0, ssrc: 0 };
        let elements = elements.get(..count).unwrap_or_default();
        self.length = blank.write(&mut self.bytes, elements).unwrap_or(0);
        if self.length == 0 {
            // Extensions larger than any browser's: the packet goes without them.
            self.length = blank.write(&mut self.bytes, &[]).unwrap_or(0);
        }
        self.ids = *ids;
        self.has_mid = mid.is_some();
        self.targets = targets;
        self.locate(send_time);
    }

    fn locate(&mut self, send_time: Option<u8>) {
        let view = self.bytes.get(..self.length).and_then(|bytes| Packet::parse(bytes).ok());
        let start_of = |id: Option<u8>| view.as_ref()?.element_range(id?).map(|range| range.start);
        self.transport_at = start_of(self.ids.transport_cc);
        self.time_at = start_of(send_time);
        // One byte of flags and template id, then the number (A.8.2 of the AV1 RTP payload format).
        self.number_at = start_of(self.ids.dependency_descriptor).map(|start| start.saturating_add(1));
    }

    /// The header for one subscriber.
    pub(crate) fn patch(&mut self, patch: &Patch) -> &[u8] {
        let Header { payload_type, marker, sequence_number, timestamp, ssrc } = patch.header;
        self.put(1, &[(u8::from(marker) << 7) | (payload_type & 0x7f)]);
        self.put(2, &sequence_number.to_be_bytes());
        self.put(4, &timestamp.to_be_bytes());
        self.put(8, &ssrc.to_be_bytes());
        if let Some(at) = self.transport_at {
            self.put(at, &patch.transport.to_be_bytes());
        }
        if let Some(at) = self.time_at {
            self.put(at, &patch.time.to_bytes());
        }
        if let (Some(at), Some(number)) = (self.number_at, patch.number) {
            self.put(at, &number.to_be_bytes());
        }
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Sets the P bit: the payload ends with padding (RFC 3550 §5.1).
    pub(crate) fn set_padding(&mut self, padded: bool) {
        if let Some(first) = self.bytes.first_mut() {
            *first = if padded { *first | 0x20 } else { *first & !0x20 };
        }
    }

    fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
            place.copy_from_slice(bytes);
        }
    }
}

/// The send time of a packet on the router's own clock.
pub(crate) fn send_time(since_start: Duration) -> AbsSendTime {
    AbsSendTime::from_micros(u64::try_from(since_start.as_micros()).unwrap_or(0))
}

/// The same from instants.
pub(crate) fn send_time_at(start: Instant, now: Instant) -> AbsSendTime {
    send_time(now.saturating_duration_since(start))
}

/// A dependency descriptor of 255 bytes and all others beside it.
const HEADER_BYTES_MAX: usize = 384;

/// The extensions that are forwarded or written.
const ELEMENTS_MAX: usize = 8;

#[cfg(test)]
mod tests;
