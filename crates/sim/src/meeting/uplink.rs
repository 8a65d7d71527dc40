//! The sending half of a member's transport: numbers, pacing, bandwidth estimate, retransmissions and padding.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use rtp::extension::AbsSendTime;
use rtp::{Element, Header};
use sfu::bandwidth::{Config, Estimator, Purpose};
use sfu::pacer::{Class, Pacer, Verdict};
use sfu::prober::Prober;

use super::wire;

/// One member's way to the server.
#[derive(Debug)]
pub(super) struct Uplink {
    begun: Instant,
    /// Nothing is told of each packet: it bears the time of its sending, and REMBs come.
    by_remb: bool,
    estimator: Estimator,
    pacer: Pacer<u64>,
    prober: Prober,
    transport_seq: u64,
    streams: BTreeMap<u32, Stream>,
    /// Packets that wait for the pacer, by a number of their own.
    waiting: BTreeMap<u64, Outgoing>,
    next_waiting: u64,
    /// Datagrams to be handed to the link.
    ready: VecDeque<Vec<u8>>,
}

/// One SSRC.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) payload_type: u8,
    pub(super) mid: &'static str,
    pub(super) rid: Option<&'static str>,
    /// Of retransmissions, for video.
    pub(super) rtx_ssrc: Option<u32>,
    sequence: u16,
    rtx_sequence: u16,
    /// What can be sent again; at most [`CACHE_PACKETS_MAX`].
    cache: VecDeque<(u16, Outgoing)>,
    packets: u32,
    octets: u32,
}

/// A packet before its transport-wide number is known.
#[derive(Clone, Debug)]
struct Outgoing {
    header: Header,
    level: Option<u8>,
    payload: Vec<u8>,
    is_rtx: bool,
}

impl Stream {
    pub(super) fn new(
        payload_type: u8,
        mid: &'static str,
        rid: Option<&'static str>,
        rtx_ssrc: Option<u32>,
        sequence: u16,
    ) -> Self {
        Self {
            payload_type,
            mid,
            rid,
            rtx_ssrc,
            sequence,
            rtx_sequence: sequence ^ 0x5555,
            cache: VecDeque::new(),
            packets: 0,
            octets: 0,
        }
    }
}

impl Uplink {
    pub(super) fn new(now: Instant, by_remb: bool) -> Self {
        let config = Config { start_bps: 500_000, max_bps: 5_000_000, remb_min_bps: 0, ..Config::default() };
        Self {
            begun: now,
            by_remb,
            estimator: Estimator::new(config, now),
            pacer: Pacer::new(now, 1_000_000),
            prober: Prober::new(),
            transport_seq: 1,
            streams: BTreeMap::new(),
            waiting: BTreeMap::new(),
            next_waiting: 0,
            ready: VecDeque::new(),
        }
    }

    pub(super) fn add_stream(&mut self, ssrc: u32, stream: Stream) {
        self.streams.insert(ssrc, stream);
    }

    pub(super) fn estimate_bps(&self) -> u64 {
        self.estimator.estimate_bps()
    }

    pub(super) fn estimator(&mut self) -> &mut Estimator {
        &mut self.estimator
    }

    /// Sends the payloads of one frame: the last one has the marker.
    pub(super) fn send_frame(&mut self, now: Instant, ssrc: u32, timestamp: u32, payloads: Vec<Vec<u8>>) {
        let count = payloads.len();
        for (index, payload) in payloads.into_iter().enumerate() {
            self.send(now, ssrc, timestamp, index + 1 == count, None, payload);
        }
    }

    /// Sends one packet of sound with its level below full scale.
    pub(super) fn send_sound(&mut self, now: Instant, ssrc: u32, timestamp: u32, level: u8, payload: Vec<u8>) {
        self.send(now, ssrc, timestamp, false, Some(level), payload);
    }

    fn send(&mut self, now: Instant, ssrc: u32, timestamp: u32, marker: bool, level: Option<u8>, payload: Vec<u8>) {
        let Some(stream) = self.streams.get_mut(&ssrc) else { return };
        stream.sequence = stream.sequence.wrapping_add(1);
        stream.packets += 1;
        stream.octets = stream.octets.wrapping_add(payload.len() as u32);
        let header =
            Header { payload_type: stream.payload_type, marker, sequence_number: stream.sequence, timestamp, ssrc };
        let outgoing = Outgoing { header, level, payload, is_rtx: false };
        if stream.rtx_ssrc.is_some() {
            stream.cache.push_back((stream.sequence, outgoing.clone()));
            if stream.cache.len() > CACHE_PACKETS_MAX {
                stream.cache.pop_front();
            }
        }
        self.pace(now, if level.is_some() { Class::Audio } else { Class::Video }, outgoing);
    }

    /// RFC 4588.
    pub(super) fn retransmit(&mut self, now: Instant, ssrc: u32, lost: u16) {
        let Some(stream) = self.streams.get_mut(&ssrc) else { return };
        let Some(rtx_ssrc) = stream.rtx_ssrc else { return };
        let Some((_, original)) = stream.cache.iter().find(|(sequence, _)| *sequence == lost) else { return };
        stream.rtx_sequence = stream.rtx_sequence.wrapping_add(1);
        let header = Header {
            payload_type: wire::VP8_RTX,
            sequence_number: stream.rtx_sequence,
            ssrc: rtx_ssrc,
            ..original.header
        };
        let payload = [&lost.to_be_bytes()[..], &original.payload].concat();
        self.pace(now, Class::Retransmission, Outgoing { header, level: None, payload, is_rtx: true });
    }

    /// Packets and octets sent of a stream, for sender reports.
    pub(super) fn counts(&self, ssrc: u32) -> (u32, u32) {
        self.streams.get(&ssrc).map_or((0, 0), |stream| (stream.packets, stream.octets))
    }

    /// Sends what has become due.
    pub(super) fn handle_tick(&mut self, now: Instant) {
        if self.estimator.poll_timeout().is_some_and(|due| due <= now) {
            self.estimator.handle_timeout(now);
        }
        if let Some(probe) = self.estimator.poll_probe(now) {
            self.prober.start(now, probe);
        }
        self.pacer.set_rate(now, PACE * self.estimator.estimate_bps());
        while let Some(key) = self.pacer.poll(now) {
            if let Some(outgoing) = self.waiting.remove(&key) {
                self.transmit(now, &outgoing);
            }
        }
        // What the pacer dropped for its age is dropped here as well.
        while self.waiting.len() > sfu::pacer::QUEUE_PACKETS_MAX * 2 {
            self.waiting.pop_first();
        }
        while let Some(bytes) = self.prober.poll_padding(now) {
            if !self.send_padding(now) {
                self.prober = Prober::new();
                self.estimator.handle_probe_unsent(now);
                break;
            }
            self.pacer.handle_sent(now, bytes);
        }
    }

    /// A datagram for the link.
    pub(super) fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.ready.pop_front()
    }

    fn pace(&mut self, now: Instant, class: Class, outgoing: Outgoing) {
        self.next_waiting += 1;
        let bytes = outgoing.payload.len() + OVERHEAD_BYTES;
        match self.pacer.offer(now, class, bytes, self.next_waiting) {
            Verdict::SendNow => self.transmit(now, &outgoing),
            Verdict::Queued => {
                self.waiting.insert(self.next_waiting, outgoing);
            }
            Verdict::Dropped => {}
        }
    }

    /// Padding is an old packet once more; without one there is nothing to pad with.
    fn send_padding(&mut self, now: Instant) -> bool {
        let newest = self.streams.iter().rev().find_map(|(ssrc, stream)| Some((*ssrc, stream.cache.back()?.0)));
        let Some((ssrc, sequence)) = newest else { return false };
        let Some(stream) = self.streams.get_mut(&ssrc) else { return false };
        let Some((_, original)) = stream.cache.iter().find(|(cached, _)| *cached == sequence) else { return false };
        stream.rtx_sequence = stream.rtx_sequence.wrapping_add(1);
        let Some(rtx_ssrc) = stream.rtx_ssrc else { return false };
        let header = Header {
            payload_type: wire::VP8_RTX,
            sequence_number: stream.rtx_sequence,
            ssrc: rtx_ssrc,
            ..original.header
        };
        let payload = [&sequence.to_be_bytes()[..], &original.payload].concat();
        self.transmit(now, &Outgoing { header, level: None, payload, is_rtx: true });
        true
    }

    fn transmit(&mut self, now: Instant, outgoing: &Outgoing) {
        let stream = self
            .streams
            .iter()
            .find(|(ssrc, stream)| **ssrc == outgoing.header.ssrc || stream.rtx_ssrc == Some(outgoing.header.ssrc));
        let Some((_, stream)) = stream else { return };
        self.transport_seq += 1;
        let number = (self.transport_seq as u16).to_be_bytes();
        let level = outgoing.level.map(|level| [0x80 | level]);
        let sent_at = AbsSendTime::from_micros((now - self.begun).as_micros() as u64).to_bytes();
        let told = if self.by_remb {
            Element { id: wire::ABS_SEND_TIME, data: &sent_at }
        } else {
            Element { id: 5, data: &number }
        };
        let mut elements = vec![Element { id: 1, data: stream.mid.as_bytes() }, told];
        if let Some(rid) = stream.rid {
            elements.push(Element { id: if outgoing.is_rtx { 3 } else { 2 }, data: rid.as_bytes() });
        }
        if let Some(level) = &level {
            elements.push(Element { id: 4, data: level });
        }
        let datagram = wire::packet(&outgoing.header, &elements, &[&outgoing.payload]);
        let purpose = if outgoing.is_rtx { Purpose::Retransmission } else { Purpose::Media };
        self.estimator.handle_sent(now, self.transport_seq, datagram.len(), purpose);
        self.prober.handle_sent(datagram.len());
        self.ready.push_back(datagram);
    }
}

/// Packets that can be sent again: some seconds.
const CACHE_PACKETS_MAX: usize = 600;

/// Browsers let frames leave faster than the estimate by so much.
const PACE: u64 = 2;

/// Header and extensions.
const OVERHEAD_BYTES: usize = 32;

/// How often a member looks what is due.
pub(super) const TICK: Duration = Duration::from_millis(5);
