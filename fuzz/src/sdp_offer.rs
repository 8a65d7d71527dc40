//! Offers, one or several of one connection: they are refused, or answered with what fits the offer and can be read itself.

use rtc::candidate::{Candidate, Transport};
use rtc::sdp::{Description, Fingerprint, HashFunction, MediaDescription};
use rtc::session::{Allow, LocalTransport, Media, Session};

/// The rounds stand between lines of `# ---`.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut session = Session::new([1; 32]);
    let fingerprint = Fingerprint::new(HashFunction::Sha256, &[7; 32]).expect("the digest has its length");
    let candidate = Candidate { transport: Transport::Udp, address: ([192, 0, 2, 1], 3478).into() };
    for offer in text.split("# ---\n").take(ROUNDS_MAX) {
        let Ok(negotiation) = session.negotiate(offer, &Allow::everything()) else { continue };
        let local = LocalTransport {
            ufrag: "abcd",
            pwd: "0123456789abcdefghijkl",
            fingerprint: &fingerprint,
            candidates: &[candidate],
        };
        let answer = session.accept(negotiation, &local);
        let offered = Description::parse(offer).expect("it was read before");
        let answered = Description::parse(&answer.sdp).expect("what is written can be read");
        assert_eq!(answered.media.len(), offered.media.len());
        assert_eq!(answer.media.len(), offered.media.len());
        for ((offered, answered), media) in offered.media.iter().zip(&answered.media).zip(&answer.media) {
            check(offered, answered, media);
        }
    }
}

fn check(offered: &MediaDescription, answered: &MediaDescription, media: &Media) {
    assert_eq!((&answered.kind, &answered.mid, &answered.protocol), (&offered.kind, &offered.mid, &offered.protocol));
    assert!(!answered.formats.is_empty());
    assert!(answered.formats.iter().all(|format| offered.formats.contains(format)), "a format that was not offered");
    if let Some(send) = media.send() {
        assert!(answered.ssrcs.contains(&send.ssrc) && !offered.ssrcs.contains(&send.ssrc));
    }
    if let Some(receive) = media.receive() {
        assert!(receive.rids.iter().all(|rid| offered.rids.iter().any(|other| other.sends && other.rid == *rid)));
    }
}

/// More rounds than the corpus has tell nothing new.
const ROUNDS_MAX: usize = 8;
