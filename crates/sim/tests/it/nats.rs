//! Which path results between two kinds of network: direct where the kinds allow it, relayed where they do not.

use std::time::Duration;

use sim::scenario::*;
use sim::{Dependence, Firewall, Hairpin, NatConfig, Path, Place, PortAssignment};

const SECOND: Duration = Duration::from_secs(1);

/// A call between two networks has this path, whoever of the two makes the offer.
fn between(one: Place, other: Place, expected: Path) -> Result<(), Failure> {
    for (first, second) in [("Ana", "Bo"), ("Bo", "Ana")] {
        let room = Room::new(&format!("{first} first"));
        let room = room.with(browser("Ana").at(one.clone())).with(browser("Bo").at(other.clone()));
        room.run([
            join(first),
            wait(SECOND),
            join(second),
            hear_each_other(5 * SECOND),
            wait(5 * SECOND),
            path(expected),
            clear_record(),
            wait(60 * SECOND),
            longest_gap_below(SECOND / 5),
            path(expected),
        ])?;
    }
    Ok(())
}

fn full_cone() -> Place {
    Place::Behind(NatConfig::full_cone())
}

fn address_restricted() -> Place {
    Place::Behind(NatConfig::address_restricted())
}

fn port_restricted() -> Place {
    Place::Behind(NatConfig::port_restricted())
}

fn symmetric() -> Place {
    Place::Behind(NatConfig::symmetric())
}

/// Mapping and filtering depend on the address but not on the port.
fn address_dependent() -> Place {
    let mapping = Dependence::Address;
    Place::Behind(NatConfig { mapping, filtering: Dependence::Address, ..NatConfig::symmetric() })
}

fn random_ports() -> Place {
    Place::Behind(NatConfig { ports: PortAssignment::Random, ..NatConfig::port_restricted() })
}

fn no_udp() -> Place {
    Place::Behind(NatConfig::port_restricted().with_firewall(Firewall::NoUdp))
}

fn only_https() -> Place {
    Place::Behind(NatConfig::port_restricted().with_firewall(Firewall::OnlyHttps))
}

macro_rules! pairs {
    ($($name:ident: $one:expr, $other:expr, $path:ident;)*) => {
        $(
            #[test]
            fn $name() -> Result<(), Failure> {
                between($one, $other, Path::$path)
            }
        )*
    };
}

pairs! {
    public_and_public_is_direct: Place::Public, Place::Public, Direct;
    public_and_full_cone_is_direct: Place::Public, full_cone(), Direct;
    public_and_address_restricted_is_direct: Place::Public, address_restricted(), Direct;
    public_and_port_restricted_is_direct: Place::Public, port_restricted(), Direct;
    public_and_symmetric_is_direct: Place::Public, symmetric(), Direct;
    full_cone_and_full_cone_is_direct: full_cone(), full_cone(), Direct;
    full_cone_and_address_restricted_is_direct: full_cone(), address_restricted(), Direct;
    full_cone_and_port_restricted_is_direct: full_cone(), port_restricted(), Direct;
    full_cone_and_symmetric_is_direct: full_cone(), symmetric(), Direct;
    address_restricted_and_address_restricted_is_direct: address_restricted(), address_restricted(), Direct;
    address_restricted_and_port_restricted_is_direct: address_restricted(), port_restricted(), Direct;
    address_restricted_and_symmetric_is_direct: address_restricted(), symmetric(), Direct;
    port_restricted_and_port_restricted_is_direct: port_restricted(), port_restricted(), Direct;
    random_ports_and_random_ports_is_direct: random_ports(), random_ports(), Direct;
    port_restricted_and_symmetric_is_relayed: port_restricted(), symmetric(), Relayed;
    port_restricted_and_address_dependent_is_relayed: port_restricted(), address_dependent(), Relayed;
    address_dependent_and_address_dependent_is_relayed: address_dependent(), address_dependent(), Relayed;
    symmetric_and_symmetric_is_relayed: symmetric(), symmetric(), Relayed;
    public_and_no_udp_is_relayed: Place::Public, no_udp(), Relayed;
    symmetric_and_no_udp_is_relayed: symmetric(), no_udp(), Relayed;
    no_udp_and_no_udp_is_relayed: no_udp(), no_udp(), Relayed;
    port_restricted_and_only_https_is_relayed: port_restricted(), only_https(), Relayed;
    only_https_and_only_https_is_relayed: only_https(), only_https(), Relayed;
    two_at_the_same_home_is_direct: symmetric(), Place::AtHomeOf("Ana"), Direct;
    two_at_home_where_udp_may_not_leave_is_direct: no_udp(), Place::AtHomeOf("Ana"), Direct;
}

/// Home box behind a carrier's box.
fn carrier(hairpin: Hairpin) -> Place {
    let carrier = NatConfig::port_restricted().with_hairpin(hairpin);
    Place::BehindTwo { home: NatConfig::port_restricted(), carrier }
}

fn neighbour() -> Place {
    Place::WithCarrierOf { home: NatConfig::port_restricted(), customer: "Ana" }
}

pairs! {
    double_port_restricted_and_port_restricted_is_direct: carrier(Hairpin::Refused), port_restricted(), Direct;
    double_port_restricted_and_symmetric_is_relayed: carrier(Hairpin::Refused), symmetric(), Relayed;
    two_customers_of_a_carrier_that_hairpins_is_direct: carrier(Hairpin::ExternalSource), neighbour(), Direct;
    two_customers_of_a_carrier_that_does_not_hairpin_is_relayed: carrier(Hairpin::Refused), neighbour(), Relayed;
}
