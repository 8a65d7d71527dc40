//! The task that owns the sessions: it stands between HTTP, the sessions and the media workers.

use std::collections::BTreeMap;
use std::time::Duration;

use live::StreamName;
use room::media::{MediaEvent, MediaPeerId, MediaRoomId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::clients::Clients;
use super::directory::Directory;
use super::entrance::Entrance;
use super::feed::{Feeder, Feeding};
use super::sessions::{Limits, Opening, Output, Refused, Restart, SessionId, Sessions};
use super::shows::Shows;
use super::tap::{Tapper, Tapping, Terms};
use crate::clock;
use crate::media::Switchboard;

/// The streams of this server that are published and played by WebRTC, from outside. Clones are the same streams.
#[derive(Debug, Clone)]
pub(crate) struct Streams {
    /// The way to them.
    pub(crate) entrance: Entrance,
    inputs: mpsc::Sender<Input>,
}

type Reply = oneshot::Sender<Result<String, Refused>>;

/// What the task is told.
#[derive(Debug)]
enum Input {
    Open(Box<Opening>, Reply),
    Restart(Box<Restart>, Reply),
    Tag(SessionId, StreamName, oneshot::Sender<Option<(String, String)>>),
    VideoCodec(StreamName, oneshot::Sender<Option<&'static str>>),
    Close(SessionId, StreamName, oneshot::Sender<bool>),
    Lose(String, u32, oneshot::Sender<bool>),
}

impl Streams {
    /// Starts the task, on the current runtime.
    pub(crate) fn spawn(
        limits: Limits,
        entrance: Entrance,
        directory: Directory,
        switchboard: Switchboard,
        events: mpsc::Receiver<MediaEvent>,
        key_frame_every: Duration,
    ) -> Self {
        let (inputs, received) = mpsc::channel(INPUTS_MAX);
        let sessions = Sessions::new(limits, directory.clone());
        let endings = entrance.clients().endings();
        let (shows, clients) = (entrance.access.shows().clone(), entrance.clients().clone());
        let (replies, feeds, taps) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let task = Task { sessions, switchboard, replies, directory, feeds, taps, key_frame_every, shows, clients };
        tokio::spawn(task.run(received, events, endings));
        Self { entrance, inputs }
    }

    /// Opens a session: the SDP of the answer.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) async fn open(&self, opening: Opening) -> Result<String, Refused> {
        self.ask(|reply| Input::Open(Box::new(opening), reply)).await
    }

    /// Begins ICE anew: the SDP of the answer.
    ///
    /// # Errors
    /// [`Refused`].
    pub(crate) async fn restart(&self, restart: Restart) -> Result<String, Refused> {
        self.ask(|reply| Input::Restart(Box::new(restart), reply)).await
    }

    /// The tag of a session's ICE session and the client's fragment; `None` when there is no such session of that stream.
    pub(crate) async fn tag(&self, id: SessionId, name: StreamName) -> Option<(String, String)> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(Input::Tag(id, name, reply)).await.ok()?;
        answer.await.ok()?
    }

    /// The codec of the pictures of a stream that is on air.
    pub(crate) async fn video_codec(&self, name: StreamName) -> Option<&'static str> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(Input::VideoCodec(name, reply)).await.ok()?;
        answer.await.ok()?
    }

    /// Has so many of the next packets for a viewer be lost, by SRS's name of its session. False: there is no such session.
    pub(crate) async fn lose(&self, name: String, packets: u32) -> bool {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(Input::Lose(name, packets, reply)).await.is_ok() && answer.await.unwrap_or(false)
    }

    /// Ends a session. False: there is no such session of that stream.
    pub(crate) async fn close(&self, id: SessionId, name: StreamName) -> bool {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(Input::Close(id, name, reply)).await.is_ok() && answer.await.unwrap_or(false)
    }

    async fn ask(&self, input: impl FnOnce(Reply) -> Input) -> Result<String, Refused> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(input(reply)).await.map_err(|_| Refused::Unavailable)?;
        match timeout(ANSWER_MAX, answer).await {
            Ok(answered) => answered.unwrap_or(Err(Refused::Unavailable)),
            Err(_) => Err(Refused::Busy),
        }
    }
}

struct Task {
    sessions: Sessions,
    switchboard: Switchboard,
    /// Who waits for an answer; as many as there are requests under way.
    replies: BTreeMap<u64, Reply>,
    directory: Directory,
    /// The streams that are fed to their viewers; each ends when its handle is dropped.
    feeds: BTreeMap<MediaPeerId, Feeding>,
    /// The streams that become frames, by the member that receives them, and in which room that was placed; each ends when its handle is
    /// dropped.
    taps: BTreeMap<MediaPeerId, (Tapping, Option<MediaRoomId>)>,
    /// A publisher is asked for a key frame when none has come for so long, while somebody reads its frames.
    key_frame_every: Duration,
    /// What rooms show, and whoever watches that.
    shows: Shows,
    clients: Clients,
}

impl Task {
    /// Until nobody is left who could ask.
    async fn run(
        mut self,
        mut inputs: mpsc::Receiver<Input>,
        mut events: mpsc::Receiver<MediaEvent>,
        mut endings: watch::Receiver<()>,
    ) {
        let mut changes = self.shows.changes();
        loop {
            tokio::select! {
                // The list is kept here, so its sender lives.
                Ok(()) = changes.changed() => self.look_at_shows(),
                input = inputs.recv() => match input {
                    Some(input) => self.handle(input),
                    None => return,
                },
                Ok(()) = endings.changed() => self.sessions.handle_endings(),
                Some(event) = events.recv() => self.sessions.handle_event(event),
                worker = self.switchboard.has_room() => self.switchboard.pass_on_waiting(worker),
            }
            self.drain();
        }
    }

    fn handle(&mut self, input: Input) {
        match input {
            Input::Open(opening, reply) => {
                let request = self.sessions.handle_open(clock::now(), *opening);
                self.replies.insert(request, reply);
            }
            Input::Restart(restart, reply) => {
                let request = self.sessions.handle_restart(*restart);
                self.replies.insert(request, reply);
            }
            // Who has asked may have lost patience.
            Input::Tag(id, name, reply) => drop(reply.send(self.sessions.tag(&id, &name))),
            Input::VideoCodec(name, reply) => drop(reply.send(self.sessions.video_codec(&name))),
            Input::Lose(name, packets, reply) => drop(reply.send(self.sessions.handle_lose(&name, packets))),
            Input::Close(id, name, reply) => drop(reply.send(self.sessions.handle_close(&id, &name))),
        }
    }

    /// Takes over what has changed of what rooms show.
    fn look_at_shows(&mut self) {
        let (now, shows) = (clock::now(), self.shows.all());
        let over: Vec<StreamName> = self.sessions.shown().filter(|name| !shows.contains_key(name)).cloned().collect();
        let there = shows.into_iter().map(|(name, show)| (name, Some(show)));
        for (name, show) in over.into_iter().map(|name| (name, None)).chain(there) {
            if self.sessions.handle_show(now, &name, show) {
                self.clients.end_viewers(&name);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.sessions.poll_output() {
            match output {
                Output::Request(request) => {
                    if let Some(refused) = self.switchboard.pass_on(request) {
                        self.sessions.handle_event(refused);
                    }
                }
                Output::Feed { name, room, peer } => {
                    let worker = self.switchboard.place(room, peer);
                    let workers = self.switchboard.workers().clone();
                    let (directory, published) = (self.directory.clone(), watch::Sender::default());
                    let feeder = Feeder { directory, workers, worker, name, room, peer, published };
                    self.feeds.insert(peer, feeder.spawn());
                }
                Output::StopFeed { room, peer } => {
                    self.feeds.remove(&peer);
                    self.switchboard.leave(room, peer);
                }
                Output::Tap { inlet, room, peer, publisher, view, has: (audio, video) } => {
                    // Where the publisher is, nothing has to cross. Where members of rooms are, the rooms know alone.
                    let worker = self.switchboard.place(room, publisher.unwrap_or(peer));
                    let placed = publisher.is_none().then_some(room);
                    let workers = self.switchboard.workers().clone();
                    let terms = Terms { audio, video, key_frame_every: self.key_frame_every };
                    let tapper = Tapper { inlet, workers, worker, room, peer, view, terms };
                    self.taps.insert(peer, (tapper.spawn(), placed));
                }
                Output::TurnTap { peer, view } => {
                    if let Some((tapping, _)) = self.taps.get(&peer) {
                        tapping.turn(view);
                    }
                }
                Output::StopTap { peer } => {
                    if let Some((_, Some(room))) = self.taps.remove(&peer) {
                        self.switchboard.leave(room, peer);
                    }
                }
                Output::Answer { request, answer } => {
                    let answered = answer.is_ok();
                    let unheard = self.replies.remove(&request).is_some_and(|reply| reply.send(answer).is_err());
                    if unheard && answered {
                        self.sessions.handle_unheard(request);
                    }
                }
            }
        }
    }
}

/// Inputs that wait; whoever brings more waits.
const INPUTS_MAX: usize = 1024;
/// How long an answer may take: a worker answers some hundreds in a second.
const ANSWER_MAX: Duration = Duration::from_secs(10);
