//! What a program of the operator asks about rooms and does to them, and what it hears of them.

use std::time::Duration;

use serde_json::json;

use crate::{
    Output, Topology,
    event::{RoomEvent, RoomEventKind},
    manage::{KEEP_SECONDS_MAX, Manage, ManageError, Managed, PolicyChange, RoomReport},
    media::{MediaEvent, Source, TrackDescription},
};

use super::language::{Heard, Stage, commands, find, only_error};

fn stage() -> Stage {
    Stage::with(|config| {
        config.media = true;
        config.limits.rooms = 4;
    })
}

fn manage(stage: &mut Stage, request: Manage) -> (Result<Managed, ManageError>, Vec<Heard>) {
    let managed = stage.hub.handle_manage(stage.now, request);
    (managed, stage.hear())
}

fn create(stage: &mut Stage, room: &str, policy: PolicyChange) -> Result<Managed, ManageError> {
    manage(stage, Manage::Create { room: Some(room.to_owned()), policy }).0
}

fn inspect(stage: &mut Stage, room: &str) -> RoomReport {
    match manage(stage, Manage::Inspect { room: room.to_owned() }).0 {
        Ok(Managed::Room(report)) => report,
        other => panic!("{other:?}"),
    }
}

fn kept(seconds: u32) -> PolicyChange {
    PolicyChange { keep_seconds: Some(seconds), ..PolicyChange::default() }
}

#[test]
fn a_room_that_is_made_waits_for_its_members() {
    let mut stage = stage();
    let policy = PolicyChange {
        name: Some("Rounds".to_owned()),
        topology: Some(Topology::Sfu),
        members_max: Some(2),
        ..kept(60)
    };
    create(&mut stage, "100", policy.clone()).unwrap();
    assert_eq!(create(&mut stage, "100", policy), Err(ManageError::RoomExists));
    stage.wait(Duration::from_secs(59));
    let conns = [stage.open(), stage.open(), stage.open()];
    let (_, joined) = find(&stage.join_media(conns[0], "ana"), "joined");
    assert_eq!((&joined["mode"], &joined["room"]["name"]), (&json!("sfu"), &json!("Rounds")));
    stage.join_media(conns[1], "bo");
    assert_eq!(only_error(&stage.join_media(conns[2], "cy")).1, 1, "two at most");
    let report = inspect(&mut stage, "100");
    assert_eq!((report.topology, report.members_max, report.members.len()), (Topology::Sfu, 2, 2));
    assert_eq!(report.members[0].uid, "ana");
    for conn in conns {
        stage.say(conn, r#"{"cmd":"leave"}"#);
    }
    stage.wait(Duration::from_millis(59_999));
    assert_eq!(inspect(&mut stage, "100").members, []);
    stage.wait(Duration::from_millis(1));
    let gone = manage(&mut stage, Manage::Inspect { room: "100".to_owned() }).0;
    assert_eq!(gone, Err(ManageError::NoRoom));
}

#[test]
fn a_meeting_leaves_nothing_to_the_next_one_in_a_room_that_is_kept_but_its_bans() {
    let mut stage = stage();
    create(&mut stage, "100", kept(60)).unwrap();
    let (ana, bo, cy) = (stage.open(), stage.open(), stage.open());
    stage.join_media(ana, "ana");
    stage.join_media(bo, "bo");
    stage.say(ana, r#"{"cmd":"chat","text":"Between us"}"#);
    let moderate = |rest: &str| format!(r#"{{"cmd":"moderate","action":{rest}}}"#);
    stage.say(ana, &moderate(r#""remove","remoteUid":"bo","ban":true"#));
    stage.say(ana, &moderate(r#""lobby","on":true"#));
    assert_eq!(commands(&stage.join_media(cy, "cy"), cy), ["waiting"]);
    stage.say(ana, &moderate(r#""lock""#));
    let heard = stage.say(ana, r#"{"cmd":"leave"}"#);
    assert_eq!(only_error(&heard), (cy, 107, "denied".to_owned()), "the meeting for which it waited has ended");
    let (_, joined) = find(&stage.join_media(cy, "cy"), "joined");
    assert_eq!((&joined["history"], joined.get("elapsedMs")), (&json!([]), None));
    let room = &joined["room"];
    assert_eq!((&room["locked"], &room["lobby"]), (&json!(false), &json!(false)));
    assert_eq!(joined["self"]["role"], json!("host"));
    assert_eq!(only_error(&stage.join_media(bo, "bo")).1, 106, "a ban lasts as long as the room");
}

#[test]
fn the_door_stands_in_every_meeting_as_the_operator_wants_it() {
    let mut stage = stage();
    create(&mut stage, "100", kept(60)).unwrap();
    let (ana, bo) = (stage.open(), stage.open());
    stage.join_media(ana, "ana");
    let lobby = PolicyChange { lobby: Some(true), ..PolicyChange::default() };
    let (changed, _) = manage(&mut stage, Manage::Change { room: "100".to_owned(), policy: lobby });
    assert!(changed.is_ok(), "{changed:?}");
    stage.say(ana, r#"{"cmd":"moderate","action":"lock"}"#);
    stage.say(ana, r#"{"cmd":"moderate","action":"lobby","on":false}"#);
    stage.say(ana, r#"{"cmd":"leave"}"#);
    let report = inspect(&mut stage, "100");
    assert_eq!((report.lobby, report.locked), (true, false));
    assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["waiting"]);
    let open = PolicyChange { lobby: Some(false), ..PolicyChange::default() };
    let (_, heard) = manage(&mut stage, Manage::Change { room: "100".to_owned(), policy: open });
    assert_eq!(find(&heard, "joined").0, bo, "who waits for a room at rest is let in");
}

#[test]
fn a_room_without_an_id_gets_one_and_rooms_are_limited() {
    let mut stage = stage();
    for _ in 0..4 {
        let made = manage(&mut stage, Manage::Create { room: None, policy: PolicyChange::default() }).0;
        let Ok(Managed::Room(report)) = made else { panic!("{made:?}") };
        assert!(report.room_id.len() == 12 && report.keep_seconds == Some(3600), "{report:?}");
    }
    assert_eq!(create(&mut stage, "x", PolicyChange::default()), Err(ManageError::TooManyRooms));
}

#[test]
fn rooms_are_listed_in_pages() {
    let mut stage = stage();
    for room in ["c", "a", "b"] {
        create(&mut stage, room, PolicyChange::default()).unwrap();
    }
    let mut page = |after: Option<&str>, limit| {
        let (managed, _) = manage(&mut stage, Manage::List { after: after.map(str::to_owned), limit });
        let Ok(Managed::Rooms(list)) = managed else { panic!("{managed:?}") };
        (list.rooms.iter().map(|room| room.room_id.clone()).collect::<Vec<_>>().concat(), list.next)
    };
    assert_eq!(page(None, 2), ("ab".to_owned(), Some("b".to_owned())));
    assert_eq!(page(Some("b"), 2), ("c".to_owned(), None));
    assert_eq!(page(None, 3), ("abc".to_owned(), None));
}

#[test]
fn a_policy_that_is_none_changes_nothing() {
    let mut stage = Stage::new();
    let with = |policy: PolicyChange| policy;
    for (policy, error) in [
        (with(PolicyChange { name: Some("n".repeat(129)), ..kept(1) }), ManageError::Invalid { field: "name" }),
        (with(PolicyChange { name: Some("\n".to_owned()), ..kept(1) }), ManageError::Invalid { field: "name" }),
        (kept(KEEP_SECONDS_MAX + 1), ManageError::Invalid { field: "keepSeconds" }),
        (with(PolicyChange { topology: Some(Topology::Sfu), ..kept(1) }), ManageError::NoMedia),
    ] {
        assert_eq!(create(&mut stage, "100", policy), Err(error));
    }
    assert_eq!(create(&mut stage, &"r".repeat(129), kept(1)), Err(ManageError::Invalid { field: "roomId" }));
    assert!(create(&mut stage, "100", kept(KEEP_SECONDS_MAX)).is_ok());
}

#[test]
fn a_room_is_changed_while_people_are_in_it() {
    let mut stage = stage();
    let (ana, bo) = (stage.open(), stage.open());
    stage.join_media(ana, "ana");
    stage.join_media(bo, "bo");
    let change =
        |stage: &mut Stage, policy: PolicyChange| manage(stage, Manage::Change { room: "100".to_owned(), policy });
    let topology = |topology| PolicyChange { topology: Some(topology), ..PolicyChange::default() };
    let (_, heard) = change(&mut stage, topology(Topology::Sfu));
    assert_eq!(find(&heard, "mode").1["reason"], json!("policy"));
    let (_, heard) = change(&mut stage, topology(Topology::P2p));
    assert_eq!(find(&heard, "mode").1["mode"], json!("p2p"));
    let locked = PolicyChange { locked: Some(true), ..topology(Topology::Auto) };
    let (managed, heard) = change(&mut stage, locked);
    assert!(matches!(managed, Ok(Managed::Room(RoomReport { locked: true, .. }))));
    assert_eq!(find(&heard, "room").1["locked"], json!(true));
    let (_, _) = change(&mut stage, PolicyChange { locked: Some(false), lobby: Some(true), ..PolicyChange::default() });
    let cy = stage.open();
    assert_eq!(commands(&stage.join_media(cy, "cy"), cy), ["waiting"]);
    assert_eq!(inspect(&mut stage, "100").waiting[0].uid, "cy");
    let (_, heard) = change(&mut stage, PolicyChange { lobby: Some(false), ..PolicyChange::default() });
    assert_eq!(commands(&heard, cy), ["joined"]);
    let (refused, _) = change(&mut stage, topology(Topology::P2p));
    assert_eq!(refused, Err(ManageError::TooManyMembers));
    stage.say(ana, r#"{"cmd":"leave"}"#);
    stage.say(bo, r#"{"cmd":"leave"}"#);
    stage.wait(crate::hub::plane::SETTLE);
    stage.say(ana, r#"{"cmd":"join","v":2,"roomId":"100","uid":"ana"}"#);
    let (refused, _) = change(&mut stage, topology(Topology::Sfu));
    assert_eq!(refused, Err(ManageError::Incapable));
}

#[test]
fn members_are_muted_and_removed_told_and_sent_home() {
    let mut stage = stage();
    let [ana, bo, cy] = stage.trio();
    let (room, uid) = ("100".to_owned(), Some("bo".to_owned()));
    let mute = Manage::Mute { room: room.clone(), uid: uid.clone(), source: Source::Camera };
    let (managed, heard) = manage(&mut stage, mute);
    let Ok(Managed::Room(report)) = managed else { panic!("{managed:?}") };
    assert_eq!(report.members[1].muted, [Source::Camera]);
    assert_eq!(find(&heard, "moderated").1["uid"], json!("@server"));
    let data = |uid: Option<String>, topic: &str, data: &str| {
        let (topic, data) = (topic.to_owned(), data.to_owned());
        Manage::Data { room: room.clone(), uid, topic, data }
    };
    let (_, heard) = manage(&mut stage, data(None, "notice", r#"{"minutes":5}"#));
    assert_eq!(heard.len(), 3);
    assert_eq!(find(&heard, "data").1["data"], json!({"minutes": 5}));
    let (_, heard) = manage(&mut stage, data(uid, "notice", "1"));
    assert_eq!((heard.len(), find(&heard, "data").0), (1, bo));
    for (request, error) in [
        (data(Some("di".to_owned()), "notice", "1"), ManageError::NoMember),
        (data(None, "", "1"), ManageError::Invalid { field: "topic" }),
        (data(None, "notice", "{"), ManageError::Invalid { field: "data" }),
    ] {
        assert_eq!(manage(&mut stage, request), (Err(error), Vec::new()));
    }
    let remove = |uid: &str| Manage::Remove { room: room.clone(), uid: uid.to_owned(), ban: true };
    let (_, heard) = manage(&mut stage, remove("cy"));
    assert_eq!(commands(&heard, cy), ["moderated"]);
    assert_eq!(only_error(&stage.join_media(cy, "cy")).1, 106);
    assert_eq!(manage(&mut stage, remove("cy")).0, Err(ManageError::NoMember));
    let (managed, heard) = manage(&mut stage, Manage::End { room: room.clone() });
    assert_eq!((managed, commands(&heard, ana)), (Ok(Managed::Ended), vec!["moderated".to_owned()]));
    assert_eq!(manage(&mut stage, Manage::End { room: room.clone() }).0, Err(ManageError::NoRoom));
}

/// What the operator hears, in short.
#[test]
fn members_have_numbers_at_the_media_server_while_their_media_passes_it() {
    let mut stage = stage();
    let seats = |stage: &mut Stage| match manage(stage, Manage::Seats { room: "100".to_owned() }).0 {
        Ok(Managed::Seats(seats)) => (seats.report.members.len(), seats.media_room.is_some(), seats.seats),
        other => panic!("{other:?}"),
    };
    for uid in ["ana", "bo"] {
        let conn = stage.open();
        stage.join_media(conn, uid);
    }
    assert_eq!(seats(&mut stage), (2, false, vec![None, None]));
    let conn = stage.open();
    stage.join_media(conn, "cy");
    let (members, in_media, numbers) = seats(&mut stage);
    assert!(members == 3 && in_media && numbers.iter().all(Option::is_some));
    let nowhere = manage(&mut stage, Manage::Seats { room: "7".to_owned() }).0;
    assert_eq!(nowhere, Err(ManageError::NoRoom));
}

fn noted(heard: &[RoomEvent]) -> Vec<String> {
    let one = |event: &RoomEvent| {
        let (word, who) = match &event.kind {
            RoomEventKind::RoomStarted => ("started", String::new()),
            RoomEventKind::RoomEnded => ("ended", String::new()),
            RoomEventKind::MemberJoined { member } => ("joined", member.uid.clone()),
            RoomEventKind::MemberLeft { member } => ("left", member.uid.clone()),
            RoomEventKind::TracksPublished { member, sources } => ("published", format!("{}{sources:?}", member.uid)),
            RoomEventKind::TracksUnpublished { member, sources } => ("stopped", format!("{}{sources:?}", member.uid)),
        };
        format!("{word} {who}").trim().to_owned()
    };
    heard.iter().map(one).collect()
}

#[test]
fn the_operator_hears_what_happens() {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.events = true;
        config.topology = Topology::Sfu;
    });
    let ana = stage.open();
    let events = |stage: &mut Stage| -> Vec<RoomEvent> {
        let outputs = std::iter::from_fn(|| stage.hub.poll_output());
        outputs.filter_map(|output| if let Output::Event(event) = output { Some(event) } else { None }).collect()
    };
    let (now, join) = (stage.now, r#"{"cmd":"join","v":2,"roomId":100,"uid":"ana","name":"Ana","caps":["media"]}"#);
    stage.hub.handle_text(now, ana, join);
    let heard = events(&mut stage);
    assert_eq!(noted(&heard), ["started", "joined ana"]);
    let text = serde_json::to_value(&heard[1]).unwrap();
    let member = json!({"uid": "ana", "name": "Ana", "role": "host"});
    let expected = json!({"at": 1_790_000_000_000_u64, "roomId": "100", "event": "member-joined", "member": member});
    assert_eq!(text, expected);
    let peer = crate::media::MediaPeerId(2);
    let track = |source, codec| TrackDescription { source, video: false, codec, layers: Vec::new(), encrypted: false };
    let mut publish = |tracks: Vec<TrackDescription>| {
        stage.hub.handle_media(now, MediaEvent::Published { peer, tracks });
        noted(&events(&mut stage))
    };
    assert_eq!(publish(vec![track(Source::Microphone, "opus")]), ["published ana[Microphone]"]);
    assert_eq!(publish(vec![track(Source::Microphone, "G722")]), Vec::<String>::new(), "the same track");
    assert_eq!(publish(vec![track(Source::Camera, "VP8")]), ["stopped ana[Microphone]", "published ana[Camera]"]);
    stage.hub.handle_text(now, ana, r#"{"cmd":"leave"}"#);
    assert_eq!(noted(&events(&mut stage)), ["stopped ana[Camera]", "left ana", "ended"]);
    stage.hub.handle_text(now, ana, join);
    assert_eq!(noted(&events(&mut stage)), ["started", "joined ana"]);
    stage.hub.handle_shutdown(now);
    assert_eq!(noted(&events(&mut stage)), ["ended"]);
}
