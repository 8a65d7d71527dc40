use super::*;
use crate::clock;

const CHANNEL: ChannelId = ChannelId(2);

fn opened(label: &str) -> (Echo, Instant) {
    let now = clock::now();
    let mut echo = Echo::new(now);
    assert!(echo.open(CHANNEL, label));
    (echo, now)
}

#[test]
fn an_echo_channel_gives_back_what_it_gets() {
    let (mut echo, now) = opened("echo");
    for (kind, bytes) in [(MessageKind::Text, b"word".to_vec()), (MessageKind::Binary, Vec::new())] {
        assert_eq!(echo.answer(now, CHANNEL, kind, bytes.clone()), Some((kind, bytes)));
    }
}

#[test]
fn an_upload_is_answered_with_its_length() {
    let (mut echo, now) = opened("upload");
    let answer = echo.answer(now, CHANNEL, MessageKind::Binary, vec![7; 0x1234]);
    assert_eq!(answer, Some((MessageKind::Binary, vec![0, 0, 0x12, 0x34])));
}

#[test]
fn a_download_is_as_long_as_wished_up_to_its_limit() {
    let (mut echo, now) = opened("download");
    let mut length =
        |wish: &[u8]| echo.answer(now, CHANNEL, MessageKind::Binary, wish.to_vec()).map(|(_, bytes)| bytes.len());
    assert_eq!(length(&[0, 0, 0, 9]), Some(9));
    assert_eq!(length(&[0, 0, 0x40, 0]), Some(DOWNLOAD_BYTES_MAX));
    assert_eq!(length(&[0, 0, 0x40, 1]), Some(DOWNLOAD_BYTES_MAX));
    assert_eq!(length(b"much"), Some(DOWNLOAD_BYTES_MAX));
    assert_eq!(length(b"a lot"), None);
    assert_eq!(length(b""), None);
}

#[test]
fn channels_of_other_labels_and_too_many_are_turned_away() {
    let mut echo = Echo::new(clock::now());
    assert!(!echo.open(ChannelId(0), "chat"));
    for id in 0..u16::try_from(CHANNELS_MAX).unwrap() {
        assert!(echo.open(ChannelId(id), "echo"));
    }
    assert!(!echo.open(ChannelId(100), "echo"));
    echo.close(ChannelId(0));
    assert!(echo.open(ChannelId(100), "echo"));
}

#[test]
fn a_closed_channel_answers_nothing() {
    let (mut echo, now) = opened("echo");
    echo.close(CHANNEL);
    assert_eq!(echo.answer(now, CHANNEL, MessageKind::Text, b"word".to_vec()), None);
}

#[test]
fn what_goes_beyond_the_rate_is_not_answered_until_time_has_passed() {
    let (mut echo, now) = opened("echo");
    let message = vec![0; 10_000 - MESSAGE_OVERHEAD_BYTES / 2];
    let cost = 20_000;
    let mut answered = |now, times: u64| {
        (0..times).filter(|_| echo.answer(now, CHANNEL, MessageKind::Binary, message.clone()).is_some()).count()
    };
    let burst = usize::try_from(BYTES_PER_SECOND_MAX / cost).unwrap();
    assert_eq!(answered(now, BYTES_PER_SECOND_MAX / cost + 1), burst);
    // A hundredth of a second earns one message, also when it is asked for in the meantime.
    for us in (0..10_000).step_by(100) {
        assert_eq!(answered(now + Duration::from_micros(us), 1), 0, "{us} us");
    }
    assert_eq!(answered(now + Duration::from_millis(10), 2), 1);
    assert_eq!(answered(now + Duration::from_secs(100), BYTES_PER_SECOND_MAX / cost + 1), burst);
}

#[test]
fn a_check_is_listened_to_where_it_first_came_from_only() {
    let mut echo = Echo::new(clock::now());
    let [first, other] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from);
    assert!(echo.takes_from(first) && echo.takes_from(other));
    echo.settle_at(first);
    echo.settle_at(other);
    assert!(echo.takes_from(first) && !echo.takes_from(other));
}
