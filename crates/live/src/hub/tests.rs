use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use media::{Codec, Frame, Kind, MediaTime, Parameters, Shape};

use super::{Content, Cursor, Grade, Hub, Item, Limits, OVERTAKEN_MAX, Rendition, TooSlow};

fn frame(codec: Codec, dts_ms: i64, is_key: bool) -> Frame {
    let dts = MediaTime::from_millis(dts_ms);
    Frame { codec, pts: dts + MediaTime::from_millis(80), dts, is_key, data: Bytes::from_static(&[7; 100]) }
}

fn parameters(codec: Codec, configuration: &'static [u8]) -> Parameters {
    let shape = match codec.kind() {
        Kind::Video => Shape::Video { width: 16, height: 16 },
        Kind::Audio => Shape::Audio { sample_rate_hz: 48_000, channels: 2 },
    };
    Parameters { codec, decoder_configuration: Bytes::from_static(configuration), shape }
}

/// `K` is a key picture, `p` another, `a` a sound, `V` and `A` parameters, `m` metadata; a letter each 40 ms.
fn publish(hub: &mut Hub, what: &str, from_ms: i64) {
    for (letter, ms) in what.chars().zip((from_ms..).step_by(40)) {
        match letter {
            'V' => hub.publish_parameters(parameters(Codec::H264, b"avc")),
            'W' => hub.publish_parameters(parameters(Codec::H264, b"other")),
            'A' => hub.publish_parameters(parameters(Codec::Aac, b"asc")),
            'm' => hub.publish_metadata(Bytes::from_static(b"meta")),
            'K' | 'p' => hub.publish_frame(frame(Codec::H264, ms, letter == 'K')),
            _ => hub.publish_frame(frame(Codec::Aac, ms, true)),
        }
    }
}

fn items(hub: &Hub, cursor: &mut Cursor) -> Vec<Arc<Item>> {
    let mut items = Vec::new();
    hub.read(cursor, usize::MAX, &mut items).expect("the viewer is quick enough");
    items
}

fn read(hub: &Hub, cursor: &mut Cursor) -> String {
    let letter = |item: &Arc<Item>| match item.content() {
        Content::Metadata(_) => 'm',
        Content::Parameters(parameters) if parameters.decoder_configuration == b"other"[..] => 'W',
        Content::Parameters(parameters) if parameters.kind() == Kind::Video => 'V',
        Content::Parameters(_) => 'A',
        Content::Frame(frame) if frame.kind() == Kind::Audio => 'a',
        Content::Frame(frame) if frame.is_key => 'K',
        Content::Frame(_) => 'p',
    };
    items(hub, cursor).iter().map(letter).collect()
}

fn hub() -> Hub {
    let mut hub = Hub::new(Limits::default());
    hub.begin();
    hub
}

#[test]
fn a_viewer_begins_at_the_latest_key_frame_with_what_must_be_known_there() {
    let mut hub = hub();
    publish(&mut hub, "mVAKpapaKpap", 0);
    let mut viewer = Cursor::default();
    assert_eq!(read(&hub, &mut viewer), "mVAKpap");
    assert_eq!(read(&hub, &mut viewer), "");
    publish(&mut hub, "aKp", 480);
    assert_eq!(read(&hub, &mut viewer), "aKp");
}

#[test]
fn what_must_be_known_has_the_time_of_the_key_frame() {
    let mut hub = hub();
    publish(&mut hub, "VAKppppppKp", 0);
    let times: Vec<i64> = items(&hub, &mut Cursor::default()).iter().map(|item| item.time().millis()).collect();
    assert_eq!(times, [280, 280, 280, 320]);
}

#[test]
fn pictures_before_the_first_key_frame_are_shown_to_nobody() {
    let mut hub = hub();
    publish(&mut hub, "VApapa", 0);
    let mut viewer = Cursor::default();
    assert_eq!(read(&hub, &mut viewer), "");
    publish(&mut hub, "Ka", 240);
    assert_eq!(read(&hub, &mut viewer), "VAKa");
}

#[test]
fn a_stream_without_pictures_begins_with_the_sound_of_the_last_second() {
    let mut hub = hub();
    publish(&mut hub, &format!("A{}", "a".repeat(100)), 0);
    let heard = read(&hub, &mut Cursor::default());
    assert!(heard.starts_with("Aa") && heard.len() <= 1 + 26, "{heard}");
}

#[test]
fn parameters_that_are_repeated_are_passed_on_only_when_they_are_new() {
    let mut hub = hub();
    publish(&mut hub, "VKpVpWKp", 0);
    let mut early = Cursor { next: Some(0), ..Cursor::default() };
    assert_eq!(read(&hub, &mut early), "VKppWKp");
    assert_eq!(read(&hub, &mut Cursor::default()), "WKp");
}

#[test]
fn times_go_on_when_another_publisher_comes() {
    let mut hub = hub();
    let mut viewer = Cursor::default();
    publish(&mut hub, "VKpp", 5000);
    assert_eq!(items(&hub, &mut viewer).last().map(|item| item.time().millis()), Some(80));
    hub.end();
    hub.begin();
    publish(&mut hub, "VKpp", 1_000_000);
    let (again, mut late) = (items(&hub, &mut viewer), Cursor::default());
    let times: Vec<i64> = again.iter().map(|item| item.time().millis()).collect();
    assert_eq!(times, [80, 120, 160, 200], "parameters, then frames, 40 ms after the last");
    assert_eq!(read(&hub, &mut late), "VKpp");
    let Content::Frame(picture) = again[1].content() else { panic!("a picture") };
    assert_eq!((picture.pts - picture.dts).millis(), 80, "the order of pictures stays");
}

#[test]
fn a_clock_that_jumps_is_followed_without_a_hole_or_a_step_back() {
    let mut hub = hub();
    for ms in [0, 40, 500_000, 500_040, 100, 140, 130] {
        hub.publish_frame(frame(Codec::H264, ms, true));
    }
    let mut all = Cursor { next: Some(0), ..Cursor::default() };
    let times: Vec<i64> = items(&hub, &mut all).iter().map(|item| item.time().millis()).collect();
    assert_eq!(times, [0, 40, 80, 120, 160, 200, 200]);
}

#[test]
fn after_the_end_nobody_begins_with_old_pictures() {
    let mut hub = hub();
    publish(&mut hub, "VKpp", 0);
    hub.end();
    assert_eq!(read(&hub, &mut Cursor::default()), "");
}

#[test]
fn what_is_kept_reaches_each_limit_and_never_passes_it() {
    let wide = Limits { bytes: usize::MAX, items: usize::MAX, duration: MediaTime::from_millis(i64::MAX / 1000) };
    for (limits, most) in [
        (Limits { bytes: 1000, ..wide }, 10),
        (Limits { items: 12, ..wide }, 12),
        (Limits { duration: MediaTime::from_millis(400), ..wide }, 11),
    ] {
        let mut hub = Hub::new(limits);
        hub.begin();
        publish(&mut hub, &format!("K{}", "p".repeat(most - 1)), 0);
        assert_eq!(read(&hub, &mut Cursor::default()).len(), most, "{limits:?}: all of it is there at the limit");
        publish(&mut hub, "p", i64::try_from(most).expect("small") * 40);
        assert_eq!(hub.kept.len(), most, "{limits:?}");
        assert_eq!(read(&hub, &mut Cursor::default()), "", "{limits:?}: the key frame is gone one past it");
    }
}

#[test]
fn a_viewer_that_is_overtaken_goes_on_at_the_latest_key_frame() {
    let mut hub = Hub::new(Limits { items: 4, ..Limits::default() });
    hub.begin();
    publish(&mut hub, "VKp", 0);
    let mut viewer = Cursor::default();
    assert_eq!(read(&hub, &mut viewer), "VKp");
    publish(&mut hub, "ppppKp", 120);
    assert_eq!(read(&hub, &mut viewer), "VKp");
}

#[test]
fn a_viewer_may_be_overtaken_so_often_and_no_more_before_it_has_everything() {
    let mut hub = Hub::new(Limits { items: 2, ..Limits::default() });
    hub.begin();
    publish(&mut hub, "VKp", 0);
    let overtake = |hub: &mut Hub, cursor: &mut Cursor, round: u32| {
        publish(hub, "KpK", i64::from(round) * 200);
        let mut items = Vec::new();
        // One byte: it takes the key frame and nothing more.
        publish(hub, "p", i64::from(round) * 200 + 120);
        hub.read(cursor, 1, &mut items)
    };
    let mut slow = Cursor { next: Some(0), ..Cursor::default() };
    for round in 0..OVERTAKEN_MAX {
        assert_eq!(overtake(&mut hub, &mut slow, round), Ok(()));
    }
    let mut saved = Cursor { ..slow };
    assert_eq!(overtake(&mut hub, &mut slow, OVERTAKEN_MAX), Err(TooSlow));
    saved.next = None;
    read(&hub, &mut saved);
    assert_eq!(saved.overtaken, 0, "whoever has everything begins anew");
}

#[test]
fn a_read_ends_at_so_many_bytes_and_goes_on_there() {
    let mut hub = hub();
    publish(&mut hub, "Kppp", 0);
    let mut cursor = Cursor::default();
    let mut items = Vec::new();
    hub.read(&mut cursor, 200, &mut items).expect("quick enough");
    assert_eq!(items.len(), 2);
    assert_eq!(read(&hub, &mut cursor), "pp");
}

#[test]
fn metadata_has_no_time_on_the_wire() {
    let mut hub = hub();
    publish(&mut hub, "mVKpppK", 0);
    let items = items(&hub, &mut Cursor::default());
    assert_eq!(items[0].flv()[4..8], [0; 4]);
    assert_eq!(items[0].rtmp()[1..4], [0; 3]);
    assert_eq!(items[1].flv()[4..8], [0, 0, 160, 0]);
}

#[test]
fn an_item_is_written_once_for_all_viewers() {
    let mut hub = hub();
    publish(&mut hub, "VK", 0);
    let (one, other) = (items(&hub, &mut Cursor::default()), items(&hub, &mut Cursor::default()));
    for (one, other) in one.iter().zip(&other) {
        assert!(std::ptr::eq(one.flv().as_ptr(), other.flv().as_ptr()));
        assert!(std::ptr::eq(one.rtmp().as_ptr(), other.rtmp().as_ptr()));
    }
}

#[test]
fn who_is_overtaken_is_told_how_much_was_missed() {
    let mut hub = hub();
    publish(&mut hub, "VKp", 0);
    let mut slow = Cursor::default();
    assert_eq!((read(&hub, &mut slow).as_str(), slow.skipped()), ("VKp", 0));
    // Five seconds later what it has not read is gone, but for the latest key frame.
    for second in 1..20 {
        publish(&mut hub, "Kp", second * 1000);
    }
    assert_eq!((read(&hub, &mut slow).as_str(), slow.skipped()), ("VKp", 36));
    assert_eq!(
        slow.skipped_time(),
        MediaTime::from_millis(18_920),
        "from the last picture, at 0.08 s, to the one at 19 s"
    );
    publish(&mut hub, "p", 20_000);
    assert_eq!((read(&hub, &mut slow).as_str(), slow.skipped()), ("p", 36));
}

#[test]
fn each_frame_says_which_moment_its_times_count_from_and_another_one_after_a_jump() {
    #[expect(clippy::disallowed_methods, reason = "a moment to count from")]
    let epoch = Instant::now();
    let mut hub = Hub::new(Limits::default());
    hub.begin_from(Some(epoch));
    let mut cursor = Cursor::default();
    let mut taken_at = |hub: &Hub| -> Vec<Duration> {
        let read = items(hub, &mut cursor);
        let frames = read.iter().filter(|item| matches!(item.content(), Content::Frame(_)));
        let at = |item: &Arc<Item>| item.origin().unwrap() + Duration::from_micros(item.time().micros().unsigned_abs());
        frames.map(|item| at(item) - epoch).collect()
    };
    publish(&mut hub, "VKp", 500);
    assert_eq!(taken_at(&hub), [540, 580].map(Duration::from_millis));
    // The camera was off for a minute; the stream goes on at once.
    publish(&mut hub, "Kp", 60_580);
    assert_eq!(taken_at(&hub), [60_580, 60_620].map(Duration::from_millis));
    hub.begin();
    publish(&mut hub, "VK", 0);
    assert!(
        items(&hub, &mut cursor).iter().all(|item| item.origin().is_none()),
        "another publisher's clock is unknown"
    );
}

/// `o` and `O` are sound as it came, and its parameters; `c` and `C` the same in the codec that everybody knows; others as in [`publish`].
fn publish_twice(hub: &mut Hub, what: &str, from_ms: i64) {
    for (letter, ms) in what.chars().zip((from_ms..).step_by(40)) {
        match letter {
            'O' => hub.publish_sound_parameters(Rendition::Original, parameters(Codec::Opus, b"")),
            'C' => hub.publish_sound_parameters(Rendition::Common, parameters(Codec::Aac, b"asc")),
            'o' => hub.publish_sound(Rendition::Original, frame(Codec::Opus, ms, true)),
            'c' => hub.publish_sound(Rendition::Common, frame(Codec::Aac, ms, true)),
            other => publish(hub, &other.to_string(), ms),
        }
    }
}

/// The codecs of the sounds that are read.
fn codecs(items: &[Arc<Item>]) -> Vec<Codec> {
    let codec = |item: &Arc<Item>| match item.content() {
        Content::Parameters(parameters) => Some(parameters.codec),
        Content::Frame(frame) => Some(frame.codec),
        Content::Metadata(_) => None,
    };
    items.iter().filter_map(codec).filter(|codec| codec.kind() == Kind::Audio).collect()
}

#[test]
fn who_takes_one_rendition_of_the_sound_gets_nothing_of_the_other() {
    let mut hub = hub();
    publish_twice(&mut hub, "VCOKocpoc", 0);
    for (rendition, codec) in [(Rendition::Common, Codec::Aac), (Rendition::Original, Codec::Opus)] {
        let items = items(&hub, &mut Cursor::new(rendition));
        assert_eq!(codecs(&items), [codec; 3], "parameters and two sounds");
        assert_eq!(items.len(), 6, "and the picture's parameters, and two pictures");
        assert_eq!(hub.audio(rendition).map(|parameters| parameters.codec), Some(codec));
    }
}

#[test]
fn without_the_common_rendition_only_who_takes_the_sound_as_it_came_begins() {
    let mut hub = hub();
    publish_twice(&mut hub, "VOKopo", 0);
    assert!(hub.can_begin(Rendition::Original) && !hub.can_begin(Rendition::Common));
    // It begins in the middle: its viewers begin with the key frame after that.
    publish_twice(&mut hub, "Cpcoc", 1_000);
    assert!(!hub.can_begin(Rendition::Common));
    publish_twice(&mut hub, "Kco", 2_000);
    let heard = items(&hub, &mut Cursor::new(Rendition::Common));
    // Its first frame, 80 ms after the beginning, is time 0.
    assert_eq!((heard.len(), heard[0].time().millis()), (4, 1_920));
    assert_eq!(codecs(&heard), [Codec::Aac; 2]);
    hub.withdraw(Rendition::Common);
    assert!(hub.can_begin(Rendition::Original) && !hub.can_begin(Rendition::Common));
    publish_twice(&mut hub, "Ko", 3_000);
    assert!(hub.can_begin(Rendition::Original) && !hub.can_begin(Rendition::Common));
}

#[test]
fn renditions_of_the_sound_do_not_hold_each_others_times_back() {
    let mut hub = hub();
    publish_twice(&mut hub, "VCOK", 0);
    hub.publish_sound(Rendition::Original, frame(Codec::Opus, 400, true));
    // What was transcoded comes later, with times of before.
    hub.publish_sound(Rendition::Common, frame(Codec::Aac, 360, true));
    let last = |rendition| items(&hub, &mut Cursor::new(rendition)).last().map(|item| item.time().millis());
    assert_eq!(last(Rendition::Original).unwrap() - last(Rendition::Common).unwrap(), 40);
}

#[test]
fn sound_that_is_there_once_is_for_all() {
    let mut hub = hub();
    publish(&mut hub, "VAKapa", 0);
    for rendition in Rendition::ALL {
        assert_eq!(read(&hub, &mut Cursor::new(rendition)), "VAKapa");
    }
}

/// The smallest layer, and a viewer who takes it.
fn small() -> (Grade, Cursor) {
    let small = Grade::of_layer(0).expect("there is a smallest");
    let mut cursor = Cursor::default();
    cursor.read_beside([small].into_iter().collect());
    (small, cursor)
}

#[test]
fn pictures_of_a_layer_come_to_those_alone_who_take_it_and_on_the_same_timeline() {
    let mut hub = hub();
    let (layer, mut both) = small();
    publish(&mut hub, "VKp", 5_000);
    hub.publish_parameters_of(layer, parameters(Codec::H264, b"other"));
    hub.publish_picture_of(layer, frame(Codec::H264, 5_080, true));
    assert_eq!(read(&hub, &mut Cursor::default()), "VKp");
    let items = items(&hub, &mut both);
    let seen: Vec<_> = items.iter().map(|item| (item.grade(), item.time().millis())).collect();
    let best = Grade::BEST;
    assert_eq!(seen, [(best, 0), (best, 0), (best, 40), (layer, 40), (layer, 40)]);
}

#[test]
fn a_picture_of_a_layer_that_stands_nowhere_is_left_out() {
    let mut hub = hub();
    let (layer, mut both) = small();
    hub.publish_picture_of(layer, frame(Codec::H264, 0, true));
    publish(&mut hub, "VKp", 60_000);
    hub.publish_picture_of(layer, frame(Codec::H264, 0, true));
    assert_eq!(read(&hub, &mut both), "VKp", "before all others, and a minute before them");
}

#[test]
fn who_begins_in_the_middle_is_told_how_the_layer_is_decoded() {
    let mut hub = hub();
    let (layer, mut both) = small();
    publish(&mut hub, "VK", 0);
    hub.publish_parameters_of(layer, parameters(Codec::H264, b"other"));
    publish(&mut hub, "Kp", 80);
    assert_eq!(read(&hub, &mut both), "VWKp");
    hub.publish_parameters_of(layer, parameters(Codec::H264, b"other"));
    assert_eq!(read(&hub, &mut both), "W", "it may have been away");
}
