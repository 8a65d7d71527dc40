//! The way to a server, found once for all of its clients.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use mio::net::UdpSocket;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;

use super::address::{Door, Transport, User};
use crate::Error;

/// Where to, by what, and as whom.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) server: SocketAddr,
    pub(super) carrier: Carrier,
    pub(super) user: User,
}

/// What carries messages.
#[derive(Debug, Clone)]
pub(super) enum Carrier {
    Udp,
    Tcp,
    /// To a server that has this name.
    Tls(Arc<ClientConfig>, ServerName<'static>),
}

impl Way {
    /// # Errors
    /// When the server's name has no address, or there can be no TLS.
    pub(super) fn to(door: &Door) -> Result<Self, Error> {
        let server = door.address.resolve()?;
        let carrier = match door.address.transport {
            Transport::Udp => Carrier::Udp,
            Transport::Tcp => Carrier::Tcp,
            Transport::Tls => {
                let fail = |source| Error::Tls { address: server.to_string(), source };
                let name = ServerName::try_from(door.address.host.clone());
                let name = name.map_err(|error| fail(io::Error::other(error)))?;
                Carrier::Tls(Arc::new(door.trust.tls().map_err(fail)?), name)
            }
        };
        Ok(Self { server, carrier, user: door.user.clone() })
    }

    /// The address of this machine by which the server is reached.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn local_ip(&self) -> Result<IpAddr, Error> {
        // A socket that belongs to no address is told one when it connects, which sends nothing.
        let probe = UdpSocket::bind(unspecified(self.server)).map_err(Error::Socket)?;
        probe.connect(self.server).map_err(Error::Socket)?;
        Ok(probe.local_addr().map_err(Error::Socket)?.ip())
    }
}

/// Any address of the family.
pub(super) fn unspecified(of: SocketAddr) -> SocketAddr {
    match of {
        SocketAddr::V4(_) => (std::net::Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (std::net::Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}
