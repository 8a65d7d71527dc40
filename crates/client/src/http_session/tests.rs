use super::{Answer, resolve};
use crate::Error;

#[test]
fn answer_is_read_whatever_the_case_of_its_headers() {
    let text = b"HTTP/1.1 201 Created\r\ncontent-type: application/sdp\r\nlocation: /whip/live/a/1\r\n\r\nv=0\r\n";
    let read = Answer { status: 201, location: Some("/whip/live/a/1".to_owned()), body: "v=0\r\n".to_owned() };
    assert_eq!(Answer::parse(text), Some(read));
    for bad in ["", "HTTP/1.1 201 Created\r\n", "HTTP/1.1 abc\r\n\r\n", "SSH-2.0\r\n\r\n"] {
        assert_eq!(Answer::parse(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn refusal_is_told_in_the_words_of_the_server() {
    let said = |body: &str| {
        let refusal = (Answer { status: 409, location: None, body: body.to_owned() }).refusal();
        let Error::Refused { code: 409, message } = refusal else { panic!("{refusal}") };
        message
    };
    assert_eq!(said(r#"{"status":409,"detail":"somebody publishes"}"#), "somebody publishes");
    assert_eq!(said("<html>"), "the session is refused");
}

#[test]
fn path_of_the_session_may_be_told_in_every_form() {
    for (location, path) in
        [("/a/b?c", "/a/b?c"), ("https://host:1/x/y", "/x/y"), ("https://host", "/"), ("demo/1", "/whip/live/demo/1")]
    {
        assert_eq!(resolve("/whip/live/demo?token=t/u", location), path, "{location}");
    }
}
