//! Fragments in every order, repeated, overlapping, contradicting, too many.

use super::*;

fn fragment(sequence: u16, length: usize, range: Range<usize>) -> Vec<u8> {
    let mut out = Vec::new();
    put_header(&mut out, 11, sequence, length, range.clone());
    out.extend(range.map(|at| at as u8));
    out
}

fn body(length: usize) -> Vec<u8> {
    (0..length).map(|at| at as u8).collect()
}

fn take(reassembly: &mut Reassembly, content: &[u8]) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    reassembly.handle_content(0, content, |arrival| arrivals.push(arrival)).unwrap();
    arrivals
}

#[test]
fn fragments_in_any_order_and_overlapping_become_the_message() {
    let ranges = [0..40, 30..70, 70..71, 60..100, 5..20];
    let mut rng = fastrand::Rng::with_seed(3);
    for _ in 0..50 {
        let mut order = ranges.clone();
        rng.shuffle(&mut order);
        let mut reassembly = Reassembly::default();
        for range in order {
            take(&mut reassembly, &fragment(0, 100, range));
        }
        assert_eq!(reassembly.poll_message().map(|message| message.body), Some(body(100)));
        assert_eq!(reassembly.poll_message(), None);
    }
}

#[test]
fn messages_are_read_in_their_order_and_told_when_they_come_again() {
    let mut reassembly = Reassembly::default();
    take(&mut reassembly, &fragment(1, 3, 0..3));
    assert_eq!(reassembly.poll_message(), None);
    let both = [fragment(0, 0, 0..0), fragment(1, 3, 0..3)].concat();
    assert_eq!(take(&mut reassembly, &both), [Arrival::Wanted, Arrival::Wanted]);
    assert_eq!(reassembly.poll_message().map(|message| message.sequence), Some(0));
    assert_eq!(reassembly.poll_message().map(|message| message.sequence), Some(1));
    assert_eq!(take(&mut reassembly, &fragment(1, 3, 0..3)), [Arrival::Repeated { sequence: 1 }]);
}

#[test]
fn a_message_of_the_limit_is_taken_and_one_byte_more_is_refused() {
    let mut reassembly = Reassembly::default();
    take(&mut reassembly, &fragment(0, PENDING_BYTES_MAX, 0..1));
    let refused = reassembly.handle_content(0, &fragment(1, 1, 0..1), |_| {});
    assert_eq!(refused, Err(TooLarge));
}

#[test]
fn what_is_far_ahead_or_contradicts_is_dropped() {
    let mut reassembly = Reassembly::default();
    take(&mut reassembly, &fragment(AHEAD_MAX - 1, 3, 0..3));
    assert_eq!(reassembly.pending.len(), 1);
    take(&mut reassembly, &fragment(AHEAD_MAX, 3, 0..3));
    assert_eq!(reassembly.pending.len(), 1);
    take(&mut reassembly, &fragment(0, 10, 0..5));
    // Another length, another epoch, beyond the end.
    take(&mut reassembly, &fragment(0, 11, 5..11));
    reassembly.handle_content(1, &fragment(0, 10, 5..10), |_| {}).unwrap();
    take(&mut reassembly, &fragment(0, 10, 8..12));
    assert_eq!(reassembly.poll_message(), None);
    take(&mut reassembly, &fragment(0, 10, 5..10));
    assert_eq!(reassembly.poll_message().map(|message| message.body), Some(body(10)));
}

#[test]
fn gaps_are_kept_up_to_the_limit() {
    let mut reassembly = Reassembly::default();
    for gap in 0..FRAGMENTS_MAX + 1 {
        take(&mut reassembly, &fragment(0, 1000, gap * 3..gap * 3 + 1));
    }
    assert_eq!(reassembly.pending[0].present.len(), FRAGMENTS_MAX);
}
