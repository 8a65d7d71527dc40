//! What an offer publishes.

use room::media::{OfferedTrack, Source};
use rtc::session::Media;
use rtp::parameters::{ExtensionIds, Kind, Mid, ReceiveParameters};

use super::{Terms, split};

fn sending(mid: &str, kind: Kind) -> Media {
    Media::Receive(ReceiveParameters {
        mid: Mid::new(mid).unwrap(),
        kind,
        codecs: [].into(),
        extensions: ExtensionIds::default(),
        rids: Vec::new(),
        ssrcs: Vec::new(),
        encrypted: false,
    })
}

#[test]
fn a_track_is_published_where_its_source_is_of_its_kind_only() {
    for source in Source::ALL {
        let video = matches!(source, Source::Camera | Source::Screen);
        for (kind, fits) in [(Kind::Audio, !video), (Kind::Video, video)] {
            let media = vec![sending("0", kind), sending("1", kind)];
            let terms = Terms { media, sources: vec![OfferedTrack { mid: "0".to_owned(), source, encrypted: false }] };
            let published: Vec<Source> = split(&terms).1.into_iter().map(|(source, _)| source).collect();
            assert_eq!(published, if fits { vec![source] } else { Vec::new() }, "{source:?} as {kind:?}");
        }
    }
}
