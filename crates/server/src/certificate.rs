//! The certificate that TLS shows: the operator's files, or one signed by itself and kept in `data.dir`. Changes are taken up while the server runs.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use x509_cert::der::Decode as _;

use crate::data_dir::DataDir;

mod self_signed;

pub use self_signed::names_of_this_machine;

/// Where the certificate comes from.
#[derive(Debug, Clone)]
pub enum CertificateSource {
    /// The operator's PEM files.
    Files {
        /// The chain, own certificate first.
        chain: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// Made here, for these names and addresses beside those of the machine.
    SelfSigned {
        /// Where it is kept.
        directory: DataDir,
        /// Public name and addresses of the configuration.
        names: Vec<String>,
    },
}

/// The certificate in use. Cheap to ask at every handshake.
#[derive(Debug)]
pub struct Certificate {
    source: CertificateSource,
    provider: Arc<CryptoProvider>,
    current: RwLock<Current>,
}

struct Current {
    key: Arc<CertifiedKey>,
    /// When the operator's files were last changed, as far as we know.
    modified: Option<(SystemTime, SystemTime)>,
    /// After an attempt to make another one that failed.
    rest: Option<Rest>,
}

/// How long nothing is tried: what failed will most likely fail again (a disk is full), and each failure is in the log.
#[derive(Debug, Clone, Copy)]
struct Rest {
    /// Unix time of the attempt.
    from: Duration,
    pause: Duration,
}

impl Rest {
    fn after(former: Option<Self>, unix_time: Duration) -> Self {
        let pause = former.map_or(REST_FIRST, |former| former.pause.saturating_mul(2).min(REST_MAX));
        Self { from: unix_time, pause }
    }

    /// Not when the clock was set back meanwhile, either.
    fn lasts(self, unix_time: Duration) -> bool {
        unix_time.checked_sub(self.from).is_some_and(|elapsed| elapsed < self.pause)
    }
}

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read or has no PEM of the right kind.
    #[error("{}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// Key and certificate are not a pair, or of a kind TLS does not know.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The self-signed certificate cannot be made.
    #[error("a self-signed certificate cannot be made: {0}")]
    Generate(#[from] rcgen::Error),
    /// `data.dir` cannot be read or written.
    #[error("data.dir: {0}")]
    DataDir(#[from] std::io::Error),
}

impl Certificate {
    /// Loads or makes the certificate.
    ///
    /// # Errors
    /// When neither works.
    pub fn open(
        source: CertificateSource,
        provider: Arc<CryptoProvider>,
        unix_time: Duration,
    ) -> Result<Self, CertificateError> {
        let current = load(&source, &provider, unix_time)?;
        Ok(Self { source, provider, current: RwLock::new(current) })
    }

    /// Takes up changed files; renews the self-signed certificate when it nears its end or the machine has got an address it
    /// does not name. A failure leaves the certificate that is in use; what failed is tried again when the files change, or after pauses
    /// that grow. Says whether there is a new one.
    ///
    /// # Errors
    /// When there was reason for another certificate and it could not be had.
    pub fn refresh(&self, unix_time: Duration) -> Result<bool, CertificateError> {
        let modified = modified(&self.source);
        let (known, rest) = {
            let current = self.read();
            (current.modified, current.rest)
        };
        let due = match &self.source {
            CertificateSource::Files { .. } => modified.is_some() && modified != known,
            CertificateSource::SelfSigned { directory, names } => {
                !rest.is_some_and(|rest| rest.lasts(unix_time)) && self_signed::is_due(directory, names, unix_time)
            }
        };
        if !due {
            return Ok(false);
        }
        match load(&self.source, &self.provider, unix_time) {
            Ok(current) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
                Ok(true)
            }
            Err(error) => {
                // The files may be half written: the same pair is not tried again until one of them changes.
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                current.modified = modified;
                current.rest = Some(Rest::after(rest, unix_time));
                Err(error)
            }
        }
    }

    /// Whether browsers will warn about it.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        matches!(self.source, CertificateSource::SelfSigned { .. })
    }

    /// From when until when it is good (RFC 5280 §4.1.2.5), as Unix times. `None` when it cannot be read, which TLS does without.
    #[must_use]
    pub fn validity(&self) -> Option<Range<Duration>> {
        let key = Arc::clone(&self.read().key);
        let certificate = x509_cert::Certificate::from_der(key.cert.first()?).ok()?;
        let validity = certificate.tbs_certificate().validity();
        Some(validity.not_before.to_unix_duration()..validity.not_after.to_unix_duration())
    }

    /// Whether clients take it for a server of this name or address (RFC 9525).
    #[must_use]
    pub fn is_for(&self, name: &str) -> bool {
        let key = Arc::clone(&self.read().key);
        let Some(certificate) = key.cert.first() else { return false };
        ParsedCertificate::try_from(certificate)
            .ok()
            .zip(ServerName::try_from(name).ok())
            .is_some_and(|(certificate, name)| verify_server_name(&certificate, &name).is_ok())
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.read().key))
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").field("modified", &self.modified).finish_non_exhaustive()
    }
}

fn load(
    source: &CertificateSource,
    provider: &CryptoProvider,
    unix_time: Duration,
) -> Result<Current, CertificateError> {
    let modified = modified(source);
    let key = match source {
        CertificateSource::Files { chain, key } => {
            let fault = |path: &PathBuf, reason: String| CertificateError::File { path: path.clone(), reason };
            let certificates = CertificateDer::pem_file_iter(chain)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| fault(chain, error.to_string()))?;
            if certificates.is_empty() {
                return Err(fault(chain, "has no certificate in PEM form".to_owned()));
            }
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, error.to_string()))?;
            CertifiedKey::from_der(certificates, key, provider)?
        }
        CertificateSource::SelfSigned { directory, names } => {
            self_signed::load_or_make(directory, names, provider, unix_time)?
        }
    };
    Ok(Current { key: Arc::new(key), modified, rest: None })
}

fn modified(source: &CertificateSource) -> Option<(SystemTime, SystemTime)> {
    let CertificateSource::Files { chain, key } = source else { return None };
    let of = |path: &PathBuf| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    of(chain).zip(of(key))
}

/// After the first attempt that failed; twice as long after each further one.
const REST_FIRST: Duration = Duration::from_secs(60);
/// A certificate is renewed so long before its end that an hour more does not matter.
const REST_MAX: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests;
