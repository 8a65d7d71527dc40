//! Sends media into a room: files, or the pattern.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::interval;

use crate::load::Door;
use crate::member::{Event, Member, Seat};
use crate::pattern::{Audio, Shape, Video};
use crate::peer::{Media, Mode, Peer};
use crate::publication::{Publication, Source};
use crate::{Clock, Codec, Engine, Error, Outcome, PeerKey, Playback, Setup, Stamp, Transport};

/// What to send, and as whom.
#[derive(Debug, Clone)]
pub struct Publisher {
    /// The room.
    pub room: String,
    /// For people.
    pub name: String,
    /// A file of pictures.
    pub video: Option<PathBuf>,
    /// A file of sound.
    pub audio: Option<PathBuf>,
    /// Of a file that does not say.
    pub frames_per_second: f64,
    /// Whether files are played over and over.
    pub repeat: bool,
    /// The pattern in the place of files.
    pub pattern: Option<Shape>,
    /// The layers of the pattern, the smallest first; empty for one without a name.
    pub layers: Vec<String>,
}

/// Sends until the files have ended or the room is gone; `tell` hears every second how it goes and says whether to go on. While the
/// room is peer to peer it waits.
///
/// # Errors
/// When a file cannot be read, the server does not let in, or the connection is lost.
pub async fn publish(
    publisher: &Publisher,
    door: &Door,
    mut tell: impl FnMut(Option<&Outcome>) -> bool,
) -> Result<Outcome, Error> {
    let clock = Clock::start();
    let engine = Engine::start(clock, 0, None)?;
    let seat = Seat { name: publisher.name.clone(), token: door.token.clone() };
    let mut member = Member::join(&door.address, &publisher.room, &seat, door.trust).await?;
    let mut second = interval(Duration::from_secs(1));
    let mut last = Outcome::default();
    let mut sending = None;
    loop {
        if member.is_through_server() && sending.is_none() {
            sending = Some(connect(publisher, door.transport, &mut member, &engine, clock).await?);
        }
        tokio::select! {
            event = member.next_event() => match event? {
                Event::Layer { source, rid, active } if source == "camera" => {
                    if let Some(mid) = &sending {
                        engine.activate(KEY, mid, &rid, active);
                    }
                }
                Event::Mode(false) => {
                    engine.remove(KEY);
                    sending = None;
                }
                Event::Tracks { .. } | Event::Left { .. } | Event::Slots(_) | Event::Layer { .. } | Event::Mode(true)
                | Event::Other(_) => {}
            },
            _ = second.tick() => {
                let outcome = engine.report().remove(&KEY);
                let ended = outcome.as_ref().is_some_and(|outcome| outcome.ended);
                let goes_on = tell(outcome.as_ref());
                if let Some(outcome) = outcome {
                    last = outcome;
                }
                if ended || !goes_on {
                    member.leave().await;
                    return Ok(last);
                }
            }
        }
    }
}

/// Negotiates and starts to send. Returns the media description of the pictures, empty without.
async fn connect(
    publisher: &Publisher,
    transport: Transport,
    member: &mut Member,
    engine: &Engine,
    clock: Clock,
) -> Result<String, Error> {
    let began = clock.now();
    let (mode, sources) = publisher.sources(clock)?;
    let mut peer = Peer::new(transport, member.local(), mode, &Codec::ALL, began)?;
    let media: Vec<Media> = sources.iter().map(|(media, _)| media.clone()).collect();
    let names: Vec<&str> =
        media.iter().map(|media| if *media == Media::SendAudio { "microphone" } else { "camera" }).collect();
    let mids = member.negotiate(&mut peer, &media, &names).await?;
    let mut camera = String::new();
    let mut publications = Vec::new();
    for (mid, (media, sources)) in mids.into_iter().zip(sources) {
        if media != Media::SendAudio {
            camera = mid.to_string();
        }
        for (layer, source) in sources {
            publications.push(Publication::new(mid, layer.as_deref(), source));
        }
    }
    engine.add(KEY, Setup { peer, publications, data: None, loss_ppm: 0, record_into: None, began });
    Ok(camera)
}

/// A media description and what is sent in its layers.
pub(crate) type Sending = (Media, Vec<(Option<String>, Source)>);

impl Publisher {
    /// What is sent, and how the engine has to see it.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(crate) fn sources(&self, clock: Clock) -> Result<(Mode, Vec<Sending>), Error> {
        let now = clock.now();
        if let Some(shape) = self.pattern {
            let stamp = |source| Stamp { run: 0, source, number: 0, sent_us: 0 };
            let audio = Source::Audio(Audio::new(PATTERN_AUDIO_BYTES, stamp(0), now));
            let video = |shape, number| Source::Video(Video::new(shape, stamp(number), now));
            let layers = if self.layers.is_empty() {
                vec![(None, video(shape, 1))]
            } else {
                let count = self.layers.len();
                let layer = |(index, name): (usize, &String)| {
                    let packets_per_second = shape.packets_per_second * 0.25_f64.powi((count - index - 1) as i32);
                    (Some(name.clone()), video(Shape { packets_per_second, ..shape }, index as u32 + 1))
                };
                self.layers.iter().enumerate().map(layer).collect()
            };
            let media = vec![(Media::SendAudio, vec![(None, audio)]), (Media::SendVideo(self.layers.clone()), layers)];
            return Ok((Mode::Packets, media));
        }
        let mut media = Vec::new();
        for (path, video) in [(&self.audio, false), (&self.video, true)] {
            let Some(path) = path else { continue };
            let file = Playback::open(path, self.frames_per_second, self.repeat, now)?;
            if file.codec().is_video() != video {
                let reason = if video { "there are no pictures in it" } else { "there is no sound in it" };
                return Err(Error::File { path: path.display().to_string(), reason: reason.into() });
            }
            let kind = if video { Media::SendVideo(Vec::new()) } else { Media::SendAudio };
            media.push((kind, vec![(None, Source::File(file))]));
        }
        Ok((Mode::Frames, media))
    }
}

/// The one peer connection of the engine.
const KEY: PeerKey = PeerKey(0);

/// Opus at about 32 kbit/s.
const PATTERN_AUDIO_BYTES: usize = 80;
