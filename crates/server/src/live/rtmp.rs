//! RTMP connections: one task each, between the socket, the session and the stream.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use live::StreamAddress;
use live::hub::Item;
use live::rtmp::{Output, PLAY_STREAM, Refusal, RtmpError, ServerSession, for_stream};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

use super::access::{Deed, Denied};
use super::clients::{Kind, Presence, Visit};
use super::directory::{Back, Claim, Directory, Protocol, Seat, Socket, Taken, ViewEnd, Viewer, joined};
use super::egress;
use super::encoders::{Declined, Encoders, Guest, OnStage};
use super::entrance::Entrance;
use super::shows::room_to_join;
use crate::clock;

/// What publishers and viewers need of the server. Clones are the same streams.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    /// The streams.
    pub(crate) directory: Directory,
    /// The way to them.
    pub(crate) entrance: Entrance,
    /// The way into rooms.
    pub(crate) encoders: Encoders,
    /// Becomes true when the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Serves a client until one side ends it.
///
/// # Errors
/// When the connection is lost or the client breaks the rules.
pub(crate) async fn serve<S>(stage: Stage, stream: S, socket: Option<Socket>, client: IpAddr) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(io::Error::other)?;
    let mut stopping = stage.stopping.clone();
    let session = ServerSession::new(seed, clock::now());
    let mut connection = Connection {
        stage,
        client,
        stream,
        socket,
        session,
        part: Part::Visitor,
        presence: None,
        read: BytesMut::with_capacity(READ_BYTES),
        items: Vec::new(),
        pieces: VecDeque::new(),
    };
    let served = tokio::select! {
        served = connection.run() => served,
        _ = stopping.wait_for(|stopping| *stopping) => Ok(()),
    };
    // What was said last explains the end: it goes out if the client takes it.
    let _ = timeout(FAREWELL_MAX, connection.say()).await;
    served
}

struct Connection<S> {
    stage: Stage,
    client: IpAddr,
    stream: S,
    /// That of the stream, if what is written goes there as it is.
    socket: Option<Socket>,
    session: ServerSession,
    part: Part,
    /// From the moment it was let in.
    presence: Option<Presence>,
    /// What was read last; of a fixed size.
    read: BytesMut,
    /// What a viewer gets next; at most a batch of the hub.
    items: Vec<Arc<Item>>,
    /// What is to be written.
    pieces: VecDeque<Bytes>,
}

/// What the client does.
enum Part {
    /// Nothing so far.
    Visitor,
    /// It waits to be let in.
    Entering(Kind, StreamAddress, Entering),
    /// Somebody to whom a room has given a seat is there as long as it has that.
    Publisher(Claim, Option<OnStage>),
    /// It waits for a publisher.
    Waiting(StreamAddress, Instant),
    Viewer {
        viewer: Viewer,
        is_paused: bool,
        /// Somebody else writes what comes.
        seat: Option<Seat>,
    },
}

/// Finds out whether somebody is let in.
type Entering = Pin<Box<dyn Future<Output = Result<Entered, NotIn>> + Send>>;

/// Somebody is let in.
struct Entered {
    presence: Presence,
    /// In a room: its seat, and the way in for its frames.
    seat: Option<(Claim, OnStage)>,
}

/// Why not.
#[derive(Debug, thiserror::Error)]
enum NotIn {
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A room says so.
    #[error(transparent)]
    Declined(#[from] Declined),
}

/// What happens next.
enum Event {
    Read(usize),
    /// It is let in, or not.
    Entered(Box<Result<Entered, NotIn>>),
    /// A publisher came, or none did in time.
    Arrival(Option<Viewer>),
    Items(Result<(), ViewEnd>),
    /// It goes on by itself.
    Back(Option<Back>),
    /// Somebody who looks after the server wants it to go.
    Ended,
    /// The room takes back its seat.
    Unseated(Declined),
    Due,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    async fn run(&mut self) -> io::Result<()> {
        loop {
            let event = self.event().await?;
            self.rise();
            match event {
                Event::Read(0) => return Ok(()),
                Event::Read(bytes) => {
                    if let Some(presence) = &self.presence {
                        presence.client().count_received(bytes);
                    }
                    let heard = self.session.handle_bytes(clock::now(), &self.read);
                    self.read.clear();
                    self.drain(heard)?;
                }
                Event::Entered(entered) => {
                    let heard = self.begin(*entered);
                    self.drain(heard)?;
                }
                Event::Arrival(viewer) => self.begin_view(viewer)?,
                Event::Back(Some(back)) => self.go_on(back),
                Event::Back(None) => {}
                Event::Items(Ok(())) => self.take_items(),
                Event::Items(Err(end)) => self.session.end_play(&end.to_string()),
                Event::Ended => self.session.end("ended by the operator"),
                Event::Unseated(declined) => self.session.end(&declined.to_string()),
                Event::Due => self.session.handle_timeout(clock::now()).map_err(io::Error::other)?,
            }
            self.say().await?;
            if self.session.is_over() {
                return Ok(());
            }
            self.sit();
        }
    }

    /// Has a row go on, if this connection has nothing to write and is one that a row can write to.
    fn sit(&mut self) {
        let Part::Viewer { viewer, is_paused: false, seat } = &mut self.part else { return };
        if let (Some(socket), Some(presence), Some(PLAY_STREAM)) =
            (&self.socket, &self.presence, self.session.play_stream())
        {
            *seat = viewer.sit(|items| joined(items, Item::rtmp), socket, presence.client());
        }
    }

    /// From here on nobody else writes.
    fn rise(&mut self) {
        if let Part::Viewer { seat, .. } = &mut self.part
            && let Some(back) = seat.take().and_then(Seat::leave)
        {
            self.go_on(back);
        }
    }

    fn go_on(&mut self, back: Back) {
        let Part::Viewer { viewer, .. } = &mut self.part else { return };
        match viewer.rise(back) {
            Ok(rest) => self.pieces.extend(Some(rest).filter(|rest| !rest.is_empty())),
            Err(end) => self.session.end_play(&end.to_string()),
        }
    }

    /// Waits for whatever comes first.
    async fn event(&mut self) -> io::Result<Event> {
        let due = self.session.poll_timeout();
        let due = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => std::future::pending().await,
            }
        };
        let presence = &mut self.presence;
        let ended = async {
            match presence {
                Some(presence) => presence.ended().await,
                None => std::future::pending().await,
            }
        };
        let (part, items, directory) = (&mut self.part, &mut self.items, &self.stage.directory);
        let part = async {
            match part {
                Part::Viewer { seat: Some(seat), .. } => Event::Back(seat.back().await),
                Part::Viewer { viewer, is_paused: false, seat: None } => Event::Items(viewer.next(items).await),
                Part::Waiting(address, until) => {
                    let left = until.saturating_duration_since(clock::now());
                    Event::Arrival(directory.wait_and_view(&address.name, left).await)
                }
                Part::Entering(.., entering) => Event::Entered(Box::new(entering.await)),
                Part::Publisher(_, Some(seat)) => Event::Unseated(seat.ended().await),
                Part::Visitor | Part::Publisher(_, None) | Part::Viewer { .. } => std::future::pending().await,
            }
        };
        tokio::select! {
            read = self.stream.read_buf(&mut self.read) => read.map(Event::Read),
            event = part => Ok(event),
            () = ended => Ok(Event::Ended),
            () = due => Ok(Event::Due),
        }
    }

    /// Does what the session wants done.
    fn drain(&mut self, mut heard: Result<(), RtmpError>) -> io::Result<()> {
        while let Some(output) = self.session.poll_output() {
            let answered = self.handle_output(output);
            heard = heard.and(answered);
        }
        if let Part::Publisher(claim, _) = &mut self.part {
            claim.flush();
        }
        heard.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    fn handle_output(&mut self, output: Output) -> Result<(), RtmpError> {
        match (output, &mut self.part) {
            (Output::Send(bytes), _) => self.pieces.push_back(bytes),
            (Output::Publish(address), _) => self.enter(Kind::RtmpPublish, address),
            (Output::Play(address), _) => self.enter(Kind::RtmpPlay, address),
            (Output::Metadata(metadata), Part::Publisher(claim, _)) => claim.publish_metadata(metadata),
            (Output::Parameters(parameters), Part::Publisher(claim, _)) => claim.publish_parameters(parameters),
            (Output::Frame(frame), Part::Publisher(claim, _)) => claim.publish_frame(frame),
            (Output::Pause(pauses), Part::Viewer { viewer, is_paused, .. }) => {
                if *is_paused && !pauses {
                    viewer.begin_again();
                }
                *is_paused = pauses;
            }
            (Output::Unpublish | Output::Stop, part) => {
                *part = Part::Visitor;
                self.presence = None;
            }
            (Output::Metadata(_) | Output::Parameters(_) | Output::Frame(_) | Output::Pause(_), _) => {}
        }
        Ok(())
    }

    fn publish(&mut self, address: &StreamAddress) -> Result<(), RtmpError> {
        match self.stage.directory.claim(&address.name, Protocol::Rtmp, clock::now()) {
            Ok(claim) => {
                tracing::debug!(client = %self.client, stream = %address.name, "publishes over RTMP");
                self.part = Part::Publisher(claim, None);
                self.session.accept_publish(clock::now())
            }
            Err(taken) => {
                let refusal = match taken {
                    Taken::OnAir(_) => Refusal::Taken,
                    Taken::Full(_) | Taken::Draining => Refusal::Full,
                };
                self.session.refuse(refusal, &taken.to_string());
                self.presence = None;
                Ok(())
            }
        }
    }

    fn begin_view(&mut self, viewer: Option<Viewer>) -> io::Result<()> {
        let Some(viewer) = viewer else {
            self.session.refuse(Refusal::NotFound, "nobody publishes this stream");
            return self.drain(Ok(()));
        };
        self.part = Part::Viewer { viewer, is_paused: false, seat: None };
        let accepted = self.session.accept_play();
        self.drain(accepted)
    }

    /// Asks whether the client is let in.
    fn enter(&mut self, kind: Kind, address: StreamAddress) {
        let word = |name: &str| address.parameter(name).map(Cow::into_owned);
        let visit = Visit {
            name: address.name.clone(),
            kind,
            address: self.client,
            query: address.query.clone(),
            tc_url: without_query(self.session.tc_url()),
            page_url: self.session.page_url().to_owned(),
        };
        let room = room_to_join(&address.name).filter(|_| kind.deed() == Deed::Publish).map(str::to_owned);
        let (called, token) = (word("name"), word("token"));
        let Stage { entrance, encoders, .. } = self.stage.clone();
        let (name, client) = (address.name.clone(), self.client);
        let entering = async move {
            let Some(room) = room else {
                return Ok(Entered { presence: entrance.enter(visit, token.as_deref()).await?, seat: None });
            };
            entrance.check_encoder(&room, token.as_deref())?;
            let presence = entrance.admit(visit).await?;
            let guest = Guest { room, called, token, address: client };
            Ok(Entered { presence, seat: Some(encoders.feed(guest, &name).await?) })
        };
        self.part = Part::Entering(kind, address, Box::pin(entering));
    }

    /// The client is let in and does what it came for, or is told why not.
    fn begin(&mut self, entered: Result<Entered, NotIn>) -> Result<(), RtmpError> {
        let Part::Entering(kind, address, _) = std::mem::replace(&mut self.part, Part::Visitor) else { return Ok(()) };
        match entered {
            Ok(Entered { presence, seat }) => {
                self.presence = Some(presence);
                if let Some((claim, seat)) = seat {
                    tracing::debug!(client = %self.client, stream = %address.name, "publishes into a room over RTMP");
                    self.part = Part::Publisher(claim, Some(seat));
                    return self.session.accept_publish(clock::now());
                }
                match kind.deed() {
                    Deed::Publish => return self.publish(&address),
                    Deed::Play => self.part = Part::Waiting(address, clock::now() + WAIT_MAX),
                }
            }
            Err(not_in) => {
                tracing::debug!(client = %self.client, stream = %address.name, ?kind, "refused: {not_in}");
                self.session.refuse(not_in.refusal(), &not_in.to_string());
            }
        }
        Ok(())
    }

    fn take_items(&mut self) {
        let stream = self.session.play_stream().unwrap_or(PLAY_STREAM);
        let messages = self.items.drain(..).map(|item| for_stream(item.rtmp(), stream));
        self.pieces.extend(messages.filter(|message| !message.is_empty()));
    }

    /// Writes everything that is to be said.
    async fn say(&mut self) -> io::Result<()> {
        while let Some(output) = self.session.poll_output() {
            if let Output::Send(bytes) = output {
                self.pieces.push_back(bytes);
            }
        }
        if let Some(presence) = &mut self.presence {
            presence.count_sent(clock::now(), self.pieces.iter().map(Bytes::len).sum());
        }
        egress::write_all(&mut self.stream, &mut self.pieces).await
    }
}

impl NotIn {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Denied(Denied::Hook(_)) => Refusal::Rejected,
            Self::Denied(_) => Refusal::Denied,
            Self::Declined(declined) => match declined.code() {
                (409, "uid-in-use") => Refusal::Taken,
                (429 | 503, _) => Refusal::Full,
                _ => Refusal::Denied,
            },
        }
    }
}

/// A URL without what may be a secret.
fn without_query(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// What is read in one go.
const READ_BYTES: usize = 64 * 1024;
/// How long a player waits for a publisher.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(10);
/// Time for the last words to a client.
const FAREWELL_MAX: Duration = Duration::from_secs(1);
