use std::time::Duration;

use super::{Transport, TurnAddress, User};

#[test]
fn uris_of_rfc_7065_are_read() {
    let read = |uri| {
        let TurnAddress { host, port, transport } = TurnAddress::parse(uri).unwrap();
        (host, port, transport)
    };
    assert_eq!(read("turn:relay.example.org"), ("relay.example.org".into(), 3478, Transport::Udp));
    assert_eq!(read("TURN:192.0.2.1:3479?transport=udp"), ("192.0.2.1".into(), 3479, Transport::Udp));
    assert_eq!(read("turn:[2001:db8::1]:80?transport=tcp"), ("2001:db8::1".into(), 80, Transport::Tcp));
    assert_eq!(read("turns:relay.example.org"), ("relay.example.org".into(), 5349, Transport::Tls));
    assert_eq!(read("turns:relay.example.org:443?transport=tcp"), ("relay.example.org".into(), 443, Transport::Tls));
}

#[test]
fn what_is_no_such_uri_is_refused() {
    for uri in [
        "",
        "relay.example.org",
        "stun:relay.example.org",
        "turn:",
        "turn::3478",
        "turn:a:99999",
        "turns:a?transport=udp",
        "turn:a?b",
    ] {
        assert!(TurnAddress::parse(uri).is_err(), "{uri}");
    }
}

#[test]
fn a_user_of_a_secret_has_the_password_that_servers_make_of_it() {
    let user = User::from_secret("logen", "wilma", Duration::from_secs(1_433_895_918));
    assert_eq!(user.name, "1433895918:wilma");
    // openssl: printf 1433895918:wilma | openssl dgst -sha1 -hmac logen -binary | base64
    assert_eq!(user.password, "7fRipAVsrn4g2EuzWqrzRTy4dA4=");
    assert_eq!(format!("{user:?}"), r#"User { name: "1433895918:wilma", .. }"#);
}
