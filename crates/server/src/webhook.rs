//! Webhooks: what happens in rooms is posted to the operator's URLs.
//!
//! Every URL has a bounded queue and a task of its own, so that a slow receiver holds up nobody else. A queue keeps its order: the next
//! event is sent when the one before has been taken, or given up.

mod client;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use room::event::RoomEvent;
use serde::Serialize;
use sha2::Sha256;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::clock;
use crate::config::{Config, Secret, WebhookUrl};

pub(crate) use client::AuthorityError;
use client::{Client, Failure};

/// The way to all receivers.
#[derive(Debug)]
pub(crate) struct Webhooks {
    queues: Vec<Queue>,
    /// Begins the ids of events; another one after every start.
    prefix: u64,
    /// Events so far.
    count: u64,
}

/// What waits for one receiver.
#[derive(Debug)]
struct Queue {
    host: String,
    events: mpsc::Sender<Arc<Event>>,
    /// Events that did not fit since one did.
    lost: u64,
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
        let mut queues = Vec::new();
        for url in &config.webhooks_urls.0 {
            let (events, received) = mpsc::channel(QUEUE_MAX);
            queues.push(Queue { host: url.host().to_owned(), events, lost: 0 });
            tasks.spawn(deliver(client.clone(), url.clone(), secret.clone(), received));
        }
        let mut prefix = [0; 8];
        // Without randomness ids repeat after a restart: a receiver that counts on them may miss an event.
        if let Err(error) = getrandom::fill(&mut prefix) {
            tracing::warn!("no randomness: {error}");
        }
        Ok(Some(Self { queues, prefix: u64::from_be_bytes(prefix), count: 0 }))
    }

    /// Queues an event for every receiver. What does not fit is lost, and logged.
    pub(crate) fn tell(&mut self, event: &RoomEvent) {
        self.count += 1;
        let id = format!("{:016x}-{}", self.prefix, self.count);
        let body = match serde_json::to_vec(&EventBody { id: &id, event }) {
            Ok(body) => Bytes::from(body),
            Err(error) => return tracing::error!("an event has no JSON form: {error}"),
        };
        let event = Arc::new(Event { id, body });
        for queue in &mut self.queues {
            if queue.events.try_send(event.clone()).is_ok() {
                queue.lost = 0;
                continue;
            }
            queue.lost += 1;
            if queue.lost == 1 {
                tracing::warn!("webhooks to {} come too slowly: events are lost", queue.host);
            }
        }
    }
}

/// Posts the events of one queue, in their order.
async fn deliver(client: Client, url: WebhookUrl, secret: Secret, mut events: mpsc::Receiver<Arc<Event>>) {
    while let Some(event) = events.recv().await {
        let mut pause = RETRY_FIRST;
        for attempt in 1..=ATTEMPTS {
            let failure = match timeout(
                ATTEMPT_TIME,
                client.post(&url, &event.id, sign(&secret, &event.body), event.body.clone()),
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
    let digest: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
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
