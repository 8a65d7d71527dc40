use std::time::Duration;

use rtp::parameters::CodecName;
use rtp::rtcp::SenderInfo;

use super::world::{ALICE, BOB, CAMERA, Input, OPUS, SLOT, VP8, World, codec, sends, takes, vp8};
use crate::Source;

const MICROPHONE: u32 = 2_000;
const SOUND_SLOT: u32 = 6_000;

/// Alice's camera and microphone: a picture and a sound every 20 ms, sampled and arriving together.
struct Meeting {
    world: World,
    number: u16,
}

impl Meeting {
    fn new() -> Self {
        let mut world = World::new(&[ALICE, BOB]);
        let slots = [takes("v", codec(CodecName::Vp8, 100), SLOT), takes("a", codec(CodecName::Opus, 101), SOUND_SLOT)];
        world.slots(BOB, slots.into());
        let camera = world.publish(ALICE, Source::Camera, sends("0", codec(CodecName::Vp8, VP8), CAMERA));
        let microphone = world.publish(ALICE, Source::Microphone, sends("1", codec(CodecName::Opus, OPUS), MICROPHONE));
        world.wish(BOB, "v", Some(camera));
        world.wish(BOB, "a", Some(microphone));
        Self { world, number: 0 }
    }

    fn flow_for_two_seconds(&mut self) {
        for _ in 0..100 {
            self.number += 1;
            let (number, count) = (self.number, u32::from(self.number));
            let payload = &vp8(number, 0, 0, number == 1, true);
            let sound = Input {
                payload_type: OPUS,
                number,
                timestamp: count * 960,
                marker: false,
                ssrc: MICROPHONE,
                payload: &[1, 2, 3],
                elements: &[],
            };
            let picture =
                Input { payload_type: VP8, timestamp: count * 1_800, marker: true, ssrc: CAMERA, payload, ..sound };
            self.world.rtp(ALICE, &picture);
            self.world.rtp(ALICE, &sound);
            self.world.wait(Duration::from_millis(20));
        }
    }

    /// Alice says of one stream that what she sends now was sampled 500 ms later than now, as one does who began to count late.
    fn report(&mut self, ssrc: u32, rate_hz: u32) {
        let timestamp = (u32::from(self.number) * 20).wrapping_sub(500).wrapping_mul(rate_hz / 1_000);
        let ntp = u64::from(self.number) * (1 << 32) / 50;
        let info = SenderInfo { ssrc, ntp, timestamp, packets: 1, octets: 1 };
        self.world.rtcp(ALICE, |writer| writer.sender_report(&info, &[]));
    }

    /// How long before Bob's last report of a slot its last packet was sampled, in milliseconds.
    fn age_ms(&mut self) -> [i32; 2] {
        let (packets, compounds) = (self.world.got(BOB), self.world.got_rtcp(BOB));
        [(SLOT, 90), (SOUND_SLOT, 48)].map(|(ssrc, ticks)| {
            let last = packets.iter().rev().map(|sent| sent.packet()).find(|packet| packet.ssrc() == ssrc).unwrap();
            let reports = compounds.iter().flat_map(|compound| rtp::rtcp::read(compound));
            let told = reports.filter_map(|packet| match packet {
                Ok(rtp::rtcp::Packet::SenderReport(report)) if report.info.ssrc == ssrc => Some(report.info.timestamp),
                _ => None,
            });
            told.last().unwrap().wrapping_sub(last.timestamp()).cast_signed() / ticks
        })
    }
}

#[test]
fn while_one_stream_of_a_publisher_has_no_report_all_are_reported_by_arrival_and_stay_in_step() {
    let mut meeting = Meeting::new();
    meeting.flow_for_two_seconds();
    let [picture, sound] = meeting.age_ms();
    assert!((picture - sound).abs() <= 1, "{picture} and {sound} ms by arrival");
    meeting.report(MICROPHONE, 48_000);
    meeting.flow_for_two_seconds();
    let [picture, sound] = meeting.age_ms();
    assert!((picture - sound).abs() <= 1, "{picture} and {sound} ms with a report of sound alone");
    meeting.report(CAMERA, 90_000);
    meeting.flow_for_two_seconds();
    let [by_reports, beside] = meeting.age_ms();
    assert!((by_reports - beside).abs() <= 1, "{by_reports} and {beside} ms by reports");
    assert!((picture - by_reports - 500).abs() <= 25, "{picture} ms by arrival, {by_reports} ms by reports");
}

#[test]
fn a_report_before_the_first_packet_tells_nothing_of_what_flows_later() {
    let mut meeting = Meeting::new();
    meeting.report(MICROPHONE, 48_000);
    meeting.flow_for_two_seconds();
    meeting.report(MICROPHONE, 48_000);
    meeting.flow_for_two_seconds();
    let [picture, sound] = meeting.age_ms();
    assert!((picture - sound).abs() <= 1, "{picture} and {sound} ms");
}
