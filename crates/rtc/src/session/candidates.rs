//! `a=candidate` lines of the answer (RFC 8839 §5.1, RFC 6544 §4).

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::candidate::{Candidate, Transport};

/// The lines, UDP first, and `a=end-of-candidates` (RFC 8840 §4.1): there will be no others.
pub(super) fn write(sdp: &mut String, candidates: &[Candidate]) {
    for (index, candidate) in of(candidates, Transport::Udp).enumerate() {
        line(sdp, candidates, candidate, "udp", priority(HOST_UDP_PREFERENCE, u16::MAX, index), "");
    }
    for (index, candidate) in of(candidates, Transport::Tcp).enumerate() {
        let priority = priority(HOST_TCP_PREFERENCE, TCP_PASSIVE_LOCAL_PREFERENCE, index);
        line(sdp, candidates, candidate, "tcp", priority, " tcptype passive");
    }
    sdp.push_str("a=end-of-candidates\r\n");
}

/// The address of the `m=` and `c=` lines: that of a candidate (RFC 8839 §4.2.1.2), IPv4 before IPv6, or "none yet".
pub(super) fn default_destination(candidates: &[Candidate]) -> SocketAddr {
    let addresses = || of(candidates, Transport::Udp).map(|candidate| candidate.address);
    let none = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), DISCARD_PORT);
    addresses().find(SocketAddr::is_ipv4).or_else(|| addresses().next()).unwrap_or(none)
}

fn of(candidates: &[Candidate], transport: Transport) -> impl Iterator<Item = &Candidate> {
    candidates.iter().filter(move |candidate| candidate.transport == transport)
}

fn line(sdp: &mut String, all: &[Candidate], candidate: &Candidate, transport: &str, priority: u32, suffix: &str) {
    // RFC 8445 §5.1.1.3: the same foundation for the same kind, address and transport.
    let same =
        |other: &Candidate| other.transport == candidate.transport && other.address.ip() == candidate.address.ip();
    let foundation = all.iter().position(same).unwrap_or_default().saturating_add(1);
    let (ip, port) = (candidate.address.ip(), candidate.address.port());
    let written =
        writeln!(sdp, "a=candidate:{foundation} {COMPONENT_RTP} {transport} {priority} {ip} {port} typ host{suffix}\r");
    debug_assert!(written.is_ok(), "writing to a String does not fail");
}

/// RFC 8445 §5.1.2.1.
fn priority(kind: u8, local_preference_max: u16, index: usize) -> u32 {
    let index = u16::try_from(index).unwrap_or(u16::MAX);
    let local_preference = local_preference_max.saturating_sub(index);
    (u32::from(kind) << 24) | (u32::from(local_preference) << 8) | (256 - COMPONENT_RTP)
}

/// With rtcp-mux there is only one component.
const COMPONENT_RTP: u32 = 1;
/// RFC 8445 §5.1.2.2.
const HOST_UDP_PREFERENCE: u8 = 126;
/// Below every kind of candidate over UDP, so that TCP is what remains (RFC 6544 §4.2).
const HOST_TCP_PREFERENCE: u8 = 90;
/// RFC 6544 §4.2: direction preference 4 (passive) in the upper three bits, the rest by order.
const TCP_PASSIVE_LOCAL_PREFERENCE: u16 = (4 << 13) | 0x1fff;
/// RFC 8840 §4.1.1: what stands in an `m=` line that has no address.
pub(super) const DISCARD_PORT: u16 = 9;
