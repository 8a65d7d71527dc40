//! The long-term credential mechanism (RFC 8489 §9.2), with the errors of §9.2.4 in the order of §9.2.4.

use std::time::{Duration, Instant};

use md5::Md5;
use sha2::{Digest, Sha256};
use stun_types::attribute::{
    AttributeStaticType, Nonce, PasswordAlgorithm, PasswordAlgorithmValue, PasswordAlgorithms, Realm, Userhash,
    Username,
};

use crate::address::ClientAddr;
use crate::config::{Config, REALM_BYTES_MAX};
use crate::credentials::{Credentials, Password, RestUsername, Secret, rest_password};
use crate::error::{BadRequest, ConfigError, Reject};
use crate::hash::{SeededMap, SeededState};
use crate::message::{Integrity, IntegrityAlgorithm, Message};
use crate::nonce::{Features, NonceMint};
use crate::quota::Account;
use crate::response::{Envelope, Key, Response, Seal};

/// Knows who may come in. Keeps nothing about anybody who has not proved it.
#[derive(Debug)]
pub(crate) struct Authenticator {
    realm: String,
    /// Static users, by name.
    users: SeededMap<String, Password>,
    /// The names of static users, by USERHASH (RFC 8489 §14.4).
    user_hashes: SeededMap<[u8; 32], String>,
    rest_secrets: Vec<Secret>,
    nonces: NonceMint,
    clock: UnixClock,
}

/// A client that has proved to know a password.
#[derive(Debug)]
pub(crate) struct Authenticated {
    /// The whole username, which every request of an allocation must have.
    pub(crate) username: String,
    /// Signs the response.
    pub(crate) seal: Seal,
}

impl Authenticated {
    /// Whom quotas count: the username without the expiry, and the room of it.
    pub(crate) fn account(&self, authenticator: &Authenticator) -> Account {
        let named = || Account { user: self.username.clone(), room: None };
        if authenticator.users.contains_key(&self.username) {
            return named();
        }
        RestUsername::parse(&self.username)
            .map_or_else(named, |rest| Account { user: rest.user.to_owned(), room: rest.room.map(str::to_owned) })
    }
}

impl Authenticator {
    pub(crate) fn new(
        config: &Config,
        hash: SeededState,
        nonces: NonceMint,
        clock: UnixClock,
    ) -> Result<Self, ConfigError> {
        if config.realm.is_empty() || config.realm.len() > REALM_BYTES_MAX {
            return Err(ConfigError::RealmLength { bytes: config.realm.len() });
        }
        let mut authenticator = Self {
            realm: config.realm.clone(),
            users: SeededMap::with_hasher(hash),
            user_hashes: SeededMap::with_hasher(hash),
            rest_secrets: Vec::new(),
            nonces,
            clock,
        };
        authenticator.set_credentials(&config.credentials)?;
        Ok(authenticator)
    }

    /// Replaces users and secrets; on an error the old ones stay.
    pub(crate) fn set_credentials(&mut self, credentials: &Credentials) -> Result<(), ConfigError> {
        check(credentials)?;
        self.users.clear();
        self.user_hashes.clear();
        for (name, password) in &credentials.users {
            self.user_hashes.insert(Userhash::compute(name, &self.realm), name.clone());
            self.users.insert(name.clone(), password.clone());
        }
        self.rest_secrets.clone_from(&credentials.rest_secrets);
        Ok(())
    }

    pub(crate) fn set_clock(&mut self, clock: UnixClock) {
        self.clock = clock;
    }

    /// RFC 8489 §9.2.4, step by step.
    pub(crate) fn authenticate(
        &self,
        now: Instant,
        client: &ClientAddr,
        message: &Message<'_>,
    ) -> Result<Authenticated, Reject> {
        let integrity = message.integrity().ok_or(Reject::Unauthorized)?;
        check_integrity_length(&integrity)?;
        let user = claimed_user(message)?;
        require::<Realm>(message)?;
        let nonce = require::<Nonce>(message)?;
        let algorithm = password_algorithm(message, nonce.nonce())?;
        let username = self.username(user)?;
        let seal = self.matching_seal(now, &username, algorithm, message, &integrity)?;
        if !self.nonces.verify(now, client, nonce.nonce()) {
            return Err(Reject::StaleNonce);
        }
        Ok(Authenticated { username, seal })
    }

    /// The answer to a client that has not authenticated itself: what it needs to do so, within twice of what it sent
    /// where the sender's address may be a victim's.
    pub(crate) fn challenge(
        &self,
        now: Instant,
        client: &ClientAddr,
        envelope: Envelope,
        request: usize,
        reject: &Reject,
    ) -> Vec<u8> {
        let announced = if self.rest_secrets.is_empty() {
            Features::PasswordAlgorithmsAndUserhash
        } else {
            // A time-limited username cannot be told from its hash.
            Features::PasswordAlgorithms
        };
        let full = self.challenge_with(now, client, envelope, reject, announced);
        if client.transport.is_stream() || full.len() <= AMPLIFICATION_MAX * request {
            full
        } else {
            self.challenge_with(now, client, envelope, reject, Features::None)
        }
    }

    fn challenge_with(
        &self,
        now: Instant,
        client: &ClientAddr,
        envelope: Envelope,
        reject: &Reject,
        features: Features,
    ) -> Vec<u8> {
        let mut response = Response::error(envelope, reject);
        // Both are shorter than what their constructors refuse.
        if let (Ok(realm), Ok(nonce)) = (Realm::new(&self.realm), Nonce::new(&self.nonces.mint(now, client, features)))
        {
            response.add(&realm);
            response.add(&nonce);
        }
        if features != Features::None {
            response.add(&PasswordAlgorithms::new(&PASSWORD_ALGORITHMS));
        }
        response.finish(None)
    }

    fn username(&self, user: ClaimedUser) -> Result<String, Reject> {
        match user {
            ClaimedUser::Name(name) => Ok(name),
            ClaimedUser::Hash(hash) => self.user_hashes.get(&hash).cloned().ok_or(Reject::Unauthorized),
        }
    }

    /// The seal of the password that the message was signed with; 401 when that is none of this user's.
    fn matching_seal(
        &self,
        now: Instant,
        username: &str,
        password_algorithm: PasswordAlgorithmValue,
        message: &Message<'_>,
        integrity: &Integrity<'_>,
    ) -> Result<Seal, Reject> {
        let seal = |password: &Password| Seal {
            key: key(password_algorithm, username, &self.realm, password),
            algorithm: integrity.algorithm,
        };
        if let Some(password) = self.users.get(username) {
            let seal = seal(password);
            return if seal.verify(message, integrity) { Ok(seal) } else { Err(Reject::Unauthorized) };
        }
        let rest = RestUsername::parse(username).ok_or(Reject::Unauthorized)?;
        if rest.expiry < self.clock.unix_time(now) {
            return Err(Reject::Unauthorized);
        }
        self.rest_secrets
            .iter()
            .map(|secret| seal(&rest_password(secret, username)))
            .find(|seal| seal.verify(message, integrity))
            .ok_or(Reject::Unauthorized)
    }
}

/// The time of day, as it was told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UnixClock {
    pub(crate) at: Instant,
    pub(crate) unix_time: Duration,
}

impl UnixClock {
    fn unix_time(&self, now: Instant) -> Duration {
        self.unix_time.saturating_add(now.saturating_duration_since(self.at))
    }
}

enum ClaimedUser {
    Name(String),
    Hash([u8; 32]),
}

/// USERNAME or USERHASH; 400 when there is neither.
fn claimed_user(message: &Message<'_>) -> Result<ClaimedUser, Reject> {
    if let Some(username) = message.attribute::<Username>()? {
        return Ok(ClaimedUser::Name(username.username().to_owned()));
    }
    match message.attribute::<Userhash>()? {
        Some(userhash) => Ok(ClaimedUser::Hash(*userhash.hash())),
        None => Err(BadRequest::Missing(Username::TYPE.value()).into()),
    }
}

/// Truncated MESSAGE-INTEGRITY-SHA256 is for usages that say so (RFC 8489 §14.6); TURN does not.
fn check_integrity_length(integrity: &Integrity<'_>) -> Result<(), Reject> {
    let (kind, bytes) = match integrity.algorithm {
        IntegrityAlgorithm::Sha1 => (0x0008, 20),
        IntegrityAlgorithm::Sha256 => (0x001C, 32),
    };
    if integrity.value.len() == bytes { Ok(()) } else { Err(BadRequest::Attribute(kind).into()) }
}

fn require<'a, A>(message: &Message<'a>) -> Result<A, Reject>
where
    A: AttributeStaticType + stun_types::attribute::AttributeFromRaw<'a>,
{
    message.attribute::<A>()?.ok_or_else(|| BadRequest::Missing(A::TYPE.value()).into())
}

/// How the password was digested. A nonce that announced password algorithms keeps them from being talked down.
fn password_algorithm(message: &Message<'_>, nonce: &str) -> Result<PasswordAlgorithmValue, Reject> {
    let chosen = message.attribute::<PasswordAlgorithm>()?.map(|chosen| chosen.algorithm());
    if !Features::announces_password_algorithms(nonce) {
        return Ok(chosen.unwrap_or(PasswordAlgorithmValue::MD5));
    }
    match (message.attribute::<PasswordAlgorithms>()?, chosen) {
        (None, None) => Ok(PasswordAlgorithmValue::MD5),
        (Some(offered), Some(chosen)) if offered.algorithms() == PASSWORD_ALGORITHMS => Ok(chosen),
        _ => Err(BadRequest::PasswordAlgorithms.into()),
    }
}

/// RFC 8489 §18.5.1.
fn key(algorithm: PasswordAlgorithmValue, username: &str, realm: &str, password: &Password) -> Key {
    let parts = [username, ":", realm, ":", password.expose()];
    match algorithm {
        PasswordAlgorithmValue::MD5 => Key::Md5(digest::<Md5>(&parts).into()),
        PasswordAlgorithmValue::SHA256 => Key::Sha256(digest::<Sha256>(&parts).into()),
    }
}

fn digest<D: Digest>(parts: &[&str]) -> md5::digest::Output<D> {
    let mut digest = D::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    digest.finalize()
}

fn check(credentials: &Credentials) -> Result<(), ConfigError> {
    let empty = |kind, position| ConfigError::EmptyCredential { kind, position };
    if let Some(position) = credentials.rest_secrets.iter().position(Secret::is_empty) {
        return Err(empty("secret", position + 1));
    }
    let mut names = std::collections::BTreeSet::new();
    for (position, (name, password)) in credentials.users.iter().enumerate() {
        if name.is_empty() || password.expose().is_empty() {
            return Err(empty("user", position + 1));
        }
        if !names.insert(name) {
            return Err(ConfigError::DuplicateUser(name.clone()));
        }
    }
    Ok(())
}

/// The order of preference in which they are offered (RFC 8489 §9.2.3).
const PASSWORD_ALGORITHMS: [PasswordAlgorithmValue; 2] = [PasswordAlgorithmValue::SHA256, PasswordAlgorithmValue::MD5];
/// A complete request from an address that may be forged gets at most twice its size back.
const AMPLIFICATION_MAX: usize = 2;

#[cfg(test)]
mod tests;
