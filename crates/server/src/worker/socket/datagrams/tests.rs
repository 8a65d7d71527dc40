use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use mio::{Events, Poll, Token};
use quinn_udp::EcnCodepoint;

use super::Datagrams;
use crate::worker::receive::ReceiveBuffers;
use crate::worker::socket::{Sharing, Socket};

const V4: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V4(Ipv4Addr::LOCALHOST)];
const V6: [IpAddr; 2] = [IpAddr::V6(Ipv6Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// What is seen of a datagram: its size, where it came from, its mark.
type Seen = (usize, IpAddr, Option<EcnCodepoint>);

/// Sends from a socket that is bound to the first address to one that is bound to the second.
fn sent([from, to]: [IpAddr; 2], of: impl FnOnce(SocketAddr) -> Datagrams<'static>) -> Vec<Seen> {
    let sender = Socket::bind(SocketAddr::new(from, 0), Sharing::Alone, 0, 0).unwrap();
    let mut receiver = Socket::bind(SocketAddr::new(to, 0), Sharing::Alone, 0, 0).unwrap();
    let mut poll = Poll::new().unwrap();
    receiver.register(poll.registry(), Token(0)).unwrap();
    sender.send_datagrams(&of(receiver.local())).unwrap();
    poll.poll(&mut Events::with_capacity(1), Some(Duration::from_secs(5))).unwrap();
    let mut buffers = ReceiveBuffers::new();
    let filled = buffers.receive(&mut receiver).unwrap().filled;
    buffers.datagrams(filled).map(|datagram| (datagram.bytes.len(), datagram.remote.ip(), datagram.ecn)).collect()
}

fn plain(destination: SocketAddr) -> Datagrams<'static> {
    Datagrams { destination, source: None, ecn: None, segment_bytes: None, bytes: &[7; 250] }
}

#[test]
fn a_datagram_without_notes_arrives_unmarked_from_the_address_that_the_kernel_chooses() {
    for addresses in [V4, V6] {
        assert_eq!(sent(addresses, plain), [(250, addresses[1], None)]);
    }
}

#[test]
fn a_datagram_comes_from_the_address_it_is_told_to_come_from() {
    let other = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    assert_eq!(sent(V4, |to| Datagrams { source: Some(other), ..plain(to) }), [(250, other, None)]);
    let [_, only] = V6;
    assert_eq!(sent(V6, |to| Datagrams { source: Some(only), ..plain(to) }), [(250, only, None)]);
}

#[test]
fn every_congestion_mark_arrives() {
    for addresses in [V4, V6] {
        for mark in [EcnCodepoint::Ect0, EcnCodepoint::Ect1, EcnCodepoint::Ce] {
            let seen = sent(addresses, |to| Datagrams { ecn: Some(mark), ..plain(to) });
            assert_eq!(seen, [(250, addresses[1], Some(mark))]);
        }
    }
}

#[test]
fn a_mark_and_a_source_go_together() {
    for addresses in [V4, V6] {
        let (source, mark) = (addresses[1], Some(EcnCodepoint::Ect0));
        let both = |to| Datagrams { source: Some(source), ecn: mark, ..plain(to) };
        assert_eq!(sent(addresses, both), [(250, source, mark)]);
    }
}

#[test]
fn with_all_notes_the_kernel_cuts_and_the_source_is_named() {
    for addresses in [V4, V6] {
        let source = addresses[1];
        let all = |to| Datagrams {
            source: Some(source),
            ecn: Some(EcnCodepoint::Ect0),
            segment_bytes: Some(100),
            ..plain(to)
        };
        // What the receiving side is told of the mark of datagrams that it gets in one piece is not asked here.
        let seen: Vec<_> = sent(addresses, all).into_iter().map(|(bytes, from, _)| (bytes, from)).collect();
        assert_eq!(seen, [(100, source), (100, source), (50, source)]);
    }
}

#[test]
fn what_the_kernel_refuses_is_told() {
    let sender = Socket::bind(SocketAddr::new(V4[1], 0), Sharing::Alone, 0, 0).unwrap();
    let too_large = Datagrams { bytes: &[0; 65_600], ..plain(sender.local()) };
    assert!(sender.send_datagrams(&too_large).is_err());
    let foreign = Datagrams { source: Some(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1))), ..plain(sender.local()) };
    assert!(sender.send_datagrams(&foreign).is_err());
}
