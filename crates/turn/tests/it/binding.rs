use stun_types::attribute::{Fingerprint, UnknownAttributes, XorMappedAddress};
use stun_types::message::{BINDING, Message, MessageClass, MessageWrite, MessageWriteExt};
use turn::Transport;

use crate::world::{Answer, Client, World, binding_request, client, message, raw, udp};

#[test]
fn a_binding_request_is_answered_with_the_reflexive_address_and_nothing_else() {
    for (remote, attribute_bytes) in [("203.0.113.7:4000", 12), ("[2001:db8:9::7]:4000", 24)] {
        let mut world = World::new();
        let asker = Client::new(udp(remote));
        let request = binding_request(&mut world);
        let reply = world.ask(&asker, &request);
        let message = reply.message().unwrap();
        let mapped = message.attribute::<XorMappedAddress>().unwrap().addr(message.transaction_id());
        assert_eq!(mapped, remote.parse().unwrap());
        assert_eq!(reply.bytes.unwrap().len(), 20 + attribute_bytes);
    }
}

#[test]
fn a_client_behind_a_dual_stack_socket_learns_its_ipv4_address() {
    let mut world = World::new();
    let asker = Client::new(udp("[::ffff:203.0.113.7]:4000"));
    let request = binding_request(&mut world);
    let reply = world.ask(&asker, &request);
    let message = reply.message().unwrap();
    let mapped = message.attribute::<XorMappedAddress>().unwrap().addr(message.transaction_id());
    assert_eq!(mapped, "203.0.113.7:4000".parse().unwrap());
}

#[test]
fn binding_is_served_over_every_transport_and_without_relaying() {
    for transport in [Transport::Udp, Transport::Tcp, Transport::Tls] {
        let mut world = World::with(|config| (config.relay_v4, config.relay_v6) = (None, None));
        let asker = Client::new(client(transport, "203.0.113.7:4000"));
        let request = binding_request(&mut world);
        assert_eq!(world.ask(&asker, &request).answer(), Answer::Success);
    }
}

#[test]
fn a_fingerprint_is_returned_to_those_who_send_one() {
    let mut world = World::new();
    let asker = Client::new(udp("203.0.113.7:4000"));
    let transaction = world.transaction();
    let mut request = message(MessageClass::Request, BINDING, transaction, &[]);
    request.add_fingerprint().unwrap();
    let reply = world.ask(&asker, &request.finish());
    assert!(reply.message().unwrap().attribute::<Fingerprint>().is_ok());
}

#[test]
fn a_wrong_fingerprint_is_dropped() {
    let mut world = World::new();
    let transaction = world.transaction();
    let mut request = message(MessageClass::Request, BINDING, transaction, &[]);
    request.add_fingerprint().unwrap();
    let mut request = request.finish();
    *request.last_mut().unwrap() ^= 1;
    assert_eq!(world.ask(&Client::new(udp("203.0.113.7:4000")), &request).answer(), Answer::Silence);
    assert_eq!(world.server.stats().drops.malformed, 1);
}

#[test]
fn unknown_attributes_that_must_be_understood_are_named_in_420() {
    let mut world = World::new();
    let asker = Client::new(udp("203.0.113.7:4000"));
    // CHANGE-REQUEST of RFC 5780, which would make us reflect.
    let request = world.request(BINDING, &[&raw(0x0003, &[0, 0, 0, 6]), &raw(0x7ABC, &[])]);
    let reply = world.ask(&asker, &request);
    assert_eq!(reply.answer(), Answer::Error(420));
    let unknown = reply.message().unwrap().attribute::<UnknownAttributes>().unwrap();
    assert!(unknown.has_attribute(0x0003.into()) && unknown.has_attribute(0x7ABC.into()));
}

#[test]
fn unknown_attributes_that_may_be_ignored_are() {
    let mut world = World::new();
    let request = world.request(BINDING, &[&raw(0xFABC, &[1, 2, 3])]);
    assert_eq!(world.ask(&Client::new(udp("203.0.113.7:4000")), &request).answer(), Answer::Success);
}

#[test]
fn what_no_server_has_a_use_for_is_dropped_and_counted() {
    let mut world = World::new();
    let asker = Client::new(udp("203.0.113.7:4000"));
    let transaction = world.transaction();
    let good = binding_request(&mut world);
    let mut wrong_cookie = good.clone();
    wrong_cookie[4] ^= 1;
    let mut wrong_length = good.clone();
    wrong_length[3] = 4;
    let success = message(MessageClass::Success, BINDING, transaction, &[]).finish();
    let data = message(MessageClass::Indication, turn_types::message::DATA, transaction, &[]).finish();
    let unknown_method = message(MessageClass::Request, turn_types::message::CONNECT, transaction, &[]).finish();
    let overlong_attribute = {
        let mut bytes = world.request(BINDING, &[&raw(0x8022, b"abcd")]);
        bytes[23] = 200;
        bytes
    };
    let junk: [&[u8]; 10] = [
        b"",
        b"\x00",
        &good[..19],
        &wrong_cookie,
        &wrong_length,
        &success,
        &data,
        &unknown_method,
        &overlong_attribute,
        b"\x80\x01junk",
    ];
    for (count, bytes) in junk.iter().enumerate() {
        assert_eq!(world.ask(&asker, bytes).answer(), Answer::Silence, "{bytes:x?}");
        assert_eq!(world.server.stats().drops.malformed, count as u64 + 1, "{bytes:x?}");
    }
}

#[test]
fn a_binding_indication_is_a_keep_alive() {
    let mut world = World::new();
    let transaction = world.transaction();
    let indication = message(MessageClass::Indication, BINDING, transaction, &[]).finish();
    assert_eq!(world.ask(&Client::new(udp("203.0.113.7:4000")), &indication).answer(), Answer::Silence);
    assert_eq!(world.server.stats().drops, turn::Drops::default());
}

#[test]
fn the_answer_to_a_binding_request_is_at_most_1_6_times_as_long() {
    let mut world = World::new();
    let request = binding_request(&mut world);
    let reply = world.ask(&Client::new(udp("203.0.113.7:4000")), &request);
    assert!(reply.bytes.unwrap().len() * 10 <= request.len() * 16);
    assert!(Message::from_bytes(&request).is_ok());
}
