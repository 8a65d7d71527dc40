//! What every answer has to be, whatever was offered.

use std::collections::{BTreeMap, BTreeSet};

use crate::sdp::{Description, Direction, MediaDescription};
use crate::session::{Answer, Media};

/// Panics when the answer does not fit the offer (RFC 3264 §6, RFC 8829 §5.3, RFC 9143 §7.3).
pub(super) fn check(offer: &str, answer: &Answer) {
    let offer = Description::parse(offer).unwrap();
    let written = Description::parse(&answer.sdp).unwrap();
    assert_eq!(written.media.len(), offer.media.len());
    assert_eq!(answer.media.len(), offer.media.len());
    assert!(written.ice_lite);
    let accepted = |media: &&MediaDescription| media.port != 0;
    let mids = written.media.iter().filter(accepted).filter_map(|media| media.mid.as_ref()).map(|mid| mid.as_str());
    let bundle: BTreeSet<&str> = written.bundle.iter().flatten().map(String::as_str).collect();
    if offer.bundle.is_some() {
        assert_eq!(bundle, mids.collect());
    }
    for ((offered, written), media) in offer.media.iter().zip(&written.media).zip(&answer.media) {
        check_media(&offer, offered, written, media);
    }
    check_ids(&written);
}

fn check_media(offer: &Description, offered: &MediaDescription, written: &MediaDescription, media: &Media) {
    assert_eq!((&written.kind, &written.protocol, &written.mid), (&offered.kind, &offered.protocol, &offered.mid));
    if offered.port == 0 && !offered.bundle_only {
        assert_eq!(written.port, 0, "a stopped description stays so");
    }
    let possible: BTreeSet<&String> = offered.formats.iter().collect();
    assert!(!written.formats.is_empty() && written.formats.iter().all(|format| possible.contains(format)));
    if written.port == 0 || matches!(media, Media::Data(_)) {
        return;
    }
    let wanted = offered.direction.or(offer.direction).unwrap_or(Direction::SendRecv);
    let given = written.direction.unwrap();
    assert!(wanted.sends() || !given.receives(), "who does not send is not received");
    assert!(wanted.receives() || !given.sends(), "who does not receive is sent nothing");
    assert_eq!((media.receive().is_some(), media.send().is_some()), (given.receives(), given.sends()));

    let offered_ids: Vec<(u8, &str)> =
        offer.extensions.iter().chain(&offered.extensions).map(|ext| (ext.id, ext.uri.as_str())).collect();
    assert!(written.extensions.iter().all(|ext| offered_ids.contains(&(ext.id, ext.uri.as_str()))));
    for payload in &written.payloads {
        let original = offered.payloads.iter().find(|other| other.payload_type == payload.payload_type).unwrap();
        assert!(original.encoding.eq_ignore_ascii_case(&payload.encoding));
        assert_eq!((original.clock_rate_hz, original.channels), (payload.clock_rate_hz, payload.channels));
    }
    check_parameters(offered, written, media);
}

fn check_parameters(offered: &MediaDescription, written: &MediaDescription, media: &Media) {
    let sides = [media.receive().map(|receive| &receive.codecs[..]), media.send().map(|send| &send.codecs[..])];
    for codec in sides.into_iter().flatten().flatten() {
        let numbers = [Some(codec.payload_type), codec.rtx_payload_type];
        assert!(numbers.into_iter().flatten().all(|n| written.formats.contains(&n.to_string())));
        assert!(written.payloads.iter().any(|payload| payload.parameters == codec.fmtp));
    }
    if let Some(receive) = media.receive() {
        let offered: Vec<_> = offered.rids.iter().filter(|rid| rid.sends).map(|rid| &rid.rid).collect();
        assert!(receive.rids.iter().all(|rid| offered.contains(&rid)));
        let accepted: Vec<_> = written.rids.iter().map(|rid| rid.rid.clone()).collect();
        assert_eq!(accepted, receive.rids);
    }
    if let Some(send) = media.send() {
        assert!(written.ssrcs.contains(&send.ssrc));
    }
}

/// Each id once: SSRCs in the connection, extension ids in the bundle (RFC 9143 §9.2), payload types in a description.
fn check_ids(written: &Description) {
    let mut ssrcs = BTreeSet::new();
    assert!(written.media.iter().flat_map(|media| &media.ssrcs).all(|ssrc| ssrcs.insert(*ssrc)));
    let mut uris: BTreeMap<u8, &str> = BTreeMap::new();
    let mut ids: BTreeMap<&str, u8> = BTreeMap::new();
    for extension in written.media.iter().flat_map(|media| &media.extensions) {
        assert_eq!(*uris.entry(extension.id).or_insert(&extension.uri), extension.uri);
        assert_eq!(*ids.entry(&extension.uri).or_insert(extension.id), extension.id);
    }
    for media in written.media.iter().filter(|media| media.port != 0) {
        assert_eq!(media.formats.iter().collect::<BTreeSet<_>>().len(), media.formats.len());
    }
}
