use turn::Forward;
use turn_types::AddressFamily;
use turn_types::attribute::AdditionalAddressFamily;

use crate::world::{Answer, Client, World, udp};

/// Addresses that no client may reach, in every spelling.
const FORBIDDEN: [&str; 78] = [
    // IPv4 special-purpose and multicast: first and last address of each block.
    "0.0.0.0",
    "0.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "100.64.0.0",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.255.255",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.192",
    "192.0.0.255",
    "192.0.2.0",
    "192.0.2.255",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "192.175.48.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.0",
    "198.51.100.255",
    "203.0.113.0",
    "203.0.113.255",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    // IPv6 special-purpose, multicast, and what nobody has been given.
    "::",
    "::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2620:4f:8000::1",
    "3fff::1",
    "3fff:fff::1",
    "5f00::1",
    "4000::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "1000::1",
    // IPv4 inside IPv6: mapped, compatible, translated, NAT64 (both prefixes), 6to4, Teredo (server, client), ISATAP.
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::127.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2002:a9fe:a9fe::1",
    "2001:0:7f00:1::",
    "2001:0:808:808:0:0:80ff:fffe",
    "2a00:1450::5efe:127.0.0.1",
    "2a00:1450::200:5efe:192.168.0.1",
    // Our own interface, also inside of IPv6.
    "64:ff9b::45.0.0.9",
];

/// Addresses of the Internet, some of them next to a forbidden block.
const OPEN: [&str; 22] = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2a00:1450::5",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
];

const OWN_INTERFACES: [&str; 2] = ["45.0.0.9", "2a01:4f8::9"];

fn world(allow: &[&str]) -> (World, Client) {
    let mut world = World::with(|config| {
        config.own_addresses = OWN_INTERFACES.iter().map(|ip| ip.parse().unwrap()).collect();
        config.allow_peers = allow.iter().map(|net| net.parse().unwrap()).collect();
        config.limits.new_peers.per_second = 0;
    });
    let mut client = Client::new(udp("203.0.113.7:4000"));
    world.meet(&mut client);
    let both = AdditionalAddressFamily::new(AddressFamily::IPV6);
    assert_eq!(world.allocate(&client, &[&both]).answer(), Answer::Success);
    (world, client)
}

fn at_port(ip: &str) -> String {
    std::net::SocketAddr::new(ip.parse().unwrap(), 5000).to_string()
}

#[test]
fn special_addresses_are_refused_on_all_three_paths_in_every_spelling() {
    for ip in FORBIDDEN.into_iter().chain(OWN_INTERFACES) {
        let (mut world, client) = world(&[]);
        let peer = at_port(ip);
        assert_eq!(world.permit(&client, &peer), Answer::Error(403), "CreatePermission for {ip}");
        assert_eq!(world.bind_channel(&client, 0x4000, &peer), Answer::Error(403), "ChannelBind for {ip}");
        assert_eq!(world.send_indication(&client, &peer, b"hello"), None, "Send to {ip}");
        assert_eq!(world.server.stats().drops.forbidden_peer, 1, "Send to {ip} is counted");
    }
}

#[test]
fn data_from_special_addresses_is_dropped_and_counted() {
    for ip in FORBIDDEN {
        let (mut world, _client) = world(&[]);
        let family = turn::Family::of(ip.parse().unwrap());
        let relay = *world.sockets.iter().find(|relay| relay.family == family).unwrap();
        let peer = turn::PeerAddr::new(at_port(ip).parse().unwrap());
        assert_eq!(world.server.handle_peer(world.now, relay, peer, b"hello"), None);
        assert_eq!(world.server.stats().drops.forbidden_peer, 1, "{ip}");
    }
}

#[test]
fn the_internet_is_open() {
    for ip in OPEN {
        let (mut world, client) = world(&[]);
        let peer = at_port(ip);
        assert_eq!(world.permit(&client, &peer), Answer::Success, "CreatePermission for {ip}");
        assert_eq!(world.bind_channel(&client, 0x4000, &peer), Answer::Success, "ChannelBind for {ip}");
        assert!(
            matches!(world.send_indication(&client, &peer, b"hello"), Some(Forward::ToPeer { .. })),
            "Send to {ip}"
        );
    }
}

#[test]
fn the_operator_may_let_special_networks_in() {
    let cases = [
        ("127.0.0.0/8", "127.0.0.1", true),
        ("127.0.0.0/8", "::ffff:127.0.0.1", true),
        ("127.0.0.0/8", "64:ff9b::127.0.0.1", true),
        ("127.0.0.0/8", "2002:7f00:1::1", true),
        ("127.0.0.0/8", "10.0.0.1", false),
        ("10.1.0.0/16", "10.1.255.255", true),
        ("10.1.0.0/16", "10.2.0.0", false),
        ("fd00::/8", "fd00::1", true),
        ("fd00::/8", "fe80::1", false),
        ("45.0.0.9/32", "45.0.0.9", true),
        // A network of IPv6 addresses does not let in what they carry.
        ("2000::/3", "2002:7f00:1::1", false),
        ("::/0", "64:ff9b::10.0.0.1", false),
        ("2001::/32", "2001:0:7f00:1::", false),
        ("2001::/32", "2001:0:808:808:0:0:f7f7:f7f7", true),
    ];
    for (net, ip, let_in) in cases {
        let (mut world, client) = world(&[net]);
        let expected = if let_in { Answer::Success } else { Answer::Error(403) };
        assert_eq!(world.permit(&client, &at_port(ip)), expected, "{ip} with {net}");
        assert_eq!(world.bind_channel(&client, 0x4000, &at_port(ip)), expected, "{ip} with {net}");
        assert_eq!(world.send_indication(&client, &at_port(ip), b"hello").is_some(), let_in, "{ip} with {net}");
    }
}
