use super::*;
use crate::Clock;

const SHAPE: DataShape = DataShape { messages_per_second: 10.0, message_bytes: 100, lossy: false };

fn stamp(run: u32) -> Stamp {
    Stamp { run, source: 1, number: 0, sent_us: 0 }
}

#[test]
fn messages_come_evenly_for_everybody_with_a_stamp_at_the_end() {
    let start = Clock::start().now();
    let mut source = DataSource::new(SHAPE, stamp(7), start);
    for number in 1..=3 {
        let now = start + Duration::from_millis(u64::from(number - 1) * 100);
        assert_eq!(source.next_at(), now);
        let message = source.next(now, 42).unwrap();
        assert_eq!((message.len(), message[0]), (101, 0));
        assert_eq!(Stamp::read(message), Some(Stamp { run: 7, source: 1, number, sent_us: 42 }));
        assert!(source.next(now, 43).is_none());
    }
}

#[test]
fn a_message_is_never_shorter_than_its_stamp() {
    let start = Clock::start().now();
    let mut source = DataSource::new(DataShape { message_bytes: 0, ..SHAPE }, stamp(7), start);
    assert!(Stamp::read(source.next(start, 0).unwrap()).is_some());
}

#[test]
fn who_was_held_up_does_not_say_all_at_once() {
    let start = Clock::start().now();
    let mut source = DataSource::new(SHAPE, stamp(7), start);
    let late = start + Duration::from_secs(10);
    assert!(source.next(late, 0).is_some());
    assert!(source.next(late, 0).is_none());
}

#[test]
fn delays_are_those_of_the_own_run() {
    let mut figures = DataFigures::default();
    let mut message = vec![0; 60];
    figures.message(&message, 1000, 7);
    Stamp { sent_us: 400, ..stamp(7) }.write(&mut message);
    figures.message(&message, 1000, 7);
    Stamp { sent_us: 400, ..stamp(8) }.write(&mut message);
    figures.message(&message, 1000, 7);
    assert_eq!((figures.messages, figures.stamped, figures.bytes), (3, 1, 180));
    assert_eq!((figures.delay.count(), figures.delay.max_us()), (1, 600));
}
