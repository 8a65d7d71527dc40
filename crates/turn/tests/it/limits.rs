use std::time::Duration;

use stun_types::message::BINDING;
use turn::Rate;
use turn_types::attribute::RequestedTransport;
use turn_types::message::ALLOCATE;

use crate::world::{Answer, Client, World, channel_data, udp};

/// What a new client at `remote` is answered when it allocates as `username`.
fn allocate(world: &mut World, remote: &str, username: &str) -> Answer {
    let password = if username == "ben" { "other" } else { "secret" };
    let mut client = Client::as_user(udp(remote), username, password);
    world.meet(&mut client);
    world.allocate(&client, &[]).answer()
}

#[test]
fn one_user_has_so_many_allocations_and_no_more() {
    let mut world = World::with(|config| config.limits.allocations_per_user = 2);
    assert_eq!(allocate(&mut world, "203.0.113.7:1", "anna"), Answer::Success);
    assert_eq!(allocate(&mut world, "203.0.114.7:1", "anna"), Answer::Success);
    assert_eq!(allocate(&mut world, "203.0.115.7:1", "anna"), Answer::Error(486));
    assert_eq!(allocate(&mut world, "203.0.115.7:1", "ben"), Answer::Success);
    world.advance(Duration::from_secs(600));
    assert_eq!(allocate(&mut world, "203.0.115.7:1", "anna"), Answer::Success);
}

#[test]
fn time_limited_usernames_count_for_the_user_inside() {
    use turn::credentials::{Secret, rest_password, rest_username};
    let mut world = World::with(|config| config.limits.allocations_per_user = 2);
    let mut answers = Vec::new();
    for later in 1..=3 {
        let username = rest_username(crate::world::UNIX_TIME + Duration::from_secs(later), "carl");
        let password = rest_password(&Secret::new("north"), &username);
        let mut client = Client::as_user(udp(&format!("203.0.113.7:{later}")), &username, password.expose());
        world.meet(&mut client);
        answers.push(world.allocate(&client, &[]).answer());
    }
    assert_eq!(answers, [Answer::Success, Answer::Success, Answer::Error(486)]);
}

#[test]
fn one_client_address_has_so_many_allocations_and_no_more() {
    let mut world = World::with(|config| config.limits.allocations_per_address = 2);
    assert_eq!(allocate(&mut world, "203.0.113.7:1", "anna"), Answer::Success);
    assert_eq!(allocate(&mut world, "203.0.113.7:2", "ben"), Answer::Success);
    assert_eq!(allocate(&mut world, "203.0.113.7:3", "anna"), Answer::Error(486));
    assert_eq!(allocate(&mut world, "203.0.113.8:3", "anna"), Answer::Success);
}

#[test]
fn an_ipv6_client_counts_with_its_64_bit_prefix() {
    let mut world = World::with(|config| config.limits.allocations_per_address = 1);
    assert_eq!(allocate(&mut world, "[2001:db8:9::1]:1", "anna"), Answer::Success);
    assert_eq!(allocate(&mut world, "[2001:db8:9::2]:1", "anna"), Answer::Error(486));
    assert_eq!(allocate(&mut world, "[2001:db8:9:1::1]:1", "anna"), Answer::Success);
}

#[test]
fn the_server_has_so_many_allocations_and_no_more() {
    let mut world = World::with(|config| config.limits.allocations_total = 2);
    assert_eq!(allocate(&mut world, "203.0.113.7:1", "anna"), Answer::Success);
    assert_eq!(allocate(&mut world, "203.0.114.7:1", "ben"), Answer::Success);
    assert_eq!(allocate(&mut world, "203.0.115.7:1", "anna"), Answer::Error(508));
}

#[test]
fn an_allocation_has_so_many_permissions_and_no_more() {
    let mut world = World::with(|config| {
        config.limits.permissions_per_allocation = 3;
        config.limits.new_peers.per_second = 0;
    });
    let (client, _) = world.allocated(udp("203.0.113.7:1"));
    for peer in ["8.0.0.1:1", "8.0.0.2:1", "8.0.0.3:1"] {
        assert_eq!(world.permit(&client, peer), Answer::Success);
    }
    assert_eq!(world.permit(&client, "8.0.0.4:1"), Answer::Error(508));
    assert_eq!(world.bind_channel(&client, 0x4000, "8.0.0.4:1"), Answer::Error(508));
    assert_eq!(world.permit(&client, "8.0.0.3:1"), Answer::Success, "a refresh takes no room");
    world.advance(Duration::from_secs(300));
    assert_eq!(world.permit(&client, "8.0.0.4:1"), Answer::Success, "expired ones make room");
}

#[test]
fn an_allocation_has_so_many_channels_and_no_more() {
    let mut world = World::with(|config| config.limits.channels_per_allocation = 2);
    let (client, _) = world.allocated(udp("203.0.113.7:1"));
    assert_eq!(world.bind_channel(&client, 0x4000, "8.0.0.1:1"), Answer::Success);
    assert_eq!(world.bind_channel(&client, 0x4001, "8.0.0.1:2"), Answer::Success);
    assert_eq!(world.bind_channel(&client, 0x4002, "8.0.0.1:3"), Answer::Error(508));
    assert_eq!(world.bind_channel(&client, 0x4001, "8.0.0.1:2"), Answer::Success, "a refresh takes no room");
    assert_eq!(world.input(client.addr, &channel_data(0x4002, b"hello")).0, None);
}

#[test]
fn new_peers_come_at_a_pace() {
    let mut world = World::with(|config| config.limits.new_peers = Rate { per_second: 5, burst: 3 });
    let (client, _) = world.allocated(udp("203.0.113.7:1"));
    for peer in ["8.0.0.1:1", "8.0.0.2:1", "8.0.0.3:1"] {
        assert_eq!(world.permit(&client, peer), Answer::Success);
    }
    assert_eq!(world.permit(&client, "8.0.0.4:1"), Answer::Error(508));
    assert_eq!(world.permit(&client, "8.0.0.3:9"), Answer::Success, "not a new one");
    world.advance(Duration::from_millis(200));
    assert_eq!(world.permit(&client, "8.0.0.4:1"), Answer::Success);
    assert_eq!(world.permit(&client, "8.0.0.5:1"), Answer::Error(508));
}

#[test]
fn a_limit_of_zero_is_none() {
    let mut world = World::with(|config| {
        config.limits.allocations_total = 0;
        config.limits.allocations_per_user = 0;
        config.limits.allocations_per_address = 0;
        config.limits.permissions_per_allocation = 0;
        config.limits.channels_per_allocation = 0;
        for rate in [&mut config.limits.new_peers, &mut config.limits.bindings, &mut config.limits.challenges] {
            *rate = Rate { per_second: 0, burst: 0 };
        }
    });
    for port in 1..=500 {
        assert_eq!(allocate(&mut world, &format!("203.0.113.7:{port}"), "anna"), Answer::Success);
    }
    let (client, _) = world.allocated(udp("203.0.113.7:501"));
    for host in 0..=255_u16 {
        assert_eq!(world.bind_channel(&client, 0x4000 + host, &format!("8.0.0.{host}:1")), Answer::Success);
    }
}

#[test]
fn binding_answers_are_limited_per_source_prefix() {
    let mut world = World::with(|config| config.limits.bindings = Rate { per_second: 10, burst: 4 });
    let answers = |world: &mut World, remote: &str, count: usize| {
        (0..count)
            .filter(|_| {
                let request = world.request(BINDING, &[]);
                world.ask(&Client::new(udp(remote)), &request).answer() == Answer::Success
            })
            .count()
    };
    assert_eq!(answers(&mut world, "203.0.113.7:1", 4), 4);
    assert_eq!(answers(&mut world, "203.0.113.9:1", 1), 0, "the same /24");
    assert_eq!(answers(&mut world, "203.0.114.7:1", 5), 4, "another one");
    assert_eq!(answers(&mut world, "[2001:db8:9::1]:1", 5), 4);
    assert_eq!(answers(&mut world, "[2001:db8:9:ffff::1]:1", 1), 0, "the same /48");
    world.advance(Duration::from_millis(100));
    assert_eq!(answers(&mut world, "203.0.113.7:1", 2), 1);
    assert_eq!(world.server.stats().drops.rate_limited, 5);
}

#[test]
fn challenges_are_limited_per_source_prefix_and_do_not_hold_up_those_who_know_the_password() {
    let mut world = World::with(|config| config.limits.challenges = Rate { per_second: 10, burst: 4 });
    let mut client = Client::new(udp("203.0.113.7:1"));
    world.meet(&mut client);
    for expected in [Answer::Error(401), Answer::Error(401), Answer::Error(401), Answer::Silence] {
        let request = world.request(ALLOCATE, &[&RequestedTransport::new(17)]);
        assert_eq!(world.ask(&Client::new(udp("203.0.113.9:1")), &request).answer(), expected);
    }
    let guesser = Client { password: "guess".to_owned(), ..client.clone() };
    assert_eq!(world.allocate(&guesser, &[]).answer(), Answer::Silence, "guessing is held up as well");
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Success);
}
