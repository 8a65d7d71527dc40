//! Who begins to watch behind a link, in the middle of a stream whose publisher cannot be asked for a key picture.

use std::time::Duration;

use rtp::Packet;
use rtp::parameters::{Codec, CodecName, Feedback};

use super::pair::Pair;
use crate::router::tests::world::{ALICE, BOB, CAROL, Input, SLOT, Sent, VP8, World, codec, sends, takes, vp8};
use crate::{Config, Links, PeerId, Relayed, Source, TrackId};

struct Film {
    pair: Pair,
    track: TrackId,
    /// Of the next picture, which is one packet.
    number: u16,
}

const PICTURE: Duration = Duration::from_millis(40);
const PICTURE_TICKS: u32 = 3_600;
const BYTES: usize = 1_000;
/// What goes to a link at once, and what a packet may be longer than that.
const PORTION_BYTES: usize = 64 * 1024;
const PACKET_BYTES: usize = 1_100;

impl Film {
    /// A key picture and so many others have come.
    fn after(pictures: u16) -> Self {
        let replays = || Config { replays: true, ..Config::default() };
        let mut pair = Pair::of(World::with(replays(), &[ALICE]), World::with(replays(), &[BOB, CAROL]));
        let encoder = Codec { feedback: Feedback::default(), ..codec(CodecName::Vp8, VP8) };
        let track = pair.publish(ALICE, Source::Camera, &sends("0", encoder, 1_000));
        let mut film = Self { pair, track, number: 0 };
        film.picture();
        film.pictures(pictures);
        assert_eq!(film.pair.packets_crossed(), 0, "nobody wants it");
        film
    }

    /// A key picture if it is the first.
    fn send(&mut self) {
        let mut payload = vp8(self.number, 0, 0, self.number == 0, true);
        payload.resize(BYTES, 7);
        let (number, timestamp) = (self.number, u32::from(self.number) * PICTURE_TICKS);
        let input =
            Input { payload_type: VP8, number, timestamp, marker: true, ssrc: 1_000, payload: &payload, elements: &[] };
        self.number += 1;
        self.pair.home.rtp(ALICE, &input);
    }

    fn picture(&mut self) {
        self.send();
        self.pair.pass(PICTURE);
    }

    fn pictures(&mut self, count: u16) {
        (0..count).for_each(|_| self.picture());
    }

    fn view(&mut self, viewer: PeerId, ssrc: u32) {
        self.pair.away.slots(viewer, vec![takes("v", codec(CodecName::Vp8, 100), ssrc)]);
        self.pair.away.wish(viewer, "v", Some(self.track));
    }

    fn got(&mut self, viewer: PeerId) -> Vec<Sent> {
        let mut got = self.pair.away.got(viewer);
        got.retain(|sent| sent.packet().payload_type() == 100);
        got
    }

    /// Numbers of the pictures that crossed since the last look, and whether they were of the past.
    fn crossed(&mut self) -> Vec<(u16, bool)> {
        let crossed = std::mem::take(&mut self.pair.crossed);
        let number = |bytes| Packet::parse(bytes).unwrap().sequence_number();
        let packets = crossed.iter().filter_map(|crossing| match crossing.relayed() {
            Relayed::Packet { bytes, .. } => Some((number(bytes), false)),
            Relayed::Past { bytes, .. } => Some((number(bytes), true)),
            Relayed::Clock { .. } | Relayed::Picture { .. } | Relayed::Level(_) => None,
        });
        packets.collect()
    }
}

/// The number of each picture, where the first is 0.
fn pictures(sent: &[Sent]) -> Vec<u16> {
    let id = |sent: &Sent| {
        let payload = sent.packet().payload().to_vec();
        u16::from_be_bytes([payload[2], payload[3]]) & 0x7fff
    };
    let first = sent.first().map_or(0, id);
    sent.iter().map(|sent| id(sent) - first).collect()
}

#[test]
fn who_comes_behind_a_link_gets_the_latest_key_picture_at_once_and_all_that_followed() {
    let mut film = Film::after(49);
    film.view(BOB, SLOT);
    film.pair.pass(Duration::from_millis(20));
    let first = film.got(BOB);
    assert!(!first.is_empty(), "it waits for no picture");
    film.pictures(40);
    let got = [first, film.got(BOB)].concat();
    assert_eq!(pictures(&got), (0..90).collect::<Vec<_>>());
    let stamps: Vec<_> = got.iter().map(|sent| sent.packet().timestamp()).collect();
    let span = stamps[89].wrapping_sub(stamps[0]);
    assert!(span <= 42 * PICTURE_TICKS, "{span}: as if it were made when it goes out");
    assert_eq!(film.pair.away.router.stats().replays, 1);
    // Who comes next finds it there.
    film.crossed();
    film.view(CAROL, SLOT + 1);
    film.pair.pass(Duration::from_millis(20));
    assert!(!film.got(CAROL).is_empty());
    assert_eq!(film.crossed(), []);
}

#[test]
fn the_past_crosses_in_portions_and_live_packets_come_after_it() {
    let mut film = Film::after(200);
    film.view(BOB, SLOT);
    film.pair.away.wait(Duration::from_millis(1));
    film.pair.cross(|_| false);
    let portion = film.crossed();
    assert!(portion.len() * BYTES < PORTION_BYTES && (portion.len() + 1) * PACKET_BYTES > PORTION_BYTES, "{portion:?}");
    assert_eq!(film.got(BOB).len(), 0, "not before all is there");
    film.send();
    film.pair.cross(|_| false);
    assert_eq!(film.crossed(), [], "what is live waits");
    film.pair.pass(Duration::from_millis(30));
    let all = [portion, film.crossed()].concat();
    let expected: Vec<_> = (0..=201).map(|number| (number, number < 201)).collect();
    assert_eq!(all, expected);
    assert!(!film.got(BOB).is_empty());
}

#[test]
fn what_is_blocked_or_wanted_no_longer_does_not_cross_and_neither_does_the_past_of_a_link_that_is_gone() {
    type End = fn(&mut Film);
    let ends: [End; 3] = [
        |film| film.pair.home.router.handle_block(film.pair.home.now, TrackId { peer: ALICE, ..film.track }, true),
        |film| {
            let (home, track) = (&mut film.pair.home, TrackId { peer: ALICE, ..film.track });
            home.router.handle_remote_want(home.now, track, super::pair::AWAY, 0, &mut home.sink);
        },
        |film| {
            let home = &mut film.pair.home;
            home.router.handle_links(home.now, Links::EMPTY, &mut home.sink);
        },
    ];
    for end in ends {
        let mut film = Film::after(200);
        film.view(BOB, SLOT);
        film.pair.away.wait(Duration::from_millis(1));
        film.pair.cross(|_| false);
        assert!(film.crossed().len() < 100);
        end(&mut film);
        film.pair.pass(Duration::from_millis(30));
        assert_eq!(film.crossed(), []);
    }
}
