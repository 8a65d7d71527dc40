//! Who may join, and who may do what.

use std::{str::FromStr, time::Duration};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    Config,
    error::Error,
    id::{RoomId, Uid},
    limit::fits,
    media::Source,
    member::{MediaState, is_encoder},
    message::Join,
    token::{self, TokenError},
};

/// Who may join without a token on the port for course clients (`compat.anonymous`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Anonymous {
    /// Written `auto`: as on every other port, everybody while no key is set, nobody once there is one.
    #[default]
    Auto,
    /// Written `all`: everybody.
    All,
    /// Written `prefix:demo-`: everybody, into rooms whose name begins so.
    Prefix(String),
    /// Written `off`: nobody.
    Off,
}

impl Anonymous {
    fn admits(&self, room: &RoomId, keys_set: bool) -> bool {
        match self {
            Self::Auto => !keys_set,
            Self::All => true,
            Self::Prefix(prefix) => room.as_str().starts_with(prefix),
            Self::Off => false,
        }
    }
}

impl FromStr for Anonymous {
    type Err = AnonymousError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "all" => Ok(Self::All),
            "off" => Ok(Self::Off),
            _ => match text.strip_prefix("prefix:") {
                Some(prefix) if !prefix.is_empty() => Ok(Self::Prefix(prefix.to_owned())),
                _ => Err(AnonymousError),
            },
        }
    }
}

/// The text names no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be auto, all, off, or prefix: and the beginning of a room's name")]
pub struct AnonymousError;

/// Who may end the mute that a moderator has set (`rooms.unmute`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmute {
    /// Written `self`: the member, when it wants to speak.
    #[default]
    Member,
    /// Written `moderator`: a moderator only.
    Moderator,
}

impl FromStr for Unmute {
    type Err = UnmuteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "self" => Ok(Self::Member),
            "moderator" => Ok(Self::Moderator),
            _ => Err(UnmuteError),
        }
    }
}

/// The text names nobody who may unmute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be self or moderator")]
pub struct UnmuteError;

/// What somebody who was let in has from the token, or from having none.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) uid: Option<Uid>,
    pub(crate) name: Option<String>,
    pub(crate) role: String,
    pub(crate) grants: Grants,
    /// The token that let in, to know it again.
    pub(crate) token: Option<TokenMark>,
}

/// What a token is known again by: a digest, so that no list of tokens is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TokenMark([u8; 32]);

impl TokenMark {
    fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// Decides on one join. `url_token` came in the URL of the connection; a token in the message goes before it.
pub(crate) fn admit(
    config: &Config,
    join: &Join,
    url_token: Option<&str>,
    compat: bool,
    unix_now: Duration,
) -> Result<Pass, Error> {
    let pass = admit_anybody(config, join, url_token, compat, unix_now)?;
    if !is_encoder(&join.caps) {
        return Ok(pass);
    }
    if pass.token.is_some() {
        pass.grants.demand(PUBLISH)?;
    }
    Ok(Pass { role: MEMBER.to_owned(), grants: Grants::of_encoder(), ..pass })
}

fn admit_anybody(
    config: &Config,
    join: &Join,
    url_token: Option<&str>,
    compat: bool,
    unix_now: Duration,
) -> Result<Pass, Error> {
    let keys_set = !config.auth_keys.is_empty();
    if keys_set && let Some(token) = join.token.as_deref().or(url_token) {
        return admit_token(config, join, token, unix_now);
    }
    // A token is nothing while no key can verify it.
    let anonymous = if compat { &config.compat_anonymous } else { &Anonymous::Auto };
    if !anonymous.admits(&join.room, keys_set) {
        return Err(Error::TokenMissing);
    }
    Ok(Pass { uid: None, name: None, role: MEMBER.to_owned(), grants: Grants::default(), token: None })
}

fn admit_token(config: &Config, join: &Join, token: &str, unix_now: Duration) -> Result<Pass, Error> {
    let claims = token::verify(&config.auth_keys, token, unix_now)?;
    if !claims.opens(join.room.as_str()) {
        return Err(TokenError::OtherRoom.into());
    }
    let uid = match claims.uid {
        Some(uid) => Some(Uid::new(&uid).ok_or(TokenError::BadIdentity)?),
        None => None,
    };
    // A dialect A client cannot be told another uid than the one it goes on sending.
    if !join.v2 && uid.is_some() && uid != join.uid {
        return Err(TokenError::OtherUid.into());
    }
    if claims.name.as_ref().is_some_and(|name| !fits(config.limits.name_bytes, name.len())) {
        return Err(TokenError::BadIdentity.into());
    }
    let role = claims.role.unwrap_or_else(|| MEMBER.to_owned());
    let grants = claims.grants.map_or_else(|| Grants::of_role(&role), Grants);
    Ok(Pass { uid, name: claims.name, role, grants, token: Some(TokenMark::of(token)) })
}

/// What a member may do, as the words of its token.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Grants(Vec<String>);

impl Grants {
    /// `Ok` with the grant.
    pub(crate) fn demand(&self, grant: &'static str) -> Result<(), Error> {
        if self.has(grant) { Ok(()) } else { Err(Error::Forbidden { grant }) }
    }

    /// `Ok` with what lets its holder record the room: a grant of its own, or looking after the room.
    pub(crate) fn demand_record(&self) -> Result<(), Error> {
        if self.has(MODERATE) { Ok(()) } else { self.demand(RECORD) }
    }

    /// `Ok` with a grant that needs media to be negotiated.
    pub(crate) fn demand_media(&self) -> Result<(), Error> {
        let media = [SUBSCRIBE, PUBLISH_AUDIO, PUBLISH_VIDEO, PUBLISH_SCREEN];
        if media.iter().any(|grant| self.has(grant)) { Ok(()) } else { self.demand(SUBSCRIBE) }
    }

    /// `Ok` when everything that `state` says is on may be published.
    pub(crate) fn demand_state(&self, state: MediaState) -> Result<(), Error> {
        let wanted = [(state.audio, PUBLISH_AUDIO), (state.video, PUBLISH_VIDEO), (state.screen, PUBLISH_SCREEN)];
        wanted.into_iter().filter(|(on, _)| *on).try_for_each(|(_, grant)| self.demand(grant))
    }

    /// `state` without what may not be published.
    pub(crate) fn mask(&self, state: MediaState) -> MediaState {
        MediaState {
            audio: state.audio && self.has(PUBLISH_AUDIO),
            video: state.video && self.has(PUBLISH_VIDEO),
            screen: state.screen && self.has(PUBLISH_SCREEN),
            ..state
        }
    }

    /// What `sources` of a member the media server may take in.
    pub(crate) fn sources(&self) -> Vec<Source> {
        Source::ALL.into_iter().filter(|source| self.has(publishing(*source))).collect()
    }

    pub(crate) fn may_subscribe(&self) -> bool {
        self.has(SUBSCRIBE)
    }

    pub(crate) fn may_moderate(&self) -> bool {
        self.has(MODERATE)
    }

    /// Whether the holder decides who comes in from the lobby.
    pub(crate) fn may_admit(&self) -> bool {
        self.has(ADMIT) || self.has(MODERATE)
    }

    /// What the host of a room may do beside what it may do already.
    pub(crate) fn promote(&mut self) {
        for grant in [MODERATE, ADMIT] {
            if !self.has(grant) {
                self.0.push(grant.to_owned());
            }
        }
    }

    /// The opposite of [`promote`](Self::promote).
    pub(crate) fn demote(&mut self) {
        self.0.retain(|own| own != MODERATE && own != ADMIT);
    }

    /// What a token with this role and without grants grants.
    fn of_role(role: &str) -> Self {
        let mut grants = Self::default();
        if role == HOST {
            grants.promote();
        }
        grants
    }

    /// What an encoder may do, whatever else its token says: it has no page to do more with.
    fn of_encoder() -> Self {
        Self([PUBLISH_AUDIO, PUBLISH_VIDEO].map(str::to_owned).to_vec())
    }

    fn has(&self, grant: &str) -> bool {
        self.0.iter().any(|own| own == grant)
    }
}

/// The grant that a source needs.
fn publishing(source: Source) -> &'static str {
    match source {
        Source::Microphone => PUBLISH_AUDIO,
        Source::Camera => PUBLISH_VIDEO,
        Source::Screen | Source::ScreenAudio => PUBLISH_SCREEN,
    }
}

impl Default for Grants {
    fn default() -> Self {
        Self([SUBSCRIBE, PUBLISH_AUDIO, PUBLISH_VIDEO, PUBLISH_SCREEN, CHAT].map(str::to_owned).to_vec())
    }
}

/// May send chat messages.
pub(crate) const CHAT: &str = "chat";
/// May mute, remove, lock, make host and end.
pub(crate) const MODERATE: &str = "moderate";
/// May begin and end recordings.
pub(crate) const RECORD: &str = "record";
/// May let in who waits in the lobby.
pub(crate) const ADMIT: &str = "admit";
/// May negotiate media to receive.
pub(crate) const SUBSCRIBE: &str = "subscribe";
/// An encoder may be a member.
const PUBLISH: &str = "publish";
const PUBLISH_AUDIO: &str = "pub.audio";
const PUBLISH_VIDEO: &str = "pub.video";
const PUBLISH_SCREEN: &str = "pub.screen";
/// The role of who has no other.
pub(crate) const MEMBER: &str = "member";
/// The role of who looks after the room.
pub(crate) const HOST: &str = "host";
