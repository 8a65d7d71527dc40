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

#[test]
fn address_of_a_stream_keeps_its_path_and_query() {
    let read = HttpAddress::parse("https://[::1]:8443/whip/live/a?token=x#y").unwrap();
    let expected = HttpAddress { tls: true, host: "::1".into(), port: 8443, target: "/whip/live/a?token=x".into() };
    assert_eq!((read.authority().as_str(), &read), ("[::1]:8443", &expected));
    for (url, port, target, is_stream) in [
        ("http://h", 80, "/", false),
        ("https://h?a", 443, "/?a", false),
        ("http://h/rtc/v1/whep/?app=live", 80, "/rtc/v1/whep/?app=live", true),
        ("http://h/r/abc?x=/whip/", 80, "/r/abc?x=/whip/", false),
    ] {
        let read = HttpAddress::parse(url).unwrap();
        assert_eq!((read.port, read.target.as_str(), read.is_stream()), (port, target, is_stream), "{url}");
    }
    for url in
        ["h/whip/live/a", "ws://h/whip/a/b", "http://", "http://h:x/whip", "http://h/whip/a b", "http://h/a\r\nb"]
    {
        assert!(HttpAddress::parse(url).is_err(), "{url}");
    }
}
