use super::*;
use crate::clock::Clock;
use crate::link::Loss;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

struct Town {
    net: Net,
    clock: Clock,
}

impl Town {
    fn new(seed: u64) -> Self {
        let clock = Clock::new();
        Self { net: Net::new(Seed::new(seed), clock.now()), clock }
    }

    /// Sends one byte and returns `(receiver, source as seen there)` of what arrives within a second.
    fn send(&mut self, from: HostId, port: u16, to: &str) -> Vec<(HostId, SocketAddr)> {
        let source = SocketAddr::new(self.net.address(from), port);
        self.net.send(self.clock.now(), from, source, at(to), vec![7]);
        self.run()
    }

    fn run(&mut self) -> Vec<(HostId, SocketAddr)> {
        let end = self.clock.now() + Duration::from_secs(1);
        let mut seen = Vec::new();
        while let Some(next) = self.net.poll_timeout().filter(|next| *next <= end) {
            self.clock.advance(next);
            self.net.handle_timeout(next);
            while let Some(output) = self.net.poll_output() {
                if let Output::Datagram { host, source, .. } = output {
                    seen.push((host, source));
                }
            }
        }
        self.clock.advance(end);
        seen
    }
}

fn link() -> LinkConfig {
    LinkConfig::default()
}

#[test]
fn hosts_of_one_realm_reach_each_other_and_unknown_addresses_nobody() {
    let mut town = Town::new(1);
    let a = town.net.add_host(ip("45.0.0.1"), Realm::Internet, link());
    let b = town.net.add_host(ip("45.0.0.2"), Realm::Internet, link());
    assert_eq!(town.send(a, 5, "45.0.0.2:9"), [(b, at("45.0.0.1:5"))]);
    assert_eq!(town.send(a, 5, "45.0.0.3:9"), []);
    assert_eq!(town.net.stats().unroutable, 1);
}

#[test]
fn a_gateway_translates_both_ways() {
    let mut town = Town::new(1);
    let server = town.net.add_host(ip("45.0.0.1"), Realm::Internet, link());
    let home = town.net.add_gateway(NatConfig::port_restricted(), ip("45.0.1.1"), Realm::Internet);
    let inside = town.net.add_host(ip("10.0.0.2"), Realm::Behind(home), link());
    assert_eq!(town.send(server, 9, "45.0.1.1:5000"), [], "nothing went out yet");
    assert_eq!(town.send(inside, 5000, "45.0.0.1:9"), [(server, at("45.0.1.1:5000"))]);
    assert_eq!(town.send(server, 9, "45.0.1.1:5000"), [(inside, at("45.0.0.1:9"))]);
    assert_eq!(town.send(server, 9, "10.0.0.2:5000"), [], "private addresses are not routed");
}

#[test]
fn two_gateways_in_a_row_translate_twice() {
    let mut town = Town::new(1);
    let server = town.net.add_host(ip("45.0.0.1"), Realm::Internet, link());
    let carrier = town.net.add_gateway(NatConfig::symmetric(), ip("45.0.1.1"), Realm::Internet);
    let home = town.net.add_gateway(NatConfig::port_restricted(), ip("100.64.0.2"), Realm::Behind(carrier));
    let inside = town.net.add_host(ip("10.0.0.2"), Realm::Behind(home), link());
    let seen = town.send(inside, 5000, "45.0.0.1:9");
    let [(host, outside)] = seen[..] else { panic!("{seen:?}") };
    assert_eq!((host, outside.ip()), (server, ip("45.0.1.1")));
    assert_eq!(town.send(server, 9, &outside.to_string()), [(inside, at("45.0.0.1:9"))]);
}

#[test]
fn two_hosts_behind_one_gateway_meet_by_its_external_address() {
    let mut town = Town::new(1);
    let server = town.net.add_host(ip("45.0.0.1"), Realm::Internet, link());
    let home = town.net.add_gateway(NatConfig::full_cone(), ip("45.0.1.1"), Realm::Internet);
    let a = town.net.add_host(ip("10.0.0.2"), Realm::Behind(home), link());
    let b = town.net.add_host(ip("10.0.0.3"), Realm::Behind(home), link());
    assert_eq!(town.send(b, 6000, "45.0.0.1:9"), [(server, at("45.0.1.1:6000"))]);
    assert_eq!(town.send(a, 5000, "45.0.1.1:6000"), [(b, at("45.0.1.1:5000"))]);
    assert_eq!(town.send(a, 5000, "10.0.0.3:6000"), [(b, at("10.0.0.2:5000"))], "and straight");
}

#[test]
fn a_moved_host_gets_what_is_sent_to_its_new_address_only() {
    let mut town = Town::new(1);
    let a = town.net.add_host(ip("45.0.0.1"), Realm::Internet, link());
    let b = town.net.add_host(ip("45.0.0.2"), Realm::Internet, link());
    town.net.send(town.clock.now(), a, at("45.0.0.1:5"), at("45.0.0.2:9"), vec![1]);
    town.net.move_host(town.clock.now(), b, ip("45.0.0.3"), Realm::Internet);
    assert_eq!(town.run(), [], "under way when the host moved");
    assert_eq!(town.send(a, 5, "45.0.0.3:9"), [(b, at("45.0.0.1:5"))]);
    let stale = at("45.0.0.2:9");
    town.net.send(town.clock.now(), b, stale, at("45.0.0.1:5"), vec![1]);
    assert_eq!(town.run(), [], "from an address that is gone");
}

#[test]
fn a_gateway_that_changes_its_address_is_found_under_the_new_one() {
    let mut town = Town::new(1);
    let server = town.net.add_host(ip("45.0.0.1"), Realm::Internet, link());
    let home = town.net.add_gateway(NatConfig::port_restricted(), ip("45.0.1.1"), Realm::Internet);
    let inside = town.net.add_host(ip("10.0.0.2"), Realm::Behind(home), link());
    town.send(inside, 5000, "45.0.0.1:9");
    town.net.change_gateway_address(home, ip("45.0.1.2"));
    assert_eq!(town.send(server, 9, "45.0.1.1:5000"), []);
    assert_eq!(town.send(inside, 5000, "45.0.0.1:9"), [(server, at("45.0.1.2:5000"))]);
}

#[test]
fn the_chosen_datagram_is_lost_and_no_other() {
    let mut town = Town::new(1);
    let a = town.net.add_host(ip("45.0.0.1"), Realm::Internet, link());
    town.net.add_host(ip("45.0.0.2"), Realm::Internet, link());
    town.net.lose_datagram(2);
    let arrived: Vec<_> = (0..5).map(|_| town.send(a, 5, "45.0.0.2:9").len()).collect();
    assert_eq!(arrived, [1, 1, 0, 1, 1]);
}

#[test]
fn the_digest_tells_seeds_apart_and_repeats_for_one() {
    let run = |seed| {
        let mut town = Town::new(seed);
        let lossy = LinkConfig { loss: Loss::Random(0.3), jitter: Duration::from_millis(9), ..link() };
        let a = town.net.add_host(ip("45.0.0.1"), Realm::Internet, lossy);
        town.net.add_host(ip("45.0.0.2"), Realm::Internet, link());
        for _ in 0..50 {
            town.send(a, 5, "45.0.0.2:9");
        }
        town.net.digest()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}
