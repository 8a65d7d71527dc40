//! Whose certificates are believed where this server is the client of others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::tls;

/// A file of certificates (PEM) that are believed instead of this system's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authority<'a> {
    /// The setting that names it.
    pub(crate) setting: &'static str,
    pub(crate) path: &'a Path,
}

/// Certificate authorities that a setting names cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {}: {reason}", path.display())]
pub struct AuthorityError {
    setting: &'static str,
    path: PathBuf,
    reason: String,
}

/// Connects by TLS 1.2 and 1.3 to servers with a certificate of such an authority, or of one that this system believes.
///
/// # Errors
/// When the file has no certificate that can be read.
pub(crate) fn connector(authority: Option<Authority<'_>>) -> Result<TlsConnector, AuthorityError> {
    Ok(believing(authority.map_or_else(|| Ok(roots_of_system()), roots)?))
}

fn believing(roots: RootCertStore) -> TlsConnector {
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has the ciphers of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

fn roots_of_system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!("certificates of this system: {error}");
    }
    roots.add_parsable_certificates(found.certs);
    roots
}

fn roots(authority: Authority<'_>) -> Result<RootCertStore, AuthorityError> {
    let Authority { setting, path } = authority;
    let fault = |reason: String| AuthorityError { setting, path: path.to_owned(), reason };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))? {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() { Err(fault("it has no certificate".to_owned())) } else { Ok(roots) }
}
