//! What may be relayed per second.

use std::net::SocketAddr;
use std::time::Duration;

use turn::credentials::{Secret, rest_password, rest_username};
use turn::{Cap, Caps, Config, Quotas, Shard};

use crate::world::{Answer, Client, PEER, UNIX_TIME, World, channel_data, start, udp};

const SECRET: &str = "a shared secret";

/// A client of a user, with an allocation and a channel.
fn client(world: &mut World, remote: &str, user: &str) -> (Client, SocketAddr) {
    let username = rest_username(UNIX_TIME + Duration::from_secs(3_600), user);
    let password = rest_password(&Secret::new(SECRET), &username);
    let mut client = Client::as_user(udp(remote), &username, password.expose());
    world.meet(&mut client);
    let reply = world.allocate(&client, &[]);
    assert_eq!(reply.answer(), Answer::Success);
    assert_eq!(world.bind_channel(&client, 0x4000, PEER), Answer::Success);
    (client, reply.relayed().unwrap())
}

fn with_caps(caps: Caps) -> impl Fn(&mut Config) {
    move |config| {
        config.limits.caps = caps;
        config.credentials.rest_secrets = vec![Secret::new(SECRET)];
    }
}

/// Two servers that count together.
fn pair(caps: Caps) -> [World; 2] {
    let quotas = Quotas::new([1; 16], start());
    [0, 1].map(|index| World::of_shard(Shard::new(index, 2).unwrap(), quotas.clone(), with_caps(caps)))
}

/// A client on each of several servers sends and gets 1,000 bytes a thousand times a second, for ten seconds; how many packets went to
/// peers, and to clients.
fn flood(worlds: &mut [World], users: &[&str]) -> (u64, u64) {
    let mut ends = Vec::new();
    for (place, (world, user)) in worlds.iter_mut().zip(users).enumerate() {
        ends.push(client(world, &format!("203.0.113.7:{}", place + 1), user));
    }
    let (message, mut passed) = (channel_data(0x4000, &[7; 1_000]), (0, 0));
    for _ in 0..10_000 {
        for (world, (client, relayed)) in worlds.iter_mut().zip(&ends) {
            world.advance(Duration::from_millis(1));
            passed.0 += u64::from(world.input(client.addr, &message).0.is_some());
            passed.1 += u64::from(world.peer_sends(*relayed, PEER, &[7; 1_000]).is_some());
        }
    }
    passed
}

fn check((to_peer, to_client): (u64, u64), wanted: u64) {
    for packets in [to_peer, to_client] {
        assert!(packets * 100 >= wanted * 95 && packets * 100 <= wanted * 105, "{packets} of {wanted}");
    }
}

#[test]
fn an_allocation_relays_as_many_bits_per_second_as_it_may_in_each_direction() {
    let allocation = Cap { bits_per_second: 4_000_000, packets_per_second: 0 };
    let mut worlds = [World::with(with_caps(Caps { allocation, ..Caps::default() }))];
    let passed = flood(&mut worlds, &["carl"]);
    check(passed, 5_000);
    let stats = worlds[0].server.stats();
    assert_eq!((stats.to_peers, stats.to_clients), passed, "what is dropped is not counted as relayed");
    assert_eq!(stats.drops.over_allocation_cap, 20_000 - passed.0 - passed.1);
}

#[test]
fn an_allocation_relays_as_many_packets_per_second_as_it_may() {
    let allocation = Cap { bits_per_second: 0, packets_per_second: 300 };
    let mut worlds = [World::with(with_caps(Caps { allocation, ..Caps::default() }))];
    check(flood(&mut worlds, &["carl"]), 3_000);
}

#[test]
fn allocations_of_one_user_share_what_it_may_relay_on_all_servers_that_count_together() {
    let user = Cap { bits_per_second: 8_000_000, packets_per_second: 0 };
    let mut worlds = pair(Caps { user, ..Caps::default() });
    let passed = flood(&mut worlds, &["carl", "carl"]);
    check(passed, 10_000);
    let dropped: u64 = worlds.iter().map(|world| world.server.stats().drops.over_user_cap).sum();
    assert_eq!(dropped, 40_000 - passed.0 - passed.1);
}

#[test]
fn users_of_one_room_share_what_it_may_relay_and_other_rooms_have_their_own() {
    let room = Cap { bits_per_second: 0, packets_per_second: 500 };
    let caps = Caps { room, ..Caps::default() };
    let mut worlds = pair(caps);
    let passed = flood(&mut worlds, &["carl#r1", "dora#r1"]);
    check(passed, 5_000);
    let dropped: u64 = worlds.iter().map(|world| world.server.stats().drops.over_room_cap).sum();
    assert_eq!(dropped, 40_000 - passed.0 - passed.1);
    check(flood(&mut pair(caps), &["carl#r1", "dora#r2"]), 10_000);
    assert_eq!(flood(&mut pair(caps), &["carl", "dora"]), (20_000, 20_000), "who is in no room");
}

#[test]
fn what_the_room_refuses_takes_nothing_from_the_user() {
    let few = Cap { bits_per_second: 0, packets_per_second: 4 };
    let mut world = World::with(with_caps(Caps { user: few, room: few, ..Caps::default() }));
    let (carl, _) = client(&mut world, "203.0.113.7:1", "carl#r1");
    let (dora, _) = client(&mut world, "203.0.113.7:2", "dora#r1");
    let message = channel_data(0x4000, b"hello");
    assert!(world.input(carl.addr, &message).0.is_some());
    assert!(world.input(dora.addr, &message).0.is_none(), "the room has had its quarter of a second");
    assert_eq!(world.server.stats().drops.over_room_cap, 1);
    world.advance(Duration::from_millis(250));
    assert!(world.input(dora.addr, &message).0.is_some());
}

#[test]
fn a_cap_that_is_changed_holds_for_allocations_that_there_are() {
    let mut world = World::with(with_caps(Caps::default()));
    let (carl, _) = client(&mut world, "203.0.113.7:1", "carl");
    let message = channel_data(0x4000, b"hello");
    let passed = |world: &mut World| (0..100).filter(|_| world.input(carl.addr, &message).0.is_some()).count();
    assert_eq!(passed(&mut world), 100);
    let allocation = Cap { bits_per_second: 0, packets_per_second: 40 };
    let mut config = crate::world::config();
    with_caps(Caps { allocation, ..Caps::default() })(&mut config);
    world.server.reconfigure(world.now, &config).unwrap();
    assert_eq!(passed(&mut world), 10, "a quarter of a second's worth");
}

#[test]
fn two_clients_behind_one_server_are_held_by_the_caps_of_both() {
    let allocation = Cap { bits_per_second: 0, packets_per_second: 40 };
    let mut world = World::with(with_caps(Caps { allocation, ..Caps::default() }));
    let (carl, carl_relay) = client(&mut world, "203.0.113.7:1", "carl");
    let (dora, dora_relay) = client(&mut world, "203.0.113.7:2", "dora");
    assert_eq!(world.bind_channel(&carl, 0x4001, &dora_relay.to_string()), Answer::Success);
    assert_eq!(world.bind_channel(&dora, 0x4001, &carl_relay.to_string()), Answer::Success);
    let message = channel_data(0x4001, b"hello");
    for _ in 0..4 {
        assert!(world.peer_sends(dora_relay, PEER, b"hello").is_some());
    }
    let passed = (0..100).filter(|_| world.input(carl.addr, &message).0.is_some()).count();
    assert_eq!(passed, 6, "of ten that carl may send, dora has had four from elsewhere");
}
