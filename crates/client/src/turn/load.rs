//! Allocations under load: a thread sends and listens for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use serde::Serialize;

use super::address::Door;
use super::allocation::Allocation;
use super::counts::{Counter, Reader};
use super::flow::{CHANNEL, Echo, Flow};
use super::way::Way;
use crate::clock::nap;
use crate::load::Quantiles;
use crate::open_files::raise_open_files;
use crate::receipt::ReceiveBuffer;
use crate::{Clock, Error};

/// What a load is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How many there are.
    pub allocations: u32,
    /// What each client sends in a second.
    pub packets_per_second: f64,
    /// So many of them leave at once.
    pub burst: u32,
    /// Whether a burst leaves in one system call and stays together as far as the server's socket, as a network card hands it over.
    pub together: bool,
    /// Of each payload; a multiple of four, with room for a stamp.
    pub payload_bytes: u16,
    /// How payloads are told from messages.
    pub method: Method,
    /// Whom the clients talk to.
    pub peers: Peers,
    /// From the last allocation to the measurement.
    pub warm_up: Duration,
    /// How long is measured.
    pub duration: Duration,
}

/// What carries a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// ChannelData messages.
    Channel,
    /// Send and Data indications.
    Indication,
}

/// Whom a client talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peers {
    /// To a socket of this machine, which sends everything back. The server must be allowed to send there.
    Echo,
    /// To another client, through the relayed addresses of both.
    Pairs,
}

/// What was counted in the window of a measurement.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// How long was measured.
    pub window_s: f64,
    /// Those that were made.
    pub allocations: u32,
    /// How many were made in a second, one after the other.
    pub allocations_per_second: f64,
    /// Connections to the server that were lost.
    pub lost_connections: u64,
    /// Payloads sent, in both directions.
    pub sent: u64,
    /// Payloads that came, in both directions.
    pub received: u64,
    /// Their bytes.
    pub bytes: u64,
    /// `received / sent`; `null` when nothing was sent.
    pub delivered: Option<f64>,
    /// From the call that sends to the arrival in the receiver's socket, in microseconds.
    pub delay_us: Quantiles,
    /// How often this machine was too slow for the rate of the plan.
    pub late: u64,
}

impl Report {
    /// One JSON object with the names of the fields.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("numbers can be written")
    }
}

/// How a load goes, every second.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// `allocating`, `settling` or `measuring`.
    pub phase: &'static str,
    /// Allocations that stand.
    pub allocations: u32,
    /// Since the last reset.
    pub report: Report,
}

/// Allocations that stand. They are left to end by themselves when this is dropped.
pub struct Session {
    plan: Plan,
    counter: Arc<Counter>,
    allocations_per_second: f64,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Makes the allocations, loads them, and measures.
///
/// # Errors
/// When the server cannot be reached, does not answer, or refuses.
pub fn run(plan: Plan, door: &Door, mut progress: impl FnMut(&Progress)) -> Result<Report, Error> {
    let (warm_up, duration) = (plan.warm_up, plan.duration);
    let session = Session::open(plan, door, &mut progress)?;
    session.watch("settling", warm_up, &mut progress);
    session.reset();
    session.watch("measuring", duration, &mut progress);
    Ok(session.report())
}

impl Session {
    /// Makes the allocations one after the other, and begins.
    ///
    /// # Errors
    /// When the server cannot be reached, does not answer, or refuses.
    pub fn open(plan: Plan, door: &Door, mut progress: impl FnMut(&Progress)) -> Result<Self, Error> {
        let clock = Clock::start();
        let mut run = [0; 4];
        getrandom::fill(&mut run).map_err(|error| Error::Socket(error.into()))?;
        let reader = Reader { clock, run: u32::from_be_bytes(run) };
        let mut told_at = clock.now();
        let mut tell = |made: usize| {
            if clock.now().saturating_duration_since(told_at) >= PROGRESS {
                told_at = clock.now();
                let allocations = u32::try_from(made).unwrap_or(u32::MAX);
                progress(&Progress { phase: "allocating", allocations, report: Report::default() });
            }
        };
        let parties = Parties::gather(&plan, door, clock, &mut tell)?;
        let allocations_per_second = f64::from(plan.allocations) / clock.elapsed().as_secs_f64().max(f64::EPSILON);
        let (counter, is_over) = (Arc::new(Counter::new(clock)), Arc::new(AtomicBool::new(false)));
        let driver = Driver::new(parties, &plan, reader, Arc::clone(&counter))?;
        let told = Arc::clone(&is_over);
        let thread = std::thread::Builder::new().name("turn load".into()).spawn(move || driver.run(&told));
        let thread = Some(thread.map_err(Error::Socket)?);
        Ok(Self { plan, counter, allocations_per_second, is_over, thread })
    }

    /// Starts to count anew.
    pub fn reset(&self) {
        self.counter.reset();
    }

    /// What was counted since.
    #[must_use]
    pub fn report(&self) -> Report {
        let (counts, window) = self.counter.read();
        Report {
            window_s: window.as_secs_f64(),
            allocations: self.plan.allocations,
            allocations_per_second: self.allocations_per_second,
            lost_connections: counts.lost_connections,
            sent: counts.sent,
            received: counts.received,
            bytes: counts.bytes,
            delivered: (counts.sent > 0).then(|| counts.received as f64 / counts.sent as f64),
            delay_us: Quantiles::new(&counts.delay, 1.0),
            late: counts.late,
        }
    }

    /// Lets time pass, and tells every second how it goes.
    fn watch(&self, phase: &'static str, time: Duration, progress: &mut impl FnMut(&Progress)) {
        let mut left = time;
        while !left.is_zero() {
            let step = left.min(PROGRESS);
            nap(step);
            left -= step;
            progress(&Progress { phase, allocations: self.plan.allocations, report: self.report() });
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Everybody who talks.
struct Parties {
    flows: Vec<Flow>,
    echoes: Vec<Echo>,
}

impl Parties {
    fn gather(plan: &Plan, door: &Door, clock: Clock, tell: &mut dyn FnMut(usize)) -> Result<Self, Error> {
        raise_open_files(plan.allocations.saturating_mul(SOCKETS_EACH).into());
        let way = Way::to(door)?;
        let mut allocations = Vec::new();
        for _ in 0..plan.allocations {
            allocations.push(Allocation::make(&way, clock)?);
            tell(allocations.len());
        }
        let mut echoes = Vec::new();
        let mut peers = Vec::new();
        match plan.peers {
            Peers::Echo => {
                let local = way.local_ip()?;
                for _ in allocations.iter().take(ECHOES_MAX) {
                    echoes.push(Echo::open(local, plan.together)?);
                }
                let places = echoes.iter().map(|echo| echo.socket.local()).collect::<Result<Vec<_>, _>>()?;
                peers.extend(places.into_iter().cycle().take(allocations.len()));
            }
            // The neighbour; an odd one at the end talks to itself.
            Peers::Pairs => {
                let relayed: Vec<_> = allocations.iter().map(|allocation| allocation.relayed).collect();
                let neighbour = |index: usize| relayed.get(index ^ 1).or(relayed.get(index)).copied();
                peers.extend((0..relayed.len()).filter_map(neighbour));
            }
        }
        let mut flows = Vec::new();
        for (mut allocation, peer) in allocations.into_iter().zip(peers) {
            match plan.method {
                Method::Channel => allocation.bind(CHANNEL, peer, &way.user, clock)?,
                Method::Indication => allocation.permit(peer, &way.user, clock)?,
            }
            flows.push(Flow::new(allocation, u32::try_from(flows.len()).unwrap_or(u32::MAX), peer, plan));
            tell(flows.len());
        }
        Ok(Self { flows, echoes })
    }
}

/// The thread that sends and listens.
struct Driver {
    parties: Parties,
    reader: Reader,
    counter: Arc<Counter>,
    poll: Poll,
    /// From one burst of all clients to the next one.
    interval: Duration,
    next_at: Instant,
    /// Whose turn it is.
    next: usize,
    ends_at: Instant,
}

impl Driver {
    fn new(mut parties: Parties, plan: &Plan, reader: Reader, counter: Arc<Counter>) -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::Socket)?;
        for (index, flow) in parties.flows.iter_mut().enumerate() {
            flow.allocation.leg.register(poll.registry(), Token(index * 2))?;
        }
        for (index, echo) in parties.echoes.iter_mut().enumerate() {
            echo.socket.register(poll.registry(), Token(index * 2 + 1))?;
        }
        let bursts_per_second = f64::from(plan.allocations) * plan.packets_per_second / f64::from(plan.burst.max(1));
        let now = reader.clock.now();
        let interval = Duration::from_secs_f64(1.0 / bursts_per_second.max(f64::EPSILON)).max(INTERVAL_MIN);
        Ok(Self { parties, reader, counter, poll, interval, next_at: now, next: 0, ends_at: now + PERMISSION_LIFETIME })
    }

    fn run(mut self, is_over: &AtomicBool) {
        let mut events = Events::with_capacity(EVENTS);
        let mut buffer = ReceiveBuffer::default();
        while !is_over.load(Ordering::Relaxed) && self.reader.clock.now() < self.ends_at {
            self.send();
            if self.poll.poll(&mut events, Some(Duration::ZERO)).is_ok() {
                self.receive(&events, &mut buffer);
            }
            nap(LOOK_AFTER);
        }
    }

    fn send(&mut self) {
        let Self { parties, reader, counter, interval, next_at, next, .. } = self;
        let now = reader.clock.now();
        counter.count(|counts| {
            if now.saturating_duration_since(*next_at) > LATE {
                counts.late += 1;
                *next_at = now;
            }
            while *next_at <= now {
                if let Some(flow) = parties.flows.get_mut(*next) {
                    flow.send(counts, *reader);
                }
                *next = (*next + 1) % parties.flows.len().max(1);
                *next_at += *interval;
            }
        });
    }

    fn receive(&mut self, events: &Events, buffer: &mut ReceiveBuffer) {
        let Self { parties, reader, counter, .. } = self;
        counter.count(|counts| {
            for event in events {
                let (index, is_echo) = (event.token().0 / 2, event.token().0 % 2 == 1);
                let received = match (parties.flows.get_mut(index), parties.echoes.get_mut(index)) {
                    (_, Some(echo)) if is_echo => echo.receive(buffer, counts, *reader),
                    (Some(flow), _) => flow.receive(buffer, counts, *reader),
                    (None, _) => Ok(()),
                };
                if received.is_err() {
                    counts.lost_connections += 1;
                }
            }
        });
    }
}

/// A client has one, most have a peer with another one, and some more are open anyway.
const SOCKETS_EACH: u32 = 3;
/// More allocations than that share their peers.
const ECHOES_MAX: usize = 1000;
/// RFC 8656 §9: what is not asked for again ends with it.
const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
const PROGRESS: Duration = Duration::from_secs(1);
const EVENTS: usize = 1024;
/// Nobody in the field wakes who receives, and here the server would pay for it.
const LOOK_AFTER: Duration = Duration::from_micros(100);
/// More bursts in a second than this machine sends.
const INTERVAL_MIN: Duration = Duration::from_micros(1);
/// What could not be sent for so long is left out.
const LATE: Duration = Duration::from_millis(100);
