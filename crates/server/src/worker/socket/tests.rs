use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use mio::{Events, Poll, Token};

use super::{APPETITE_MIN, Datagrams, Received, Sharing, Socket, appetite};
use crate::worker::receive::{BUFFERS, ReceiveBuffers};

/// Sends datagrams of sizes that the kernel does not put together, and receives until nothing may be left: what each call brought, and the
/// address of ours that the datagrams say they came to.
fn received(to: IpAddr, bound: IpAddr, datagrams: usize) -> (Vec<Received>, Vec<Option<IpAddr>>) {
    let sender = Socket::bind(SocketAddr::new(to, 0), Sharing::Alone, 0, 0).unwrap();
    let mut receiver = Socket::bind(SocketAddr::new(bound, 0), Sharing::Alone, 1 << 20, 0).unwrap();
    let mut poll = Poll::new().unwrap();
    receiver.register(poll.registry(), Token(0)).unwrap();
    for number in 0..datagrams {
        let (destination, bytes) = (SocketAddr::new(to, receiver.local().port()), &vec![7; 100 + number]);
        let datagram = Datagrams { destination, source: None, ecn: None, segment_bytes: None, bytes };
        sender.send_datagrams(&datagram).unwrap();
    }
    poll.poll(&mut Events::with_capacity(1), Some(Duration::from_secs(5))).unwrap();
    let mut buffers = ReceiveBuffers::new();
    let (mut calls, mut locals) = (Vec::new(), Vec::new());
    while let Ok(call) = buffers.receive(&mut receiver) {
        calls.push(call);
        locals.extend(buffers.datagrams(call.filled).map(|datagram| datagram.local_ip));
        if !call.may_have_more {
            break;
        }
    }
    (calls, locals)
}

#[test]
fn whatever_waits_is_received_until_nothing_may_be_left() {
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    for datagrams in [1, BUFFERS - 1, BUFFERS, BUFFERS + 1, 3 * BUFFERS] {
        let (calls, locals) = received(ip, ip, datagrams);
        assert_eq!(locals.len(), datagrams, "{calls:?}");
    }
}

#[test]
fn a_socket_with_many_addresses_is_told_which_one_it_was_and_one_with_one_address_is_not() {
    let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
    assert_eq!(received(v4, Ipv4Addr::UNSPECIFIED.into(), 1).1, [Some(v4)]);
    assert_eq!(received(v4, v4, 1).1, [None]);
    let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
    assert_eq!(received(v6, Ipv6Addr::UNSPECIFIED.into(), 1).1, [Some(v6)]);
    assert_eq!(received(v6, v6, 1).1, [None]);
}

#[test]
fn the_appetite_takes_twice_of_what_came_and_sees_the_end() {
    assert_eq!(appetite(0), APPETITE_MIN);
    for filled in 1..BUFFERS {
        assert!(appetite(filled) > 2 * filled || appetite(filled) == BUFFERS, "after {filled}");
    }
}
