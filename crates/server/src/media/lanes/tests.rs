use super::*;
use crate::clock;

const WHOLE: Delivery = Delivery { ordered: true, reliability: Reliability::Reliable };
const SOON: Delivery = Delivery { ordered: false, reliability: Reliability::Retransmits(0) };

fn open(lanes: &mut Lanes, channel: u16, label: &str, delivery: Delivery) -> News {
    lanes.open(clock::now(), ChannelId(channel), label.to_owned(), delivery)
}

fn refused(label: &str, refusal: DataRefusal) -> News {
    News::Refused { label: label.to_owned(), refusal, tell: true }
}

/// With the reliable channel 0 open for a second, and what the time is then.
fn opened() -> (Lanes, Instant) {
    let now = clock::now();
    let mut lanes = Lanes::new(now);
    lanes.open(now, ChannelId(0), "data".to_owned(), WHOLE);
    (lanes, now + Duration::from_secs(1))
}

/// What becomes of so many messages of so many bytes at once: those taken, and how often the member is warned.
fn flood(lanes: &mut Lanes, now: Instant, messages: u32, bytes: usize) -> (usize, usize) {
    let heard = (0..messages).filter_map(|_| lanes.hear(now, ChannelId(0), MessageKind::Binary, vec![0; bytes]));
    let heard: Vec<News> = heard.collect();
    let taken = heard.iter().filter(|news| matches!(news, News::Message(..))).count();
    let warned = heard.iter().filter(|news| **news == refused("data", DataRefusal::TooMuch)).count();
    (taken, warned)
}

#[test]
fn a_lane_has_one_channel_and_other_labels_have_none() {
    let mut lanes = Lanes::new(clock::now());
    assert_eq!(open(&mut lanes, 0, "data", WHOLE), News::Changed(vec![Lane::Reliable]));
    assert_eq!(open(&mut lanes, 2, "data", WHOLE), refused("data", DataRefusal::Taken));
    assert_eq!(open(&mut lanes, 4, "chat", WHOLE), refused("chat", DataRefusal::UnknownLabel));
    assert_eq!(open(&mut lanes, 6, "data-lossy", SOON), News::Changed(vec![Lane::Reliable, Lane::Lossy]));
    assert_eq!((lanes.channel(Lane::Reliable), lanes.channel(Lane::Lossy)), (Some(ChannelId(0)), Some(ChannelId(6))));
    assert_eq!(lanes.close(ChannelId(0)), Some(News::Changed(vec![Lane::Lossy])));
    assert_eq!(lanes.close(ChannelId(0)), None);
    assert_eq!(open(&mut lanes, 8, "data", SOON), refused("data", DataRefusal::Unreliable));
    assert_eq!(open(&mut lanes, 10, "data", WHOLE), News::Changed(vec![Lane::Lossy, Lane::Reliable]));
}

#[test]
fn messages_are_limited_at_once_and_a_second() {
    let (mut lanes, now) = opened();
    let most = MESSAGES_AT_ONCE_MAX;
    assert_eq!(flood(&mut lanes, now, most + 2, 1), (most as usize, 1), "one warning for many");
    let later = now + Duration::from_secs(1);
    assert_eq!(flood(&mut lanes, later, MESSAGES_PER_SECOND_MAX + 1, 1), (MESSAGES_PER_SECOND_MAX as usize, 1));
}

#[test]
fn bytes_are_limited_at_once_and_a_second() {
    let (mut lanes, now) = opened();
    let at_once = BYTES_AT_ONCE_MAX as usize;
    assert_eq!(flood(&mut lanes, now, 1, at_once + 1), (0, 1));
    assert_eq!(flood(&mut lanes, now, 16, at_once / 16), (16, 0));
    assert_eq!(flood(&mut lanes, now, 1, 1), (0, 0), "warned a moment ago");
    let later = now + Duration::from_secs(1);
    assert_eq!(flood(&mut lanes, later, 1, BYTES_PER_SECOND_MAX as usize), (1, 0));
    assert_eq!(flood(&mut lanes, later, 1, 1024), (0, 1));
}

#[test]
fn opening_a_channel_counts_as_a_message() {
    let now = clock::now();
    let mut lanes = Lanes::new(now);
    let told =
        (0..MESSAGES_AT_ONCE_MAX * 2).filter_map(|_| match lanes.open(now, ChannelId(0), "chat".to_owned(), WHOLE) {
            News::Refused { refusal, tell: true, .. } => Some(refusal),
            News::Changed(_) | News::Message(..) | News::Refused { .. } => None,
        });
    let mut expected = vec![DataRefusal::UnknownLabel; MESSAGES_AT_ONCE_MAX as usize];
    expected.push(DataRefusal::TooMuch);
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

#[test]
fn text_is_text_and_what_comes_on_no_lane_is_for_nobody() {
    let (mut lanes, now) = opened();
    let mut hear = |channel, kind, bytes: &[u8]| lanes.hear(now, ChannelId(channel), kind, bytes.to_vec());
    let text = News::Message(Lane::Reliable, DataMessage::Text("é".into()));
    assert_eq!(hear(0, MessageKind::Text, "é".as_bytes()), Some(text));
    assert_eq!(hear(0, MessageKind::Text, b"\xE9"), Some(refused("data", DataRefusal::NotText)));
    let binary = News::Message(Lane::Reliable, DataMessage::Binary((*b"\xE9").into()));
    assert_eq!(hear(0, MessageKind::Binary, b"\xE9"), Some(binary));
    assert_eq!(hear(2, MessageKind::Binary, b"\xE9"), None);
}
