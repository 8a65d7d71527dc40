use super::{Fragment, of_answer};

#[test]
fn credentials_are_read_and_everything_else_is_passed_over() {
    let text = "a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n\
                a=candidate:1 1 udp 2130706431 192.0.2.1 61764 typ host\r\n";
    let fragment = Fragment::parse(text).unwrap();
    assert_eq!((fragment.ufrag.as_str(), fragment.pwd.as_str()), ("EsAw", "P2uYro0UCOQ4zxjKXaWCBui1"));
}

#[test]
fn fragment_without_credentials_of_the_right_form_is_none() {
    let with = |ufrag: &str, pwd: &str| Fragment::parse(&format!("a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\n"));
    let (long, longer) = ("a".repeat(256), "a".repeat(257));
    assert!(with("abcd", &"a".repeat(22)).is_some() && with(&long, &long).is_some());
    assert!(with("abc", &"a".repeat(22)).is_none() && with("abcd", &"a".repeat(21)).is_none());
    assert!(with(&longer, &"a".repeat(22)).is_none() && with("abcd", &longer).is_none());
    assert!(with("ab\"d", &"a".repeat(22)).is_none());
    assert!(Fragment::parse("").is_none() && Fragment::parse("a=ice-ufrag:abcd\r\n").is_none());
}

#[test]
fn answer_becomes_the_credentials_and_candidates_of_its_first_description() {
    let answer = "v=0\r\na=group:BUNDLE 0 1\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\n\
                  a=rtcp-mux\r\na=candidate:1 1 udp 1 192.0.2.1 3478 typ host\r\na=end-of-candidates\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n";
    let fragment = "a=group:BUNDLE 0 1\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:efgh\r\n\
                    a=candidate:1 1 udp 1 192.0.2.1 3478 typ host\r\na=end-of-candidates\r\n";
    assert_eq!(of_answer(answer), fragment);
}
