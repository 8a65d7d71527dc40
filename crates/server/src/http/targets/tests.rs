use super::{Place, is_targets_path};

#[test]
fn a_path_names_the_targets_of_a_stream_or_one_of_them() {
    let place = |named, id| Some(Place { named, id });
    for (path, found) in [
        ("/api/v1/live/streams/live/s/targets", place("live/s", None)),
        ("/api/v1/live/streams/a/b/s/targets/7", place("a/b/s", Some("7"))),
        ("/api/v1/live/streams/live/targets/targets", place("live/targets", None)),
        ("/api/v1/live/streams/live/targets", None),
        ("/api/v1/live/streams/live/targets/7", None),
        ("/api/v1/live/streams/targets", None),
        ("/api/v1/live/streams", None),
        ("/api/v1/recordings", None),
    ] {
        assert_eq!(Place::find(path), found, "{path}");
        assert_eq!(is_targets_path(path), found.is_some(), "{path}");
    }
}
