//! Signalling on WebSockets (RFC 6455): one task owns the rooms, every connection has a task of its own.
//!
//! ```text
//!   socket ─▶ connection ──Input──▶ rooms (room::Hub) ──Outgoing──▶ outbox ─▶ connection ─▶ socket
//! ```
//! Both queues are bounded. A full one towards the rooms makes the sender wait, and so its client; a full one towards a
//! client ends that client's connection, and nobody else waits for it.

mod connection;
mod memory;
mod outbox;
mod rooms;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::response::{IntoResponse as _, Response};
use room::apprtc::{Joined, Refused};
use room::manage::{Manage, ManageError, Managed};
use room::{ConnId, Opened, Refusal, Stats};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};

use crate::{clock, http::HttpError, live::shows::Shows, webhook::Webhooks};

pub use crate::handshake::{Handshake, HandshakeError};

use self::{
    memory::Memory,
    rooms::{Input, Rooms},
};

pub(crate) use self::connection::Seat;
pub(crate) use self::rooms::{Media, Place};

/// The rooms of this server, from outside. Clones are the same rooms.
#[derive(Clone, Debug)]
pub struct Signal {
    inputs: mpsc::Sender<Input>,
    /// Numbers of connections; none is used twice.
    numbers: Arc<AtomicU64>,
    frame_bytes: u32,
    memory: Memory,
}

impl Signal {
    /// Starts the task that owns the rooms, on the current runtime.
    ///
    /// # Panics
    /// When the operating system gives no random numbers: resume tokens must be unguessable.
    #[must_use]
    pub fn spawn(config: room::Config) -> Self {
        Self::start(config, None, Shows::default())
    }

    /// As [`Self::spawn`], with a media server, and for audiences.
    pub(crate) fn start(config: room::Config, media: Option<Media>, shows: Shows) -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).expect("every supported system has a random number generator");
        let (inputs, received) = mpsc::channel(INPUTS_MAX);
        let frame_bytes = config.limits.frame_bytes;
        let hub = room::Hub::new(config, seed, clock::now(), clock::unix_time());
        tokio::spawn(Rooms::new(hub, media, shows).run(received));
        Self { inputs, numbers: Arc::default(), frame_bytes, memory: Memory::default() }
    }

    /// Answers the request for a WebSocket: switches protocols, or says why not (429 and 503, with a JSON `error`).
    pub async fn upgrade(&self, handshake: Handshake, opened: Opened) -> Response {
        let memory = self.memory.share(opened.address);
        let seat = match self.open(opened).await {
            Ok(seat) => seat,
            Err(refusal) => return HttpError::ConnectionRefused(refusal).into_response(),
        };
        let frame_bytes = usize::try_from(self.frame_bytes).unwrap_or(usize::MAX);
        // Somewhat longer frames are read, so that they can be answered; beyond, the connection is closed.
        let readable = if frame_bytes == 0 { usize::MAX } else { frame_bytes.saturating_mul(READABLE_FACTOR) };
        let (response, upgrade) = handshake.accept();
        tokio::spawn(async move {
            // Without a connection the seat is given back.
            if let Some(io) = upgrade.io().await {
                connection::serve(io, seat, readable, memory).await;
            }
        });
        response
    }

    /// Tells every member that the server stops, and closes the connections. Returns when they are closed, at the
    /// latest after a few seconds. Later requests for a WebSocket are refused.
    pub async fn shutdown(&self) {
        let (done, closed) = oneshot::channel();
        if self.inputs.send(Input::Shutdown(done)).await.is_ok() {
            // An error says that another shutdown has ended the task.
            let _ = timeout(SHUTDOWN_MAX, closed).await;
        }
    }

    /// Waits until the task that owns the rooms has ended, be it by [`shutdown`](Self::shutdown) or because it died.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let inputs = self.inputs.clone();
        async move { inputs.closed().await }
    }

    /// What there is and what has been; all zero after [`shutdown`](Self::shutdown).
    pub async fn stats(&self) -> Stats {
        let (reply, answer) = oneshot::channel();
        match self.inputs.send(Input::Stats(reply)).await {
            Ok(()) => answer.await.unwrap_or_default(),
            Err(_) => Stats::default(),
        }
    }

    /// From here on no room begins, or again.
    pub(crate) async fn set_draining(&self, draining: bool) {
        // An error says that the rooms have ended, which is more.
        let _ = self.inputs.send(Input::Drain(draining)).await;
    }

    /// Asks something about rooms, or does something to them; `None` when the server stops.
    pub(crate) async fn manage(&self, request: Manage) -> Option<Result<Managed, ManageError>> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(Input::Manage(request, reply)).await.ok()?;
        answer.await.ok()
    }

    /// A client of AppRTC wants to join a room.
    pub(crate) async fn apprtc_join(&self, opened: Opened, room: String) -> Result<Joined, Refused> {
        let conn = ConnId::new(self.numbers.fetch_add(1, Ordering::Relaxed));
        let (reply, answer) = oneshot::channel();
        self.ask(Input::ApprtcJoin { conn, opened, room, reply }, answer).await
    }

    /// A client of AppRTC says something to the other one in its room.
    pub(crate) async fn apprtc_message(&self, room: String, client: String, text: String) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        self.ask(Input::ApprtcMessage { room, client, text, reply }, answer).await
    }

    /// A client of AppRTC leaves its room.
    pub(crate) async fn apprtc_leave(&self, room: String, client: String) -> Result<(), Refused> {
        let (reply, answer) = oneshot::channel();
        self.ask(Input::ApprtcLeave { room, client, reply }, answer).await
    }

    async fn ask<T>(&self, input: Input, answer: oneshot::Receiver<Result<T, Refused>>) -> Result<T, Refused> {
        self.inputs.send(input).await.map_err(|_| Refusal::ShuttingDown)?;
        answer.await.unwrap_or_else(|_| Err(Refusal::ShuttingDown.into()))
    }

    /// From here on, events of rooms go to the webhooks.
    pub(crate) fn report_to(&self, webhooks: Webhooks) {
        // The queue is empty when the server starts, and closed only when it has stopped.
        let _ = self.inputs.try_send(Input::ReportTo(webhooks));
    }

    /// So many watch these rooms without being in them; waits while the rooms are busy. False when they have ended.
    pub(crate) async fn tell_audience(&self, rooms: Vec<(String, u32)>) -> bool {
        self.inputs.send(Input::Audience(rooms)).await.is_ok()
    }

    /// A connection without a socket, for somebody who comes by another protocol and is a member like others.
    pub(crate) async fn open(&self, opened: Opened) -> Result<Seat, Refusal> {
        let conn = ConnId::new(self.numbers.fetch_add(1, Ordering::Relaxed));
        let (reply, answer) = oneshot::channel();
        let input = Input::Open { conn, opened, inputs: self.inputs.clone(), reply };
        self.inputs.send(input).await.map_err(|_| Refusal::ShuttingDown)?;
        answer.await.unwrap_or(Err(Refusal::ShuttingDown))
    }
}

/// Inputs that wait for the rooms. When they are that many, connections wait for each other, and their clients for them.
const INPUTS_MAX: usize = 4096;
/// How much longer than allowed a frame may be and still be answered with an error.
const READABLE_FACTOR: usize = 4;
/// Time for all connections to close when the server stops.
const SHUTDOWN_MAX: Duration = Duration::from_secs(2);
