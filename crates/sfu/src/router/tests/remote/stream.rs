//! What a viewer behind a link gets is the stream that a viewer at the publisher's worker gets.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rtp::parameters::CodecName;

use super::pair::Pair;
use crate::router::tests::world::{ALICE, BOB, CAROL, Input, Sent, VP8, codec, sends, takes, vp8};
use crate::{Source, TrackId};

/// What a viewer got, by the numbers of its stream: the number of the frame in each.
#[derive(Default)]
struct Viewer {
    got: BTreeMap<u16, Vec<u8>>,
    /// Numbers that came twice under the SSRC of the stream itself.
    twice: Vec<u16>,
}

impl Viewer {
    fn take(&mut self, sent: &[Sent], ssrc: u32) {
        for packet in sent.iter().map(Sent::packet) {
            let payload = packet.payload();
            let own = packet.ssrc() == ssrc;
            let (number, payload) = if own {
                (packet.sequence_number(), payload)
            } else {
                (u16::from_be_bytes([payload[0], payload[1]]), &payload[2..])
            };
            // An empty one only says that nobody need wait for it.
            let frame = payload.get(DESCRIPTOR_BYTES..).unwrap_or_default().to_vec();
            if self.got.insert(number, frame).is_some() && own {
                self.twice.push(number);
            }
        }
    }

    fn missing(&self) -> Vec<u16> {
        let (Some((first, _)), Some((last, _))) = (self.got.first_key_value(), self.got.last_key_value()) else {
            return Vec::new();
        };
        (*first..*last).filter(|number| !self.got.contains_key(number)).collect()
    }
}

/// What comes before the frame: its numbers are the stream's own.
const DESCRIPTOR_BYTES: usize = 6;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any losses on the link, and key frames where they are asked for.
    #[test]
    fn a_viewer_behind_a_lossy_link_gets_the_same_stream(seed: [u8; 32], percent in 0_u32..30) {
        let mut pair = Pair::new(&[ALICE, CAROL], &[BOB]);
        let track = pair.publish(ALICE, Source::Camera, &sends("0", codec(CodecName::Vp8, VP8), 1_000));
        pair.home.slots(CAROL, vec![takes("v", codec(CodecName::Vp8, 100), 7_000)]);
        pair.away.slots(BOB, vec![takes("v", codec(CodecName::Vp8, 100), 5_000)]);
        pair.home.wish(CAROL, "v", Some(TrackId { peer: ALICE, ..track }));
        pair.away.wish(BOB, "v", Some(track));
        pair.pass(Duration::from_millis(20));
        let mut dice = ChaCha8Rng::from_seed(seed);
        let mut key = true;
        let (mut at_home, mut behind) = (Viewer::default(), Viewer::default());
        for number in 1..200_u16 {
            let payload = [vp8(number, 0, 0, std::mem::take(&mut key), true), number.to_be_bytes().to_vec()].concat();
            let timestamp = u32::from(number) * 3_000;
            let input = Input { payload_type: VP8, number, timestamp, marker: true, ssrc: 1_000, payload: &payload, elements: &[] };
            pair.home.rtp(ALICE, &input);
            let is_last = number >= 190;
            pair.wait(Duration::from_millis(20), |_| !is_last && dice.next_u32() % 100 < percent);
            key = pair.home.asked_for_key_frames(ALICE) > 0;
            at_home.take(&pair.home.got(CAROL), 7_000);
            behind.take(&pair.away.got(BOB), 5_000);
            if number % 5 == 0 {
                ask(&mut pair, &behind);
            }
        }
        for _ in 0..20 {
            pair.pass(Duration::from_millis(100));
            behind.take(&pair.away.got(BOB), 5_000);
            ask(&mut pair, &behind);
        }
        prop_assert!(behind.got.len() > 100, "{}", behind.got.len());
        prop_assert!(behind.twice.is_empty() && behind.missing().is_empty(), "{:?} {:?}", behind.twice, behind.missing());
        let (at_home, behind): (Vec<_>, Vec<_>) = (at_home.got.values().collect(), behind.got.values().collect());
        let begins = at_home.iter().position(|frame| *frame == behind[0]).unwrap();
        prop_assert_eq!(&at_home[begins..], &behind[..]);
    }
}

/// The viewer asks for what it lacks, as a browser does.
fn ask(pair: &mut Pair, viewer: &Viewer) {
    let missing = viewer.missing();
    if !missing.is_empty() {
        pair.away.rtcp(BOB, |writer| writer.nack(1, 5_000, &missing));
    }
}
