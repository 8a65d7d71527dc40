use mio::{Poll, Waker};
use room::media::MediaRoomId;

use super::*;
use crate::media::News;
use crate::worker::WAKER;

fn pair() -> (Poll, Mesh, Mesh) {
    let poll = Poll::new().unwrap();
    let bell = Arc::new(Bell::new(Waker::new(poll.registry(), WAKER).unwrap()));
    let mut meshes = Mesh::between(&[Arc::clone(&bell), bell]).into_iter();
    (poll, meshes.next().unwrap(), meshes.next().unwrap())
}

fn item(number: u16) -> Item {
    let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
    Item::Datagram { tuple: Tuple { local: address(3478), remote: address(number) }, ecn: None }
}

fn remote(item: Item) -> u16 {
    match item {
        Item::Datagram { tuple, .. } => tuple.remote.port(),
        Item::Relayed { .. } | Item::Remember(..) | Item::Forget(..) | Item::Steer(_) | Item::Crossing(_) => {
            panic!("{item:?}")
        }
    }
}

#[test]
fn what_is_posted_arrives_in_order_with_its_bytes_when_flushed() {
    let (_poll, mut one, two) = pair();
    one.post(1, item(1), b"first");
    one.post(1, item(2), b"");
    assert!(two.next_arrival().is_none());
    one.flush();
    let mut parcel = two.next_arrival().unwrap();
    assert_eq!((parcel.from(), parcel.len()), (0, 2));
    let (first, bytes) = parcel.item(0).unwrap();
    assert_eq!((remote(first), &*bytes), (1, &b"first"[..]));
    let (second, bytes) = parcel.item(1).unwrap();
    assert_eq!((remote(second), &*bytes), (2, &b""[..]));
    assert!(parcel.item(2).is_none());
}

#[test]
fn memory_comes_back_to_the_packer() {
    let (_poll, mut one, two) = pair();
    one.post(1, item(1), &[7; 1000]);
    one.flush();
    let parcel = two.next_arrival().unwrap();
    let memory = parcel.bytes.as_ptr();
    two.give_back(parcel);
    one.post(1, item(2), &[8; 1000]);
    one.flush();
    one.post(1, item(3), &[9; 1000]);
    one.flush();
    let arrived: Vec<_> = std::iter::from_fn(|| two.next_arrival()).collect();
    assert!(arrived.iter().any(|parcel| parcel.bytes.as_ptr() == memory), "used again");
    assert!(arrived.iter().all(|parcel| parcel.len() == 1));
}

#[test]
fn a_full_queue_drops_what_comes_and_counts_it() {
    let (_poll, mut one, two) = pair();
    for number in 0..PARCELS_MAX {
        one.post(1, item(u16::try_from(number).unwrap()), b"fits");
        one.flush();
    }
    for _ in 0..PARCEL_ITEMS_MAX {
        one.post(1, item(9), b"waits");
    }
    assert!(!one.flush());
    assert_eq!(one.dropped(), 0, "at the limit");
    one.post(1, item(9), b"too much");
    assert_eq!(one.dropped(), u64::try_from(PARCEL_ITEMS_MAX).unwrap());
    let arrived = std::iter::from_fn(|| two.next_arrival()).count();
    assert_eq!(arrived, PARCELS_MAX);
    assert!(one.flush());
    assert_eq!(two.next_arrival().unwrap().len(), 1);
}

fn note(room: u64) -> Note {
    Note { room: MediaRoomId(room), news: News::Closed }
}

#[test]
fn notes_outlast_a_full_queue_and_come_before_what_was_packed_with_them() {
    let (_poll, mut one, two) = pair();
    for _ in 0..PARCELS_MAX {
        one.post(1, item(1), b"fits");
        one.flush();
    }
    one.tell(1, note(1));
    for _ in 0..=PARCEL_ITEMS_MAX {
        one.post(1, item(9), b"too much");
    }
    one.tell(1, note(2));
    assert!(!one.flush() && one.dropped() > 0);
    let _ = std::iter::from_fn(|| two.next_arrival()).count();
    assert!(one.flush());
    let rooms: Vec<_> = two.next_arrival().unwrap().take_notes().into_iter().map(|note| note.room).collect();
    assert_eq!(rooms, [MediaRoomId(1), MediaRoomId(2)]);
    assert!(one.take_lost().is_empty());
}

#[test]
fn beyond_the_limit_of_notes_a_worker_counts_as_lost() {
    let (_poll, mut one, two) = pair();
    (0..NOTES_MAX).for_each(|_| one.tell(1, note(1)));
    assert!(one.take_lost().is_empty(), "at the limit");
    one.tell(1, note(2));
    assert_eq!(one.take_lost(), Links::only(LinkId(1)));
    one.flush();
    assert_eq!(two.next_arrival().unwrap().take_notes().len(), 1);
}

#[test]
fn a_worker_that_has_ended_is_lost_once_and_gets_nothing() {
    let (_poll, mut one, two) = pair();
    drop(two);
    one.tell(1, note(1));
    assert!(one.flush());
    assert_eq!(one.take_lost(), Links::only(LinkId(1)));
    one.tell(1, note(2));
    one.post(1, item(1), b"nobody");
    assert!(one.flush() && one.take_lost().is_empty());
}

#[test]
fn a_parcel_is_sent_when_it_is_full() {
    let (_poll, mut one, two) = pair();
    for _ in 0..PARCEL_ITEMS_MAX {
        one.post(1, item(1), b"");
    }
    assert!(two.next_arrival().is_none(), "at the limit");
    one.post(1, item(1), b"");
    assert_eq!(two.next_arrival().unwrap().len(), PARCEL_ITEMS_MAX);
    let half = vec![0; PARCEL_BYTES_MAX / 2];
    one.post(1, item(1), &half);
    one.post(1, item(1), &half);
    assert!(two.next_arrival().is_none(), "at the limit");
    one.post(1, item(1), &[0]);
    assert_eq!(two.next_arrival().unwrap().len(), 3);
}

#[test]
fn nobody_is_his_own_sibling() {
    let (_poll, one, _two) = pair();
    assert!(!one.is_sibling(0) && one.is_sibling(1) && !one.is_sibling(2));
}
