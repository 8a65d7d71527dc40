//! What frames say about media: offers to the media server, and wishes for slots.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    error::Error,
    id::Uid,
    limit::fits,
    media::{OfferedTrack, Priority, Source},
};

use super::{Request, string};

/// An offer to the media server, out of `msg`.
#[derive(Debug, Deserialize)]
pub(crate) struct MediaOffer {
    #[serde(rename = "type")]
    kind: String,
    pub(crate) sdp: String,
    /// The mark that the answer repeats.
    #[serde(default)]
    pub(crate) offer: Option<String>,
    /// The client's name of the connection.
    pub(crate) connection: String,
    #[serde(default)]
    tracks: Vec<NamedTrack>,
}

/// What an m-line sends.
#[derive(Debug, Deserialize)]
struct NamedTrack {
    mid: String,
    source: Source,
    #[serde(default)]
    encrypted: bool,
}

/// A wish for one slot, with the member by name.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) mid: String,
    pub(crate) track: Option<(Uid, Source)>,
    pub(crate) width_px: u32,
    pub(crate) height_px: u32,
    pub(crate) priority: Priority,
    pub(crate) paused: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WishFields<'a> {
    mid: String,
    #[serde(borrow, default)]
    remote_uid: Option<&'a RawValue>,
    #[serde(default)]
    source: Option<Source>,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
    #[serde(default)]
    priority: Priority,
    #[serde(default)]
    paused: bool,
}

impl Request<'_> {
    /// The offer in `msg`.
    pub(crate) fn media_offer(&self) -> Result<MediaOffer, Error> {
        let text = self.fields.msg.and_then(string).ok_or(Error::Field { field: "msg" })?;
        let bad = |reason: &str| Error::BadOffer { reason: reason.to_owned() };
        let offer: MediaOffer =
            serde_json::from_str(&text).map_err(|error| Error::BadOffer { reason: format!("msg: {error}") })?;
        if offer.kind != "offer" {
            return Err(bad("its type is not offer"));
        }
        if !fits(SDP_BYTES_MAX, offer.sdp.len()) {
            return Err(Error::TooLarge { field: "sdp", limit_bytes: SDP_BYTES_MAX });
        }
        if !(1..=CONNECTION_BYTES_MAX).contains(&offer.connection.len()) {
            return Err(bad("its connection is not a name of 1 to 64 bytes"));
        }
        if offer.offer.as_ref().is_some_and(|mark| mark.len() > MARK_BYTES_MAX) {
            return Err(bad("its mark is longer than 64 bytes"));
        }
        if offer.tracks.len() > TRACKS_MAX {
            return Err(bad("it names more than 4 tracks"));
        }
        let (mut mids, mut sources) = (BTreeSet::new(), BTreeSet::new());
        let distinct = offer.tracks.iter().all(|track| mids.insert(&track.mid) && sources.insert(track.source));
        if !distinct || offer.tracks.iter().any(|track| !is_mid(&track.mid)) {
            return Err(bad("its tracks are not one mid for each source"));
        }
        Ok(offer)
    }

    /// The wishes of a `subscribe`.
    pub(crate) fn wishes(&self) -> Result<Vec<Wish>, Error> {
        let invalid = || Error::Field { field: "slots" };
        let raw = self.fields.slots.ok_or_else(invalid)?;
        let slots: Vec<WishFields<'_>> = serde_json::from_str(raw.get()).map_err(|_| invalid())?;
        if slots.len() > WISHES_MAX {
            return Err(invalid());
        }
        let mut mids = BTreeSet::new();
        if !slots.iter().all(|slot| is_mid(&slot.mid) && mids.insert(slot.mid.clone())) {
            return Err(invalid());
        }
        slots.into_iter().map(Wish::read).collect()
    }
}

impl MediaOffer {
    /// What the m-lines send, for the media server.
    pub(crate) fn into_tracks(self) -> Vec<OfferedTrack> {
        let tracks = self.tracks.into_iter();
        tracks.map(|NamedTrack { mid, source, encrypted }| OfferedTrack { mid, source, encrypted }).collect()
    }
}

impl Wish {
    fn read(fields: WishFields<'_>) -> Result<Self, Error> {
        let WishFields { mid, remote_uid, source, width, height, priority, paused } = fields;
        let track = match remote_uid {
            None => None,
            Some(raw) => Some((Uid::parse(raw, "remoteUid")?, source.ok_or(Error::Field { field: "source" })?)),
        };
        Ok(Self { mid, track, width_px: width, height_px: height, priority, paused })
    }
}

/// RFC 5888 section 4: a token. The media server knows the rest.
fn is_mid(mid: &str) -> bool {
    (1..=MID_BYTES_MAX).contains(&mid.len()) && mid.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Longest session description of an offer, in bytes. A browser writes some 3 kB for a slot, and a page of 49 needs as many.
pub(crate) const SDP_BYTES_MAX: u32 = 192 * 1024;
/// Longest name of a connection, in bytes.
pub(crate) const CONNECTION_BYTES_MAX: usize = 64;
/// Longest mark of an offer, in bytes.
pub(crate) const MARK_BYTES_MAX: usize = 64;
/// Longest `mid`, in bytes.
pub(crate) const MID_BYTES_MAX: usize = 32;
/// Tracks of one offer: one for each source.
pub(crate) const TRACKS_MAX: usize = Source::ALL.len();
/// Slots in one `subscribe`: 49 tiles, their sound, and room for more.
pub(crate) const WISHES_MAX: usize = 128;
