use std::net::{Ipv4Addr, SocketAddr};

use super::{BATCH_BYTES_MAX, Batch, Route, SEGMENT_BYTES_MAX};

const SEGMENTS_MAX: usize = 64;

fn route(port: u16) -> Route<u8> {
    Route { socket: 0, destination: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), source: None, ecn: None }
}

/// Opens a batch with the first size, joins the others, and says how many were accepted in all.
fn joined(sizes: &[usize], segments_max: usize) -> usize {
    let mut batch = Batch::new();
    let payload = [7_u8; 65_536];
    let mut sizes = sizes.iter().copied();
    let first = sizes.next().expect("a test has a first size");
    batch.open(route(1), segments_max, &[&payload[..first]]);
    1 + sizes
        .take_while(|&size| {
            let accepted = batch.accepts(&route(1), size);
            if accepted {
                batch.join(&[&payload[..size]]);
            }
            accepted
        })
        .count()
}

#[test]
fn equal_sizes_travel_together() {
    assert_eq!(joined(&[100, 100, 100], SEGMENTS_MAX), 3);
}

#[test]
fn a_shorter_datagram_ends_the_batch_and_a_longer_one_does_not_join() {
    assert_eq!(joined(&[100, 60, 60], SEGMENTS_MAX), 2);
    assert_eq!(joined(&[100, 101], SEGMENTS_MAX), 1);
}

#[test]
fn an_empty_datagram_travels_alone() {
    assert_eq!(joined(&[100, 0], SEGMENTS_MAX), 1);
    assert_eq!(joined(&[0, 0], SEGMENTS_MAX), 1);
}

#[test]
fn the_number_of_segments_is_bounded_by_the_socket() {
    assert_eq!(joined(&[10; 5], 4), 4);
    assert_eq!(joined(&[10; 2], 1), 1);
}

#[test]
fn segments_that_might_exceed_the_path_travel_alone() {
    assert_eq!(joined(&[SEGMENT_BYTES_MAX; 2], SEGMENTS_MAX), 2);
    assert_eq!(joined(&[SEGMENT_BYTES_MAX + 1; 2], SEGMENTS_MAX), 1);
}

#[test]
fn a_batch_stays_below_the_length_field_of_ip() {
    let accepted = joined(&[1200; 64], SEGMENTS_MAX);
    assert_eq!(accepted, BATCH_BYTES_MAX / 1200);
}

#[test]
fn another_destination_or_mark_does_not_join() {
    let mut batch = Batch::new();
    batch.open(route(1), SEGMENTS_MAX, &[b"abcd"]);
    assert!(batch.accepts(&route(1), 4));
    assert!(!batch.accepts(&route(2), 4));
    let marked = Route { ecn: Some(quinn_udp::EcnCodepoint::Ce), ..route(1) };
    assert!(!batch.accepts(&marked, 4));
}

#[test]
fn what_leaves_is_what_came_in_together_and_one_by_one() {
    let mut batch = Batch::new();
    batch.open(route(1), SEGMENTS_MAX, &[b"ab", b"cd", b""]);
    batch.join(&[b"ef", b"g", b"\0"]);
    batch.join(&[b"h"]);
    let ready = batch.take().expect("three datagrams wait");
    assert_eq!(ready.segments(), 3);
    assert_eq!(ready.together().bytes, b"abcdefg\0h");
    assert_eq!(ready.together().segment_bytes, Some(4));
    let singles: Vec<&[u8]> = ready.singles().map(|single| single.bytes).collect();
    assert_eq!(singles, [&b"abcd"[..], b"efg\0", b"h"]);
    assert!(batch.take().is_none());
}

#[test]
fn one_datagram_asks_for_no_segmentation() {
    let mut batch = Batch::new();
    batch.open(route(1), SEGMENTS_MAX, &[b"abcd"]);
    let ready = batch.take().expect("one datagram waits");
    assert_eq!(ready.together().segment_bytes, None);
    assert_eq!(ready.segments(), 1);
}
