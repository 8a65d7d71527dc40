//! Who may publish a stream and who may play it: the settings `live.publish` and `live.play`, and tokens by `auth.keys`.
//!
//! A token names a stream as `app/stream` where others name a room; `app/*` are all streams of an app, `*` is everything. Its grants
//! `publish` and `play` say what it is good for; one without grants is good for both.
//!
//! What a room shows, that room decides about. A token for it names the room, and grants `view`.

use std::net::IpAddr;
use std::time::Duration;

use live::StreamName;
use room::show::StreamPolicy;
use room::token::{Claims, Key, TokenError, verify};

use super::hooks::HookRefusal;
use super::shows::{Shows, room_of};
use crate::config::{Admission, Config, Networks};

/// What somebody wants to do with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Publish,
    Play,
}

impl Deed {
    /// The grant that allows it, which is also the end of the setting's name.
    fn grant(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Play => "play",
        }
    }
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    /// The operator has switched it off for everybody.
    #[error("the operator has switched this off (live.{})", .0.grant())]
    Off(Deed),
    /// There is no token.
    #[error("a token is needed: send it as \"Authorization: Bearer …\" or as the query parameter token")]
    TokenNeeded,
    /// There is one that nobody believes.
    #[error("the token is not accepted: {0}")]
    TokenRefused(TokenError),
    /// It is good for something else.
    #[error("the token is for another stream")]
    OtherStream,
    /// It does not go so far.
    #[error("the token does not grant \"{}\"", .0.grant())]
    NotGranted(Deed),
    /// It is that of somebody who may not watch a room.
    #[error("the token does not grant \"view\"")]
    NotView,
    /// A name that belongs to a room.
    #[error(
        "this name belongs to a room, into which encoders publish by its own name alone (room/ and the name of the room)"
    )]
    RoomName,
    /// A room does not let audiences watch, or is not there.
    #[error("no room shows this")]
    NotShown,
    /// Only members can read it.
    #[error("this is encrypted from end to end, and only members of the room can watch it")]
    Encrypted,
    /// Its address is not among those that may, or among those that may not.
    #[error("the operator does not allow this address to {}", .0.grant())]
    Address(Deed),
    /// A program of the operator did not let it in.
    #[error(transparent)]
    Hook(#[from] HookRefusal),
    /// As many are there as may be.
    #[error("{0} clients are there, which is the limit of this server")]
    Full(usize),
}

impl Denied {
    /// What it is called in answers to programs.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Off(_) => "switched-off",
            Self::TokenNeeded => "token-needed",
            Self::TokenRefused(_) => "token-refused",
            Self::OtherStream => "other-stream",
            Self::NotGranted(_) | Self::NotView => "not-granted",
            Self::RoomName => "room-name",
            Self::NotShown => "not-shown",
            Self::Encrypted => "encrypted",
            Self::Address(_) => "address-denied",
            Self::Hook(HookRefusal::Refused(_)) => "hook-refused",
            Self::Hook(HookRefusal::Failed(_)) => "hook-failed",
            Self::Full(_) => "too-many-clients",
        }
    }
}

/// What a deed asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing.
    Nothing,
    /// A token.
    Token,
    /// What nobody has: it is switched off.
    Off,
}

/// The streams with which somebody may do something.
#[derive(Debug)]
pub(crate) struct Pass {
    /// `None`: all streams, without a token.
    claims: Option<Claims>,
    shows: Shows,
}

impl Pass {
    /// Whether the stream of that name is one of them.
    pub(crate) fn opens(&self, name: &StreamName) -> bool {
        let Some(room) = room_of(name) else { return self.claims.as_ref().is_none_or(|claims| opens(claims, name)) };
        let access = self.shows.find(name).map_or(StreamPolicy::Off, |show| show.access);
        match access {
            StreamPolicy::Off => false,
            StreamPolicy::Token => self.claims.as_ref().is_some_and(|claims| may_view(claims, room)),
            StreamPolicy::Open => true,
        }
    }
}

/// From where something may be done.
#[derive(Debug, Clone)]
struct Rule {
    /// None: from everywhere.
    allow: Networks,
    deny: Networks,
}

impl Rule {
    fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        (self.allow.0.is_empty() || self.allow.contain(address)) && !self.deny.contain(address)
    }
}

/// Decides who may.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    publish: Admission,
    play: Admission,
    publish_from: Rule,
    play_from: Rule,
    keys: Vec<Key>,
    shows: Shows,
}

impl Access {
    /// By the settings, the keys that sign tokens, and what rooms show.
    pub(crate) fn new(config: &Config, keys: Vec<Key>, shows: Shows) -> Self {
        let publish_from = Rule { allow: config.live_publish_allow.clone(), deny: config.live_publish_deny.clone() };
        let play_from = Rule { allow: config.live_play_allow.clone(), deny: config.live_play_deny.clone() };
        Self { publish: config.live_publish, play: config.live_play, publish_from, play_from, keys, shows }
    }

    /// What `deed` asks of everybody.
    pub(crate) fn need(&self, deed: Deed) -> Need {
        let admission = match deed {
            Deed::Publish => self.publish,
            Deed::Play => self.play,
        };
        match admission {
            Admission::Off => Need::Off,
            Admission::All => Need::Nothing,
            Admission::Auto if self.keys.is_empty() => Need::Nothing,
            Admission::Auto | Admission::Token => Need::Token,
        }
    }

    /// With which streams `deed` may be done, at `unix_now`.
    ///
    /// # Errors
    /// [`Denied`], when with none.
    pub(crate) fn pass(&self, deed: Deed, token: Option<&str>, unix_now: Duration) -> Result<Pass, Denied> {
        let claims = self.claims(deed, token, unix_now)?;
        let is_granted = claims.as_ref().is_none_or(|claims| grants(claims, deed));
        if is_granted { Ok(Pass { claims, shows: self.shows.clone() }) } else { Err(Denied::NotGranted(deed)) }
    }

    /// Whether `deed` may be done from there.
    ///
    /// # Errors
    /// [`Denied::Address`].
    pub(crate) fn check_address(&self, deed: Deed, address: IpAddr) -> Result<(), Denied> {
        let rule = match deed {
            Deed::Publish => &self.publish_from,
            Deed::Play => &self.play_from,
        };
        if rule.allows(address) { Ok(()) } else { Err(Denied::Address(deed)) }
    }

    /// Whether `deed` may be done with the stream of that name, at `unix_now`.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) fn check(
        &self,
        deed: Deed,
        name: &StreamName,
        token: Option<&str>,
        unix_now: Duration,
    ) -> Result<(), Denied> {
        if let Some(room) = room_of(name) {
            return self.check_show(deed, (name, room), token, unix_now);
        }
        let Some(claims) = self.claims(deed, token, unix_now)? else { return Ok(()) };
        if !opens(&claims, name) {
            return Err(Denied::OtherStream);
        }
        if grants(&claims, deed) { Ok(()) } else { Err(Denied::NotGranted(deed)) }
    }

    /// Whether an encoder may ask that room for a seat, at `unix_now`: with a token for the room that grants it in words, or where no token
    /// is needed. The room itself has the last word.
    ///
    /// # Errors
    /// [`Denied`].
    pub(crate) fn check_encoder(&self, room: &str, token: Option<&str>, unix_now: Duration) -> Result<(), Denied> {
        if self.publish == Admission::Off {
            return Err(Denied::Off(Deed::Publish));
        }
        if self.keys.is_empty() && self.publish != Admission::Token {
            return Ok(());
        }
        let claims = verify(&self.keys, token.ok_or(Denied::TokenNeeded)?, unix_now).map_err(Denied::TokenRefused)?;
        if !claims.opens(room) {
            return Err(Denied::OtherStream);
        }
        let is_granted = claims.grants.is_some_and(|grants| grants.iter().any(|grant| grant == Deed::Publish.grant()));
        if is_granted { Ok(()) } else { Err(Denied::NotGranted(Deed::Publish)) }
    }

    /// What rooms show.
    pub(crate) fn shows(&self) -> &Shows {
        &self.shows
    }

    /// Whether `deed` may be done with what a room shows: the room says so, and `live.play` where that is stricter.
    fn check_show(
        &self,
        deed: Deed,
        (name, room): (&StreamName, &str),
        token: Option<&str>,
        unix_now: Duration,
    ) -> Result<(), Denied> {
        if deed == Deed::Publish {
            return Err(Denied::RoomName);
        }
        if self.play == Admission::Off {
            return Err(Denied::Off(deed));
        }
        let show = self.shows.find(name).filter(|show| show.access != StreamPolicy::Off).ok_or(Denied::NotShown)?;
        if show.encrypted {
            return Err(Denied::Encrypted);
        }
        if show.access == StreamPolicy::Open && self.play != Admission::Token {
            return Ok(());
        }
        let claims = verify(&self.keys, token.ok_or(Denied::TokenNeeded)?, unix_now).map_err(Denied::TokenRefused)?;
        match may_view(&claims, room) {
            true => Ok(()),
            false if claims.opens(room) => Err(Denied::NotView),
            false => Err(Denied::OtherStream),
        }
    }

    /// What the token says, whose signature is good; `None` where none is needed.
    fn claims(&self, deed: Deed, token: Option<&str>, unix_now: Duration) -> Result<Option<Claims>, Denied> {
        match self.need(deed) {
            Need::Off => Err(Denied::Off(deed)),
            Need::Nothing => Ok(None),
            Need::Token => {
                let token = token.ok_or(Denied::TokenNeeded)?;
                verify(&self.keys, token, unix_now).map(Some).map_err(Denied::TokenRefused)
            }
        }
    }
}

fn grants(claims: &Claims, deed: Deed) -> bool {
    claims.grants.as_ref().is_none_or(|grants| grants.iter().any(|grant| grant == deed.grant()))
}

/// Whether the holder may watch that room without being a member: a token that says nothing of it is a member's.
fn may_view(claims: &Claims, room: &str) -> bool {
    claims.opens(room) && claims.grants.as_ref().is_some_and(|grants| grants.iter().any(|grant| grant == VIEW))
}

fn opens(claims: &Claims, name: &StreamName) -> bool {
    stands_for(&claims.room, name)
}

/// Whether `app/stream`, `app/*` or `*` stands for this stream.
pub(crate) fn stands_for(pattern: &str, name: &StreamName) -> bool {
    // An app may have slashes in it: the last one divides.
    let named = pattern.rsplit_once('/');
    pattern == "*" || named.is_some_and(|named| named.0 == name.app() && (named.1 == "*" || named.1 == name.stream()))
}

/// The grant to watch a room.
const VIEW: &str = "view";

#[cfg(test)]
mod tests;
