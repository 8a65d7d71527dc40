//! Which payload types are passed through.

use rtp::parameters::{Codec, CodecName};

use super::super::codecs::CODECS_MAX;
use super::*;

fn video_with(payload_types: &str, lines: &str) -> String {
    let all = format!("m=video 9 UDP/TLS/RTP/SAVPF {payload_types}\na=mid:0\na=rtcp-mux\na=sendrecv\n{lines}");
    offer(&[("0", all)])
}

fn audio_with(payload_types: &str, lines: &str) -> String {
    video_with(payload_types, lines).replace("m=video", "m=audio")
}

fn codecs(offer: &str) -> Vec<Codec> {
    first(offer).media[0].receive().unwrap().codecs.to_vec()
}

fn payload_types(offer: &str) -> Vec<u8> {
    codecs(offer).iter().map(|codec| codec.payload_type).collect()
}

#[test]
fn the_order_of_the_client_is_kept_and_what_we_do_not_know_is_left_out() {
    let maps = "a=rtpmap:45 AV1/90000\na=rtpmap:50 flexfec-03/90000\na=rtpmap:98 VP9/90000\na=rtpmap:96 vp8/90000\na=rtpmap:51 ulpfec/90000\n";
    let offer = video_with("98 50 45 51 96", maps);
    assert_eq!(payload_types(&offer), [98, 45, 96]);
    assert_eq!(lines(&first(&offer), "m="), ["m=video 3478 UDP/TLS/RTP/SAVPF 98 45 96"]);
}

#[test]
fn profiles_that_few_can_decode_are_left_out() {
    let maps = "a=rtpmap:98 VP9/90000\na=fmtp:98 profile-id=0\na=rtpmap:99 VP9/90000\na=fmtp:99 profile-id=1\n\
        a=rtpmap:100 VP9/90000\na=fmtp:100 profile-id=2\na=rtpmap:45 AV1/90000\na=fmtp:45 level-idx=5;profile=0;tier=0\n\
        a=rtpmap:46 AV1/90000\na=fmtp:46 level-idx=5;profile=1;tier=0\n";
    assert_eq!(payload_types(&video_with("98 99 100 45 46", maps)), [98, 100, 45]);
}

#[test]
fn h264_keeps_its_profile_in_both_packetization_modes() {
    let mode = |mode: &str| format!("level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id=42c01e");
    let maps =
        format!("a=rtpmap:96 H264/90000\na=fmtp:96 {}\na=rtpmap:97 H264/90000\na=fmtp:97 {}\n", mode("1"), mode("0"));
    let fmtps: Vec<String> = codecs(&video_with("96 97", &maps)).into_iter().map(|codec| codec.fmtp).collect();
    assert_eq!(fmtps, [mode("1"), mode("0")]);
    let interleaved = format!("a=rtpmap:96 H264/90000\na=fmtp:96 {}\n", mode("2"));
    assert_eq!(refusal(&video_with("96", &interleaved)), OfferError::NothingInCommon);
}

#[test]
fn codecs_beyond_the_limit_are_left_out() {
    let offered = |count: usize| {
        let types: Vec<String> = (20..128).take(count).map(|number: u8| number.to_string()).collect();
        let maps: String = types.iter().map(|number| format!("a=rtpmap:{number} VP8/90000\n")).collect();
        payload_types(&video_with(&types.join(" "), &maps)).len()
    };
    assert_eq!(offered(CODECS_MAX), CODECS_MAX);
    assert_eq!(offered(CODECS_MAX + 1), CODECS_MAX);
}

#[test]
fn repair_belongs_to_the_payload_type_it_names() {
    let maps = "a=rtpmap:96 VP8/90000\na=rtpmap:97 rtx/90000\na=fmtp:97 apt=98\na=rtpmap:98 VP9/90000\n\
        a=rtpmap:99 rtx/90000\na=fmtp:99 apt=96;rtx-time=3000\na=rtpmap:100 rtx/90000\na=fmtp:100 apt=44\n";
    let offer = video_with("96 97 98 99 100", maps);
    let repairs: Vec<_> = codecs(&offer).iter().map(|codec| (codec.payload_type, codec.rtx_payload_type)).collect();
    assert_eq!(repairs, [(96, Some(99)), (98, Some(97))]);
    assert_eq!(lines(&first(&offer), "m="), ["m=video 3478 UDP/TLS/RTP/SAVPF 96 97 98 99"]);
}

#[test]
fn transport_wide_feedback_is_preferred_to_remb_where_its_extension_is_there() {
    let feedback = "a=rtpmap:96 VP8/90000\na=rtcp-fb:* nack\na=rtcp-fb:96 nack pli\na=rtcp-fb:96 ccm fir\n\
        a=rtcp-fb:96 goog-remb\na=rtcp-fb:96 transport-cc\na=rtcp-fb:96 ack rpsi\n";
    let without = first(&video_with("96", feedback));
    let expected = ["goog-remb", "ccm fir", "nack", "nack pli"].map(|name| format!("a=rtcp-fb:96 {name}"));
    assert_eq!(lines(&without, "a=rtcp-fb"), expected);
    let uri = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    let with = first(&video_with("96", &format!("{feedback}a=extmap:3 {uri}\n")));
    let expected = ["transport-cc", "ccm fir", "nack", "nack pli"].map(|name| format!("a=rtcp-fb:96 {name}"));
    assert_eq!(lines(&with, "a=rtcp-fb"), expected);
}

#[test]
fn opus_keeps_its_parameters_and_stereo_that_is_announced_is_taken() {
    let fmtp = |fmtp: &str| {
        codecs(&audio_with("111", &format!("a=rtpmap:111 OPUS/48000/2\na=fmtp:111 {fmtp}\n")))[0].fmtp.clone()
    };
    let rich = "minptime=10;useinbandfec=1;usedtx=1;stereo=1;maxaveragebitrate=128000";
    assert_eq!(fmtp(rich), rich);
    assert_eq!(fmtp("sprop-stereo=1"), "sprop-stereo=1;stereo=1");
    assert_eq!(fmtp("sprop-stereo=1;stereo=0"), "sprop-stereo=1;stereo=0");
    assert_eq!(fmtp("sprop-stereo=0"), "sprop-stereo=0");
}

#[test]
fn redundant_audio_goes_with_its_opus_or_not_at_all() {
    let maps = "a=rtpmap:63 red/48000/2\na=fmtp:63 111/111\na=rtpmap:111 opus/48000/2\n";
    assert_eq!(payload_types(&audio_with("63 111 0", maps)), [63, 111, 0]);
    let allow = Allow { codecs: vec![CodecName::Red, CodecName::Pcmu], ..Allow::everything() };
    let answer = answer_with(&mut session(), &audio_with("63 111 0", maps), &allow).unwrap();
    assert_eq!(lines(&answer, "m="), ["m=audio 3478 UDP/TLS/RTP/SAVPF 0"]);
    assert_eq!(lines(&answer, "a=rtpmap"), ["a=rtpmap:0 PCMU/8000"]);
}

#[test]
fn the_codecs_of_one_kind_do_not_serve_the_other() {
    let maps = "a=rtpmap:96 opus/48000/2\na=rtpmap:97 red/90000\n";
    assert_eq!(refusal(&video_with("96 97", maps)), OfferError::NothingInCommon);
}

#[test]
fn codecs_may_be_restricted() {
    let maps = "a=rtpmap:96 VP8/90000\na=rtpmap:98 VP9/90000\n";
    let allow = Allow { codecs: vec![CodecName::Vp9], ..Allow::everything() };
    let answer = answer_with(&mut session(), &video_with("96 98", maps), &allow).unwrap();
    assert_eq!(lines(&answer, "m="), ["m=video 3478 UDP/TLS/RTP/SAVPF 98"]);
}

#[test]
fn a_description_without_a_common_codec_is_rejected_and_the_others_go_on() {
    let speex = audio("0", "a=sendonly").1.replace("opus/48000/2", "speex/16000");
    let answer = first(&offer(&[("0", speex), video("1", "a=sendonly")]));
    assert_eq!(names(&answer), ["off", "receive"]);
    assert!(answer.sdp.contains("m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n") && answer.sdp.contains("a=group:BUNDLE 1\r\n"));
    assert_eq!(lines(&answer, "a=candidate").len(), 4, "the candidates stand in the first that is accepted");
}
