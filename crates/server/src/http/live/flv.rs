//! HTTP-FLV and WebSocket-FLV: a stream from its latest key frame on, for as long as the viewer takes it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use live::hub::Item;
use live::{StreamAddress, flv};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;
use websocket::{Frame, Message, Reader, Writer};

use super::refusal::Refusal;
use super::visit::visit;
use super::watching::{METHODS, options};
use crate::address::ClientNetwork;
use crate::clock;
use crate::handshake::Handshake;
use crate::http::api;
use crate::http::arrival::Arrival;
use crate::http::endless::{Outlet, chunk};
use crate::http::site::Site;
use crate::http::wants_websocket;
use crate::live::clients::{Kind, Presence};
use crate::live::directory::{Seat, Socket, ViewEnd, Viewer, Write, joined};
use crate::live::rtmp::{Stage, WAIT_MAX};

/// What the path of a stream ends with.
pub(super) const EXTENSION: &str = ".flv";

/// Answers with the stream as soon as it can be played, or says why not.
pub(super) async fn answer(site: &Site, arrival: Arrival, parts: &mut Parts) -> Result<Response, Refusal> {
    if parts.method == Method::OPTIONS {
        return Ok(options());
    }
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(Refusal::MethodNotAllowed { allow: METHODS });
    }
    let client = arrival.client(&parts.headers, &site.config.http_trusted_proxies);
    site.count_live_request(ClientNetwork::from(client))
        .map_err(|retry_after| Refusal::TooManyRequests { retry_after })?;
    let path = parts.uri.path().strip_suffix(EXTENSION).ok_or(Refusal::NotFound)?;
    let query = parts.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let address = StreamAddress::parse(&format!("{path}{query}")).map_err(Refusal::BadName)?;
    let token = api::token(parts);
    let handshake = wants_websocket(&parts.headers).then(|| Handshake::of(parts)).transpose();
    let handshake = handshake.map_err(Refusal::BadHandshake)?;
    let visit = visit(parts, arrival, client, Kind::FlvPlay, &address);
    let presence = site.stage.entrance.enter(visit, token.as_deref()).await?;
    let viewer = site.stage.directory.wait_and_view(&address.name, WAIT_MAX).await.ok_or(Refusal::NotOnAir)?;
    let tags = Tags::new(viewer, presence, &site.stage);
    let Some(handshake) = handshake else {
        let headers = [(CONTENT_TYPE, "video/x-flv")];
        if let Some(outlet) = parts.extensions.get::<Outlet>() {
            outlet.put(tags.to(outlet.socket.clone()));
            return Ok(headers.into_response());
        }
        let body =
            stream::unfold(tags, async |mut tags| tags.next().await.map(|some| (Ok::<_, Infallible>(some), tags)));
        return Ok((headers, Body::from_stream(body)).into_response());
    };
    let (response, upgrade) = handshake.accept();
    tokio::spawn(async move {
        if let Some(io) = upgrade.io().await {
            serve(io, tags).await;
        }
    });
    Ok(response)
}

/// A stream, some tags at a time.
#[derive(Debug)]
pub(in crate::http) struct Tags {
    viewer: Viewer,
    presence: Presence,
    stopping: watch::Receiver<bool>,
    /// What was taken from the hub and not handed on yet; at most a batch of it.
    items: Vec<Arc<Item>>,
    /// What has not been handed on yet of the beginning.
    header: Option<Bytes>,
    /// As the viewer gets them: a picture comes with the sounds beside it, and to copy them together takes less than a chunk of HTTP for each.
    write: Write,
    /// Where they go, if they go there as they are.
    socket: Option<Socket>,
    /// Somebody else writes what comes.
    seat: Option<Seat>,
}

impl Tags {
    fn new(viewer: Viewer, presence: Presence, stage: &Stage) -> Self {
        let (has_audio, has_video) = viewer.has_audio_and_video();
        let header = Some(flv::header(has_audio, has_video));
        let stopping = stage.stopping.clone();
        Self { viewer, presence, stopping, items: Vec::new(), header, write: tags, socket: None, seat: None }
    }

    /// The same in chunks, for a viewer who has them straight from that socket.
    fn to(self, socket: Socket) -> Self {
        let header = self.header.as_ref().map(chunk);
        Self { header, write: chunks, socket: Some(socket), ..self }
    }

    /// The next tags; `None` when there will be none. Who gives a socket has written all there was before.
    pub(in crate::http) async fn next(&mut self) -> Option<Bytes> {
        let tags = match self.header.take() {
            Some(header) => header,
            None => match self.following().await {
                Ok(tags) => tags,
                Err(Some(end)) => {
                    tracing::debug!("a viewer of FLV is let go: {end}");
                    return None;
                }
                Err(None) => return None,
            },
        };
        self.presence.count_sent(clock::now(), tags.len());
        Some(tags)
    }

    /// What comes after the header, or why nothing does; nobody says so when the server stops or somebody wants it.
    async fn following(&mut self) -> Result<Bytes, Option<ViewEnd>> {
        loop {
            if let (None, Some(socket)) = (&self.seat, &self.socket) {
                self.seat = self.viewer.sit(self.write, socket, self.presence.client());
            }
            let Self { viewer, items, seat, .. } = self;
            let news = async {
                match seat {
                    Some(seat) => seat.back().await.map_or(Ok(Bytes::new()), |back| viewer.rise(back)),
                    None => viewer.next(items).await.map(|()| Bytes::new()),
                }
            };
            let rest = tokio::select! {
                news = news => news?,
                _ = self.stopping.wait_for(|stopping| *stopping) => return Err(None),
                () = self.presence.ended() => return Err(None),
            };
            self.seat = None;
            let tags = if self.items.is_empty() { rest } else { (self.write)(&self.items) };
            self.items.clear();
            if !tags.is_empty() {
                return Ok(tags);
            }
        }
    }

    /// From here on nobody else writes; what is left of what was begun.
    pub(in crate::http) fn leave(&mut self) -> Option<Bytes> {
        let back = self.seat.take()?.leave()?;
        self.viewer.rise(back).ok()
    }
}

fn tags(items: &[Arc<Item>]) -> Bytes {
    joined(items, Item::flv)
}

fn chunks(items: &[Arc<Item>]) -> Bytes {
    chunk(&tags(items))
}

/// Sends tags by a WebSocket until one side has enough.
async fn serve(io: impl AsyncRead + AsyncWrite + Send, mut tags: Tags) {
    let (reading, writing) = tokio::io::split(io);
    let (mut reader, mut writer) = (Reader::new(reading, MESSAGE_BYTES_MAX), Writer::new(writing));
    let goodbye = loop {
        let frame = tokio::select! {
            some = tags.next() => match some {
                Some(tags) => Frame::binary(tags),
                None => break Frame::close(Some(GOING_AWAY), "the stream is over"),
            },
            message = reader.next() => match message {
                Ok(Message::Ping(payload)) => Frame::pong(payload),
                Ok(Message::Close(code)) => break Frame::close(code, ""),
                // Players have nothing to say.
                Ok(Message::Text(_) | Message::Binary | Message::Pong) => continue,
                Err(_) => return,
            },
        };
        if !matches!(timeout(UNTAKEN_MAX, writer.send(frame)).await, Ok(Ok(()))) {
            return;
        }
    };
    let _ = timeout(CLOSE_MAX, writer.send(goodbye)).await;
}

/// Of what a player may say.
const MESSAGE_BYTES_MAX: usize = 4096;
/// How long a client may leave what it was sent.
const UNTAKEN_MAX: Duration = Duration::from_secs(20);
/// Time for the last frame.
const CLOSE_MAX: Duration = Duration::from_secs(1);
/// RFC 6455 §7.4.1.
const GOING_AWAY: u16 = 1001;
