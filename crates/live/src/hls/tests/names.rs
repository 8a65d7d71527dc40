use super::*;

#[test]
fn every_name_is_read_as_it_was_written() {
    for file in [File::TransportStream(7), File::Mp4(0), File::Part(u64::MAX), File::Init(3)] {
        assert_eq!(File::parse(&file.name(TAG)), Some((TAG, file)));
        assert_eq!(File::parse(&format!("my-stream-{}", file.name(TAG))), Some((TAG, file)));
    }
}

#[test]
fn other_names_are_none_of_ours() {
    let tag = TAG.to_string();
    for name in [
        "lesson.ts".to_owned(),
        "lesson-1.ts".to_owned(),
        format!("{tag}-1.flv"),
        format!("{tag}-+1.ts"),
        format!("{tag}-01.ts"),
        format!("{tag}-p1.ts"),
        format!("{tag}-i99999999999.mp4"),
        format!("{tag}-99999999999999999999.ts"),
        format!("{}-1.ts", tag.to_uppercase()),
        format!("{tag}-.ts"),
        format!("{tag}-é1.ts"),
        String::new(),
    ] {
        assert_eq!(File::parse(&name), None, "{name}");
    }
}

#[test]
fn everything_a_playlist_names_is_there_and_parts_are_the_segment() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 11_300, 30, 2000));
    let seen = watched.seen(Container::Mp4).clone();
    for segment in &seen.segments {
        let whole = watched.get(&segment.uri).concat();
        let parts: Vec<Bytes> = segment.parts.iter().flat_map(|(uri, _)| watched.get(uri)).collect();
        assert!(segment.parts.is_empty() || parts.concat() == whole);
        assert!(
            watched.get(segment.map_uri.as_deref().expect("MP4 has a map")).concat().starts_with(b"\0\0\0\x1cftyp")
        );
    }
    for (uri, _) in &seen.open_parts {
        assert!(!watched.get(uri).concat().is_empty());
    }
    for segment in &watched.seen(Container::TransportStream).segments.clone() {
        assert_eq!(watched.get(&segment.uri).concat().len() % 188, 0);
        assert!(segment.uri.starts_with("lesson-"));
    }
}

#[test]
fn the_files_of_another_publication_are_not_found() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 5_000, 30, 2000));
    assert_eq!(watched.stream.file(Tag(1), File::Mp4(0)), Err(HlsError::NotFound));
    assert_eq!(watched.stream.file(TAG, File::Mp4(9)), Err(HlsError::NotFound));
    assert_eq!(watched.stream.file(TAG, File::Part(99)), Err(HlsError::NotFound));
    assert_eq!(watched.stream.file(TAG, File::Init(9)), Err(HlsError::NotFound));
}

#[test]
fn counters_of_transport_streams_go_on_although_a_segment_is_asked_for_late() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 9_000, 30, 2000));
    let names: Vec<String> = watched.seen(Container::TransportStream).segments.iter().map(|s| s.uri.clone()).collect();
    let last = watched.get(&names[3]).concat();
    let before = watched.get(&names[2]).concat();
    let counter = |bytes: &[u8], from_end: bool| {
        let mut packets: Vec<&[u8]> =
            bytes.chunks(188).filter(|p| u16::from_be_bytes([p[1] & 0x1f, p[2]]) == 0x100).collect();
        if from_end {
            packets.reverse();
        }
        packets[0][3] & 0x0f
    };
    assert_eq!(counter(&last, false), (counter(&before, true) + 1) % 16);
}

#[test]
fn the_multivariant_playlist_says_what_the_stream_needs() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 9_000, 25, 2000));
    let playlist = watched.multivariant();
    assert_eq!(rules::multivariant_playlist(&playlist), Ok(vec!["stream.m3u8".to_owned()]));
    for word in ["CODECS=\"avc1.42c00a,mp4a.40.2\"", "RESOLUTION=64x48", "FRAME-RATE=25.000"] {
        assert!(playlist.contains(word), "{word} in {playlist}");
    }
}

#[test]
fn complete_segments_are_told_once_each_by_names_that_lead_to_them() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 5_100, 30, 2000));
    let told: Vec<_> = watched.stream.completed(0).collect();
    assert_eq!(told.iter().map(|segment| segment.number).collect::<Vec<_>>(), [0, 1]);
    assert!(told.iter().all(|segment| segment.playlist == "lesson.m3u8"));
    assert!(told.iter().all(|segment| (1_990..=2_010).contains(&segment.duration.millis())), "{told:?}");
    assert_eq!(told[1].path, format!("lesson-{}", File::TransportStream(1).name(TAG)));
    watched.publish(&publication(5_100, 1_000, 30, 900));
    assert_eq!(watched.stream.completed(2).map(|segment| segment.number).collect::<Vec<_>>(), [2]);
    assert_eq!(watched.stream.completed(3).count(), 0);
}

#[test]
fn what_a_transport_stream_cannot_carry_is_told_as_mp4() {
    let mut watched = Watched::of(&[audio(Codec::Aac, &[0x11, 0x90]), vp9()]);
    for at in (0..5_000).step_by(40) {
        watched.stream.handle_frame(watched.now, &picture(Codec::Vp9, at, at % 2000 == 0, 100));
    }
    let told = watched.stream.completed(0).next().expect("a segment");
    assert_eq!(
        (told.path, told.playlist.as_str()),
        (format!("lesson/{}", File::Mp4(0).name(TAG)), "lesson/index.m3u8")
    );
}

fn vp9() -> media::Parameters {
    video(Codec::Vp9, vec![1, 0, 0, 0, 0, 10, 0x82, 1, 1, 1, 0, 0])
}
