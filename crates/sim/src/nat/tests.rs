//! Each kind of RFC 4787, by what it says a host outside sees and may send.

use super::*;
use crate::clock::Clock;
use crate::packet::Body;
use crate::seed::Seed;
use crate::stream::Segment;

const INSIDE: &str = "10.0.0.2:5000";
const EXTERNAL: &str = "45.0.1.1";
const X: &str = "45.0.0.1:1000";
const X_OTHER_PORT: &str = "45.0.0.1:2000";
const Y: &str = "45.0.0.2:1000";

struct Box4787 {
    nat: Nat,
    clock: Clock,
}

impl Box4787 {
    fn new(config: NatConfig) -> Self {
        let generator = Seed::new(5).generator("nat");
        let nat = Nat::new(config, EXTERNAL.parse().unwrap(), generator);
        Self { nat, clock: Clock::new() }
    }

    fn wait(&mut self, seconds: u64) {
        self.clock.advance(self.clock.now() + Duration::from_secs(seconds));
    }

    /// Sends from inside and returns the external endpoint.
    fn out(&mut self, from: &str, to: &str) -> Result<SocketAddr, Dropped> {
        let mut packet = datagram(from, to);
        self.nat.outbound(self.clock.now(), &mut packet)?;
        Ok(packet.source)
    }

    /// Sends from outside and returns the internal endpoint.
    fn inward(&mut self, from: &str, to: SocketAddr) -> Result<SocketAddr, Dropped> {
        let mut packet = datagram(from, &to.to_string());
        self.nat.inbound(self.clock.now(), &mut packet)?;
        Ok(packet.destination)
    }
}

fn datagram(from: &str, to: &str) -> Packet {
    Packet { source: from.parse().unwrap(), destination: to.parse().unwrap(), body: Body::Datagram(vec![1]) }
}

fn segment(from: &str, to: &str) -> Packet {
    Packet { body: Body::Segment(Segment::acknowledgement(0)), ..datagram(from, to) }
}

fn kind(mapping: Dependence, filtering: Dependence) -> NatConfig {
    NatConfig { mapping, filtering, ports: PortAssignment::Random, ..NatConfig::full_cone() }
}

/// RFC 4787 section 4.1: is X1':x1' the same as X2':x2' for another address, for another port?
#[test]
fn mappings_depend_on_what_they_should() {
    for filtering in [Dependence::Endpoint, Dependence::Address, Dependence::AddressAndPort] {
        for (mapping, other_address_same, other_port_same) in [
            (Dependence::Endpoint, true, true),
            (Dependence::Address, false, true),
            (Dependence::AddressAndPort, false, false),
        ] {
            let mut nat = Box4787::new(kind(mapping, filtering));
            let first = nat.out(INSIDE, X).unwrap();
            assert_eq!(first.ip().to_string(), EXTERNAL);
            assert_eq!(nat.out(INSIDE, X), Ok(first), "a mapping is reused");
            assert_eq!(nat.out(INSIDE, Y) == Ok(first), other_address_same, "{mapping:?}");
            assert_eq!(nat.out(INSIDE, X_OTHER_PORT) == Ok(first), other_port_same, "{mapping:?}");
        }
    }
}

/// RFC 4787 section 5: who may send to a mapping that was used towards X only?
#[test]
fn filters_depend_on_what_they_should() {
    for mapping in [Dependence::Endpoint, Dependence::Address, Dependence::AddressAndPort] {
        for (filtering, other_address_passes, other_port_passes) in [
            (Dependence::Endpoint, true, true),
            (Dependence::Address, false, true),
            (Dependence::AddressAndPort, false, false),
        ] {
            let mut nat = Box4787::new(kind(mapping, filtering));
            let external = nat.out(INSIDE, X).unwrap();
            assert_eq!(nat.inward(X, external), Ok(INSIDE.parse().unwrap()));
            assert_eq!(nat.inward(Y, external).is_ok(), other_address_passes, "{filtering:?}");
            assert_eq!(nat.inward(X_OTHER_PORT, external).is_ok(), other_port_passes, "{filtering:?}");
        }
    }
}

#[test]
fn nothing_comes_in_where_nothing_went_out() {
    let mut nat = Box4787::new(NatConfig::full_cone());
    let nowhere = SocketAddr::new(EXTERNAL.parse().unwrap(), 5000);
    assert_eq!(nat.inward(X, nowhere), Err(Dropped::NoMapping));
}

#[test]
fn a_preserving_box_keeps_a_free_port_and_gives_another_for_a_taken_one() {
    let mut nat = Box4787::new(NatConfig::port_restricted());
    assert_eq!(nat.out(INSIDE, X).unwrap().port(), 5000);
    let second = nat.out("10.0.0.3:5000", X).unwrap();
    assert_ne!(second.port(), 5000);
    assert_eq!(nat.inward(X, second), Ok("10.0.0.3:5000".parse().unwrap()));
}

#[test]
fn a_random_box_keeps_no_port() {
    let mut nat = Box4787::new(NatConfig::symmetric());
    let ports: Vec<_> = (0..20).map(|host| nat.out(&format!("10.0.0.{host}:5000"), X).unwrap().port()).collect();
    assert!(ports.iter().all(|port| *port >= PORT_FIRST));
    assert!(ports.iter().filter(|port| **port == 5000).count() <= 1);
}

/// RFC 4787 REQ-5, REQ-6: the timer runs from the last packet out; inbound packets count only when the box says so.
#[test]
fn a_mapping_ends_after_its_idle_time() {
    let mut nat = Box4787::new(NatConfig::port_restricted());
    let external = nat.out(INSIDE, X).unwrap();
    nat.wait(119);
    assert!(nat.inward(X, external).is_ok(), "119 s idle");
    nat.wait(1);
    assert_eq!(nat.inward(X, external), Err(Dropped::NoMapping), "inbound did not refresh");

    nat.out(INSIDE, X).unwrap();
    nat.wait(100);
    nat.out(INSIDE, X).unwrap();
    nat.wait(100);
    assert!(nat.inward(X, external).is_ok(), "outbound refreshed");
}

#[test]
fn a_box_that_refreshes_inbound_keeps_a_mapping_that_only_receives() {
    let mut nat = Box4787::new(NatConfig { inbound_refreshes: true, ..NatConfig::port_restricted() });
    let external = nat.out(INSIDE, X).unwrap();
    for _ in 0..5 {
        nat.wait(100);
        assert!(nat.inward(X, external).is_ok());
    }
}

#[test]
fn a_filter_forgets_one_remote_while_the_mapping_lives_on_for_another() {
    let mut nat = Box4787::new(NatConfig::port_restricted());
    let external = nat.out(INSIDE, X).unwrap();
    nat.wait(60);
    nat.out(INSIDE, Y).unwrap();
    nat.wait(61);
    assert_eq!(nat.inward(X, external), Err(Dropped::Filtered));
    assert!(nat.inward(Y, external).is_ok());
}

/// RFC 4787 section 6, REQ-9.
#[test]
fn hairpinning_shows_the_source_that_its_kind_says() {
    for (hairpin, expected) in [
        (Hairpin::Refused, Err(Dropped::NoHairpin)),
        (Hairpin::InternalSource, Ok(INSIDE)),
        (Hairpin::ExternalSource, Ok("45.0.1.1:5000")),
    ] {
        let mut nat = Box4787::new(NatConfig::full_cone().with_hairpin(hairpin));
        let target = nat.out("10.0.0.3:6000", X).unwrap();
        let mut packet = datagram(INSIDE, &target.to_string());
        let seen = nat.nat.hairpin(nat.clock.now(), &mut packet).map(|()| packet.source.to_string());
        assert_eq!(seen, expected.map(str::to_owned));
        if expected.is_ok() {
            assert_eq!(packet.destination, "10.0.0.3:6000".parse().unwrap());
        }
    }
}

#[test]
fn a_hairpinned_packet_meets_the_filter_too() {
    let mut nat = Box4787::new(NatConfig::port_restricted());
    let target = nat.out("10.0.0.3:6000", X).unwrap();
    let mut packet = datagram(INSIDE, &target.to_string());
    assert_eq!(nat.nat.hairpin(nat.clock.now(), &mut packet), Err(Dropped::Filtered));
}

#[test]
fn firewalls_pass_what_their_names_say() {
    for (firewall, udp, tcp_other, tcp_443) in [
        (Firewall::Open, true, true, true),
        (Firewall::NoUdp, false, true, true),
        (Firewall::OnlyHttps, false, false, true),
    ] {
        let mut nat = Box4787::new(NatConfig::full_cone().with_firewall(firewall));
        let now = nat.clock.now();
        assert_eq!(nat.out(INSIDE, "45.0.0.1:443").is_ok(), udp);
        assert_eq!(nat.nat.outbound(now, &mut segment(INSIDE, X)).is_ok(), tcp_other);
        let mut out = segment(INSIDE, "45.0.0.1:443");
        assert_eq!(nat.nat.outbound(now, &mut out).is_ok(), tcp_443);
        let mut back = segment("45.0.0.1:443", &out.source.to_string());
        assert_eq!(nat.nat.inbound(now, &mut back).is_ok(), tcp_443);
    }
}

#[test]
fn tcp_and_udp_mappings_are_apart_and_tcp_lives_longer() {
    let mut nat = Box4787::new(NatConfig::port_restricted());
    let mut stream = segment(INSIDE, X);
    nat.nat.outbound(nat.clock.now(), &mut stream).unwrap();
    assert_eq!(nat.inward(X, stream.source), Err(Dropped::NoMapping), "UDP to a TCP mapping");
    nat.wait(7_000);
    let mut back = segment(X, &stream.source.to_string());
    assert_eq!(nat.nat.inbound(nat.clock.now(), &mut back), Ok(()));
}

#[test]
fn a_change_of_address_loses_every_mapping() {
    let mut nat = Box4787::new(NatConfig::full_cone());
    let before = nat.out(INSIDE, X).unwrap();
    nat.nat.change_address("45.0.1.9".parse().unwrap());
    assert_eq!(nat.inward(X, before), Err(Dropped::NoMapping));
    assert_eq!(nat.out(INSIDE, X).unwrap(), "45.0.1.9:5000".parse().unwrap());
}

#[test]
fn the_table_is_full_at_its_limit_and_has_room_again_when_mappings_end() {
    let mut nat = Box4787::new(NatConfig::symmetric());
    for index in 0..MAPPINGS_MAX {
        let (host, port) = (index / 60_000 + 2, index % 60_000 + 1_024);
        nat.out(&format!("10.0.0.{host}:{port}"), X).unwrap();
    }
    assert_eq!(nat.out("10.9.9.9:9", X), Err(Dropped::Full));
    nat.wait(120);
    assert!(nat.out("10.9.9.9:9", X).is_ok());
    assert_eq!(nat.nat.mappings(), 1);
}

#[test]
fn a_mapping_remembers_its_limit_of_contacts_and_forgets_the_oldest() {
    let mut nat = Box4787::new(NatConfig::port_restricted());
    let external = nat.out(INSIDE, X).unwrap();
    nat.wait(1);
    for port in 1..CONTACTS_MAX {
        nat.out(INSIDE, &format!("45.0.0.3:{port}")).unwrap();
    }
    assert!(nat.inward(X, external).is_ok(), "at the limit");
    nat.out(INSIDE, Y).unwrap();
    assert_eq!(nat.inward(X, external), Err(Dropped::Filtered), "one more");
    assert!(nat.inward(Y, external).is_ok());
}
