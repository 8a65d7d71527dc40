//! Packets of 188 bytes (ISO/IEC 13818-1 §2.4.3) and the PES packets that they carry.

use media::MediaTime;

use super::{PACKET_BYTES, tables};

/// Writes packets and counts them.
#[derive(Debug, Default)]
pub(super) struct PacketWriter {
    counters: Counters,
    /// The PES header of the frame that is being written.
    head: Vec<u8>,
}

/// The continuity counter of each PID (§2.4.3.3).
#[derive(Debug, Default)]
struct Counters {
    association: u8,
    map: u8,
    video: u8,
    audio: u8,
}

impl Counters {
    fn next(&mut self, pid: u16) -> u8 {
        let counter = match pid {
            tables::PAT_PID => &mut self.association,
            tables::PMT_PID => &mut self.map,
            tables::VIDEO_PID => &mut self.video,
            _ => &mut self.audio,
        };
        let current = *counter;
        *counter = (current + 1) & 0x0f;
        current
    }
}

/// A PES packet: a picture, or some sounds.
pub(super) struct Pes<'a> {
    pub(super) pid: u16,
    pub(super) stream_id: u8,
    pub(super) pts: MediaTime,
    pub(super) dts: MediaTime,
    /// Whether the clock of the program is on this PID.
    pub(super) has_clock: bool,
    /// Whether a decoder can begin here.
    pub(super) is_key: bool,
    pub(super) payload: &'a [u8],
}

impl PacketWriter {
    /// Writes a section that fits into one packet: a pointer to its beginning, then the section, then filling (§2.4.4.1).
    pub(super) fn write_section(&mut self, out: &mut Vec<u8>, pid: u16, section: &[u8]) {
        let start = out.len();
        self.write_head(out, pid, true, PAYLOAD);
        out.push(0);
        out.extend_from_slice(section);
        out.resize(start + PACKET_BYTES, 0xff);
    }

    /// Writes a PES packet. The first of its packets has the clock and says whether a decoder can begin; the last is filled up.
    pub(super) fn write_pes(&mut self, out: &mut Vec<u8>, pes: &Pes<'_>) {
        let mut head = std::mem::take(&mut self.head);
        head.clear();
        write_pes_header(&mut head, pes);
        let mut rest = [head.as_slice(), pes.payload];
        let mut is_first = true;
        while rest.iter().any(|bytes| !bytes.is_empty()) {
            let length: usize = rest.iter().map(|bytes| bytes.len()).sum();
            let clock = (is_first && pes.has_clock).then(|| ticks(pes.dts) - CLOCK_LEAD_TICKS);
            let flags = if is_first && pes.is_key { RANDOM_ACCESS } else { 0 };
            let room = self.write_packet_head(out, pes.pid, is_first, Adaptation { flags, clock }, length);
            take(&mut rest, room, out);
            is_first = false;
        }
        self.head = head;
    }

    /// Writes everything before the payload; returns how much payload the packet takes.
    fn write_packet_head(
        &mut self,
        out: &mut Vec<u8>,
        pid: u16,
        is_start: bool,
        wanted: Adaptation,
        length: usize,
    ) -> usize {
        let content =
            usize::from(wanted.flags != 0 || wanted.clock.is_some()) + if wanted.clock.is_some() { 6 } else { 0 };
        let field = if content > 0 { 1 + content } else { 0 };
        let filling = (BODY_BYTES - field).saturating_sub(length);
        if field + filling == 0 {
            self.write_head(out, pid, is_start, PAYLOAD);
            return BODY_BYTES;
        }
        self.write_head(out, pid, is_start, PAYLOAD | ADAPTATION);
        let field_end = out.len() + field + filling;
        out.push((field + filling - 1) as u8);
        if field + filling > 1 {
            out.push(wanted.flags | if wanted.clock.is_some() { HAS_CLOCK } else { 0 });
        }
        if let Some(clock) = wanted.clock {
            // 33 bits of the 90 kHz clock, 6 reserved ones, 9 bits of the 27 MHz clock, which is not told.
            let bits = ((clock as u64 & TICKS_MASK) << 15) | 0x7e00;
            out.extend_from_slice(bits.to_be_bytes().get(2..).unwrap_or_default());
        }
        out.resize(field_end, 0xff);
        BODY_BYTES - field - filling
    }

    fn write_head(&mut self, out: &mut Vec<u8>, pid: u16, is_start: bool, control: u8) {
        let start = if is_start { 0x4000 } else { 0 };
        out.push(0x47);
        out.extend_from_slice(&(start | pid).to_be_bytes());
        out.push(control | self.counters.next(pid));
    }
}

/// What the adaptation field (§2.4.3.4) is wanted for, other than for filling.
struct Adaptation {
    flags: u8,
    clock: Option<i64>,
}

/// Moves up to `room` bytes from the slices, in their order.
fn take(rest: &mut [&[u8]; 2], room: usize, out: &mut Vec<u8>) {
    let mut room = room;
    for bytes in rest {
        let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        out.extend_from_slice(now);
        room -= now.len();
        *bytes = later;
    }
}

/// The head of a PES packet (§2.4.3.6). The length is told where it fits: that of a picture may be left open.
fn write_pes_header(out: &mut Vec<u8>, pes: &Pes<'_>) {
    let (pts, dts) = (ticks(pes.pts), ticks(pes.dts));
    let has_dts = pts != dts;
    let times_bytes: u8 = if has_dts { 10 } else { 5 };
    let length = pes.payload.len() + 3 + usize::from(times_bytes);
    out.extend_from_slice(&[0, 0, 1, pes.stream_id]);
    out.extend_from_slice(&u16::try_from(length).unwrap_or(0).to_be_bytes());
    // The marker and "the payload begins with an access unit".
    out.push(0x84);
    out.push(if has_dts { 0xc0 } else { 0x80 });
    out.push(times_bytes);
    write_time(out, if has_dts { 0b0011 } else { 0b0010 }, pts);
    if has_dts {
        write_time(out, 0b0001, dts);
    }
}

/// 33 bits of a time in three groups, with a marker after each.
fn write_time(out: &mut Vec<u8>, prefix: u8, ticks: i64) {
    let ticks = ticks as u64 & TICKS_MASK;
    out.push((prefix << 4) | ((ticks >> 29) as u8 & 0x0e) | 1);
    out.extend_from_slice(&(((ticks >> 14) as u16 & 0xfffe) | 1).to_be_bytes());
    out.extend_from_slice(&(((ticks << 1) as u16 & 0xfffe) | 1).to_be_bytes());
}

/// The time in the stream, before it is cut to 33 bits. It begins later than the clock, so that a stream that begins at zero does not begin with a wrap.
fn ticks(time: MediaTime) -> i64 {
    time.ticks(90_000).saturating_add(ORIGIN_TICKS)
}

const PAYLOAD: u8 = 0x10;
const ADAPTATION: u8 = 0x20;
const RANDOM_ACCESS: u8 = 0x40;
const HAS_CLOCK: u8 = 0x10;
/// What a packet has beside its head.
const BODY_BYTES: usize = PACKET_BYTES - 4;
/// Times are counted modulo 2^33.
const TICKS_MASK: u64 = (1 << 33) - 1;
/// A second.
const ORIGIN_TICKS: i64 = 90_000;
/// How far the clock is behind the pictures: sounds wait for each other and arrive in no strict order with the pictures, and must not come too late.
const CLOCK_LEAD_TICKS: i64 = 45_000;
