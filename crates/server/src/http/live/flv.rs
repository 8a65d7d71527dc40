//! HTTP-FLV and WebSocket-FLV: a stream from its latest key frame on, for as long as the viewer takes it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
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
use crate::http::site::Site;
use crate::http::wants_websocket;
use crate::live::clients::{Kind, Presence};
use crate::live::directory::Viewer;
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
        let body =
            stream::unfold(tags, async |mut tags| tags.next().await.map(|some| (Ok::<_, Infallible>(some), tags)));
        return Ok(([(CONTENT_TYPE, "video/x-flv")], Body::from_stream(body)).into_response());
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
struct Tags {
    viewer: Viewer,
    presence: Presence,
    stopping: watch::Receiver<bool>,
    /// What was taken from the hub and not handed on yet; at most a batch of it.
    items: Vec<Arc<Item>>,
    /// What has not been handed on yet of the beginning.
    header: Option<Bytes>,
}

impl Tags {
    fn new(viewer: Viewer, presence: Presence, stage: &Stage) -> Self {
        let (has_audio, has_video) = viewer.has_audio_and_video();
        let header = Some(flv::header(has_audio, has_video));
        Self { viewer, presence, stopping: stage.stopping.clone(), items: Vec::new(), header }
    }

    /// The next tags; `None` when there will be none.
    async fn next(&mut self) -> Option<Bytes> {
        let tags = match self.header.take() {
            Some(header) => header,
            None => loop {
                let end = tokio::select! {
                    end = self.viewer.next(&mut self.items) => end,
                    _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                    () = self.presence.ended() => return None,
                };
                if let Err(end) = end {
                    tracing::debug!("a viewer of FLV is let go: {end}");
                    return None;
                }
                let tags = joined(&self.items);
                self.items.clear();
                if !tags.is_empty() {
                    break tags;
                }
            },
        };
        self.presence.count_sent(clock::now(), tags.len());
        Some(tags)
    }
}

/// All of them in a row. A picture comes with the sounds beside it: to copy them together takes less than a chunk of HTTP for each.
fn joined(items: &[Arc<Item>]) -> Bytes {
    if let [item] = items {
        return item.flv().clone();
    }
    let mut tags = BytesMut::with_capacity(items.iter().map(|item| item.flv().len()).sum());
    for item in items {
        tags.extend_from_slice(item.flv());
    }
    tags.freeze()
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
