use super::*;
use rtp::payload::PictureId;
use rtp::payload::vp8::Descriptor;

#[expect(clippy::disallowed_methods, reason = "an arbitrary beginning")]
fn epoch() -> Instant {
    Instant::now()
}

const STAMP: Stamp = Stamp { run: 1, source: 2, number: 0, sent_us: 0 };

/// What a video sends in a second.
fn second(shape: Shape) -> Vec<Vec<Outgoing>> {
    let start = epoch();
    let mut video = Video::new(shape, STAMP, start);
    let mut frames = Vec::new();
    while video.next_at() < start + Duration::from_millis(999) {
        frames.push(video.next_frame(video.next_at(), 5));
    }
    frames
}

#[test]
fn a_video_sends_its_packets_and_frames_each_second() {
    for (packets, frames, seen) in [(500.0, 25.0, 25), (110.0, 25.0, 25), (100.0, 0.0, 100)] {
        let shape = Shape { packets_per_second: packets, frames_per_second: frames, payload_bytes: 1100 };
        let sent = second(shape);
        assert_eq!(sent.len(), seen);
        let count = sent.iter().flatten().count() as f64;
        assert!((count - packets).abs() <= 1.0, "{count} of {packets}");
    }
}

#[test]
fn packets_are_those_of_a_vp8_stream_with_a_stamp_behind() {
    let sent = second(Shape { packets_per_second: 100.0, frames_per_second: 25.0, payload_bytes: 1100 });
    let mut number = 0;
    for (index, frame) in sent.iter().enumerate() {
        for (place, packet) in frame.iter().enumerate() {
            let descriptor = Descriptor::parse(&packet.payload).unwrap();
            assert_eq!(descriptor.is_start_of_frame(), place == 0);
            assert_eq!(descriptor.is_key_frame(), index == 0 && place == 0);
            assert_eq!(descriptor.picture_id, Some(PictureId::Long(u16::try_from(index).unwrap())));
            assert_eq!(packet.marker, place + 1 == frame.len());
            assert_eq!(packet.payload.len(), if packet.marker { 550 } else { 1100 });
            assert_eq!(Stamp::read(&packet.payload), Some(Stamp { number, sent_us: 5, ..STAMP }));
            number += 1;
        }
        assert_eq!(frame[0].timestamp, u32::try_from(index * 3600).unwrap());
    }
}

#[test]
fn a_key_frame_comes_when_it_is_asked_for() {
    let start = epoch();
    let shape = Shape { packets_per_second: 25.0, frames_per_second: 25.0, payload_bytes: 200 };
    let mut video = Video::new(shape, STAMP, start);
    let mut key = |wanted: bool| {
        if wanted {
            video.request_key_frame();
        }
        Descriptor::parse(&video.next_frame(start, 0)[0].payload).unwrap().is_key_frame()
    };
    assert_eq!([key(false), key(false), key(true), key(false)], [true, false, true, false]);
}

#[test]
fn a_generator_that_was_held_up_does_not_send_a_flood() {
    let start = epoch();
    let shape = Shape { packets_per_second: 100.0, frames_per_second: 25.0, payload_bytes: 200 };
    let mut video = Video::new(shape, STAMP, start);
    let late = start + Duration::from_secs(10);
    video.next_frame(late, 0);
    assert_eq!(video.next_at(), late);
    let mut audio = Audio::new(80, STAMP, start);
    assert_eq!(audio.next_packet(start, 0).payload.len(), 80);
    assert_eq!(audio.next_at(), start + AUDIO_INTERVAL);
    audio.next_packet(late, 0);
    assert_eq!(audio.next_at(), late);
}
