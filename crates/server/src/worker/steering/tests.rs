use std::net::SocketAddr;

use super::*;
use crate::clock;

fn tuple(number: usize) -> Tuple {
    let number = u16::try_from(number).unwrap();
    let [high, low] = number.to_be_bytes();
    let remote = SocketAddr::from(([10, 0, high, low], 4_000 + number));
    Tuple { local: SocketAddr::from(([127, 0, 0, 1], 3478)), remote }
}

fn pair() -> (Steering, Steering) {
    let mut workers = Steering::among(2).into_iter();
    (workers.next().unwrap(), workers.next().unwrap())
}

fn listed(steering: &Steering) -> usize {
    lock(&steering.list).places.len()
}

#[test]
fn changes_of_a_moment_are_told_once_and_what_is_known_is_no_change() {
    let ((mut one, _), now) = (pair(), clock::now());
    assert_eq!(one.poll_timeout(), None);
    one.put(now, tuple(1), 1);
    let later = now + TELL_DELAY / 2;
    one.put(later, tuple(2), 1);
    assert_eq!(one.poll_timeout(), Some(now + TELL_DELAY));
    one.due = None;
    one.put(later, tuple(1), 1);
    assert_eq!(one.poll_timeout(), None);
}

#[test]
fn a_full_list_takes_no_more_until_one_leaves() {
    let ((mut one, _), now, max) = (pair(), clock::now(), filter::tuples_max(true));
    let mut tuples = Tuples::new((1, 2));
    for number in 0..=max {
        tuples.claim(now, tuple(number), Plane::Media, Owner::Worker(1)).unwrap();
        one.put(now, tuple(number), 1);
    }
    assert_eq!(listed(&one), max);
    let ipv6 = Tuple { local: "[::1]:3478".parse().unwrap(), remote: "[::1]:4000".parse().unwrap() };
    tuples.claim(now, ipv6, Plane::Media, Owner::Worker(1)).unwrap();
    one.put(now, ipv6, 1);
    assert_eq!(listed(&one), max + 1, "the other family has a program of its own");
    tuples.remove(tuple(3), Plane::Media, Owner::Worker(1));
    one.sweep(now, &tuples);
    one.put(now, tuple(max), 1);
    assert_eq!(listed(&one), max + 1);
}

#[test]
fn what_lands_elsewhere_is_not_ours_to_sweep() {
    let ((mut one, mut two), now) = (pair(), clock::now());
    let (empty, mut tuples) = (Tuples::new((1, 2)), Tuples::new((1, 2)));
    tuples.claim(now, tuple(1), Plane::Media, Owner::Worker(1)).unwrap();
    one.put(now, tuple(1), 1);
    two.sweep(now, &empty);
    assert_eq!(listed(&two), 1);
    one.sweep(now, &tuples);
    assert_eq!(listed(&one), 1, "it still is another worker's");
    // Its member has gone, and one of ours has the 5-tuple.
    tuples.remove(tuple(1), Plane::Media, Owner::Worker(1));
    tuples.claim(now, tuple(1), Plane::Media, Owner::Peer(5)).unwrap();
    one.sweep(now, &tuples);
    assert_eq!(listed(&one), 0);
}

#[test]
fn a_kernel_that_takes_short_programs_gets_half_and_one_that_takes_none_says_why() {
    let places: Vec<_> = (0..100).map(|number| (tuple(number), 1)).collect();
    let mut lengths = Vec::new();
    let outcome = tell(&places, |program| {
        lengths.push(program.len());
        if program.len() > 300 { Err(Errno::NOMEM.into()) } else { Ok(()) }
    });
    assert!(outcome.is_ok());
    assert_eq!(lengths.len(), 3, "100, 50 and 25 were tried: {lengths:?}");
    let refused = tell(&places, |_| Err(Errno::PERM.into()));
    assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
}
