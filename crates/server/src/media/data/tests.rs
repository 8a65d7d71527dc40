use tokio::sync::mpsc;

use super::*;

const PEER: MediaPeerId = MediaPeerId(1);

fn said() -> News {
    News::Message(Lane::Reliable, DataMessage::Text("{}".into()))
}

#[test]
fn while_many_events_wait_for_the_rooms_messages_are_refused_and_nothing_else() {
    let (sender, mut heard) = mpsc::channel(EVENTS_WAITING_MAX / 2);
    let (mut events, mut counters) = (Events::new(sender.into()), DataStats::default());
    for _ in 0..EVENTS_WAITING_MAX {
        tell(said(), PEER, &mut events, &mut counters);
        events.flush();
    }
    assert_eq!((counters.received, counters.refused), (as_count(EVENTS_WAITING_MAX), 0));
    tell(said(), PEER, &mut events, &mut counters);
    tell(News::Changed(Vec::new()), PEER, &mut events, &mut counters);
    assert_eq!((counters.received, counters.refused), (as_count(EVENTS_WAITING_MAX), 1));
    let mut told = Vec::new();
    while let Ok(event) = heard.try_recv() {
        told.push(event);
        events.flush();
    }
    let label = "data".to_owned();
    let refused = MediaEvent::DataRefused { peer: PEER, label, refusal: DataRefusal::Busy };
    assert_eq!(told[EVENTS_WAITING_MAX..], [refused, MediaEvent::Lanes { peer: PEER, lanes: Vec::new() }]);
    tell(said(), PEER, &mut events, &mut counters);
    assert_eq!(counters.received, as_count(EVENTS_WAITING_MAX) + 1);
}

#[test]
fn of_a_refusal_that_is_not_told_the_rooms_hear_nothing() {
    let (sender, _heard) = mpsc::channel(1);
    let (mut events, mut counters) = (Events::new(sender.into()), DataStats::default());
    let news = News::Refused { label: "data".to_owned(), refusal: DataRefusal::TooMuch, tell: false };
    tell(news, PEER, &mut events, &mut counters);
    assert_eq!((events.waiting(), counters.refused), (0, 1));
}
