//! A program in classic BPF that tells for a datagram which of the sockets that share its port gets it (`SO_ATTACH_REUSEPORT_CBPF`; no
//! rights are needed for that). The sockets are numbered in the order in which they were bound, which is that of the workers; with a number
//! that none has, the kernel hashes as it does without a program.
//!
//! ```text
//! first byte of the payload: DTLS, SRTP or SRTCP? ─ no ─▶ hash
//! port of the client: binary search ─ not there ────────▶ hash
//! addresses of the client and of ours: the same? ─ no ──▶ hash
//! the worker's number
//! ```

use std::net::{IpAddr, SocketAddr};

use nix::libc::sock_filter;

use crate::worker::Tuple;

/// One instruction.
pub(crate) type Instruction = sock_filter;

/// How many 5-tuples of a family fit into a program.
pub(crate) fn tuples_max(is_ipv4: bool) -> usize {
    let words = if is_ipv4 { 1 } else { 4 };
    (INSTRUCTIONS_MAX - PROLOGUE) / (NODE + LEAF + TUPLE + 2 * words * WORD)
}

/// The program for 5-tuples of one family, which are sorted here; of those beyond [`tuples_max`] it knows nothing.
pub(crate) fn program(places: &[(Tuple, u8)]) -> Vec<Instruction> {
    let is_ipv4 = places.first().is_none_or(|(tuple, _)| tuple.local.is_ipv4());
    let mut program = if is_ipv4 { prologue(IPV4_FIRST, IPV4_WITHOUT_OPTIONS, IPV4_PORT) } else { Vec::new() };
    if !is_ipv4 {
        program = prologue(IPV6_NEXT_HEADER, UDP, IPV6_PORT);
    }
    let mut places: Vec<_> = places.iter().take(tuples_max(is_ipv4)).copied().collect();
    places.sort_by_key(|(tuple, _)| (tuple.remote.port(), *tuple));
    search(&places, &mut program);
    program
}

/// Lets DTLS, SRTP and SRTCP pass (RFC 7983 §7) in packets whose header is of the usual form, and leaves the client's port in the
/// accumulator.
fn prologue(header_byte: u32, usual: u32, port: u32) -> Vec<Instruction> {
    vec![
        load(BYTE, 0),
        // From 20 on, without the bit that TURN channels and what nobody uses have: 20 to 63 and 128 to 191.
        jump(IF_AT_LEAST, DTLS_FIRST, 1, 0),
        give(HASH),
        jump(IF_BIT, OTHERS_BIT, 0, 1),
        give(HASH),
        load(BYTE, NETWORK + header_byte),
        jump(IF_EQUAL, usual, 1, 0),
        give(HASH),
        load(HALF, NETWORK + port),
    ]
}

/// Finds the client's port, which is in the accumulator, in `places`, which are sorted by it.
fn search(places: &[(Tuple, u8)], program: &mut Vec<Instruction>) {
    let port = |index: usize| places.get(index).map_or(0, |(tuple, _)| tuple.remote.port());
    // Those with one port stay together.
    let middle = places.partition_point(|(tuple, _)| tuple.remote.port() < port(places.len() / 2));
    let middle = if middle == 0 { places.partition_point(|(tuple, _)| tuple.remote.port() <= port(0)) } else { middle };
    if middle == 0 || middle == places.len() {
        return compare(places, program);
    }
    let (low, high) = places.split_at(middle);
    // A condition jumps over 255 instructions at most, so it jumps over a jump that can go anywhere.
    program.push(jump(IF_AT_LEAST, u32::from(port(middle)), 0, 1));
    let at = program.len();
    program.push(give(HASH));
    search(low, program);
    let over = program.len() - at - 1;
    if let (Some(place), Ok(over)) = (program.get_mut(at), u32::try_from(over)) {
        *place = sock_filter { code: ALWAYS, jt: 0, jf: 0, k: over };
    }
    search(high, program);
}

/// Tells 5-tuples with one port of the client apart.
fn compare(places: &[(Tuple, u8)], program: &mut Vec<Instruction>) {
    let Some((first, _)) = places.first() else { return program.push(give(HASH)) };
    program.push(jump(IF_EQUAL, u32::from(first.remote.port()), 1, 0));
    program.push(give(HASH));
    for (tuple, worker) in places {
        let words: Vec<(u32, u32)> = words(tuple);
        let mut left = 2 * words.len();
        for (offset, word) in words {
            left -= 2;
            program.push(load(WORD_BITS, NETWORK + offset));
            // What is left of the comparison, and the answer.
            program.push(jump(IF_EQUAL, word, 0, u8::try_from(left + 1).unwrap_or(0)));
        }
        program.push(give(u32::from(*worker)));
    }
    program.push(give(HASH));
}

/// The words of both addresses, with their places in the header of IP.
fn words(tuple: &Tuple) -> Vec<(u32, u32)> {
    let at = |address: SocketAddr, ipv4: u32, ipv6: u32| -> Vec<(u32, u32)> {
        match address.ip() {
            IpAddr::V4(ip) => vec![(ipv4, u32::from(ip))],
            IpAddr::V6(ip) => {
                let octets = ip.octets();
                let (words, _) = octets.as_chunks::<4>();
                (0_u32..).map(|word| ipv6 + 4 * word).zip(words.iter().map(|word| u32::from_be_bytes(*word))).collect()
            }
        }
    };
    let mut words = at(tuple.remote, IPV4_SOURCE, IPV6_SOURCE);
    words.extend(at(tuple.local, IPV4_DESTINATION, IPV6_DESTINATION));
    words
}

fn load(size: u16, offset: u32) -> Instruction {
    sock_filter { code: LOAD | size, jt: 0, jf: 0, k: offset }
}

/// Goes on after so many instructions if the condition holds, and after so many if not.
fn jump(condition: u16, value: u32, then: u8, otherwise: u8) -> Instruction {
    sock_filter { code: condition, jt: then, jf: otherwise, k: value }
}

fn give(socket: u32) -> Instruction {
    sock_filter { code: RETURN, jt: 0, jf: 0, k: socket }
}

/// What the kernel takes (`BPF_MAXINSNS`).
const INSTRUCTIONS_MAX: usize = 4_096;

/// Instructions of the prologue, of a step of the search, of its end, of a 5-tuple there, and of a word to be compared.
const PROLOGUE: usize = 9;
const NODE: usize = 2;
const LEAF: usize = 3;
const TUPLE: usize = 1;
const WORD: usize = 2;

/// `BPF_LD | BPF_ABS` with a size.
const LOAD: u16 = 0x20;
const WORD_BITS: u16 = 0x00;
const HALF: u16 = 0x08;
const BYTE: u16 = 0x10;

/// `BPF_JMP` with a condition and `BPF_K`.
const ALWAYS: u16 = 0x05;
const IF_EQUAL: u16 = 0x15;
const IF_AT_LEAST: u16 = 0x35;
const IF_BIT: u16 = 0x45;

/// `BPF_RET | BPF_K`.
const RETURN: u16 = 0x06;

/// No socket has this number.
const HASH: u32 = u32::MAX;

/// Where the header of IP begins (`SKF_NET_OFF`); without it, offsets count from the payload on.
const NETWORK: u32 = 0xfff0_0000;

/// RFC 7983 §7: DTLS begins with 20 to 63, SRTP and SRTCP with 128 to 191; STUN with 0 to 3, a TURN channel with 64 to 79.
const DTLS_FIRST: u32 = 20;
const OTHERS_BIT: u32 = 0x40;

/// Places in the header of IPv4 (RFC 791 §3.1), and of UDP behind it when there are no options.
const IPV4_FIRST: u32 = 0;
const IPV4_WITHOUT_OPTIONS: u32 = 0x45;
const IPV4_SOURCE: u32 = 12;
const IPV4_DESTINATION: u32 = 16;
const IPV4_PORT: u32 = 20;

/// The same for IPv6 (RFC 8200 §3).
const IPV6_NEXT_HEADER: u32 = 6;
const UDP: u32 = 17;
const IPV6_SOURCE: u32 = 8;
const IPV6_DESTINATION: u32 = 24;
const IPV6_PORT: u32 = 40;

#[cfg(test)]
mod tests;
