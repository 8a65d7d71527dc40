use super::*;

const ROOM: MediaRoomId = MediaRoomId(1);

fn fill(places: &mut Places, room: MediaRoomId, peers: std::ops::Range<u64>) -> Vec<usize> {
    peers.map(|peer| places.place(room, MediaPeerId(peer))).collect()
}

#[test]
fn a_small_room_stays_on_one_worker_and_rooms_are_spread() {
    let mut places = Places::new(2, 4);
    assert_eq!(fill(&mut places, ROOM, 0..4), [0; 4]);
    assert_eq!(fill(&mut places, MediaRoomId(2), 10..13), [1; 3]);
    assert_eq!(fill(&mut places, MediaRoomId(3), 20..21), [1]);
}

#[test]
fn at_the_limit_a_room_is_on_one_worker_and_beyond_on_the_next() {
    let mut places = Places::new(3, 2);
    assert_eq!(fill(&mut places, ROOM, 0..9), [0, 0, 1, 1, 2, 2, 0, 1, 2]);
}

#[test]
fn the_next_worker_is_the_least_busy() {
    let mut places = Places::new(3, 2);
    assert_eq!(fill(&mut places, MediaRoomId(2), 10..12), [0, 0]);
    assert_eq!(fill(&mut places, ROOM, 0..2), [1, 1]);
    assert_eq!(fill(&mut places, ROOM, 2..3), [2]);
}

#[test]
fn without_a_limit_a_room_is_never_spread() {
    let mut places = Places::new(2, 0);
    assert_eq!(fill(&mut places, ROOM, 0..500), [0; 500]);
}

#[test]
fn who_is_placed_stays_and_who_leaves_makes_room() {
    let mut places = Places::new(2, 2);
    assert_eq!(fill(&mut places, ROOM, 0..3), [0, 0, 1]);
    assert_eq!(places.place(ROOM, MediaPeerId(2)), 1);
    assert_eq!(places.leave(ROOM, MediaPeerId(2)), Some(1));
    assert_eq!(places.leave(ROOM, MediaPeerId(2)), None);
    assert_eq!(places.leave(ROOM, MediaPeerId(0)), Some(0));
    assert_eq!(places.place(ROOM, MediaPeerId(3)), 0, "one worker is enough again");
    for peer in [1, 3] {
        places.leave(ROOM, MediaPeerId(peer));
    }
    assert!(places.rooms.is_empty() && places.load.iter().all(|load| load.load(Ordering::Relaxed) == 0));
}

#[test]
fn rooms_and_streams_look_at_the_members_of_both() {
    let mut rooms = Places::new(2, 0);
    let mut streams = rooms.beside();
    let busy = rooms.place(MediaRoomId(1), MediaPeerId(1));
    assert_ne!(streams.place(MediaRoomId(1), MediaPeerId(1)), busy, "the same numbers are others");
    rooms.place(MediaRoomId(1), MediaPeerId(2));
    assert_ne!(streams.place(MediaRoomId(2), MediaPeerId(2)), busy);
    assert_eq!(rooms.leave(MediaRoomId(1), MediaPeerId(1)), Some(busy));
    assert_eq!(rooms.leave(MediaRoomId(1), MediaPeerId(2)), Some(busy));
    assert_eq!(streams.place(MediaRoomId(3), MediaPeerId(3)), busy, "who has left counts no more");
}
