//! One client: from its socket to the rooms and back.

use std::{
    convert::Infallible,
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use room::ConnId;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf},
    runtime::Handle,
    sync::{Notify, mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};
use websocket::{Broken, Frame, Message, Reader, Writer};

use super::{
    memory::Share,
    outbox::{Outgoing, Pending},
    rooms::{Input, Place},
};

/// An admitted connection. Wherever it is dropped, the rooms hear that it is gone.
#[derive(Debug)]
pub(crate) struct Seat {
    conn: ConnId,
    inputs: mpsc::Sender<Input>,
    pending: Pending,
    /// Lives as long as the connection.
    _present: mpsc::Sender<Infallible>,
}

impl Seat {
    pub(crate) fn new(
        conn: ConnId,
        inputs: mpsc::Sender<Input>,
        pending: Pending,
        present: mpsc::Sender<Infallible>,
    ) -> Self {
        Self { conn, inputs, pending, _present: present }
    }

    /// Says a frame, as a client with a socket would.
    pub(crate) async fn say(&self, text: String) {
        // The rooms end when the server stops, and then nothing more is heard either.
        let _ = self.inputs.send(Input::Text(self.conn, text)).await;
    }

    /// Where the packets of a member go that only sends; `None` when it has no seat in a room with a media server.
    pub(crate) async fn place(&self) -> Option<Place> {
        let (reply, answer) = oneshot::channel();
        self.inputs.send(Input::Place(self.conn, reply)).await.ok()?;
        answer.await.ok().flatten()
    }

    /// The next frame, with pings answered; `None` once the rooms have closed the connection.
    pub(crate) async fn hear(&mut self) -> Option<String> {
        loop {
            match self.pending.queue.next().await? {
                Outgoing::Text(text) => return Some(text),
                Outgoing::Ping => drop(self.inputs.send(Input::Pong(self.conn)).await),
                Outgoing::Close { .. } => return None,
            }
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Err(mpsc::error::TrySendError::Full(input)) = self.inputs.try_send(Input::Gone(self.conn)) else { return };
        // Without a runtime there are no rooms either.
        if let Ok(runtime) = Handle::try_current() {
            let inputs = self.inputs.clone();
            runtime.spawn(async move {
                let _ = inputs.send(input).await;
            });
        }
    }
}

/// Serves a client until one side closes. Messages of at most so many bytes are read, as far as there is memory for them.
pub(super) async fn serve(
    io: impl AsyncRead + AsyncWrite + Send,
    mut seat: Seat,
    message_bytes_max: usize,
    memory: Share,
) {
    let (reading, writing) = tokio::io::split(io);
    let mut reader = Reader::with_memory(reading, message_bytes_max, memory);
    let mut writer = Writer::new(writing);
    let Seat { conn, inputs, pending, .. } = &mut seat;
    let pongs = Pongs::default();
    let end = {
        let writing = write(&mut writer, pending, &pongs);
        tokio::pin!(writing);
        tokio::select! {
            end = read(&mut reader, *conn, inputs, &pongs) => {
                // What the rooms still say to it, an error most likely, goes out before the end.
                let _ = inputs.send(Input::Gone(*conn)).await;
                let _ = timeout(CLOSE_MAX, &mut writing).await;
                end
            }
            end = &mut writing => end,
        }
    };
    // Whoever does not take the goodbye in time does without it.
    let _ = timeout(CLOSE_MAX, say_goodbye(end, &mut reader, &mut writer)).await;
}

/// How a connection ends.
enum End {
    /// The client said goodbye; its code goes back.
    Theirs(Option<u16>),
    /// We do, with a status code of RFC 6455 §7.4 and its reason.
    Ours(u16, &'static str),
    /// The same to a client of which nothing more is understood.
    Broken(u16, &'static str),
    /// We do, and there is no more to say about it.
    Done,
    Lost,
}

async fn say_goodbye<IO: AsyncRead + AsyncWrite>(
    end: End,
    reader: &mut Reader<ReadHalf<IO>, Share>,
    writer: &mut Writer<WriteHalf<IO>>,
) -> io::Result<()> {
    match end {
        End::Theirs(code) => writer.send(Frame::close(code, "")).await,
        End::Broken(code, reason) => {
            writer.send(Frame::close(Some(code), reason)).await?;
            reader.discard().await;
            Ok(())
        }
        End::Ours(code, reason) => {
            writer.send(Frame::close(Some(code), reason)).await?;
            hear_goodbye(reader).await;
            Ok(())
        }
        End::Done => {
            writer.send(Frame::close(None, "")).await?;
            hear_goodbye(reader).await;
            Ok(())
        }
        End::Lost => Ok(()),
    }
}

/// Passes over what the client has sent before it heard of the end.
async fn hear_goodbye<R: AsyncRead + Unpin>(reader: &mut Reader<R, Share>) {
    while reader.next().await.is_ok_and(|message| !matches!(message, Message::Close(_))) {}
}

/// The pings to be answered: the newest, which answers those before it, too (RFC 6455 §5.5.3).
#[derive(Default)]
struct Pongs {
    newest: Mutex<Option<Vec<u8>>>,
    news: Notify,
}

impl Pongs {
    fn put(&self, payload: Vec<u8>) {
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some(payload);
        self.news.notify_one();
    }

    async fn next(&self) -> Vec<u8> {
        loop {
            let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(payload) = newest {
                return payload;
            }
            self.news.notified().await;
        }
    }
}

/// Tells the rooms what comes, until the client closes or breaks the protocol.
async fn read<R: AsyncRead + Unpin>(
    reader: &mut Reader<R, Share>,
    conn: ConnId,
    inputs: &mpsc::Sender<Input>,
    pongs: &Pongs,
) -> End {
    // Whether a message has begun is asked from time to time, which costs less than a timer for each.
    let (mut look_at, mut was_amid) = (Instant::now() + MESSAGE_MAX, false);
    loop {
        let Ok(next) = timeout_at(look_at, reader.next()).await else {
            if was_amid {
                return End::Broken(POLICY, "a message that does not end");
            }
            (look_at, was_amid) = (Instant::now() + MESSAGE_MAX, reader.is_amid());
            continue;
        };
        was_amid &= matches!(next, Ok(Message::Ping(_) | Message::Pong));
        let input = match next {
            Ok(Message::Text(text)) => Input::Text(conn, text),
            Ok(Message::Binary) => Input::Binary(conn),
            Ok(Message::Pong) => Input::Pong(conn),
            Ok(Message::Ping(payload)) => {
                pongs.put(payload);
                continue;
            }
            Ok(Message::Close(code)) => return End::Theirs(code),
            Err(Broken::TooLong) => {
                let _ = inputs.send(Input::Oversized(conn)).await;
                return End::Broken(SIZE, "the frame is far too large");
            }
            Err(Broken::NotUtf8) => return End::Broken(INVALID, "text frames are UTF-8"),
            Err(Broken::Malformed) => return End::Broken(PROTOCOL, "not as RFC 6455 says"),
            Err(Broken::Crowded) => return End::Broken(CROWDED, "too many long messages at once"),
            Err(Broken::Lost) => return End::Lost,
        };
        // The rooms end when the server stops; the writer has the last word then.
        if inputs.send(input).await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Writes what the rooms say, until they close or cut.
async fn write<W: AsyncWrite + Unpin>(writer: &mut Writer<W>, pending: &mut Pending, pongs: &Pongs) -> End {
    let Pending { queue, cut } = pending;
    let writing = async {
        loop {
            let frame = tokio::select! {
                frame = queue.next() => match frame {
                    None => return End::Done,
                    Some(Outgoing::Text(text)) => Frame::text(text),
                    Some(Outgoing::Ping) => Frame::ping(),
                    Some(Outgoing::Close { code, reason }) => return End::Ours(code, reason),
                },
                payload = pongs.next() => Frame::pong(payload),
            };
            if writer.send(frame).await.is_err() {
                return End::Lost;
            }
        }
    };
    tokio::pin!(writing);
    tokio::select! {
        biased;
        cut = cut => match cut {
            Ok(()) => SLOW,
            // The rooms are done with it. What is queued goes out, if the client takes it.
            Err(_) => timeout(CLOSE_MAX, &mut writing).await.unwrap_or(SLOW),
        },
        end = &mut writing => end,
    }
}

/// The end of a client that does not read.
const SLOW: End = End::Ours(POLICY, "too slow");
/// Time for the last frames, and then for the client to answer a close frame.
const CLOSE_MAX: Duration = Duration::from_secs(1);
/// Status codes of RFC 6455 §7.4.1.
const PROTOCOL: u16 = 1002;
const INVALID: u16 = 1007;
const POLICY: u16 = 1008;
const SIZE: u16 = 1009;
/// Of the registry that §11.7 made: try again later.
const CROWDED: u16 = 1013;
/// A message ends within this time, or at the latest within twice as much: a slow path takes an offer that long.
const MESSAGE_MAX: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests;
