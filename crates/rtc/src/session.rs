//! The negotiation of one peer connection: the client offers, we answer (RFC 8829, RFC 9143), over as many rounds as the client likes.
//!
//! A round has two steps: `negotiate` reads the offer and decides, and nothing is changed; `accept` fixes the decision and writes the
//! answer. Between them the owner looks whether ICE restarts and has new credentials ready.

mod allow;
mod answer;
mod candidates;
mod codecs;
mod error;
mod extensions;
mod line;
mod negotiation;
mod streams;
mod transport;
mod write;

use std::collections::BTreeSet;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rtp::parameters::Mid;

use crate::sdp::MediaKind;
use line::Outcome;

pub use allow::{Allow, Publish};
pub use answer::{Answer, DataParameters, Media};
pub use error::OfferError;
pub use negotiation::Negotiation;
pub use streams::SIMULCAST_LAYERS_MAX;
pub use transport::{DtlsRole, LocalTransport, RemoteTransport};

/// What has been agreed upon with one client.
#[derive(Debug)]
pub struct Session {
    /// Chooses SSRCs and names.
    rng: ChaCha8Rng,
    /// `sess-id` of the `o=` line.
    id: u64,
    /// `sess-version` of the `o=` line: how many answers have been given.
    version: u64,
    /// The canonical name of all our streams (RFC 3550 §6.5.1).
    cname: String,
    /// One for each media description there has ever been; at most `MEDIA_DESCRIPTIONS_MAX`.
    lines: Vec<KnownLine>,
    /// The client's end, since the first answer.
    remote: Option<RemoteTransport>,
}

/// What stays the same about a media description for as long as it is in use.
#[derive(Debug)]
struct KnownLine {
    mid: Mid,
    kind: MediaKind,
    /// Whether it was accepted in the last round; a line that was not may become another.
    in_use: bool,
    /// Whether we send in it, as the last answer says.
    sends: bool,
    /// Of the media and of its repair. Fresh ones are taken whenever we begin to send: whoever sends there has forgotten how far the
    /// numbers of the former stream went, and no number may come twice under one SSRC and key (RFC 3711 §9.1).
    ssrcs: (u32, u32),
}

impl Session {
    /// A session before its first offer.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        let mut rng = ChaCha8Rng::from_seed(seed);
        // RFC 8829 §5.2.1: 63 bits, so that it is a positive number everywhere.
        let id = rng.next_u64() >> 1;
        let cname = format!("{:016x}", rng.next_u64());
        Self { rng, id, version: 0, cname, lines: Vec::new(), remote: None }
    }

    /// The client's end as the last accepted offer told it.
    #[must_use]
    pub fn remote(&self) -> Option<&RemoteTransport> {
        self.remote.as_ref()
    }

    /// Reads an offer and decides about it; the session stays as it is.
    ///
    /// # Errors
    /// Every `OfferError`.
    pub fn negotiate(&self, offer: &str, allow: &Allow) -> Result<Negotiation, OfferError> {
        negotiation::negotiate(self, offer, allow)
    }

    /// Makes the decision hold and writes the answer.
    pub fn accept(&mut self, negotiation: Negotiation, local: &LocalTransport<'_>) -> Answer {
        self.fix_lines(&negotiation);
        let answer = Answer {
            sdp: write::answer(self, &negotiation, local),
            media: negotiation.lines.iter().zip(&self.lines).map(|(line, known)| line.media(known.ssrcs)).collect(),
        };
        self.version = self.version.saturating_add(1);
        self.remote = Some(negotiation.remote);
        answer
    }

    fn fix_lines(&mut self, negotiation: &Negotiation) {
        let mut taken: BTreeSet<u32> = self.lines.iter().flat_map(|line| [line.ssrcs.0, line.ssrcs.1]).collect();
        taken.extend(negotiation.offer.media.iter().flat_map(|media| &media.ssrcs));
        for (index, (line, media)) in negotiation.lines.iter().zip(&negotiation.offer.media).enumerate() {
            let in_use = !matches!(line.outcome, Outcome::Rejected);
            let sends = line.sends();
            let known = self.lines.get_mut(index);
            if let Some(known) = known.filter(|known| known.in_use && in_use && (known.sends || !sends)) {
                known.sends = sends;
                continue;
            }
            let ssrcs = fresh_ssrcs(&mut self.rng, &mut taken);
            let fixed = KnownLine { mid: line.mid.clone(), kind: media.kind.clone(), in_use, sends, ssrcs };
            match self.lines.get_mut(index) {
                Some(known) => *known = fixed,
                None => self.lines.push(fixed),
            }
        }
    }
}

fn fresh_ssrcs(rng: &mut ChaCha8Rng, taken: &mut BTreeSet<u32>) -> (u32, u32) {
    (fresh_ssrc(rng, taken), fresh_ssrc(rng, taken))
}

/// Not 0, which some take for "none", and none that is there already. `taken` holds some thousands of four thousand millions.
fn fresh_ssrc(rng: &mut ChaCha8Rng, taken: &mut BTreeSet<u32>) -> u32 {
    loop {
        let ssrc = rng.next_u32();
        if ssrc != 0 && taken.insert(ssrc) {
            return ssrc;
        }
    }
}

#[cfg(test)]
mod tests;
