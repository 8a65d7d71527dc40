//! What changes while allocations are there.

use turn::credentials::Password;
use turn::{Config, ConfigError, Forward};

use crate::world::{Answer, Client, RELAY_V4, World, assemble, channel_data, config, udp};

const ANNA: &str = "203.0.113.7:4000";
const PRIVATE: &str = "10.0.0.1:7";
const PUBLIC: &str = "8.8.4.4:7";

fn change(world: &mut World, change: impl FnOnce(&mut Config)) -> Result<(), ConfigError> {
    let mut config = config();
    change(&mut config);
    world.server.reconfigure(world.now, &config)
}

#[test]
fn new_credentials_hold_from_the_next_request_on_and_no_allocation_ends() {
    let mut world = World::new();
    let (anna, _) = world.allocated(udp(ANNA));
    assert_eq!(world.bind_channel(&anna, 0x4000, PUBLIC), Answer::Success);
    change(&mut world, |config| config.credentials.users = vec![("anna".to_owned(), Password::new("changed"))])
        .unwrap();
    assert!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0.is_some(), "what is bound flows on");
    assert_eq!(world.refresh(&anna, 600).answer(), Answer::Error(401));
    let anna = Client { password: "changed".to_owned(), ..anna };
    assert_eq!(world.refresh(&anna, 600).answer(), Answer::Success);
    let mut ben = Client::as_user(udp("203.0.113.8:1"), "ben", "other");
    world.meet(&mut ben);
    assert_eq!(world.allocate(&ben, &[]).answer(), Answer::Error(401), "he is no user any more");
}

#[test]
fn what_cannot_be_changes_nothing() {
    let mut world = World::new();
    let (anna, _) = world.allocated(udp(ANNA));
    let refused = change(&mut world, |config| {
        config.credentials.users.push(("anna".to_owned(), Password::new("again")));
        config.limits.channels_per_allocation = 1;
    });
    assert_eq!(refused, Err(ConfigError::DuplicateUser("anna".to_owned())));
    let none = change(&mut world, |config| config.credentials = turn::credentials::Credentials::default());
    assert_eq!(none, Err(ConfigError::NoCredentials));
    for (number, peer) in [(0x4000, "8.0.0.1:1"), (0x4001, "8.0.0.2:1")] {
        assert_eq!(world.bind_channel(&anna, number, peer), Answer::Success);
    }
}

#[test]
fn peers_that_may_not_be_reached_any_more_are_cut_off() {
    let mut world = World::with(|config| config.allow_peers = vec!["10.0.0.0/8".parse().unwrap()]);
    let (anna, relayed) = world.allocated(udp(ANNA));
    for (number, peer) in [(0x4000, PRIVATE), (0x4001, PUBLIC)] {
        assert_eq!(world.bind_channel(&anna, number, peer), Answer::Success);
    }
    change(&mut world, |_| {}).unwrap();
    assert_eq!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0, None);
    assert_eq!(world.send_indication(&anna, PRIVATE, b"hello"), None);
    assert_eq!(world.peer_sends(relayed, PRIVATE, b"hello"), None);
    assert_eq!(world.permit(&anna, PRIVATE), Answer::Error(403));
    assert!(world.input(anna.addr, &channel_data(0x4001, b"hello")).0.is_some(), "others are not");
    change(&mut world, |config| config.allow_peers = vec!["10.0.0.1/32".parse().unwrap()]).unwrap();
    assert_eq!(world.permit(&anna, PRIVATE), Answer::Success);
}

#[test]
fn limits_hold_from_the_next_request_on() {
    let mut world = World::new();
    let (anna, _) = world.allocated(udp(ANNA));
    change(&mut world, |config| config.limits.allocations_total = 1).unwrap();
    let mut ben = Client::as_user(udp("203.0.113.8:1"), "ben", "other");
    world.meet(&mut ben);
    assert_eq!(world.allocate(&ben, &[]).answer(), Answer::Error(508));
    assert_eq!(world.refresh(&anna, 600).answer(), Answer::Success);
    change(&mut world, |config| config.limits.challenges = turn::Rate { per_second: 1, burst: 1 }).unwrap();
    world.meet(&mut ben);
    let request = world.request(turn_types::message::ALLOCATE, &[]);
    assert_eq!(world.ask(&ben, &request).answer(), Answer::Silence, "the pace is the new one");
    assert_eq!(world.allocate(&ben, &[]).answer(), Answer::Success);
}

const MOVED: &str = "192.0.2.200";

fn move_to(world: &mut World, ip: &str) {
    change(world, |config| config.relay_v4 = Some(ip.parse().unwrap())).unwrap();
}

#[test]
fn when_our_address_changes_new_allocations_have_the_new_one_and_old_ones_keep_theirs() {
    let mut world = World::new();
    let (anna, before) = world.allocated(udp(ANNA));
    move_to(&mut world, MOVED);
    let (_, after) = world.allocated(udp("203.0.113.8:4000"));
    assert_eq!((before.ip().to_string().as_str(), after.ip().to_string().as_str()), (RELAY_V4, MOVED));
    let surveyed: Vec<_> =
        world.server.survey(world.now, None, 9).into_iter().flat_map(|found| found.relayed).collect();
    assert_eq!(surveyed, [before, after]);
    assert_eq!(world.refresh(&anna, 600).answer(), Answer::Success);
}

#[test]
fn two_who_know_each_other_by_an_old_and_a_new_address_of_ours_go_on() {
    let mut world = World::new();
    let (anna, before) = world.allocated(udp(ANNA));
    move_to(&mut world, MOVED);
    let (ben, after) = world.allocated(udp("203.0.113.8:4000"));
    assert_eq!(world.bind_channel(&anna, 0x4000, &after.to_string()), Answer::Success);
    assert_eq!(world.bind_channel(&ben, 0x4001, &before.to_string()), Answer::Success);
    for (from, number, to, as_number) in [(&anna, 0x4000, &ben, 0x4001), (&ben, 0x4001, &anna, 0x4000)] {
        let bytes = channel_data(number, b"hello");
        let Some(Forward::ToClient(to_client)) = world.input(from.addr, &bytes).0 else { panic!("it stays in memory") };
        assert_eq!((to_client.client, assemble(&to_client, &bytes)), (to.addr, channel_data(as_number, b"hello")));
    }
}

#[test]
fn an_address_that_is_ours_from_now_on_leads_to_relays_and_to_nothing_else() {
    let mut world = World::new();
    let (anna, _) = world.allocated(udp(ANNA));
    let listener = "8.8.4.4:3478";
    assert_eq!(world.bind_channel(&anna, 0x4000, listener), Answer::Success);
    assert!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0.is_some(), "so far it is a stranger's");
    move_to(&mut world, "8.8.4.4");
    assert_eq!(world.input(anna.addr, &channel_data(0x4000, b"hello")).0, None);
    assert_eq!(world.bind_channel(&anna, 0x4001, "8.8.4.4:22"), Answer::Error(403));
    // Nor does the one before lead anywhere but to relays: it may be somebody else's by now.
    assert_eq!(world.bind_channel(&anna, 0x4001, &format!("{RELAY_V4}:22")), Answer::Error(403));
}

#[test]
fn no_more_former_addresses_are_remembered_than_eight() {
    let mut world = World::new();
    let (anna, _) = world.allocated(udp(ANNA));
    for last in 1..=9 {
        move_to(&mut world, &format!("8.8.4.{last}"));
    }
    // Eight are behind us without the first, which is a stranger's again.
    assert_eq!(world.bind_channel(&anna, 0x4000, "8.8.4.1:22"), Answer::Error(403));
    assert_eq!(world.bind_channel(&anna, 0x4000, "8.8.4.9:22"), Answer::Error(403));
    move_to(&mut world, "8.8.4.10");
    assert_eq!(world.bind_channel(&anna, 0x4000, "8.8.4.1:22"), Answer::Success);
}
