use room::media::MediaRoomId;
use room::show::StreamPolicy;

use super::*;

fn show() -> Show {
    Show {
        room: MediaRoomId(1),
        audio: None,
        video: None,
        has_audio: false,
        video_codec: None,
        video_layers: 0,
        encrypted: false,
        access: StreamPolicy::Open,
        taken: None,
    }
}

#[test]
fn every_part_of_a_room_has_a_name_that_says_the_room() {
    for (part, app, stream) in [
        (Part::Stage, "room", "abc"),
        (Part::Member("ana".to_owned()), "room/abc", "ana"),
        (Part::Screen("ana".to_owned()), "room/abc/ana", "screen"),
    ] {
        let name = name_of("abc", &part).unwrap();
        assert_eq!((name.app(), name.stream()), (app, stream));
        assert_eq!(room_of(&name), Some("abc"));
    }
    for (app, stream) in [("live", "room"), ("rooms", "abc"), ("live/room", "abc"), ("roomy/abc", "ana")] {
        assert_eq!(room_of(&StreamName::new(app, stream).unwrap()), None, "{app}/{stream}");
    }
}

#[test]
fn what_is_shown_is_found_until_it_is_over() {
    let shows = Shows::default();
    let mut changes = shows.changes();
    shows.note("abc", &Part::Stage, Some(show()));
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    let name = StreamName::new("room", "abc").unwrap();
    assert_eq!(shows.find(&name), Some(show()));
    shows.note("abc", &Part::Member("..".to_owned()), Some(show()));
    assert_eq!(shows.all().len(), 1, "no stream has such a name");
    shows.note("abc", &Part::Stage, None);
    assert_eq!((shows.find(&name), shows.all().len()), (None, 0));
    assert!(changes.has_changed().unwrap());
}
