use mio::{Poll, Waker};

use super::*;
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
        Item::Relayed { .. } | Item::Remember(..) | Item::Forget(..) => panic!("{item:?}"),
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
    assert_eq!(one.dropped(), 0);
    one.post(1, item(9), b"too much");
    one.post(1, item(9), b"too much");
    one.flush();
    assert_eq!(one.dropped(), 2);
    let arrived = std::iter::from_fn(|| two.next_arrival()).count();
    assert_eq!(arrived, PARCELS_MAX);
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
