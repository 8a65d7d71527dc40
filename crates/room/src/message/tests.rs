use super::*;

fn fault(text: &str) -> Malformed {
    Request::parse(text).expect_err(text)
}

#[test]
fn text_that_is_not_one_object_is_malformed() {
    for text in ["", " ", "null", "7", "\"join\"", "[]", "[\"join\"]", "ping", "\u{feff}{\"cmd\":\"join\"}"] {
        assert!(matches!(fault(text), Malformed::NotAnObject), "{text}");
    }
    for text in ["{", "{}{}", "{\"cmd\":\"join\"} x", "{\"cmd\":\"join\",}", "{cmd:1}", "{\"cmd\":\"\n\"}"] {
        assert!(matches!(fault(text), Malformed::Json(_) | Malformed::NoCommand), "{text}");
    }
}

#[test]
fn a_frame_without_a_command_is_malformed() {
    for text in ["{}", r#"{"cmd":null}"#, r#"{"cmd":7}"#, r#"{"cmd":["join"]}"#, r#"{"CMD":"join"}"#] {
        assert!(matches!(fault(text), Malformed::NoCommand), "{text}");
    }
}

#[test]
fn a_key_that_the_server_reads_may_come_only_once() {
    for key in ["cmd", "id", "roomId", "uid", "remoteUid", "v", "token", "msg", "slots", "action"] {
        let text = format!(r#"{{"cmd":"offer","{key}":"a","{key}":"a"}}"#);
        assert!(matches!(fault(&text), Malformed::Json(_)), "{text}");
    }
    assert!(Request::parse(r#"{"cmd":"offer","msg":"a","x":1,"x":2}"#).is_ok());
}

#[test]
fn frames_nest_up_to_the_limit() {
    let nested = |depth: usize| {
        let brackets = ("[".repeat(depth - 1), "]".repeat(depth - 1));
        format!(r#"{{"cmd":"offer","msg":"{{\"[[[[","x":{}{}}}"#, brackets.0, brackets.1)
    };
    assert!(Request::parse(&nested(DEPTH_MAX)).is_ok());
    assert!(matches!(fault(&nested(DEPTH_MAX + 1)), Malformed::TooDeep { .. }));
    assert!(matches!(fault(&format!("{{{}", "[".repeat(200_000))), Malformed::TooDeep { .. }));
}

#[test]
fn rooms_and_uids_are_1_to_128_and_1_to_64_bytes() {
    let room = |text: &str| Request::parse(&format!(r#"{{"cmd":"join","roomId":{text}}}"#)).unwrap().room().is_ok();
    let uid = |text: &str| Request::parse(&format!(r#"{{"cmd":"join","uid":{text}}}"#)).unwrap().uid().is_ok();
    let string = |bytes| format!("\"{}\"", "x".repeat(bytes));
    assert!(room(&string(1)) && room(&string(128)) && !room(&string(0)) && !room(&string(129)));
    assert!(uid(&string(1)) && uid(&string(64)) && !uid(&string(0)) && !uid(&string(65)));
    // Three bytes each: 42 of them are 126 bytes.
    assert!(room(&format!("\"{}\"", "房".repeat(42))) && !room(&format!("\"{}\"", "房".repeat(43))));
    assert!(room("100") && room("-1") && uid("7.5"));
    for text in ["true", "[]", "{}", r#""a\nb""#, r#""\u0000""#, r#""\u0085""#, r#""\ud800""#] {
        assert!(!room(text) && !uid(text), "{text}");
    }
}

#[test]
fn a_number_and_its_text_are_the_same_name() {
    let room = |text: &str| RoomId::parse(&RawValue::from_string(text.to_owned()).unwrap()).unwrap();
    assert_eq!(room("100"), room("\"100\""));
    assert_ne!(room("100"), room("\"0100\""));
    assert_eq!(serde_json::to_string(&room("100")).unwrap(), "100");
    assert_eq!(serde_json::to_string(&room("\"100\"")).unwrap(), "\"100\"");
}

#[test]
fn the_id_is_taken_off_and_nothing_else_changes() {
    let text = r#"{ "id":"9", "cmd":"offer" ,"z":1,"a":{"id":"x"},"z":2,"\u0069d2":1e2,"msg":"{\"id\":1}" }"#;
    let expected = r#"{"cmd":"offer","z":1,"a":{"id":"x"},"z":2,"\u0069d2":1e2,"msg":"{\"id\":1}"}"#;
    assert_eq!(Request::parse(text).unwrap().text_without_id(), expected);
    let escaped = r#"{"\u0069d":"9","cmd":"offer"}"#;
    assert_eq!(Request::parse(escaped).unwrap().text_without_id(), r#"{"cmd":"offer"}"#);
}

#[test]
fn an_id_is_a_string_of_1_to_64_bytes() {
    let id = |value: &str| Request::parse(&format!(r#"{{"cmd":"ping","id":{value}}}"#)).unwrap().id().ok().flatten();
    assert_eq!(id(&format!("\"{}\"", "i".repeat(ID_BYTES_MAX))), Some("i".repeat(ID_BYTES_MAX)));
    for value in ["7".to_owned(), "\"\"".to_owned(), "{}".to_owned(), format!("\"{}\"", "i".repeat(65))] {
        assert_eq!(id(&value), None, "{value}");
    }
}

#[test]
fn caps_are_few_and_short() {
    let join = |caps: &[String]| {
        let caps = serde_json::to_string(caps).unwrap();
        let text = format!(r#"{{"cmd":"join","v":2,"roomId":"r","caps":{caps}}}"#);
        Request::parse(&text).unwrap().join(true, &Limits::default()).is_ok()
    };
    let short = "c".repeat(CAP_BYTES_MAX);
    assert!(join(&vec![short.clone(); CAPS_MAX]));
    assert!(!join(&vec![short.clone(); CAPS_MAX + 1]));
    assert!(!join(&[format!("{short}c")]));
}
