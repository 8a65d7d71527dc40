//! All peers of a load: their engines, their sources, and what they counted.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use str0m::media::Mid;

use super::plain::{self, PlainCamera};
use super::report::{Progress, Report};
use super::{PROGRESS, Plan};
use crate::pattern::{Audio, Shape, Video};
use crate::peer::{Media, Mode, Peer};
use crate::publication::{Publication, Source};
use crate::{Clock, Codec, DataSource, Engine, Error, Outcome, PeerKey, Setup, Stamp, Transport};

/// The peers of one load. Peers can be added from many tasks.
#[derive(Debug)]
pub struct Population {
    plan: Plan,
    clock: Clock,
    began: Instant,
    run: u32,
    engines: Vec<Engine>,
    plain: Mutex<Vec<PlainCamera>>,
    peers: AtomicU32,
    sources: AtomicU32,
    measured: Mutex<Measured>,
}

/// What the last figures were, for rates.
#[derive(Debug)]
struct Measured {
    /// When the window began.
    reset_at: Instant,
    /// When progress was last told, and how many packets and bytes had come.
    last: (Instant, u64, u64),
}

impl Population {
    /// Starts the engines.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn new(plan: Plan) -> Result<Self, Error> {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(|error| Error::Engine(error.to_string()))?;
        let run = u32::from_be_bytes(bytes);
        let clock = Clock::start();
        let engines: Result<_, _> =
            (0..plan.threads.max(1)).map(|_| Engine::start(clock, run, plan.look_after)).collect();
        let now = clock.now();
        let measured = Mutex::new(Measured { reset_at: now, last: (now, 0, 0) });
        let (peers, sources) = (AtomicU32::new(0), AtomicU32::new(0));
        let plain = Mutex::default();
        Ok(Self { plan, clock, began: now, run, engines: engines?, plain, peers, sources, measured })
    }

    /// What it is made of.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Differs between runs.
    #[must_use]
    pub fn run(&self) -> u32 {
        self.run
    }

    /// This instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// A peer connection that can be negotiated.
    ///
    /// # Errors
    /// When there is no socket.
    pub fn peer(&self, transport: Transport, local: IpAddr) -> Result<Peer, Error> {
        // What others send is of any codec, the pattern of two.
        let codecs = if self.plan.publishers == 0 { &Codec::ALL[..] } else { &[Codec::Opus, Codec::Vp8] };
        let mut peer = Peer::new(transport, local, Mode::Packets, codecs, self.clock.now())?;
        if self.plan.data.is_some() {
            peer.open_channels();
        }
        Ok(peer)
    }

    /// The media descriptions of somebody who sends, and how the tracks are named.
    #[must_use]
    pub fn sent_media(&self) -> (Vec<Media>, Vec<&'static str>) {
        let audio = self.plan.audio_payload_bytes.map(|_| (Media::SendAudio, "microphone"));
        let video = self.plan.video.map(|_| (Media::SendVideo(self.plan.layers.clone()), "camera"));
        audio.into_iter().chain(video).unzip()
    }

    /// Media descriptions for the tracks of so many others.
    #[must_use]
    pub fn received_media(&self, others: u32) -> Vec<Media> {
        let audio = self.plan.audio_payload_bytes.map(|_| Media::ReceiveAudio);
        let video = self.plan.video.map(|_| Media::ReceiveVideo);
        (0..others).flat_map(|_| [audio.clone(), video.clone()]).flatten().collect()
    }

    /// Media descriptions that nothing comes in.
    #[must_use]
    pub fn idle_media(&self) -> Vec<Media> {
        let voice = (self.plan.idle_slots > 0).then_some(Media::ReceiveAudio);
        voice.into_iter().chain((0..self.plan.idle_slots).map(|_| Media::ReceiveVideo)).collect()
    }

    /// What is sent in the media descriptions of [`Self::sent_media`].
    #[must_use]
    pub fn publications(&self, mids: &[Mid]) -> Vec<Publication> {
        let mut mids = mids.iter().copied();
        let mut publications = Vec::new();
        if let Some((bytes, mid)) = self.plan.audio_payload_bytes.and_then(|bytes| Some((bytes, mids.next()?))) {
            let stamp = self.stamp();
            let audio = Audio::new(bytes, stamp, self.begins_at(stamp.source));
            publications.push(Publication::new(mid, None, Source::Audio(audio)));
        }
        if let Some((shape, mid)) = self.plan.video.and_then(|shape| Some((shape, mids.next()?))) {
            let count = self.plan.layers.len();
            let layers = self.plan.layers.iter().map(|layer| Some(layer.as_str()));
            let layers: Vec<_> = if count == 0 { vec![None] } else { layers.collect() };
            // An encoder makes all layers of a picture at once.
            let mut begins_at = None;
            for (index, layer) in layers.into_iter().enumerate() {
                let quarter = 0.25_f64.powi(i32::try_from(count.saturating_sub(index + 1)).unwrap_or(0));
                let shape = Shape { packets_per_second: shape.packets_per_second * quarter, ..shape };
                let stamp = self.stamp();
                let begins_at = *begins_at.get_or_insert_with(|| self.begins_at(stamp.source));
                let video = Video::new(shape, stamp, begins_at);
                publications.push(Publication::new(mid, layer, Source::Video(video)));
            }
        }
        publications
    }

    /// Sends the camera of the plan as plain RTP, in the place of somebody who sends over a peer connection. The payload type is
    /// [`Self::PLAIN_PAYLOAD_TYPE`].
    ///
    /// # Errors
    /// When the system gives no socket or no thread.
    pub fn send_plain(&self, target: SocketAddr) -> Result<(), Error> {
        let Some(shape) = self.plan.video else { return Ok(()) };
        let stamp = self.stamp();
        let camera = PlainCamera::start(target, Video::new(shape, stamp, self.begins_at(stamp.source)), self.clock)?;
        self.plain.lock().unwrap_or_else(PoisonError::into_inner).push(camera);
        Ok(())
    }

    /// Of VP8 in plain RTP.
    pub const PLAIN_PAYLOAD_TYPE: u8 = plain::PAYLOAD_TYPE;

    /// What somebody who sends says on a data channel.
    #[must_use]
    pub fn data(&self) -> Option<DataSource> {
        self.plan.data.map(|shape| DataSource::new(shape, self.stamp(), self.clock.now()))
    }

    /// Hands a negotiated peer connection to an engine. `began` is when it started to join, `watches` whether what comes to it
    /// is subject to the loss of the plan.
    pub fn add(
        &self,
        peer: Peer,
        publications: Vec<Publication>,
        data: Option<DataSource>,
        began: Instant,
        watches: bool,
    ) -> PeerKey {
        let key = PeerKey(self.peers.fetch_add(1, Ordering::Relaxed));
        let loss_ppm = if watches { self.plan.loss_ppm } else { 0 };
        if let Some(engine) = self.engine(key) {
            engine.add(key, Setup { peer, publications, data, loss_ppm, record_into: None, began });
        }
        key
    }

    /// Closes a peer connection.
    pub fn remove(&self, key: PeerKey) {
        if let Some(engine) = self.engine(key) {
            engine.remove(key);
        }
    }

    /// Switches a layer of a camera on or off.
    pub fn activate(&self, key: PeerKey, mid: &str, rid: &str, active: bool) {
        if let Some(engine) = self.engine(key) {
            engine.activate(key, mid, rid, active);
        }
    }

    /// Lets nobody look any more at what comes, so that a server can be measured that sends more than this process can take.
    pub fn deafen(&self) {
        self.engines.iter().for_each(Engine::deafen);
    }

    /// Starts to count anew.
    pub fn reset(&self) {
        self.engines.iter().for_each(Engine::reset);
        self.plain.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(PlainCamera::reset);
        let now = self.clock.now();
        if let Ok(mut measured) = self.measured.lock() {
            *measured = Measured { reset_at: now, last: (now, 0, 0) };
        }
    }

    /// Everybody's figures.
    #[must_use]
    pub fn outcomes(&self) -> BTreeMap<PeerKey, Outcome> {
        self.engines.iter().flat_map(Engine::report).collect()
    }

    /// What was counted since the last reset.
    #[must_use]
    pub fn report(&self) -> Report {
        let window = self
            .measured
            .lock()
            .map_or(Duration::ZERO, |measured| self.clock.now().saturating_duration_since(measured.reset_at));
        let plain = self.plain.lock().unwrap_or_else(PoisonError::into_inner);
        let plain: Vec<u64> = plain.iter().map(PlainCamera::sent).collect();
        Report::new(&self.plan, &self.outcomes(), &plain, window)
    }

    /// How it goes.
    #[must_use]
    pub fn progress(&self, phase: &'static str) -> Progress {
        let report = self.report();
        let now = self.clock.now();
        let mut progress = Progress::new(phase, &self.plan, &report);
        if let Ok(mut measured) = self.measured.lock() {
            let (at, packets, bytes) = measured.last;
            let seconds = now.saturating_duration_since(at).as_secs_f64().max(0.001);
            progress.packets_per_second = report.received.saturating_sub(packets) as f64 / seconds;
            progress.megabits_per_second = report.bytes.saturating_sub(bytes) as f64 * 8e-6 / seconds;
            measured.last = (now, report.received, report.bytes);
        }
        progress
    }

    /// Lets time pass, and tells every second how it goes.
    pub(super) async fn watch_for(&self, phase: &'static str, time: Duration, progress: &mut impl FnMut(&Progress)) {
        let end = tokio::time::sleep(time);
        tokio::pin!(end);
        let mut second = tokio::time::interval(PROGRESS);
        loop {
            tokio::select! {
                () = &mut end => return,
                _ = second.tick() => progress(&self.progress(phase)),
            }
        }
    }

    /// Lets so many connect, as far as they do soon.
    pub(super) async fn wait_for(&self, members: u32) {
        let connected = async {
            while self.report().joined < u64::from(members) {
                tokio::time::sleep(CONNECTED_STEP).await;
            }
        };
        // Whoever does not is counted in the report.
        let _ = tokio::time::timeout(CONNECTED_WITHIN, connected).await;
    }

    fn engine(&self, key: PeerKey) -> Option<&Engine> {
        self.engines.get(key.0 as usize % self.engines.len().max(1))
    }

    /// When a source begins: soon, but in no step with the others, as people's cameras are. It is the same place between two pictures in
    /// every run, however quickly a server lets people in.
    fn begins_at(&self, source: u32) -> Instant {
        let mut hasher = DefaultHasher::new();
        hasher.write_u32(source);
        let place = STEP.mul_f64(hasher.finish() as f64 / u64::MAX as f64);
        let steps = self.clock.now().saturating_duration_since(self.began).as_nanos().div_ceil(STEP.as_nanos());
        self.began + STEP * u32::try_from(steps).unwrap_or(u32::MAX) + place
    }

    fn stamp(&self) -> Stamp {
        Stamp { run: self.run, source: self.sources.fetch_add(1, Ordering::Relaxed), number: 0, sent_us: 0 }
    }
}

/// How often those who connect are counted.
const CONNECTED_STEP: Duration = Duration::from_millis(10);

/// A server that answers has let everybody in by then.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// The time between two pictures of the usual camera, and between every second packet of sound.
const STEP: Duration = Duration::from_millis(40);
