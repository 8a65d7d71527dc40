//! Everything together: the network, the server, the browsers, and virtual time that jumps from event to event.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use crate::browser::{Browser, BrowserConfig, Service};
use crate::clock::Clock;
use crate::link::LinkConfig;
use crate::machine::Machine;
use crate::nat::NatConfig;
use crate::net::{GatewayId, HostId, Net, Output, Realm};
use crate::seed::{Generator, Seed};
use crate::server::{HTTPS_PORT, STATIC_USER, Server, ServerConfig, ice_servers};

/// Public addresses, of no special purpose so that the server's policy is the one that the world meets.
const SERVER_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(45, 0, 0, 1));
/// The last byte of the address of every lone host at home, so that private addresses of two homes are alike, as they are outside.
const FIRST_INSIDE: u8 = 2;

/// Where a browser's machine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the Internet, with a public address.
    Public,
    /// At home or in an office, behind one box.
    Behind(NatConfig),
    /// Behind a box of its own that is behind a carrier's.
    BehindTwo {
        /// The box at home.
        home: NatConfig,
        /// The carrier's.
        carrier: NatConfig,
    },
    /// At the home of the browser with this name.
    AtHomeOf(&'static str),
    /// Behind a box of its own that is behind the same carrier's as that of the browser with this name.
    WithCarrierOf {
        /// The box at home.
        home: NatConfig,
        /// The carrier's other customer, who is [`Place::BehindTwo`].
        customer: &'static str,
    },
}

/// A whole simulated world.
#[derive(Debug)]
pub struct World {
    clock: Clock,
    seed: Seed,
    net: Net,
    server_config: ServerConfig,
    server_host: HostId,
    /// `None` while it is down.
    server: Option<Server>,
    boots: u32,
    seats: Vec<Seat>,
    /// Numbers public addresses.
    next_address: u8,
}

#[derive(Debug)]
struct Seat {
    browser: Browser,
    host: HostId,
    /// The box that its machine is behind.
    gateway: Option<GatewayId>,
    /// The carrier's box, when there is one.
    carrier: Option<GatewayId>,
    /// Machines in its home.
    housemates: u8,
    /// Customers of its carrier.
    customers: u8,
    wake: Option<Instant>,
}

impl World {
    /// A world with a server that runs.
    ///
    /// # Errors
    /// When the server refuses its configuration.
    pub fn new(seed: Seed, configure: impl FnOnce(&mut ServerConfig)) -> Result<Self, turn::ConfigError> {
        // The ICE agent draws transaction ids from this generator of the thread; nothing else of it is unseeded.
        fastrand::seed(seed.number());
        let clock = Clock::new();
        let mut net = Net::new(seed, clock.now());
        let server_host = net.add_host(SERVER_ADDRESS, Realm::Internet, LinkConfig::default());
        let mut server_config = ServerConfig::new(SERVER_ADDRESS);
        configure(&mut server_config);
        let mut world = Self {
            clock,
            seed,
            net,
            server_config,
            server_host,
            server: None,
            boots: 0,
            seats: Vec::new(),
            next_address: 1,
        };
        world.start_server()?;
        Ok(world)
    }

    /// The seed of this run.
    pub fn seed(&self) -> Seed {
        self.seed
    }

    /// The present.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Time since the beginning.
    pub fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Wall-clock time.
    pub fn unix_time(&self) -> Duration {
        self.clock.unix_time()
    }

    /// The network, to change it or to ask what became of packets.
    pub fn net(&mut self) -> &mut Net {
        &mut self.net
    }

    /// The random numbers of one part.
    pub fn generator(&self, label: &str) -> Generator {
        self.seed.generator(label)
    }

    /// Adds a browser that has the page open but has not joined.
    pub fn add_browser(&mut self, config: BrowserConfig, room: &str, place: &Place, link: LinkConfig) {
        let Settled { address, realm, gateway, carrier } = self.settle(place);
        let host = self.net.add_host(address, realm, link);
        let generator = self.seed.generator(&format!("browser {}", config.name));
        let (user, password) = STATIC_USER;
        let service = Service {
            signalling: (SERVER_ADDRESS, HTTPS_PORT).into(),
            ice_servers: ice_servers(SERVER_ADDRESS, user, password),
        };
        let browser = Browser::new(config, service, room, generator);
        self.seats.push(Seat { browser, host, gateway, carrier, housemates: 1, customers: 1, wake: None });
    }

    /// All browsers.
    pub fn browsers(&self) -> impl Iterator<Item = &Browser> {
        self.seats.iter().map(|seat| &seat.browser)
    }

    /// The browser with this name.
    ///
    /// # Panics
    /// When there is none: the story is wrong.
    pub fn browser(&self, name: &str) -> &Browser {
        &self.seats[self.seat(name)].browser
    }

    /// The machine of the browser with this name.
    pub fn host(&self, name: &str) -> HostId {
        self.seats[self.seat(name)].host
    }

    /// The box that this browser's machine is behind, the innermost one.
    pub fn gateway(&self, name: &str) -> Option<GatewayId> {
        self.seats[self.seat(name)].gateway
    }

    /// The user presses "join".
    pub fn join(&mut self, name: &str) {
        self.with_browser(name, Browser::join);
    }

    /// The user presses "leave".
    pub fn leave(&mut self, name: &str) {
        self.with_browser(name, Browser::leave);
    }

    /// The browser's WebSocket breaks and is opened again after `absence`.
    pub fn break_socket(&mut self, name: &str, absence: Duration) {
        self.with_browser(name, |browser, machine| browser.break_socket(machine, absence));
    }

    /// The browser's machine goes to another network, and the operating system says so.
    pub fn move_to(&mut self, name: &str, place: &Place) {
        let Settled { address, realm, gateway, carrier } = self.settle(place);
        let seat = self.seat(name);
        self.seats[seat].gateway = gateway;
        self.seats[seat].carrier = carrier;
        self.net.move_host(self.clock.now(), self.seats[seat].host, address, realm);
        self.with_browser(name, Browser::handle_network_change);
    }

    /// The provider gives the box of this browser another address; nobody inside is told.
    pub fn change_address(&mut self, name: &str) {
        let external = self.public_address();
        if let Some(gateway) = self.gateway(name) {
            self.net.change_gateway_address(gateway, external);
        }
    }

    /// Forgets the gaps so far, and counts anew.
    pub fn clear_heard(&mut self) {
        for seat in &mut self.seats {
            seat.browser.clear_heard();
        }
    }

    /// Stops the server in order: everybody is told.
    pub fn stop_server(&mut self) {
        if let Some(server) = self.server.take() {
            let mut machine = Machine::new(self.clock, &mut self.net, self.server_host);
            server.stop(&mut machine);
        }
    }

    /// Cuts the server's power: nobody is told.
    pub fn crash_server(&mut self) {
        self.server = None;
        self.net.lose_power(self.server_host);
    }

    /// Starts the server again with the same configuration and other random numbers.
    ///
    /// # Errors
    /// When it refuses the configuration.
    pub fn start_server(&mut self) -> Result<(), turn::ConfigError> {
        let mut machine = Machine::new(self.clock, &mut self.net, self.server_host);
        let config = self.server_config.clone();
        self.server = Some(Server::start(&mut machine, config, self.seed, self.boots)?);
        self.boots += 1;
        Ok(())
    }

    /// What the room core has done; nothing while the server is down.
    pub fn room_stats(&self) -> room::Stats {
        self.server.as_ref().map(Server::room_stats).unwrap_or_default()
    }

    /// What the TURN core has done; nothing while the server is down.
    pub fn turn_stats(&self) -> turn::Stats {
        self.server.as_ref().map(Server::turn_stats).unwrap_or_default()
    }

    /// Relay sockets that the server has open.
    pub fn relays(&self) -> usize {
        self.server.as_ref().map_or(0, Server::relays)
    }

    /// Promises that the server broke.
    pub fn violations(&self) -> Vec<String> {
        self.browsers().flat_map(Browser::violations).cloned().collect()
    }

    /// Lets time pass until `condition` holds, at most for `within`; says whether it holds.
    pub fn run_until(&mut self, within: Duration, mut condition: impl FnMut(&Self) -> bool) -> bool {
        let end = self.clock.now() + within;
        loop {
            if condition(self) {
                return true;
            }
            if !self.step(end) {
                return condition(self);
            }
        }
    }

    /// Lets this much time pass.
    pub fn run_for(&mut self, lasting: Duration) {
        let end = self.clock.now() + lasting;
        while self.step(end) {}
    }

    /// Goes to the next event, unless it is after `end`.
    fn step(&mut self, end: Instant) -> bool {
        self.dispatch();
        let server = self.server.as_ref().and_then(Server::poll_timeout);
        let browsers = self.seats.iter().filter_map(|seat| seat.wake);
        let next = self.net.poll_timeout().into_iter().chain(server).chain(browsers).min();
        let Some(next) = next.filter(|next| *next <= end) else {
            self.clock.advance(end);
            return false;
        };
        self.clock.advance(next);
        let now = self.clock.now();
        self.net.handle_timeout(now);
        self.dispatch();
        if let Some(server) = self.server.as_mut().filter(|server| server.poll_timeout().is_some_and(|at| at <= now)) {
            server.handle_timeout(&mut Machine::new(self.clock, &mut self.net, self.server_host));
        }
        for index in 0..self.seats.len() {
            if self.seats[index].wake.is_some_and(|at| at <= now) {
                self.with_seat(index, Browser::handle_timeout);
            }
        }
        true
    }

    /// Hands over what has arrived.
    fn dispatch(&mut self) {
        while let Some(output) = self.net.poll_output() {
            match output {
                Output::Datagram { host, source, destination, payload } => {
                    if host == self.server_host {
                        if let Some(server) = &mut self.server {
                            let mut machine = Machine::new(self.clock, &mut self.net, host);
                            server.handle_datagram(&mut machine, source, destination, &payload);
                        }
                    } else if let Some(index) = self.seat_of(host) {
                        self.with_seat(index, |browser, machine| {
                            browser.handle_datagram(machine, source, destination, &payload);
                        });
                    }
                }
                Output::Stream { host, event } => {
                    if host == self.server_host {
                        if let Some(server) = &mut self.server {
                            server.handle_stream(&mut Machine::new(self.clock, &mut self.net, host), event);
                        }
                    } else if let Some(index) = self.seat_of(host) {
                        self.with_seat(index, |browser, machine| browser.handle_stream(machine, event));
                    }
                }
            }
        }
    }

    fn with_browser(&mut self, name: &str, act: impl FnOnce(&mut Browser, &mut Machine<'_>)) {
        self.with_seat(self.seat(name), act);
    }

    fn with_seat(&mut self, index: usize, act: impl FnOnce(&mut Browser, &mut Machine<'_>)) {
        let Seat { browser, host, wake, .. } = &mut self.seats[index];
        act(browser, &mut Machine::new(self.clock, &mut self.net, *host));
        *wake = browser.poll_timeout();
    }

    fn seat(&self, name: &str) -> usize {
        let seat = self.seats.iter().position(|seat| seat.browser.name() == name);
        seat.unwrap_or_else(|| panic!("nobody in this story is called {name}"))
    }

    fn seat_of(&self, host: HostId) -> Option<usize> {
        self.seats.iter().position(|seat| seat.host == host)
    }

    /// Makes room for one more machine at a place.
    fn settle(&mut self, place: &Place) -> Settled {
        match place {
            Place::Public => {
                Settled { address: self.public_address(), realm: Realm::Internet, gateway: None, carrier: None }
            }
            Place::Behind(config) => {
                let external = self.public_address();
                Settled::alone_behind(self.net.add_gateway(*config, external, Realm::Internet), None)
            }
            Place::BehindTwo { home, carrier } => {
                let external = self.public_address();
                let outer = self.net.add_gateway(*carrier, external, Realm::Internet);
                let gateway = self.net.add_gateway(*home, customer_address(FIRST_INSIDE), Realm::Behind(outer));
                Settled::alone_behind(gateway, Some(outer))
            }
            Place::AtHomeOf(name) => {
                let seat = self.seat(name);
                let Seat { housemates, gateway, carrier, .. } = &mut self.seats[seat];
                let address = home_address(FIRST_INSIDE + *housemates);
                *housemates += 1;
                let realm = gateway.map_or(Realm::Internet, Realm::Behind);
                Settled { address, realm, gateway: *gateway, carrier: *carrier }
            }
            Place::WithCarrierOf { home, customer } => {
                let seat = self.seat(customer);
                let Seat { customers, carrier, .. } = &mut self.seats[seat];
                let external = customer_address(FIRST_INSIDE + *customers);
                *customers += 1;
                let (outer, carrier) = (carrier.map_or(Realm::Internet, Realm::Behind), *carrier);
                Settled::alone_behind(self.net.add_gateway(*home, external, outer), carrier)
            }
        }
    }

    fn public_address(&mut self) -> IpAddr {
        let address = Ipv4Addr::new(45, 0, 1, self.next_address);
        self.next_address += 1;
        address.into()
    }
}

/// Where a machine came to be.
struct Settled {
    address: IpAddr,
    realm: Realm,
    gateway: Option<GatewayId>,
    carrier: Option<GatewayId>,
}

impl Settled {
    fn alone_behind(gateway: GatewayId, carrier: Option<GatewayId>) -> Self {
        let address = home_address(FIRST_INSIDE);
        Self { address, realm: Realm::Behind(gateway), gateway: Some(gateway), carrier }
    }
}

/// Addresses between a carrier's box and those of its customers (RFC 6598).
fn customer_address(customer: u8) -> IpAddr {
    Ipv4Addr::new(100, 64, 0, customer).into()
}

fn home_address(host: u8) -> IpAddr {
    Ipv4Addr::new(192, 168, 1, host).into()
}
