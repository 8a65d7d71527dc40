use super::*;

/// After four segments and one part of the fifth.
fn watched() -> Watched {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 8_700, 30, 2000));
    let seen = watched.seen(Container::Mp4);
    assert_eq!((seen.end(), seen.open_parts.len()), (4, 1));
    watched
}

fn ask(watched: &mut Watched, query: &str) -> Result<bool, HlsError> {
    let answer = watched.stream.media_playlist(Container::Mp4, Reload::parse(query)?)?;
    Ok(matches!(answer, Answer::Ready(_)))
}

#[test]
fn what_is_there_is_answered_and_what_comes_is_waited_for() {
    let mut watched = watched();
    for (query, is_ready) in [
        ("", true),
        ("_HLS_msn=0", true),
        ("_HLS_msn=3", true),
        ("_HLS_msn=4", false),
        ("_HLS_msn=5", false),
        ("_HLS_msn=4&_HLS_part=0", true),
        ("_HLS_msn=4&_HLS_part=1", false),
        ("_HLS_msn=5&_HLS_part=0", false),
        // A part behind the last of its segment is the first of the next.
        ("_HLS_msn=3&_HLS_part=50", true),
        ("_HLS_msn=2&_HLS_part=50", true),
    ] {
        assert_eq!(ask(&mut watched, query), Ok(is_ready), "{query}");
    }
}

#[test]
fn what_nobody_can_know_of_is_refused() {
    let mut watched = watched();
    assert_eq!(ask(&mut watched, "_HLS_msn=6"), Err(HlsError::Reload(ReloadError::TooFar { msn: 6, next: 4 })));
    assert_eq!(ask(&mut watched, "_HLS_msn=4&_HLS_part=7"), Ok(false));
    assert!(ask(&mut watched, "_HLS_msn=4&_HLS_part=8").is_err());
    assert!(ask(&mut watched, "_HLS_msn=18446744073709551615").is_err());
}

#[test]
fn directives_that_mean_nothing_are_refused() {
    for query in [
        "_HLS_part=1",
        "_HLS_msn=x",
        "_HLS_msn=",
        "_HLS_msn=-1",
        "_HLS_msn=+1",
        "_HLS_msn=1&_HLS_msn=2",
        "_HLS_msn=99999999999999999999",
    ] {
        let refused = Reload::parse(query).expect_err(query);
        assert_eq!(HlsError::from(refused).code(), 400);
    }
    assert_eq!(Reload::parse("token=1&_HLS_skip=NO"), Ok(Reload::default()));
}

#[test]
fn a_waiting_player_is_answered_by_the_next_part() {
    let mut watched = watched();
    let revision = watched.stream.revision();
    assert_eq!(ask(&mut watched, "_HLS_msn=4&_HLS_part=1"), Ok(false));
    watched.publish(&publication(8_700, 500, 30, 2000).split_off(1));
    assert_ne!(watched.stream.revision(), revision);
    assert_eq!(ask(&mut watched, "_HLS_msn=4&_HLS_part=1"), Ok(true));
}

#[test]
fn the_hinted_part_is_waited_for_and_comes() {
    let mut watched = watched();
    let hint = watched.seen(Container::Mp4).preload_hint.clone().expect("there is a hint");
    let (tag, file) = File::parse(&hint).expect("the name is one of ours");
    assert_eq!(watched.stream.file(tag, file), Ok(Answer::Wait));
    watched.publish(&publication(8_700, 1_000, 30, 2000).split_off(1));
    assert!(!watched.get(&hint).is_empty());
}

#[test]
fn after_the_end_nobody_waits() {
    let mut watched = watched();
    let hint = watched.seen(Container::Mp4).preload_hint.clone().expect("there is a hint");
    watched.stream.handle_end(watched.now);
    assert_eq!(ask(&mut watched, "_HLS_msn=9&_HLS_part=1"), Ok(true));
    let (tag, file) = File::parse(&hint).expect("the name is one of ours");
    // The frames that were waiting made it; the part after them never comes.
    assert!(matches!(watched.stream.file(tag, file), Ok(Answer::Ready(_))));
    assert!(matches!(watched.stream.file(tag, File::Part(99)), Err(HlsError::NotFound)));
}

#[test]
fn a_delta_update_leaves_out_what_is_old_and_nothing_else() {
    let mut watched = Watched::new();
    watched.publish(&publication(0, 30_700, 30, 2000));
    let whole = watched.seen(Container::Mp4).clone();
    let delta = ready(watched.stream.media_playlist(Container::Mp4, Reload { skip: true, ..Reload::default() }));
    let delta = rules::media_playlist(text(&delta)).expect("it keeps the rules");
    assert_eq!(delta.media_sequence, whole.media_sequence);
    // Six target durations stay.
    assert_eq!(delta.segments.len(), 6);
    assert_eq!(delta.skipped_segments as usize + delta.segments.len(), whole.segments.len());
    let kept = &whole.segments[delta.skipped_segments as usize..];
    assert!(
        kept.iter().zip(&delta.segments).all(|(whole, delta)| whole.uri == delta.uri && whole.parts == delta.parts)
    );
}

#[test]
fn a_stream_too_short_to_skip_is_told_whole() {
    let mut watched = watched();
    let delta = ready(watched.stream.media_playlist(Container::Mp4, Reload { skip: true, ..Reload::default() }));
    assert!(!text(&delta).contains("EXT-X-SKIP"));
}

#[test]
fn a_request_may_wait_for_three_target_durations() {
    assert_eq!(watched().stream.patience(), Duration::from_secs(6));
    assert_eq!(Watched::new().stream.patience(), Duration::from_secs(12));
}
