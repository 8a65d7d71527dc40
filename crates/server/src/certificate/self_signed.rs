//! The certificate for machines without a public name.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::CertificateError;
use crate::address;
use crate::config::is_host_name;
use crate::data_dir::DataDir;

/// What the certificate in the directory says, so that it need not be parsed.
#[derive(Serialize, Deserialize)]
struct Card {
    names: BTreeSet<String>,
    expires_unix_seconds: u64,
}

/// Chain and key from the directory; made anew when they are missing, unreadable, no pair (a disk was full between the two) or due.
pub(super) fn load_or_make(
    directory: &DataDir,
    names: &[String],
    provider: &CryptoProvider,
    unix_time: Duration,
) -> Result<CertifiedKey, CertificateError> {
    if !is_due(directory, names, unix_time) {
        let chain = directory.read(CHAIN)?.and_then(|text| CertificateDer::from_pem_slice(text.as_bytes()).ok());
        let key = directory.read(KEY)?.and_then(|text| PrivateKeyDer::from_pem_slice(text.as_bytes()).ok());
        let kept = chain.zip(key).and_then(|(chain, key)| CertifiedKey::from_der(vec![chain], key, provider).ok());
        if let Some(kept) = kept {
            return Ok(kept);
        }
    }
    let (chain, key) = make(directory, wanted(names), unix_time)?;
    Ok(CertifiedKey::from_der(chain, key, provider)?)
}

/// Whether the kept certificate is missing, near its end, or lacks a name or address that the machine has.
pub(super) fn is_due(directory: &DataDir, names: &[String], unix_time: Duration) -> bool {
    let card = directory.read(CARD).ok().flatten().and_then(|text| serde_json::from_str::<Card>(&text).ok());
    card.is_none_or(|card| {
        card.expires_unix_seconds < (unix_time + RENEW_BEFORE_END).as_secs() || !wanted(names).is_subset(&card.names)
    })
}

fn make(
    directory: &DataDir,
    names: BTreeSet<String>,
    unix_time: Duration,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), CertificateError> {
    let mut params = CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?;
    params.distinguished_name.push(DnType::CommonName, "Parlor");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A day back, for clients whose clock is slow.
    params.not_before = moment(unix_time.saturating_sub(Duration::from_secs(86_400)));
    params.not_after = moment(unix_time + VALIDITY);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let card = Card { names, expires_unix_seconds: (unix_time + VALIDITY).as_secs() };
    directory.write(KEY, key.serialize_pem().as_bytes())?;
    directory.write(CHAIN, certificate.pem().as_bytes())?;
    directory.write(CARD, serde_json::to_string(&card).map_err(std::io::Error::other)?.as_bytes())?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(std::io::Error::other)?;
    Ok((vec![certificate.der().clone()], key))
}

fn moment(unix_time: Duration) -> OffsetDateTime {
    i64::try_from(unix_time.as_secs())
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn wanted(names: &[String]) -> BTreeSet<String> {
    names_of_this_machine().into_iter().chain(names.iter().cloned()).take(NAMES_MAX).collect()
}

/// The names and addresses under which this machine is called on its own network.
#[must_use]
pub fn names_of_this_machine() -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let uname = rustix::system::uname();
    if let Some(host) = uname.nodename().to_str().ok().filter(|host| is_host_name(host) && *host != "localhost") {
        names.push(host.to_owned());
        if !host.contains('.') {
            names.push(format!("{host}.local"));
        }
    }
    // IPv6 addresses of a machine come and go daily (RFC 8981), and each new certificate brings the browser's warning back.
    let addresses = address::reachable();
    let has_ipv4 = addresses.iter().any(IpAddr::is_ipv4);
    names.extend(addresses.iter().filter(|address| address.is_ipv4() || !has_ipv4).map(ToString::to_string));
    names
}

const CHAIN: &str = "certificate.pem";
const KEY: &str = "certificate.key";
const CARD: &str = "certificate.json";
/// Browsers refuse certificates that are valid for more than 398 days.
const VALIDITY: Duration = Duration::from_secs(397 * 86_400);
const RENEW_BEFORE_END: Duration = Duration::from_secs(30 * 86_400);
/// A machine with hundreds of container bridges would make a certificate too large for a handshake.
const NAMES_MAX: usize = 64;
