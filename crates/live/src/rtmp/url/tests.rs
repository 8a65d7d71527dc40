use super::{BYTES_MAX, Url, UrlError};
use crate::StreamName;

/// Where `/live/lesson` goes: the URL up to the application, and the stream.
fn endpoint(url: &Url) -> (String, String) {
    let endpoint = url.endpoint(&StreamName::new("live", "lesson").expect("a name"));
    (format!("{}/{}", endpoint.origin(), endpoint.app), endpoint.stream)
}

#[test]
fn what_a_url_leaves_out_stays_as_it_is_with_the_stream() {
    for (text, to, stream) in [
        ("rtmp://h", "rtmp://h/live", "lesson"),
        ("rtmp://h/", "rtmp://h/live", "lesson"),
        ("rtmp://h:1936/school", "rtmp://h:1936/school", "lesson"),
        ("RTMP://h:1935/school/", "rtmp://h/school", "lesson"),
        ("rtmp://192.0.2.1/school/key", "rtmp://192.0.2.1/school", "key"),
        ("rtmp://h/school/7b/key?token=a/b&x=1", "rtmp://h/school/7b", "key?token=a/b&x=1"),
        ("rtmps://[2001:db8::1]:443/app/k", "rtmps://[2001:db8::1]/app", "k"),
        ("rtmps://live.example.org:4443/app", "rtmps://live.example.org:4443/app", "lesson"),
        ("rtmp://h/app?token=1", "rtmp://h/app", "lesson?token=1"),
    ] {
        let url = Url::parse(text).expect(text);
        assert_eq!(endpoint(&url), (to.to_owned(), stream.to_owned()), "{text}");
    }
}

#[test]
fn with_a_key_the_whole_path_is_the_application() {
    for (text, key, to, stream) in [
        ("rtmp://h/live2", "abcd-1234", "rtmp://h/live2", "abcd-1234"),
        ("rtmps://h/a/b/", "k?x=1", "rtmps://h/a/b", "k?x=1"),
        ("rtmp://h/a?y=2", "k?x=1", "rtmp://h/a", "k?y=2&x=1"),
        ("rtmp://h/a/k", "", "rtmp://h/a", "k"),
    ] {
        let url = Url::with_key(text, key).expect(text);
        assert_eq!(endpoint(&url), (to.to_owned(), stream.to_owned()), "{text}");
    }
    assert_eq!(Url::with_key("rtmp://h", "key"), Err(UrlError::NoApp));
    assert_eq!(Url::with_key("rtmp://h/a", "k y"), Err(UrlError::Character));
}

#[test]
fn what_is_no_such_url_is_refused_with_the_reason() {
    for (text, error) in [
        ("", UrlError::Scheme),
        ("http://h/app", UrlError::Scheme),
        ("h/app", UrlError::Scheme),
        ("rtmp://", UrlError::Host),
        ("rtmp:///app", UrlError::Host),
        ("rtmp://ana:secret@h/app", UrlError::Host),
        ("rtmp://h:0/app", UrlError::Host),
        ("rtmp://h:70000/app", UrlError::Host),
        ("rtmp://h:/app", UrlError::Host),
        ("rtmp://[::1/app", UrlError::Host),
        ("rtmp://[::g]/app", UrlError::Host),
        ("rtmp://[::1]x/app", UrlError::Host),
        ("rtmp://h/a b", UrlError::Character),
        ("rtmp://h/a\nb", UrlError::Character),
    ] {
        assert_eq!(Url::parse(text), Err(error), "{text}");
    }
    let longest = format!("rtmp://h/{}", "a".repeat(BYTES_MAX - 9));
    assert!(Url::parse(&longest).is_ok());
    assert_eq!(Url::parse(&format!("{longest}a")), Err(UrlError::TooLong(BYTES_MAX)));
    assert!(Url::with_key("rtmp://h/a", &"k".repeat(BYTES_MAX)).is_ok());
    assert_eq!(Url::with_key("rtmp://h/a", &"k".repeat(BYTES_MAX + 1)), Err(UrlError::TooLong(BYTES_MAX)));
}

#[test]
fn the_stream_and_the_parameters_are_never_shown() {
    let url = Url::parse("rtmp://h/app/topsecret?pass=hidden").expect("a URL");
    let endpoint = url.endpoint(&StreamName::new("live", "lesson").expect("a name"));
    for shown in [url.to_string(), format!("{url:?}"), format!("{endpoint:?}")] {
        assert!(shown.contains("rtmp://h/app") && !shown.contains("topsecret") && !shown.contains("hidden"), "{shown}");
    }
    assert_eq!(url.redact("stream topsecret?pass=hidden: topsecret is taken"), "stream …?…: … is taken");
    let named_by_us = Url::parse("rtmp://h").expect("a URL");
    assert_eq!(named_by_us.redact("lesson is taken"), "lesson is taken");
}
