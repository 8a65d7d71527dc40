//! Somebody in a room.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::{
    ConnId, Output,
    absence::{Absence, Full, Kept},
    address,
    config::Limits,
    error::Error,
    id::{RoomId, Uid},
    media::Source,
    policy::{Grants, HOST, MEMBER, TokenMark},
    reply::{ErrorContext, Reply},
    resume::Ticket,
    seat::{MediaSeat, PendingOffer},
    standing::Standing,
};

/// A seat in a room and who sits there.
#[derive(Debug)]
pub(crate) struct Member {
    /// Unique in the room.
    pub(crate) uid: Uid,
    /// The room, written as this member wrote it.
    pub(crate) room: RoomId,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) grants: Grants,
    pub(crate) caps: Vec<String>,
    pub(crate) state: MediaState,
    pub(crate) link: Link,
    /// How a v2 member comes back; a member that speaks dialect A has none.
    pub(crate) ticket: Option<Ticket>,
    /// The token that the member came in with.
    pub(crate) token: Option<TokenMark>,
    /// Where its last connection came from.
    pub(crate) address: address::Source,
    /// What a moderator has muted.
    pub(crate) muted: BTreeSet<Source>,
    /// A moderator has made it host (`true`) or taken that from it.
    pub(crate) made_host: Option<bool>,
    /// Its place at the media server, while the room has one.
    pub(crate) media: Option<MediaSeat>,
}

/// How a member is reached.
#[derive(Debug)]
pub(crate) enum Link {
    Online(ConnId),
    Reconnecting(Absence),
}

/// What a member publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MediaState {
    pub(crate) audio: bool,
    pub(crate) video: bool,
    pub(crate) screen: bool,
    /// The member wants to speak.
    pub(crate) hand: bool,
    /// Since when, in milliseconds since the Unix epoch, by the server's clock: hands are taken in this order.
    #[serde(skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub(crate) hand_at: Option<u64>,
}

impl MediaState {
    /// The state with the time of its raised hand: that of `former`, if it was raised already.
    pub(crate) fn stamped(self, former: Self, now_ms: u64) -> Self {
        Self { hand_at: self.hand.then(|| former.hand_at.unwrap_or(now_ms)), ..self }
    }

    /// Whether what is muted as `source` is said to be on.
    pub(crate) fn is_on(&self, source: Source) -> bool {
        match source {
            Source::Microphone => self.audio,
            Source::Camera => self.video,
            Source::Screen | Source::ScreenAudio => self.screen,
        }
    }

    /// Says that `source` is off. A screen without its sound is still a screen.
    pub(crate) fn turn_off(&mut self, source: Source) {
        match source {
            Source::Microphone => self.audio = false,
            Source::Camera => self.video = false,
            Source::Screen => self.screen = false,
            Source::ScreenAudio => {}
        }
    }
}

impl Member {
    pub(crate) fn v2(&self) -> bool {
        self.ticket.is_some()
    }

    /// What does not pass the media server: what a moderator has muted, and the sound of the screen with the microphone
    /// or the screen, or a voice would go on through it.
    pub(crate) fn silenced(&self) -> BTreeSet<Source> {
        let mut silenced = self.muted.clone();
        if silenced.contains(&Source::Microphone) || silenced.contains(&Source::Screen) {
            silenced.insert(Source::ScreenAudio);
        }
        silenced
    }

    /// The version on the wire.
    pub(crate) fn version(&self) -> u8 {
        if self.v2() { 2 } else { 1 }
    }

    /// Whether its client can talk with the media server.
    pub(crate) fn can_media(&self) -> bool {
        self.v2() && can_media(&self.caps)
    }

    /// Whether it only sends: see [`is_encoder`].
    pub(crate) fn is_encoder(&self) -> bool {
        is_encoder(&self.caps)
    }

    pub(crate) fn is_host(&self) -> bool {
        self.role == HOST
    }

    pub(crate) fn conn(&self) -> Option<ConnId> {
        match &self.link {
            Link::Online(conn) => Some(*conn),
            Link::Reconnecting(_) => None,
        }
    }

    /// The state of the link on the wire.
    pub(crate) fn connection(&self) -> &'static str {
        match &self.link {
            Link::Online(_) => "online",
            Link::Reconnecting(_) => "reconnecting",
        }
    }

    /// Sends a frame, or keeps it for when the member is back.
    ///
    /// # Errors
    /// When no more is kept of what the sender has to say to this member alone.
    pub(crate) fn tell(
        &mut self,
        kept: Kept,
        text: String,
        limits: &Limits,
        outputs: &mut VecDeque<Output>,
    ) -> Result<(), Error> {
        match &mut self.link {
            Link::Online(conn) => outputs.push_back(Output::Send { conn: *conn, text }),
            Link::Reconnecting(absence) => absence.keep(kept, text, limits).map_err(|Full| Error::AbsentFull)?,
        }
        Ok(())
    }

    /// Sends the answer to a request of this member.
    pub(crate) fn tell_answer(&mut self, text: String, limits: &Limits, outputs: &mut VecDeque<Output>) {
        self.tell(Kept::Answer, text, limits, outputs).expect("an answer is always kept");
    }

    /// Answers an offer to the media server that has no other answer.
    pub(crate) fn refuse_offer(
        &mut self,
        offer: &PendingOffer,
        error: &Error,
        limits: &Limits,
        outputs: &mut VecDeque<Output>,
    ) {
        let media = Uid::media();
        let context =
            ErrorContext { id: offer.id.as_deref(), room: Some(&self.room), remote: Some(&media), label: None };
        let text = Reply::error(error, context).text();
        self.tell_answer(text, limits, outputs);
    }

    /// Sends a frame that says how things are; one who is not there hears when it is back how they are then.
    pub(crate) fn tell_if_online(&self, text: String, outputs: &mut VecDeque<Output>) {
        if let Link::Online(conn) = self.link {
            outputs.push_back(Output::Send { conn, text });
        }
    }

    /// Does what a moderator has decided, whatever the member brought along.
    pub(crate) fn stand(&mut self, standing: Standing) {
        let Standing { muted, made_host } = standing;
        muted.iter().for_each(|source| self.state.turn_off(*source));
        (self.muted, self.made_host) = (muted, made_host);
        if let Some(host) = made_host.filter(|_| !self.is_encoder()) {
            self.make_host(host);
        }
    }

    /// Makes it host, or takes that from it.
    pub(crate) fn make_host(&mut self, host: bool) {
        if host {
            HOST.clone_into(&mut self.role);
            self.grants.promote();
        } else {
            MEMBER.clone_into(&mut self.role);
            self.grants.demote();
        }
    }

    /// What a moderator has decided about it.
    pub(crate) fn standing(&self) -> Standing {
        Standing { muted: self.muted.clone(), made_host: self.made_host }
    }
}

/// Whether `caps` say that the client is an encoder: a program that sends pictures and sound to the media server, and that
/// nobody sits at to look after the room or to come back.
pub(crate) fn is_encoder(caps: &[String]) -> bool {
    caps.iter().any(|cap| cap == "encoder")
}

/// Whether `caps` say that the client can talk with the media server.
pub(crate) fn can_media(caps: &[String]) -> bool {
    caps.iter().any(|cap| cap == "media")
}
