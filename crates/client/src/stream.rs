//! Publishes a live stream by WHIP and plays one by WHEP.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::interval;

use crate::http_session::{Endpoint, HttpSession};
use crate::peer::{Media, Mode, Peer};
use crate::publication::Publication;
use crate::publish::Sending;
use crate::{Clock, Codec, Engine, Error, Outcome, PeerKey, Publisher, Setup, Transport};

/// Sends until the files have ended or the connection is lost; `tell` hears every second how it goes and says whether to go on. The room
/// and the name of `publisher` do not matter.
///
/// # Errors
/// When a file cannot be read, the server refuses, or the connection is lost.
pub async fn publish_stream(
    publisher: &Publisher,
    endpoint: &Endpoint,
    transport: Transport,
    tell: impl FnMut(Option<&Outcome>) -> bool,
) -> Result<Outcome, Error> {
    let clock = Clock::start();
    let engine = Engine::start(clock, 0, None)?;
    let (mode, sources) = publisher.sources(clock)?;
    let session = open(endpoint, transport, mode, sources, None, &engine, clock).await?;
    follow(session, &engine, tell).await
}

/// Receives until the connection is lost; `tell` as above. With a folder everything is written into files there.
///
/// # Errors
/// When the server refuses, or the connection is lost.
pub async fn play_stream(
    endpoint: &Endpoint,
    transport: Transport,
    record_into: Option<PathBuf>,
    tell: impl FnMut(Option<&Outcome>) -> bool,
) -> Result<Outcome, Error> {
    let clock = Clock::start();
    let engine = Engine::start(clock, 0, None)?;
    let mode = if record_into.is_some() { Mode::Frames } else { Mode::Packets };
    let places = vec![(Media::ReceiveAudio, Vec::new()), (Media::ReceiveVideo, Vec::new())];
    let session = open(endpoint, transport, mode, places, record_into, &engine, clock).await?;
    follow(session, &engine, tell).await
}

/// Negotiates, and hands the connection to the engine.
async fn open(
    endpoint: &Endpoint,
    transport: Transport,
    mode: Mode,
    sources: Vec<Sending>,
    record_into: Option<PathBuf>,
    engine: &Engine,
    clock: Clock,
) -> Result<HttpSession, Error> {
    let began = clock.now();
    let visit = endpoint.visit().await?;
    let mut peer = Peer::new(transport, visit.local, mode, &Codec::ALL, began)?;
    let media: Vec<Media> = sources.iter().map(|(media, _)| media.clone()).collect();
    let offer = peer.offer(&media)?;
    let mids = offer.mids.clone();
    let (session, answer) = visit.offer(&offer.sdp).await?;
    peer.accept_answer(offer, &answer)?;
    let publications = mids.into_iter().zip(sources).flat_map(|(mid, (_, layers))| {
        layers.into_iter().map(move |(layer, source)| Publication::new(mid, layer.as_deref(), source))
    });
    let publications = publications.collect();
    engine.add(KEY, Setup { peer, publications, data: None, loss_ppm: 0, record_into, began });
    Ok(session)
}

/// Tells every second how it goes.
async fn follow(
    session: HttpSession,
    engine: &Engine,
    mut tell: impl FnMut(Option<&Outcome>) -> bool,
) -> Result<Outcome, Error> {
    let mut second = interval(Duration::from_secs(1));
    loop {
        second.tick().await;
        let outcome = engine.report().remove(&KEY).unwrap_or_default();
        let goes_on = tell(Some(&outcome));
        if outcome.lost {
            return Err(Error::Closed);
        }
        if outcome.ended || !goes_on {
            session.end().await;
            return Ok(outcome);
        }
    }
}

/// The one peer connection of the engine.
const KEY: PeerKey = PeerKey(0);
