//! Over several rounds.

use std::collections::BTreeSet;

use super::*;

#[test]
fn a_slot_keeps_its_ssrcs_when_offered_again() {
    let mut session = session();
    let slot = |direction: &str| offer(&[audio("0", "a=sendonly"), video("1", direction)]);
    let before = answer_to(&mut session, &slot("a=recvonly")).unwrap();
    let after = answer_to(&mut session, &slot("a=recvonly")).unwrap();
    assert_eq!(before.media[1], after.media[1]);
    let both = answer_to(&mut session, &slot("a=sendrecv")).unwrap();
    assert_eq!(before.media[1].send(), both.media[1].send(), "sending goes on when receiving begins");
}

#[test]
fn a_slot_that_sends_again_after_a_pause_has_other_ssrcs() {
    for pause in ["a=inactive", "a=sendonly"] {
        let mut session = session();
        let slot = |direction: &str| offer(&[audio("0", "a=sendonly"), video("1", direction)]);
        let before = answer_to(&mut session, &slot("a=recvonly")).unwrap();
        assert_eq!(answer_to(&mut session, &slot(pause)).unwrap().media[1].send(), None);
        let after = answer_to(&mut session, &slot("a=recvonly")).unwrap();
        let [before, after] = [&before, &after].map(|answer| answer.media[1].send().unwrap());
        let ssrcs = [before.ssrc, before.rtx_ssrc, after.ssrc, after.rtx_ssrc];
        let distinct: BTreeSet<u32> = ssrcs.into_iter().collect();
        assert_eq!(distinct.len(), ssrcs.len(), "{pause}");
    }
}

#[test]
fn the_version_of_the_answer_counts_up_and_its_id_stays() {
    let mut session = session();
    let offer = offer(&[audio("0", "a=sendonly")]);
    let origins =
        [0, 1].map(|_| answer_to(&mut session, &offer).unwrap()).map(|answer| lines(&answer, "o=")[0].to_owned());
    let words = origins.each_ref().map(|line| line.split(' ').collect::<Vec<_>>());
    assert_eq!(words[0][1], words[1][1]);
    assert_eq!((words[0][2], words[1][2]), ("0", "1"));
}

#[test]
fn the_place_of_a_stopped_description_may_be_taken_by_another_kind() {
    let mut session = session();
    let before = answer_to(&mut session, &offer(&[audio("0", "a=sendonly"), video("1", "a=recvonly")])).unwrap();
    let stopped = offer(&[audio("0", "a=sendonly"), ("1", "m=video 0 UDP/TLS/RTP/SAVPF 96\na=mid:1\n".to_owned())]);
    let stopped = stopped.replace("BUNDLE 0 1", "BUNDLE 0");
    let answer = answer_to(&mut session, &stopped).unwrap();
    assert_eq!(names(&answer), ["receive", "off"]);
    assert!(answer.sdp.contains("a=group:BUNDLE 0\r\n"));
    let reused = offer(&[audio("0", "a=sendonly"), audio("2", "a=recvonly")]);
    let after = answer_to(&mut session, &reused).unwrap();
    assert_eq!(names(&after), ["receive", "send"]);
    assert_ne!(ssrc(&before, 1), ssrc(&after, 1));
}

#[test]
fn a_description_in_use_neither_changes_nor_disappears() {
    let mut session = session();
    let known = offer(&[audio("0", "a=sendonly"), video("1", "a=recvonly")]);
    let before = answer_to(&mut session, &known).unwrap();
    let changed = OfferError::MediaChanged { index: 1, known: "1".to_owned() };
    let other_mid = offer(&[audio("0", "a=sendonly"), video("2", "a=recvonly")]);
    assert_eq!(answer_to(&mut session, &other_mid).unwrap_err(), changed);
    let other_kind = offer(&[audio("0", "a=sendonly"), audio("1", "a=recvonly")]);
    assert_eq!(answer_to(&mut session, &other_kind).unwrap_err(), changed);
    let fewer = offer(&[audio("0", "a=sendonly")]);
    assert_eq!(answer_to(&mut session, &fewer).unwrap_err(), OfferError::MediaRemoved { offered: 1, known: 2 });
    let after = answer_to(&mut session, &known).unwrap();
    assert_eq!(before.media, after.media, "refused offers leave no trace");
}

#[test]
fn new_credentials_are_a_restart_and_the_same_ones_are_none() {
    let mut session = session();
    let known = offer(&[audio("0", "a=sendonly")]);
    assert!(!session.negotiate(&known, &Allow::everything()).unwrap().restarts_ice(), "the first round starts");
    answer_to(&mut session, &known).unwrap();
    assert!(!session.negotiate(&known, &Allow::everything()).unwrap().restarts_ice());
    let restarted = known.replace("ufrag:abcd", "ufrag:efgh");
    assert!(session.negotiate(&restarted, &Allow::everything()).unwrap().restarts_ice());
    assert_eq!(session.remote().unwrap().ufrag, "abcd", "a negotiation that is not accepted changes nothing");
    answer_to(&mut session, &restarted).unwrap();
    assert_eq!(session.remote().unwrap().ufrag, "efgh");
}

#[test]
fn another_certificate_is_refused() {
    let mut session = session();
    let known = offer(&[audio("0", "a=sendonly")]);
    answer_to(&mut session, &known).unwrap();
    let error = answer_to(&mut session, &known.replace("00:01:02", "FF:01:02")).unwrap_err();
    assert_eq!(error, OfferError::FingerprintChanged);
}

#[test]
fn a_dtls_role_is_kept() {
    let mut session = session();
    let passive = offer(&[audio("0", "a=sendonly")]).replace("actpass", "passive");
    let answer = answer_to(&mut session, &passive).unwrap();
    assert_eq!(lines(&answer, "a=setup"), ["a=setup:active"]);
    let answer = answer_to(&mut session, &passive.replace("passive", "actpass")).unwrap();
    assert_eq!(lines(&answer, "a=setup"), ["a=setup:active"]);
    let error = answer_to(&mut session, &passive.replace("passive", "active")).unwrap_err();
    assert_eq!(error, OfferError::Setup { value: "active".to_owned() });
}

#[test]
fn when_everything_is_stopped_the_session_goes_on() {
    let mut session = session();
    answer_to(&mut session, &offer(&[audio("0", "a=sendonly")])).unwrap();
    let stopped = "v=0\nm=audio 0 UDP/TLS/RTP/SAVPF 111\na=mid:0\n";
    assert_eq!(names(&answer_to(&mut session, stopped).unwrap()), ["off"]);
    let again = answer_to(&mut session, &offer(&[audio("1", "a=recvonly")])).unwrap();
    assert_eq!(names(&again), ["send"]);
}

#[test]
fn a_slot_does_not_take_an_ssrc_that_the_client_uses() {
    let slot = ssrc(&first(&offer(&[audio("0", "a=recvonly")])), 0);
    let taken = offer(&[audio("0", &format!("a=sendrecv\na=ssrc:{slot} cname:x"))]);
    assert_ne!(ssrc(&first(&taken), 0), slot, "the same seed avoids what is taken");
}
