use live::hls::{Container, File, Tag};
use live::hub::Grade;

use super::{Target, beside, find};

const TAG: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn paths_of_srs_and_of_low_latency_are_told_apart() {
    let tag = Tag(u128::from_str_radix(TAG, 16).unwrap());
    for (path, target, stream) in [
        ("/live/lesson.m3u8", Target::Playlist(Container::TransportStream), "/live/lesson"),
        ("/a/b/lesson.m3u8", Target::Playlist(Container::TransportStream), "/a/b/lesson"),
        ("/live/lesson/index.m3u8", Target::Playlist(Container::Mp4), "/live/lesson"),
        ("/live/lesson/stream.m3u8", Target::Playlist(Container::Mp4), "/live/lesson"),
        // A stream may have such a name; its directory has not.
        ("/live/index.m3u8", Target::Playlist(Container::TransportStream), "/live/index"),
        ("/live/lesson.ts", Target::Endless, "/live/lesson"),
        ("/live/lesson-1.ts", Target::Endless, "/live/lesson-1"),
        (&format!("/live/my-lesson-{TAG}-7.ts"), Target::File(tag, File::TransportStream(7)), "/live/my-lesson"),
        (&format!("/live/lesson/{TAG}-7.m4s"), Target::File(tag, File::Mp4(7)), "/live/lesson"),
        (&format!("/live/lesson/{TAG}-p7.m4s"), Target::File(tag, File::Part(7)), "/live/lesson"),
        (&format!("/live/lesson/{TAG}-i1.mp4"), Target::File(tag, File::Init(1)), "/live/lesson"),
    ] {
        assert_eq!(find(path), Some((target, stream.to_owned())), "{path}");
    }
}

#[test]
fn pages_and_files_of_the_client_are_none_of_these() {
    for path in [
        "/",
        "/r/room",
        "/assets/index-abc.js",
        "/lesson.m3u8",
        "/live/.ts",
        "/live/lesson.flv",
        "/live/",
        "/live/lesson",
        "/index.m3u8",
        "/.m3u8",
    ] {
        assert_eq!(find(path), None, "{path}");
    }
}

#[test]
fn a_player_finds_the_playlist_of_another_layer_by_what_opened_its_own() {
    let low = Grade::of_layer(0).unwrap();
    for (query, best, other) in [
        ("", "stream.m3u8", "stream.m3u8?layer=0"),
        ("hls_ctx=1f&layer=1&_HLS_msn=7&_HLS_part=2", "stream.m3u8?hls_ctx=1f", "stream.m3u8?hls_ctx=1f&layer=0"),
        ("layer=1&token=a.b&_HLS_skip=YES", "stream.m3u8?token=a.b", "stream.m3u8?token=a.b&layer=0"),
        ("x=1", "stream.m3u8", "stream.m3u8?layer=0"),
    ] {
        let uri = beside(query);
        assert_eq!((uri(Grade::BEST).as_str(), uri(low).as_str()), (best, other), "{query}");
    }
}
