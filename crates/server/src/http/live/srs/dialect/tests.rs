use live::{StreamAddress, StreamName};

use super::{Codecs, codec_name, dress, narrow, reached, session_name, with_candidate};
use crate::live::access::Deed;

const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:0\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
    a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 104\r\na=mid:1\r\n\
    a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\n\
    a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:102 H264/90000\r\na=fmtp:102 packetization-mode=1;profile-level-id=42001f\r\n\
    a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=rtpmap:104 H264/90000\r\na=rtcp-fb:104 goog-remb\r\na=rtcp-fb:104 nack\r\n\
    a=fmtp:104 packetization-mode=1;profile-level-id=42e01f\r\n";

#[test]
fn one_payload_type_of_each_description_is_left() {
    let narrowed = narrow(OFFER, Codecs::default());
    let expected = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 104\r\na=mid:1\r\n\
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
        a=rtpmap:104 H264/90000\r\na=rtcp-fb:104 nack\r\na=fmtp:104 packetization-mode=1;profile-level-id=42e01f\r\n";
    assert_eq!(narrowed, expected);
}

#[test]
fn codec_that_was_asked_for_comes_before_h264_and_one_that_is_not_offered_does_not() {
    let with = |parameter: &str| narrow(OFFER, Codecs { video: codec_name(parameter), audio: None });
    assert!(with("vp8").contains("SAVPF 96\r\n"));
    assert!(with("av1").contains("SAVPF 104\r\n"));
    assert!(with("theora").contains("SAVPF 104\r\n"));
}

const ANSWER: &str = "v=0\r\no=- 7 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\na=msid-semantic: WMS *\r\n\
    m=audio 3478 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ours\r\na=ice-options:trickle\r\n\
    a=candidate:1 1 udp 2130706431 192.0.2.1 3478 typ host\r\na=candidate:2 1 udp 2130706175 192.0.2.2 3478 typ host\r\n\
    a=candidate:3 1 tcp 1518280447 192.0.2.1 8443 typ host tcptype passive\r\na=end-of-candidates\r\na=sendonly\r\n\
    a=msid:slot-0 track-0\r\na=ssrc:5 cname:c\r\nm=video 3478 UDP/TLS/RTP/SAVPF 104\r\na=mid:1\r\na=ice-ufrag:ours\r\na=sendonly\r\n";

#[test]
fn answer_has_the_form_that_old_clients_know() {
    let name = StreamName::new("live", "s").unwrap();
    let dressed = dress(ANSWER, Deed::Play, &name);
    let candidates = "a=candidate:0 1 udp 2130706431 192.0.2.1 3478 typ host generation 0\r\n\
        a=candidate:1 1 udp 2130706430 192.0.2.2 3478 typ host generation 0\r\n\
        a=candidate:2 1 tcp 2130706429 192.0.2.1 8443 typ host tcptype passive\r\n";
    let expected = format!(
        "v=0\r\no=SRS/{} 7 0 IN IP4 127.0.0.1\r\ns=SRSPlaySession\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\n\
         a=msid-semantic: WMS live/s\r\nm=audio 3478 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ours\r\na=sendonly\r\n\
         a=msid:slot-0 track-0\r\na=ssrc:5 cname:c\r\na=ssrc:5 msid:slot-0 track-0\r\na=ssrc:5 mslabel:slot-0\r\na=ssrc:5 label:track-0\r\n\
         {candidates}m=video 3478 UDP/TLS/RTP/SAVPF 104\r\na=mid:1\r\na=ice-ufrag:ours\r\na=sendonly\r\n{candidates}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(dressed, expected);
    assert_eq!(session_name(ANSWER, "theirs"), "ours:theirs");
    assert!(dress(ANSWER, Deed::Publish, &name).contains("s=SRSPublishSession\r\n"));
}

#[test]
fn address_that_the_client_names_stands_in_the_place_of_ours() {
    let read = |query: &str| reached(&StreamAddress::parse(&format!("/live/s?{query}")).unwrap());
    let moved = with_candidate(ANSWER, read("eip=203.0.113.5:8000").unwrap().unwrap());
    let found: Vec<&str> = moved.lines().filter(|line| line.starts_with("a=candidate")).collect();
    assert_eq!(
        found,
        [
            "a=candidate:1 1 udp 2130706431 203.0.113.5 8000 typ host",
            "a=candidate:3 1 tcp 1518280447 203.0.113.5 8443 typ host tcptype passive"
        ]
    );
    let alone = with_candidate(ANSWER, read("candidate=203.0.113.5").unwrap().unwrap());
    assert!(alone.contains("203.0.113.5 3478 typ host\r\n"));
    assert_eq!(read("eip=").unwrap(), None);
    for bad in ["eip=example.org", "eip=1.2.3", "candidate=1.2.3.4:99999", "eip=1.2.3.4%0d%0aa=x"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
