//! Two servers behind one address.

use turn::{Config, Family, Forward, PeerAddr, Quotas, RelayAddr, Shard, named_shard};
use turn_types::attribute::{EvenPort, RequestedTransport, ReservationToken};
use turn_types::message::ALLOCATE;

use crate::world::{Answer, Client, PEER, World, channel_data, start, udp};

fn pair(change: impl Fn(&mut Config)) -> [World; 2] {
    let quotas = Quotas::new([1; 16], start());
    [0, 1].map(|index| World::of_shard(Shard::new(index, 2).unwrap(), quotas.clone(), &change))
}

#[test]
fn relay_ports_never_clash() {
    let [mut one, mut two] = pair(|config| config.relay_ports = 50_000..=50_019);
    for port in 1..=10 {
        let (_, first) = one.allocated(udp(&format!("203.0.113.7:{port}")));
        let (_, second) = two.allocated(udp(&format!("203.0.113.8:{port}")));
        assert!((50_000..50_010).contains(&first.port()) && (50_010..50_020).contains(&second.port()));
    }
}

#[test]
fn limits_count_over_both_servers() {
    let [mut one, mut two] = pair(|config| config.limits.allocations_per_user = 2);
    one.allocated(udp("203.0.113.7:1"));
    two.allocated(udp("203.0.113.8:1"));
    for world in [&mut one, &mut two] {
        let mut third = Client::new(udp("203.0.113.9:1"));
        world.meet(&mut third);
        assert_eq!(world.allocate(&third, &[]).answer(), Answer::Error(486));
    }
}

#[test]
fn a_peer_on_the_other_server_is_reached_through_its_owner() {
    let [mut one, mut two] = pair(|_| {});
    let (anna, anna_relay) = one.allocated(udp("203.0.113.7:1"));
    let (ben, ben_relay) = two.allocated(udp("198.51.100.9:1"));
    assert_eq!(one.bind_channel(&anna, 0x4000, &ben_relay.to_string()), Answer::Success);
    assert_eq!(two.bind_channel(&ben, 0x4001, &anna_relay.to_string()), Answer::Success);
    let bytes = channel_data(0x4000, b"hello");
    let relay = RelayAddr { family: Family::V4, port: ben_relay.port() };
    let source = PeerAddr::new(anna_relay);
    let forward = one.input(anna.addr, &bytes).0;
    assert_eq!(forward, Some(Forward::ToShard { shard: 1, relay, source, payload: 4..9 }));
    assert_eq!(two.server.handle_peer(two.now, relay, source, b"hello").unwrap().client, ben.addr);
    assert!(two.server.poll_output().is_none());
}

#[test]
fn a_reservation_token_names_its_server() {
    let [_, mut two] = pair(|_| {});
    let mut first = Client::new(udp("203.0.113.7:1"));
    two.meet(&mut first);
    let reply = two.allocate(&first, &[&EvenPort::new(true)]);
    let token = ReservationToken::new(reply.token().unwrap());
    let request = two.request(ALLOCATE, &[&RequestedTransport::new(17), &token]);
    assert_eq!(named_shard(&request), Some(1));
    let plain = two.request(ALLOCATE, &[&RequestedTransport::new(17)]);
    assert_eq!(named_shard(&plain), None);
    assert_eq!(named_shard(&channel_data(0x4000, PEER.as_bytes())), None);
}
