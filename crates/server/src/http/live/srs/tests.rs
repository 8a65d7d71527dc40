use super::address;

#[test]
fn host_of_the_url_does_not_matter_and_the_parameters_of_both_urls_count() {
    for (url, query, parameters) in [
        ("webrtc://h/live/s", "", ""),
        ("webrtc://h:1985/live/s?a=1", "", "a=1"),
        ("webrtc://h/live/s?a=1", "b=2", "a=1&b=2"),
        ("rtmp://[::1]:1935/live/s", "b=2", "b=2"),
    ] {
        let read = address(url, query).unwrap();
        assert_eq!((read.name.to_string().as_str(), read.query.as_str()), ("/live/s", parameters), "{url}");
    }
}

#[test]
fn url_that_names_no_stream_is_refused() {
    for url in ["", "live/s", "webrtc://h", "webrtc://h/", "webrtc://h/s", "webrtc://h/../s"] {
        assert!(address(url, "").is_err(), "{url}");
    }
}
