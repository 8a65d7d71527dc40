use super::*;

#[test]
fn the_paths_of_apprtc_are_told_from_all_others() {
    let (room, client) = (|| "r 1".to_owned(), || "42".to_owned());
    for (path, call) in [
        ("/params", Call::Params),
        ("/v1alpha/iceconfig", Call::IceServers),
        ("/join/r%201", Call::Join { room: room() }),
        ("/message/r%201/42", Call::Message { room: room(), client: client() }),
        ("/leave/r%201/42", Call::Leave { room: room(), client: client() }),
        ("/collider/r%201/42", Call::Collider { room: room(), client: client() }),
    ] {
        assert_eq!(Call::find(path), Some(call), "{path}");
    }
    for path in [
        "/",
        "/join",
        "/join/",
        "/join/a/b",
        "/message/a",
        "/message/a/",
        "/leave/a/b/c",
        "/collider/a",
        "/r/a",
        "/join/%ff",
    ] {
        assert_eq!(Call::find(path), None, "{path}");
    }
}
