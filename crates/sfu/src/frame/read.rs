//! Frames by the payload descriptors of the codecs, and the rewriting of these descriptors.

use rtp::parameters::{CodecName, Kind};
use rtp::payload::{Head, PictureId, av1, h264, h265, vp8, vp9};

use super::{DependencyState, Frame, Level, Levels, PictureNumbers};
use crate::layer::Previous;

/// One packet, as far as its frame is concerned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Payload<'a> {
    pub(crate) codec: CodecName,
    pub(crate) bytes: &'a [u8],
    /// The dependency descriptor, where there is one.
    pub(crate) descriptor: Option<&'a [u8]>,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    /// `bytes` are encrypted from end to end, the payload descriptor included.
    pub(crate) encrypted: bool,
}

/// What a packet says about its frame, and the picture's size where it tells. Where there is a dependency descriptor nothing is read
/// behind the payload descriptor, which may be encrypted.
pub(crate) fn read(
    payload: &Payload<'_>,
    previous: Option<Previous>,
    state: &mut DependencyState,
) -> (Frame, Option<(u32, u32)>) {
    let is_new_picture = previous.is_none_or(|previous| previous.timestamp != payload.timestamp);
    let by_dependency = payload.descriptor.and_then(|data| state.read(data, is_new_picture));
    if let Some((frame, size)) = by_dependency {
        let picture = picture(payload);
        return (Frame { picture, is_dense: payload.codec == CodecName::Vp8, ..frame }, size);
    }
    if payload.encrypted {
        return (read_encrypted(payload, is_new_picture), None);
    }
    let (frame, size) = read_payload(payload, is_new_picture, state);
    // A descriptor whose structure has not come is forwarded, too: its number has to fit.
    (Frame { number: frame_number(payload), ..frame }, size)
}

/// An encrypted packet without a dependency descriptor that can be read. Sound stands for itself.
fn read_encrypted(payload: &Payload<'_>, is_new_picture: bool) -> Frame {
    if payload.codec.kind() == Kind::Audio {
        return Frame::WHOLE;
    }
    if payload.descriptor.is_some() {
        // Its structure has been lost, and comes with the next key frame.
        return Frame { number: frame_number(payload), ..unreadable(payload) };
    }
    Frame { is_blind: true, ..undivided(payload, is_new_picture, false, false) }
}

fn read_payload(
    payload: &Payload<'_>,
    is_new_picture: bool,
    state: &mut DependencyState,
) -> (Frame, Option<(u32, u32)>) {
    match payload.codec {
        CodecName::Vp8 => read_vp8(payload),
        CodecName::Vp9 => read_vp9(payload),
        CodecName::H264 => {
            let contents = h264::inspect(payload.bytes);
            let is_key = state.is_entry(contents.sequence_parameters, contents.is_key_frame() && is_new_picture);
            (undivided(payload, is_new_picture, is_key, contents.sequence_parameters), None)
        }
        CodecName::H265 => {
            let contents = h265::inspect(payload.bytes);
            let is_key = state.is_entry(contents.parameters, contents.is_key_frame() && is_new_picture);
            (undivided(payload, is_new_picture, is_key, contents.parameters && is_new_picture), None)
        }
        CodecName::Av1 => {
            let is_key = av1::AggregationHeader::parse(payload.bytes).is_some_and(av1::AggregationHeader::is_key_frame);
            (undivided(payload, is_new_picture, is_key, is_key), None)
        }
        CodecName::Opus | CodecName::Red | CodecName::Pcmu | CodecName::Pcma => (Frame::WHOLE, None),
    }
}

/// The numbers of a packet that are rewritten: of its picture and of its frame.
pub(crate) fn numbers(payload: &Payload<'_>) -> Frame {
    Frame { picture: picture(payload), number: frame_number(payload), ..Frame::WHOLE }
}

/// `frame_number` of the dependency descriptor, behind one byte of flags and template id (A.8.2 of the AV1 RTP payload format).
fn frame_number(payload: &Payload<'_>) -> Option<u16> {
    let bytes = payload.descriptor?.get(1..3)?;
    bytes.first_chunk().copied().map(u16::from_be_bytes)
}

/// The payload descriptor with these numbers in the place of its own.
pub(crate) fn write_head(codec: CodecName, payload: &[u8], picture: PictureNumbers) -> Option<Head> {
    let rewritten = |id: PictureId| id.with_value(picture.id);
    match codec {
        CodecName::Vp8 => {
            let mut descriptor = vp8::Descriptor::parse(payload).ok()?;
            descriptor.picture_id = descriptor.picture_id.map(rewritten);
            descriptor.tl0_picture_index = descriptor.tl0_picture_index.map(|_| picture.base);
            descriptor.key_index = descriptor.key_index.map(|_| picture.key);
            Some(descriptor.write())
        }
        CodecName::Vp9 => {
            let read = vp9::Descriptor::parse(payload).ok()?;
            let mut descriptor = read;
            descriptor.picture_id = descriptor.picture_id.map(rewritten);
            descriptor.tl0_picture_index = descriptor.tl0_picture_index.map(|_| picture.base);
            Some(descriptor.write(&read))
        }
        CodecName::Opus
        | CodecName::Red
        | CodecName::Pcmu
        | CodecName::Pcma
        | CodecName::H264
        | CodecName::H265
        | CodecName::Av1 => None,
    }
}

fn picture(payload: &Payload<'_>) -> Option<PictureNumbers> {
    match payload.codec {
        CodecName::Vp8 if !payload.encrypted => vp8::Descriptor::parse(payload.bytes).ok().map(|it| vp8_picture(&it)),
        CodecName::Vp9 if !payload.encrypted => vp9::Descriptor::parse(payload.bytes).ok().map(|it| vp9_picture(&it)),
        CodecName::Vp8
        | CodecName::Vp9
        | CodecName::Opus
        | CodecName::Red
        | CodecName::Pcmu
        | CodecName::Pcma
        | CodecName::H264
        | CodecName::H265
        | CodecName::Av1 => None,
    }
}

fn vp8_picture(descriptor: &vp8::Descriptor) -> PictureNumbers {
    PictureNumbers {
        id: descriptor.picture_id.map_or(0, PictureId::value),
        base: descriptor.tl0_picture_index.unwrap_or(0),
        key: descriptor.key_index.unwrap_or(0),
    }
}

fn vp9_picture(descriptor: &vp9::Descriptor) -> PictureNumbers {
    PictureNumbers {
        id: descriptor.picture_id.map_or(0, PictureId::value),
        base: descriptor.tl0_picture_index.unwrap_or(0),
        key: 0,
    }
}

/// A packet whose payload descriptor is cut off belongs to every level and starts nothing.
fn unreadable(payload: &Payload<'_>) -> Frame {
    Frame {
        starts_picture: false,
        starts: false,
        ends: payload.marker,
        key: false,
        climb: Levels::EMPTY,
        widen: Levels::EMPTY,
        ..Frame::WHOLE
    }
}

fn read_vp8(payload: &Payload<'_>) -> (Frame, Option<(u32, u32)>) {
    let Ok(descriptor) = vp8::Descriptor::parse(payload.bytes) else { return (unreadable(payload), None) };
    let temporal = descriptor.temporal.map_or(0, |temporal| temporal.id);
    let level = Level { spatial: 0, temporal };
    let is_key = descriptor.is_key_frame();
    let starts = descriptor.is_start_of_frame();
    // Who has everything below this temporal layer can begin with it where it refers to the lowest only.
    let syncs = descriptor.temporal.is_some_and(|temporal| temporal.layer_sync);
    let climb = if is_key {
        Levels::ALL
    } else if syncs {
        Level::all().filter(|other| other.temporal == temporal).collect()
    } else {
        Levels::EMPTY
    };
    let frame = Frame {
        starts_picture: starts,
        starts,
        ends: payload.marker,
        key: is_key,
        level,
        needed: Levels::including(level),
        climb,
        widen: climb,
        descend: Levels::EMPTY,
        number: None,
        dependencies: 0,
        picture: Some(vp8_picture(&descriptor)),
        is_blind: false,
        is_dense: true,
    };
    let size = payload.bytes.get(descriptor.length..).filter(|_| is_key).and_then(vp8::key_frame_size);
    (frame, size.map(|(width, height)| (width.into(), height.into())))
}

fn read_vp9(payload: &Payload<'_>) -> (Frame, Option<(u32, u32)>) {
    let Ok(descriptor) = vp9::Descriptor::parse(payload.bytes) else { return (unreadable(payload), None) };
    let level = Level { spatial: descriptor.spatial_id().min(3), temporal: descriptor.temporal_id().min(3) };
    let is_key = descriptor.is_key_frame();
    let starts_picture = descriptor.start_of_frame && level.spatial == 0;
    // Encoders set this bit where a picture refers to lower temporal layers only. It is one of the whole picture: who comes at one of its
    // upper spatial layers lacks those below.
    let climbs = starts_picture && descriptor.layer.is_some_and(|layer| layer.switching_up_point);
    // In a higher temporal layer the pictures that follow refer to others before it, which a viewer who comes does not have.
    let widens = descriptor.is_spatial_switching_point() && level.temporal == 0;
    let levels = |if_allowed: bool, allowed: fn(&Level, &Level) -> bool| match (is_key, if_allowed) {
        (true, _) => Levels::ALL,
        (false, true) => Level::all().filter(|other| allowed(other, &level)).collect(),
        (false, false) => Levels::EMPTY,
    };
    let frame = Frame {
        starts_picture,
        starts: descriptor.start_of_frame,
        ends: descriptor.end_of_frame,
        key: is_key,
        level,
        needed: Levels::including(level),
        climb: levels(climbs, |other, level| other.temporal == level.temporal),
        widen: levels(widens, |other, level| other.spatial == level.spatial),
        descend: if starts_picture { Levels::ALL } else { Levels::EMPTY },
        number: None,
        dependencies: 0,
        picture: Some(vp9_picture(&descriptor)),
        is_blind: false,
        is_dense: false,
    };
    let top = descriptor
        .scalability
        .and_then(|structure| structure.sizes_px.get(usize::from(structure.spatial_layers.saturating_sub(1))).copied());
    (frame, top.map(|(width, height)| (width.into(), height.into())))
}

/// A codec whose packets do not name layers. `begins` says that nothing of the picture came before this packet.
fn undivided(payload: &Payload<'_>, is_new_picture: bool, is_key: bool, begins: bool) -> Frame {
    let starts = is_new_picture || begins;
    let climb = if is_key { Levels::ALL } else { Levels::EMPTY };
    Frame { starts_picture: starts, starts, ends: payload.marker, key: is_key, climb, widen: climb, ..Frame::WHOLE }
}

#[cfg(test)]
mod tests;
