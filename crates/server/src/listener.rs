//! Listening TCP sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rustix::io::Errno;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::config::{Config, Listen};

/// An address that could not be had. The text says which setting changes it.
#[derive(Debug, thiserror::Error)]
#[error("{}", advice(self))]
pub struct BindError {
    /// The setting that asked for the address.
    pub setting: &'static str,
    /// `TCP` or `UDP`.
    pub protocol: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// What the system says.
    pub reason: io::Error,
}

/// Listens on every address of the setting.
///
/// # Errors
/// At the first address that cannot be had.
pub fn listen(setting: &'static str, addresses: &Listen) -> Result<Vec<TcpListener>, BindError> {
    let one = |&address: &SocketAddr| {
        let listener = bind(address).or_else(|error| without_ipv6(address, error));
        listener.map_err(|reason| BindError { setting, protocol: "TCP", address, reason })
    };
    addresses.0.iter().map(one).collect()
}

/// Tries every TCP and UDP port of the configuration and gives it back: its setting and address, and why it cannot be had, if so.
#[must_use]
pub fn attempts(config: &Config) -> Vec<(&'static str, SocketAddr, Option<BindError>)> {
    let tcp = [
        ("http.listen", &config.http_listen),
        ("https.listen", &config.https_listen),
        ("turn.tcp_listen", &config.turn_tcp_listen),
        ("compat.listen", &config.compat_listen),
    ];
    let udp = [("udp.listen", &config.udp_listen), ("stun.second_listen", &config.stun_second_listen)];
    let tcp = tcp.into_iter().map(|(setting, listen)| (setting, "TCP", listen));
    let each = tcp.chain(udp.into_iter().map(|(setting, listen)| (setting, "UDP", listen)));
    let addresses =
        each.flat_map(|(setting, protocol, listen)| listen.0.iter().map(move |at| (setting, protocol, *at)));
    let attempt = |(setting, protocol, address): (&'static str, &'static str, SocketAddr)| {
        let had = if protocol == "TCP" { bound_tcp(address).map(drop) } else { bound_udp(address).map(drop) };
        let reason = had.err().map(|reason| BindError { setting, protocol, address, reason });
        (setting, address, reason)
    };
    addresses.map(attempt).collect()
}

/// A machine without IPv6 refuses `[::]`, which stands for both families: there, IPv4 is all of them.
fn without_ipv6(address: SocketAddr, error: io::Error) -> io::Result<TcpListener> {
    let absent = [Errno::AFNOSUPPORT, Errno::ADDRNOTAVAIL]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()));
    if absent && address.is_ipv6() && address.ip().is_unspecified() {
        bind((Ipv4Addr::UNSPECIFIED, address.port()).into())
    } else {
        Err(error)
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::from_std(bound_tcp(address)?.into())
}

fn bound_udp(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

fn bound_tcp(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // A restart must not wait for the old connections' TIME-WAIT. On Linux this does not let two servers share the port.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    // Accepted connections inherit it.
    socket.set_tcp_user_timeout(Some(UNREAD_MAX))?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket)
}

/// What happened and what to do about it.
fn advice(error: &BindError) -> String {
    let BindError { setting, protocol, address, reason } = error;
    let place = format!("{protocol} port {} ({address})", address.port());
    let port = address.port();
    let kind = reason.kind();
    if kind == io::ErrorKind::AddrInUse {
        let other = if port < 60_000 { port + 10 } else { port - 10 };
        format!(
            "{place} is in use by another program, perhaps another Parlor. Stop that, or choose another port: --set {setting}={other}"
        )
    } else if kind == io::ErrorKind::PermissionDenied {
        format!(
            "{place} may not be opened by this user: ports below 1024 need the right CAP_NET_BIND_SERVICE. \
             Give it, or choose another port with {setting}"
        )
    } else if kind == io::ErrorKind::AddrNotAvailable {
        format!("{place} cannot be opened: this machine does not have that address. Change {setting}")
    } else {
        format!("{place} cannot be opened: {reason}. The setting is {setting}")
    }
}

/// How long a client may leave unread what it was sent, or unanswered that it is there, until its connection ends.
const UNREAD_MAX: Duration = Duration::from_secs(60);
/// Connections the kernel holds ready while all threads are busy.
const BACKLOG: i32 = 1024;

#[cfg(test)]
mod tests;
