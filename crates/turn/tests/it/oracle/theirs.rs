//! A server that others wrote, with sockets that are a set of addresses.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use turn_client_proto::stun::Instant;
use turn_server_proto::api::{Transmit, TurnServerApi, TurnServerPollRet};
use turn_server_proto::server::TurnServer;
use turn_types::TransportType;

use crate::world::{REALM, RELAY_V4, credentials};

pub(super) struct Theirs {
    server: TurnServer,
    now: Instant,
    /// Relay sockets that are open.
    pub(super) sockets: BTreeSet<SocketAddr>,
    /// Every socket has a port of its own.
    next_port: u16,
}

/// A datagram, from one address to another.
pub(super) struct Sent {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Vec<u8>,
}

impl Theirs {
    pub(super) fn new(nonce_lifetime: Duration) -> Self {
        let mut server = TurnServer::new(TransportType::Udp, listen(), REALM.to_owned());
        for (username, password) in [("anna", "secret"), ("ben", "other")] {
            assert!(credentials().users.iter().any(|(name, _)| name == username), "ours knows {username} too");
            server.add_user(username.to_owned(), password.to_owned());
        }
        server.set_nonce_expiry_duration(nonce_lifetime);
        Self { server, now: Instant::ZERO, sockets: BTreeSet::new(), next_port: 40_000 }
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.now += by;
        assert!(self.drain().is_none(), "time alone sends nothing");
    }

    /// A datagram from a client or, `to` a relayed address, from a peer.
    pub(super) fn input(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Option<Sent> {
        let transmit = Transmit::new(bytes.to_vec(), TransportType::Udp, from, to);
        let sent = self.server.recv(transmit, self.now).map(|transmit| {
            let transmit = transmit.build();
            Sent { from: transmit.from, to: transmit.to, bytes: transmit.data }
        });
        let later = self.drain();
        assert!(sent.is_none() || later.is_none(), "one input leads to one datagram");
        sent.or(later)
    }

    /// Opens and closes sockets as asked.
    fn drain(&mut self) -> Option<Sent> {
        loop {
            match self.server.poll(self.now) {
                TurnServerPollRet::AllocateSocket {
                    transport,
                    listen_addr,
                    client_addr,
                    allocation_transport,
                    family,
                } => {
                    self.next_port += 1;
                    let socket = SocketAddr::new(listen().ip(), self.next_port);
                    self.sockets.insert(socket);
                    let (server, now) = (&mut self.server, self.now);
                    server.allocated_socket(
                        transport,
                        listen_addr,
                        client_addr,
                        allocation_transport,
                        family,
                        Ok(socket),
                        now,
                    );
                }
                TurnServerPollRet::SocketClose { listen_addr, .. } => assert!(self.sockets.remove(&listen_addr)),
                TurnServerPollRet::WaitUntil(_) => break,
                other @ (TurnServerPollRet::TcpConnect { .. } | TurnServerPollRet::TcpClose { .. }) => {
                    panic!("nobody asked for {other:?}")
                }
            }
        }
        let sent = self.server.poll_transmit(self.now)?;
        Some(Sent { from: sent.from, to: sent.to, bytes: sent.data })
    }
}

/// Where it hears its clients.
pub(super) fn listen() -> SocketAddr {
    SocketAddr::new(RELAY_V4.parse().unwrap(), 3478)
}
