//! The task that owns the rooms.

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    time::Instant,
};

use room::apprtc::{Joined, Refused};
use room::manage::{Manage, ManageError, Managed};
use room::media::{MediaEvent, MediaPeerId, MediaRequest, MediaRoomId};
use room::{ConnId, Hub, Opened, Output, Refusal, Stats};
use tokio::{
    sync::{mpsc, oneshot},
    time::sleep_until,
};

use crate::{clock, live::shows::Shows, media::Switchboard, webhook::Webhooks, workers::Handle};

use super::{
    connection::Seat,
    outbox::{Full, Outbox, Outgoing, outbox},
};

/// What the rooms are told.
#[derive(Debug)]
pub(crate) enum Input {
    /// Somebody asks for a connection.
    Open {
        conn: ConnId,
        opened: Opened,
        /// For the connection, to tell what comes.
        inputs: mpsc::Sender<Self>,
        reply: oneshot::Sender<Result<Seat, Refusal>>,
    },
    Text(ConnId, String),
    Binary(ConnId),
    Oversized(ConnId),
    Pong(ConnId),
    Gone(ConnId),
    /// An encoder whose packets are made in this process wants to send them.
    Place(ConnId, oneshot::Sender<Option<Place>>),
    Stats(oneshot::Sender<Stats>),
    /// A program of the operator asks for something.
    Manage(Manage, oneshot::Sender<Result<Managed, ManageError>>),
    /// A client of AppRTC, which asks over HTTP, joins.
    ApprtcJoin {
        conn: ConnId,
        opened: Opened,
        room: String,
        reply: oneshot::Sender<Result<Joined, Refused>>,
    },
    /// It says something.
    ApprtcMessage {
        room: String,
        client: String,
        text: String,
        reply: oneshot::Sender<Result<(), Refused>>,
    },
    /// It leaves.
    ApprtcLeave {
        room: String,
        client: String,
        reply: oneshot::Sender<Result<(), Refused>>,
    },
    /// Events go there.
    ReportTo(Webhooks),
    /// No new rooms from here on, or again.
    Drain(bool),
    /// So many watch these rooms.
    Audience(Vec<(String, u32)>),
    /// Stop; tell when all connections are closed.
    Shutdown(oneshot::Sender<()>),
}

/// The way to the media server and back.
#[derive(Debug)]
pub(crate) struct Media {
    pub(crate) switchboard: Switchboard,
    pub(crate) events: mpsc::Receiver<MediaEvent>,
}

/// Where a member's packets go that are made in this process.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) room: MediaRoomId,
    pub(crate) peer: MediaPeerId,
    /// Which of the workers.
    pub(crate) worker: usize,
    pub(crate) workers: Handle,
}

/// What happens on the side of the media server.
#[derive(Debug)]
enum News {
    Event(MediaEvent),
    /// A worker has room for what waits for it.
    Room(usize),
}

/// The next thing that the media server tells; waits for ever where there is none (any more).
async fn next_news(media: &mut Option<Media>) -> News {
    let Some(media) = media else { return std::future::pending().await };
    tokio::select! {
        Some(event) = media.events.recv() => News::Event(event),
        worker = media.switchboard.has_room() => News::Room(worker),
    }
}

/// The rooms and the way to each client.
pub(crate) struct Rooms {
    hub: Hub,
    /// As many as the hub has connections.
    outboxes: BTreeMap<ConnId, Outbox>,
    /// Cloned into every connection, so that `departed` ends with the last one.
    present: mpsc::Sender<Infallible>,
    /// Who wants to know what happens.
    webhooks: Option<Webhooks>,
    departed: mpsc::Receiver<Infallible>,
    media: Option<Media>,
    /// What the media server is asked, on its way.
    requests: VecDeque<MediaRequest>,
    /// What audiences see.
    shows: Shows,
}

impl Rooms {
    pub(crate) fn new(hub: Hub, media: Option<Media>, shows: Shows) -> Self {
        let (present, departed) = mpsc::channel(1);
        let (outboxes, requests) = (BTreeMap::new(), VecDeque::new());
        Self { hub, outboxes, present, webhooks: None, departed, media, requests, shows }
    }

    /// One input, then everything that comes of it, then the next input, until everybody who could send one is gone.
    pub(crate) async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        let timer = sleep_until(clock::now().into());
        tokio::pin!(timer);
        loop {
            let due = self.hub.poll_timeout();
            if let Some(at) = due.filter(|at| timer.deadline() != (*at).into()) {
                timer.as_mut().reset(at.into());
            }
            let input = tokio::select! {
                input = inputs.recv() => input,
                news = next_news(&mut self.media) => {
                    self.hear_news(news);
                    continue;
                }
                () = &mut timer, if due.is_some() => {
                    let now = clock::now();
                    self.hub.handle_timeout(now);
                    self.drain(now);
                    continue;
                }
            };
            match input {
                None => return,
                Some(input) => {
                    if let Some(done) = self.handle(input) {
                        // Nobody waits for a queue that is not read any more.
                        inputs.close();
                        return self.shut_down(done).await;
                    }
                }
            }
        }
    }

    fn hear_news(&mut self, news: News) {
        let now = clock::now();
        match news {
            News::Event(event) => {
                let busy = self.media.as_ref().is_some_and(|media| !media.switchboard.takes_data());
                let event = if busy { event.without_data() } else { event };
                self.hub.handle_media(now, event);
                self.drain(now);
            }
            News::Room(worker) => {
                if let Some(media) = &mut self.media {
                    media.switchboard.pass_on_waiting(worker);
                }
            }
        }
    }

    /// Hands one input to the rooms, and what comes of it to the clients; gives back what only the end can answer.
    fn handle(&mut self, input: Input) -> Option<oneshot::Sender<()>> {
        let now = clock::now();
        match input {
            Input::Open { conn, opened, inputs, reply } => {
                let seat = self.open(now, conn, opened, inputs);
                // A client that is gone drops its seat, which says so.
                let _ = reply.send(seat);
            }
            Input::Text(conn, text) => self.hub.handle_text(now, conn, &text),
            Input::Binary(conn) => self.hub.handle_binary(now, conn),
            Input::Oversized(conn) => self.hub.handle_oversized(now, conn),
            Input::Pong(conn) => self.hub.handle_pong(now, conn),
            Input::Gone(conn) => {
                self.hub.handle_close(now, conn);
                self.outboxes.remove(&conn);
            }
            // An encoder that is gone drops its seat, which says so.
            Input::Place(conn, reply) => drop(reply.send(self.place(now, conn))),
            Input::Stats(reply) => {
                let _ = reply.send(self.hub.stats());
            }
            Input::Manage(request, reply) => {
                // Who has asked may have lost patience.
                let _ = reply.send(self.hub.handle_manage(now, request));
            }
            Input::Drain(draining) => self.hub.set_draining(draining),
            Input::Audience(rooms) => {
                for (room, viewers) in rooms {
                    self.hub.handle_audience(now, &room, viewers);
                    self.drain(now);
                }
            }
            // Of these, too, some may have lost patience. A client that joined so has no socket, and loses its seat for that.
            Input::ApprtcJoin { conn, opened, room, reply } => {
                let _ = reply.send(self.hub.handle_apprtc_join(now, conn, opened, &room));
            }
            Input::ApprtcMessage { room, client, text, reply } => {
                let _ = reply.send(self.hub.handle_apprtc_message(now, &room, &client, &text));
            }
            Input::ApprtcLeave { room, client, reply } => {
                let _ = reply.send(self.hub.handle_apprtc_leave(now, &room, &client));
            }
            Input::ReportTo(webhooks) => self.webhooks = Some(webhooks),
            Input::Shutdown(done) => return Some(done),
        }
        self.drain(now);
        None
    }

    fn open(
        &mut self,
        now: Instant,
        conn: ConnId,
        opened: Opened,
        inputs: mpsc::Sender<Input>,
    ) -> Result<Seat, Refusal> {
        self.hub.handle_open(now, conn, opened)?;
        let (outbox, pending) = outbox(&self.hub.config().limits);
        self.outboxes.insert(conn, outbox);
        Ok(Seat::new(conn, inputs, pending, self.present.clone()))
    }

    fn place(&mut self, now: Instant, conn: ConnId) -> Option<Place> {
        let media = self.media.as_mut()?;
        let (room, peer) = self.hub.handle_place(now, conn)?;
        let worker = media.switchboard.place(room, peer);
        Some(Place { room, peer, worker, workers: media.switchboard.workers().clone() })
    }

    /// Hands over everything that the rooms have to say, to the clients and to the media server. A client that does not read
    /// is cut off, which is an input of its own, with more to say; so is the refusal of an offer for which a worker is too busy.
    fn drain(&mut self, now: Instant) {
        let mut slow = Vec::new();
        loop {
            while let Some(output) = self.hub.poll_output() {
                slow.extend(self.deliver(output));
            }
            if let Some(conn) = slow.pop() {
                tracing::debug!("{conn} does not read what it is sent, and is cut off");
                self.hub.handle_close(now, conn);
            } else if let Some(request) = self.requests.pop_front() {
                let refused = self.media.as_mut().and_then(|media| media.switchboard.pass_on(request));
                if let Some(refused) = refused {
                    self.hub.handle_media(now, refused);
                }
            } else {
                return;
            }
        }
    }

    /// Queues an output; gives back a connection that had to be cut off instead.
    fn deliver(&mut self, output: Output) -> Option<ConnId> {
        let (conn, frame, last) = match output {
            Output::Send { conn, text } => (conn, Outgoing::Text(text), false),
            Output::Ping { conn } => (conn, Outgoing::Ping, false),
            Output::Close { conn, code, reason } => (conn, Outgoing::Close { code, reason }, true),
            Output::Media(request) => {
                self.requests.push_back(request);
                return None;
            }
            Output::Show { room, part, show } => {
                self.shows.note(&room, &part, show);
                return None;
            }
            Output::Event(event) => {
                if let Some(webhooks) = &self.webhooks {
                    webhooks.tell(&event);
                }
                return None;
            }
        };
        let Err(Full) = self.outboxes.get(&conn)?.push(frame) else {
            if last {
                self.outboxes.remove(&conn);
            }
            return None;
        };
        self.outboxes.remove(&conn)?.cut();
        Some(conn)
    }

    async fn shut_down(mut self, done: oneshot::Sender<()>) {
        let now = clock::now();
        self.hub.handle_shutdown(now);
        self.drain(now);
        drop(self.present);
        self.departed.recv().await;
        // The one who asked may have lost patience.
        let _ = done.send(());
    }
}
