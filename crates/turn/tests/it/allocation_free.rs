use std::hint::black_box;

use turn::{ClientAddr, Forward, Transport};

use crate::world::{PEER, World, channel_data, client, send_indication, udp};

/// Memory allocations while `run` runs.
fn allocations(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).count_total
}

/// Anna and Ben with a channel to a peer and to each other.
fn world() -> (World, ClientAddr, std::net::SocketAddr, String) {
    let mut world = World::new();
    let (anna, anna_relay) = world.allocated(udp("203.0.113.7:4000"));
    let (ben, ben_relay) = world.allocated(client(Transport::Tcp, "203.0.113.8:4000"));
    world.bind_channel(&anna, 0x4000, PEER);
    world.bind_channel(&anna, 0x4001, &ben_relay.to_string());
    world.bind_channel(&ben, 0x4000, &anna_relay.to_string());
    (world, anna.addr, anna_relay, ben_relay.to_string())
}

#[test]
fn payloads_are_forwarded_without_allocating_memory() {
    let (mut world, anna, relay, ben_relay) = world();
    let (to_peer, to_ben) = (channel_data(0x4000, &[7; 1200]), channel_data(0x4001, &[7; 1200]));
    let (send, send_to_ben) =
        (send_indication(7.into(), PEER, &[7; 1200]), send_indication(7.into(), &ben_relay, &[7; 1200]));
    let now = world.now;
    let count = allocations(|| {
        for message in [&to_peer, &to_ben, &send, &send_to_ben] {
            assert!(black_box(world.server.handle_client(now, anna, message)).is_some());
            assert!(world.server.poll_output().is_none());
        }
    });
    assert_eq!(count, 0);
    let with_channel = turn::PeerAddr::new(PEER.parse().unwrap());
    let without_channel = turn::PeerAddr::new("8.8.4.4:6000".parse().unwrap());
    let relay = turn::RelayAddr { family: turn::Family::V4, port: relay.port() };
    let payload = [7; 1200];
    let count = allocations(|| {
        for peer in [with_channel, without_channel] {
            assert!(black_box(world.server.handle_peer(now, relay, peer, &payload)).is_some());
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn what_is_dropped_allocates_no_memory_either() {
    let (mut world, anna, relay, _) = world();
    let now = world.now;
    let (no_channel, no_permission) =
        (channel_data(0x4777, b"hello"), send_indication(7.into(), "9.9.9.9:1", b"hello"));
    let forbidden = send_indication(7.into(), "127.0.0.1:1", b"hello");
    let stranger = turn::PeerAddr::new("9.9.9.9:1".parse().unwrap());
    let relay = turn::RelayAddr { family: turn::Family::V4, port: relay.port() };
    let count = allocations(|| {
        for message in [&no_channel[..], &no_permission, &forbidden, b"\x00\x01junk", b"\xff"] {
            assert_eq!(world.server.handle_client(now, anna, message), None::<Forward>);
        }
        assert_eq!(world.server.handle_peer(now, relay, stranger, b"hello"), None);
    });
    assert_eq!(count, 0);
}
