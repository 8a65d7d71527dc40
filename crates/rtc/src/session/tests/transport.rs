//! ICE, DTLS and bundling.

use super::*;
use crate::session::DtlsRole;

fn simple() -> String {
    offer(&[audio("0", "a=sendonly")])
}

fn candidates(description: &str) -> Vec<&str> {
    description.lines().filter(|line| line.starts_with("a=candidate")).collect()
}

#[test]
fn candidates_are_udp_first_and_passive_tcp_behind_it_in_the_first_and_the_last_description() {
    let answer = first(&offer(&[audio("0", "a=sendonly"), video("1", "a=recvonly"), video("2", "a=recvonly")]));
    let expected = [
        "a=candidate:3 1 udp 2130706431 2001:db8::1 3478 typ host",
        "a=candidate:4 1 udp 2130706175 192.0.2.1 3478 typ host",
        "a=candidate:1 1 tcp 1520435199 2001:db8::1 3478 typ host tcptype passive",
        "a=candidate:2 1 tcp 1520434943 192.0.2.1 3478 typ host tcptype passive",
    ];
    let per_description: Vec<_> = answer.sdp.split("m=").skip(1).map(candidates).collect();
    assert_eq!(per_description, [expected.to_vec(), Vec::new(), expected.to_vec()]);
    assert_eq!(lines(&answer, "a=end-of-candidates").len(), 2);
    assert_eq!(lines(&answer, "c="), ["c=IN IP4 192.0.2.1"; 3]);
    assert_eq!(lines(&answer, "a=ice-lite").len(), 1);
}

#[test]
fn without_a_udp_candidate_the_default_destination_is_the_discard_port() {
    let mut session = session();
    let negotiation = session.negotiate(&simple(), &Allow::everything()).unwrap();
    let fingerprint = own_fingerprint();
    let local =
        LocalTransport { ufrag: "abcd", pwd: "0123456789abcdefghijkl", fingerprint: &fingerprint, candidates: &[] };
    let answer = session.accept(negotiation, &local);
    assert!(answer.sdp.contains("m=audio 9 ") && answer.sdp.contains("c=IN IP4 0.0.0.0"));
}

#[test]
fn who_may_choose_calls_and_who_waits_is_called() {
    let role = |setup: &str| {
        let offer = simple().replace("a=setup:actpass\n", setup);
        session().negotiate(&offer, &Allow::everything()).map(|negotiation| negotiation.remote().role)
    };
    assert_eq!(role("a=setup:actpass\n"), Ok(DtlsRole::Server));
    assert_eq!(role("a=setup:active\n"), Ok(DtlsRole::Server));
    assert_eq!(role(""), Ok(DtlsRole::Server));
    assert_eq!(role("a=setup:passive\n"), Ok(DtlsRole::Client));
    assert_eq!(role("a=setup:holdconn\n"), Err(OfferError::Setup { value: "holdconn".to_owned() }));
}

#[test]
fn what_is_missing_is_named() {
    assert_eq!(refusal(&simple().replace("a=ice-ufrag:abcd\n", "")), OfferError::NoIceCredentials);
    assert_eq!(refusal(&simple().replace("a=ice-pwd:abc", "a=ice-pwd:a b")), OfferError::NoIceCredentials);
    assert_eq!(refusal(&simple().replace("sha-256 ", "sha-1 ")), OfferError::NoFingerprint);
    assert_eq!(refusal(&simple().replace("a=rtcp-mux\n", "")), OfferError::NoRtcpMux { index: 0 });
    assert_eq!(refusal(&simple().replace("t=0 0", "t=0 0\na=ice-lite")), OfferError::BothIceLite);
    assert_eq!(refusal("v=0\ns=-\n"), OfferError::NoMedia);
    assert_eq!(refusal("hello"), OfferError::Syntax { line: 1 });
    assert_eq!(refusal(&simple().replace("c=IN", "IN")), OfferError::Syntax { line: 11 });
    let twice = offer(&[audio("0", "a=sendonly"), video("0", "a=sendonly")]);
    assert_eq!(refusal(&twice), OfferError::DuplicateMid { mid: "0".to_owned() });
    assert_eq!(
        refusal(&simple().replace("a=mid:0", "a=mid:much-too-long-an-id")),
        OfferError::Value { line: 12, what: "a=mid" }
    );
}

#[test]
fn the_description_speaks_for_itself_before_the_session_speaks() {
    let own = offer(&[audio("0", "a=sendonly\na=ice-ufrag:mine\na=ice-pwd:minemineminemineminemine")]);
    let negotiation = session().negotiate(&own, &Allow::everything()).unwrap();
    assert_eq!(negotiation.remote().ufrag, "mine");
}

#[test]
fn the_first_accepted_of_the_group_speaks_for_the_bundle() {
    let with = |ufrag: &str| format!("a=sendonly\na=ice-ufrag:{ufrag}\na=ice-pwd:0123456789012345678901");
    let two = offer(&[audio("0", &with("uf00")), video("1", &with("uf11"))]);
    let ufrag = |offer: &str| session().negotiate(offer, &Allow::everything()).unwrap().remote().ufrag.clone();
    assert_eq!(ufrag(&two), "uf00");
    assert_eq!(ufrag(&two.replace("BUNDLE 0 1", "BUNDLE 1 0")), "uf11");
    assert_eq!(ufrag(&two.replace("opus/48000/2", "speex/16000")), "uf11", "a rejected one says nothing");
}

#[test]
fn one_description_needs_no_bundle_and_no_media_id() {
    let alone = simple().replace("a=group:BUNDLE 0\n", "").replace("a=mid:0\n", "");
    let answer = first(&alone);
    assert_eq!(names(&answer), ["receive"]);
    assert!(lines(&answer, "a=mid").is_empty() && lines(&answer, "a=group").is_empty());
    let stopped = format!("{alone}m=video 0 UDP/TLS/RTP/SAVPF 96\n");
    assert_eq!(names(&first(&stopped)), ["receive", "off"]);
}

#[test]
fn two_descriptions_need_a_bundle_and_what_is_outside_of_it_is_rejected() {
    let two = offer(&[audio("0", "a=sendonly"), video("1", "a=sendonly")]);
    assert_eq!(refusal(&two.replace("a=group:BUNDLE 0 1\n", "")), OfferError::NotBundled);
    assert_eq!(refusal(&two.replace("BUNDLE 0 1", "BUNDLE")), OfferError::NotBundled);
    let answer = first(&two.replace("BUNDLE 0 1", "BUNDLE 0"));
    assert_eq!(names(&answer), ["receive", "off"]);
    assert!(answer.sdp.contains("m=video 0 "));
}

#[test]
fn a_bundle_only_description_with_port_zero_is_not_stopped() {
    let offer =
        offer(&[audio("0", "a=sendonly"), video("1", "a=recvonly\na=bundle-only")]).replace("m=video 9", "m=video 0");
    let answer = first(&offer);
    assert_eq!(names(&answer), ["receive", "send"]);
    assert!(answer.sdp.contains("m=video 3478 "));
}

#[test]
fn trickle_is_echoed_where_it_is_offered() {
    assert!(lines(&first(&simple()), "a=ice-options").is_empty());
    let trickle = simple().replace("a=setup", "a=ice-options:renomination trickle\na=setup");
    assert_eq!(lines(&first(&trickle), "a=ice-options"), ["a=ice-options:trickle"]);
}

#[test]
fn unknown_lines_and_attributes_are_passed_over() {
    let strange = simple()
        .replace("a=rtcp-mux\n", "a=rtcp-mux\nb=AS:500\nk=clear:x\na=unheard-of:1 2\na=ssrc:none\na=rid\nz=\n\n");
    assert_eq!(names(&first(&strange)), ["receive"]);
}

#[test]
fn credentials_are_not_shown_by_debug_output() {
    let negotiation = session().negotiate(&simple(), &Allow::everything()).unwrap();
    assert!(!format!("{negotiation:?}").contains("abcdefghijklmnopqrstuv"));
}
