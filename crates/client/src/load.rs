//! Rooms full of people, and streams with their viewers: who is in them, what they send, and what came of it.

mod attendee;
mod audience;
mod plain;
mod population;
mod report;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

pub use audience::{Audience, StreamDoor};
pub use population::Population;
pub use report::{Progress, Quantiles, Report};

use crate::pattern::Shape;
use crate::{DataShape, Error, RoomAddress, Transport, Trust};

/// What a load is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// How many rooms there are.
    pub rooms: u32,
    /// Members of each room who send.
    pub publishers: u32,
    /// Members of each room who only watch and listen.
    pub subscribers: u32,
    /// Whether those who send also watch each other.
    pub mutual: bool,
    /// The camera of each who sends.
    pub video: Option<Shape>,
    /// The layers of the camera; one without a name when empty. Each layer has a quarter of the next one's packets.
    pub layers: Vec<String>,
    /// Bytes of each packet of the microphone of each who sends.
    pub audio_payload_bytes: Option<usize>,
    /// What each who sends says on a data channel, to everybody.
    pub data: Option<DataShape>,
    /// Places for pictures, and one for a voice, that each member has without anything to fill them.
    pub idle_slots: u32,
    /// How many join in a second.
    pub joins_per_second: f64,
    /// From the last join to the measurement.
    pub warm_up: Duration,
    /// How long is measured.
    pub duration: Duration,
    /// Of a million packets to each who watches, so many are lost on the way.
    pub loss_ppm: u32,
    /// Whether members and viewers of a stream tell when each packet came (transport-wide feedback). Without it a server has nothing to judge their
    /// way by.
    pub feedback: bool,
    /// Threads that drive the peers.
    pub threads: usize,
    /// How long a member may take to look for what has come. `None`: the kernel wakes it at once, for which the server
    /// pays where both are on one machine.
    pub look_after: Option<Duration>,
}

/// How to get in.
#[derive(Debug, Clone)]
pub struct Door {
    /// The server. A room in it names the first of several rooms.
    pub address: RoomAddress,
    /// Which certificates are good enough.
    pub trust: Trust,
    /// For servers that want one; it must let into all rooms.
    pub token: Option<String>,
    /// How the media server is reached.
    pub transport: Transport,
}

impl Plan {
    /// How many others watch somebody who sends.
    #[must_use]
    pub fn watchers(&self) -> u32 {
        self.subscribers + if self.mutual { self.publishers.saturating_sub(1) } else { 0 }
    }

    /// How many others hear what somebody says on a data channel.
    #[must_use]
    pub fn hearers(&self) -> u32 {
        (self.publishers + self.subscribers).saturating_sub(1)
    }

    /// Members of all rooms.
    #[must_use]
    pub fn members(&self) -> u32 {
        self.rooms * (self.publishers + self.subscribers)
    }

    /// Streams that must arrive somewhere.
    #[must_use]
    pub fn streams(&self) -> u64 {
        let tracks = u64::from(self.video.is_some()) + u64::from(self.audio_payload_bytes.is_some());
        u64::from(self.rooms) * u64::from(self.publishers) * u64::from(self.watchers()) * tracks
    }
}

/// Rooms of a Parlor server with everybody in them.
pub struct Session {
    population: Arc<Population>,
    stop: watch::Sender<bool>,
    attendees: JoinSet<()>,
    failed: mpsc::Receiver<Error>,
}

/// Fills the rooms of a Parlor server, measures, and empties them. `progress` hears every second how it goes.
///
/// # Errors
/// When nobody gets in. Some who do not are counted in the report.
pub async fn run(plan: Plan, door: Door, mut progress: impl FnMut(&Progress)) -> Result<Report, Error> {
    let mut session = Session::open(plan, door, &mut progress).await?;
    let population = Arc::clone(session.population());
    let (warm_up, duration) = (population.plan().warm_up, population.plan().duration);
    session.wait("settling", warm_up, &mut progress).await;
    population.reset();
    session.wait("measuring", duration, &mut progress).await;
    let report = population.report();
    session.close(report).await
}

/// Publishes a stream, lets its viewers come, measures, and ends it. `progress` hears every second how it goes.
///
/// # Errors
/// When the stream cannot be published, or nobody gets to see it. Viewers who do not while others do are counted in the report.
pub async fn run_stream(plan: Plan, door: &StreamDoor, mut progress: impl FnMut(&Progress)) -> Result<Report, Error> {
    let audience = Audience::open(plan, door, &mut progress).await?;
    let population = Arc::clone(audience.population());
    let (warm_up, duration) = (population.plan().warm_up, population.plan().duration);
    population.watch_for("settling", warm_up, &mut progress).await;
    population.reset();
    population.watch_for("measuring", duration, &mut progress).await;
    let report = population.report();
    Ok(audience.close(report).await)
}

impl Session {
    /// Lets everybody join, one after the other in the time of the plan. Returns when the last one has begun to.
    ///
    /// # Errors
    /// When there are no threads for the engines.
    pub async fn open(plan: Plan, door: Door, mut progress: impl FnMut(&Progress)) -> Result<Self, Error> {
        let population = Arc::new(Population::new(plan)?);
        let plan = population.plan().clone();
        let (stop, stopped) = watch::channel(false);
        let (failures, failed) = mpsc::channel(plan.members() as usize + 1);
        let mut attendees = JoinSet::new();
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / plan.joins_per_second.max(0.01)));
        let mut second = tokio::time::interval(PROGRESS);
        let base = door.address.room.clone().unwrap_or_else(|| format!("load-{:08x}", population.run()));
        // Those who send come first, so that who watches finds them.
        let senders = plan.rooms * plan.publishers;
        for index in 0..plan.members() {
            if index == senders {
                population.wait_for(senders).await;
            }
            let (place, room) = (index / plan.rooms, index % plan.rooms);
            let attendee = attendee::Attendee {
                population: Arc::clone(&population),
                room: if plan.rooms == 1 { base.clone() } else { format!("{base}-{room}") },
                sends: place < plan.publishers,
                door: door.clone(),
            };
            loop {
                tokio::select! {
                    _ = ticks.tick() => break,
                    _ = second.tick() => progress(&population.progress("joining")),
                }
            }
            let (failures, stopped) = (failures.clone(), stopped.clone());
            attendees.spawn(async move {
                if let Err(error) = attendee.attend(stopped).await {
                    // The channel has room for one of each.
                    let _ = failures.try_send(error);
                }
            });
        }
        Ok(Self { population, stop, attendees, failed })
    }

    /// Who is there.
    #[must_use]
    pub fn population(&self) -> &Arc<Population> {
        &self.population
    }

    /// Lets time pass, as long as anybody is there, and tells every second how it goes.
    async fn wait(&mut self, phase: &'static str, time: Duration, progress: &mut impl FnMut(&Progress)) {
        let attendees = &mut self.attendees;
        tokio::select! {
            () = self.population.watch_for(phase, time, progress) => {}
            () = async { while attendees.join_next().await.is_some() {} } => {}
        }
    }

    /// Sends everybody home and adds to the report who never got in.
    ///
    /// # Errors
    /// When nobody got in.
    pub async fn close(mut self, mut report: Report) -> Result<Report, Error> {
        // Nobody listens when all are gone already.
        let _ = self.stop.send(true);
        while self.attendees.join_next().await.is_some() {}
        let mut first_error = None;
        while let Ok(error) = self.failed.try_recv() {
            report.failed += 1;
            report.first_error.get_or_insert_with(|| error.to_string());
            first_error.get_or_insert(error);
        }
        match first_error {
            Some(error) if report.joined == 0 => Err(error),
            _ => Ok(report),
        }
    }
}

/// How often the progress is told.
const PROGRESS: Duration = Duration::from_secs(1);
