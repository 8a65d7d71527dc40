//! One client: from its socket to the rooms and back.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, WebSocket, close_code},
};
use futures_util::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use room::ConnId;
use tokio::{runtime::Handle, sync::mpsc, time::timeout};

use super::{
    outbox::{Outgoing, Pending},
    rooms::Input,
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

/// Serves a client until one side closes.
pub(crate) async fn serve(socket: WebSocket, mut seat: Seat) {
    let (mut sink, mut stream) = socket.split();
    let Seat { conn, inputs, pending, .. } = &mut seat;
    let closing = {
        let writing = write(&mut sink, pending);
        tokio::pin!(writing);
        tokio::select! {
            closing = read(&mut stream, *conn, inputs) => {
                // What the rooms still say to it, an error most likely, goes out before the end.
                let _ = inputs.send(Input::Gone(*conn)).await;
                let _ = timeout(CLOSE_MAX, &mut writing).await;
                closing
            }
            closing = &mut writing => closing,
        }
    };
    let frame = closing.map(|(code, reason)| CloseFrame { code, reason: reason.into() });
    // To a client that has closed first, sending fails; reading on writes the library's answer.
    let closed = async {
        let _ = sink.send(Message::Close(frame)).await;
        while let Some(Ok(_)) = stream.next().await {}
    };
    let _ = timeout(CLOSE_MAX, closed).await;
}

/// A status code of RFC 6455 section 7.4 and its reason.
type Closing = Option<(u16, &'static str)>;

/// Tells the rooms what comes, until the client closes or breaks the protocol.
async fn read(stream: &mut SplitStream<WebSocket>, conn: ConnId, inputs: &mpsc::Sender<Input>) -> Closing {
    while let Some(message) = stream.next().await {
        let input = match message {
            Ok(Message::Text(text)) => Input::Text(conn, text.as_str().to_owned()),
            Ok(Message::Binary(_)) => Input::Binary(conn),
            Ok(Message::Pong(_)) => Input::Pong(conn),
            // The library answers pings.
            Ok(Message::Ping(_)) => continue,
            Ok(Message::Close(_)) => return None,
            Err(error) => return broken(error, conn, inputs).await,
        };
        // The rooms end when the server stops; the writer has the last word then.
        if inputs.send(input).await.is_err() {
            return std::future::pending().await;
        }
    }
    None
}

/// What an error in reading means for the client.
async fn broken(error: axum::Error, conn: ConnId, inputs: &mpsc::Sender<Input>) -> Closing {
    use tungstenite::Error;
    let Ok(error) = error.into_inner().downcast::<Error>() else { return None };
    if matches!(*error, Error::Capacity(_)) {
        let _ = inputs.send(Input::Oversized(conn)).await;
        Some((close_code::SIZE, "the frame is far too large"))
    } else if matches!(*error, Error::Utf8(_)) {
        Some((close_code::INVALID, "text frames are UTF-8"))
    } else if matches!(*error, Error::Protocol(_)) {
        Some((close_code::PROTOCOL, "not as RFC 6455 says"))
    } else {
        // The socket is lost.
        None
    }
}

/// Writes what the rooms say, until they close or cut.
async fn write(sink: &mut SplitSink<WebSocket, Message>, pending: &mut Pending) -> Closing {
    let Pending { queue, cut } = pending;
    let writing = async {
        while let Some(frame) = queue.next().await {
            let message = match frame {
                Outgoing::Text(text) => Message::Text(text.into()),
                Outgoing::Ping => Message::Ping(Bytes::new()),
                Outgoing::Close { code, reason } => return Some((code, reason)),
            };
            if sink.send(message).await.is_err() {
                return None;
            }
        }
        None
    };
    tokio::pin!(writing);
    tokio::select! {
        biased;
        cut = cut => match cut {
            Ok(()) => SLOW,
            // The rooms are done with it. What is queued goes out, if the client takes it.
            Err(_) => timeout(CLOSE_MAX, &mut writing).await.unwrap_or(SLOW),
        },
        closing = &mut writing => closing,
    }
}

/// The end of a client that does not read.
const SLOW: Closing = Some((close_code::POLICY, "too slow"));
/// Time for the last frames, and then for the client to answer a close frame.
const CLOSE_MAX: Duration = Duration::from_secs(1);
