use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::json;
use turn::credentials::{Secret, rest_password};

use super::{IceServers, Lease, Minting, UrlHost};

fn servers() -> IceServers {
    IceServers {
        hosts: Vec::new(),
        udp_port: Some(3478),
        second_port: Some(3479),
        tcp_port: Some(3478),
        tls_port: Some(8443),
        minting: RwLock::new(Minting {
            secret: Some(Secret::new("0123456789abcdef")),
            lifetime: Duration::from_secs(600),
        }),
    }
}

fn host(text: &str) -> UrlHost {
    UrlHost::parse(text).unwrap()
}

#[test]
fn first_entry_is_turn_over_udp_then_tcp_then_tls_with_credentials_and_stun_comes_after() {
    let username = "1600:u7";
    let credential = rest_password(&Secret::new("0123456789abcdef"), username);
    assert_eq!(
        servers().mint(&host("192.168.1.5"), "u7", None, Duration::from_secs(1000)),
        json!([
            {
                "urls": [
                    "turn:192.168.1.5:3478?transport=udp",
                    "turn:192.168.1.5:3478?transport=tcp",
                    "turns:192.168.1.5:8443?transport=tcp"
                ],
                "username": username,
                "credential": credential.expose()
            },
            { "urls": ["stun:192.168.1.5:3478"] }
        ])
    );
}

#[test]
fn credentials_of_one_room_name_it_in_the_same_way_and_not_by_its_name() {
    let ice = Arc::new(servers());
    let lease = |user: &str| Lease { ice: Arc::clone(&ice), asked: host("a.b"), user: user.to_owned() };
    let username = |user, room| {
        let list = room::IceServers::mint(&lease(user), room, Duration::from_secs(1000));
        list[0]["username"].as_str().unwrap().to_owned()
    };
    let (one, other) = (username("u7", "standup"), username("u8", "standup"));
    let tag = one.strip_prefix("1600:u7#").unwrap();
    assert_eq!(other, format!("1600:u8#{tag}"));
    assert!(!tag.is_empty() && !tag.contains("standup"));
    assert_ne!(username("u7", "retro"), one);
    assert_eq!(ice.mint(&host("a.b"), "u7", Some("standup"), Duration::from_secs(1000))[0]["username"], *one);
}

#[test]
fn public_hosts_win_over_the_host_the_client_used() {
    let servers = IceServers { hosts: vec![host("call.example.org")], ..servers() };
    assert_eq!(
        servers.mint(&host("10.0.0.1"), "u", None, Duration::ZERO)[1],
        json!({"urls": ["stun:call.example.org:3478"]})
    );
    assert_eq!(servers.stun_urls(&host("10.0.0.1")), ["stun:call.example.org:3478", "stun:call.example.org:3479"]);
}

#[test]
fn without_turn_there_is_stun_alone() {
    let servers = servers();
    servers.set_minting(Minting { secret: None, ..servers.minting() });
    assert_eq!(servers.mint(&host("a.b"), "u", None, Duration::ZERO), json!([{"urls": ["stun:a.b:3478"]}]));
}

#[test]
fn turn_over_tcp_is_offered_on_the_https_port_when_it_has_no_port_of_its_own() {
    let servers = IceServers { tcp_port: None, udp_port: None, ..servers() };
    assert_eq!(
        servers.mint(&host("a.b"), "u", None, Duration::ZERO)[0]["urls"],
        json!(["turn:a.b:8443?transport=tcp", "turns:a.b:8443?transport=tcp"])
    );
}

#[test]
fn host_is_checked_before_it_gets_into_a_url() {
    assert_eq!(host("LocalHost").to_string(), "127.0.0.1");
    assert_eq!(host("[2001:DB8::1]").to_string(), "[2001:db8::1]");
    assert_eq!(host("Call.Example.org").to_string(), "call.example.org");
    for bad in ["", "a b", "a/b", "user@a", "a?x", "a:1", "[::1", "-a.b", "a..b", "\u{e9}.fr"] {
        assert!(UrlHost::parse(bad).is_none(), "{bad}");
    }
}
