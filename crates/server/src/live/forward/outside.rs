//! The way to other servers: addresses that may be reached, TCP and TLS.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::OnceLock;

use live::rtmp::Endpoint;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::fault::Fault;
use super::target::Source;
use crate::address::{may_reach, own};
use crate::config::Networks;
use crate::trust::{self, Authority, AuthorityError};

/// Bytes both ways, with TLS or without.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Duplex for S {}

/// What is known of it.
pub(super) struct Outside {
    /// Addresses that are allowed although they are special, whoever has named them.
    allowed: Networks,
    /// Where this server itself takes RTMP.
    own_ports: Vec<u16>,
    tls: OnceLock<TlsConnector>,
}

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Outside {
    /// `authority` is `live.forward_ca`.
    ///
    /// # Errors
    /// When the file has no certificate that can be read.
    pub(super) fn new(
        allowed: Networks,
        own_ports: Vec<u16>,
        authority: Option<&Path>,
    ) -> Result<Self, AuthorityError> {
        let tls = OnceLock::new();
        if let Some(path) = authority {
            let connector = trust::connector(Some(Authority { setting: "live.forward_ca", path }))?;
            tls.get_or_init(|| connector);
        }
        Ok(Self { allowed, own_ports, tls })
    }

    /// Whether somebody other than the operator may name this host: false for addresses that would be refused later.
    pub(super) fn may_be_named(&self, endpoint: &Endpoint) -> bool {
        let address = endpoint.bare_host().parse();
        address.map_or(true, |address| may_reach(&self.allowed, address))
    }

    /// A connection to an address that was looked at: a name that means another one a moment later changes nothing.
    ///
    /// # Errors
    /// [`Fault`].
    pub(super) async fn connect(&self, endpoint: &Endpoint, source: Source) -> Result<Box<dyn Duplex>, Fault> {
        let host = endpoint.bare_host();
        let found: Vec<SocketAddr> = lookup_host((host, endpoint.port)).await.map_err(Fault::Name)?.collect();
        let is_allowed = |address: IpAddr| source == Source::Settings || may_reach(&self.allowed, address);
        let mut fit = found.into_iter().filter(|address| is_allowed(address.ip())).peekable();
        if fit.peek().is_none() {
            return Err(Fault::Private);
        }
        let mut last = Fault::ThisServer;
        let ours = own();
        for address in fit.filter(|address| !self.is_this_server(*address, &ours)) {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.wrap(stream, endpoint).await,
                Err(error) => last = Fault::Unreachable(error),
            }
        }
        Err(last)
    }

    async fn wrap(&self, stream: TcpStream, endpoint: &Endpoint) -> Result<Box<dyn Duplex>, Fault> {
        stream.set_nodelay(true).map_err(Fault::Unreachable)?;
        if !endpoint.is_tls {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(endpoint.bare_host().to_owned()).map_err(|_| Fault::NoCertificateName)?;
        let connector = match self.tls.get() {
            Some(connector) => connector,
            None => {
                let of_system = trust::connector(None).map_err(|error| Fault::Tls(std::io::Error::other(error)))?;
                self.tls.get_or_init(|| of_system)
            }
        };
        let stream = connector.connect(name, stream).await.map_err(Fault::Tls)?;
        Ok(Box::new(stream))
    }

    /// A stream that came back here would come in as another one, or find its name taken.
    fn is_this_server(&self, address: SocketAddr, ours: &[IpAddr]) -> bool {
        let ip = address.ip().to_canonical();
        let is_here = ip.is_loopback() || ip.is_unspecified() || ours.contains(&ip);
        is_here && self.own_ports.contains(&address.port())
    }
}

#[cfg(test)]
mod tests;
