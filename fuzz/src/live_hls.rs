//! A stream of HLS whose publisher and whose players are strangers: every playlist keeps the rules, and everything it names is there and well-formed.

use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use live::hls::{Answer, Config, Container, Epoch, File, Reload, Stream, Tag};
use live::m3u8::MultivariantPlaylist;
use live::m3u8::rules::{self, Seen, SeenSegment};
use media::MediaTime;
use mp4_atom::{Decode as _, Moof};
use mpeg2ts::ts::{ReadTsPacket as _, TsPacketReader};

use crate::mp4_boxes::boxes;
use crate::published::{Clock, Step};

/// What happens next.
#[derive(Debug, Arbitrary)]
enum Operation {
    Publish(Step),
    Pause(u16),
    Look {
        mp4: bool,
    },
    /// A query of a player's own making.
    Reload(String),
    /// A name of a player's own making, behind the tag of the stream where it has none.
    Get(String),
}

/// Operations until the bytes end, and then the end of the stream.
#[expect(clippy::disallowed_methods, reason = "an epoch for a clock that is stepped by hand")]
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut world = World::new(Instant::now());
    while !input.is_empty()
        && let Ok(operation) = Operation::arbitrary(&mut input)
    {
        world.play(operation);
    }
    world.stream.handle_end(world.now);
    world.look(Container::TransportStream);
    world.look(Container::Mp4);
}

struct World {
    stream: Stream,
    clock: Clock,
    now: Instant,
    seen: [Option<Seen>; 2],
}

impl World {
    fn new(now: Instant) -> Self {
        let epoch = Epoch { at: now, unix: Duration::from_secs(1_795_392_000) };
        let config = Config { window: MediaTime::from_millis(6_000), window_bytes_max: 1 << 20, ..Config::default() };
        let stream = Stream::new(config, TAG, "lesson".to_owned(), epoch);
        Self { stream, clock: Clock::default(), now, seen: [None, None] }
    }

    fn play(&mut self, operation: Operation) {
        match operation {
            Operation::Publish(step) => self.publish(step),
            Operation::Pause(pause_ms) => self.now += Duration::from_millis(pause_ms.into()),
            Operation::Look { mp4 } => self.look(if mp4 { Container::Mp4 } else { Container::TransportStream }),
            Operation::Reload(query) => {
                if let Ok(reload) = Reload::parse(&query) {
                    self.check_playlist(Container::Mp4, reload);
                }
            }
            Operation::Get(name) => {
                for name in [format!("{TAG}-{name}"), name] {
                    if let Some((tag, file)) = File::parse(&name) {
                        assert_eq!(File::parse(&file.name(tag)), Some((tag, file)), "a file has one name");
                        let _ = self.stream.file(tag, file);
                    }
                }
            }
        }
    }

    fn publish(&mut self, step: Step) {
        match step {
            Step::Frame(sent) => self.stream.handle_frame(self.now, &sent.frame(&mut self.clock)),
            Step::Frames(sent, count) => {
                for _ in 0..count {
                    self.stream.handle_frame(self.now, &sent.frame(&mut self.clock));
                }
            }
            Step::Parameters(told) => {
                if let Some(parameters) = told.parameters() {
                    self.stream.handle_parameters(self.now, parameters);
                }
            }
            Step::Break => self.stream.handle_break(self.now),
        }
    }

    /// As a player that misses nothing.
    fn look(&mut self, container: Container) {
        let Some(seen) = self.check_playlist(container, Reload::default()) else { return };
        for segment in &seen.segments {
            self.check_segment(segment);
        }
        for (part, _) in &seen.open_parts {
            check_mp4(&self.file(part));
        }
        if let Some(before) = &self.seen[usize::from(container == Container::Mp4)] {
            rules::succession(before, &seen).unwrap_or_else(|violation| panic!("{violation:?}\n{before:?}\n{seen:?}"));
        }
        self.seen[usize::from(container == Container::Mp4)] = Some(seen);
    }

    fn check_playlist(&mut self, container: Container, reload: Reload) -> Option<Seen> {
        if let Ok(Answer::Ready((variant, is_independent))) = self.stream.variant(container, "media.m3u8".to_owned()) {
            let text = MultivariantPlaylist { is_independent, variants: vec![variant] }.to_string();
            let uris = rules::multivariant_playlist(&text);
            uris.unwrap_or_else(|violation| panic!("{violation:?}\n{text}"));
        }
        let Ok(Answer::Ready(text)) = self.stream.media_playlist(container, reload) else { return None };
        let seen = rules::media_playlist(playlist(&text));
        Some(seen.unwrap_or_else(|violation| panic!("{violation:?}\n{}", playlist(&text))))
    }

    fn check_segment(&mut self, segment: &SeenSegment) {
        let bytes = self.file(&segment.uri);
        if segment.uri.ends_with(".ts") {
            return check_transport_stream(&bytes);
        }
        check_mp4(&bytes);
        for (part, _) in &segment.parts {
            check_mp4(&self.file(part));
        }
        let init = self.file(segment.map_uri.as_ref().expect("fragments have an initialization section"));
        assert_eq!(boxes(&init).iter().map(|(name, _)| *name).collect::<Vec<_>>(), [*b"ftyp", *b"moov"]);
    }

    fn file(&mut self, name: &str) -> Bytes {
        let (tag, file) = File::parse(name).expect("a name of our own");
        match self.stream.file(tag, file) {
            Ok(Answer::Ready(pieces)) => pieces.concat().into(),
            other => panic!("{name} is listed, and is {other:?}"),
        }
    }
}

fn playlist(text: &Bytes) -> &str {
    std::str::from_utf8(text).expect("playlists are UTF-8")
}

fn check_transport_stream(bytes: &[u8]) {
    assert_eq!(bytes.len() % live::ts::PACKET_BYTES, 0);
    let mut reader = TsPacketReader::new(bytes);
    while reader.read_ts_packet().expect("every packet is well-formed").is_some() {}
}

/// Pairs of `moof` and `mdat`, in which every sample is where it is said to be.
fn check_mp4(bytes: &[u8]) {
    let boxes = boxes(bytes);
    assert!(!boxes.is_empty() && boxes.len().is_multiple_of(2), "{boxes:?}");
    for pair in boxes.chunks(2) {
        let [(head_name, head), (data_name, data)] = pair else { panic!("{boxes:?}") };
        assert_eq!((head_name, data_name), (b"moof", b"mdat"));
        let moof = Moof::decode(&mut &head[..]).expect("it is well-formed");
        let mut expected = head.len() + BOX_HEAD_BYTES;
        for run in moof.traf.iter().flat_map(|track| &track.trun) {
            assert_eq!(run.data_offset.and_then(|offset| usize::try_from(offset).ok()), Some(expected));
            expected += run.samples.iter().map(|sample| sample.size.expect("there is a size") as usize).sum::<usize>();
        }
        assert_eq!(expected, head.len() + data.len(), "the samples are all there is");
    }
}

const TAG: Tag = Tag(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
const BOX_HEAD_BYTES: usize = 8;
