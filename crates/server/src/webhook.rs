//! Webhooks: what happens in rooms is posted to the operator's URLs.
//!
//! Every URL has a bounded queue and a task of its own, so that a slow receiver holds up nobody else. A queue keeps its order: the next
//! event is sent when the one before has been taken, or given up.

mod client;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use room::event::RoomEvent;
use serde::Serialize;
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::clock;
use crate::config::{Config, Secret, WebhookUrl};
use crate::trust::AuthorityError;

pub(crate) use client::{Client, Failure};

/// The way of what happens in rooms to all receivers.
#[derive(Debug)]
pub(crate) struct Webhooks {
    queues: Queues,
}

/// The ways to some receivers that get the same. Their tasks end when it is dropped and the queues are empty.
#[derive(Debug)]
pub(crate) struct Queues {
    queues: Vec<Queue>,
    /// Begins the ids of events; another one after every start.
    prefix: u64,
    /// Events so far.
    count: AtomicU64,
}

/// What waits for one receiver.
#[derive(Debug)]
struct Queue {
    host: String,
    events: mpsc::Sender<Arc<Event>>,
    /// Events that did not fit since one did.
    lost: AtomicU64,
}

/// One event as it is posted.
#[derive(Debug)]
struct Event {
    id: String,
    body: Bytes,
}

#[derive(Serialize)]
struct EventBody<'a> {
    id: &'a str,
    #[serde(flatten)]
    event: &'a RoomEvent,
}

impl Webhooks {
    /// Starts a task for every URL; `None` when there is none. The tasks end when the `Webhooks` are dropped and their queues are empty.
    ///
    /// # Errors
    /// When the certificate authorities for them cannot be read.
    pub(crate) fn spawn(config: &Config, tasks: &mut JoinSet<()>) -> Result<Option<Self>, AuthorityError> {
        let Some(secret) = config.webhooks_secret.0.clone() else { return Ok(None) };
        if config.webhooks_urls.0.is_empty() {
            return Ok(None);
        }
        let client = Client::new(config.webhooks_allow_networks.clone(), config.webhooks_ca.as_deref())?;
        Ok(Some(Self { queues: Queues::spawn(&client, &config.webhooks_urls.0, Some(&secret), tasks) }))
    }

    /// Queues an event for every receiver.
    pub(crate) fn tell(&self, event: &RoomEvent) {
        let id = self.queues.next_id();
        match serde_json::to_vec(&EventBody { id: &id, event }) {
            Ok(body) => self.queues.tell_as(id, body.into()),
            Err(error) => tracing::error!("an event has no JSON form: {error}"),
        }
    }
}

impl Queues {
    /// Starts a task for every URL. With a secret, what is posted is signed.
    pub(crate) fn spawn(
        client: &Client,
        urls: &[WebhookUrl],
        secret: Option<&Secret>,
        tasks: &mut JoinSet<()>,
    ) -> Self {
        let mut queues = Vec::new();
        for url in urls {
            let (events, received) = mpsc::channel(QUEUE_MAX);
            queues.push(Queue { host: url.host().to_owned(), events, lost: AtomicU64::new(0) });
            tasks.spawn(deliver(client.clone(), url.clone(), secret.cloned(), received));
        }
        let mut prefix = [0; 8];
        // Without randomness ids repeat after a restart: a receiver that counts on them may miss an event.
        if let Err(error) = getrandom::fill(&mut prefix) {
            tracing::warn!("no randomness: {error}");
        }
        Self { queues, prefix: u64::from_be_bytes(prefix), count: AtomicU64::new(0) }
    }

    /// Queues a body for every receiver.
    pub(crate) fn tell(&self, body: Bytes) {
        self.tell_as(self.next_id(), body);
    }

    fn next_id(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        format!("{:016x}-{count}", self.prefix)
    }

    /// What does not fit is lost, and logged.
    fn tell_as(&self, id: String, body: Bytes) {
        let event = Arc::new(Event { id, body });
        for queue in &self.queues {
            if queue.events.try_send(event.clone()).is_ok() {
                queue.lost.store(0, Ordering::Relaxed);
            } else if queue.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::warn!("webhooks to {} come too slowly: events are lost", queue.host);
            }
        }
    }
}

/// Posts the events of one queue, in their order.
async fn deliver(client: Client, url: WebhookUrl, secret: Option<Secret>, mut events: mpsc::Receiver<Arc<Event>>) {
    while let Some(event) = events.recv().await {
        let mut pause = RETRY_FIRST;
        for attempt in 1..=ATTEMPTS {
            let failure = match timeout(
                ATTEMPT_TIME,
                client.post(
                    &url,
                    &event.id,
                    secret.as_ref().map(|secret| sign(secret, &event.body)),
                    event.body.clone(),
                ),
            )
            .await
            {
                Ok(Ok(())) => break,
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Passing("it takes too long".to_owned()),
            };
            match failure {
                Failure::Passing(reason) if attempt < ATTEMPTS => {
                    tracing::debug!("webhook to {}: {reason}; again in {} s", url.host(), pause.as_secs());
                    sleep(pause).await;
                    pause *= 2;
                }
                Failure::Passing(reason) | Failure::Lasting(reason) => {
                    tracing::warn!("webhook to {} is given up: {reason}", url.host());
                    break;
                }
            }
        }
    }
}

/// The value of the signature header: the time, and the HMAC-SHA-256 (RFC 2104) over the time, a dot and the body.
fn sign(secret: &Secret, body: &[u8]) -> String {
    sign_at(secret, clock::unix_time().as_secs(), body)
}

fn sign_at(secret: &Secret, unix_seconds: u64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()).expect("HMAC takes keys of every length");
    mac.update(unix_seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let digest = HEXLOWER.encode(&mac.finalize().into_bytes());
    format!("t={unix_seconds},v1={digest}")
}

/// Events that wait for one receiver: a busy minute of a large server.
const QUEUE_MAX: usize = 4096;
/// How often an event is tried.
const ATTEMPTS: u32 = 6;
/// The pause after the first attempt; each further one is twice as long, half a minute in all.
const RETRY_FIRST: Duration = Duration::from_secs(1);
/// How long one attempt may take.
const ATTEMPT_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
