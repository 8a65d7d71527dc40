//! Whole calls with str0m as the client, and what strangers may try.

use std::time::Duration;

use str0m::Event;
use str0m::media::{Direction, MediaKind};
use str0m::rtp::RtpWrite;

use crate::srtp::Profile;
use crate::testing::start;

use super::*;
use crate::data::{ChannelId, MessageKind, SendError};
use call::{CLIENT, Call, UFRAG, address, path};

mod call;

/// The client sends one packet of its camera.
fn send_from_client(call: &mut Call, sequence: u64, payload: &[u8]) {
    let (camera, _) = call.mids.unwrap();
    let pt = call.client.media(camera).unwrap().remote_pts()[0];
    let (now, mut api) = (call.now, call.client.direct_api());
    let stream = api.stream_tx_by_mid(camera, None).unwrap();
    stream.write_rtp(RtpWrite::new(pt, sequence.into(), sequence as u32 * 3000, now, payload.to_vec()));
}

/// The server sends one packet into the client's slot.
fn send_from_server(call: &mut Call, index: u64, payload: &[u8]) {
    let answer = call.answer.as_ref().unwrap();
    let slot = answer.media.iter().find_map(|media| media.send()).unwrap();
    let mut packet = vec![0x80, slot.codecs[0].payload_type];
    packet.extend_from_slice(&(index as u16).to_be_bytes());
    packet.extend_from_slice(&(index as u32 * 3000).to_be_bytes());
    packet.extend_from_slice(&slot.ssrc.to_be_bytes());
    packet.extend_from_slice(payload);
    let plain_len = packet.len();
    packet.resize(plain_len + call.server.tag_len(), 0);
    assert_eq!(call.server.protect_rtp(index, &mut packet, plain_len), Ok(packet.len()));
    let path = call.server.path().unwrap();
    call.send_to_client(path, packet);
}

fn payloads_at_client(call: &Call) -> Vec<Vec<u8>> {
    let packets =
        call.events.iter().filter_map(|event| if let Event::RtpPacket(packet) = event { Some(packet) } else { None });
    packets.map(|packet| packet.payload.to_vec()).collect()
}

/// Without padding: that of the client's probes is none of ours.
fn payloads_at_server(call: &Call) -> Vec<Vec<u8>> {
    let packets = call.media.iter().map(|packet| rtp::Packet::parse(packet).unwrap());
    packets.map(|packet| packet.payload().to_vec()).filter(|payload| !payload.is_empty()).collect()
}

fn reason(call: &Call) -> Option<DisconnectReason> {
    let last = call.outputs.last();
    last.and_then(|output| if let Output::Disconnected { reason } = output { Some(*reason) } else { None })
}

#[test]
fn a_client_connects_and_media_flows_both_ways() {
    let mut call = Call::connected(1, 0);
    assert!(call.elapsed() < Duration::from_millis(500), "{:?}", call.elapsed());
    assert_eq!(call.outputs.first(), Some(&Output::Connected { profile: Some(Profile::AeadAes128Gcm) }));
    assert_eq!(call.server.path(), Some(path(CLIENT)));
    let sent: Vec<Vec<u8>> = (0..50_u8).map(|number| vec![number; 100]).collect();
    for (sequence, payload) in sent.iter().enumerate() {
        send_from_client(&mut call, sequence as u64 + 1, payload);
        send_from_server(&mut call, sequence as u64 + 65_500, payload);
        call.run(Duration::from_millis(20), |_| false);
    }
    call.run(Duration::from_secs(2), |_| false);
    assert_eq!(payloads_at_server(&call), sent);
    let mut arrived = payloads_at_client(&call);
    arrived.sort();
    assert_eq!(arrived, sent);
    assert!(!call.reports.is_empty(), "the client's reports arrive");
    assert_eq!(call.server.stats(), Stats::default());
}

#[test]
fn packets_of_a_stream_that_is_known_are_taken_without_allocation() {
    let mut call = Call::connected(1, 0);
    for sequence in 1..30 {
        send_from_client(&mut call, sequence, &[7; 1000]);
        call.run(Duration::from_millis(10), |_| false);
    }
    let (first, later) = call.allocations.split_first().unwrap();
    assert!(*first > 0 && later.len() > 20 && later.iter().filter(|&&count| count > 0).count() <= 1, "{later:?}");
}

#[test]
fn a_client_that_waits_for_the_handshake_gets_it_from_the_server() {
    let mut call = Call::new(1, 0);
    let mut change = call.client.sdp_api();
    let camera = change.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
    let (offer, pending) = change.apply().unwrap();
    call.mids = Some((camera, camera));
    call.negotiate(&offer.to_sdp_string().replace("a=setup:actpass", "a=setup:passive"), pending);
    assert!(call.answer.as_ref().unwrap().sdp.contains("a=setup:active"));
    call.run(Duration::from_secs(5), Call::is_connected);
    assert!(call.is_connected());
    send_from_client(&mut call, 1, b"from a passive client");
    call.run(Duration::from_secs(1), |_| false);
    assert_eq!(payloads_at_server(&call), [b"from a passive client".to_vec()]);
}

#[test]
fn a_request_of_the_server_for_a_key_frame_reaches_the_client() {
    let mut call = Call::connected(1, 0);
    send_from_client(&mut call, 1, b"frame");
    call.run(Duration::from_millis(100), |_| false);
    let ssrc = rtp::Packet::parse(&call.media[0]).unwrap().ssrc();
    let mut request = vec![0x81, 206, 0, 2, 0, 0, 0, 1];
    request.extend_from_slice(&ssrc.to_be_bytes());
    call.server.protect_rtcp(&mut request).unwrap();
    call.send_to_client(path(CLIENT), request);
    call.run(Duration::from_millis(100), |_| false);
    assert!(call.events.iter().any(|event| matches!(event, Event::KeyframeRequest(_))), "{:?}", call.events);
}

/// The client repeats its last flight after 1, 3 and 7 seconds: each time it may be lost on the way, or the answer to it.
#[test]
fn over_a_link_that_loses_a_fifth_clients_connect_within_ten_seconds() {
    let connected = (0..20).filter(|&seed| {
        let mut call = Call::offered(seed, 20);
        call.run(Duration::from_secs(10), Call::is_connected);
        call.is_connected()
    });
    let connected = connected.count();
    assert!(connected >= 18, "{connected} of 20");
}

#[test]
fn after_an_ice_restart_media_goes_on_at_the_old_address_until_the_new_one_is_chosen() {
    let mut call = Call::connected(1, 0);
    call.add_address("203.0.113.9:6000");
    call.restart_ice();
    let answer = call.answer.clone().unwrap().sdp;
    let ufrag = answer.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap();
    assert!(ufrag.starts_with(UFRAG) && ufrag.len() > UFRAG.len(), "{ufrag}");
    send_from_server(&mut call, 1, b"while it restarts");
    assert_eq!(call.server.path(), Some(path(CLIENT)));
    call.dead.push(address(CLIENT));
    call.run(Duration::from_secs(20), |call| call.server.path() == Some(path("203.0.113.9:6000")));
    assert_eq!(call.server.path(), Some(path("203.0.113.9:6000")));
    send_from_server(&mut call, 2, b"at the new address");
    call.run(Duration::from_secs(1), |_| false);
    assert_eq!(payloads_at_client(&call), [b"while it restarts".to_vec(), b"at the new address".to_vec()]);
    let connected = call.outputs.iter().filter(|output| matches!(output, Output::Connected { .. })).count();
    assert_eq!(connected, 1, "{:?}", call.outputs);
}

/// Who sees a check go by can send it again from its own address: it knows no password to answer ours with.
#[test]
fn a_check_that_a_stranger_repeats_moves_no_media() {
    let mut call = Call::connected(1, 0);
    let stranger = path("203.0.113.66:1");
    call.repeat_checks_from = Some(stranger);
    call.run(Duration::from_secs(20), |_| false);
    assert!(call.repeated > 3, "{}", call.repeated);
    assert_eq!(call.server.path(), Some(path(CLIENT)));
    send_from_server(&mut call, 1, b"to whom it belongs");
    call.run(Duration::from_secs(1), |_| false);
    assert_eq!(payloads_at_client(&call), [b"to whom it belongs".to_vec()]);
}

#[test]
fn a_client_that_vanishes_is_given_up_thirty_seconds_after_its_last_sign() {
    let mut call = Call::connected(1, 0);
    call.dead.push(address(CLIENT));
    let vanished = call.now;
    call.run(Duration::from_secs(60), |call| reason(call).is_some());
    assert_eq!(reason(&call), Some(DisconnectReason::Consent));
    let silent = call.now - vanished;
    assert!(silent > Duration::from_secs(25) && silent <= Duration::from_secs(31), "{silent:?}");
    assert_eq!(call.server.poll_timeout(), None);
}

#[test]
fn either_end_can_say_goodbye() {
    let mut call = Call::connected(1, 0);
    call.run(Duration::from_secs(2), |_| false);
    call.server.close(call.now);
    call.run(Duration::from_secs(1), |_| false);
    assert_eq!(reason(&call), Some(DisconnectReason::Closed));
    assert!(call.events.iter().any(|event| matches!(event, Event::Closed)));
    let mut call = Call::connected(1, 0);
    call.run(Duration::from_secs(2), |_| false);
    call.client.close().unwrap();
    call.run(Duration::from_secs(1), |_| false);
    assert_eq!(reason(&call), Some(DisconnectReason::ClosedByClient));
}

#[test]
fn a_client_with_another_certificate_than_its_offer_announced_is_refused() {
    let mut call = Call::new(1, 0);
    let mut change = call.client.sdp_api();
    change.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
    let (offer, pending) = change.apply().unwrap();
    let offer = offer.to_sdp_string();
    let digest = offer.lines().find_map(|line| line.strip_prefix("a=fingerprint:sha-256 ")).unwrap();
    let other = format!("{}{}", if digest.starts_with("00") { "11" } else { "00" }, &digest[2..]);
    call.negotiate(&offer.replace(digest, &other), pending);
    call.run(Duration::from_secs(5), |call| reason(call).is_some());
    assert_eq!(reason(&call), Some(DisconnectReason::FingerprintMismatch));
    assert!(!call.outputs.iter().any(|output| matches!(output, Output::Connected { .. })));
    assert_eq!(call.server.protect_rtcp(&mut vec![0x80; 8]), Err(ProtectError::NoKeys));
}

#[test]
fn before_an_address_has_passed_a_check_it_gets_no_answer_to_anything_else() {
    let mut call = Call::offered(1, 0);
    let stranger = path("203.0.113.66:1");
    for first in [20_u8, 22, 64, 128, 200] {
        call.deliver(stranger, vec![first; 300]);
    }
    assert_eq!(call.server.stats().unexpected, 5);
    assert_eq!(call.server.path(), None);
    assert_eq!(call.server.poll_output(), None);
    call.run(Duration::from_secs(5), Call::is_connected);
    assert!(call.is_connected());
}

#[test]
fn garbage_on_the_path_of_a_call_is_counted_and_disturbs_nothing() {
    let mut call = Call::connected(1, 0);
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..2000 {
        let length = rng.usize(0..200);
        let first = [0, 1, 22, 23, 64, 128, 144][rng.usize(0..7)];
        let garbage: Vec<u8> = std::iter::once(first).chain((0..length).map(|_| rng.u8(..))).collect();
        call.deliver(path(CLIENT), garbage);
    }
    let stats = call.server.stats();
    assert!(stats.not_authentic > 100 && stats.unexpected > 100 && stats.malformed > 10, "{stats:?}");
    send_from_client(&mut call, 1, b"undisturbed");
    call.run(Duration::from_secs(1), |_| false);
    assert_eq!(payloads_at_server(&call), [b"undisturbed".to_vec()]);
}

#[test]
fn an_offer_that_cannot_be_answered_changes_nothing() {
    let mut call = Call::connected(1, 0);
    let refused = call.server.handle_offer(call.now, "v=0\r\n", &Allow::everything());
    assert_eq!(refused, Err(OfferError::NoMedia));
    send_from_server(&mut call, 1, b"as before");
    call.run(Duration::from_secs(1), |_| false);
    assert_eq!(payloads_at_client(&call), [b"as before".to_vec()]);
}

#[test]
fn a_peer_that_gets_no_offer_is_over_after_thirty_seconds() {
    let now = start();
    let mut peer = call::server(now);
    assert_eq!(peer.handle_datagram(now, path(CLIENT), &mut [0; 40]), Received::Nothing);
    let at = peer.poll_timeout().unwrap();
    assert_eq!(at, now + Duration::from_secs(30));
    peer.handle_timeout(at);
    assert_eq!(peer.poll_output(), Some(Output::Disconnected { reason: DisconnectReason::Consent }));
    assert_eq!(peer.poll_output(), None);
    assert_eq!(peer.poll_timeout(), None);
}

#[test]
fn messages_pass_both_ways_over_a_channel_that_the_client_opens() {
    let mut call = Call::connected(1, 0);
    let opened = |call: &Call| {
        let opened =
            |output: &Output| if let Output::DataOpened { channel, .. } = output { Some(*channel) } else { None };
        call.outputs.iter().find_map(opened)
    };
    call.run(Duration::from_secs(2), |_| false);
    let channel = opened(&call).unwrap();
    let id = call.events.iter().find_map(|event| if let Event::ChannelOpen(id, _) = event { Some(*id) } else { None });
    let long = vec![7; 60_000];
    call.client.channel(id.unwrap()).unwrap().write(true, &long).unwrap();
    call.server.send_data(call.now, channel, MessageKind::Text, &long).unwrap();
    call.run(Duration::from_secs(10), |_| false);
    let message = Output::Data { channel, kind: MessageKind::Binary, bytes: long.clone() };
    assert!(call.outputs.contains(&message));
    let arrived = |event: &Event| matches!(event, Event::ChannelData(data) if !data.binary && data.data == long);
    assert!(call.events.iter().any(arrived));
    let unknown = call.server.send_data(call.now, ChannelId(77), MessageKind::Text, b"");
    assert_eq!(unknown, Err(SendError::UnknownChannel));
}

/// Of the 60 kB that the whole server may spend on a listener. Seen: 18 kB, of which data channels take 5.
#[test]
fn a_connected_peer_takes_less_than_twenty_kilobytes() {
    let mut call = Call::connected(1, 0);
    send_from_client(&mut call, 1, b"one stream");
    call.run(Duration::from_secs(5), |_| false);
    let peer = std::mem::replace(&mut call.server, call::server(call.now));
    let heap = -allocation_counter::measure(|| drop(peer)).bytes_current;
    let total = heap + size_of::<Peer>() as i64;
    assert!(total < 20 * 1024, "{total} bytes");
}
