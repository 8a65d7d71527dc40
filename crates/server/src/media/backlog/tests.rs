use room::media::{DataMessage, Lane, MediaRoomId, Priority, Source};

use super::*;

const ROOM: MediaRoomId = MediaRoomId(1);

fn offer(peer: u64, request: u64) -> MediaRequest {
    MediaRequest::Offer {
        room: ROOM,
        peer: MediaPeerId(peer),
        client: std::net::Ipv4Addr::LOCALHOST.into(),
        request,
        connection: String::new(),
        sdp: String::new(),
        tracks: Vec::new(),
        may_publish: Vec::new(),
        may_subscribe: true,
    }
}

fn wish(mid: &str, width_px: u32) -> SlotWish {
    SlotWish {
        mid: mid.to_owned(),
        track: None,
        width_px,
        height_px: 0,
        layer_max: None,
        priority: Priority::Normal,
        paused: false,
    }
}

fn subscribe(peer: u64, slots: &[SlotWish]) -> MediaRequest {
    MediaRequest::Subscribe { room: ROOM, peer: MediaPeerId(peer), slots: slots.to_vec() }
}

fn block(peer: u64, blocked: bool) -> MediaRequest {
    MediaRequest::Block { room: ROOM, peer: MediaPeerId(peer), source: Source::Camera, blocked }
}

fn close(peer: u64) -> MediaRequest {
    MediaRequest::Close { room: ROOM, peer: MediaPeerId(peer) }
}

fn drained(backlog: &mut Backlog) -> Vec<MediaRequest> {
    let mut sent = Vec::new();
    backlog.drain(|request| {
        sent.push(*request);
        Ok(())
    });
    sent
}

#[test]
fn requests_leave_in_their_order_as_far_as_they_are_taken() {
    let mut backlog = Backlog::default();
    let requests = [offer(1, 1), offer(2, 2), subscribe(1, &[wish("a", 1)]), block(2, true)];
    for request in requests.clone() {
        assert_eq!(backlog.push(request), Ok(()));
    }
    let mut room = 2;
    let mut sent = Vec::new();
    backlog.drain(|request| {
        if room == 0 {
            return Err(request);
        }
        room -= 1;
        sent.push(*request);
        Ok(())
    });
    assert_eq!(sent, requests[..2]);
    assert!(!backlog.is_empty());
    assert_eq!(drained(&mut backlog), requests[2..]);
    assert!(backlog.is_empty());
}

#[test]
fn an_offer_beyond_the_limit_is_refused_and_the_others_wait_on() {
    let mut backlog = Backlog::default();
    for request in 0..OFFERS_MAX as u64 {
        assert_eq!(backlog.push(offer(request, request)), Ok(()));
    }
    let refused = MediaEvent::Refused { peer: MediaPeerId(9), request: 999, reason: MediaRefusal::Unavailable };
    assert_eq!(backlog.push(offer(9, 999)), Err(refused));
    assert_eq!(backlog.push(close(3)), Ok(()), "which makes room");
    assert_eq!(backlog.push(offer(9, 1000)), Ok(()));
    assert_eq!(drained(&mut backlog).len(), OFFERS_MAX + 1);
    assert_eq!(backlog.push(offer(9, 1001)), Ok(()));
}

#[test]
fn a_flood_of_wishes_waits_as_one_in_which_the_newest_count() {
    let mut backlog = Backlog::default();
    for width in 0..1_000 {
        backlog.push(subscribe(1, &[wish("a", width), wish("b", 7)])).unwrap();
        backlog.push(subscribe(2, &[wish("a", width)])).unwrap();
    }
    let expected = [subscribe(1, &[wish("a", 999), wish("b", 7)]), subscribe(2, &[wish("a", 999)])];
    assert_eq!(drained(&mut backlog), expected);
    for slot in 0..=WISHES_MAX {
        backlog.push(subscribe(1, &[wish(&slot.to_string(), 1)])).unwrap();
    }
    let sent = drained(&mut backlog);
    assert!(matches!(&sent[..], [MediaRequest::Subscribe { slots, .. }] if slots.len() == WISHES_MAX));
}

#[test]
fn wishes_after_an_offer_stay_behind_it() {
    let mut backlog = Backlog::default();
    let requests = [subscribe(1, &[wish("a", 1)]), offer(1, 1), subscribe(1, &[wish("a", 2)])];
    for request in requests.clone() {
        backlog.push(request).unwrap();
    }
    assert_eq!(drained(&mut backlog), requests);
}

#[test]
fn who_leaves_takes_along_what_waits_and_what_a_moderator_decided_last_counts() {
    let mut backlog = Backlog::default();
    for request in [offer(1, 1), block(2, true), subscribe(1, &[wish("a", 1)]), block(2, false), close(1)] {
        backlog.push(request).unwrap();
    }
    assert_eq!(drained(&mut backlog), [block(2, false), close(1)]);
}

#[test]
fn data_wait_in_their_order_until_there_are_too_many_bytes_of_them() {
    let data = |first: u8| {
        let message = DataMessage::Binary(vec![first; 64 * 1024].into());
        MediaRequest::Data { room: ROOM, to: vec![MediaPeerId(1)], lane: Lane::Reliable, message }
    };
    let mut backlog = Backlog::default();
    let mut pushed = Vec::new();
    for first in 0..=u8::MAX {
        if !backlog.takes_data() {
            break;
        }
        pushed.push(data(first));
        backlog.push(data(first)).unwrap();
    }
    assert_eq!(pushed.len(), DATA_BYTES_MAX.div_ceil(data_bytes(&data(0))));
    backlog.push(close(1)).unwrap();
    pushed.push(close(1));
    assert!(
        drained(&mut backlog) == pushed,
        "in their order, and the end of a member takes away no message of the others"
    );
    assert!(backlog.takes_data());
}
