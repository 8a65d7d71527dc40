//! Members in virtual time, who never send anything.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use room::media::{MediaRefusal, MediaRequest};
use tokio::sync::mpsc;

use super::*;
use crate::clock;
use crate::config::Limit;
use crate::worker::{Bell, Egress, Mesh, RelayBinding, Sockets, Steering, Streams, Tuples, WAKER};
use crate::workers::MediaSettings;

/// The offer of a real client, behind the line that says of which.
fn sdp() -> &'static str {
    include_str!("../../../rtc/tests/corpus/pion-publish.sdp").split_once('\n').unwrap().1
}

struct World {
    media: Media,
    ways: Ways,
    heard: mpsc::Receiver<MediaEvent>,
    now: Instant,
}

impl World {
    fn new() -> Self {
        let poll = mio::Poll::new().unwrap();
        let bell = Arc::new(Bell::new(mio::Waker::new(poll.registry(), WAKER).unwrap()));
        let binding = RelayBinding {
            ipv4: [127, 0, 0, 1].into(),
            ipv6: [0; 16].into(),
            receive_buffer_bytes: 0,
            send_buffer_bytes: 0,
        };
        let sockets = Sockets::new(poll.registry().try_clone().unwrap(), binding);
        let streams = Streams::new(poll.registry().try_clone().unwrap(), 0, Arc::default());
        let mesh = Mesh::between(&[bell]).remove(0);
        let steering = Steering::among(1).pop().unwrap();
        let ways = Ways { egress: Egress::new(sockets, streams), mesh, tuples: Tuples::new((1, 2)), steering };
        let (events, heard) = mpsc::channel(10_000);
        let settings = MediaSettings { reach: Reach::default(), events: events.clone().into() };
        let config = settings.build(&["127.0.0.1:3478".parse().unwrap()]).unwrap().unwrap();
        Self { media: Media::new((0, 1), config, events.into()), ways, heard, now: clock::now() }
    }

    fn offer(&mut self, peer: u64, sdp: &str) -> MediaEvent {
        // Of another network each.
        self.offer_from(Ipv6Addr::from_bits(u128::from(peer) << 64).into(), peer, sdp)
    }

    fn offer_from(&mut self, client: IpAddr, peer: u64, sdp: &str) -> MediaEvent {
        let request = MediaRequest::Offer {
            room: MediaRoomId(peer % 10),
            peer: MediaPeerId(peer),
            client,
            request: peer,
            connection: "one".to_owned(),
            sdp: sdp.to_owned(),
            tracks: Vec::new(),
            may_publish: Vec::new(),
            may_subscribe: true,
        };
        self.media.handle_request(self.now, request, &mut self.ways);
        self.event().unwrap()
    }

    fn event(&mut self) -> Option<MediaEvent> {
        self.media.flush(self.now, &mut self.ways);
        self.heard.try_recv().ok()
    }
}

#[test]
fn who_offers_and_never_comes_is_forgotten_after_thirty_seconds() {
    let mut world = World::new();
    assert!(matches!(world.offer(1, sdp()), MediaEvent::Answered { .. }));
    assert_eq!((world.media.stats(world.now).connections, world.media.half_open.size().0), (1, 1));
    let end = world.now + rtc::ice::CONSENT_EXPIRY;
    while let Some(due) = world.media.poll_timeout().filter(|due| *due <= end) {
        assert!(due >= end || world.media.stats(world.now).connections == 1);
        world.media.handle_timeout(due, &mut world.ways);
    }
    let told = world.event();
    assert!(matches!(told, Some(MediaEvent::Disconnected { peer: MediaPeerId(1), .. })), "{told:?}");
    assert_eq!((world.media.stats(world.now).connections, world.media.half_open.size().0), (0, 0));
}

#[test]
fn so_many_may_be_on_their_way_and_one_more_is_refused_until_another_gives_up() {
    let mut world = World::new();
    let Limit(limit) = HALF_OPEN_MAX;
    for peer in 0..limit {
        assert!(matches!(world.offer(peer, sdp()), MediaEvent::Answered { .. }));
    }
    let refused = MediaEvent::Refused { peer: MediaPeerId(limit), request: limit, reason: MediaRefusal::Full };
    assert_eq!(world.offer(limit, sdp()), refused);
    let close = MediaRequest::Close { room: MediaRoomId(3), peer: MediaPeerId(3) };
    world.media.handle_request(world.now, close, &mut world.ways);
    assert!(matches!(world.offer(limit, "v=0\r\n"), MediaEvent::Refused { reason: MediaRefusal::BadOffer(_), .. }));
    assert!(matches!(world.offer(limit, sdp()), MediaEvent::Answered { .. }), "a bad offer takes no place");
    assert!(matches!(world.offer(limit + 1, sdp()), MediaEvent::Refused { reason: MediaRefusal::Full, .. }));
}

#[test]
fn so_many_of_one_network_may_be_on_their_way_and_one_more_is_refused_while_others_are_not() {
    let mut world = World::new();
    let Limit(limit) = HALF_OPEN_PER_ADDRESS_MAX;
    let address = |host: u64| IpAddr::from(Ipv6Addr::from_bits(0x2001_0db8_u128 << 96 | u128::from(host)));
    for peer in 0..limit {
        assert!(matches!(world.offer_from(address(peer), peer, sdp()), MediaEvent::Answered { .. }));
    }
    let refused = MediaEvent::Refused { peer: MediaPeerId(limit), request: limit, reason: MediaRefusal::Full };
    assert_eq!(world.offer_from(address(limit), limit, sdp()), refused);
    let other = Ipv4Addr::new(192, 0, 2, 1).into();
    assert!(matches!(world.offer_from(other, limit + 1, sdp()), MediaEvent::Answered { .. }));
    let close = MediaRequest::Close { room: MediaRoomId(3), peer: MediaPeerId(3) };
    world.media.handle_request(world.now, close, &mut world.ways);
    assert!(matches!(world.offer_from(address(limit), limit, sdp()), MediaEvent::Answered { .. }));
}

#[test]
fn a_5_tuple_that_was_lost_is_claimed_again_and_one_that_is_lost_by_its_owner_is_free() {
    let mut world = World::new();
    assert!(matches!(world.offer(1, sdp()), MediaEvent::Answered { .. }));
    let tuple = Tuple { local: "127.0.0.1:3478".parse().unwrap(), remote: "127.0.0.1:5000".parse().unwrap() };
    let way = Way::Datagrams { tuple, via: None };
    for _ in 0..2 {
        world.media.claim(world.now, 0, way, &mut world.ways);
        assert_eq!(world.ways.tuples.peek(tuple, Plane::Media), Some(Owner::Peer(0)));
        world.ways.tuples.remove(tuple, Plane::Media, Owner::Peer(0));
    }
    // Another connection had it, which has ended or never was heard there.
    world.ways.tuples.claim(world.now, tuple, Plane::Media, Owner::Peer(77)).unwrap();
    world.media.claim(world.now, 0, way, &mut world.ways);
    assert_eq!(world.ways.tuples.peek(tuple, Plane::Media), Some(Owner::Peer(0)));
    // Another worker's, which claimed it not long ago.
    world.ways.tuples.remove(tuple, Plane::Media, Owner::Peer(0));
    world.ways.tuples.claim(world.now, tuple, Plane::Media, Owner::Worker(1)).unwrap();
    world.media.claim(world.now + Duration::from_secs(1), 0, way, &mut world.ways);
    assert_eq!(world.ways.tuples.peek(tuple, Plane::Media), Some(Owner::Worker(1)));
    assert_eq!(world.ways.egress.counters.tuples_contested, 1);
}

#[test]
fn a_connection_forgets_ways_but_never_more_than_it_has_to() {
    let mut world = World::new();
    assert!(matches!(world.offer(1, sdp()), MediaEvent::Answered { .. }));
    let way = |port: u16| {
        let remote = std::net::SocketAddr::from(([127, 0, 0, 1], port));
        Way::Datagrams { tuple: Tuple { local: "127.0.0.1:3478".parse().unwrap(), remote }, via: None }
    };
    for port in 1..=100 {
        world.media.claim(world.now, 0, way(port), &mut world.ways);
        world.media.claim(world.now, 0, way(port), &mut world.ways);
    }
    let ways = &world.media.connections.get(0).unwrap().ways;
    assert_eq!(ways.len(), rtc::ice::PATHS_MAX);
    assert_eq!(ways.last(), Some(&way(100)));
}
