//! A viewer that says nothing of its path but a REMB and reports, and a picture that does not adapt to it.

use rtp::parameters::{CodecName, ExtensionIds, SendParameters};
use rtp::rtcp::ReportBlock;

use super::publisher::{camera, narrow, second_of};
use super::world::{ALICE, BOB, SLOT, Sent, World, codec, takes};
use crate::Source;

/// Fifty a second: more than twice what a path counts as at least.
const PICTURE_BYTES: usize = 1_300;

/// What Bob's reports say.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Says {
    /// All has come.
    Clean,
    /// What left in the last second has not come.
    Late,
    /// A third is lost.
    Lossy,
}

/// Alice sends 520 kbit/s whatever happens, and Bob watches.
struct Call {
    world: World,
    /// The number of Alice's next packet.
    next: u16,
    /// The number of the last packet that came to Bob.
    highest: u16,
}

impl Call {
    /// Bob's path carries less.
    fn paused() -> Self {
        let mut world = World::new(&[ALICE, BOB]);
        let slot = takes("v", codec(CodecName::Vp8, 100), SLOT);
        let extensions = ExtensionIds { transport_cc: None, ..ExtensionIds::ALL };
        world.slots(BOB, vec![SendParameters { extensions, ..slot }]);
        let track = world.publish(ALICE, Source::Camera, camera(false));
        world.wish(BOB, "v", Some(track));
        let mut call = Self { world, next: 1, highest: 0 };
        assert_eq!(call.shown(Some(3_000_000), Says::Clean), 50);
        (0..4).for_each(|_| _ = call.shown(Some(150_000), Says::Clean));
        assert_eq!(call.shown(Some(150_000), Says::Clean), 0, "too much for this path");
        call
    }

    /// How many pictures Bob gets in a second, at whose end he reports; before it he tells what he has measured.
    fn shown(&mut self, told_bps: Option<u64>, says: Says) -> usize {
        if let Some(bps) = told_bps {
            narrow(&mut self.world, BOB, bps);
        }
        self.world.got(BOB);
        second_of(&mut self.world, self.next, PICTURE_BYTES);
        self.next += 50;
        let got = self.world.got(BOB);
        let packets = got.iter().map(Sent::packet).filter(|packet| packet.ssrc() == SLOT);
        let pictures: Vec<u16> = packets.map(|packet| packet.sequence_number()).collect();
        let came = if says == Says::Late { pictures.first() } else { pictures.last() };
        self.highest = came.copied().unwrap_or(self.highest);
        let block = ReportBlock {
            ssrc: SLOT,
            fraction_lost: if says == Says::Lossy && came.is_some() { 85 } else { 0 },
            highest_sequence: u32::from(self.highest),
            ..ReportBlock::default()
        };
        self.world.rtcp(BOB, |writer| writer.receiver_report(9, &[block]));
        pictures.len()
    }

    /// Seconds until pictures come, while nothing is measured; Bob reports like this of the first ones.
    fn waits(&mut self, says: Says) -> usize {
        (0..70).find(|_| self.shown(None, says) > 0).unwrap()
    }
}

#[test]
fn who_measures_nothing_while_nothing_comes_is_shown_the_picture_again_when_the_path_has_become_wide() {
    let mut call = Call::paused();
    let waited = call.waits(Says::Clean);
    assert!(waited <= 5, "{waited} s");
    // What he measures grows by eight percent a second from what it was.
    let mut told_bps = 130_000;
    for _ in 0..40 {
        told_bps = told_bps * 108 / 100;
        assert_eq!(call.shown(Some(told_bps), Says::Clean), 50, "{told_bps} bit/s");
    }
}

#[test]
fn a_path_that_is_as_narrow_as_before_is_tried_ever_more_seldom_and_hardly_longer_than_until_it_complains() {
    for says in [Says::Late, Says::Lossy] {
        let mut call = Call::paused();
        let mut waits = Vec::new();
        for _ in 0..5 {
            waits.push(call.waits(says));
            let spoiled: usize = (0..3).map(|_| call.shown(Some(130_000), says)).sum();
            assert!(spoiled <= 50, "{spoiled} pictures more, {says:?}");
        }
        assert!(waits.is_sorted() && waits[4] >= 50, "{waits:?}, {says:?}");
    }
}

#[test]
fn what_was_shown_again_is_stopped_again_when_the_path_narrows_anew() {
    let mut call = Call::paused();
    call.waits(Says::Clean);
    (0..10).for_each(|_| assert_eq!(call.shown(Some(140_000), Says::Clean), 50));
    call.shown(Some(120_000), Says::Late);
    assert_eq!(call.shown(Some(120_000), Says::Late), 0);
}

#[test]
fn who_knows_no_transport_wide_numbers_gets_fillers_that_are_not_empty() {
    let mut call = Call::paused();
    let lost = call.highest;
    call.waits(Says::Clean);
    call.world.got(BOB);
    call.world.rtcp(BOB, |writer| writer.nack(9, SLOT, &[lost]));
    let got = call.world.got(BOB);
    let filler = got.iter().map(Sent::packet).find(|packet| packet.ssrc() == SLOT + 1).unwrap();
    assert_eq!(filler.payload(), [&lost.to_be_bytes()[..], &[0, 0]].concat());
}
