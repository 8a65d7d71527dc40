//! Those who use a server while it is measured.

use std::path::Path;

use anyhow::{Result, bail};
use client::load::{Audience, Plan, Population, Quantiles, Report, Session};
use tokio::time::sleep;

use crate::case::{Case, Load};
use crate::encoder::{Encoder, LONG_GROUP};
use crate::listeners::{Listeners, Output};
use crate::players::{PLAYERS, Players};
use crate::round::{Contender, FLOW_STEP, FLOW_TRIES};
use crate::{janus, parlor, relay};

/// Everybody who is there.
pub(crate) enum Crowd {
    /// In rooms of Parlor, and others in more rooms who do not read what comes.
    Rooms { session: Session, deaf: Option<Session> },
    /// At a stream of Parlor.
    Stream(Audience),
    /// The same, of an encoder that publishes as long as they are there.
    Joins { audience: Audience, _encoder: Encoder },
    /// At Janus, as long as its connection lasts.
    Janus { population: Box<Population>, _session: Box<janus::Session> },
    /// Over TCP.
    Listeners(Listeners),
    /// Of HLS.
    Players(Players),
    /// Relayed by TURN.
    Relayed(client::turn::Session),
    /// Who allocate and end it.
    Churn(client::turn::Churn),
}

/// What came to them in one window.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// How many units of the case.
    pub(crate) units: f64,
    /// The same in a second, where it is as many as the server can.
    pub(crate) per_second: Option<f64>,
    /// Of what should have come.
    pub(crate) delivered: Option<f64>,
    /// From the call that sends to the arrival in the receiver's socket.
    pub(crate) delay_us: Option<Quantiles>,
    /// From the time at which a picture or a sound was due to the call that sends each of its packets: of those in the load who were late most.
    pub(crate) late_us: Option<Quantiles>,
    /// From the beginning of a join to the first picture.
    pub(crate) first_ms: Option<Quantiles>,
    /// For people: who and what was there.
    pub(crate) text: String,
    /// Why the figures mean nothing, if they do.
    pub(crate) flaw: Option<String>,
}

impl Crowd {
    /// Lets everybody come whom the case wants. `binary` is Parlor's, `folder` the server's own.
    pub(crate) async fn gather(contender: Contender, case: &Case, binary: &Path, folder: &Path) -> Result<Self> {
        let rival = match contender {
            Contender::Parlor => None,
            Contender::Rival(rival) => Some(rival),
        };
        match (&case.load, rival) {
            (Load::Rooms(plan), None) => {
                let deaf = match &case.deaf_rooms {
                    Some(plan) => Some(deaf_rooms(plan).await?),
                    None => None,
                };
                Ok(Self::Rooms { session: parlor::fill_rooms("bench", plan.clone()).await?, deaf })
            }
            (Load::Rooms(plan), Some(_)) => {
                let population = Box::new(Population::new(plan.clone())?);
                let session = janus::rooms::fill(&population).await?;
                Ok(Self::Janus { _session: Box::new(session), population })
            }
            (Load::Stream(plan), None) => Ok(Self::Stream(parlor::fill_stream(plan.clone()).await?)),
            (Load::Stream(plan), Some(_)) => {
                let population = Box::new(Population::new(plan.clone())?);
                let session = janus::stream::fill(&population).await?;
                Ok(Self::Janus { _session: Box::new(session), population })
            }
            (Load::Joins(plan), None) => {
                let encoder = Encoder::start(LONG_GROUP).await?;
                Ok(Self::Joins { audience: parlor::fill_published(plan.clone()).await?, _encoder: encoder })
            }
            (Load::Joins(_), Some(rival)) => {
                bail!("{rival:?} has no stream that comes by RTMP for viewers over WebRTC")
            }
            (Load::Tags(plan), None) => Ok(Self::Listeners(Listeners::gather(*plan, plan.output).await?)),
            (Load::Tags(plan), Some(_)) => Ok(Self::Listeners(Listeners::gather(*plan, Output::Rtmp).await?)),
            (Load::Relay(plan), _) => Ok(Self::Relayed(relay::gather(plan, contender).await?)),
            (Load::Churn, _) => Ok(Self::Churn(relay::churn(contender)?)),
            (Load::Files, None) => Ok(Self::Players(Players::of_stream().await?)),
            (Load::Files, Some(_)) => Ok(Self::Players(Players::of_files(binary, folder).await?)),
        }
    }

    /// How many there are, those who send among them.
    pub(crate) fn members(&self) -> u32 {
        match self {
            Self::Listeners(listeners) => listeners.viewers(),
            Self::Players(_) => PLAYERS,
            Self::Relayed(session) => session.report().allocations,
            Self::Churn(_) => relay::CHURN_AT_ONCE,
            Self::Rooms { .. } | Self::Stream(_) | Self::Joins { .. } | Self::Janus { .. } => {
                self.populations().map(|population| population.plan().members()).sum()
            }
        }
    }

    /// Whether everybody gets what is to come.
    pub(crate) fn is_complete(&self) -> bool {
        match self {
            Self::Listeners(listeners) => listeners.is_complete(),
            Self::Players(players) => players.is_complete(),
            Self::Relayed(session) => session.report().received > 0,
            Self::Churn(churn) => churn.made() > 0,
            Self::Rooms { .. } | Self::Stream(_) | Self::Joins { .. } | Self::Janus { .. } => {
                self.populations().all(is_complete)
            }
        }
    }

    /// Starts to count anew.
    pub(crate) fn reset(&self) {
        match self {
            Self::Listeners(listeners) => listeners.reset(),
            Self::Players(players) => players.reset(),
            Self::Relayed(session) => session.reset(),
            Self::Churn(churn) => churn.reset(),
            Self::Rooms { .. } | Self::Stream(_) | Self::Joins { .. } | Self::Janus { .. } => {
                self.populations().for_each(Population::reset);
            }
        }
    }

    /// What was counted since, in a window of so many seconds.
    pub(crate) fn outcome(&self, case: &Case, window_s: f64) -> Outcome {
        match self {
            Self::Listeners(listeners) => of_listeners(case, listeners, window_s),
            Self::Players(players) => of_players(players, window_s),
            Self::Relayed(session) => relay::outcome(case, session, window_s),
            Self::Churn(churn) => relay::outcome_of_churn(churn, window_s),
            Self::Rooms { .. } | Self::Stream(_) | Self::Joins { .. } | Self::Janus { .. } => {
                let Some(population) = self.population() else { return Outcome::default() };
                let late_us = self.populations().map(|population| population.report().late_us);
                let late_us = late_us.max_by(|one, other| one.p99.total_cmp(&other.p99));
                Outcome { late_us, ..of_report(case, &population.report()) }
            }
        }
    }

    /// Lets nobody look any more at what comes.
    pub(crate) fn deafen(&self) {
        self.populations().for_each(Population::deafen);
    }

    /// What was sent, to those who do not look as well: as many packets as the server says.
    pub(crate) fn outcome_for_the_deaf(&self, case: &Case, packets: u64, window_s: f64) -> Outcome {
        let expected: u64 = self.populations().map(|population| population.report().expected).sum();
        let delivered = packets as f64 / expected.max(1) as f64;
        let flaw = case.shortfall(delivered, window_s, "packets were sent");
        let per_second = packets as f64 / window_s;
        let text = format!("{per_second:.0} packets/s");
        if !case.is_deaf {
            let heard = self.outcome(case, window_s);
            return Outcome { units: packets as f64, flaw: heard.flaw.or(flaw), text, ..heard };
        }
        Outcome {
            units: packets as f64,
            delivered: Some(delivered),
            per_second: Some(per_second),
            text,
            flaw,
            ..Outcome::default()
        }
    }

    /// Sends everybody home.
    pub(crate) async fn close(self) {
        match self {
            // What failed is in the figures already: they say who was there.
            Self::Rooms { session, deaf } => {
                for session in deaf.into_iter().chain([session]) {
                    drop(session.close(Report::default()).await);
                }
            }
            Self::Stream(audience) | Self::Joins { audience, .. } => drop(audience.close(Report::default()).await),
            Self::Janus { .. } | Self::Listeners(_) | Self::Players(_) | Self::Relayed(_) | Self::Churn(_) => {}
        }
    }

    /// Those whose figures count, and others.
    fn populations(&self) -> impl Iterator<Item = &Population> {
        let deaf = if let Self::Rooms { deaf, .. } = self { deaf.as_ref() } else { None };
        self.population().into_iter().chain(deaf.map(|session| session.population().as_ref()))
    }

    fn population(&self) -> Option<&Population> {
        match self {
            Self::Rooms { session, .. } => Some(session.population()),
            Self::Stream(audience) | Self::Joins { audience, .. } => Some(audience.population()),
            Self::Janus { population, .. } => Some(population),
            Self::Listeners(_) | Self::Players(_) | Self::Relayed(_) | Self::Churn(_) => None,
        }
    }
}

/// Rooms in which everybody gets what is to come, and nobody looks any more from then on: before others come, whom that would disturb.
async fn deaf_rooms(plan: &Plan) -> Result<Session> {
    let session = parlor::fill_rooms("deaf", plan.clone()).await?;
    for _ in 0..FLOW_TRIES {
        if is_complete(session.population()) {
            break;
        }
        sleep(FLOW_STEP).await;
    }
    session.population().deafen();
    Ok(session)
}

fn is_complete(population: &Population) -> bool {
    let report = population.report();
    report.streams >= report.streams_expected && report.joined >= u64::from(report.members)
}

fn of_listeners(case: &Case, listeners: &Listeners, window_s: f64) -> Outcome {
    let (came, expected) = listeners.bytes();
    let delivered = came as f64 / expected.max(1) as f64;
    let flaw = match (listeners.gone(), listeners.is_complete()) {
        (1.., _) => Some(format!("{} of {} viewers were sent away", listeners.gone(), listeners.viewers())),
        (0, false) => Some("not every viewer got something".to_owned()),
        (0, true) => case.shortfall(delivered, window_s, "bytes arrived"),
    };
    let text = format!("{:.0} Mbit/s", came as f64 * 8e-6 / window_s);
    Outcome { units: came as f64 / 1e6, delivered: Some(delivered), text, flaw, ..Outcome::default() }
}

fn of_players(players: &Players, window_s: f64) -> Outcome {
    let (requests, bytes, failed) = players.counts();
    let flaw = (failed > 0).then(|| format!("{failed} of {PLAYERS} players gave up"));
    let text = format!("{:.0} requests/s  {:.0} Mbit/s", requests as f64 / window_s, bytes as f64 * 8e-6 / window_s);
    let per_second = Some(requests as f64 / window_s);
    Outcome { units: requests as f64, per_second, text, flaw, ..Outcome::default() }
}

fn of_report(case: &Case, report: &Report) -> Outcome {
    let Report { streams, streams_expected, freezes, .. } = report;
    Outcome {
        units: report.received as f64,
        delivered: report.delivered,
        delay_us: Some(report.delay_us),
        late_us: Some(report.late_us),
        first_ms: Some(report.first_frame_ms),
        per_second: None,
        text: format!("{streams}/{streams_expected} streams  {freezes} freezes"),
        flaw: flaw(case, report),
    }
}

/// Who did not get in, and what did not arrive.
fn flaw(case: &Case, report: &Report) -> Option<String> {
    if report.joined < u64::from(report.members) {
        return Some(format!("{} of {} members connected", report.joined, report.members));
    }
    if report.streams < report.streams_expected {
        return Some(format!("{} of {} streams arrived", report.streams, report.streams_expected));
    }
    case.shortfall(report.delivered?, report.window_s, "packets arrived")
}
