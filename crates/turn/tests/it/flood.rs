use std::net::{Ipv4Addr, SocketAddr};

use stun_types::message::{MessageClass, MessageWrite};
use turn::{ClientAddr, Transport};
use turn_types::attribute::RequestedTransport;
use turn_types::message::ALLOCATE;

use crate::world::{Answer, Client, World, message, udp};

/// How many spoofed requests come.
const FLOOD: u32 = 1_000_000;

#[test]
fn a_million_spoofed_requests_leave_nothing_behind() {
    let mut world = World::new();
    let local: SocketAddr = "192.0.2.15:3478".parse().unwrap();
    let unsigned = message(MessageClass::Request, ALLOCATE, 7.into(), &[&RequestedTransport::new(17)]).finish();
    // Every other request is signed, for a user that exists, with a nonce that the sender cannot have.
    let mut forger = Client::new(udp("203.0.113.7:1"));
    forger.nonce = "AAAAAAAAAAA".to_owned();
    let signed = forger.sign(message(MessageClass::Request, ALLOCATE, 8.into(), &[&RequestedTransport::new(17)]));
    let measured = allocation_counter::measure(|| {
        for number in 0..FLOOD {
            let source = Ipv4Addr::from_bits(number.wrapping_mul(2_654_435_761));
            let client = ClientAddr { transport: Transport::Udp, local, remote: SocketAddr::new(source.into(), 4000) };
            let request = if number % 2 == 0 { &unsigned } else { &signed };
            assert_eq!(world.server.handle_client(world.now, client, request), None);
            while world.server.poll_output().is_some() {}
        }
    });
    assert!(measured.bytes_current <= 4096, "{} bytes stay", measured.bytes_current);
    let stats = world.server.stats();
    assert_eq!((stats.allocations, stats.reservations), (0, 0));
    assert_eq!(stats.challenges + stats.drops.rate_limited, u64::from(FLOOD));
    assert!(stats.drops.rate_limited == 0 || stats.challenges > 0);
    let mut client = Client::new(udp("203.0.113.7:4000"));
    world.advance(std::time::Duration::from_secs(10));
    world.meet(&mut client);
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Success, "and honest clients are served");
}
