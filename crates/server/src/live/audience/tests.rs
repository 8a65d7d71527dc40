use std::net::IpAddr;

use live::StreamName;
use room::media::MediaRoomId;
use room::show::{Part, Show, StreamPolicy};

use super::*;
use crate::clock;
use crate::live::clients::{Kind, Visit};

fn visit(app: &str, stream: &str) -> Visit {
    Visit {
        name: StreamName::new(app, stream).unwrap(),
        kind: Kind::FlvPlay,
        address: IpAddr::from([192, 0, 2, 1]),
        query: String::new(),
        tc_url: String::new(),
        page_url: String::new(),
    }
}

#[test]
fn all_who_watch_a_part_of_a_room_are_its_audience() {
    let (shows, clients) = (Shows::default(), Clients::new(10, 0));
    let show = Show {
        room: MediaRoomId(1),
        audio: None,
        video: None,
        has_audio: false,
        video_codec: None,
        video_layers: 0,
        encrypted: false,
        access: StreamPolicy::Open,
        taken: None,
    };
    shows.note("abc", &Part::Stage, Some(show.clone()));
    shows.note("abc", &Part::Member("ana".to_owned()), Some(show));
    let names = [("room", "abc"), ("room/abc", "ana"), ("room/abc", "ana"), ("live", "abc")];
    let presences = names.map(|(app, stream)| clients.enter(visit(app, stream), clock::now()).unwrap());
    assert_eq!(count(&shows, &clients), BTreeMap::from([("abc".to_owned(), 3)]));
    drop(presences);
    assert_eq!(count(&shows, &clients), BTreeMap::from([("abc".to_owned(), 0)]));
}

#[test]
fn a_room_hears_of_its_audience_when_that_changes_and_when_it_has_gone() {
    let rooms = |rooms: &[(&str, u32)]| rooms.iter().map(|(room, viewers)| ((*room).to_owned(), *viewers)).collect();
    let told: BTreeMap<String, u32> = rooms(&[("a", 1), ("b", 2), ("c", 3), ("d", 0)]);
    let counted: BTreeMap<String, u32> = rooms(&[("a", 1), ("b", 4), ("e", 5), ("f", 0)]);
    let news: BTreeMap<String, u32> = changed(&told, &counted).into_iter().collect();
    assert_eq!(news, rooms(&[("b", 4), ("c", 0), ("e", 5)]));
}
