//! What carries the datagrams of one peer connection.

mod framed;

use std::io;
use std::net::{IpAddr, SocketAddr};

use mio::net::{TcpStream, UdpSocket};
use mio::{Interest, Registry, Token};
use str0m::Candidate;
use str0m::net::{Protocol, TcpType};

use crate::Error;
use crate::receipt::{Receipt, ReceiveBuffer, note_arrivals};
use framed::Framed;

/// How the media server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A connection to each of the server's TCP candidates (RFC 6544), and no datagram.
    Tcp,
}

/// The socket, or the connections, of a peer connection.
#[derive(Debug)]
pub(crate) struct Wire {
    /// What its candidate says.
    pub(crate) local: SocketAddr,
    carrier: Carrier,
}

#[derive(Debug)]
enum Carrier {
    Udp { socket: UdpSocket, buffer: Box<ReceiveBuffer> },
    Tcp(Vec<Framed>),
}

impl Wire {
    /// Opens a socket on `local`, the address by which the server is reached. Connections wait for [`Self::connect`].
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub(crate) fn open(transport: Transport, local: IpAddr) -> Result<Self, Error> {
        if transport == Transport::Tcp {
            return Ok(Self { local: SocketAddr::new(local, ACTIVE_PORT), carrier: Carrier::Tcp(Vec::new()) });
        }
        let socket = UdpSocket::bind(SocketAddr::new(local, 0)).map_err(Error::Socket)?;
        // A frame of video comes at once. Less than asked for is no reason to fail.
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
        note_arrivals(&socket);
        let local = socket.local_addr().map_err(Error::Socket)?;
        Ok(Self { local, carrier: Carrier::Udp { socket, buffer: Box::default() } })
    }

    /// What the server is told about it.
    pub(crate) fn candidate(&self) -> Result<Candidate, Error> {
        let candidate = match &self.carrier {
            Carrier::Udp { .. } => Candidate::builder().udp().host(self.local).build(),
            Carrier::Tcp(_) => Candidate::builder().tcp().host(self.local).tcptype(TcpType::Active).build(),
        };
        candidate.map_err(|error| Error::Engine(error.to_string()))
    }

    /// As the engine calls it.
    pub(crate) fn protocol(&self) -> Protocol {
        match &self.carrier {
            Carrier::Udp { .. } => Protocol::Udp,
            Carrier::Tcp(_) => Protocol::Tcp,
        }
    }

    /// Begins to connect to the TCP candidates of an answer; does nothing over UDP, and in another negotiation.
    ///
    /// # Errors
    /// When there is none of the family of the own address, or none to which a connection can be begun.
    pub(crate) fn connect(&mut self, answer: &str) -> Result<(), Error> {
        let Carrier::Tcp(connections) = &mut self.carrier else { return Ok(()) };
        if !connections.is_empty() {
            return Ok(());
        }
        let remotes = tcp_candidates(answer, self.local.is_ipv4());
        let mut failure = Error::NoTcpCandidate;
        for remote in remotes {
            match TcpStream::connect(remote) {
                Ok(stream) => connections.push(Framed::new(stream, remote)),
                Err(source) => failure = Error::Connect { address: remote.to_string(), source },
            }
        }
        if connections.is_empty() { Err(failure) } else { Ok(()) }
    }

    /// Has `registry` tell when something can be received or sent.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match &mut self.carrier {
            Carrier::Udp { socket, .. } => registry.register(socket, token, Interest::READABLE),
            Carrier::Tcp(connections) => connections.iter_mut().try_for_each(|connection| {
                registry.register(connection.stream(), token, Interest::READABLE | Interest::WRITABLE)
            }),
        }
    }

    /// Receives one datagram.
    ///
    /// # Errors
    /// `WouldBlock` when none is there. An error of a connection is told once; nothing comes from it afterwards.
    pub(crate) fn receive(&mut self) -> io::Result<Receipt<'_>> {
        match &mut self.carrier {
            Carrier::Udp { socket, buffer } => buffer.receive(socket),
            Carrier::Tcp(connections) => {
                for connection in connections {
                    if connection.fill()? {
                        return connection.take();
                    }
                }
                Err(io::ErrorKind::WouldBlock.into())
            }
        }
    }

    /// Sends one datagram. A full socket loses it, as a full link does.
    pub(crate) fn send(&mut self, to: SocketAddr, datagram: &[u8]) {
        match &mut self.carrier {
            Carrier::Udp { socket, .. } => drop(socket.send_to(datagram, to)),
            Carrier::Tcp(connections) => {
                if let Some(connection) = connections.iter_mut().find(|connection| connection.remote() == to) {
                    connection.push(datagram);
                }
            }
        }
    }

    /// Hands over to the system what was sent and waits still.
    pub(crate) fn flush(&mut self) {
        if let Carrier::Tcp(connections) = &mut self.carrier {
            connections.iter_mut().for_each(Framed::flush);
        }
    }
}

/// Where an answer says that connections are taken, of one family.
fn tcp_candidates(answer: &str, v4: bool) -> Vec<SocketAddr> {
    let candidates = answer.lines().filter_map(|line| Candidate::from_sdp_string(line.trim().strip_prefix("a=")?).ok());
    let passive = candidates.filter(|candidate| {
        candidate.proto() == Protocol::Tcp
            && candidate.tcptype() == Some(TcpType::Passive)
            && candidate.addr().is_ipv4() == v4
    });
    let mut remotes = Vec::new();
    for remote in passive.map(|candidate| candidate.addr()) {
        if remotes.len() < CONNECTIONS_MAX && !remotes.contains(&remote) {
            remotes.push(remote);
        }
    }
    remotes
}

/// What a candidate that connects has for its port (RFC 6544 §4.5).
const ACTIVE_PORT: u16 = 9;

/// As many of a server's addresses are tried.
const CONNECTIONS_MAX: usize = 4;

/// More than a second of a stream of 2 Mbit/s.
const RECEIVE_BUFFER_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests;
