mod codecs;
mod corpus;
mod limits;
mod media;
mod mutation;
mod rounds;
mod transport;
mod validity;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Allow, Answer, LocalTransport, Media, OfferError, Session};
use crate::candidate::{Candidate, Transport};
use crate::sdp::{Fingerprint, HashFunction};

const TRANSPORT: &str = "a=ice-ufrag:abcd\na=ice-pwd:abcdefghijklmnopqrstuv\na=setup:actpass\na=fingerprint:sha-256 \
    00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\n";

/// An offer of these media descriptions, bundled; each is `mid` and lines.
fn offer(media: &[(&str, String)]) -> String {
    let mids: Vec<&str> = media.iter().map(|(mid, _)| *mid).collect();
    let mut offer = format!("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE {}\n{TRANSPORT}", mids.join(" "));
    media.iter().for_each(|(_, lines)| offer.push_str(lines));
    offer
}

fn audio<'a>(mid: &'a str, rest: &str) -> (&'a str, String) {
    let opus = "a=rtpmap:111 opus/48000/2\na=fmtp:111 minptime=10;useinbandfec=1";
    (mid, format!("m=audio 9 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\na=mid:{mid}\na=rtcp-mux\n{opus}\n{rest}\n"))
}

fn video<'a>(mid: &'a str, rest: &str) -> (&'a str, String) {
    let vp8 = "a=rtpmap:96 VP8/90000\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=96";
    (mid, format!("m=video 9 UDP/TLS/RTP/SAVPF 96 97\nc=IN IP4 0.0.0.0\na=mid:{mid}\na=rtcp-mux\n{vp8}\n{rest}\n"))
}

fn data(mid: &str) -> (&str, String) {
    (mid, format!("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:{mid}\na=sctp-port:5000\n"))
}

fn session() -> Session {
    Session::new([7; 32])
}

fn own_fingerprint() -> Fingerprint {
    Fingerprint::new(HashFunction::Sha256, &[0xab; 32]).unwrap()
}

fn own_candidates() -> Vec<Candidate> {
    let v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 3478);
    let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)), 3478);
    let both =
        [Transport::Tcp, Transport::Udp].map(|transport| [v6, v4].map(|address| Candidate { transport, address }));
    both.concat()
}

fn answer_to(session: &mut Session, offer: &str) -> Result<Answer, OfferError> {
    answer_with(session, offer, &Allow::everything())
}

fn answer_with(session: &mut Session, offer: &str, allow: &Allow) -> Result<Answer, OfferError> {
    let negotiation = session.negotiate(offer, allow)?;
    let local = LocalTransport {
        ufrag: "w0abcdef",
        pwd: "0123456789abcdefghijklmn",
        fingerprint: &own_fingerprint(),
        candidates: &own_candidates(),
    };
    Ok(session.accept(negotiation, &local))
}

/// The first answer of a session.
fn first(offer: &str) -> Answer {
    answer_to(&mut session(), offer).unwrap()
}

fn refusal(offer: &str) -> OfferError {
    answer_to(&mut session(), offer).unwrap_err()
}

fn ssrc(answer: &Answer, index: usize) -> u32 {
    answer.media[index].send().unwrap().ssrc
}

fn names(answer: &Answer) -> Vec<&'static str> {
    let name = |media: &Media| match media {
        Media::Receive(_) => "receive",
        Media::Send(_) => "send",
        Media::Both(..) => "both",
        Media::Data(_) => "data",
        Media::Off => "off",
    };
    answer.media.iter().map(name).collect()
}

fn lines<'a>(answer: &'a Answer, prefix: &str) -> Vec<&'a str> {
    answer.sdp.lines().filter(|line| line.starts_with(prefix)).collect()
}
