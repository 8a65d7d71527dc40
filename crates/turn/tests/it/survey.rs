//! What operators see of allocations, and end.

use std::time::Duration;

use turn::{AllocationSurvey, Flow};

use crate::world::{Answer, PEER, World, channel_data, udp};

const ANNA: &str = "203.0.113.7:4000";

fn all(world: &World) -> Vec<AllocationSurvey> {
    world.server.survey(world.now, None, usize::MAX)
}

#[test]
fn an_allocation_is_seen_with_its_client_its_peers_and_what_it_has_relayed() {
    let mut world = World::new();
    let (anna, relayed) = world.allocated(udp(ANNA));
    world.advance(Duration::from_secs(100));
    assert_eq!(world.bind_channel(&anna, 0x4000, PEER), Answer::Success);
    assert_eq!(world.permit(&anna, "8.8.8.8:1"), Answer::Success);
    for payload in [&b"hello"[..], b"you"] {
        assert!(world.input(anna.addr, &channel_data(0x4000, payload)).0.is_some());
    }
    assert!(world.peer_sends(relayed, PEER, b"yes").is_some());
    assert!(world.peer_sends(relayed, "8.9.9.9:1", b"no").is_none());
    let seen = all(&world).pop().unwrap();
    assert_eq!((seen.client, seen.user.as_str(), &seen.relayed[..]), (anna.addr, "anna", &[relayed][..]));
    assert_eq!((seen.age, seen.expires_in), (Duration::from_secs(100), Duration::from_secs(500)));
    assert_eq!(seen.permissions, ["8.8.4.4".parse::<std::net::IpAddr>().unwrap(), "8.8.8.8".parse().unwrap()]);
    assert_eq!(seen.channels, [PEER.parse().unwrap()]);
    assert_eq!(seen.traffic.to_peers, Flow { packets: 2, bytes: 8 });
    assert_eq!(seen.traffic.to_client, Flow { packets: 1, bytes: 3 }, "what was dropped is not relayed");
    assert_eq!(world.server.inspect(world.now, seen.key), Some(seen));
}

#[test]
fn pages_show_each_allocation_once() {
    let mut world = World::new();
    for port in 1..=5 {
        world.allocated(udp(&format!("203.0.113.7:{port}")));
    }
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = world.server.survey(world.now, after, 2);
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(last.key.slot);
        seen.extend(page.into_iter().map(|allocation| allocation.client.remote.port()));
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    assert!(world.server.survey(world.now, Some(u32::MAX), 2).is_empty());
}

#[test]
fn an_allocation_that_is_ended_is_gone_with_its_socket_and_its_share() {
    let mut world = World::with(|config| config.limits.allocations_per_user = 1);
    let (anna, relayed) = world.allocated(udp(ANNA));
    let key = all(&world)[0].key;
    assert!(world.server.end_allocation(key));
    assert!(world.drain().is_empty(), "nobody is told");
    assert!(world.sockets.is_empty() && all(&world).is_empty());
    assert!(world.peer_sends(relayed, PEER, b"late").is_none());
    assert_eq!(world.refresh(&anna, 600).answer(), Answer::Error(437));
    assert_eq!(world.allocate(&anna, &[]).answer(), Answer::Success, "the share was given back");
    assert!(!world.server.end_allocation(key), "another has its place, and stays");
    assert_eq!((world.server.inspect(world.now, key), all(&world).len()), (None, 1));
}
