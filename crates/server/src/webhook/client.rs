//! One POST to one receiver, and to no private address.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use axum::http::{Request, StatusCode};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use crate::config::{Networks, WebhookUrl};
use crate::tls;

/// Posts events. Clones share what they know.
#[derive(Clone)]
pub(super) struct Client {
    /// Addresses that are allowed although they are special.
    allowed: Networks,
    tls: TlsConnector,
}

/// The certificate authorities of webhooks cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("webhooks.ca: {}: {reason}", path.display())]
pub struct AuthorityError {
    path: PathBuf,
    reason: String,
}

/// Why an event was not taken.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may be later.
    Passing(String),
    /// It will not be.
    Lasting(String),
}

impl Client {
    /// `authority` is a file of certificates (PEM) that are believed instead of this system's.
    ///
    /// # Errors
    /// When the file has no certificate that can be read.
    pub(super) fn new(allowed: Networks, authority: Option<&Path>) -> Result<Self, AuthorityError> {
        Ok(Self { allowed, tls: connector(roots(authority)?) })
    }

    /// Posts one event. Redirections are not followed.
    pub(super) async fn post(&self, url: &WebhookUrl, id: &str, signature: String, body: Bytes) -> Result<(), Failure> {
        let stream = self.connect(url).await?;
        let request = Request::post(url.target())
            .header(HOST, format!("{}:{}", url.host(), url.port()))
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Parlor/", env!("CARGO_PKG_VERSION")))
            .header("parlor-event", id)
            .header("parlor-signature", signature)
            .body(Body::from(body))
            .map_err(|error| Failure::Lasting(error.to_string()))?;
        let status = if url.is_tls() {
            let name = ServerName::try_from(url.bare_host().to_owned())
                .map_err(|_| Failure::Lasting("its host is no name for a certificate".to_owned()))?;
            let stream = self.tls.connect(name, stream).await.map_err(passing)?;
            send(stream, request).await?
        } else {
            send(stream, request).await?
        };
        judge(status)
    }

    /// A connection to an address that was looked at: a name that means another one a moment later changes nothing.
    async fn connect(&self, url: &WebhookUrl) -> Result<TcpStream, Failure> {
        let found: Vec<SocketAddr> = lookup_host((url.bare_host(), url.port())).await.map_err(passing)?.collect();
        let fit: Vec<SocketAddr> = found.iter().copied().filter(|address| self.may_reach(address.ip())).collect();
        if fit.is_empty() {
            let reason = "its addresses are private; webhooks.allow_networks can allow them";
            return Err(Failure::Lasting(reason.to_owned()));
        }
        let mut last = None;
        for address in fit {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(Failure::Passing(last.map_or_else(String::new, |error| error.to_string())))
    }

    /// Whether webhooks may go there: to public addresses, and to those the operator allows.
    pub(super) fn may_reach(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        // 6to4 may lead to whatever IPv4 address it carries (RFC 3056).
        let tunnel = matches!(address, IpAddr::V6(v6) if v6.segments()[0] == 0x2002);
        self.allowed.contain(address) || !(tunnel || turn::is_special(address))
    }
}

fn connector(roots: RootCertStore) -> TlsConnector {
    let config = ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has the ciphers of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Whose certificates are believed.
fn roots(authority: Option<&Path>) -> Result<RootCertStore, AuthorityError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = authority else {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!("certificates of this system for webhooks: {error}");
        }
        roots.add_parsable_certificates(found.certs);
        return Ok(roots);
    };
    let fault = |reason: String| AuthorityError { path: path.to_owned(), reason };
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(error.to_string()))? {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() { Err(fault("it has no certificate".to_owned())) } else { Ok(roots) }
}

async fn send<S>(stream: S, request: Request<Body>) -> Result<StatusCode, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(passing)?;
    let exchange = async { sender.send_request(request).await.map(|response| response.status()).map_err(passing) };
    tokio::pin!(exchange, connection);
    // The status is all that counts; the rest of the answer goes with the connection.
    tokio::select! {
        status = &mut exchange => status,
        ended = &mut connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(passing(error)),
        },
    }
}

fn judge(status: StatusCode) -> Result<(), Failure> {
    let reason = format!("it answers {}", status.as_u16());
    if status.is_success() {
        Ok(())
    } else if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
        Err(Failure::Passing(reason))
    } else {
        Err(Failure::Lasting(reason))
    }
}

fn passing(error: impl std::fmt::Display) -> Failure {
    Failure::Passing(error.to_string())
}

#[cfg(test)]
mod tests;
