//! Clients of a TURN server, and those who make allocations and end them.

use anyhow::{Context as _, Result};
use client::Trust;
use client::turn::{Churn, Door, Session, Transport, TurnAddress, User};

use crate::case::{Case, Unit};
use crate::crowd::Outcome;
use crate::network::ADDRESS;
use crate::round::Contender;
use crate::{coturn, parlor};

/// A load, and how the clients reach the server.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) transport: Transport,
    pub(crate) load: client::turn::Plan,
}

/// Makes the allocations and begins.
pub(crate) async fn gather(plan: &Plan, contender: Contender) -> Result<Session> {
    let (load, door) = (plan.load.clone(), door(plan.transport, contender));
    let opened = tokio::task::spawn_blocking(move || Session::open(load, &door, |_| {}));
    Ok(opened.await.context("allocating")??)
}

/// Begins to make and end allocations.
pub(crate) fn churn(contender: Contender) -> Result<Churn> {
    Ok(Churn::start(&door(Transport::Udp, contender), ADDRESS, CHURN_AT_ONCE)?)
}

/// What came to the clients and their peers.
pub(crate) fn outcome(case: &Case, session: &Session, window_s: f64) -> Outcome {
    let report = session.report();
    let flaw = match (report.lost_connections, report.delivered) {
        (1.., _) => Some(format!("{} connections were lost", report.lost_connections)),
        (0, None) => Some("nothing was sent".to_owned()),
        (0, Some(delivered)) => case.shortfall(delivered, window_s, "packets arrived"),
    };
    let units = if case.unit() == Unit::Megabyte { report.bytes as f64 / 1e6 } else { report.received as f64 };
    let late = if report.late > 0 { format!("  too slow {} times", report.late) } else { String::new() };
    Outcome {
        units,
        delivered: report.delivered,
        delay_us: Some(report.delay_us),
        text: format!("{:.0} packets/s{late}", report.received as f64 / window_s),
        flaw,
        ..Outcome::default()
    }
}

/// How many allocations were made.
pub(crate) fn outcome_of_churn(churn: &Churn, window_s: f64) -> Outcome {
    let made = churn.made();
    let per_second = made as f64 / window_s;
    let text = format!("{per_second:.0} allocations/s");
    Outcome { units: made as f64, per_second: Some(per_second), text, flaw: churn.failure(), ..Outcome::default() }
}

fn door(transport: Transport, contender: Contender) -> Door {
    let port = match (transport, contender) {
        (Transport::Tls, Contender::Rival(_)) => coturn::TLS_PORT,
        (Transport::Udp | Transport::Tcp, Contender::Rival(_)) => coturn::PORT,
        (_, Contender::Parlor) => parlor::TURN_PORT,
    };
    Door {
        address: TurnAddress { host: ADDRESS.to_string(), port, transport },
        trust: Trust::Anyone,
        user: User { name: USER.to_owned(), password: PASSWORD.to_owned() },
    }
}

/// Clients that make and end allocations at the same time.
pub(crate) const CHURN_AT_ONCE: u32 = 8;
/// The one user that the servers know.
pub(crate) const USER: &str = "bench";
pub(crate) const PASSWORD: &str = "known to whoever reads this";
pub(crate) const REALM: &str = "bench";
