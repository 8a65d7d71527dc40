use super::*;

fn told(text: &str) -> Vec<Event> {
    events(serde_json::from_str(text).unwrap())
}

#[test]
fn what_the_server_tells_is_understood() {
    let camera = Track { source: "camera".into(), video: true };
    assert_eq!(
        told(
            r#"{"cmd":"tracks","roomId":"r","remoteUid":"zz","uid":"zz","tracks":[{"source":"camera","kind":"video"}]}"#
        ),
        [Event::Tracks { uid: "zz".into(), tracks: vec![camera] }]
    );
    assert_eq!(
        told(
            r#"{"cmd":"layers","roomId":"r","source":"camera","layers":[{"rid":"q","active":true},{"rid":"f","active":false}]}"#
        ),
        [("q", true), ("f", false)].map(|(rid, active)| Event::Layer {
            source: "camera".into(),
            rid: rid.into(),
            active
        })
    );
    assert_eq!(told(r#"{"cmd":"mode","roomId":"r","mode":"sfu"}"#), [Event::Mode(true)]);
    assert_eq!(told(r#"{"cmd":"peer-leave","remoteUid":"zz"}"#), [Event::Left { uid: "zz".into() }]);
    assert!(matches!(told(r#"{"cmd":"speakers"}"#)[..], [Event::Other(_)]));
}

#[test]
fn a_member_of_a_peer_to_peer_room_says_nothing_about_tracks() {
    assert_eq!(told(r#"{"cmd":"new-peer","remoteUid":"zz","uid":"zz"}"#), []);
}

#[test]
fn a_refusal_has_its_code_and_its_words() {
    let message = serde_json::json!({"cmd": "error", "code": 112, "message": "why"});
    assert!(matches!(refusal(&message), Error::Refused { code: 112, message } if message == "why"));
}
