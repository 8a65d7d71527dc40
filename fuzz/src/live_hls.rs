//! A stream of HLS whose publisher and whose players are strangers, with layers of simulcast that come, go and change as they like: every playlist keeps
//! the rules, all of one moment agree, and everything they name is there and well-formed.

use std::time::{Duration, Instant};

use arbitrary::{Arbitrary, Unstructured};
use bytes::Bytes;
use live::hls::{Answer, Config, Container, Epoch, File, Reload, Stream, Tag, Variants};
use live::hub::{GRADES_MAX, Grade, Grades, LAYERS_APART_MAX};
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
    /// In a smaller layer.
    PublishLayer(u8, Step),
    /// The same in all layers, as a publisher sends them.
    PublishAll(Step),
    /// Somebody wants a layer, or nobody any more.
    Want(u8),
    Forget(u8),
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
    world.variants.handle_end(world.now);
    world.look(Container::TransportStream);
    world.look(Container::Mp4);
}

struct World {
    variants: Variants,
    /// Of each grade, as for what follows.
    clocks: [Clock; GRADES_MAX],
    now: Instant,
    /// What was seen last: as a transport stream, and as MP4.
    seen: [[Option<Seen>; 2]; GRADES_MAX],
    /// How many layers were wanted so far: each has a tag of its own.
    wanted: u128,
}

impl World {
    fn new(now: Instant) -> Self {
        let epoch = Epoch { at: now, unix: Duration::from_secs(1_795_392_000) };
        let config = Config { window: MediaTime::from_millis(6_000), window_bytes_max: 1 << 20, ..Config::default() };
        let best = Stream::new(config, TAG, "lesson".to_owned(), epoch);
        let variants = Variants::new(best, config);
        Self { variants, clocks: Default::default(), now, seen: Default::default(), wanted: 0 }
    }

    fn play(&mut self, operation: Operation) {
        match operation {
            Operation::Publish(step) => self.publish(Grade::BEST, &step),
            Operation::PublishLayer(layer, step) => self.publish(of_layer(layer), &step),
            Operation::PublishAll(step) => Grades::ALL.iter().for_each(|grade| self.publish(grade, &step)),
            Operation::Want(layer) => {
                self.wanted += 1;
                self.variants.want(of_layer(layer), Tag(TAG.0 + self.wanted));
            }
            Operation::Forget(layer) => {
                self.variants.forget(of_layer(layer));
                self.seen[of_layer(layer).index()] = [None, None];
            }
            Operation::Pause(pause_ms) => self.now += Duration::from_millis(pause_ms.into()),
            Operation::Look { mp4 } => self.look(if mp4 { Container::Mp4 } else { Container::TransportStream }),
            Operation::Reload(query) => {
                if let Ok(reload) = Reload::parse(&query) {
                    Grades::ALL.iter().for_each(|grade| drop(self.check_playlist(Container::Mp4, grade, reload)));
                }
            }
            Operation::Get(name) => {
                for name in [format!("{TAG}-{name}"), name] {
                    if let Some((tag, file)) = File::parse(&name) {
                        assert_eq!(File::parse(&file.name(tag)), Some((tag, file)), "a file has one name");
                        if let Some(stream) = self.variants.find(tag).and_then(|grade| self.variants.stream(grade)) {
                            let _ = stream.file(tag, file);
                        }
                    }
                }
            }
        }
    }

    fn publish(&mut self, grade: Grade, step: &Step) {
        let clock = &mut self.clocks[grade.index()];
        match step {
            Step::Frame(sent) => self.variants.handle_frame(self.now, grade, &sent.frame(clock)),
            Step::Frames(sent, count) => {
                for _ in 0..*count {
                    self.variants.handle_frame(self.now, grade, &sent.frame(clock));
                }
            }
            Step::Parameters(told) => {
                if let Some(parameters) = told.parameters() {
                    self.variants.handle_parameters(self.now, grade, &parameters);
                }
            }
            Step::Break => self.variants.handle_break(self.now),
        }
    }

    /// As players that miss nothing, one for each variant.
    fn look(&mut self, container: Container) {
        let mut of_this_moment = Vec::new();
        for grade in Grades::ALL.iter() {
            let Some(seen) = self.check_playlist(container, grade, Reload::default()) else { continue };
            for segment in &seen.segments {
                self.check_segment(segment);
            }
            for (part, _) in &seen.open_parts {
                check_mp4(&self.file(part));
            }
            let last = &mut self.seen[grade.index()][usize::from(container == Container::Mp4)];
            if let Some(before) = last {
                let kept = rules::succession(before, &seen);
                kept.unwrap_or_else(|violation| panic!("{violation:?}\n{before:?}\n{seen:?}"));
            }
            *last = Some(seen.clone());
            of_this_moment.push((uri(grade), seen));
        }
        let kept = rules::renditions(&of_this_moment);
        kept.unwrap_or_else(|violation| panic!("{violation:?}\n{of_this_moment:?}"));
    }

    fn check_playlist(&mut self, container: Container, grade: Grade, reload: Reload) -> Option<Seen> {
        if let Ok(Answer::Ready(text)) = self.variants.multivariant_playlist(container, uri) {
            let uris = rules::multivariant_playlist(playlist(&text));
            uris.unwrap_or_else(|violation| panic!("{violation:?}\n{}", playlist(&text)));
        }
        let answer = self.variants.media_playlist((container, grade), reload, uri);
        let Ok(Answer::Ready(text)) = answer else { return None };
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
        let grade = self.variants.find(tag).expect("a tag of our own");
        match self.variants.stream(grade).expect("it has begun").file(tag, file) {
            Ok(Answer::Ready(pieces)) => pieces.concat().into(),
            other => panic!("{name} is listed, and is {other:?}"),
        }
    }
}

/// One of the smaller layers.
fn of_layer(number: u8) -> Grade {
    let layers = u8::try_from(LAYERS_APART_MAX).expect("a few");
    Grade::of_layer(number % layers).expect("there are as many")
}

/// Where the media playlist of a grade is.
fn uri(grade: Grade) -> String {
    format!("stream.m3u8?grade={}", grade.index())
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
