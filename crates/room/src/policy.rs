//! Who may join, and who may do what.

use std::{str::FromStr, time::Duration};

use serde::Serialize;

use crate::{
    Config,
    error::Error,
    id::{RoomId, Uid},
    limit::fits,
    member::MediaState,
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

/// What somebody who was let in has from the token, or from having none.
#[derive(Debug)]
pub(crate) struct Pass {
    pub(crate) uid: Option<Uid>,
    pub(crate) name: Option<String>,
    pub(crate) role: String,
    pub(crate) grants: Grants,
}

/// Decides on one join. `url_token` came in the URL of the connection; a token in the message goes before it.
pub(crate) fn admit(
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
    Ok(Pass { uid: None, name: None, role: ROLE.to_owned(), grants: Grants::default() })
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
    let grants = claims.grants.map_or_else(Grants::default, Grants);
    Ok(Pass { uid, name: claims.name, role: claims.role.unwrap_or_else(|| ROLE.to_owned()), grants })
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
        }
    }

    fn has(&self, grant: &str) -> bool {
        self.0.iter().any(|own| own == grant)
    }
}

impl Default for Grants {
    fn default() -> Self {
        Self([SUBSCRIBE, PUBLISH_AUDIO, PUBLISH_VIDEO, PUBLISH_SCREEN, CHAT].map(str::to_owned).to_vec())
    }
}

/// May send chat messages.
pub(crate) const CHAT: &str = "chat";
const SUBSCRIBE: &str = "subscribe";
const PUBLISH_AUDIO: &str = "pub.audio";
const PUBLISH_VIDEO: &str = "pub.video";
const PUBLISH_SCREEN: &str = "pub.screen";
/// The role of who has no other.
const ROLE: &str = "member";
