use std::net::{Ipv4Addr, SocketAddr};

use stun_types::message::{MessageClass, MessageWrite};
use turn::{ClientAddr, Output, Transport};
use turn_types::attribute::RequestedTransport;
use turn_types::message::ALLOCATE;

use crate::world::{Answer, Client, PEER, World, message, udp};

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

#[test]
fn a_million_usernames_leave_nothing_behind_and_no_answer_is_longer_than_two_requests() {
    let mut world = World::with(|config| config.limits.challenges.per_second = 0);
    let mut forger = Client::as_user(udp("203.0.113.7:1"), "u000000000:0000000", "guess");
    world.meet(&mut forger);
    let request = message(MessageClass::Request, ALLOCATE, 9.into(), &[&RequestedTransport::new(17)]);
    let mut request = forger.sign(request);
    let length = forger.username.len();
    let start = request.windows(length).position(|bytes| bytes == forger.username.as_bytes()).unwrap();
    let measured = allocation_counter::measure(|| {
        for number in 0..FLOOD {
            // One name in two is as of a time-limited user, which every secret is tried for.
            let kind = if number % 2 == 0 { "u000000000" } else { "1900000000" };
            request[start..start + length].copy_from_slice(format!("{kind}:{number:07}").as_bytes());
            assert_eq!(world.server.handle_client(world.now, forger.addr, &request), None);
            while let Some(output) = world.server.poll_output() {
                let Output::Send { client, message } = output else { panic!("a stranger gets nothing but answers") };
                assert_eq!(client, forger.addr);
                assert!(message.len() <= 2 * request.len(), "{} bytes for {}", message.len(), request.len());
            }
        }
    });
    assert!(measured.bytes_current <= 4096, "{} bytes stay", measured.bytes_current);
    let stats = world.server.stats();
    assert_eq!((stats.allocations, stats.reservations), (0, 0));
    assert_eq!(stats.challenges, u64::from(FLOOD) + 1, "all were answered, as was the first meeting");
    let (client, _) = world.allocated(udp("203.0.113.8:4000"));
    assert_eq!(world.permit(&client, PEER), Answer::Success, "and honest clients are served");
}
