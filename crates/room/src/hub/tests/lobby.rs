//! The door of a room: lobby, lock, and who is let in.

use serde_json::json;

use crate::{
    ConnId, Opened,
    room::{WAITERS_MAX, WAITERS_PER_ADDRESS_MAX},
    token::{Claims, Key, mint},
};

use super::language::{Stage, UNIX, commands, find, frame, only, only_error};

/// Ana, the host of room 100, where there is a lobby.
fn lobby() -> (Stage, ConnId) {
    let mut stage = Stage::with_media();
    let ana = stage.open();
    stage.join_media(ana, "ana");
    let heard = stage.say(ana, r#"{"cmd":"moderate","id":"1","action":"lobby","on":true}"#);
    assert_eq!(commands(&heard, ana), ["room", "ok"]);
    (stage, ana)
}

/// A token for room 100 with these grants, and the key.
fn key() -> Key {
    Key::new("main", [7; 32]).unwrap()
}

fn token(role: Option<&str>, grants: Option<&[&str]>) -> String {
    let grants = grants.map(|grants| grants.iter().map(|grant| (*grant).to_owned()).collect());
    let (room, exp, role) = ("100".to_owned(), UNIX.as_secs() + 60, role.map(str::to_owned));
    mint(&key(), &Claims { room, uid: None, name: None, role, grants, exp, nbf: None }).unwrap()
}

fn with_token(stage: &mut Stage, token: String) -> ConnId {
    stage.try_open(Opened { token: Some(token), ..Opened::from_address([192, 0, 2, 1].into()) }).unwrap()
}

#[test]
fn who_joins_waits_and_is_let_in() {
    let (mut stage, ana) = lobby();
    let bo = stage.open();
    let text = r#"{"cmd":"join","v":2,"id":"7","roomId":100,"uid":"bo","name":"Bo","caps":["media"]}"#;
    let heard = stage.say(bo, text);
    assert_eq!(heard[0], frame(bo, r#"{"cmd":"waiting","id":"7","roomId":100,"uid":"bo"}"#));
    let room = r#"{"cmd":"room","roomId":"100","locked":false,"lobby":true,"waiting":[{"uid":"bo","name":"Bo"}]}"#;
    assert_eq!(heard[1..], [frame(ana, room)]);
    assert_eq!(only_error(&stage.say(bo, r#"{"cmd":"chat","text":"Hello"}"#)).1, 102, "outside");
    let heard = stage.moderate(ana, r#""admit","remoteUid":"bo""#);
    assert_eq!(commands(&heard, ana), ["new-peer", "room", "ok"]);
    let (conn, joined) = find(&heard, "joined");
    assert_eq!((conn, joined.get("id"), &joined["self"]["name"]), (bo, None, &json!("Bo")));
    assert_eq!(
        (&joined["room"], &joined["self"]["role"]),
        (&json!({"locked": false, "lobby": true}), &json!("member"))
    );
    assert_eq!(only_error(&stage.moderate(ana, r#""admit","remoteUid":"bo""#)).1, 6, "nobody waits");
}

#[test]
fn who_is_not_let_in_hears_so() {
    let (mut stage, ana) = lobby();
    let bo = stage.open();
    stage.join_media(bo, "bo");
    let heard = stage.moderate(ana, r#""deny","remoteUid":"bo""#);
    assert_eq!(commands(&heard, ana), ["room", "ok"]);
    assert_eq!(only_error(&heard[..1]), (bo, 107, "denied".to_owned()));
    assert_eq!(only_error(&stage.moderate(ana, r#""deny","remoteUid":"bo""#)).1, 6);
    assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["waiting"], "and may knock again");
}

#[test]
fn all_who_wait_are_let_in_at_once_or_sent_away_at_once() {
    for (action, code) in [(r#""admit""#, None), (r#""lobby","on":false"#, None), (r#""deny""#, Some(107))] {
        let (mut stage, ana) = lobby();
        let waiting = ["bo", "cy", "di"].map(|uid| {
            let conn = stage.open();
            stage.join_media(conn, uid);
            conn
        });
        let heard = stage.moderate(ana, action);
        for conn in waiting {
            let first = commands(&heard, conn).remove(0);
            assert_eq!(first, if code.is_some() { "error" } else { "joined" }, "{action}");
        }
        assert_eq!(stage.hub.stats().members, if code.is_some() { 1 } else { 4 });
    }
}

#[test]
fn who_does_not_fit_waits_on() {
    let mut stage = Stage::new();
    let ana = stage.open();
    stage.join(ana, "ana");
    stage.moderate(ana, r#""lobby","on":true"#);
    let (bo, cy) = (stage.open(), stage.open());
    for (conn, uid) in [(bo, "bo"), (cy, "cy")] {
        stage.say(conn, &format!(r#"{{"cmd":"join","v":2,"roomId":"100","uid":"{uid}"}}"#));
    }
    let heard = stage.moderate(ana, r#""admit""#);
    assert_eq!((commands(&heard, bo), commands(&heard, cy)), (vec!["joined".to_owned()], Vec::new()));
    assert_eq!(only_error(&stage.moderate(ana, r#""admit","remoteUid":"cy""#)).1, 1);
    stage.say(bo, r#"{"cmd":"leave"}"#);
    let heard = stage.moderate(ana, r#""admit","remoteUid":"cy""#);
    assert_eq!(commands(&heard, cy), ["joined"]);
}

#[test]
fn who_waits_may_leave_and_whose_connection_is_lost_has_left() {
    let (mut stage, ana) = lobby();
    let bo = stage.open();
    stage.join_media(bo, "bo");
    let heard = stage.say(bo, r#"{"cmd":"leave","id":"5"}"#);
    assert_eq!(find(&heard, "room").1["waiting"], json!([]));
    assert_eq!(commands(&heard, bo), ["ok"]);
    stage.join_media(bo, "bo");
    assert_eq!(find(&stage.close(bo), "room").0, ana);
    let bo = stage.open();
    assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["waiting"]);
    assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["waiting"], "the same again is answered again");
    let other = stage.open();
    assert_eq!(only_error(&stage.join_media(other, "bo")), (other, 101, "uid-in-use".to_owned()));
    assert_eq!(find(&stage.moderate(ana, r#""admit""#), "joined").0, bo);
}

#[test]
fn who_waits_and_lost_the_answer_may_ask_again_elsewhere() {
    let (mut stage, ana) = lobby();
    let (bo, again) = (stage.open(), stage.open());
    let text = r#"{"cmd":"join","v":2,"roomId":"100","uid":"bo","caps":["media"],"resume":"0123456789abcdef"}"#;
    stage.say(bo, text);
    assert_eq!(commands(&stage.say(again, text), again), ["waiting"]);
    assert_eq!(find(&stage.moderate(ana, r#""admit""#), "joined").0, again);
    assert_eq!(stage.hub.stats().members, 2);
}

#[test]
fn dialect_a_cannot_wait() {
    let (mut stage, _) = lobby();
    let bo = stage.open();
    let heard = stage.say(bo, r#"{"cmd":"join","roomId":"100","uid":"bo"}"#);
    assert_eq!(only_error(&heard), (bo, 108, "version".to_owned()));
}

#[test]
fn so_many_wait_and_no_more() {
    let (mut stage, _) = lobby();
    for number in 0..WAITERS_MAX {
        let conn = stage.open();
        assert_eq!(commands(&stage.join_media(conn, &number.to_string()), conn), ["waiting"]);
    }
    let last = stage.open();
    assert_eq!(only_error(&stage.join_media(last, "last")), (last, 1, "room-full".to_owned()));
}

#[test]
fn an_address_that_fills_a_lobby_gives_way_to_the_others() {
    let (mut stage, ana) = lobby();
    let crowds = [[192, 0, 2, 1], [192, 0, 2, 2]].map(|address| Opened::from_address(address.into()));
    let mut crowd = Vec::new();
    for number in 0..WAITERS_MAX {
        let conn = stage.try_open(crowds[usize::from(number >= WAITERS_PER_ADDRESS_MAX)].clone()).unwrap();
        assert_eq!(commands(&stage.join_media(conn, &number.to_string()), conn), ["waiting"]);
        crowd.push(conn);
    }
    let bo = stage.open();
    let heard = stage.join_media(bo, "bo");
    assert_eq!(commands(&heard, bo), ["waiting"]);
    let (conn, error) = find(&heard, "error");
    assert_eq!((conn, &error["code"]), (crowd[WAITERS_PER_ADDRESS_MAX - 1], &json!(1)), "the last of the most");
    assert_eq!(commands(&heard, ana), ["room"]);
    assert_eq!(stage.hub.rooms.values().next().unwrap().waiters().len(), WAITERS_MAX);
    assert_eq!(commands(&stage.join_media(conn, "again"), conn), ["error"], "its address has more than most");
}

#[test]
fn so_many_of_one_address_wait_and_no_more() {
    let (mut stage, _) = lobby();
    let address = |host: u16| Opened::from_address([0x2001, 0xdb8, 0, 7, 0, 0, 0, host].into());
    let mut knock = |number: u16| {
        let conn = stage.try_open(address(number)).unwrap();
        (conn, stage.join_media(conn, &number.to_string()))
    };
    let conns = (0..64).map(|number| {
        let (conn, heard) = knock(number);
        assert_eq!(commands(&heard, conn), ["waiting"]);
        conn
    });
    let conns: Vec<ConnId> = conns.collect();
    assert_eq!(conns.len(), WAITERS_PER_ADDRESS_MAX);
    let (last, heard) = knock(64);
    assert_eq!(only_error(&heard), (last, 1, "room-full".to_owned()));
    assert_eq!(commands(&stage.join_media(conns[0], "0"), conns[0]), ["waiting"], "the same again is no more");
    assert_eq!(commands(&stage.join_media(conns[0], "new"), conns[0]), ["waiting"], "nor is another uid");
    let bo = stage.open();
    assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["waiting"], "another address");
    stage.close(conns[1]);
    assert_eq!(commands(&stage.join_media(last, "64"), last), ["waiting"]);
}

#[test]
fn one_who_may_not_wait_takes_nobodys_place() {
    let (mut stage, ana) = lobby();
    let join = r#"{"cmd":"join","v":2,"roomId":"100","uid":"bo","caps":["media"],"resume":"0123456789abcdef"}"#;
    let (bo, address) = (stage.open(), Opened::from_address([192, 0, 2, 7].into()));
    stage.say(bo, join);
    for number in 0..WAITERS_PER_ADDRESS_MAX {
        let conn = stage.try_open(address.clone()).unwrap();
        stage.join_media(conn, &number.to_string());
    }
    let elsewhere = stage.try_open(address).unwrap();
    assert_eq!(only_error(&stage.say(elsewhere, join)).1, 1);
    assert_eq!(find(&stage.moderate(ana, r#""admit","remoteUid":"bo""#), "joined").0, bo);
}

#[test]
fn nothing_long_or_secret_is_kept_of_who_waits() {
    let (mut stage, _) = lobby();
    for (bytes, kept) in [(128, true), (129, false)] {
        let (conn, resume) = (stage.open(), "r".repeat(bytes));
        let join = json!({"cmd": "join", "v": 2, "roomId": "100", "uid": "bo", "token": "secret", "resume": resume});
        stage.say(conn, &join.to_string());
        let waiter = &stage.hub.rooms.values().next().unwrap().waiters()[0];
        assert_eq!((waiter.conn, &waiter.join.token, waiter.join.resume.is_some()), (conn, &None, kept));
        stage.close(conn);
    }
}

#[test]
fn lobbies_count_among_the_rooms_of_a_connection() {
    let mut stage = Stage::with(|config| config.limits.rooms_per_connection = 1);
    let (ana, bo) = (stage.open(), stage.open());
    stage.join(ana, "ana");
    stage.moderate(ana, r#""lobby","on":true"#);
    stage.say(bo, r#"{"cmd":"join","v":2,"roomId":"100","uid":"bo"}"#);
    assert_eq!(only_error(&stage.say(bo, r#"{"cmd":"join","v":2,"roomId":"200","uid":"bo"}"#)).1, 109);
}

#[test]
fn a_room_that_ends_sends_away_who_waits() {
    let (mut stage, ana) = lobby();
    let bo = stage.open();
    stage.join_media(bo, "bo");
    let heard = stage.say(ana, r#"{"cmd":"leave"}"#);
    assert_eq!(only_error(&heard[..1]), (bo, 107, "denied".to_owned()));
    assert_eq!(stage.hub.stats().rooms, 0);
    assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["joined"], "a new room, without a lobby");
}

#[test]
fn a_locked_room_takes_nobody_but_who_comes_back() {
    let mut stage = Stage::with_media();
    let (ana, bo) = (stage.open(), stage.open());
    stage.join_media(ana, "ana");
    let token = super::language::resume_token(&stage.join_media(bo, "bo"));
    let heard = stage.moderate(ana, r#""lock""#);
    assert_eq!(commands(&heard, bo), ["room"]);
    assert_eq!(find(&heard, "room").1["locked"], json!(true));
    let cy = stage.open();
    assert_eq!(only_error(&stage.join_media(cy, "cy")), (cy, 105, "locked".to_owned()));
    stage.close(bo);
    let back = stage.open();
    assert_eq!(find(&stage.resume(back, "bo", &token), "joined").1["resumed"], json!(true));
    assert_eq!(commands(&stage.moderate(ana, r#""lock""#), ana), ["ok"], "nothing has changed");
    stage.moderate(ana, r#""unlock""#);
    assert_eq!(commands(&stage.join_media(cy, "cy"), cy), ["joined"]);
}

#[test]
fn tokens_open_locks_and_lobbies_for_who_looks_after_the_room() {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.auth_keys = vec![key()];
    });
    let ana = with_token(&mut stage, token(Some("host"), None));
    let (_, joined) = only(&stage.join_media(ana, "ana"));
    assert_eq!(joined["self"]["grants"].as_array().map(Vec::len), Some(7), "with moderate and admit");
    stage.moderate(ana, r#""lobby","on":true"#);
    let doorkeeper = with_token(&mut stage, token(None, Some(&["admit"])));
    assert_eq!(commands(&stage.join_media(doorkeeper, "di"), doorkeeper), ["joined"]);
    let guest = with_token(&mut stage, token(None, None));
    assert_eq!(commands(&stage.join_media(guest, "eva"), guest), ["waiting"]);
    assert_eq!(commands(&stage.moderate(doorkeeper, r#""admit""#), guest), ["joined"]);
    assert_eq!(only_error(&stage.moderate(doorkeeper, r#""lock""#)), (doorkeeper, 110, "forbidden".to_owned()));
    assert_eq!(only_error(&stage.moderate(guest, r#""admit""#)).1, 110);
    stage.moderate(ana, r#""lock""#);
    let late = with_token(&mut stage, token(None, Some(&["admit"])));
    assert_eq!(only_error(&stage.join_media(late, "flo")).1, 105);
    let chief = with_token(&mut stage, token(None, Some(&["moderate"])));
    assert_eq!(commands(&stage.join_media(chief, "gil"), chief), ["joined"]);
}
