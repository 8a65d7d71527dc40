//! Who looks after the server: whoever can read `data.dir`, and programs with a token by `auth.keys`.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use room::token::{Claims, Key, KeyError, TokenError, mint};

use crate::clock;
use crate::config::{Config, Secret};
use crate::data_dir::DataDir;

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// No server has made the secret.
    #[error(
        "there is no secret for it in {}: start the server first, and give the same configuration here, or run this where it runs", path.display()
    )]
    NoSecret {
        /// The directory.
        path: PathBuf,
    },
    /// It is there, and cannot be read.
    #[error("the secret in {} cannot be read: {cause}; run this as the server's user", path.display())]
    Unreadable {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The secret is not one.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It cannot be signed.
    #[error(transparent)]
    Token(#[from] TokenError),
}

/// A token that opens `/admin` and the API for every room, signed by the secret in `data.dir`.
///
/// # Errors
/// [`AdminError`].
pub fn token(config: &Config, lifetime: Duration) -> Result<String, AdminError> {
    let path = config.data_dir.clone();
    let secret = match DataDir::kept_admin_secret(&path) {
        Ok(Some(secret)) => secret,
        Ok(None) => return Err(AdminError::NoSecret { path }),
        Err(cause) => return Err(AdminError::Unreadable { path, cause }),
    };
    let claims = Claims {
        room: "*".to_owned(),
        uid: None,
        name: None,
        role: None,
        grants: Some(vec![MANAGE.to_owned()]),
        exp: (clock::unix_time() + lifetime).as_secs(),
        nbf: None,
    };
    Ok(mint(&key(&secret)?, &claims)?)
}

/// The keys by which requests to the API are believed: `auth.keys`, and the secret in `data.dir`. A server that cannot keep one goes
/// without.
pub(crate) fn manage_keys(config: &Config, auth_keys: &[Key]) -> Vec<Key> {
    let kept = DataDir::open(&config.data_dir).and_then(|directory| directory.admin_secret());
    let kept = kept.map_err(|error| {
        tracing::warn!("no parlor admin: its secret cannot be kept in {}: {error}", config.data_dir.display());
    });
    auth_keys.iter().cloned().chain(kept.ok().and_then(|secret| key(&secret).ok())).collect()
}

fn key(secret: &Secret) -> Result<Key, KeyError> {
    Key::new(KEY, secret.reveal())
}

/// The grant that opens the API.
pub(crate) const MANAGE: &str = "manage";

/// The name of the key. No key of `auth.keys` has one with this sign.
const KEY: &str = "@admin";
