//! All UDP sockets of the worker: the few that listen for clients, and one per relayed transport address.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use mio::{Registry, Token};
use turn::{Family, RelayAddr};

use super::socket::{Sharing, Socket};

/// Names a socket of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SocketId {
    /// A socket that clients send to, by its position.
    Listener(usize),
    /// The socket of a relayed transport address, which peers send to.
    Relay(RelayAddr),
}

/// A socket that clients send to.
pub(crate) struct Listener {
    pub(crate) socket: Socket,
    /// Answers nothing but Binding requests.
    pub(crate) binding_only: bool,
}

/// What relay sockets are bound to and with how much room.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RelayBinding {
    pub(crate) ipv4: Ipv4Addr,
    pub(crate) ipv6: Ipv6Addr,
    pub(crate) receive_buffer_bytes: usize,
    pub(crate) send_buffer_bytes: usize,
}

/// The sockets, and which of them have something to read.
pub(crate) struct Sockets {
    registry: Registry,
    listeners: Vec<Listener>,
    /// Relay sockets by family and port: [`slot`] says where. The port space bounds it, and no hash is computed per packet.
    relays: Vec<Option<Box<Relay>>>,
    relays_open: usize,
    binding: RelayBinding,
    /// Sockets that were reported readable and not yet read empty, in turns. Each is in here at most once.
    ready: VecDeque<SocketId>,
    /// Whether the listener of that position is in `ready`.
    listener_is_ready: Vec<bool>,
}

struct Relay {
    socket: Socket,
    is_ready: bool,
}

impl Sockets {
    pub(crate) fn new(registry: Registry, binding: RelayBinding) -> Self {
        Self {
            registry,
            listeners: Vec::new(),
            relays: std::iter::repeat_with(|| None).take(SLOTS).collect(),
            relays_open: 0,
            binding,
            ready: VecDeque::new(),
            listener_is_ready: Vec::new(),
        }
    }

    /// Takes a bound listener in and reads from it from then on.
    pub(crate) fn listen(&mut self, mut listener: Listener) -> io::Result<()> {
        let token = Token(FIRST_LISTENER + self.listeners.len());
        listener.socket.register(&self.registry, token)?;
        self.listeners.push(listener);
        self.listener_is_ready.push(false);
        Ok(())
    }

    /// Relays are bound so from here on; those that are bound stay.
    pub(crate) fn set_relay_binding(&mut self, binding: RelayBinding) {
        self.binding = binding;
    }

    /// Binds the socket of `relay` and reads from it from then on.
    pub(crate) fn bind_relay(&mut self, relay: RelayAddr) -> io::Result<()> {
        let ip = match relay.family {
            Family::V4 => IpAddr::V4(self.binding.ipv4),
            Family::V6 => IpAddr::V6(self.binding.ipv6),
        };
        let mut socket = Socket::bind(
            SocketAddr::new(ip, relay.port),
            Sharing::Alone,
            self.binding.receive_buffer_bytes,
            self.binding.send_buffer_bytes,
        )?;
        socket.register(&self.registry, Token(FIRST_RELAY + slot(relay)))?;
        if let Some(place) = self.relays.get_mut(slot(relay)) {
            *place = Some(Box::new(Relay { socket, is_ready: false }));
            self.relays_open += 1;
        }
        Ok(())
    }

    /// Closes the socket of `relay`; what still waits in it is lost, as RFC 8656 §7.3 has it.
    pub(crate) fn close_relay(&mut self, relay: RelayAddr) {
        let Some(mut closed) = self.relays.get_mut(slot(relay)).and_then(Option::take) else {
            return;
        };
        self.relays_open -= 1;
        if closed.is_ready {
            self.ready.retain(|id| *id != SocketId::Relay(relay));
        }
        if let Err(error) = closed.socket.deregister(&self.registry) {
            tracing::debug!(port = relay.port, %error, "cannot deregister a relay socket");
        }
    }

    /// How many relay sockets are open.
    pub(crate) fn relays_open(&self) -> usize {
        self.relays_open
    }

    /// Notes that the poll reported `token`.
    pub(crate) fn note_readable(&mut self, token: Token) {
        if let Some(number) = token.0.checked_sub(FIRST_RELAY) {
            self.note_ready(SocketId::Relay(relay_of(number)));
        } else if let Some(position) = token.0.checked_sub(FIRST_LISTENER) {
            self.note_ready(SocketId::Listener(position));
        }
    }

    /// Puts `id` at the end of those that have something to read.
    pub(crate) fn note_ready(&mut self, id: SocketId) {
        let Some(flag) = self.ready_flag(id) else {
            return;
        };
        if !std::mem::replace(flag, true) {
            self.ready.push_back(id);
        }
    }

    /// The socket whose turn it is to be read.
    pub(crate) fn next_ready(&mut self) -> Option<SocketId> {
        let id = self.ready.pop_front()?;
        if let Some(flag) = self.ready_flag(id) {
            *flag = false;
        }
        Some(id)
    }

    /// Whether some socket waits for its turn.
    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    pub(crate) fn socket(&self, id: SocketId) -> Option<&Socket> {
        match id {
            SocketId::Listener(position) => self.listener(position).map(|found| &found.socket),
            SocketId::Relay(relay) => self.relay(relay).map(|found| &found.socket),
        }
    }

    pub(crate) fn socket_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        match id {
            SocketId::Listener(position) => self.listeners.get_mut(position).map(|found| &mut found.socket),
            SocketId::Relay(relay) => {
                let place = self.relays.get_mut(slot(relay))?;
                place.as_mut().map(|found| &mut found.socket)
            }
        }
    }

    pub(crate) fn listener(&self, position: usize) -> Option<&Listener> {
        self.listeners.get(position)
    }

    pub(crate) fn listeners(&self) -> impl Iterator<Item = &Listener> {
        self.listeners.iter()
    }

    /// How many datagrams one system call takes on the sockets that clients send to.
    pub(crate) fn segments_max(&self) -> usize {
        self.listeners.iter().map(|listener| listener.socket.segments_max()).min().unwrap_or(1)
    }

    /// The listener that a client sent to at `local`, and the source address that its answers must have when the listener is bound to all.
    pub(crate) fn way_back(&self, local: SocketAddr) -> Option<(SocketId, Option<IpAddr>)> {
        self.listeners.iter().enumerate().find_map(|(position, listener)| {
            let bound = listener.socket.local();
            let same_family = bound.is_ipv4() == local.is_ipv4();
            let (any, ip) = (bound.ip().is_unspecified(), local.ip());
            (same_family && bound.port() == local.port() && (any || bound.ip() == ip))
                .then_some((SocketId::Listener(position), any.then_some(ip)))
        })
    }

    fn relay(&self, relay: RelayAddr) -> Option<&Relay> {
        self.relays.get(slot(relay))?.as_deref()
    }

    fn ready_flag(&mut self, id: SocketId) -> Option<&mut bool> {
        match id {
            SocketId::Listener(position) => self.listener_is_ready.get_mut(position),
            SocketId::Relay(relay) => {
                let place = self.relays.get_mut(slot(relay))?;
                place.as_mut().map(|found| &mut found.is_ready)
            }
        }
    }
}

/// Where the relay stands in the table: the ports of IPv4, then those of IPv6.
fn slot(relay: RelayAddr) -> usize {
    let family = match relay.family {
        Family::V4 => 0,
        Family::V6 => PORTS,
    };
    family + usize::from(relay.port)
}

/// The inverse of [`slot`].
fn relay_of(slot: usize) -> RelayAddr {
    let family = if slot < PORTS { Family::V4 } else { Family::V6 };
    let port = u16::try_from(slot % PORTS).unwrap_or_default();
    RelayAddr { family, port }
}

const PORTS: usize = 1 << 16;

/// Both families.
const SLOTS: usize = 2 * PORTS;

/// The token of the waker. Those of the listeners and relays follow.
pub(crate) const WAKER: Token = Token(0);
const FIRST_LISTENER: usize = 1;
const FIRST_RELAY: usize = 1 << 10;

/// Listeners that fit before the tokens of the relays.
pub(crate) const LISTENERS_MAX: usize = FIRST_RELAY - FIRST_LISTENER;
