use super::*;

const BOTH: [Container; 2] = [Container::TransportStream, Container::Mp4];

#[test]
fn segments_end_at_key_frames_and_have_the_same_numbers_in_both_containers() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 20_100, 30, 2000));
    for container in BOTH {
        let seen = watched.seen(container);
        assert_eq!((seen.media_sequence, seen.segments.len(), seen.target_duration_s), (0, 10, 2));
        assert!(seen.segments.iter().all(|segment| segment.duration_us == 2_000_000));
    }
}

#[test]
fn parts_are_half_a_second_and_the_next_is_hinted() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 9_100, 30, 2000));
    let seen = watched.seen(Container::Mp4);
    // Those of the last three target durations.
    let parts: Vec<usize> = seen.segments.iter().map(|segment| segment.parts.len()).collect();
    assert_eq!(parts, [0, 4, 4, 4]);
    assert_eq!(seen.part_target_us, Some(500_000));
    assert!(seen.preload_hint.is_some());
}

#[test]
fn there_is_no_playlist_before_the_first_segment() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 1_900, 30, 2000));
    for container in BOTH {
        assert_eq!(watched.stream.media_playlist(container, Reload::default()), Ok(Answer::Wait));
        assert_eq!(watched.stream.variant(container, "x".to_owned()), Ok(Answer::Wait));
    }
}

#[test]
fn the_first_distance_of_key_frames_tells_the_target_duration() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 20_000, 25, 4000));
    assert_eq!(watched.seen(Container::Mp4).target_duration_s, 4);
}

#[test]
fn without_key_frames_segments_are_cut_at_the_longest_that_was_promised() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 4_000, 25, 2000));
    let mut frames = publication(4_000, 20_000, 25, 100_000);
    frames.iter_mut().filter(|frame| frame.codec == Codec::H264).for_each(|frame| frame.is_key = false);
    watched.publish(&frames);
    let seen = watched.seen(Container::TransportStream);
    assert!(seen.segments.len() > 8, "{}", seen.segments.len());
    let playlist = ready(watched.stream.media_playlist(Container::Mp4, Reload::default()));
    assert!(!text(&playlist).contains("#EXT-X-INDEPENDENT-SEGMENTS"));
}

#[test]
fn a_segment_that_could_not_begin_with_a_key_frame_ends_with_the_next_one() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 4_000, 25, 2000));
    watched.publish(&publication(4_000, 13_100, 25, 2600));
    let segments = &watched.seen(Container::Mp4).segments;
    let ends: Vec<u64> = segments
        .iter()
        .scan(0, |end, segment| {
            *end += segment.duration_us;
            Some(*end)
        })
        .collect();
    assert_eq!(watched.seen(Container::Mp4).target_duration_s, 2);
    for key_ms in (4_000..17_000).step_by(2_600) {
        assert!(ends.iter().any(|end| end.abs_diff(key_ms * 1_000) < 1_000), "{key_ms} ms is none of {ends:?}");
    }
}

#[test]
fn a_stream_of_sound_alone_is_cut_by_its_sounds() {
    let mut watched = Watched::of(&[aac()]);
    let frames: Vec<Frame> = publication(0, 20_000, 25, 2000).into_iter().filter(|f| f.codec == Codec::Aac).collect();
    watched.publish(&frames);
    let seen = watched.seen(Container::TransportStream);
    assert!(seen.segments.len() >= 8, "{}", seen.segments.len());
}

#[test]
fn pictures_without_sound_at_any_rate_keep_the_rules() {
    for fps in [1, 2, 3, 5, 7, 10, 12, 13, 15, 24, 25, 29, 30, 50, 60, 120] {
        let mut watched = Watched::of(&[h264()]);
        let frames: Vec<Frame> =
            publication(0, 15_000, fps, 2000).into_iter().filter(|f| f.codec == Codec::H264).collect();
        watched.publish(&frames);
        assert!(watched.seen(Container::Mp4).segments.len() >= 5, "at {fps} pictures a second");
    }
}

#[test]
fn pictures_that_stop_while_sound_goes_on_do_not_stop_the_stream() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 5_000, 25, 2000));
    let alone: Vec<Frame> = publication(5_000, 6_000, 25, 2000).into_iter().filter(|f| f.codec == Codec::Aac).collect();
    watched.publish(&alone);
    let numbers = watched.seen(Container::Mp4).end();
    assert!(numbers >= 4, "{numbers}");
    watched.publish(&publication(11_000, 5_000, 25, 2000));
    assert!(watched.seen(Container::Mp4).end() > numbers);
}

#[test]
fn other_parameters_make_a_discontinuity_and_a_new_initialization_section() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 5_000, 25, 2000));
    watched
        .stream
        .handle_parameters(watched.now, video(Codec::H264, [h264().decoder_configuration.as_ref(), &[0]].concat()));
    watched.publish(&publication(5_000, 5_000, 25, 2000));
    let maps = |seen: &Seen| {
        let mut maps: Vec<_> = seen.segments.iter().filter_map(|segment| segment.map_uri.clone()).collect();
        maps.dedup();
        maps
    };
    let seen = watched.seen(Container::Mp4).clone();
    assert_eq!(seen.segments.iter().filter(|segment| segment.is_discontinuous).count(), 1);
    let maps = maps(&seen);
    assert_eq!(maps.len(), 2);
    let inits: Vec<_> = maps.iter().map(|name| watched.get(name)).collect();
    assert_ne!(inits[0], inits[1]);
}

#[test]
fn the_same_parameters_again_change_nothing() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 5_000, 25, 2000));
    watched.stream.handle_parameters(watched.now, h264());
    watched.stream.handle_parameters(watched.now, aac());
    watched.publish(&publication(5_000, 5_000, 25, 1000));
    assert!(watched.seen(Container::Mp4).segments.iter().all(|segment| !segment.is_discontinuous));
}

#[test]
fn times_that_jump_make_a_discontinuity() {
    for jump_ms in [-3_000, 60_000] {
        let mut watched = Watched::new();
        watched.publish(&publication(10_000, 5_000, 25, 2000));
        watched.publish(&publication(15_000 + jump_ms, 5_000, 25, 2000));
        let seen = watched.seen(Container::TransportStream);
        assert_eq!(seen.segments.iter().filter(|segment| segment.is_discontinuous).count(), 1, "{jump_ms}");
    }
}

#[test]
fn a_stream_that_ends_says_so_and_keeps_its_last_frames() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 5_000, 25, 2000));
    watched.stream.handle_end(watched.now);
    watched.look();
    let seen = watched.seen(Container::Mp4);
    assert!(seen.is_ended && seen.preload_hint.is_none());
    let total: u64 = seen.segments.iter().map(|segment| segment.duration_us).sum();
    assert_eq!(total, 5_000_000);
}

#[test]
fn a_stream_that_ends_before_its_first_segment_has_that_segment() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 700, 25, 2000));
    watched.stream.handle_end(watched.now);
    watched.look();
    assert_eq!(watched.seen(Container::TransportStream).segments.len(), 1);
}

#[test]
fn the_window_slides_and_what_has_left_it_is_kept_as_long_again() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 90_000, 5, 2000));
    let seen = watched.seen(Container::Mp4).clone();
    let listed: u64 = seen.segments.iter().map(|segment| segment.duration_us).sum();
    assert!((30_000_000..=32_000_000).contains(&listed), "{listed}");
    let kept = |number: u64, watched: &mut Watched| watched.stream.file(TAG, File::Mp4(number));
    assert!(kept(seen.media_sequence - 14, &mut watched).is_ok());
    assert_eq!(kept(seen.media_sequence - 17, &mut watched), Err(HlsError::NotFound));
}

#[test]
fn the_bytes_of_a_stream_are_limited_whatever_the_window_says() {
    let limit = 400_000;
    let mut watched = Watched::with(Config { window_bytes_max: limit, ..Config::default() });
    let mut frames = publication(0, 60_000, 25, 1000);
    for frame in &mut frames {
        frame.data =
            if frame.codec == Codec::H264 { picture(Codec::H264, 0, true, 1000).data } else { frame.data.clone() };
    }
    watched.publish(&frames);
    let kept: usize = watched.stream.window.kept().map(|segment| segment.kept_bytes()).sum();
    assert!(kept <= limit && kept > limit / 2, "{kept}");
}

#[test]
fn a_publisher_whose_times_stand_still_makes_no_part_without_end() {
    let mut watched = Watched::new();
    let frames = vec![picture(Codec::H264, 0, true, 1); 4097 + 1];
    watched.publish(&frames);
    watched.stream.handle_end(watched.now);
    let segment = watched.stream.window.kept().next().expect("there is a segment");
    assert_eq!(segment.samples().count(), 4096);
}

#[test]
fn segments_are_limited_in_number() {
    let mut watched = Watched::new();
    for n in 0..600_u32 {
        let record = [h264().decoder_configuration.as_ref(), &n.to_be_bytes()].concat();
        watched.stream.handle_parameters(watched.now, video(Codec::H264, record));
        watched.publish(&[
            picture(Codec::H264, i64::from(n) * 40, true, 1),
            picture(Codec::H264, i64::from(n) * 40 + 20, false, 1),
        ]);
    }
    assert!(watched.stream.window.kept().count() <= 512);
}

#[test]
fn random_publishers_break_no_rule() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut watched = Watched::new();
        let mut at = 0;
        for _ in 0..400 {
            match random.u8(..40) {
                0 => watched.stream.handle_break(watched.now),
                1 => at += random.i64(0..4000),
                2 => at = (at - random.i64(0..2000)).max(0),
                3 => {
                    let record = [h264().decoder_configuration.as_ref(), &[random.u8(..3)]].concat();
                    watched.stream.handle_parameters(watched.now, video(Codec::H264, record));
                }
                4 => watched.publish(&vec![picture(Codec::H264, at, random.bool(), 10); 5]),
                _ => {
                    let length = random.i64(1..900);
                    let fps = random.i64(1..70);
                    watched.publish(&publication(at, length, fps, random.i64(100..5000)));
                    at += length;
                }
            }
        }
        watched.stream.handle_end(watched.now);
        watched.look();
    }
}

#[test]
fn after_half_an_hour_dates_and_sounds_are_where_they_were() {
    let mut watched = Watched::new();
    for minute in 0..30 {
        watched.publish(&publication(minute * 60_000, 60_000, 30, 2000));
    }
    let seen = watched.seen(Container::Mp4).clone();
    let last = seen.segments.last().expect("there are segments");
    let number = seen.end() - 1;
    // Two seconds each: the segment of that number began so long after the date of the test, which was 00:00:00.
    let (minutes, seconds) = (number * 2 / 60, number * 2 % 60);
    let date = last.date_time.as_deref().expect("it has a date");
    let (clock, millis) = date.trim_end_matches('Z').rsplit_once('.').expect("it has milliseconds");
    let drift_ms = millis.parse::<i64>().expect("they are a number");
    assert_eq!(clock, format!("2026-11-23T00:{minutes:02}:{seconds:02}"), "drift of {drift_ms} ms");
    assert!(drift_ms < 50, "{drift_ms}");
    // The pictures and the sounds of the last segment begin together.
    let segment = watched.stream.window.kept().last().expect("there are segments");
    let first = |codec| segment.samples().find(|s| s.frame.codec == codec).map(|s| s.frame.dts).expect("there is one");
    let skew = first(Codec::H264) - first(Codec::Aac);
    assert!(skew.micros().abs() < 25_000, "{skew}");
}

#[test]
fn sounds_follow_each_other_without_holes_although_their_times_are_rounded() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 60_000, 30, 2000));
    let segments = watched.stream.window.kept();
    let sounds: Vec<_> =
        segments.flat_map(|segment| segment.samples()).filter(|s| s.frame.codec == Codec::Aac).collect();
    for pair in sounds.windows(2) {
        assert_eq!(pair[0].frame.dts + pair[0].duration, pair[1].frame.dts);
        let error = pair[0].duration.micros() - 21_333;
        assert!(error.abs() < 40, "{error}");
    }
}

#[test]
fn opus_and_av1_are_told_to_go_by_mp4() {
    let mut watched = Watched::of(&[video(Codec::Av1, vec![0x81, 0x04, 0x0c, 0x00]), audio(Codec::Opus, &[])]);
    let frames: Vec<Frame> =
        (0..100).map(|n| Frame { codec: Codec::Av1, ..picture(Codec::H264, n * 40, n % 50 == 0, 9) }).collect();
    watched.publish(&frames);
    let refused = watched.stream.media_playlist(Container::TransportStream, Reload::default());
    assert_eq!(refused, Err(HlsError::Codec(Codec::Av1)));
    let playlist = watched.multivariant();
    assert!(playlist.contains("CODECS=\"av01.0.04M.08,opus\""), "{playlist}");
}

#[test]
fn what_a_transport_stream_cannot_carry_stops_its_playlist_only_as_long_as_that_is_listed() {
    let config = Config { window: MediaTime::from_millis(8_000), ..Config::default() };
    let mut watched = Watched::with(config);
    watched.publish(&publication(0, 5_000, 25, 2000));
    watched.stream.handle_parameters(watched.now, video(Codec::Av1, vec![0x81, 0x04, 0x0c, 0x00]));
    let odd = publication(5_000, 5_000, 25, 2000).into_iter().filter(|frame| frame.codec == Codec::H264);
    watched.publish(&odd.map(|frame| Frame { codec: Codec::Av1, ..frame }).collect::<Vec<_>>());
    watched.stream.handle_parameters(watched.now, h264());
    watched.publish(&publication(10_000, 5_000, 25, 2000));
    let refused = watched.stream.media_playlist(Container::TransportStream, Reload::default());
    assert_eq!(refused, Err(HlsError::Codec(Codec::Av1)));
    watched.publish(&publication(15_000, 10_000, 25, 2000));
    let last = watched.seen(Container::TransportStream).segments.last().map(|segment| segment.uri.clone());
    assert!(!watched.get(&last.expect("there are segments")).is_empty());
}
