use std::time::Duration;

use media::MediaTime;

use super::rules;
use super::{LowLatency, MediaPlaylist, MultivariantPlaylist, Part, Segment, Variant};

fn segment(number: u64, duration_ms: i64) -> Segment {
    Segment {
        uri: format!("{number}.m4s"),
        duration: MediaTime::from_millis(duration_ms),
        is_discontinuous: false,
        date_time: None,
        map_uri: None,
        parts: Vec::new(),
    }
}

fn part(uri: &str, duration_ms: i64, is_independent: bool) -> Part {
    Part { uri: uri.to_owned(), duration: MediaTime::from_millis(duration_ms), is_independent }
}

fn classic() -> MediaPlaylist {
    MediaPlaylist {
        target_duration_s: 2,
        media_sequence: 7,
        discontinuity_sequence: 0,
        is_independent: true,
        low_latency: None,
        skipped_segments: 0,
        segments: vec![segment(7, 2000), Segment { is_discontinuous: true, ..segment(8, 1500) }],
        open_segment: None,
        preload_hint: None,
        is_ended: false,
    }
}

fn low_latency() -> MediaPlaylist {
    let first = Segment {
        map_uri: Some("init.mp4".to_owned()),
        date_time: Some(Duration::from_millis(1_792_713_723_456)),
        parts: vec![part("7.0.m4s", 500, true), part("7.1.m4s", 500, false)],
        ..segment(7, 1000)
    };
    MediaPlaylist {
        low_latency: Some(LowLatency {
            part_target: MediaTime::from_millis(500),
            part_hold_back: MediaTime::from_millis(1500),
            hold_back: MediaTime::from_millis(6000),
            can_skip_until: MediaTime::from_millis(12_000),
        }),
        segments: vec![first],
        open_segment: Some(Segment { parts: vec![part("8.0.m4s", 500, true)], ..segment(8, 0) }),
        preload_hint: Some("8.1.m4s".to_owned()),
        ..classic()
    }
}

#[test]
fn a_classic_playlist_has_the_text_that_the_rfc_describes() {
    let text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:7\n\
        #EXTINF:2.000000,\n7.m4s\n#EXT-X-DISCONTINUITY\n#EXTINF:1.500000,\n8.m4s\n";
    assert_eq!(classic().to_string(), text);
    assert_eq!(rules::media_playlist(text).map(|seen| seen.segments.len()), Ok(2));
}

#[test]
fn a_playlist_of_parts_keeps_the_rules_and_is_read_by_others() {
    let playlist = low_latency();
    let text = playlist.to_string();
    let seen = rules::media_playlist(&text).expect("it keeps the rules");
    assert_eq!(seen.open_parts, [("8.0.m4s".to_owned(), 500_000)]);
    assert!(text.contains("#EXT-X-PROGRAM-DATE-TIME:2026-10-23T00:02:03.456Z\n"), "{text}");
    let (_, theirs) = m3u8_rs::parse_media_playlist(text.as_bytes()).expect("m3u8-rs reads it");
    assert_eq!((theirs.media_sequence, theirs.segments.len(), theirs.target_duration), (7, 1, 2));
    assert_eq!(theirs.segments[0].map.as_ref().map(|map| map.uri.as_str()), Some("init.mp4"));
}

#[test]
fn a_delta_update_says_how_much_it_leaves_out() {
    let playlist = MediaPlaylist { skipped_segments: 3, ..low_latency() };
    let seen = rules::media_playlist(&playlist.to_string()).expect("it keeps the rules");
    assert_eq!((seen.media_sequence, seen.skipped_segments, seen.end()), (7, 3, 11));
}

#[test]
fn a_multivariant_playlist_names_its_variants() {
    let variant = Variant {
        uri: "/live/a%20b.m3u8?hls_ctx=1".to_owned(),
        bandwidth_bps: 2_000_000,
        average_bandwidth_bps: 1_500_000,
        codecs: "avc1.64001f,mp4a.40.2".to_owned(),
        resolution: Some((1280, 720)),
        frame_rate_millis: Some(29_970),
    };
    let text = MultivariantPlaylist { is_independent: true, variants: vec![variant] }.to_string();
    assert_eq!(rules::multivariant_playlist(&text), Ok(vec!["/live/a%20b.m3u8?hls_ctx=1".to_owned()]));
    let (_, theirs) = m3u8_rs::parse_master_playlist(text.as_bytes()).expect("m3u8-rs reads it");
    assert_eq!(theirs.variants[0].codecs.as_deref(), Some("avc1.64001f,mp4a.40.2"));
    assert!(text.contains("RESOLUTION=1280x720,FRAME-RATE=29.970\n"), "{text}");
}

#[test]
fn what_a_quoted_string_cannot_hold_is_left_out() {
    let odd = Segment { map_uri: Some("a\"b\nc".to_owned()), ..segment(1, 1000) };
    assert!(odd.to_string().starts_with("#EXT-X-MAP:URI=\"abc\"\n"));
}

#[test]
fn dates_are_right_at_the_ends_of_months_and_in_leap_years() {
    let shown = |seconds: u64| {
        let dated = Segment { date_time: Some(Duration::from_secs(seconds)), ..segment(1, 1000) };
        dated.to_string().lines().next().map(str::to_owned)
    };
    for (seconds, date) in [
        (0, "1970-01-01T00:00:00"),
        (951_782_399, "2000-02-28T23:59:59"),
        (951_782_400, "2000-02-29T00:00:00"),
        (951_868_800, "2000-03-01T00:00:00"),
        (1_798_761_599, "2026-12-31T23:59:59"),
        (4_107_542_400, "2100-03-01T00:00:00"),
    ] {
        assert_eq!(shown(seconds).as_deref(), Some(format!("#EXT-X-PROGRAM-DATE-TIME:{date}.000Z").as_str()));
    }
}
