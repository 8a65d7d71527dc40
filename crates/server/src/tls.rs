//! TLS for HTTPS and TURN on the same ports.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::TlsAcceptor;

use crate::certificate::Certificate;

/// HTTP/2 (RFC 9113 §3.1).
pub(crate) const ALPN_HTTP2: &[u8] = b"h2";
/// HTTP/1.1 (RFC 7301 §6). Browsers choose it for WebSockets, since this server does not announce RFC 8441.
pub(crate) const ALPN_HTTP1: &[u8] = b"http/1.1";
/// TURN (RFC 7443 §3).
pub(crate) const ALPN_TURN: &[u8] = b"stun.turn";
/// STUN (RFC 7443 §3).
pub(crate) const ALPN_STUN: &[u8] = b"stun.nat-discovery";

/// The one provider of cryptography.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Accepts TLS 1.2 and 1.3 with the certificate, which may change meanwhile.
///
/// # Errors
/// When the provider knows neither version.
pub fn acceptor(provider: Arc<CryptoProvider>, certificate: Arc<Certificate>) -> Result<TlsAcceptor, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = [ALPN_HTTP2, ALPN_HTTP1, ALPN_TURN, ALPN_STUN].map(<[u8]>::to_vec).to_vec();
    Ok(TlsAcceptor::from(Arc::new(config)))
}
