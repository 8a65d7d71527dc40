//! Handshakes over links of every kind, in virtual time: with another engine at either end, and with our own at both.

mod end;

use crate::srtp::KeyingMaterial;
use crate::testing::{End, Network, certificate, start};

use end::{Link, PERFECT, Pair, Who, ours};

use super::*;

/// How many of `runs` handshakes are over within five seconds, and the times they took, sorted.
fn within_five_seconds(who: Who, runs: u64, (loss, repeated): (u8, u8), names: usize) -> Vec<Duration> {
    let mut took: Vec<Duration> = (0..runs)
        .filter_map(|seed| {
            let mut pair = Pair::new(who, &Link { seed, loss, repeated }, names);
            let begun = pair.now;
            pair.run(Duration::from_secs(5), Pair::is_connected);
            pair.is_connected().then(|| pair.now - begun)
        })
        .collect();
    took.sort();
    took
}

#[test]
fn handshakes_end_within_five_seconds_over_links_that_lose_and_repeat() {
    let (small, large) = (1, 150);
    for who in [Who::TheyCall, Who::WeCallOurselves] {
        for (loss, repeated, names, least) in [
            (0, 0, small, 100),
            (10, 10, small, 99),
            (30, 0, small, 90),
            (30, 30, small, 95),
            (0, 0, large, 100),
            (10, 10, large, 97),
            (30, 0, large, 75),
        ] {
            let took = within_five_seconds(who, 100, (loss, repeated), names);
            let link = format!("{who:?} loss {loss} repeated {repeated} names {names}");
            assert!(took.len() >= least, "{link}: {} of 100", took.len());
            assert!(loss > 0 || took.last().unwrap() < &Duration::from_millis(300), "{link}: {took:?}");
        }
    }
}

#[test]
fn we_call_another_engine_over_a_link_that_loses_and_repeats() {
    let took = within_five_seconds(Who::WeCall, 100, (10, 10), 1);
    assert!(took.len() >= 95, "{} of 100", took.len());
}

#[test]
fn a_certificate_of_twenty_datagrams_passes_and_one_beyond_the_limit_ends_the_peer() {
    let mut pair = Pair::new(Who::TheyCall, &PERFECT, 500);
    pair.run(Duration::from_secs(10), Pair::is_connected);
    assert!(pair.is_connected(), "{:?}", pair.failure);
    let mut pair = Pair::new(Who::TheyCall, &PERFECT, 1500);
    pair.run(Duration::from_secs(10), |_| false);
    assert_eq!(pair.failure, Some(DisconnectReason::Certificate));
}

#[test]
fn both_ends_have_the_same_keys_and_speak_whoever_calls() {
    for who in [Who::TheyCall, Who::WeCall, Who::WeCallOurselves] {
        let mut pair = Pair::connected(who, &PERFECT);
        let [client, server] = pair.keys();
        assert_eq!((client.profile, server.profile), (Profile::AeadAes128Gcm, Profile::AeadAes128Gcm), "{who:?}");
        let mut report = b"\x80\xC9\0\x01\0\0\0\x2A".to_vec();
        server.protector.protect_rtcp(&mut report).unwrap();
        assert_eq!(client.unprotector.unprotect_rtcp(&mut report), Ok(0..8));
        let mut report = b"\x80\xC9\0\x01\0\0\0\x2A".to_vec();
        client.protector.protect_rtcp(&mut report).unwrap();
        assert_eq!(server.unprotector.unprotect_rtcp(&mut report), Ok(0..8));
        pair.client.send(b"from the client");
        pair.server.send(b"from the server");
        pair.run(Duration::from_secs(1), |_| false);
        assert_eq!(pair.client.received, [b"from the server".to_vec()]);
        assert_eq!(pair.server.received, [b"from the client".to_vec()]);
    }
}

#[test]
fn a_certificate_that_was_not_announced_ends_the_peer_before_any_key() {
    for who in [Who::TheyCall, Who::WeCall] {
        let mut pair = Pair::with_announced(who, &PERFECT, 1, |_| vec![fingerprint(HashFunction::Sha256, b"another")]);
        pair.run(Duration::from_secs(5), |_| false);
        assert_eq!(pair.failure, Some(DisconnectReason::FingerprintMismatch));
        assert!(pair.client.keys.is_none() && pair.server.keys.is_none());
    }
}

#[test]
fn one_of_several_fingerprints_is_enough_by_any_of_the_hash_functions() {
    for hash in [HashFunction::Sha256, HashFunction::Sha384, HashFunction::Sha512] {
        let mut pair = Pair::with_announced(Who::TheyCall, &PERFECT, 1, |certificate| {
            vec![fingerprint(HashFunction::Sha256, b"another certificate"), fingerprint(hash, certificate)]
        });
        pair.run(Duration::from_secs(5), Pair::is_connected);
        assert!(pair.is_connected(), "{hash:?}");
    }
}

#[test]
fn close_notify_reaches_the_other_end_both_ways() {
    let mut pair = Pair::connected(Who::TheyCall, &PERFECT);
    pair.server.close();
    pair.run(Duration::from_secs(1), |_| false);
    assert!(pair.client.closed);
    let mut pair = Pair::connected(Who::TheyCall, &PERFECT);
    pair.client.close();
    pair.run(Duration::from_secs(1), |pair| pair.server.closed);
    assert!(pair.server.closed);
}

#[test]
fn a_client_that_falls_silent_is_given_up_when_the_handshake_has_taken_too_long() {
    let mut pair = Pair::new(Who::TheyCall, &PERFECT, 1);
    let hello = pair.first_datagram();
    let begun = pair.now;
    let mut server = ours(DtlsRole::Server, 1, vec![], begun).0;
    server.handle_datagram(begun, &hello).unwrap();
    let mut repetitions = 0;
    let (reason, at) = loop {
        while server.poll_event().is_some() {}
        let next = server.poll_timeout().unwrap();
        match server.handle_timeout(next) {
            Ok(()) => repetitions += 1,
            Err(reason) => break (reason, next),
        }
    };
    assert_eq!((reason, at - begun, repetitions), (DisconnectReason::HandshakeTimeout, Duration::from_secs(30), 8));
}

#[test]
fn in_the_handshake_as_many_datagrams_as_the_limit_are_read_each_second() {
    let now = start();
    let mut allowance = Allowance::new(now);
    assert!((0..HANDSHAKE_DATAGRAMS_MAX).all(|_| allowance.take(now)));
    assert!(!allowance.take(now + HANDSHAKE_REFILL - Duration::from_nanos(1)));
    assert!(allowance.take(now + HANDSHAKE_REFILL));
}

#[test]
fn early_records_wait_up_to_the_limit() {
    let now = start();
    let (mut server, _) = ours(DtlsRole::Server, 1, vec![], now);
    for sequence in 0..EARLY_RECORDS_MAX + 1 {
        let record = [&[22, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, sequence as u8, 0, 30][..], &[7; 30]].concat();
        server.handle_datagram(now, &record).unwrap();
    }
    let State::Handshake(underway) = &server.state else { panic!("the handshake is not over") };
    assert_eq!(underway.early.len(), EARLY_RECORDS_MAX);
}

#[test]
fn a_hello_that_is_repeated_is_answered_again_but_not_at_once() {
    let mut pair = Pair::new(Who::TheyCall, &PERFECT, 1);
    let hello = pair.first_datagram();
    let now = pair.now;
    let (mut server, _) = ours(DtlsRole::Server, 1, vec![], now);
    let mut answers = |at: Instant| {
        server.handle_datagram(at, &hello).unwrap();
        std::iter::from_fn(|| server.poll_event()).count()
    };
    assert!(answers(now) > 0);
    assert_eq!(answers(now + Duration::from_millis(49)), 0);
    assert!(answers(now + Duration::from_millis(50)) > 0);
    assert_eq!(answers(now + Duration::from_millis(51)), 0);
}

#[test]
fn forged_records_do_not_end_an_association() {
    let mut pair = Pair::connected(Who::TheyCall, &PERFECT);
    let mut rng = fastrand::Rng::with_seed(7);
    for kind in [20_u8, 21, 22, 23, 24] {
        for epoch in [0_u8, 1, 2] {
            for length in [0_usize, 2, 25, 60, 1100] {
                let mut forged =
                    vec![kind, 0xFE, 0xFD, 0, epoch, 0, 0, 0, 0, 1, rng.u8(..), (length >> 8) as u8, length as u8];
                forged.extend((0..length).map(|_| rng.u8(..)));
                if length == 2 {
                    // A fatal alert in the clear.
                    forged[13..15].copy_from_slice(&[2, 40]);
                }
                assert_eq!(pair.server.handle_datagram(pair.now, &forged), Ok(()), "{kind} {epoch} {length}");
            }
        }
    }
    pair.client.send(b"still here");
    pair.run(Duration::from_secs(1), |_| false);
    assert_eq!((pair.server.received, pair.failure), (vec![b"still here".to_vec()], None));
}

#[test]
fn a_record_that_is_repeated_is_delivered_once() {
    let mut pair = Pair::connected(Who::TheyCall, &PERFECT);
    pair.client.send(b"once");
    pair.network.repeat_all();
    pair.drain();
    pair.network.repeat_all();
    pair.run(Duration::from_secs(1), |_| false);
    assert_eq!(pair.server.received, [b"once".to_vec()]);
}

#[test]
fn every_cut_and_every_flipped_bit_of_a_flight_is_survived() {
    let mut pair = Pair::new(Who::TheyCall, &PERFECT, 1);
    let hello = pair.first_datagram();
    for at in 0..hello.len() {
        let (mut server, _) = ours(DtlsRole::Server, 1, vec![], pair.now);
        let _ = server.handle_datagram(pair.now, &hello[..at]);
        for bit in 0..8 {
            let mut flipped = hello.clone();
            flipped[at] ^= 1 << bit;
            let (mut server, _) = ours(DtlsRole::Server, 1, vec![], pair.now);
            let _ = server.handle_datagram(pair.now, &flipped);
            assert!(!server.is_connected());
        }
    }
}

#[test]
fn every_profile_becomes_keys_that_fit_those_of_the_other_end() {
    for profile in [Profile::AeadAes256Gcm, Profile::AeadAes128Gcm, Profile::Aes128CmHmacSha1] {
        let exported: Vec<u8> = (0..2 * (profile.key_len() + profile.salt_len()) as u8).collect();
        let material = KeyingMaterial::new(profile, &exported).unwrap();
        let (mut server, mut client) = (material.of_server(), material.of_client());
        let mut report = b"\x80\xC9\0\x01\0\0\0\x2A".to_vec();
        server.0.protect_rtcp(&mut report).unwrap();
        assert_eq!(client.1.unprotect_rtcp(&mut report), Ok(0..8));
        let mut report = b"\x80\xC9\0\x01\0\0\0\x2A".to_vec();
        client.0.protect_rtcp(&mut report).unwrap();
        assert_eq!(server.1.unprotect_rtcp(&mut report), Ok(0..8));
    }
}
