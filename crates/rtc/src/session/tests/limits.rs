//! At the limit, and one beyond.

use super::*;
use crate::sdp::{
    DESCRIPTION_BYTES_MAX, EXTENSIONS_MAX, FINGERPRINTS_MAX, FORMAT_PARAMETERS_BYTES_MAX, MEDIA_DESCRIPTIONS_MAX,
    PAYLOAD_TYPES_MAX, RIDS_MAX, SSRC_GROUPS_MAX, SSRCS_MAX,
};
use crate::session::SIMULCAST_LAYERS_MAX;

/// Accepts `max` of a line and refuses one more.
fn bounds(max: usize, what: &str, line: impl Fn(usize) -> String) {
    let with = |count: usize| offer(&[video("0", &(0..count).map(&line).collect::<String>())]);
    assert_eq!(names(&first(&with(max))), ["both"], "{what}");
    let OfferError::TooMany { what: named, max: named_max, .. } = refusal(&with(max + 1)) else {
        panic!("{what}: another refusal than that of the limit");
    };
    assert_eq!((named, named_max), (what, max));
}

#[test]
fn lists_that_a_stranger_fills_end() {
    bounds(EXTENSIONS_MAX, "a=extmap", |n| format!("a=extmap:{} urn:x:{n}\n", n % 255 + 1));
    bounds(SSRCS_MAX, "a=ssrc", |n| format!("a=ssrc:{n} cname:x\n"));
    bounds(SSRC_GROUPS_MAX, "a=ssrc-group", |n| format!("a=ssrc-group:FID {n} {n}\n"));
    bounds(RIDS_MAX, "a=rid", |n| format!("a=rid:r{n} send\n"));
    let digest = ["AA"; 32].join(":");
    bounds(FINGERPRINTS_MAX, "a=fingerprint", |_| format!("a=fingerprint:sha-256 {digest}\n"));
}

#[test]
fn media_descriptions_end() {
    let with = |count: usize| {
        let mids: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        offer(&mids.iter().map(|mid| audio(mid, "a=recvonly")).collect::<Vec<_>>())
    };
    assert_eq!(first(&with(MEDIA_DESCRIPTIONS_MAX)).media.len(), MEDIA_DESCRIPTIONS_MAX);
    assert!(matches!(refusal(&with(MEDIA_DESCRIPTIONS_MAX + 1)), OfferError::TooMany { .. }));
}

#[test]
fn formats_end() {
    let with = |count: usize| {
        let formats: Vec<String> = (0..count).map(|n| (n % 128).to_string()).collect();
        offer(&[("0", format!("m=audio 9 UDP/TLS/RTP/SAVPF {}\na=mid:0\na=rtcp-mux\n", formats.join(" ")))])
    };
    assert_eq!(names(&first(&with(PAYLOAD_TYPES_MAX))), ["both"]);
    assert!(matches!(refusal(&with(PAYLOAD_TYPES_MAX + 1)), OfferError::TooMany { what: "formats", .. }));
}

#[test]
fn format_parameters_end() {
    let with = |bytes: usize| offer(&[video("0", &format!("a=fmtp:96 {}", "x".repeat(bytes)))]);
    assert_eq!(names(&first(&with(FORMAT_PARAMETERS_BYTES_MAX))), ["both"]);
    assert!(matches!(refusal(&with(FORMAT_PARAMETERS_BYTES_MAX + 1)), OfferError::TooMany { .. }));
}

#[test]
fn offers_end() {
    let mut long = offer(&[audio("0", "a=sendonly\ni=")]);
    long.push_str("a=");
    long.extend(std::iter::repeat_n('x', DESCRIPTION_BYTES_MAX - long.len()));
    assert_eq!(names(&first(&long)), ["receive"]);
    long.push('x');
    let error = OfferError::TooLong { bytes: DESCRIPTION_BYTES_MAX + 1, max: DESCRIPTION_BYTES_MAX };
    assert_eq!(refusal(&long), error);
}

#[test]
fn of_four_layers_three_are_accepted() {
    let rids: String = ["a", "b", "c", "d"].map(|rid| format!("a=rid:{rid} send\n")).concat();
    let extension = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    let with = |layers: &str| {
        first(&offer(&[video("0", &format!("a=sendonly\n{extension}\n{rids}a=simulcast:send {layers}"))]))
    };
    assert_eq!(with("a;b;c").media[0].receive().unwrap().rids.len(), SIMULCAST_LAYERS_MAX);
    let answer = with("a;b;c;d");
    assert_eq!(lines(&answer, "a=simulcast"), ["a=simulcast:recv a;b;c"]);
    assert_eq!(answer.media[0].receive().unwrap().rids.len(), SIMULCAST_LAYERS_MAX);
}
