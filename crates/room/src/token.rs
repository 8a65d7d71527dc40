//! Signed permission to join: JSON Web Tokens (RFC 7519) with HMAC-SHA-256 (RFC 7518 section 3.2), and nothing else.

use std::{fmt, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};
use serde::{Deserialize, Deserializer, Serialize};

/// A named secret that signs tokens.
#[derive(Clone)]
pub struct Key {
    name: String,
    secret: Vec<u8>,
}

impl Key {
    /// A key from its name, which tokens may carry as `kid`, and its secret.
    ///
    /// # Errors
    /// When the name is empty, or the secret is shorter than the 32 bytes that RFC 7518 section 3.2 demands.
    pub fn new(name: impl Into<String>, secret: impl Into<Vec<u8>>) -> Result<Self, KeyError> {
        let (name, secret) = (name.into(), secret.into());
        if name.is_empty() {
            return Err(KeyError::Unnamed);
        }
        if secret.len() < SECRET_BYTES_MIN {
            return Err(KeyError::Short { bytes: secret.len() });
        }
        Ok(Self { name, secret })
    }

    /// The name of the key.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why a secret is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key has no name.
    #[error("the key has no name")]
    Unnamed,
    /// The secret is too short for HS256.
    #[error("the secret has {bytes} bytes; HS256 needs {SECRET_BYTES_MIN} or more")]
    Short {
        /// Its length.
        bytes: usize,
    },
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The one room that it opens, or `*` for every room.
    pub room: String,
    /// Who the holder is; without it the holder chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// What the holder is called; without it the holder chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The holder's role, told to the v2 members; `member` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// What the holder may do; without it everything that a member without a token may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Vec<String>>,
    /// From when on the token opens nothing, in seconds since the Unix epoch.
    #[serde(deserialize_with = "numeric_date")]
    pub exp: u64,
    /// Before when the token opens nothing, in seconds since the Unix epoch.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_numeric_date")]
    pub nbf: Option<u64>,
}

impl Claims {
    /// Whether the token opens this room.
    pub fn opens(&self, room: &str) -> bool {
        self.room == "*" || self.room == room
    }
}

/// Why a token lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is longer than any that [`mint`] makes.
    #[error("it is longer than {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    /// It is no HS256 token, or its claims are not of the right types.
    #[error("it is not an HS256 token with the claims of this server")]
    Malformed,
    /// No key verifies its signature.
    #[error("no key of this server has signed it")]
    BadSignature,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It is for another room.
    #[error("it is for another room")]
    OtherRoom,
    /// It is for another uid than the one a dialect A client joins with.
    #[error("it is for another uid")]
    OtherUid,
    /// Its `uid` or `name` is not a valid one.
    #[error("its uid or name is not a valid one")]
    BadIdentity,
}

/// Signs `claims` with `key`.
///
/// # Errors
/// When the token would be longer than [`TOKEN_BYTES_MAX`], which every server would refuse.
pub fn mint(key: &Key, claims: &Claims) -> Result<String, TokenError> {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(key.name.clone());
    let token = jsonwebtoken::encode(&header, claims, &EncodingKey::from_secret(&key.secret))
        .map_err(|_| TokenError::Malformed)?;
    if token.len() > TOKEN_BYTES_MAX { Err(TokenError::TooLong) } else { Ok(token) }
}

/// The claims of a token that one of `keys` signed and whose time is `unix_now`. A token with a `kid` is held against
/// the key of that name only. Which room it opens is left to the caller.
///
/// # Errors
/// Every reason why the token lets nobody in now.
pub fn verify(keys: &[Key], token: &str, unix_now: Duration) -> Result<Claims, TokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::TooLong);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
    // RFC 7515 section 4.1.11: what `crit` names must be understood, and nothing is.
    if header.alg != Algorithm::HS256 || header.crit.is_some() {
        return Err(TokenError::Malformed);
    }
    let claims = keys
        .iter()
        .filter(|key| header.kid.as_ref().is_none_or(|kid| *kid == key.name))
        .map(|key| decode(key, token))
        .find(|decoded| !matches!(decoded, Err(TokenError::BadSignature)))
        .unwrap_or(Err(TokenError::BadSignature))?;
    if unix_now.as_secs() >= claims.exp {
        return Err(TokenError::Expired);
    }
    if claims.nbf.is_some_and(|nbf| unix_now.as_secs() + CLOCK_SKEW.as_secs() < nbf) {
        return Err(TokenError::NotYetValid);
    }
    Ok(claims)
}

fn decode(key: &Key, token: &str) -> Result<Claims, TokenError> {
    let mut validation = Validation::new(Algorithm::HS256);
    // Time is judged by `verify`, which is told it; the audience is the key.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let decoded = jsonwebtoken::decode(token, &DecodingKey::from_secret(&key.secret), &validation);
    decoded.map(|data| data.claims).map_err(|error| {
        if matches!(error.kind(), ErrorKind::InvalidSignature) {
            TokenError::BadSignature
        } else {
            TokenError::Malformed
        }
    })
}

/// A NumericDate (RFC 7519 section 2) may have a fraction, which is dropped.
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let seconds = number.as_u64().or_else(|| {
        let fraction = number.as_f64().filter(|seconds| seconds.is_finite() && *seconds >= 0.0)?;
        Some(Duration::try_from_secs_f64(fraction).ok()?.as_secs())
    });
    seconds.ok_or_else(|| serde::de::Error::custom("not a time since 1970"))
}

fn optional_numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    numeric_date(deserializer).map(Some)
}

/// Longest token, in bytes: it must fit into a URL.
pub const TOKEN_BYTES_MAX: usize = 4096;
/// Shortest secret, in bytes: as long as the hash (RFC 7518 section 3.2).
pub const SECRET_BYTES_MIN: usize = 32;
/// How far the clock of the machine that mints may be ahead of ours.
const CLOCK_SKEW: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
