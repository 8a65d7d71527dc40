//! A stream whose playlists are read and checked after every frame, as a player that misses nothing would.

use super::*;

pub(super) struct Watched {
    pub(super) stream: Stream,
    pub(super) epoch: Epoch,
    pub(super) now: Instant,
    pub(super) last: [Option<Seen>; 2],
    /// All parts that were ever listed, in order: URI and duration.
    pub(super) parts: Vec<(String, u64)>,
}

impl Watched {
    pub(super) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(super) fn with(config: Config) -> Self {
        let epoch = epoch();
        let mut stream = Stream::new(config, TAG, "lesson".to_owned(), epoch);
        stream.handle_parameters(epoch.at, h264());
        stream.handle_parameters(epoch.at, aac());
        Self { stream, epoch, now: epoch.at, last: [None, None], parts: Vec::new() }
    }

    /// Without the tracks.
    pub(super) fn of(tracks: &[media::Parameters]) -> Self {
        let epoch = epoch();
        let mut stream = Stream::new(Config::default(), TAG, "lesson".to_owned(), epoch);
        tracks.iter().for_each(|track| stream.handle_parameters(epoch.at, track.clone()));
        Self { stream, epoch, now: epoch.at, last: [None, None], parts: Vec::new() }
    }

    /// Each frame comes at its time.
    pub(super) fn publish(&mut self, frames: &[Frame]) {
        for frame in frames {
            self.now = self.epoch.at + Duration::from_micros(u64::try_from(frame.dts.micros()).unwrap_or(0));
            let before = self.stream.revision();
            self.stream.handle_frame(self.now, frame);
            if self.stream.revision() != before {
                self.look();
            }
        }
    }

    pub(super) fn look(&mut self) {
        for (slot, container) in [Container::TransportStream, Container::Mp4].into_iter().enumerate() {
            let Ok(Answer::Ready(playlist)) = self.stream.media_playlist(container, Reload::default()) else {
                continue;
            };
            let seen = rules::media_playlist(text(&playlist));
            let seen = seen.unwrap_or_else(|violation| panic!("{violation:?}\n{}", text(&playlist)));
            if let Some(before) = &self.last[slot] {
                let kept = rules::succession(before, &seen);
                kept.unwrap_or_else(|violation| panic!("{violation:?}\n{before:?}\n{}", text(&playlist)));
            }
            if container == Container::Mp4 {
                let listed = seen.segments.iter().flat_map(|segment| &segment.parts).chain(&seen.open_parts);
                for part in listed {
                    if !self.parts.contains(part) {
                        self.parts.push(part.clone());
                    }
                }
            }
            self.last[slot] = Some(seen);
        }
    }

    pub(super) fn seen(&self, container: Container) -> &Seen {
        self.last[usize::from(container == Container::Mp4)].as_ref().expect("there is a playlist")
    }

    /// As the only variant of its publication.
    pub(super) fn multivariant(&self) -> String {
        let (variant, is_independent) = ready(self.stream.variant(Container::Mp4, "stream.m3u8".to_owned()));
        MultivariantPlaylist { is_independent, variants: vec![variant] }.to_string()
    }

    pub(super) fn get(&mut self, name: &str) -> Vec<Bytes> {
        let (tag, file) = File::parse(name).expect("the name is one of ours");
        ready(self.stream.file(tag, file))
    }
}
