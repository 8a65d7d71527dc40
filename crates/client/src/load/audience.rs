//! A live stream: one who publishes by WHIP, and those who watch by WHEP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{PROGRESS, Plan, Population, Progress, Report};
use crate::http_session::{Endpoint, HttpSession};
use crate::{Error, PeerKey, Transport};

/// How to get to a stream.
#[derive(Debug, Clone)]
pub struct StreamDoor {
    /// Where the pattern is published; `None` when somebody publishes already.
    pub publish: Option<Endpoint>,
    /// Where it is watched.
    pub play: Endpoint,
    /// How the media server is reached.
    pub transport: Transport,
}

/// A stream with everybody there.
pub struct Audience {
    population: Arc<Population>,
    present: Vec<(PeerKey, HttpSession)>,
    failed: u64,
    first_error: Option<String>,
}

impl Audience {
    /// Publishes, and lets the viewers of the plan come, one after the other in the time of the plan.
    ///
    /// # Errors
    /// When the stream cannot be published, or nobody gets to see it. Viewers who do not while others do are counted.
    pub async fn open(plan: Plan, door: &StreamDoor, mut progress: impl FnMut(&Progress)) -> Result<Self, Error> {
        let population = Arc::new(Population::new(plan)?);
        let plan = population.plan();
        let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / plan.joins_per_second.max(0.01)));
        let mut second = tokio::time::interval(PROGRESS);
        let viewers = plan.subscribers;
        let mut audience = Self { population, present: Vec::new(), failed: 0, first_error: None };
        if let Some(publish) = &door.publish {
            audience.publish(publish, door.transport).await?;
        }
        for _ in 0..viewers {
            loop {
                tokio::select! {
                    _ = ticks.tick() => break,
                    _ = second.tick() => progress(&audience.population.progress("joining")),
                }
            }
            match audience.watch(&door.play, door.transport).await {
                Ok(()) => {}
                Err(error) if audience.present.len() <= usize::from(door.publish.is_some()) => return Err(error),
                Err(error) => {
                    audience.failed += 1;
                    audience.first_error.get_or_insert_with(|| error.to_string());
                }
            }
        }
        Ok(audience)
    }

    /// Who is there.
    #[must_use]
    pub fn population(&self) -> &Arc<Population> {
        &self.population
    }

    async fn publish(&mut self, endpoint: &Endpoint, transport: Transport) -> Result<(), Error> {
        let (began, visit) = (self.population.now(), endpoint.visit().await?);
        let mut peer = self.population.peer(transport, visit.local)?;
        let (media, _) = self.population.sent_media();
        let offer = peer.offer(&media)?;
        let publications = self.population.publications(&offer.mids);
        let (session, answer) = visit.offer(&offer.sdp).await?;
        peer.accept_answer(offer, &answer)?;
        self.keep(self.population.add(peer, publications, None, began, false), session);
        Ok(())
    }

    async fn watch(&mut self, endpoint: &Endpoint, transport: Transport) -> Result<(), Error> {
        let (began, visit): (Instant, _) = (self.population.now(), endpoint.visit().await?);
        let mut peer = self.population.peer(transport, visit.local)?;
        if !self.population.plan().feedback {
            peer.leave_out_feedback();
        }
        let offer = peer.offer(&self.population.received_media(1))?;
        let (session, answer) = visit.offer(&offer.sdp).await?;
        peer.accept_answer(offer, &answer)?;
        self.keep(self.population.add(peer, Vec::new(), None, began, true), session);
        Ok(())
    }

    fn keep(&mut self, key: PeerKey, session: HttpSession) {
        self.present.push((key, session));
    }

    /// Ends all sessions, and adds to the report who never got in.
    pub async fn close(self, mut report: Report) -> Report {
        for (key, session) in self.present {
            self.population.remove(key);
            session.end().await;
        }
        report.failed += self.failed;
        report.first_error = report.first_error.or(self.first_error);
        report
    }
}
