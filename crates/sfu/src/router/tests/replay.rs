//! Who comes in the middle of a stream.

use std::time::Duration;

use rtp::parameters::{Codec, CodecName, Feedback};

use super::world::{ALICE, BOB, CAMERA, CAROL, Input, SLOT, Sent, VP8, World, codec, sends, takes, vp8};
use crate::{Config, PeerId, Source, TrackId};

/// A publisher whose pictures come, one every 40 ms, and who may be asked for a key picture or not.
struct Film {
    world: World,
    track: TrackId,
    /// The number of the next packet.
    number: u16,
    picture: u16,
}

/// Packets of a picture, and the bytes of each.
const PACKETS: u16 = 4;
const BYTES: usize = 1_000;
const PICTURE: Duration = Duration::from_millis(40);
const PICTURE_TICKS: u32 = 3_600;

fn encoder() -> Codec {
    Codec { feedback: Feedback::default(), ..codec(CodecName::Vp8, VP8) }
}

fn film(publisher: Codec) -> Film {
    film_in(World::with(Config { replays: true, ..Config::default() }, &[ALICE, BOB, CAROL]), publisher)
}

fn film_in(mut world: World, publisher: Codec) -> Film {
    let track = world.publish(ALICE, Source::Camera, sends("0", publisher, CAMERA));
    world.got_rtcp(ALICE);
    Film { world, track, number: 0, picture: 0 }
}

impl Film {
    fn packet(&mut self, key: bool, part: u16) {
        let mut payload = vp8(self.picture, 0, 0, key, part == 0);
        payload.resize(BYTES, 7);
        let input = Input {
            payload_type: VP8,
            number: self.number,
            timestamp: u32::from(self.picture) * PICTURE_TICKS,
            marker: part + 1 == PACKETS,
            ssrc: CAMERA,
            payload: &payload,
            elements: &[],
        };
        self.number = self.number.wrapping_add(1);
        self.world.rtp(ALICE, &input);
    }

    /// A picture, and the time until the next.
    fn picture(&mut self, key: bool) {
        for part in 0..PACKETS {
            self.packet(key, part);
        }
        self.picture += 1;
        self.world.wait(PICTURE);
    }

    fn pictures(&mut self, count: u16) {
        (0..count).for_each(|_| self.picture(false));
    }

    fn view(&mut self, viewer: PeerId, ssrc: u32) {
        self.world.slots(viewer, vec![takes("v", codec(CodecName::Vp8, 100), ssrc)]);
        self.world.wish(viewer, "v", Some(self.track));
    }

    /// What a viewer got for the first time.
    fn got(&mut self, viewer: PeerId) -> Vec<Sent> {
        let mut got = self.world.got(viewer);
        got.retain(|sent| sent.packet().payload_type() == 100);
        got
    }
}

fn timestamps(sent: &[Sent]) -> Vec<u32> {
    let mut all: Vec<u32> = sent.iter().map(|sent| sent.packet().timestamp()).collect();
    all.dedup();
    all
}

fn is_continuous(sent: &[Sent]) -> bool {
    sent.windows(2).all(|pair| pair[1].index == pair[0].index + 1)
}

/// The number of the picture by the publisher's count, where the first that went out was `first`.
fn pictures(sent: &[Sent], first: u16) -> Vec<u16> {
    let id = |sent: &Sent| {
        let payload = sent.packet().payload().to_vec();
        u16::from_be_bytes([payload[2], payload[3]]) & 0x7fff
    };
    let base = sent.first().map_or(0, id);
    let mut all: Vec<u16> = sent.iter().map(|sent| id(sent) - base + first).collect();
    all.dedup();
    all
}

#[test]
fn who_comes_in_the_middle_gets_the_latest_key_picture_at_once_and_all_that_followed() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(49);
    film.view(BOB, SLOT);
    film.world.wait(Duration::from_millis(20));
    let first = film.got(BOB);
    assert!(first.len() >= usize::from(PACKETS), "the key picture and more: {}", first.len());
    film.pictures(40);
    let got = [first, film.got(BOB)].concat();
    assert!(is_continuous(&got));
    assert_eq!(pictures(&got, 0), (0..90).collect::<Vec<_>>());
    assert_eq!(film.world.asked_for_key_frames(ALICE), 0);
    assert_eq!(film.world.router.stats().replays, 1, "one, however often its path was reckoned");
}

#[test]
fn in_a_meeting_only_what_is_made_in_this_process_is_kept_for_who_comes_later() {
    for is_fed in [true, false] {
        let mut world = World::new(&[BOB, CAROL]);
        match is_fed {
            true => world.router.handle_fed_join(world.now, ALICE),
            false => world.router.handle_join(world.now, ALICE),
        }
        let mut film = film_in(world, encoder());
        film.picture(true);
        film.pictures(49);
        film.view(BOB, SLOT);
        film.pictures(40);
        assert_eq!(film.world.router.stats().replays, u64::from(is_fed));
        let got = film.got(BOB);
        assert_eq!(pictures(&got, 0), if is_fed { (0..90).collect::<Vec<_>>() } else { Vec::new() });
    }
}

#[test]
fn in_a_meeting_who_comes_right_behind_a_key_picture_gets_it_at_once_and_who_comes_later_has_one_made() {
    for (pictures_since, asked) in [(0, 0), (6, 0), (8, 1)] {
        let world = World::new(&[ALICE, BOB, CAROL]);
        let mut film = film_in(world, codec(CodecName::Vp8, VP8));
        film.picture(true);
        film.pictures(pictures_since);
        film.view(BOB, SLOT);
        assert_eq!(film.world.asked_for_key_frames(ALICE), asked, "{pictures_since} pictures behind it");
        assert_eq!(film.world.router.stats().replays, 1 - asked as u64);
        film.pictures(10);
        let got = film.got(BOB);
        let last = pictures_since + 11;
        assert_eq!(pictures(&got, 0), if asked == 0 { (0..last).collect::<Vec<_>>() } else { Vec::new() });
        assert!(is_continuous(&got));
    }
}

#[test]
fn pictures_that_go_out_later_are_stamped_as_if_they_were_made_then_and_run_into_the_live_ones() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(49);
    let begun = film.world.now;
    film.view(BOB, SLOT);
    let mut arrivals: Vec<(Duration, u32)> = Vec::new();
    for step in 0..2_000 {
        if step % 40 == 0 {
            (0..PACKETS).for_each(|part| film.packet(false, part));
            film.picture += 1;
        }
        film.world.wait(Duration::from_millis(1));
        let at = film.world.now - begun;
        arrivals.extend(timestamps(&film.got(BOB)).into_iter().map(|timestamp| (at, timestamp)));
    }
    arrivals.dedup_by_key(|(_, timestamp)| *timestamp);
    let (first_at, first) = arrivals[0];
    for (at, timestamp) in &arrivals {
        let made_ms = f64::from(timestamp.wrapping_sub(first)) / 90.0;
        let came_ms = (*at - first_at).as_secs_f64() * 1_000.0;
        assert!((made_ms - came_ms).abs() < 5.0, "{came_ms} ms after the first a picture of {made_ms} ms");
    }
    assert!(arrivals.windows(2).all(|pair| pair[1].1 > pair[0].1));
    let live: Vec<u32> = arrivals.iter().rev().take(3).map(|(_, timestamp)| *timestamp).collect();
    assert_eq!((live[0] - live[1], live[1] - live[2]), (PICTURE_TICKS, PICTURE_TICKS), "the publisher's own steps");
}

#[test]
fn what_is_asked_for_again_is_sent_as_it_was() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(49);
    film.view(BOB, SLOT);
    film.pictures(30);
    let got = film.got(BOB);
    let lost = &got[60];
    let number = lost.packet().sequence_number();
    film.world.rtcp(BOB, |writer| writer.nack(9, SLOT, &[number]));
    film.world.wait(Duration::from_millis(30));
    let again = film.world.got(BOB).into_iter().find(|sent| sent.packet().ssrc() == SLOT + 1).unwrap();
    assert_eq!(again.packet().timestamp(), lost.packet().timestamp());
    assert_eq!(again.packet().payload()[..2], number.to_be_bytes());
    assert_eq!(again.packet().payload()[2..], *lost.packet().payload());
}

#[test]
fn a_key_picture_that_comes_meanwhile_is_gone_over_to_at_once() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(200);
    film.view(BOB, SLOT);
    film.world.wait(Duration::from_millis(100));
    let before = film.got(BOB);
    film.picture(true);
    film.pictures(2);
    let got = film.got(BOB);
    assert!(is_continuous(&[before.clone(), got.clone()].concat()));
    let key = got.iter().position(|sent| sent.packet().payload()[6] == 0).unwrap();
    assert_eq!(got.len() - key, usize::from(3 * PACKETS), "from there on it is live");
    assert!(timestamps(&[before, got].concat()).windows(2).all(|pair| pair[1] > pair[0]));
}

#[test]
fn two_viewers_are_at_places_of_their_own() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(20);
    film.view(BOB, SLOT);
    film.world.wait(Duration::from_millis(15));
    film.view(CAROL, 7_000);
    film.pictures(40);
    for viewer in [BOB, CAROL] {
        let got = film.got(viewer);
        assert!(is_continuous(&got));
        assert_eq!(pictures(&got, 0), (0..61).collect::<Vec<_>>());
    }
}

#[test]
fn who_pauses_and_looks_again_begins_with_the_latest_key_picture() {
    let mut film = film(encoder());
    film.view(BOB, SLOT);
    film.picture(true);
    film.pictures(10);
    film.world.pause(BOB, "v", Some(film.track));
    film.pictures(10);
    let before = film.got(BOB);
    assert_eq!(pictures(&before, 0), (0..11).collect::<Vec<_>>());
    film.world.wish(BOB, "v", Some(film.track));
    film.pictures(40);
    let got = film.got(BOB);
    assert_eq!(pictures(&got, 0), (0..61).collect::<Vec<_>>());
    assert!(is_continuous(&[before.clone(), got.clone()].concat()));
    assert!(timestamps(&[before, got].concat()).windows(2).all(|pair| pair[1] > pair[0]));
}

#[test]
fn a_publisher_who_can_be_asked_is_asked_only_when_the_key_picture_is_old() {
    let mut film = film(codec(CodecName::Vp8, VP8));
    film.picture(true);
    film.pictures(24);
    film.view(BOB, SLOT);
    film.pictures(5);
    assert_eq!(film.world.asked_for_key_frames(ALICE), 0, "a second old");
    film.pictures(50);
    film.view(CAROL, 7_000);
    film.pictures(5);
    assert_eq!(film.world.asked_for_key_frames(ALICE), 1, "more than three");
    assert!(!film.got(CAROL).is_empty());
}

#[test]
fn a_new_publisher_is_entered_at_its_own_key_picture() {
    let mut film = film(encoder());
    film.view(BOB, SLOT);
    film.picture(true);
    film.pictures(5);
    film.world.router.handle_unpublish(film.world.now, film.track);
    film.world.settle();
    film.got(BOB);
    film.world.publish(ALICE, Source::Camera, sends("0", encoder(), CAMERA + 100));
    film.world.wait(Duration::from_millis(500));
    assert!(film.got(BOB).iter().all(|sent| sent.packet().ssrc() != SLOT), "nothing of the one before");
}

#[test]
fn what_is_lost_on_the_way_in_ends_it() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(5);
    film.number += 1;
    film.pictures(50);
    film.view(BOB, SLOT);
    film.pictures(5);
    assert!(film.got(BOB).is_empty());
    film.picture(true);
    assert_eq!(film.got(BOB).len(), usize::from(PACKETS));
}

#[test]
fn a_jump_of_the_numbers_in_the_middle_of_it_ends_it() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(100);
    film.view(BOB, SLOT);
    film.world.wait(Duration::from_millis(100));
    assert!(!film.got(BOB).is_empty());
    film.number = film.number.wrapping_add(20_000);
    film.pictures(150);
    let got = film.got(BOB);
    assert!(pictures(&got, 0).len() < 102, "nothing behind the jump can be decoded");
    film.picture(true);
    assert_eq!(film.got(BOB).len(), usize::from(PACKETS));
}

#[test]
fn nobody_gets_what_came_while_it_was_not_to_be_seen() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(5);
    film.world.router.handle_block(film.world.now, film.track, true);
    film.picture(true);
    film.pictures(5);
    film.world.router.handle_block(film.world.now, film.track, false);
    film.view(BOB, SLOT);
    film.pictures(5);
    assert!(film.got(BOB).is_empty());
    assert_eq!(film.world.router.stats().replays, 0);
}

#[test]
fn before_the_path_has_shown_anything_no_more_than_a_slow_one_takes_follows_the_key_picture() {
    let mut film = film(encoder());
    film.picture(true);
    film.pictures(200);
    film.view(BOB, SLOT);
    film.world.wait(Duration::from_millis(300));
    let bytes: usize = film.got(BOB).iter().map(|sent| sent.bytes.len()).sum();
    let picture = usize::from(PACKETS) * (BYTES + 60);
    let slow = 2_000_000 / 8 * 3 / 10;
    assert!((slow / 2..slow + 2 * picture).contains(&bytes), "{bytes} bytes in 300 ms");
}

#[test]
fn more_than_is_kept_is_not_replayed_until_the_next_key_picture() {
    let mut film = film(encoder());
    film.picture(true);
    // 8,192 packets are kept, which has the last of these displace the first.
    film.pictures(8_192 / PACKETS);
    film.view(BOB, SLOT);
    film.pictures(2);
    assert!(film.got(BOB).is_empty());
    film.picture(true);
    film.picture(false);
    film.view(CAROL, 7_000);
    film.pictures(20);
    assert!(!film.got(CAROL).is_empty());
}
