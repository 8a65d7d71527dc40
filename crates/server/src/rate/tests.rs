use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::{CLIENTS_MAX, RateLimit};
use crate::address::ClientNetwork;
use crate::clock;
use crate::config::Limit;

fn client(number: u32) -> ClientNetwork {
    IpAddr::from(Ipv4Addr::from_bits(number)).into()
}

fn limit(per_minute: u64) -> (RateLimit, Instant) {
    (RateLimit::new(Limit(per_minute)), clock::now())
}

#[test]
fn requests_up_to_the_limit_pass_and_the_next_waits_for_its_share_of_a_minute() {
    let (mut limit, now) = limit(30);
    for _ in 0..30 {
        assert_eq!(limit.take(now, client(1)), Ok(()));
    }
    assert_eq!(limit.take(now, client(1)), Err(Duration::from_secs(2)));
    assert_eq!(limit.take(now + Duration::from_secs(2), client(1)), Ok(()));
    assert!(limit.take(now + Duration::from_secs(2), client(1)).is_err());
}

#[test]
fn one_client_does_not_use_up_the_share_of_another() {
    let (mut limit, now) = limit(1);
    assert_eq!(limit.take(now, client(1)), Ok(()));
    assert!(limit.take(now, client(1)).is_err());
    assert_eq!(limit.take(now, client(2)), Ok(()));
}

#[test]
fn zero_is_no_limit() {
    let (mut limit, now) = limit(0);
    assert!((0..1000).all(|_| limit.take(now, client(1)).is_ok()));
    assert!(limit.recent.is_empty());
}

#[test]
fn table_keeps_two_generations_and_no_more() {
    let (mut limit, now) = limit(1);
    let numbers = u32::try_from(CLIENTS_MAX).unwrap();
    for number in 0..numbers {
        limit.take(now, client(number)).unwrap();
    }
    assert_eq!((limit.recent.len(), limit.old.len()), (CLIENTS_MAX, 0));
    limit.take(now, client(numbers)).unwrap();
    assert_eq!((limit.recent.len(), limit.old.len()), (1, CLIENTS_MAX));
    assert!(limit.take(now, client(0)).is_err());
    for number in numbers..numbers * 2 {
        let _ = limit.take(now, client(number));
    }
    assert!(limit.recent.len() <= CLIENTS_MAX && limit.old.len() <= CLIENTS_MAX);
}
