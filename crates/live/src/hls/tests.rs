use std::time::{Duration, Instant};

use bytes::Bytes;
use media::{Codec, Frame, MediaTime};

use super::{Answer, Config, Container, Epoch, File, HlsError, Reload, ReloadError, Stream, Tag, Variants};
use crate::hub::Grade;
use crate::m3u8::MultivariantPlaylist;
use crate::m3u8::rules::{self, Seen};
use crate::testing::{aac, audio, h264, picture, sound, video};

mod cutting;
mod names;
mod reloading;
mod variants;
mod watched;

use watched::Watched;

const TAG: Tag = Tag(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
/// A date that is easy to read: 2026-11-23T00:00:00Z.
const UNIX: Duration = Duration::from_secs(1_795_392_000);

#[expect(clippy::disallowed_methods, reason = "the one moment from which a test counts")]
fn epoch() -> Epoch {
    Epoch { at: Instant::now(), unix: UNIX }
}

fn ready<T>(answer: Result<Answer<T>, HlsError>) -> T {
    match answer {
        Ok(Answer::Ready(value)) => value,
        Ok(Answer::Wait) => panic!("an answer, not Wait"),
        Err(error) => panic!("an answer, not {error}"),
    }
}

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).expect("playlists are UTF-8")
}

/// What a publisher with this frame rate and these key frames sends in so much time: pictures and sounds in the order of their times, which are rounded to milliseconds.
fn publication(from_ms: i64, for_ms: i64, fps: i64, key_frame_ms: i64) -> Vec<Frame> {
    let pictures = (0..).map(|n| (n, n * 1000 / fps)).take_while(|&(_, at)| at < for_ms);
    let mut next_key = 0;
    let pictures = pictures.map(|(_, at)| {
        let is_key = at >= next_key;
        next_key += if is_key { key_frame_ms } else { 0 };
        picture(Codec::H264, from_ms + at, is_key, 300)
    });
    let sounds = (0..).map(|n: i64| MediaTime::from_ticks(n * 1024, 48_000).millis()).take_while(|&at| at < for_ms);
    let sounds = sounds.map(|at| sound(Codec::Aac, MediaTime::from_millis(from_ms + at), 90));
    let mut all: Vec<Frame> = pictures.chain(sounds).collect();
    all.sort_by_key(|frame| frame.dts);
    all
}
