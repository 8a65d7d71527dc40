//! HLS and streams without end over HTTP, for every player.
//!
//! | path | what |
//! |---|---|
//! | `/{app}/{stream}.m3u8` | HLS of transport streams, as SRS has it: with `hls_ctx` the media playlist, without it the one that names it |
//! | `/{app}/{stream}/index.m3u8`, `/{app}/{stream}/stream.m3u8` | HLS of fragmented MP4 with low latency, in the same way |
//! | the same with `layer=0` | the media playlist of a smaller layer of simulcast, counted from the smallest |
//! | what a playlist names | segments, parts, initialization sections |
//! | `/{app}/{stream}.ts` | a transport stream without end |

use std::convert::Infallible;
use std::net::IpAddr;

use axum::body::Body;
use axum::http::header;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use live::hls::{Container, File, HlsError, Reload, ReloadError, Tag};
use live::hub::Grade;
use live::{StreamAddress, StreamName, m3u8, mp4, ts};

use super::refusal::Refusal;
use super::route::escaped_path;
use super::visit::visit;
use super::watching::{METHODS, options};
use crate::address::ClientNetwork;
use crate::clock;
use crate::http::api;
use crate::http::arrival::Arrival;
use crate::http::site::Site;
use crate::live::access::Deed;
use crate::live::clients::{Kind, Presence};
use crate::live::hls::{Context, Hls, HlsRefusal};

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The playlist that names the media playlist, and the media playlist itself.
    Playlist(Container),
    /// A file that a media playlist names.
    File(Tag, File),
    /// A transport stream without end.
    Endless,
}

/// Finds out what a path asks for: its target and the path of the stream. `None`: nothing of this kind.
pub(super) fn find(path: &str) -> Option<(Target, String)> {
    let (directory, name) = path.rsplit_once('/')?;
    let is_in_stream = directory.matches('/').count() >= 2;
    if is_in_stream && matches!(name, "index.m3u8" | "stream.m3u8") {
        return Some((Target::Playlist(Container::Mp4), directory.to_owned()));
    }
    if let Some((tag, file)) = File::parse(name) {
        let stream = match file {
            // "stream-tag-7.ts" lies beside the stream, everything else in its directory.
            File::TransportStream(_) => format!("{directory}/{}", name.rsplitn(3, '-').nth(2)?),
            File::Mp4(_) | File::Part(_) | File::Init(_) => directory.to_owned(),
        };
        return Some((Target::File(tag, file), stream));
    }
    let (stem, extension) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty() && !directory.is_empty())?;
    let target = match extension {
        "m3u8" => Target::Playlist(Container::TransportStream),
        "ts" => Target::Endless,
        _ => return None,
    };
    Some((target, format!("{directory}/{stem}")))
}

/// A player and its request.
struct Player<'a> {
    site: &'a Site,
    arrival: Arrival,
    parts: &'a Parts,
    address: IpAddr,
    client: ClientNetwork,
}

impl Player<'_> {
    /// Whether the settings or the token of the request allow it to watch.
    fn may_watch(&self, name: &StreamName) -> Result<(), Refusal> {
        Ok(self.site.stage.entrance.check(Deed::Play, name, self.token().as_deref())?)
    }

    /// The same, for one who asks for the media playlist without a session. Where programs are asked, it has to begin at the beginning.
    fn may_watch_unknown(&self, name: &StreamName) -> Result<(), Refusal> {
        let entrance = &self.site.stage.entrance;
        self.may_watch(name)?;
        entrance.access.check_address(Deed::Play, self.address)?;
        if entrance.asks_players() { Err(Refusal::NoSession) } else { Ok(()) }
    }

    /// Lets it in.
    async fn enter(&self, kind: Kind, address: &StreamAddress) -> Result<Presence, Refusal> {
        let visit = visit(self.parts, self.arrival, self.address, kind, address);
        Ok(self.site.stage.entrance.enter(visit, self.token().as_deref()).await?)
    }

    fn token(&self) -> Option<String> {
        api::token(self.parts)
    }

    /// Counts the request for its address.
    fn count(&self) -> Result<(), Refusal> {
        let counted = self.site.count_live_request(self.client);
        counted.map_err(|retry_after| Refusal::TooManyRequests { retry_after })
    }
}

/// Answers a request for a stream.
pub(super) async fn answer(
    site: &Site,
    arrival: Arrival,
    parts: &Parts,
    target: Target,
    path: &str,
) -> Result<Response, Refusal> {
    if parts.method == Method::OPTIONS {
        return Ok(options());
    }
    let address = arrival.client(&parts.headers, &site.config.http_trusted_proxies);
    let player = &Player { site, arrival, parts, address, client: ClientNetwork::from(address) };
    if parts.method != Method::GET && parts.method != Method::HEAD {
        return Err(Refusal::MethodNotAllowed { allow: METHODS });
    }
    let query = parts.uri.query().unwrap_or_default();
    let address = StreamAddress::parse(&format!("{path}?{query}"))?;
    match target {
        Target::Playlist(container) => playlist(player, &address, container, query).await,
        Target::File(tag, file) => segment(player, &address.name, tag, file).await,
        Target::Endless => endless(player, &address).await,
    }
}

async fn playlist(
    player: &Player<'_>,
    address: &StreamAddress,
    container: Container,
    query: &str,
) -> Result<Response, Refusal> {
    let (hls, name) = (&player.site.hls, &address.name);
    let context = api::query(player.parts, "hls_ctx");
    let is_media = context.is_some() || player.parts.uri.path().ends_with("/stream.m3u8");
    let known = context.and_then(|context| hls.client_of(&context, name));
    if known.as_ref().is_some_and(|client| client.is_ending()) {
        return Err(Refusal::Ended);
    }
    let text = if is_media {
        if known.is_none() {
            player.may_watch_unknown(name)?;
        }
        let reload = Reload::parse(query).map_err(|error| HlsRefusal::Stream(HlsError::Reload(error)))?;
        let grade = grade(player.parts)?;
        let text = hls.media_playlist(name, player.client, (container, grade), reload, beside(query)).await?;
        if let Some(client) = known {
            client.count_sent(text.len());
        }
        text
    } else {
        begin(player, address, container).await?
    };
    Ok(whole(m3u8::CONTENT_TYPE, "no-cache", vec![text]))
}

/// The playlist by which a player begins, and the beginning of its session.
async fn begin(player: &Player<'_>, address: &StreamAddress, container: Container) -> Result<Bytes, Refusal> {
    let (hls, name) = (&player.site.hls, &address.name);
    player.count()?;
    let mut presence = player.enter(Kind::HlsPlay, address).await?;
    let context = Hls::new_context()?;
    let uri = |container| move |grade| media_playlist_path(name, container, context, grade);
    let text = match hls.multivariant_playlist(name, player.client, container, uri(container)).await {
        // Players of the one container know the other, too.
        Err(HlsRefusal::Stream(HlsError::Codec(_))) => {
            hls.multivariant_playlist(name, player.client, Container::Mp4, uri(Container::Mp4)).await?
        }
        answer => answer?,
    };
    presence.count_sent(clock::now(), text.len());
    hls.open_context(context, presence)?;
    Ok(text)
}

fn media_playlist_path(name: &StreamName, container: Container, context: Context, grade: Grade) -> String {
    let stream = escaped_path(name);
    let layer = grade.layer().map(|layer| format!("&layer={layer}")).unwrap_or_default();
    match container {
        Container::TransportStream => format!("{stream}.m3u8?hls_ctx={context}{layer}"),
        Container::Mp4 => format!("{stream}/stream.m3u8?hls_ctx={context}{layer}"),
    }
}

/// Where the media playlist of another grade is for the player that has asked with this query, relative to its own: what opened this one opens that.
fn beside(query: &str) -> impl Fn(Grade) -> String {
    let opens = |pair: &&str| pair.starts_with("hls_ctx=") || pair.starts_with("token=");
    let opened = query.split('&').filter(opens).collect::<Vec<_>>().join("&");
    move |grade| {
        let layer = grade.layer().map(|layer| format!("layer={layer}"));
        let query: Vec<&str> = [opened.as_str(), layer.as_deref().unwrap_or_default()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        if query.is_empty() { "stream.m3u8".to_owned() } else { format!("stream.m3u8?{}", query.join("&")) }
    }
}

/// The layer of simulcast that a player asks for; the best where it says nothing.
fn grade(parts: &Parts) -> Result<Grade, HlsRefusal> {
    let Some(layer) = api::query(parts, "layer") else { return Ok(Grade::BEST) };
    let number = layer.parse().map_err(|_| HlsError::Reload(ReloadError::Number("layer")))?;
    Ok(Grade::of_layer(number).ok_or(HlsError::NotFound)?)
}

/// Whoever knows the name of a file was shown the playlist that has it: it cannot be guessed.
async fn segment(player: &Player<'_>, name: &StreamName, tag: Tag, file: File) -> Result<Response, Refusal> {
    let pieces = player.site.hls.file(name, player.client, tag, file).await?;
    // All players share the files, so these bytes are nobody's in particular.
    player.site.stage.entrance.clients().count_shared(name, Kind::HlsPlay, pieces.iter().map(Bytes::len).sum());
    let content_type = match file {
        File::TransportStream(_) => ts::CONTENT_TYPE,
        File::Mp4(_) | File::Part(_) | File::Init(_) => mp4::CONTENT_TYPE,
    };
    Ok(whole(content_type, "max-age=3600, immutable", pieces))
}

fn whole(content_type: &'static str, keep: &'static str, pieces: Vec<Bytes>) -> Response {
    let length: usize = pieces.iter().map(Bytes::len).sum();
    let body = Body::from_stream(stream::iter(pieces.into_iter().map(Ok::<_, Infallible>)));
    let mut response =
        (StatusCode::OK, [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, keep)], body).into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// A transport stream without end: from the latest key frame on, as long as the player reads and somebody publishes.
async fn endless(player: &Player<'_>, address: &StreamAddress) -> Result<Response, Refusal> {
    let (hls, name) = (&player.site.hls, &address.name);
    let head = [(header::CONTENT_TYPE, ts::CONTENT_TYPE), (header::CACHE_CONTROL, "no-store")];
    if player.parts.method == Method::HEAD {
        player.may_watch(name)?;
        hls.is_on_air(name).then_some(()).ok_or(HlsRefusal::OffAir)?;
        return Ok((StatusCode::OK, head).into_response());
    }
    player.count()?;
    let presence = player.enter(Kind::TsPlay, address).await?;
    let viewer = hls.view(name, player.client, presence).await?;
    let stopping = player.site.stage.stopping.clone();
    let pieces = stream::unfold((viewer, stopping), async |(mut viewer, mut stopping)| {
        let piece = tokio::select! {
            piece = viewer.next() => piece?,
            _ = stopping.wait_for(|stopping| *stopping) => return None,
        };
        Some((Ok::<_, Infallible>(piece), (viewer, stopping)))
    });
    Ok((StatusCode::OK, head, Body::from_stream(pieces)).into_response())
}

#[cfg(test)]
mod tests;
