//! Offers of real clients, in tests/corpus: the lines with `#` in front say of which; `# ---` stands between the rounds of a connection.

use std::path::PathBuf;

use rtp::parameters::Kind;

use super::{OfferError, answer_to, first, lines, names, session, validity};
use crate::session::Answer;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// What is said about a file, and its offers.
pub(super) fn read(name: &str) -> (String, Vec<String>) {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    let mut about = String::new();
    let mut offers = vec![String::new()];
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("# ") {
            Some("---\r\n") => offers.push(String::new()),
            Some(words) => about.push_str(words),
            None => offers.last_mut().unwrap().push_str(line),
        }
    }
    (about, offers)
}

pub(super) fn files() -> Vec<String> {
    let entries = std::fs::read_dir(folder()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn only(name: &str) -> Answer {
    let (_, offers) = read(name);
    first(offers.first().unwrap())
}

#[test]
fn every_offer_of_the_corpus_gets_a_valid_answer_unless_it_says_why_not() {
    assert!(files().len() >= 30);
    for name in files() {
        let (about, offers) = read(&name);
        let mut session = session();
        for (round, offer) in offers.iter().enumerate() {
            match answer_to(&mut session, offer) {
                Ok(answer) => {
                    assert!(!about.contains("Refused:"), "{name} says that it is refused");
                    assert!(answer.media.iter().any(|media| *media != crate::session::Media::Off), "{name}");
                    validity::check(offer, &answer);
                }
                Err(error) => assert!(about.contains(&format!("Refused: {error:?}")), "{name}, round {round}: {error}"),
            }
        }
    }
}

#[test]
fn browsers_get_simulcast_slots_and_data_channel_as_they_offer_them() {
    let rest = ["send"; 4].into_iter().chain(["send"; 3]).chain(["data"]);
    let expected: Vec<&str> = ["receive", "receive"].into_iter().chain(rest).collect();
    for name in ["chromium-meeting.sdp", "firefox-meeting.sdp"] {
        let answer = only(name);
        assert_eq!(names(&answer), expected, "{name}");
        assert_eq!(lines(&answer, "a=simulcast"), ["a=simulcast:recv q;h;f"], "{name}");
        let camera = answer.media[1].receive().unwrap();
        let rids: Vec<&str> = camera.rids.iter().map(|rid| rid.as_str()).collect();
        assert_eq!(rids, ["q", "h", "f"]);
        assert!(camera.extensions.rid.is_some() && camera.extensions.repaired_rid.is_some());
        assert!(
            camera.extensions.transport_cc.is_some() && camera.codecs.iter().all(|codec| codec.feedback.transport_cc)
        );
    }
}

#[test]
fn an_extension_that_firefox_only_sends_is_not_sent_to_it() {
    let answer = only("firefox-meeting.sdp");
    assert!(answer.media[1].receive().unwrap().extensions.dependency_descriptor.is_some());
    assert!(answer.media[2].send().unwrap().extensions.dependency_descriptor.is_none());
    assert!(lines(&answer, "a=extmap:8/recvonly").len() > 1);
}

#[test]
fn a_meeting_keeps_its_slots_while_others_stop_and_come() {
    for name in ["chromium-renegotiation.sdp", "firefox-renegotiation.sdp"] {
        let (_, offers) = read(name);
        let mut session = session();
        let mut kept: Option<u32> = None;
        let mut restarts = Vec::new();
        for offer in &offers {
            restarts.push(session.negotiate(offer, &super::Allow::everything()).unwrap().restarts_ice());
            let answer = answer_to(&mut session, offer).unwrap();
            let slot = answer.media[4].send().unwrap().ssrc;
            assert_eq!(*kept.get_or_insert(slot), slot, "{name}");
        }
        assert_eq!(restarts, [false, false, false, false, true], "{name}");
    }
}

#[test]
fn ffmpeg_which_insists_on_being_the_dtls_server_is_called_by_us() {
    let answer = only("ffmpeg-whip.sdp");
    assert_eq!(lines(&answer, "a=setup"), ["a=setup:active"; 2]);
    assert_eq!(names(&answer), ["receive", "receive"]);
}

#[test]
fn obs_keeps_its_stereo_sound() {
    let answer = only("obs-whip.sdp");
    let fmtp = &answer.media[0].receive().unwrap().codecs[0].fmtp;
    assert!(fmtp.contains("stereo=1") && fmtp.contains("maxaveragebitrate=96000"), "{fmtp}");
}

#[test]
fn pion_which_says_its_feedback_twice_is_told_ours_once() {
    let answer = only("pion-meeting.sdp");
    assert_eq!(names(&answer), ["receive", "receive", "send", "send", "send", "send", "data"]);
    assert_eq!(lines(&answer, "a=rtcp-fb:96 nack pli").len(), 3);
}

#[test]
fn gstreamer_that_does_not_bundle_is_told_so() {
    let (_, offers) = read("gstreamer-two-without-bundle.sdp");
    assert_eq!(super::refusal(&offers[0]), OfferError::NotBundled);
}

#[test]
fn layers_announced_by_ssrc_are_found_in_their_order() {
    let answer = only("chromium-simulcast-by-ssrc.sdp");
    let ssrcs = &answer.media[0].receive().unwrap().ssrcs;
    let pairs: Vec<(u32, Option<u32>)> = ssrcs.iter().map(|ssrc| (ssrc.media, ssrc.rtx)).collect();
    assert_eq!(pairs, [(1001, Some(2001)), (1002, Some(2002)), (1003, Some(2003))]);
}

#[test]
fn all_slots_of_a_kind_have_one_copy_of_their_codecs() {
    for name in ["chromium-meeting.sdp", "firefox-meeting.sdp"] {
        let answer = only(name);
        for kind in [Kind::Audio, Kind::Video] {
            let slots = answer.media.iter().filter_map(|media| media.send()).filter(|slot| slot.kind == kind);
            let codecs: Vec<_> = slots.map(|slot| &slot.codecs).collect();
            assert!(codecs.len() > 1, "{name}");
            assert!(codecs.iter().all(|one| std::sync::Arc::ptr_eq(one, codecs[0])), "{kind:?} of {name}");
        }
    }
}
