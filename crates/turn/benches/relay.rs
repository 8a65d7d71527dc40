//! Nanoseconds of the core for a packet, by the number of allocations: `cargo bench -p turn --bench relay`.
//!
//! Every packet belongs to another allocation than the one before, in an order without a pattern: what an allocation needs was last used
//! when all the others had been served. Sockets take no part; `cargo xtask bench turn` measures the server with them.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::unwrap_in_result,
    reason = "a benchmark reads the clock, prints what it saw, and fails where it has no input"
)]

#[path = "../tests/it/world.rs"]
#[expect(dead_code, reason = "the tests need more of it")]
mod world;

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use turn::{ClientAddr, Family, PeerAddr, Rate, RelayAddr, Transport};

use self::world::{Answer, PEER, RELAY_V4, World, channel_data, send_indication};

/// How many allocations there are.
const ALLOCATIONS: [usize; 3] = [1, 100, 10_000];
/// Of a full video packet.
const PAYLOAD_BYTES: usize = 1100;
const PACKETS: usize = 1_000_000;
/// The best of so many rounds: other programs only ever add.
const ROUNDS: usize = 7;
/// Its packets come by ChannelData.
const CHANNEL: u16 = 0x4000;
/// The same address, without a channel for its port.
const PEER_WITHOUT_CHANNEL: &str = "8.8.4.4:5001";

fn main() {
    let counts = ALLOCATIONS.map(|count| format!("{count:>8}")).concat();
    println!("{PAYLOAD_BYTES} bytes of payload, best of {ROUNDS} rounds of {PACKETS} packets, ns per packet");
    println!("{:24}{counts} allocations", "");
    let mut crowds = ALLOCATIONS.map(Crowd::new);
    for direction in Direction::ALL {
        let figures = crowds.each_mut().map(|crowd| format!("{:8.0}", crowd.best_ns(direction)));
        println!("{:24}{}", direction.name(), figures.concat());
    }
}

/// A way through the server.
#[derive(Debug, Clone, Copy)]
enum Direction {
    ChannelDataIn,
    SendIn,
    ChannelDataOut,
    DataOut,
}

impl Direction {
    const ALL: [Self; 4] = [Self::ChannelDataIn, Self::ChannelDataOut, Self::SendIn, Self::DataOut];

    fn name(self) -> &'static str {
        match self {
            Self::ChannelDataIn => "ChannelData to a peer",
            Self::SendIn => "Send to a peer",
            Self::ChannelDataOut => "ChannelData to a client",
            Self::DataOut => "Data to a client",
        }
    }
}

/// Clients with an allocation each, in the order in which their packets come.
struct Crowd {
    world: World,
    members: Vec<(ClientAddr, RelayAddr)>,
}

impl Crowd {
    fn new(count: usize) -> Self {
        let mut world = World::with(|config| {
            config.relay_ports = 10_000..=65_535;
            let limits = &mut config.limits;
            (limits.allocations_total, limits.allocations_per_user, limits.allocations_per_address) = (0, 0, 0);
            limits.challenges = Rate { per_second: 0, burst: 0 };
        });
        let mut members: Vec<_> = (0..count).map(|number| join(&mut world, number)).collect();
        // Ports are drawn at random: their order has nothing to do with that in which the allocations lie in memory.
        members.sort_by_key(|(_, relay)| relay.port);
        Self { world, members }
    }

    /// Of the quickest round.
    fn best_ns(&mut self, direction: Direction) -> f64 {
        let seconds = (0..ROUNDS).map(|_| {
            let begun = Instant::now();
            self.relay(direction);
            begun.elapsed().as_secs_f64()
        });
        seconds.fold(f64::MAX, f64::min) * 1e9 / PACKETS as f64
    }

    fn relay(&mut self, direction: Direction) {
        let payload = [7; PAYLOAD_BYTES];
        let by_channel = channel_data(CHANNEL, &payload);
        let by_indication = send_indication(7.into(), PEER_WITHOUT_CHANNEL, &payload);
        let [peer, peer_without_channel] = [PEER, PEER_WITHOUT_CHANNEL].map(peer);
        let World { server, now, .. } = &mut self.world;
        for (client, relay) in self.members.iter().cycle().take(PACKETS) {
            let goes_on = match direction {
                Direction::ChannelDataIn => server.handle_client(*now, *client, black_box(&by_channel)).is_some(),
                Direction::SendIn => server.handle_client(*now, *client, black_box(&by_indication)).is_some(),
                Direction::ChannelDataOut => {
                    black_box(server.handle_peer(*now, *relay, peer, black_box(&payload))).is_some()
                }
                Direction::DataOut => {
                    black_box(server.handle_peer(*now, *relay, peer_without_channel, black_box(&payload))).is_some()
                }
            };
            assert!(goes_on, "a packet is lost");
        }
    }
}

/// Another client with a channel and a permission.
fn join(world: &mut World, number: usize) -> (ClientAddr, RelayAddr) {
    let number = u32::try_from(number).expect("there are not so many");
    let ip = Ipv4Addr::from_bits(Ipv4Addr::new(203, 0, 0, 1).to_bits() + number);
    let local = SocketAddr::new(RELAY_V4.parse().unwrap(), 3478);
    let addr = ClientAddr { transport: Transport::Udp, local, remote: SocketAddr::new(ip.into(), 4000) };
    let (client, relayed) = world.allocated(addr);
    assert_eq!(world.bind_channel(&client, CHANNEL, PEER), Answer::Success);
    (addr, RelayAddr { family: Family::V4, port: relayed.port() })
}

fn peer(text: &str) -> PeerAddr {
    PeerAddr::new(text.parse().unwrap())
}
