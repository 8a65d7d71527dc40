use rtp::parameters::{Codec, CodecName, Feedback};

use super::{Format, match_codec};

fn codec(name: CodecName, payload_type: u8, fmtp: &str) -> Codec {
    Codec {
        name,
        payload_type,
        rtx_payload_type: None,
        clock_rate_hz: 90_000,
        channels: 1,
        fmtp: fmtp.to_owned(),
        feedback: Feedback::default(),
    }
}

/// What a codec becomes among several.
fn check(incoming: (CodecName, &str), offered: &[(CodecName, &str)], expected: Option<usize>) {
    let incoming = codec(incoming.0, 1, incoming.1);
    let offered: Vec<Codec> = offered.iter().zip(10..).map(|((name, fmtp), pt)| codec(*name, pt, fmtp)).collect();
    let offered = Format::all(&offered);
    let found = match_codec(&Format::of(&incoming), &offered).map(|format| usize::from(format.payload_type) - 10);
    assert_eq!(found, expected, "{} {}", incoming.name.as_str(), incoming.fmtp);
}

#[test]
fn a_codec_is_matched_by_what_decides_whether_it_can_be_decoded() {
    use CodecName::{Av1, H264, Red, Vp8, Vp9};
    let h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    check((Vp8, ""), &[(Vp9, ""), (Vp8, "")], Some(1));
    check((Vp8, ""), &[(Vp9, "")], None);
    check((Vp9, "profile-id=2"), &[(Vp9, "profile-id=0"), (Vp9, "profile-id=2")], Some(1));
    check((Vp9, ""), &[(Vp9, "profile-id=2")], None);
    check((Vp9, ""), &[(Vp9, "profile-id=0")], Some(0));
    check((Red, "111/111"), &[(Red, "96/96"), (Red, "111/111")], Some(1));
    check((Red, "111/111"), &[(Red, "96/96")], None);
    check((Av1, "level-idx=5;profile=0;tier=0"), &[(Av1, "")], Some(0));
    check((H264, h264), &[(H264, "packetization-mode=1;profile-level-id=640c1f"), (H264, h264)], Some(1));
    check((H264, h264), &[(H264, "packetization-mode=0;profile-level-id=42e01f")], None);
    check((H264, h264), &[(H264, "packetization-mode=1;profile-level-id=640c1f")], Some(0));
    check((H264, "packetization-mode=0;profile-level-id=42001f"), &[(H264, h264)], Some(0));
}
