use std::net::SocketAddr;

use super::*;
use crate::clock;

fn tuple(number: usize) -> Tuple {
    let [_, high, middle, low] = u32::try_from(number).unwrap().to_be_bytes();
    let remote = SocketAddr::from(([10, high, middle, low], 4000));
    Tuple { local: SocketAddr::from(([127, 0, 0, 1], 3478)), remote }
}

#[test]
fn a_full_table_takes_no_more_and_loses_nothing() {
    let (mut tuples, now) = (Tuples::new((1, 2)), clock::now());
    for number in 0..ENTRIES_MAX {
        assert!(tuples.insert(now, tuple(number), Owner::Worker(1)));
    }
    assert!(!tuples.insert(now, tuple(ENTRIES_MAX), Owner::Worker(1)));
    assert!(tuples.insert(now, tuple(7), Owner::Worker(2)), "a change needs no room");
    assert_eq!(tuples.entries.len(), ENTRIES_MAX);
    assert_eq!(tuples.owner(now, &tuple(7)), Some(Owner::Worker(2)));
    assert_eq!(tuples.owner(now, &tuple(ENTRIES_MAX)), None);
}

#[test]
fn an_owner_can_give_up_its_own_only() {
    let (mut tuples, now) = (Tuples::new((1, 2)), clock::now());
    tuples.insert(now, tuple(1), Owner::Worker(1));
    tuples.remove(&tuple(1), Owner::Worker(2));
    assert_eq!(tuples.owner(now, &tuple(1)), Some(Owner::Worker(1)));
    tuples.remove(&tuple(1), Owner::Worker(1));
    assert_eq!(tuples.owner(now, &tuple(1)), None);
}

#[test]
fn what_is_silent_for_an_hour_is_forgotten_unless_it_is_our_own_peers() {
    let (mut tuples, now) = (Tuples::new((1, 2)), clock::now());
    tuples.insert(now, tuple(1), Owner::Worker(1));
    tuples.insert(now, tuple(2), Owner::Worker(1));
    tuples.insert(now, tuple(3), Owner::Peer(1));
    let later = now + ELSEWHERE_LIFETIME - Duration::from_secs(1);
    assert!(tuples.owner(later, &tuple(2)).is_some());
    tuples.sweep(now + ELSEWHERE_LIFETIME);
    assert_eq!(tuples.owner(later, &tuple(1)), None);
    assert_eq!(tuples.owner(later, &tuple(2)), Some(Owner::Worker(1)));
    assert_eq!(tuples.owner(later, &tuple(3)), Some(Owner::Peer(1)));
}
