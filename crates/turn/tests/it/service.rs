//! Our own media server as a peer: for clients that reach us by TURN only.

use turn::Forward;

use crate::world::{Answer, RELAY_V4, World, channel_data, udp};

const ANNA: &str = "203.0.113.7:4000";
/// An address of this machine which is not that of the relays.
const LAN: &str = "192.168.1.5";

/// The first bytes of what a media server takes: Binding request, indication, success, error; DTLS; SRTP.
const WELCOME: [&[u8]; 7] = [
    &[0x00, 0x01, 0, 0],
    &[0x00, 0x11, 0, 0],
    &[0x01, 0x01, 0, 0],
    &[0x01, 0x11, 0, 0],
    &[22, 254, 253],
    &[0x80, 96],
    &[0xBF, 200],
];

/// Allocate, Refresh, Send, CreatePermission, ChannelBind, ChannelData, nothing.
const UNWELCOME: [&[u8]; 7] = [
    &[0x00, 0x03, 0, 0],
    &[0x00, 0x04, 0, 0],
    &[0x00, 0x16, 0, 0],
    &[0x00, 0x08],
    &[0x00, 0x09],
    &[0x40, 0, 0, 0],
    &[],
];

fn world() -> World {
    World::with(|config| {
        config.own_addresses = vec![LAN.parse().unwrap(), RELAY_V4.parse().unwrap()];
        config.services = [RELAY_V4, LAN].map(|ip| format!("{ip}:3478").parse().unwrap()).to_vec();
    })
}

#[test]
fn a_client_reaches_the_media_server_through_its_relay_and_nothing_else_there() {
    for ip in [RELAY_V4, LAN] {
        let mut world = world();
        let (anna, _) = world.allocated(udp(ANNA));
        let (service, other) = (format!("{ip}:3478"), format!("{ip}:22"));
        assert_eq!(world.permit(&anna, &service), Answer::Success);
        assert_eq!(world.bind_channel(&anna, 0x4000, &service), Answer::Success);
        assert_eq!(world.bind_channel(&anna, 0x4001, &other), Answer::Error(403), "{other}");
        for payload in WELCOME {
            let forward = world.send_indication(&anna, &service, payload);
            assert!(matches!(forward, Some(Forward::ToPeer { .. })), "{payload:?} to {service}");
            let forward = world.input(anna.addr, &channel_data(0x4000, payload)).0;
            assert!(matches!(forward, Some(Forward::ToPeer { .. })), "{payload:?} to {service}");
        }
        for payload in UNWELCOME {
            assert_eq!(world.send_indication(&anna, &service, payload), None, "{payload:?}");
            assert_eq!(world.input(anna.addr, &channel_data(0x4000, payload)).0, None, "{payload:?}");
        }
        assert_eq!(world.send_indication(&anna, &other, WELCOME[0]), None);
        assert_eq!(world.server.stats().drops.forbidden_peer, 2 * UNWELCOME.len() as u64 + 1);
    }
}

#[test]
fn an_own_address_without_a_service_is_forbidden() {
    let mut world = World::with(|config| config.own_addresses = vec!["198.51.100.77".parse().unwrap()]);
    let (anna, _) = world.allocated(udp(ANNA));
    assert_eq!(world.permit(&anna, "198.51.100.77:3478"), Answer::Error(403));
}
