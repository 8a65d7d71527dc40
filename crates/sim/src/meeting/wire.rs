//! What the members of a simulated meeting have negotiated: the same for all.

use std::sync::Arc;

use rtp::parameters::{Codec, CodecName, ExtensionIds, Feedback, Kind, Mid, ReceiveParameters, Rid, SendParameters};
use rtp::{Element, Header};

use sfu::Source;

use super::Attendee;
use super::camera::Film;

/// Payload types.
pub(super) const OPUS: u8 = 111;
pub(super) const VP8: u8 = 96;
pub(super) const VP8_RTX: u8 = 97;

pub(super) const EXTENSIONS: ExtensionIds = ExtensionIds {
    mid: Some(1),
    rid: Some(2),
    repaired_rid: Some(3),
    audio_level: Some(4),
    abs_send_time: None,
    transport_cc: Some(5),
    dependency_descriptor: None,
    video_orientation: None,
    playout_delay: None,
    abs_capture_time: None,
};

/// Of a member that knows no feedback about each packet.
const EXTENSIONS_OF_REMB: ExtensionIds =
    ExtensionIds { transport_cc: None, abs_send_time: Some(ABS_SEND_TIME), ..EXTENSIONS };

pub(super) const ABS_SEND_TIME: u8 = 6;

/// The layers of simulcast, the smallest first.
pub(super) const RIDS: [&str; 3] = ["q", "h", "f"];

/// The media descriptions of what a member sends.
pub(super) const MICROPHONE_MID: &str = "0";
pub(super) const CAMERA_MID: &str = "1";

/// Its slots.
pub(super) fn audio_mid(slot: usize) -> String {
    format!("a{slot}")
}

pub(super) fn video_mid(slot: usize) -> String {
    format!("v{slot}")
}

pub(super) fn mid(text: &str) -> Mid {
    Mid::new(text).expect("ours are tokens")
}

pub(super) fn opus() -> Codec {
    Codec {
        name: CodecName::Opus,
        payload_type: OPUS,
        rtx_payload_type: None,
        clock_rate_hz: 48_000,
        channels: 2,
        fmtp: "minptime=10;useinbandfec=1".to_owned(),
        feedback: Feedback { transport_cc: true, ..Feedback::default() },
    }
}

pub(super) fn vp8() -> Codec {
    Codec {
        name: CodecName::Vp8,
        payload_type: VP8,
        rtx_payload_type: Some(VP8_RTX),
        clock_rate_hz: 90_000,
        channels: 1,
        fmtp: String::new(),
        feedback: Feedback { nack: true, pli: true, fir: true, transport_cc: true, remb: false },
    }
}

/// What somebody publishes.
pub(super) fn published(attendee: &Attendee) -> Vec<(Source, ReceiveParameters)> {
    let microphone = attendee.microphone.then(|| (Source::Microphone, microphone()));
    let camera = attendee.camera.map(|film| (Source::Camera, camera(film)));
    let published = microphone.into_iter().chain(camera).collect();
    if matches!(attendee.camera, Some(Film::Adapting { .. })) { by_remb(published) } else { published }
}

/// With REMB for the feedback about each packet.
fn by_remb(mut published: Vec<(Source, ReceiveParameters)>) -> Vec<(Source, ReceiveParameters)> {
    for (_, parameters) in &mut published {
        parameters.extensions = EXTENSIONS_OF_REMB;
        for codec in Arc::make_mut(&mut parameters.codecs) {
            codec.feedback.transport_cc = false;
            codec.feedback.remb = parameters.kind == Kind::Video;
        }
    }
    published
}

fn microphone() -> ReceiveParameters {
    ReceiveParameters {
        mid: mid(MICROPHONE_MID),
        kind: Kind::Audio,
        codecs: [opus()].into(),
        extensions: EXTENSIONS,
        rids: Vec::new(),
        ssrcs: Vec::new(),
        encrypted: false,
    }
}

fn camera(film: Film) -> ReceiveParameters {
    let rids: &[&str] = if matches!(film, Film::Single { .. } | Film::Adapting { .. }) { &[] } else { &RIDS };
    ReceiveParameters {
        mid: mid(CAMERA_MID),
        kind: Kind::Video,
        codecs: [vp8()].into(),
        extensions: EXTENSIONS,
        rids: rids.iter().map(|rid| Rid::new(rid).expect("ours are letters")).collect(),
        ssrcs: Vec::new(),
        encrypted: film == Film::Encrypted,
    }
}

/// The slots of one member: their SSRCs are its own.
pub(super) fn slots(audio: usize, video: usize) -> Vec<SendParameters> {
    let slot = |mid_text: String, kind, codec, ssrc: u32| SendParameters {
        mid: mid(&mid_text),
        kind,
        codecs: [codec].into(),
        extensions: EXTENSIONS,
        ssrc,
        rtx_ssrc: ssrc + 1,
    };
    let audios = (0..audio).map(|index| slot(audio_mid(index), Kind::Audio, opus(), audio_ssrc(index)));
    let videos = (0..video).map(|index| slot(video_mid(index), Kind::Video, vp8(), video_ssrc(index)));
    audios.chain(videos).collect()
}

pub(super) fn audio_ssrc(slot: usize) -> u32 {
    0x0a00_0000 + slot as u32 * 2
}

pub(super) fn video_ssrc(slot: usize) -> u32 {
    0x0b00_0000 + slot as u32 * 2
}

/// One packet: header, extensions, payload.
pub(super) fn packet(header: &Header, elements: &[Element<'_>], payload: &[&[u8]]) -> Vec<u8> {
    let mut buffer = [0; 128];
    let length = header.write(&mut buffer, elements).expect("ours are short");
    let mut packet = Vec::with_capacity(length + payload.iter().map(|part| part.len()).sum::<usize>());
    packet.extend_from_slice(&buffer[..length]);
    payload.iter().for_each(|part| packet.extend_from_slice(part));
    packet
}
