//! Large rooms, and what it costs to speak in them.

use crate::{
    ConnId,
    media::{DataMessage, Lane, MediaEvent},
};

use super::language::{Heard, Stage, commands, only_error, requests};

/// A room of so many, whose first has nine messages left, and no more come.
fn crowd(members: usize) -> (Stage, Vec<ConnId>) {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.limits.joins_per_minute = 0;
        config.limits.connections_per_address = 0;
        config.limits.messages_burst = 10;
    });
    let conns: Vec<_> = (0..members).map(|_| stage.open()).collect();
    for (number, conn) in conns.iter().enumerate() {
        stage.join_media(*conn, &format!("u{number}"));
    }
    (stage, conns)
}

/// How many messages are taken before one is refused.
fn taken(members: usize, say: impl Fn(&mut Stage, ConnId) -> Vec<Heard>) -> usize {
    let (mut stage, conns) = crowd(members);
    let first = conns[0];
    (0..20).take_while(|_| !commands(&say(&mut stage, first), first).contains(&"error".to_owned())).count()
}

#[test]
fn as_many_as_the_default_come_in_and_one_more_does_not() {
    let (mut stage, _) = crowd(500);
    let late = stage.open();
    assert_eq!(only_error(&stage.join_media(late, "late")), (late, 1, "room-full".to_owned()));
}

#[test]
fn what_is_told_to_more_than_a_hundred_counts_as_several_messages() {
    let state = r#"{"cmd":"state","state":{"audio":true}}"#;
    let data = r#"{"cmd":"data","topic":"t","data":1}"#;
    let react = r#"{"cmd":"react","reaction":"wave"}"#;
    let chat = r#"{"cmd":"chat","text":"Hello"}"#;
    for text in [state, data, react, chat] {
        for (members, count) in [(100, 9), (101, 4), (201, 3)] {
            assert_eq!(taken(members, |stage, first| stage.say(first, text)), count, "{text} to {members}");
        }
    }
    let long = format!(r#"{{"cmd":"chat","text":"{}"}}"#, "a".repeat(4096));
    assert_eq!(taken(100, |stage, first| stage.say(first, &long)), 9);
    assert_eq!(taken(101, |stage, first| stage.say(first, &long)), 3);
}

#[test]
fn what_is_told_to_one_counts_as_one_message_in_any_room() {
    for text in
        [r#"{"cmd":"chat","text":"Hello","remoteUid":"u1"}"#, r#"{"cmd":"data","topic":"t","data":1,"remoteUid":"u1"}"#]
    {
        assert_eq!(taken(201, |stage, first| stage.say(first, text)), 9, "{text}");
    }
}

#[test]
fn messages_on_data_channels_are_counted_in_large_rooms_and_need_a_connection_there() {
    // The offer was a message, too.
    for (members, count, afterwards) in [(100, 20, 1), (101, 8, 0)] {
        let (mut stage, conns) = crowd(members);
        let [peer, other] = [conns[0], conns[1]].map(|conn| stage.offer(conn, &mut Vec::new()).1);
        stage.media(MediaEvent::Lanes { peer: other, lanes: vec![Lane::Lossy] });
        let said = || MediaEvent::Data { peer, lane: Lane::Lossy, message: DataMessage::Binary([0, 7].into()) };
        assert_eq!((0..20).take_while(|_| requests(&stage.media(said())).len() == 1).count(), count);
        stage.close(conns[0]);
        assert_eq!(requests(&stage.media(said())).len(), afterwards);
    }
}
