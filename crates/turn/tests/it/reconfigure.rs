//! What changes while allocations are there.

use turn::credentials::Password;
use turn::{Config, ConfigError};

use crate::world::{Answer, Client, World, channel_data, config, udp};

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
