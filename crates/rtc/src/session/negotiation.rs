//! From an offer to a decision.

use std::collections::BTreeSet;

use rtp::parameters::Mid;

use super::extensions::ExtensionTable;
use super::line::{Line, Outcome};
use super::{Allow, KnownLine, OfferError, RemoteTransport, Session, line, transport};
use crate::sdp::{Description, MediaDescription, MediaKind};

/// A decision about an offer that does not hold yet.
#[derive(Debug)]
pub struct Negotiation {
    pub(super) offer: Description,
    /// One for each media description of the offer.
    pub(super) lines: Vec<Line>,
    pub(super) remote: RemoteTransport,
    restarts_ice: bool,
}

impl Negotiation {
    /// The client's end as this offer tells it.
    #[must_use]
    pub fn remote(&self) -> &RemoteTransport {
        &self.remote
    }

    /// Whether the client has new ICE credentials (RFC 8839 §4.4.1.1.1): then the answer needs new ones of ours.
    #[must_use]
    pub fn restarts_ice(&self) -> bool {
        self.restarts_ice
    }
}

/// RFC 8829 §5.10, RFC 9143 §7.3.
pub(super) fn negotiate(session: &Session, offer: &str, allow: &Allow) -> Result<Negotiation, OfferError> {
    let offer = Description::parse(offer)?;
    if offer.ice_lite {
        return Err(OfferError::BothIceLite);
    }
    let mids = media_ids(&offer)?;
    check_continuity(&session.lines, &offer.media, &mids)?;
    check_bundle(&offer)?;

    let mut table = ExtensionTable::default();
    let mut data_is_there = false;
    let mut lines = Vec::with_capacity(mids.len());
    for (index, (media, mid)) in offer.media.iter().zip(mids).enumerate() {
        let mut outcome = Outcome::Rejected;
        if !media.is_stopped() && offer.bundles(media) && !(media.kind == MediaKind::Application && data_is_there) {
            outcome = line::decide(&offer, media, &mid, allow, &mut table);
        }
        if matches!(outcome, Outcome::Rtp(_)) && !media.rtcp_mux {
            return Err(OfferError::NoRtcpMux { index });
        }
        data_is_there |= matches!(outcome, Outcome::Data(_));
        let mut line = Line { mid, outcome };
        lines.iter().rev().take(ALIKE_WITHIN).any(|known| line.share_codecs(known));
        lines.push(line);
    }

    let accepted = offer.media.iter().zip(&lines).filter(|(_, line)| !matches!(line.outcome, Outcome::Rejected));
    let accepted: Vec<&MediaDescription> = accepted.map(|(media, _)| media).collect();
    let remote = match (accepted.is_empty(), &session.remote) {
        (true, None) => return Err(OfferError::NothingInCommon),
        (true, Some(known)) => known.clone(),
        (false, known) => transport::remote(&offer, &accepted, known.as_ref())?,
    };
    let credentials = |remote: &RemoteTransport| (remote.ufrag.clone(), remote.pwd.clone());
    let restarts_ice = session.remote.as_ref().is_some_and(|known| credentials(known) != credentials(&remote));
    Ok(Negotiation { offer, lines, remote, restarts_ice })
}

/// The media id of each description; one is made up where the offer has none, and not told to the client.
fn media_ids(offer: &Description) -> Result<Vec<Mid>, OfferError> {
    if offer.media.is_empty() {
        return Err(OfferError::NoMedia);
    }
    let mut seen = BTreeSet::new();
    let mut mids = Vec::with_capacity(offer.media.len());
    for (index, media) in offer.media.iter().enumerate() {
        let mid = media.mid.clone().or_else(|| Mid::new(&format!("none-{index}")));
        let mid = mid.ok_or(OfferError::NoMedia)?;
        if !media.is_stopped() && !seen.insert(mid.clone()) {
            return Err(OfferError::DuplicateMid { mid: mid.as_str().to_owned() });
        }
        mids.push(mid);
    }
    Ok(mids)
}

/// RFC 8829 §5.2.2: descriptions keep their place; only one that was stopped may become another.
fn check_continuity(known: &[KnownLine], offered: &[MediaDescription], mids: &[Mid]) -> Result<(), OfferError> {
    if offered.len() < known.len() {
        return Err(OfferError::MediaRemoved { offered: offered.len(), known: known.len() });
    }
    for (index, ((known, media), mid)) in known.iter().zip(offered).zip(mids).enumerate() {
        let same = known.kind == media.kind && (known.mid == *mid || media.is_stopped());
        if known.in_use && !same {
            return Err(OfferError::MediaChanged { index, known: known.mid.as_str().to_owned() });
        }
    }
    Ok(())
}

fn check_bundle(offer: &Description) -> Result<(), OfferError> {
    let active = offer.media.iter().filter(|media| !media.is_stopped()).count();
    let bundled = offer.media.iter().any(|media| !media.is_stopped() && offer.bundles(media));
    if active > 1 && (offer.bundle.is_none() || !bundled) {
        return Err(OfferError::NotBundled);
    }
    Ok(())
}

impl MediaDescription {
    /// RFC 9143 §6: port 0 stops a description, unless it is bundle-only.
    pub(super) fn is_stopped(&self) -> bool {
        self.port == 0 && !self.bundle_only
    }
}

impl Description {
    /// Whether a description is carried by the one transport: a single one may do without a group.
    pub(super) fn bundles(&self, media: &MediaDescription) -> bool {
        match (&self.bundle, &media.mid) {
            (None, _) => true,
            (Some(group), Some(mid)) => group.iter().any(|member| member == mid.as_str()),
            (Some(_), None) => false,
        }
    }
}

/// Clients describe all places for pictures alike, one behind the other or by turns with those for sound: so many lines back is looked for
/// the same codecs.
const ALIKE_WITHIN: usize = 4;
