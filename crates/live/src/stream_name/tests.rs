use proptest::prelude::*;

use super::{NameError, PART_BYTES_MAX, QUERY_BYTES_MAX, StreamAddress, StreamName};

#[track_caller]
fn check(path: &str, app: &str, stream: &str, query: &str) {
    let address = StreamAddress::parse(path).expect("this names a stream");
    assert_eq!((address.name.app(), address.name.stream(), address.query.as_str()), (app, stream, query));
}

#[track_caller]
fn check_joined(app: &str, stream: &str, joined: &str) {
    assert_eq!(StreamAddress::join(app, stream), StreamAddress::parse(joined));
}

#[test]
fn the_last_segment_is_the_stream_and_the_rest_the_application() {
    check("/live/lesson", "live", "lesson", "");
    check("live/lesson/", "live", "lesson", "");
    check("/school/a/lesson?token=1&x", "school/a", "lesson", "token=1&x");
    check("/live/%E8%AF%BE%20a", "live", "课 a", "");
}

#[test]
fn rtmp_may_put_parameters_and_slashes_on_either_side() {
    check_joined("live", "lesson", "/live/lesson");
    check_joined("live/", "lesson?token=1", "/live/lesson?token=1");
    check_joined("live?vhost=example.org", "lesson", "/live/lesson?vhost=example.org");
    check_joined("live?vhost=example.org", "lesson?token=1", "/live/lesson?vhost=example.org&token=1");
    check_joined("school", "a/lesson", "/school/a/lesson");
}

#[test]
fn what_is_no_name_is_refused() {
    for path in ["", "/", "/live", "/live/", "//lesson", "/a//b", "/live?stream=lesson"] {
        assert_eq!(StreamAddress::parse(path), Err(NameError::Incomplete), "{path}");
    }
    for path in ["/live/..", "/../lesson", "/live/a%0Ab", "/live/a%5Cb", "/live/%2e%2e", "/live/a%2Fb"] {
        assert!(matches!(StreamAddress::parse(path), Err(NameError::Forbidden(_))), "{path}");
    }
    assert_eq!(StreamAddress::parse("/live/%FF"), Err(NameError::NotUtf8));
    assert!(StreamName::new("live", "a/b").is_err());
}

#[test]
fn a_name_of_the_greatest_length_is_taken_and_a_longer_one_is_not() {
    let longest = "a".repeat(PART_BYTES_MAX);
    assert!(StreamName::new(&longest, &longest).is_ok());
    for (app, stream) in [(format!("{longest}a"), "a".to_owned()), ("a".to_owned(), format!("{longest}a"))] {
        assert!(matches!(StreamName::new(&app, &stream), Err(NameError::TooLong { .. })));
    }
    let query = "q".repeat(QUERY_BYTES_MAX);
    assert!(StreamAddress::parse(&format!("/live/lesson?{query}")).is_ok());
    assert!(matches!(StreamAddress::parse(&format!("/live/lesson?{query}q")), Err(NameError::TooLong { .. })));
}

#[test]
fn parameters_are_found_by_name_and_the_virtual_host_by_two() {
    let address = StreamAddress::parse("/live/lesson?token=a%2Bb&empty&token=c&domain=example.org").expect("a name");
    assert_eq!(address.parameter("token").as_deref(), Some("a+b"));
    assert_eq!(address.parameter("empty").as_deref(), Some(""));
    assert_eq!(address.parameter("absent"), None);
    assert_eq!(address.vhost().as_deref(), Some("example.org"));
    assert_eq!(StreamAddress::parse("/live/lesson?vhost=").expect("a name").vhost(), None);
}

proptest! {
    #[test]
    fn a_name_that_is_shown_is_read_as_the_same_name(app in "[a-z][a-z./-]{0,20}[a-z]", stream in "[a-z0-9_. -]{0,20}[a-z]") {
        if let Ok(name) = StreamName::new(&app, &stream) {
            prop_assert_eq!(StreamAddress::parse(&name.to_string()).expect("a shown name").name, name);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,64}", other in ".{0,64}") {
        let _ = StreamAddress::parse(&text);
        let _ = StreamAddress::join(&text, &other);
    }
}
