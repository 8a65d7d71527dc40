//! A connection to a server, over TCP or TLS.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::{Error, Trust};

/// TCP or TLS.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects to a host, and says by which address of this machine it is reached. An IPv6 address has no brackets.
///
/// # Errors
/// When there is nobody, or TLS fails.
pub(crate) async fn dial(tls: bool, host: &str, port: u16, trust: Trust) -> Result<(Box<dyn Stream>, IpAddr), Error> {
    let address = authority(host, port);
    let fail = |source| Error::Connect { address: address.clone(), source };
    let tcp = TcpStream::connect((host, port)).await.map_err(fail)?;
    let _ = tcp.set_nodelay(true);
    let local = tcp.local_addr().map_err(Error::Socket)?.ip();
    if !tls {
        return Ok((Box::new(tcp), local));
    }
    let fail = |source| Error::Tls { address: address.clone(), source };
    let name = ServerName::try_from(host.to_owned()).map_err(|error| fail(std::io::Error::other(error)))?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(trust.tls().map_err(fail)?));
    Ok((Box::new(connector.connect(name, tcp).await.map_err(fail)?), local))
}

/// Host and port for people and for HTTP.
pub(crate) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
