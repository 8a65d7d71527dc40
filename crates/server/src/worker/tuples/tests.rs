use std::net::SocketAddr;

use super::*;
use crate::clock;

const MEDIA: Plane = Plane::Media;

fn tuple(number: usize) -> Tuple {
    let [_, high, middle, low] = u32::try_from(number).unwrap().to_be_bytes();
    let remote = SocketAddr::from(([10, high, middle, low], 4000));
    Tuple { local: SocketAddr::from(([127, 0, 0, 1], 3478)), remote }
}

#[test]
fn a_full_table_takes_no_more_and_loses_nothing() {
    let (mut tuples, now) = (Tuples::new((1, 2)), clock::now());
    for number in 0..ENTRIES_MAX {
        assert_eq!(tuples.claim(now, tuple(number), MEDIA, Owner::Worker(1)), Ok(()));
    }
    assert_eq!(tuples.claim(now, tuple(ENTRIES_MAX), MEDIA, Owner::Worker(1)), Err(Denied::Full));
    assert_eq!(tuples.claim(now, tuple(7), MEDIA, Owner::Worker(1)), Ok(()), "what is there needs no room");
    assert_eq!(tuples.entries.len(), ENTRIES_MAX);
    assert_eq!(tuples.owner(now, tuple(7), MEDIA), Some(Owner::Worker(1)));
    assert_eq!(tuples.owner(now, tuple(ENTRIES_MAX), MEDIA), None);
}

#[test]
fn what_one_has_claimed_another_gets_when_it_is_given_up_or_no_more_claimed() {
    let (mut tuples, now) = (Tuples::new((1, 2)), clock::now());
    let (one, other) = (Owner::Peer(1), Owner::Worker(2));
    assert_eq!(tuples.claim(now, tuple(1), MEDIA, one), Ok(()));
    assert_eq!(tuples.claim(now, tuple(1), MEDIA, other), Err(Denied::Taken));
    let later = now + CLAIM_LIFETIME - Duration::from_secs(1);
    assert_eq!(tuples.claim(later, tuple(1), MEDIA, one), Ok(()), "it is still there");
    assert_eq!(tuples.claim(now + CLAIM_LIFETIME, tuple(1), MEDIA, other), Err(Denied::Taken));
    assert_eq!(tuples.claim(later + CLAIM_LIFETIME, tuple(1), MEDIA, other), Ok(()));
    assert_eq!(tuples.owner(later, tuple(1), MEDIA), Some(other));
    tuples.remove(tuple(1), MEDIA, other);
    assert_eq!(tuples.claim(later, tuple(1), MEDIA, one), Ok(()));
}

#[test]
fn an_owner_can_give_up_its_own_only() {
    let (mut tuples, now) = (Tuples::new((1, 2)), clock::now());
    tuples.claim(now, tuple(1), MEDIA, Owner::Worker(1)).unwrap();
    tuples.remove(tuple(1), MEDIA, Owner::Worker(2));
    tuples.remove(tuple(1), Plane::Relaying, Owner::Worker(1));
    assert_eq!(tuples.owner(now, tuple(1), MEDIA), Some(Owner::Worker(1)));
    tuples.remove(tuple(1), MEDIA, Owner::Worker(1));
    assert_eq!(tuples.owner(now, tuple(1), MEDIA), None);
}

#[test]
fn what_is_silent_for_an_hour_is_forgotten_unless_it_is_our_own_peers() {
    let (mut tuples, now) = (Tuples::new((1, 2)), clock::now());
    tuples.claim(now, tuple(1), MEDIA, Owner::Worker(1)).unwrap();
    tuples.claim(now, tuple(2), MEDIA, Owner::Worker(1)).unwrap();
    tuples.claim(now, tuple(3), MEDIA, Owner::Peer(1)).unwrap();
    let later = now + ELSEWHERE_LIFETIME - Duration::from_secs(1);
    assert!(tuples.owner(later, tuple(2), MEDIA).is_some());
    tuples.sweep(now + ELSEWHERE_LIFETIME);
    assert_eq!(tuples.owner(later, tuple(1), MEDIA), None);
    assert_eq!(tuples.owner(later, tuple(2), MEDIA), Some(Owner::Worker(1)));
    assert_eq!(tuples.owner(later, tuple(3), MEDIA), Some(Owner::Peer(1)));
}

#[test]
fn one_port_of_a_client_serves_its_relay_and_its_connection() {
    let (mut tuples, now) = (Tuples::new((1, 2)), clock::now());
    tuples.claim(now, tuple(1), MEDIA, Owner::Peer(1)).unwrap();
    assert_eq!(tuples.owner(now, tuple(1), Plane::Relaying), None);
    tuples.claim(now, tuple(1), Plane::Relaying, Owner::Worker(3)).unwrap();
    assert_eq!(tuples.owner(now, tuple(1), MEDIA), Some(Owner::Peer(1)));
    let (allocate, refresh, binding) = ([0, 3, 0, 0], [0, 4, 0, 0], [0, 1, 0, 0]);
    for relaying in [&allocate[..], &refresh, &binding, &[0x40, 0], &[0x01, 0x11], &[0xFF], &[]] {
        assert_eq!(Plane::of(relaying), Plane::Relaying, "{relaying:?}");
    }
    for media in [&[22, 254][..], &[0x80, 96], &[0x80, 200], &[0x01, 0x01]] {
        assert_eq!(Plane::of(media), MEDIA, "{media:?}");
    }
}
