//! Voices of two workers.

use std::time::Duration;

use rtp::Element;
use rtp::parameters::CodecName;
use rtp::rtcp::SenderInfo;

use super::pair::{Pair, remote};
use crate::router::tests::world::{ALICE, BOB, CAROL, EXTENSIONS, Input, OPUS, World, codec, sends, takes};
use crate::{LinkId, Links, Output, PeerId, Source};

const DAVE: PeerId = PeerId(4);

/// A packet of sound, so many dB below full scale.
fn say(world: &mut World, peer: PeerId, number: u16, below: u8) {
    let level = [below];
    let elements = [Element { id: EXTENSIONS.audio_level.unwrap(), data: &level }];
    let timestamp = u32::from(number) * 960;
    let ssrc = peer.0 * 100;
    let input =
        Input { payload_type: OPUS, number, timestamp, marker: false, ssrc, payload: &[1, 2, 3], elements: &elements };
    world.rtp(peer, &input);
}

fn voice(peer: PeerId) -> rtp::parameters::ReceiveParameters {
    sends("0", codec(CodecName::Opus, OPUS), peer.0 * 100)
}

/// Alice and Bob speak on one worker, Carol on the other, where Dave listens with one slot.
fn conference() -> Pair {
    let mut pair = Pair::new(&[ALICE, BOB], &[CAROL, DAVE]);
    pair.away.slots(DAVE, vec![takes("a", codec(CodecName::Opus, 100), 5_000)]);
    pair.away.publish(CAROL, Source::Microphone, voice(CAROL));
    for peer in [ALICE, BOB] {
        pair.publish(peer, Source::Microphone, &voice(peer));
    }
    pair.pass(Duration::from_millis(10));
    pair
}

/// Sound for `packets` times 20 ms, at these levels below full scale.
fn speak(pair: &mut Pair, first: u16, packets: u16, [alice, bob, carol]: [u8; 3]) {
    for number in first..first + packets {
        say(&mut pair.home, ALICE, number, alice);
        say(&mut pair.home, BOB, number, bob);
        say(&mut pair.away, CAROL, number, carol);
        pair.pass(Duration::from_millis(20));
    }
}

fn in_slot(told: &[Output]) -> Option<PeerId> {
    let last = told.iter().rev().find_map(|output| {
        let Output::Slots { peer: DAVE, slots } = output else { return None };
        Some(slots[0].track)
    });
    last.flatten().map(|track| track.peer)
}

fn speakers(told: &[Output]) -> Vec<PeerId> {
    let last = told.iter().rev().find_map(|output| {
        let Output::Speakers { speakers } = output else { return None };
        Some(speakers.iter().map(|(peer, _)| *peer).collect())
    });
    last.unwrap_or_default()
}

#[test]
fn an_automatic_slot_holds_the_loudest_voice_of_all_workers() {
    let mut pair = conference();
    speak(&mut pair, 1, 150, [127, 127, 30]);
    assert_eq!(in_slot(&pair.told_away), Some(CAROL));
    pair.packets_crossed();
    speak(&mut pair, 151, 150, [127, 20, 127]);
    assert_eq!(in_slot(&pair.told_away), Some(remote(BOB)));
    let crossed = pair.packets_crossed();
    assert!((60..150).contains(&crossed), "once he was heard, and nobody else: {crossed}");
    let heard = pair.away.got(DAVE).len();
    assert!(heard > 150, "{heard}");
}

#[test]
fn all_workers_elect_the_same_speakers() {
    let mut pair = conference();
    speak(&mut pair, 1, 60, [20, 127, 40]);
    assert_eq!(speakers(&pair.told_away), [remote(ALICE), CAROL]);
    // Nothing of Bob was ever heard here, and it is he who speaks.
    speak(&mut pair, 61, 150, [127, 25, 127]);
    assert_eq!(speakers(&pair.told_away), [remote(BOB)]);
}

/// What was told of the speakers since the last look, one after the other.
fn all_speakers(told: &mut Vec<Output>) -> Vec<Vec<PeerId>> {
    let told = std::mem::take(told).into_iter().filter_map(|output| {
        let Output::Speakers { speakers } = output else { return None };
        Some(speakers.into_iter().map(|(peer, _)| peer).collect())
    });
    told.collect()
}

#[test]
fn who_takes_a_breath_is_a_speaker_also_for_a_worker_that_has_just_come() {
    let mut pair = conference();
    pair.home.router.handle_links(pair.home.now, Links::EMPTY, &mut pair.home.sink);
    speak(&mut pair, 1, 60, [20, 127, 127]);
    // Silent for half a second when the other worker comes.
    speak(&mut pair, 61, 25, [127; 3]);
    pair.home.router.handle_links(pair.home.now, Links::only(super::AWAY), &mut pair.home.sink);
    all_speakers(&mut pair.told_away);
    speak(&mut pair, 86, 30, [127; 3]);
    assert_eq!(all_speakers(&mut pair.told_away), [[remote(ALICE)]]);
    assert_eq!(speakers(&pair.told_home), [ALICE], "at her own worker she was one all the time");
    // She says nothing more: that is so for both before long.
    speak(&mut pair, 116, 60, [127; 3]);
    assert_eq!(all_speakers(&mut pair.told_away), [Vec::<PeerId>::new()]);
    assert_eq!(speakers(&pair.told_home), []);
}

#[test]
fn when_workers_come_or_go_it_is_said_again_who_speaks_but_not_before_all_were_heard() {
    let mut pair = conference();
    speak(&mut pair, 1, 60, [20, 127, 40]);
    all_speakers(&mut pair.told_away);
    let third = Links::only(LinkId(1));
    pair.away.router.handle_links(pair.away.now, third, &mut pair.away.sink);
    speak(&mut pair, 61, 16, [20, 127, 40]);
    assert!(all_speakers(&mut pair.told_away).is_empty(), "within 320 ms");
    speak(&mut pair, 77, 10, [20, 127, 40]);
    assert_eq!(all_speakers(&mut pair.told_away), [[remote(ALICE), CAROL]]);
    // The worker of Alice ends.
    pair.away.router.handle_leave(pair.away.now, remote(ALICE));
    pair.away.router.handle_links(pair.away.now, Links::EMPTY, &mut pair.away.sink);
    pair.home.router.handle_links(pair.home.now, Links::EMPTY, &mut pair.home.sink);
    speak(&mut pair, 87, 30, [127, 127, 40]);
    assert_eq!(all_speakers(&mut pair.told_away), [[CAROL]]);
}

#[test]
fn a_speaker_who_leaves_speaks_no_longer_even_if_nothing_else_is_published() {
    let mut world = World::new(&[ALICE]);
    world.publish(ALICE, Source::Microphone, voice(ALICE));
    for number in 1..60 {
        say(&mut world, ALICE, number, 20);
        world.wait(Duration::from_millis(20));
    }
    assert_eq!(all_speakers(&mut world.outputs()), [[ALICE]]);
    world.router.handle_leave(world.now, ALICE);
    world.wait(Duration::from_secs(1));
    assert_eq!(all_speakers(&mut world.outputs()), [Vec::<PeerId>::new()]);
    assert_eq!(world.router.poll_timeout(), None, "then nothing is left to do");
}

#[test]
fn a_sender_report_reaches_the_other_worker_also_when_it_came_before_anybody_listened() {
    let mut pair = conference();
    let info = |packets| SenderInfo { ssrc: 100, ntp: 77 << 32, timestamp: 9_600, packets, octets: 0 };
    pair.home.rtcp(ALICE, |writer| writer.sender_report(&info(1), &[]));
    speak(&mut pair, 1, 100, [20, 127, 127]);
    assert_eq!(in_slot(&pair.told_away), Some(remote(ALICE)));
    let reports = pair.away.got_rtcp(DAVE);
    let infos = reports.iter().flat_map(|compound| rtp::rtcp::read(compound)).filter_map(|packet| match packet {
        Ok(rtp::rtcp::Packet::SenderReport(report)) => Some(report.info),
        _ => None,
    });
    let infos: Vec<_> = infos.collect();
    // The publisher's clock said that 9,600 belongs to the moment of the report: two seconds later it is 96,000 more, on both workers.
    let (first, last) = (infos.first().unwrap(), infos.last().unwrap());
    assert!(infos.len() >= 2, "{infos:?}");
    let elapsed = u32::try_from(((last.ntp - first.ntp) * 48_000) >> 32).unwrap();
    assert!(last.timestamp.wrapping_sub(first.timestamp).abs_diff(elapsed) <= 48, "{infos:?}");
}
