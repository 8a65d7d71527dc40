use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::pattern::{Audio, Shape, Video};
use crate::peer::{Media, Mode, Peer};
use crate::publication::{Publication, Source};
use crate::{Codec, Stamp, Transport};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const SENDER: PeerKey = PeerKey(0);
const WATCHER: PeerKey = PeerKey(1);

/// An engine with one who sends sound and pictures and one who watches, of whose packets so many in a million are lost.
fn pair(loss_ppm: u32) -> Engine {
    let clock = Clock::start();
    let engine = Engine::start(clock, 7, None).unwrap();
    let now = clock.now();
    let codecs = [Codec::Opus, Codec::Vp8];
    let mut sender = Peer::new(Transport::Udp, LOOPBACK, Mode::Packets, &codecs, now).unwrap();
    let mut watcher = Peer::new(Transport::Udp, LOOPBACK, Mode::Packets, &codecs, now).unwrap();
    let offer = sender.offer(&[Media::SendAudio, Media::SendVideo(Vec::new())]).unwrap();
    let answer = watcher.answer(&offer.sdp).unwrap();
    let mids = offer.mids.clone();
    sender.accept_answer(offer, &answer).unwrap();
    let stamp = |source| Stamp { run: 7, source, number: 0, sent_us: 0 };
    let shape = Shape { packets_per_second: 200.0, frames_per_second: 50.0, payload_bytes: 600 };
    let publications = vec![
        Publication::new(mids[0], None, Source::Audio(Audio::new(80, stamp(0), now))),
        Publication::new(mids[1], None, Source::Video(Video::new(shape, stamp(1), now))),
    ];
    let setup = |peer, publications, loss_ppm| Setup {
        peer,
        publications,
        data: None,
        loss_ppm,
        record_into: None,
        began: now,
    };
    engine.add(SENDER, setup(sender, publications, 0));
    engine.add(WATCHER, setup(watcher, Vec::new(), loss_ppm));
    engine
}

/// Asks for reports until one is as wished.
fn wait_until(engine: &Engine, wished: impl Fn(&BTreeMap<PeerKey, Outcome>) -> bool) -> BTreeMap<PeerKey, Outcome> {
    let clock = Clock::start();
    while clock.elapsed() < Duration::from_secs(20) {
        let report = engine.report();
        if wished(&report) {
            return report;
        }
        std::thread::yield_now();
    }
    panic!("not within 20 s: {:?}", engine.report())
}

#[test]
fn what_one_peer_sends_the_other_one_counts() {
    let engine = pair(0);
    let report = wait_until(&engine, |report| report[&WATCHER].video.packets >= 100);
    let watcher = &report[&WATCHER];
    assert!(watcher.connected_after.is_some() && watcher.first_frame_after.is_some());
    assert_eq!((watcher.video.streams, watcher.audio.streams), (1, 1));
    assert_eq!((watcher.video.lost, watcher.audio.lost), (0, 0));
    assert_eq!(watcher.video.stamped, watcher.video.packets);
    assert!(watcher.audio.packets > 0 && watcher.video.frames >= 20);
    assert!(watcher.video.delay.quantile_us(0.5).unwrap() < 1_000_000);
    assert!(report[&SENDER].sent >= 100);
}

#[test]
fn how_late_it_left_is_known_of_every_packet_of_a_pattern() {
    let engine = pair(0);
    let report = wait_until(&engine, |report| report[&SENDER].sent >= 100);
    assert_eq!(report[&SENDER].lateness.count(), report[&SENDER].sent);
    assert_eq!(report[&WATCHER].lateness.count(), 0, "who sends nothing is never late");
    engine.reset();
    let sender = &engine.report()[&SENDER];
    assert_eq!(sender.lateness.count(), sender.sent, "both begin anew");
    assert!(sender.sent < 100);
}

#[test]
fn what_is_lost_on_the_way_is_sent_again() {
    let engine = pair(50_000);
    let report = wait_until(&engine, |report| report[&WATCHER].video.packets >= 300);
    // The last packets may be on their way still.
    assert!(report[&WATCHER].video.lost <= 10, "{:?}", report[&WATCHER].video.lost);
}

#[test]
fn a_reset_begins_to_count_anew_and_a_removed_peer_is_gone() {
    let engine = pair(0);
    wait_until(&engine, |report| report[&WATCHER].video.packets >= 50);
    engine.reset();
    let report = engine.report();
    assert!(report[&WATCHER].video.packets < 50);
    engine.remove(WATCHER);
    assert_eq!(engine.report().keys().collect::<Vec<_>>(), [&SENDER]);
}
