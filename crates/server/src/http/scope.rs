//! What a token opens of the API about live streams.

use axum::http::request::Parts;
use live::StreamName;

use super::api::bearer;
use super::problem::Problem;
use super::site::Site;
use crate::admin::MANAGE;
use crate::clock;
use crate::live::access::stands_for;

/// The streams of a token.
#[derive(Debug)]
pub(super) struct Scope {
    /// As tokens name streams.
    pattern: String,
}

impl Scope {
    /// That of the token of a request, which has the grant `manage`, or this one.
    ///
    /// # Errors
    /// When there is none that is believed and goes so far.
    pub(super) fn of(site: &Site, parts: &Parts, grant: &'static str) -> Result<Self, Problem> {
        if site.manage_keys.is_empty() {
            return Err(Problem::NoKeys);
        }
        let token = bearer(parts).ok_or(Problem::TokenNeeded)?;
        let claims =
            room::token::verify(&site.manage_keys, &token, clock::unix_time()).map_err(Problem::TokenRefused)?;
        let granted = claims.grants.is_some_and(|grants| grants.iter().any(|known| known == MANAGE || known == grant));
        if granted { Ok(Self { pattern: claims.room }) } else { Err(Problem::NotGrantedTo { grant }) }
    }

    /// Whether the stream is one of them.
    ///
    /// # Errors
    /// When it is not.
    pub(super) fn check(&self, name: &StreamName) -> Result<(), Problem> {
        if stands_for(&self.pattern, name) { Ok(()) } else { Err(Problem::OtherStream) }
    }

    /// `app/stream`, `app/*` or `*`; or the name of a room, which opens no stream.
    pub(super) fn pattern(&self) -> &str {
        &self.pattern
    }
}
