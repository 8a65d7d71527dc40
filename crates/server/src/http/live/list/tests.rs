use bytes::Bytes;
use live::StreamName;
use media::{Codec, Parameters, Shape};
use serde_json::json;

use super::{StreamList, StreamReport, is_list_path, name_of};
use crate::clock;
use crate::http::rooms::tests::check_named;
use crate::live::directory::{OnAir, Protocol, Sight};

fn sight(protocol: Protocol) -> Sight {
    let parameters = |codec, shape| Some(Parameters { codec, decoder_configuration: Bytes::new(), shape });
    Sight {
        name: StreamName::new("school/7b", "lesson").unwrap(),
        on_air: OnAir { protocol, since: clock::now() },
        video: parameters(Codec::H264, Shape::Video { width: 1280, height: 720 }),
        audio: parameters(Codec::Aac, Shape::Audio { sample_rate_hz: 48_000, channels: 2 }),
        pictures: 0,
    }
}

#[test]
fn the_list_is_as_the_document_says() {
    let bare = Sight { video: None, audio: None, ..sight(Protocol::WebRtc) };
    let streams = vec![StreamReport::new(&sight(Protocol::Rtmp), 3), StreamReport::new(&bare, 0)];
    let list = json!(StreamList { streams, next: Some("school/7b/lesson".to_owned()) });
    check_named("StreamList", &list);
    assert_eq!(list["streams"][0]["viewers"], 3);
    assert_eq!(list["streams"][0]["video"], json!({"codec": "H264", "width": 1280, "height": 720}));
    assert_eq!(list["streams"][0]["audio"], json!({"codec": "AAC", "sampleRateHz": 48_000, "channels": 2}));
}

#[test]
fn paths_below_the_list_are_streams_and_others_are_not() {
    for (path, is_one) in [
        ("/api/v1/live/streams", true),
        ("/api/v1/live/streams/live/lesson", true),
        ("/api/v1/live/streamsX", false),
        ("/api/v1/live", false),
    ] {
        assert_eq!(is_list_path(path), is_one, "{path}");
    }
}

#[test]
fn a_page_begins_behind_a_name() {
    assert_eq!(name_of("school/7b/lesson"), StreamName::new("school/7b", "lesson").ok());
    for wrong in ["", "lesson", "/lesson", "live/"] {
        assert_eq!(name_of(wrong), None, "{wrong}");
    }
}
