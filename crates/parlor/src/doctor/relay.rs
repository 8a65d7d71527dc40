//! Whether a TURN server relays, by each of its ways in.

use std::time::Duration;

use client::turn::{Door, Method, Peers, Plan, Transport, TurnAddress, User};
use client::{Error, Trust};

use super::ADVICE_UDP;
use super::report::{Finding, State};

/// Two allocations, and packets from each to the other. The door by which that works is given back.
pub(super) fn check(url: &str, user: User, trust: Trust) -> (Finding, Option<Door>) {
    let address = match TurnAddress::parse(url) {
        Ok(address) => address,
        Err(error) => return (Finding::new("TURN", State::Fail, error.to_string(), ""), None),
    };
    let (name, advice) = match address.transport {
        Transport::Udp => ("TURN over UDP", ADVICE_UDP),
        Transport::Tcp => ("TURN over TCP", ADVICE_TCP),
        Transport::Tls => ("TURN over TLS", ADVICE_TLS),
    };
    let place = format!("{}:{}", address.host, address.port);
    let plan = Plan {
        allocations: 2,
        packets_per_second: 50.0,
        burst: 1,
        together: false,
        payload_bytes: 200,
        method: Method::Channel,
        peers: Peers::Pairs,
        warm_up: Duration::from_millis(200),
        duration: Duration::from_secs(1),
    };
    let door = Door { address, trust, user };
    let fail = |seen, advice| (Finding::new(name, State::Fail, seen, advice), None);
    match client::turn::run(plan, &door, |_| {}) {
        Ok(report) if report.received == 0 => {
            fail(format!("{place} relays nothing of {} packets", report.sent), ADVICE_RELAY)
        }
        Ok(report) => {
            (Finding::ok(name, format!("{place} relays, {} packets came in a second", report.received)), Some(door))
        }
        Err(error) => fail(format!("{place}: {error}"), advice),
    }
}

/// Packets from outside to a relayed address: what passes between two allocations of one server never touches its relay ports.
pub(super) fn reach(door: &Door) -> Finding {
    const NAME: &str = "relayed address";
    match client::turn::reach(door) {
        Ok(reach) if reach.came => Finding::ok(NAME, format!("{} lets packets from here through", reach.relayed)),
        Ok(reach) => {
            Finding::new(NAME, State::Fail, format!("nothing from here comes to {}", reach.relayed), ADVICE_PORTS)
        }
        Err(error @ Error::Refused { .. }) => {
            Finding::new(NAME, State::NotChecked, format!("no peer may be here: {error}"), ADVICE_ELSEWHERE)
        }
        Err(error) => Finding::new(NAME, State::Fail, error.to_string(), ""),
    }
}

const ADVICE_TCP: &str = "Let this TCP port (turn.tcp_listen) in.";
const ADVICE_TLS: &str = "Let this TCP port (https.listen) in; the certificate must be for its name.";
const ADVICE_RELAY: &str =
    "The allocation stands, and nothing goes through it: are public.addresses and turn.relay_ports right?";
const ADVICE_PORTS: &str =
    "Let the UDP ports of turn.relay_ports in; public.addresses must be the address at which they arrive.";
const ADVICE_ELSEWHERE: &str = "A machine with a public address sees whether turn.relay_ports are open.";
