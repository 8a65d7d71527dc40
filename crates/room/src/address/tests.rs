use std::{net::Ipv4Addr, time::Duration};

use super::*;

#[expect(clippy::disallowed_methods, reason = "a test needs one instant to start from")]
fn epoch() -> Instant {
    Instant::now()
}

fn source(number: u32) -> Source {
    Source::new(IpAddr::V4(Ipv4Addr::from(number)))
}

#[test]
fn an_ipv6_network_counts_as_one_address() {
    let [a, b, c] = ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1"].map(|text| text.parse().unwrap());
    assert_eq!(Source::new(a), Source::new(b));
    assert_ne!(Source::new(a), Source::new(c));
}

#[test]
fn an_ipv4_address_in_ipv6_form_is_the_same_address() {
    let [v4, mapped] = ["192.0.2.1", "::ffff:192.0.2.1"].map(|text| text.parse().unwrap());
    assert_eq!(Source::new(v4), Source::new(mapped));
}

#[test]
fn coming_back_does_not_refill_the_budget_of_joins() {
    let (now, limits, mut book) = (epoch(), Limits::default(), AddressBook::default());
    let rate = Rate::new(60, Duration::from_secs(60), 2);
    let join = |book: &mut AddressBook, now| {
        assert!(book.open_connection(now, source(1), &limits));
        let joined = book.take_join(now, source(1), rate);
        book.close_connection(source(1));
        joined
    };
    assert_eq!([join(&mut book, now), join(&mut book, now), join(&mut book, now)], [true, true, false]);
    assert!(join(&mut book, now + Duration::from_secs(1)));
}

#[test]
fn an_address_is_forgotten_once_its_budget_is_full_again() {
    let (now, limits, mut book) = (epoch(), Limits::default(), AddressBook::default());
    let rate = Rate::new(60, Duration::from_secs(60), 2);
    assert!(book.open_connection(now, source(1), &limits));
    assert!(book.take_join(now, source(1), rate));
    book.close_connection(source(1));
    assert_eq!(book.len(), 1);
    assert!(book.open_connection(now + Duration::from_secs(1), source(2), &limits));
    assert_eq!(book.len(), 1);
}

#[test]
fn idle_addresses_are_remembered_up_to_the_limit() {
    let (now, limits, mut book) = (epoch(), Limits::default(), AddressBook::default());
    let rate = Rate::new(1, Duration::from_secs(60), 10);
    let count = u32::try_from(IDLE_ADDRESSES_MAX).unwrap() + 1;
    for number in 0..count {
        assert!(book.open_connection(now, source(number), &limits));
        assert!(book.take_join(now, source(number), rate));
        book.close_connection(source(number));
    }
    assert_eq!(book.len(), IDLE_ADDRESSES_MAX);
}
