//! The kernel runs the programs: what counts is at which socket datagrams arrive.

use std::array;
use std::io::IoSliceMut;

use quinn_udp::RecvMeta;

use super::*;
use crate::worker::batch::{Ready, Route};
use crate::worker::{Sharing, Socket};

/// Sockets that share a port, and clients of it.
struct Group {
    sockets: Vec<Socket>,
    clients: Vec<Socket>,
}

const SRTP: &[u8] = &[0x80, 96, 1, 2];
const DTLS: &[u8] = &[22, 254, 253];
const STUN: &[u8] = &[0, 1, 0, 0];
const CHANNEL: &[u8] = &[0x40, 0, 0, 0];

impl Group {
    fn new(ip: &str, clients: usize) -> Self {
        let any = SocketAddr::new(ip.parse().unwrap(), 0);
        let first = Socket::bind(any, Sharing::First, 0, 0).unwrap();
        let more = (1..3).map(|_| Socket::bind(first.local(), Sharing::Another, 0, 0).unwrap());
        let more: Vec<_> = more.collect();
        let clients = (0..clients).map(|_| Socket::bind(any, Sharing::Alone, 0, 0).unwrap()).collect();
        Self { sockets: std::iter::once(first).chain(more).collect(), clients }
    }

    fn tuple(&self, client: usize) -> Tuple {
        Tuple { local: self.sockets[0].local(), remote: self.clients[client].local() }
    }

    /// The number of the socket at which a client's datagram arrives.
    fn landing(&mut self, client: usize, datagram: &[u8]) -> usize {
        let route = Route { socket: 0, destination: self.sockets[0].local(), source: None, ecn: None };
        assert_eq!(self.clients[client].send(&Ready::new(route, datagram.len(), datagram)).sent, 1);
        let mut landed = Vec::new();
        for (number, socket) in self.sockets.iter_mut().enumerate() {
            let mut bytes = [[0; 64]; 2];
            let mut bytes = bytes.each_mut().map(|bytes| IoSliceMut::new(bytes));
            let mut meta: [RecvMeta; 2] = array::from_fn(|_| RecvMeta::default());
            landed.extend(socket.receive(&mut bytes, &mut meta).ok().map(|_| number));
        }
        assert_eq!(landed.len(), 1);
        landed[0]
    }

    fn steer(&self, places: &[(Tuple, u8)]) {
        self.sockets[0].steer(&mut program(places)).unwrap();
    }
}

fn media_follows_the_list_and_all_else_the_hash(ip: &str) {
    let mut group = Group::new(ip, 24);
    let hashed: Vec<_> = (0..24).map(|client| group.landing(client, STUN)).collect();
    // Every second client, each to a socket where it does not land by itself.
    let is_listed = |client: usize| client.is_multiple_of(2);
    let elsewhere = |client: usize, hashed: usize| (hashed + 1 + client % 4 / 2) % 3;
    let wanted = hashed.iter().enumerate();
    let wanted = wanted.map(|(client, &hashed)| if is_listed(client) { elsewhere(client, hashed) } else { hashed });
    let wanted: Vec<_> = wanted.collect();
    let listed = wanted.iter().enumerate().filter(|(client, _)| is_listed(*client));
    let places: Vec<_> = listed.map(|(client, &home)| (group.tuple(client), u8::try_from(home).unwrap())).collect();
    group.steer(&places);
    for (client, (hashed, wanted)) in hashed.iter().zip(wanted).enumerate() {
        for datagram in [SRTP, DTLS, &[63], &[191]] {
            assert_eq!(group.landing(client, datagram), wanted, "{datagram:?} of client {client}");
        }
        for datagram in [STUN, CHANNEL, &[19], &[64], &[127], &[192]] {
            assert_eq!(group.landing(client, datagram), *hashed, "{datagram:?} of client {client}");
        }
    }
    group.steer(&[]);
    for (client, hashed) in hashed.into_iter().enumerate() {
        assert_eq!(group.landing(client, SRTP), hashed, "the list is empty");
    }
}

#[test]
fn media_over_ipv4_follows_the_list_and_all_else_the_hash() {
    media_follows_the_list_and_all_else_the_hash("127.0.0.1");
}

#[test]
fn media_over_ipv6_follows_the_list_and_all_else_the_hash() {
    media_follows_the_list_and_all_else_the_hash("::1");
}

#[test]
fn a_list_of_greatest_length_finds_everybody_in_both_families() {
    for (ip, other) in [("127.0.0.1", "127.0.0.2"), ("::1", "::2")] {
        let mut group = Group::new(ip, 1);
        let real = group.tuple(0);
        let home = (group.landing(0, STUN) + 1) % 3;
        let max = tuples_max(real.local.is_ipv4());
        let others = (0..max - 1).map(|number| {
            // Some share their port, also with the one that is asked for.
            let port = if number % 5 == 0 { real.remote.port() } else { 1_024 + u16::try_from(number).unwrap() };
            let remote = SocketAddr::new(other.parse().unwrap(), port);
            (Tuple { remote, ..real }, u8::try_from((home + 1) % 3).unwrap())
        });
        let mut places: Vec<_> = others.collect();
        places.insert(max / 2, (real, u8::try_from(home).unwrap()));
        assert!(program(&places).len() <= INSTRUCTIONS_MAX);
        group.steer(&places);
        assert_eq!(group.landing(0, SRTP), home, "{max} of {ip}");
        let beyond = [places.as_slice(), &places].concat();
        assert_eq!(program(&beyond).len(), program(&places).len(), "what does not fit is left out");
    }
}

#[test]
fn a_program_of_greatest_length_fits_where_no_port_is_shared() {
    for ip in ["127.0.0.1", "::1"] {
        let local = SocketAddr::new(ip.parse().unwrap(), 3478);
        let max = tuples_max(local.is_ipv4());
        let tuple = |port| Tuple { local, remote: SocketAddr::new(local.ip(), port) };
        let places: Vec<_> = (1..).map(|port| (tuple(port), 1)).take(max).collect();
        let instructions = program(&places).len();
        assert!((INSTRUCTIONS_MAX - 30..=INSTRUCTIONS_MAX).contains(&instructions), "{instructions} for {max}");
    }
}
