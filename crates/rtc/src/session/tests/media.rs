//! Directions, permissions, slots, layers, extensions, data channels.

use rtp::parameters::{AnnouncedSsrc, Mid};

use super::*;
use crate::session::{DataParameters, Publish};

#[test]
fn directions_are_answered_from_our_side() {
    let directions = ["a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive", ""];
    let answers = directions.map(|direction| first(&offer(&[audio("0", direction)])));
    assert_eq!(answers.each_ref().map(|answer| names(answer)[0]), ["both", "receive", "send", "off", "both"]);
    let written = ["a=sendrecv", "a=recvonly", "a=sendonly", "a=inactive", "a=sendrecv"];
    assert!(answers.iter().zip(written).all(|(answer, line)| lines(answer, line).len() == 1));
    let of_session = offer(&[audio("0", "")]).replace("t=0 0", "t=0 0\na=recvonly");
    assert_eq!(names(&first(&of_session)), ["send"]);
}

#[test]
fn what_is_not_allowed_is_answered_without_its_direction() {
    let offer = offer(&[audio("0", "a=sendonly"), video("1", "a=sendrecv"), video("2", "a=recvonly"), data("3")]);
    let names_under = |allow: &Allow| names(&answer_with(&mut session(), &offer, allow).unwrap());
    let everything = Allow::everything;
    assert_eq!(names_under(&everything()), ["receive", "both", "send", "data"]);
    assert_eq!(names_under(&Allow { publish: Publish::Nothing, ..everything() }), ["off", "send", "send", "data"]);
    assert_eq!(names_under(&Allow { subscribe: false, ..everything() }), ["receive", "receive", "off", "data"]);
    let camera = Publish::Only(vec![Mid::new("1").unwrap()]);
    assert_eq!(names_under(&Allow { publish: camera, ..everything() }), ["off", "both", "send", "data"]);
    assert_eq!(names_under(&Allow { data: false, ..everything() }), ["receive", "both", "send", "off"]);
}

#[test]
fn each_slot_has_ssrcs_and_a_stream_of_its_own() {
    let answer = first(&offer(&[video("a", "a=recvonly"), video("b", "a=recvonly"), audio("c", "a=recvonly")]));
    assert_eq!(lines(&answer, "a=msid:"), ["a=msid:slot-a track-a", "a=msid:slot-b track-b", "a=msid:slot-c track-c"]);
    let slots: Vec<_> = answer.media.iter().filter_map(Media::send).collect();
    let expected: Vec<String> =
        slots[..2].iter().map(|slot| format!("a=ssrc-group:FID {} {}", slot.ssrc, slot.rtx_ssrc)).collect();
    assert_eq!(lines(&answer, "a=ssrc-group"), expected, "sound has no repair");
    assert_eq!(lines(&answer, "a=ssrc:").len(), 5);
}

#[test]
fn layers_come_back_in_the_order_of_the_simulcast_line() {
    let rid = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\na=rid:f send\na=rid:h send max-width=640\na=rid:q send";
    let layers = |simulcast: &str| {
        let answer = first(&offer(&[video("0", &format!("a=sendonly\n{rid}\n{simulcast}"))]));
        let rids = answer.media[0].receive().unwrap().rids.iter().map(|rid| rid.as_str().to_owned());
        (rids.collect::<Vec<_>>().join(" "), lines(&answer, "a=simulcast").join(""))
    };
    let same = |rids: &str, line: &str| (rids.to_owned(), line.to_owned());
    assert_eq!(layers("a=simulcast:send q;h;f"), same("q h f", "a=simulcast:recv q;h;f"));
    assert_eq!(layers("a=simulcast:recv x send q;~h,f;unknown"), same("q h", "a=simulcast:recv q;h"));
    assert_eq!(layers("a=simulcast: send rid=q;h"), same("q h", "a=simulcast:recv q;h"));
    assert_eq!(layers(""), same("f h q", ""));
    assert_eq!(layers("a=simulcast:wrong"), same("f h q", ""));
}

#[test]
fn a_camera_that_is_inactive_or_not_allowed_keeps_its_layers() {
    let layers =
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\na=rid:q send\na=rid:h send\na=simulcast:send q;h";
    let written = |answer: &Answer| lines(answer, "a=simulcast").join("");
    let inactive = first(&offer(&[video("0", &format!("a=inactive\n{layers}"))]));
    assert_eq!(written(&inactive), "a=simulcast:recv q;h");
    let nothing = Allow { publish: Publish::Nothing, ..Allow::everything() };
    let offer = offer(&[video("0", &format!("a=sendonly\n{layers}"))]);
    let refused = answer_with(&mut session(), &offer, &nothing).unwrap();
    assert_eq!((names(&refused), written(&refused)), (vec!["off"], "a=simulcast:recv q;h".to_owned()));
}

#[test]
fn layers_that_could_not_be_told_apart_are_not_accepted() {
    let without_extension = "a=sendonly\na=rid:q send\na=rid:h send\na=simulcast:send q;h";
    let answer = first(&offer(&[video("0", without_extension)]));
    assert!(answer.media[0].receive().unwrap().rids.is_empty() && lines(&answer, "a=simulcast").is_empty());
}

#[test]
fn announced_streams_come_with_their_repair() {
    let ssrcs = "a=sendonly\na=ssrc-group:FID 1 2\na=ssrc-group:FEC-FR 1 3\na=ssrc:1 cname:x\na=ssrc:1 msid:y\na=ssrc:2 cname:x\n\
        a=ssrc:3 cname:x\na=ssrc:4 cname:x";
    let answer = first(&offer(&[video("0", ssrcs)]));
    let expected = [AnnouncedSsrc { media: 1, rtx: Some(2) }, AnnouncedSsrc { media: 4, rtx: None }];
    assert_eq!(answer.media[0].receive().unwrap().ssrcs, expected);
}

#[test]
fn extensions_go_only_where_both_sides_use_them() {
    let extensions = "a=sendrecv\na=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid\na=extmap:2/sendonly urn:3gpp:video-orientation\n\
        a=extmap:3/recvonly http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\na=extmap:4 urn:never:heard\n\
        a=extmap:0 urn:ietf:params:rtp-hdrext:ssrc-audio-level\na=extmap:4096 http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
    let answer = first(&offer(&[video("0", extensions)]));
    let (receive, send) = (answer.media[0].receive().unwrap().extensions, answer.media[0].send().unwrap().extensions);
    assert_eq!((receive.mid, receive.video_orientation, receive.playout_delay), (Some(1), Some(2), None));
    assert_eq!((send.mid, send.video_orientation, send.playout_delay), (Some(1), None, Some(3)));
    let words: Vec<&str> = lines(&answer, "a=extmap:").iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(words, ["a=extmap:1", "a=extmap:2/recvonly", "a=extmap:3/sendonly"]);
}

#[test]
fn of_contradicting_extension_ids_the_first_holds_in_the_whole_bundle() {
    let mid = "urn:ietf:params:rtp-hdrext:sdes:mid";
    let first_line = format!("a=sendonly\na=extmap:1 {mid}\na=extmap:5 {mid}");
    let second_line = format!("a=sendonly\na=extmap:2 {mid}\na=extmap:1 urn:3gpp:video-orientation");
    let answer = first(&offer(&[audio("0", &first_line), video("1", &second_line)]));
    assert_eq!(answer.media[0].receive().unwrap().extensions.mid, Some(1));
    let second = answer.media[1].receive().unwrap().extensions;
    assert_eq!((second.mid, second.video_orientation), (None, None));
}

#[test]
fn extensions_of_the_session_level_hold_for_all() {
    let all = offer(&[audio("0", "a=sendonly")])
        .replace("t=0 0", "t=0 0\na=extmap:7 urn:ietf:params:rtp-hdrext:sdes:mid\na=extmap-allow-mixed");
    let answer = first(&all);
    assert_eq!(answer.media[0].receive().unwrap().extensions.mid, Some(7));
    assert_eq!(lines(&answer, "a=extmap-allow-mixed").len(), 1);
}

#[test]
fn data_channels_say_their_port_and_their_limit() {
    let parameters = |rest: &str| {
        let answer = first(&offer(&[(data("0").0, data("0").1 + rest)]));
        let Media::Data(DataParameters { remote_message_bytes_max, .. }) = answer.media[0] else { panic!("no data") };
        remote_message_bytes_max
    };
    assert_eq!(parameters("a=max-message-size:262144\n"), Some(262_144));
    assert_eq!(parameters("a=max-message-size:0\n"), None, "0 is without limit");
    assert_eq!(parameters(""), Some(65_536));
    let answer = first(&offer(&[data("0")]));
    assert!(answer.sdp.contains("m=application 3478 UDP/DTLS/SCTP webrtc-datachannel\r\n"));
    assert_eq!(lines(&answer, "a=sctp-port"), ["a=sctp-port:5000"]);
    assert_eq!(lines(&answer, "a=max-message-size"), ["a=max-message-size:65536"]);
}

#[test]
fn there_is_one_association_for_data() {
    assert_eq!(names(&first(&offer(&[data("0"), data("1")]))), ["data", "off"]);
}

#[test]
fn protocols_without_keys_and_media_that_we_do_not_know_are_rejected() {
    let plain = audio("0", "a=sendonly").1.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP");
    let text = ("1", "m=text 9 UDP/TLS/RTP/SAVPF 98\na=mid:1\na=rtpmap:98 t140/1000\n".to_owned());
    let old = ("2", "m=application 9 DTLS/SCTP 5000\na=mid:2\na=sctpmap:5000 webrtc-datachannel 256\n".to_owned());
    let answer = first(&offer(&[("0", plain), text, old, video("3", "a=sendonly")]));
    assert_eq!(names(&answer), ["off", "off", "off", "receive"]);
}
