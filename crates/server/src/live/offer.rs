//! The offer of a session: which of its media descriptions are taken, and the client's end of ICE.

use room::media::{OfferedTrack, Source};
use rtc::sdp::{Description, Direction, MediaDescription, MediaKind};

use super::access::Deed;

/// An offer that has been read.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    sdp: String,
    /// Of the first description that has one.
    ufrag: String,
    /// The first sound and the first picture that is sent or received, by the ids of their descriptions.
    media: Vec<(String, Source)>,
}

/// Why a text is no offer for a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadOffer {
    /// It is no SDP.
    #[error("{0}")]
    Malformed(rtc::session::OfferError),
    /// It is about something else.
    #[error("the offer sends neither sound nor pictures")]
    SendsNothing,
    /// It is about something else.
    #[error("the offer receives neither sound nor pictures")]
    ReceivesNothing,
}

impl Offer {
    /// Reads an offer for what is to be done.
    ///
    /// # Errors
    /// [`BadOffer`].
    pub(crate) fn parse(deed: Deed, sdp: String) -> Result<Self, BadOffer> {
        let description = Description::parse(&sdp).map_err(BadOffer::Malformed)?;
        let mut media: Vec<(String, Source)> = Vec::new();
        let goes = |one: &MediaDescription| {
            let direction = one.direction.or(description.direction).unwrap_or(Direction::SendRecv);
            match deed {
                Deed::Publish => direction.sends(),
                Deed::Play => direction.receives(),
            }
        };
        for (index, one) in description.media.iter().enumerate().filter(|(_, one)| goes(one)) {
            let source = match one.kind {
                MediaKind::Audio => Source::Microphone,
                MediaKind::Video => Source::Camera,
                MediaKind::Application | MediaKind::Other(_) => continue,
            };
            if media.iter().all(|(_, known)| *known != source) {
                // As the negotiation calls a description without an id.
                let mid = one.mid.as_ref().map_or_else(|| format!("none-{index}"), |mid| mid.as_str().to_owned());
                media.push((mid, source));
            }
        }
        if media.is_empty() {
            return Err(match deed {
                Deed::Publish => BadOffer::SendsNothing,
                Deed::Play => BadOffer::ReceivesNothing,
            });
        }
        let levels = description.media.iter().map(|one| &one.transport).chain([&description.transport]);
        let ufrag = levels.filter_map(|level| level.ufrag.clone()).next().unwrap_or_default();
        Ok(Self { sdp, ufrag, media })
    }

    /// The text.
    pub(crate) fn sdp(&self) -> &str {
        &self.sdp
    }

    /// The client's user name fragment.
    pub(crate) fn ufrag(&self) -> &str {
        &self.ufrag
    }

    /// What a publisher sends.
    pub(crate) fn tracks(&self) -> Vec<OfferedTrack> {
        let track =
            |(mid, source): &(String, Source)| OfferedTrack { mid: mid.clone(), source: *source, encrypted: false };
        self.media.iter().map(track).collect()
    }

    /// Where a viewer wants what.
    pub(crate) fn slots(&self) -> Vec<(String, Source)> {
        self.media.clone()
    }

    /// The same with other credentials of ICE: nothing else changes with a restart (RFC 9725 §4.3.3).
    pub(crate) fn with_credentials(&self, ufrag: &str, pwd: &str) -> Self {
        let mut sdp = String::with_capacity(self.sdp.len());
        for line in self.sdp.lines() {
            match line.split_once(':') {
                Some(("a=ice-ufrag", _)) => sdp.extend(["a=ice-ufrag:", ufrag]),
                Some(("a=ice-pwd", _)) => sdp.extend(["a=ice-pwd:", pwd]),
                _ => sdp.push_str(line),
            }
            sdp.push_str("\r\n");
        }
        Self { sdp, ufrag: ufrag.to_owned(), media: self.media.clone() }
    }
}

/// The fragment in an SDP: the first, which is that of all of them where everything is bundled.
pub(crate) fn ufrag_of(sdp: &str) -> &str {
    sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
