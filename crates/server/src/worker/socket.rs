//! One UDP socket: bound, tuned, and read and written in batches.
//!
//! quinn-udp sets the options and receives (`recvmmsg` with `UDP_GRO`, packet information). What it sets for QUIC and TURN must not have,
//! the prohibition to fragment, is taken back here, and so are the notes that nobody reads.

mod datagrams;

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use nix::libc;
use nix::sys::socket::sockopt;
use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, Type};

pub(crate) use self::datagrams::Datagrams;

use super::batch::Ready;
use super::receive::BUFFERS;

/// A bound UDP socket of one address family.
pub(crate) struct Socket {
    /// The descriptor, in non-blocking mode.
    io: UdpSocket,
    /// What the kernel offers on this socket: segmentation, coalescing.
    state: UdpSocketState,
    /// The address it is bound to, with the real port when port 0 was asked.
    local: SocketAddr,
    /// Datagrams that one system call may take; 1 where the kernel or the device turned out not to cut them. An address that the kernel
    /// finds invalid does not count: those a stranger can choose.
    segments_max: usize,
    /// How many buffers the next receive call offers.
    appetite: usize,
}

/// Whether several sockets have the same address (SO_REUSEPORT).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// The only one.
    Alone,
    /// The first of several.
    First,
    /// One more.
    Another,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Datagrams that the kernel took.
    pub(crate) sent: usize,
    /// Datagrams for which the send buffer had no room.
    pub(crate) no_room: usize,
    /// Datagrams that the kernel refused, and why it refused the last of them.
    pub(crate) refused: usize,
    pub(crate) error: Option<io::Error>,
}

/// What one receive call brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Received {
    /// Buffers that were filled.
    pub(crate) filled: usize,
    /// Whether something may be left, of which no event tells.
    pub(crate) may_have_more: bool,
}

impl Socket {
    /// Binds `address` for this family only, alone or with others. A buffer of 0 bytes leaves the kernel's default.
    ///
    /// # Errors
    /// Whatever the kernel says: address in use, no such address, too many open files.
    pub(crate) fn bind(
        address: SocketAddr,
        sharing: Sharing,
        receive_buffer_bytes: usize,
        send_buffer_bytes: usize,
    ) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            // A dual-stack socket would report IPv4 clients as v4-mapped addresses and could not choose their source address.
            socket.set_only_v6(true)?;
        }
        if receive_buffer_bytes > 0 {
            socket.set_recv_buffer_size(receive_buffer_bytes)?;
        }
        if send_buffer_bytes > 0 {
            socket.set_send_buffer_size(send_buffer_bytes)?;
        }
        socket.set_reuse_port(sharing == Sharing::Another)?;
        socket.bind(&address.into())?;
        // Only from here on: the first must not join a stranger's socket that shares the port, it must be told that the port is busy.
        socket.set_reuse_port(sharing != Sharing::Alone)?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        allow_fragments(&socket, address)?;
        forgo_notes(&socket, address)?;
        let io = UdpSocket::from_std(socket.into());
        Ok(Self { local: io.local_addr()?, segments_max: state.max_gso_segments(), appetite: BUFFERS, io, state })
    }

    /// The bound address.
    pub(crate) fn local(&self) -> SocketAddr {
        self.local
    }

    /// Asks `registry` to report under `token` when datagrams arrive (edge triggered).
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut self.io, token, Interest::READABLE)
    }

    /// Ends the reports.
    pub(crate) fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        registry.deregister(&mut self.io)
    }

    /// Receives what waits, at most one batch. It offers no more of `buffers` than are likely to be filled: each one costs, filled or not.
    pub(crate) fn receive(&mut self, buffers: &mut [IoSliceMut<'_>], meta: &mut [RecvMeta]) -> io::Result<Received> {
        let offered = self.appetite.min(buffers.len());
        let offer = buffers.get_mut(..offered).unwrap_or_default();
        let filled = self.state.recv(UdpSockRef::from(&self.io), offer, meta)?;
        self.appetite = appetite(filled);
        Ok(Received { filled, may_have_more: filled == offered })
    }

    /// Sends a batch. An error concerns the datagrams at hand and never the socket.
    pub(crate) fn send<S: Copy>(&mut self, ready: &Ready<'_, S>) -> Outcome {
        let mut outcome = Outcome::default();
        let segments = ready.segments();
        match self.send_datagrams(&ready.together()) {
            Err(error) if segments > 1 && error.kind() != io::ErrorKind::WouldBlock => {
                for single in ready.singles() {
                    let result = self.send_datagrams(&single);
                    outcome.count(1, result);
                }
                if outcome.refused == 0 {
                    tracing::info!(local = %self.local, %error, "sending without segmentation offload");
                    self.segments_max = 1;
                }
            }
            result => outcome.count(segments, result),
        }
        outcome
    }

    /// Has the kernel ask a program which of the sockets that share this address gets a datagram. It replaces the one before.
    ///
    /// # Errors
    /// Whatever the kernel says: it does not have that, or the program is too long.
    pub(crate) fn steer(&self, program: &mut [libc::sock_filter]) -> io::Result<()> {
        let len = u16::try_from(program.len()).map_err(|_| io::ErrorKind::ArgumentListTooLong)?;
        let program = libc::sock_fprog { len, filter: program.as_mut_ptr() };
        nix::sys::socket::setsockopt(&self.io, sockopt::AttachReusePortCbpf, &program)?;
        Ok(())
    }

    /// How many datagrams one `send` takes.
    pub(crate) fn segments_max(&self) -> usize {
        self.segments_max
    }

    /// Hands datagrams to the kernel as they are.
    pub(super) fn send_datagrams(&self, datagrams: &Datagrams<'_>) -> io::Result<()> {
        datagrams.send(&self.io)
    }
}

impl Outcome {
    fn count(&mut self, datagrams: usize, result: io::Result<()>) {
        match result {
            Ok(()) => self.sent += datagrams,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.no_room += datagrams,
            Err(error) => {
                self.refused += datagrams;
                self.error = Some(error);
            }
        }
    }
}

/// RFC 8656 §15: the DF bit of what we send is 0, so a datagram larger than the path is cut in pieces and not lost.
fn allow_fragments(socket: &socket2::Socket, address: SocketAddr) -> io::Result<()> {
    use rustix::net::sockopt::{
        Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
    };
    if address.is_ipv4() {
        set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::DONT)?;
    } else {
        set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::DONT)?;
        nix::sys::socket::setsockopt(socket, sockopt::Ipv6DontFrag, &false)?;
    }
    Ok(())
}

/// Each note beside a datagram costs the kernel some tens of nanoseconds: the time of arrival is of no use here, and a socket that has one
/// address only needs not be told which of ours it was.
fn forgo_notes(socket: &socket2::Socket, address: SocketAddr) -> io::Result<()> {
    nix::sys::socket::setsockopt(socket, sockopt::ReceiveTimestampns, &false)?;
    match address.ip() {
        ip if ip.is_unspecified() => {}
        IpAddr::V4(_) => nix::sys::socket::setsockopt(socket, sockopt::Ipv4PacketInfo, &false)?,
        IpAddr::V6(_) => nix::sys::socket::setsockopt(socket, sockopt::Ipv6RecvPacketInfo, &false)?,
    }
    Ok(())
}

/// How many buffers to offer after a call that filled so many. What comes is mostly like what came before; where it is twice as much, one
/// call still takes it and sees that nothing is left.
fn appetite(filled: usize) -> usize {
    (2 * filled + 2).clamp(APPETITE_MIN, BUFFERS)
}

/// One more costs less than another call.
const APPETITE_MIN: usize = 4;

#[cfg(test)]
mod tests;
