//! TURN: what `bench turn` measures.

use std::time::Duration;

use client::turn::{Method, Peers, Plan, Transport};

use super::{Case, Load, Unit};
use crate::relay;
use crate::rival::Rival;

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    let single = || plan(100, 1);
    let bursts = || plan(100, 8);
    let pairs = |plan| Plan { peers: Peers::Pairs, ..plan };
    vec![
        udp(
            "burst8",
            "100 allocations, each client sends 80 packets/s in bursts of 8, each peer sends them back",
            bursts(),
        ),
        udp("single", "the same, every packet alone", single()),
        udp(
            "burst8-apart",
            "as burst8, but each packet of a burst has its own way into the server",
            Plan { together: false, ..bursts() },
        ),
        udp("send", "as single, by Send and Data indications", Plan { method: Method::Indication, ..single() }),
        udp("pairs-burst8", "100 allocations whose clients talk to each other, bursts of 8", pairs(bursts())),
        udp("pairs-single", "the same, every packet alone", pairs(single())),
        udp(
            "1000",
            "as single, the same packets by 1000 allocations",
            Plan { packets_per_second: 8.0, ..plan(1000, 1) },
        ),
        udp(
            "10000",
            "as single, the same packets by 10000 allocations",
            Plan { packets_per_second: 0.8, ..plan(10_000, 1) },
        ),
        over(Transport::Tcp, "tcp", "as burst8, the clients over TCP", bursts()),
        over(Transport::Tls, "tls", "as burst8, the clients over TLS", bursts()),
        Case::new(
            "allocate",
            "8 clients at once allocate, bind a channel and end the allocation, as fast as they can",
            Load::Churn,
        )
        .beside(Rival::Coturn),
    ]
    .into_iter()
    .map(|case| Case { workers: Some(1), ..case })
    .collect()
}

/// 8,000 packets/s by their clients, as much back by their peers.
fn plan(allocations: u32, burst: u32) -> Plan {
    Plan {
        allocations,
        packets_per_second: 80.0,
        burst,
        together: true,
        payload_bytes: 1200,
        method: Method::Channel,
        peers: Peers::Echo,
        warm_up: Duration::from_secs(1),
        duration: Duration::from_secs(10),
    }
}

fn udp(name: &'static str, text: &'static str, load: Plan) -> Case {
    over(Transport::Udp, name, text, load)
}

fn over(transport: Transport, name: &'static str, text: &'static str, load: Plan) -> Case {
    Case::new(name, text, Load::Relay(relay::Plan { transport, load })).beside(Rival::Coturn)
}

/// By the byte over connections, where packets are no units of work.
pub(super) fn unit(plan: &relay::Plan) -> Unit {
    if plan.transport == Transport::Udp { Unit::Packet } else { Unit::Megabyte }
}

/// Of `--quick`.
pub(crate) const QUICK: &[&str] = &["burst8", "single"];
