use super::*;

#[test]
fn links_are_read_as_people_paste_them() {
    for (link, url, room, token) in [
        ("http://localhost:8080/r/abc", "ws://localhost:8080/ws", Some("abc"), None),
        (
            "https://call.example.org/r/%E4%BC%9A?token=a.b-c#x",
            "wss://call.example.org:443/ws",
            Some("会"),
            Some("a.b-c"),
        ),
        ("wss://[2001:db8::1]:8443/ws", "wss://[2001:db8::1]:8443/ws", None, None),
        ("call.example.org", "ws://call.example.org:80/ws", None, None),
        ("http://host/r/100%/more", "ws://host:80/ws", Some("100%"), None),
    ] {
        let address = RoomAddress::parse(link).unwrap();
        assert_eq!(address.websocket.url(), url, "{link}");
        assert_eq!(address.room.as_deref(), room, "{link}");
        assert_eq!(address.token.as_deref(), token, "{link}");
    }
}

#[test]
fn what_leads_nowhere_is_an_error() {
    for link in ["ftp://host/r/abc", "http:///r/abc", "http://host:99999/", "http://host:x", "", "[::1]:y"] {
        assert!(matches!(RoomAddress::parse(link), Err(Error::Url { .. })), "{link}");
    }
}
