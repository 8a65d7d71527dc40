use std::time::Duration;

use stun_types::attribute::{Nonce, PasswordAlgorithmValue, PasswordAlgorithms, Realm, Userhash, Username};
use stun_types::message::{IntegrityAlgorithm, MessageClass, MessageWrite, MessageWriteExt};
use turn::credentials::{Credentials, Password, Secret, rest_password, rest_username};
use turn::{ConfigError, Server, Transport};
use turn_types::attribute::RequestedTransport;
use turn_types::message::{ALLOCATE, REFRESH};

use crate::world::{Answer, Client, REALM, Reply, UNIX_TIME, World, client, config, credentials, message, start, udp};

const HOME: &str = "203.0.113.7:4000";

/// A client with a time-limited username.
fn rest_client(addr: turn::ClientAddr, expiry: Duration, secret: &str) -> Client {
    let username = rest_username(expiry, "carl");
    let password = rest_password(&Secret::new(secret), &username);
    Client::as_user(addr, &username, password.expose())
}

#[test]
fn a_stranger_is_challenged_with_realm_and_nonce() {
    let mut world = World::new();
    let request = world.request(ALLOCATE, &[&RequestedTransport::new(17)]);
    let reply = world.ask(&Client::new(udp(HOME)), &request);
    assert_eq!(reply.answer(), Answer::Error(401));
    let message = reply.message().unwrap();
    assert_eq!(message.attribute::<Realm>().unwrap().realm(), REALM);
    assert!(message.attribute::<Nonce>().is_ok());
    assert_eq!(world.server.stats().challenges, 1);
}

#[test]
fn a_complete_request_is_never_answered_by_more_than_twice_its_length() {
    let mut world = World::new();
    let asker = Client::new(udp(HOME));
    // The first Allocate of libwebrtc, and one with a LIFETIME and DONT-FRAGMENT.
    let smallest = world.request(ALLOCATE, &[&RequestedTransport::new(17)]);
    assert_eq!(smallest.len(), 28);
    let larger = world.request(
        ALLOCATE,
        &[
            &RequestedTransport::new(17),
            &turn_types::attribute::Lifetime::new(1800),
            &turn_types::attribute::DontFragment::new(),
        ],
    );
    for request in [smallest, larger] {
        let reply = world.ask(&asker, &request);
        assert_eq!(reply.answer(), Answer::Error(401));
        let (asked, told) = (request.len(), reply.bytes.unwrap().len());
        assert!(told <= 2 * asked, "{told} bytes for {asked}");
    }
}

#[test]
fn password_algorithms_are_offered_where_there_is_room_and_always_in_streams() {
    let offers = |reply: Reply| reply.message().unwrap().attribute::<PasswordAlgorithms>().is_ok();
    let mut world = World::new();
    let small = world.request(ALLOCATE, &[&RequestedTransport::new(17)]);
    let large = world.request(ALLOCATE, &[&RequestedTransport::new(17), &crate::world::raw(0x8022, b"client of 2026")]);
    assert!(!offers(world.ask(&Client::new(udp(HOME)), &small)));
    assert!(offers(world.ask(&Client::new(udp(HOME)), &large)));
    assert!(offers(world.ask(&Client::new(client(Transport::Tls, HOME)), &small)));
}

#[test]
fn responses_are_signed_the_way_the_request_was() {
    for (algorithm, expected) in
        [(IntegrityAlgorithm::Sha1, IntegrityAlgorithm::Sha1), (IntegrityAlgorithm::Sha256, IntegrityAlgorithm::Sha256)]
    {
        let mut world = World::new();
        let mut client = Client::new(client(Transport::Tcp, HOME));
        client.algorithm = algorithm;
        world.meet(&mut client);
        let reply = world.allocate(&client, &[]);
        assert_eq!(reply.answer(), Answer::Success);
        assert_eq!(reply.integrity(), Some(expected));
    }
}

#[test]
fn a_talked_down_offer_is_a_bad_request() {
    let mut world = World::new();
    let mut client = Client::new(client(Transport::Tcp, HOME));
    world.meet(&mut client);
    client.algorithms = Some(vec![PasswordAlgorithmValue::MD5]);
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Error(400));
    client.algorithms = None;
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Success, "RFC 5389 clients know neither attribute");
}

#[test]
fn a_wrong_password_or_an_unknown_user_is_unauthorized() {
    let mut world = World::new();
    for (username, password) in [("anna", "wrong"), ("nobody", "secret"), ("", "secret"), ("anna", "other")] {
        let mut client = Client::as_user(udp(HOME), username, password);
        world.meet(&mut client);
        assert_eq!(world.allocate(&client, &[]).answer(), Answer::Error(401), "{username}");
    }
    assert_eq!(world.server.stats().allocations, 0);
}

#[test]
fn a_signed_request_without_username_realm_or_nonce_is_a_bad_request() {
    let mut world = World::new();
    let mut client = Client::new(udp(HOME));
    world.meet(&mut client);
    let (username, realm, nonce) =
        (Username::new("anna").unwrap(), Realm::new(REALM).unwrap(), Nonce::new(&client.nonce).unwrap());
    for skipped in 0..3 {
        let transaction = world.transaction();
        let mut request = message(MessageClass::Request, ALLOCATE, transaction, &[&RequestedTransport::new(17)]);
        if skipped != 0 {
            request.add_attribute(&username).unwrap();
        }
        if skipped != 1 {
            request.add_attribute(&realm).unwrap();
        }
        if skipped != 2 {
            request.add_attribute(&nonce).unwrap();
        }
        request.add_message_integrity(&client.credentials(), IntegrityAlgorithm::Sha1).unwrap();
        assert_eq!(world.ask(&client, &request.finish()).answer(), Answer::Error(400), "without number {skipped}");
    }
}

#[test]
fn a_nonce_is_stale_after_its_lifetime_and_the_next_one_is_good() {
    let mut world = World::new();
    let (mut client, _) = world.allocated(udp(HOME));
    world.advance(Duration::from_secs(3500));
    assert_eq!(world.server.stats().allocations, 0);
    assert_eq!(world.refresh(&client, 600).answer(), Answer::Error(437), "the nonce is good for an hour");
    world.advance(Duration::from_secs(104));
    let reply = world.refresh(&client, 600);
    assert_eq!(reply.answer(), Answer::Error(438));
    client.learn(&reply);
    assert_eq!(world.refresh(&client, 600).answer(), Answer::Error(437));
}

#[test]
fn a_nonce_is_good_for_one_client_address_only() {
    let mut world = World::new();
    let mut home = Client::new(udp(HOME));
    world.meet(&mut home);
    for elsewhere in [udp("203.0.113.7:4001"), udp("203.0.113.8:4000"), client(Transport::Tcp, HOME)] {
        let thief = Client { addr: elsewhere, ..home.clone() };
        assert_eq!(world.allocate(&thief, &[]).answer(), Answer::Error(438));
    }
    assert_eq!(world.allocate(&home, &[]).answer(), Answer::Success);
}

#[test]
fn static_users_and_every_rest_secret_work_side_by_side() {
    let mut world = World::new();
    let later = UNIX_TIME + Duration::from_secs(60);
    let clients = [
        Client::new(udp("203.0.113.7:4000")),
        Client::as_user(udp("203.0.113.7:4001"), "ben", "other"),
        rest_client(udp("203.0.113.7:4002"), later, "north"),
        rest_client(udp("203.0.113.7:4003"), later, "south"),
    ];
    for mut client in clients {
        world.meet(&mut client);
        assert_eq!(world.allocate(&client, &[]).answer(), Answer::Success, "{}", client.username);
    }
    let mut stranger = rest_client(udp("203.0.113.7:4004"), later, "west");
    world.meet(&mut stranger);
    assert_eq!(world.allocate(&stranger, &[]).answer(), Answer::Error(401));
}

#[test]
fn an_expired_username_is_refused_on_allocate_and_on_refresh() {
    let mut world = World::new();
    let mut client = rest_client(udp(HOME), UNIX_TIME + Duration::from_secs(60), "north");
    world.meet(&mut client);
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Success);
    world.advance(Duration::from_secs(60));
    assert_eq!(world.refresh(&client, 600).answer(), Answer::Success, "to the last second");
    world.advance(Duration::from_secs(1));
    assert_eq!(world.refresh(&client, 600).answer(), Answer::Error(401));
    let mut late = rest_client(udp("203.0.113.7:4001"), UNIX_TIME + Duration::from_secs(60), "north");
    world.meet(&mut late);
    assert_eq!(world.allocate(&late, &[]).answer(), Answer::Error(401));
}

#[test]
fn setting_the_clock_moves_the_expiry() {
    let mut world = World::new();
    let mut client = rest_client(udp(HOME), UNIX_TIME + Duration::from_secs(60), "north");
    world.meet(&mut client);
    world.server.set_unix_time(world.now, UNIX_TIME + Duration::from_secs(61));
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Error(401));
    world.server.set_unix_time(world.now, UNIX_TIME);
    assert_eq!(world.allocate(&client, &[]).answer(), Answer::Success);
}

#[test]
fn a_userhash_stands_for_a_static_user() {
    let mut world = World::with(|config| config.credentials.rest_secrets.clear());
    let mut client = Client::new(client(Transport::Tcp, HOME));
    world.meet(&mut client);
    let transaction = world.transaction();
    let mut request = message(MessageClass::Request, ALLOCATE, transaction, &[&RequestedTransport::new(17)]);
    request.add_attribute(&Userhash::new(Userhash::compute("anna", REALM))).unwrap();
    request.add_attribute(&Realm::new(REALM).unwrap()).unwrap();
    request.add_attribute(&Nonce::new(&client.nonce).unwrap()).unwrap();
    request.add_message_integrity(&client.credentials(), IntegrityAlgorithm::Sha1).unwrap();
    assert_eq!(world.ask(&client, &request.finish()).answer(), Answer::Success);
}

#[test]
fn replaced_credentials_count_from_the_next_request() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    let new = Credentials { users: vec![("anna".to_owned(), Password::new("changed"))], rest_secrets: Vec::new() };
    world.server.set_credentials(new).unwrap();
    assert_eq!(world.refresh(&client, 600).answer(), Answer::Error(401));
    let client = Client { password: "changed".to_owned(), ..client };
    assert_eq!(world.refresh(&client, 600).answer(), Answer::Success);
    assert_eq!(world.server.set_credentials(Credentials::default()), Err(ConfigError::NoCredentials));
    assert_eq!(world.refresh(&client, 600).answer(), Answer::Success, "a refused change changes nothing");
}

#[test]
fn settings_that_would_open_the_relay_or_make_no_sense_are_refused() {
    let refused = |change: fn(&mut turn::Config)| {
        let mut config = config();
        change(&mut config);
        Server::new(config, [0; 32], start(), UNIX_TIME).map(|_| ()).unwrap_err()
    };
    let empty = |kind, position| ConfigError::EmptyCredential { kind, position };
    assert_eq!(refused(|config| config.credentials = Credentials::default()), ConfigError::NoCredentials);
    assert_eq!(refused(|config| config.credentials.rest_secrets.push(Secret::new(""))), empty("secret", 3));
    assert_eq!(
        refused(|config| config.credentials.users.push(("dora".to_owned(), Password::new("")))),
        empty("user", 3)
    );
    assert_eq!(
        refused(|config| config.credentials.users.push(("anna".to_owned(), Password::new("x")))),
        ConfigError::DuplicateUser("anna".to_owned())
    );
    assert_eq!(refused(|config| config.realm.clear()), ConfigError::RealmLength { bytes: 0 });
    assert_eq!(refused(|config| config.realm = "r".repeat(128)), ConfigError::RealmLength { bytes: 128 });
    assert_eq!(refused(|config| config.relay_ports = 0..=9), ConfigError::RelayPorts(0..=9));
}

#[test]
fn without_relaying_turn_requests_are_forbidden() {
    let mut world = World::with(|config| {
        (config.relay_v4, config.relay_v6) = (None, None);
        config.credentials = Credentials::default();
    });
    let request = world.request(ALLOCATE, &[&RequestedTransport::new(17)]);
    assert_eq!(world.ask(&Client::new(udp(HOME)), &request).answer(), Answer::Error(403));
    assert_eq!(credentials().users.len(), 2);
}

#[test]
fn another_user_cannot_touch_an_allocation() {
    let mut world = World::new();
    let (client, _) = world.allocated(udp(HOME));
    let mut ben = Client::as_user(udp(HOME), "ben", "other");
    ben.nonce = client.nonce;
    let reply = world.signed_ask(&ben, REFRESH, &[]);
    assert_eq!(reply.answer(), Answer::Error(441));
    assert!(reply.integrity().is_some(), "ben is who he says, so the answer is signed for him");
}
