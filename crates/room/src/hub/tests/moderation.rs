//! Order in the room: roles, mutes, removals, bans, the end.

use serde_json::{Value, json};

use crate::{
    ConnId, Opened, Unmute, address,
    media::{MediaRequest, Source},
    room::{BANS_MAX, Ban},
    token::{Claims, Key, mint},
};

use super::language::{Stage, UNIX, commands, find, frame, only_error, requests, resume_token};

fn trio() -> (Stage, [ConnId; 3]) {
    let mut stage = Stage::with_media();
    let conns = stage.trio();
    (stage, conns)
}

fn roles(joined: &Value) -> Vec<&str> {
    joined["roster"].as_array().unwrap().iter().map(|peer| peer["role"].as_str().unwrap()).collect()
}

#[test]
fn the_first_member_is_host_and_the_oldest_one_after_it() {
    let (mut stage, [ana, bo, cy]) = trio();
    let (_, joined) = find(&stage.join_media(cy, "cy"), "joined");
    assert_eq!((roles(&joined), &joined["self"]["role"]), (vec!["host", "member"], &json!("member")));
    let heard = stage.say(ana, r#"{"cmd":"leave"}"#);
    assert_eq!(commands(&heard, bo), ["peer-leave", "role"]);
    let grants = r#"["subscribe","pub.audio","pub.video","pub.screen","chat","moderate","admit"]"#;
    let role = r#"{"cmd":"role","roomId":"100","remoteUid":"bo","uid":"bo","role":"host""#;
    assert!(heard.contains(&frame(bo, &format!("{role},\"grants\":{grants}}}"))));
    assert!(heard.contains(&frame(cy, &format!("{role}}}"))));
    assert_eq!(commands(&stage.moderate(bo, r#""lock""#), bo), ["room", "ok"]);
    let (_, joined) = find(&stage.join_media(bo, "bo"), "joined");
    assert_eq!(joined["self"]["role"], json!("host"), "joining again takes nothing away");
}

#[test]
fn a_host_who_loses_its_connection_is_host_until_it_counts_as_gone() {
    let (mut stage, [ana, bo, cy]) = trio();
    let heard = stage.close(ana);
    assert_eq!(commands(&heard, bo), ["peer-state"]);
    let heard = stage.wait_alive(std::time::Duration::from_secs(30), &[bo, cy]);
    assert_eq!(commands(&heard, bo), ["peer-leave", "role"]);
}

#[test]
fn where_there_are_keys_tokens_alone_decide() {
    let key = Key::new("main", [7; 32]).unwrap();
    let mut stage = Stage::with(|config| config.auth_keys = vec![key.clone()]);
    let (room, exp) = ("100".to_owned(), UNIX.as_secs() + 60);
    let claims = Claims { room, uid: None, name: None, role: None, grants: None, exp, nbf: None };
    let token = mint(&key, &claims).unwrap();
    let ana = stage.try_open(Opened { token: Some(token), ..Opened::from_address([192, 0, 2, 1].into()) }).unwrap();
    let (_, joined) = find(&stage.join_media(ana, "ana"), "joined");
    assert_eq!(joined["self"]["role"], json!("member"));
    assert_eq!(only_error(&stage.moderate(ana, r#""end""#)), (ana, 110, "forbidden".to_owned()));
}

#[test]
fn a_host_makes_hosts_and_the_last_one_stays() {
    let (mut stage, [ana, bo, _]) = trio();
    let heard = stage.moderate(ana, r#""role","remoteUid":"ana","role":"member""#);
    assert_eq!(only_error(&heard), (ana, 110, "forbidden".to_owned()));
    assert_eq!(only_error(&stage.moderate(bo, r#""role","remoteUid":"bo","role":"host""#)).1, 110);
    stage.moderate(ana, r#""role","remoteUid":"bo","role":"host""#);
    let heard = stage.moderate(bo, r#""role","remoteUid":"ana","role":"member""#);
    let (_, role) = find(&heard, "role");
    assert_eq!((&role["role"], role["grants"].as_array().map(Vec::len)), (&json!("member"), Some(5)));
    assert_eq!(only_error(&stage.moderate(ana, r#""lock""#)).1, 110);
    for wrong in [r#""role","remoteUid":"bo""#, r#""role","remoteUid":"bo","role":"king""#, r#""role","role":"host""#] {
        assert_eq!(only_error(&stage.moderate(bo, wrong)).1, 3, "{wrong}");
    }
    assert_eq!(only_error(&stage.moderate(bo, r#""role","remoteUid":"di","role":"host""#)).1, 6);
}

#[test]
fn a_mute_holds_until_the_member_says_that_it_is_on_again() {
    let (mut stage, [ana, bo, cy]) = trio();
    let (room, peer) = stage.offer(bo, &mut Vec::new());
    stage.say(bo, r#"{"cmd":"state","state":{"audio":true,"video":true}}"#);
    let heard = stage.moderate(ana, r#""mute","remoteUid":"bo","source":"microphone""#);
    let block = |source, blocked| MediaRequest::Block { room, peer, source, blocked };
    let both = |blocked| [block(Source::Microphone, blocked), block(Source::ScreenAudio, blocked)];
    assert_eq!(requests(&heard), both(true));
    assert_eq!(commands(&heard, bo), ["moderated"], "the one concerned");
    let (_, moderated) = find(&heard, "moderated");
    assert_eq!(
        (&moderated["action"], &moderated["source"], &moderated["uid"]),
        (&json!("mute"), &json!("microphone"), &json!("ana"))
    );
    assert_eq!(commands(&heard, cy), ["peer-state"]);
    assert_eq!(find(&heard, "peer-state").1["state"]["audio"], json!(false));
    let heard = stage.say(bo, r#"{"cmd":"state","state":{"audio":false,"video":false}}"#);
    assert_eq!(requests(&heard), [], "still muted");
    let heard = stage.say(bo, r#"{"cmd":"state","state":{"audio":true}}"#);
    assert_eq!(requests(&heard), both(false));
    for (source, word) in
        [(Source::Camera, "camera"), (Source::ScreenAudio, "screen-audio"), (Source::Screen, "screen")]
    {
        let heard = stage.moderate(ana, &format!(r#""mute","remoteUid":"bo","source":"{word}""#));
        assert_eq!(requests(&heard), [block(source, true)]);
        let heard = stage.moderate(ana, &format!(r#""mute","remoteUid":"bo","source":"{word}""#));
        assert_eq!(requests(&heard), [], "it is muted already");
    }
}

#[test]
fn the_sound_of_the_screen_is_muted_with_microphone_and_screen_until_none_of_them_is() {
    let (mut stage, [ana, bo, _]) = trio();
    let (room, peer) = stage.offer(bo, &mut Vec::new());
    let mut act = |action: &str, source: &str| {
        let heard = stage.moderate(ana, &format!(r#""{action}","remoteUid":"bo","source":"{source}""#));
        let one = |request: MediaRequest| {
            let MediaRequest::Block { room: at, peer: whose, source, blocked } = request else { panic!("{request:?}") };
            assert_eq!((at, whose), (room, peer));
            (source, blocked)
        };
        requests(&heard).into_iter().map(one).collect::<Vec<_>>()
    };
    assert_eq!(act("mute", "screen"), [(Source::Screen, true), (Source::ScreenAudio, true)]);
    assert_eq!(act("mute", "microphone"), [(Source::Microphone, true)]);
    assert_eq!(act("unmute", "screen-audio"), [], "it is not what was muted");
    assert_eq!(act("unmute", "screen"), [(Source::Screen, false)]);
    assert_eq!(act("mute", "screen-audio"), [], "it does not pass already");
    assert_eq!(act("unmute", "microphone"), [(Source::Microphone, false)]);
    assert_eq!(act("unmute", "screen-audio"), [(Source::ScreenAudio, false)]);
}

#[test]
fn a_mute_before_the_first_offer_reaches_the_media_server_with_it() {
    let (mut stage, [ana, bo, _]) = trio();
    assert_eq!(requests(&stage.moderate(ana, r#""mute","remoteUid":"bo","source":"camera""#)), []);
    let said = stage.say(bo, &stage.offer_of(bo, "c1"));
    let [MediaRequest::Offer { .. }, MediaRequest::Block { source: Source::Camera, blocked: true, .. }] =
        requests(&said)[..]
    else {
        panic!("{said:?}");
    };
}

#[test]
fn where_only_a_moderator_unmutes_a_member_cannot() {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.unmute = Unmute::Moderator;
    });
    let [ana, bo, _] = stage.trio();
    let (room, peer) = stage.offer(bo, &mut Vec::new());
    stage.moderate(ana, r#""mute","remoteUid":"bo","source":"microphone""#);
    let on = r#"{"cmd":"state","state":{"audio":true}}"#;
    assert_eq!(only_error(&stage.say(bo, on)), (bo, 110, "forbidden".to_owned()));
    assert_eq!(only_error(&stage.moderate(bo, r#""unmute","remoteUid":"bo","source":"microphone""#)).1, 110);
    let heard = stage.moderate(ana, r#""unmute","remoteUid":"bo","source":"microphone""#);
    let free = |source| MediaRequest::Block { room, peer, source, blocked: false };
    assert_eq!(requests(&heard), [free(Source::Microphone), free(Source::ScreenAudio)]);
    assert_eq!(find(&heard, "moderated").1["action"], json!("unmute"));
    assert_eq!(commands(&stage.say(bo, on), ana), ["peer-state"]);
}

#[test]
fn everybody_who_is_no_moderator_is_muted_at_once() {
    let (mut stage, [ana, bo, cy]) = trio();
    let di = stage.open();
    stage.join_media(di, "di");
    stage.moderate(ana, r#""role","remoteUid":"di","role":"host""#);
    let heard = stage.moderate(ana, r#""mute","source":"microphone""#);
    assert_eq!(
        (commands(&heard, bo), commands(&heard, cy)),
        (vec!["moderated".to_owned()], vec!["moderated".to_owned()])
    );
    assert_eq!((commands(&heard, ana), commands(&heard, di)), (vec!["ok".to_owned()], Vec::new()));
    for wrong in [r#""mute""#, r#""mute","source":"nose""#, r#""dance""#] {
        assert_eq!(only_error(&stage.moderate(ana, wrong)).1, 3, "{wrong}");
    }
    assert_eq!(only_error(&stage.moderate(ana, r#""mute","remoteUid":"ana","source":"camera""#)).1, 6);
}

#[test]
fn hands_are_raised_in_order_and_lowered_by_who_moderates() {
    let (mut stage, [ana, bo, cy]) = trio();
    stage.wait(std::time::Duration::from_millis(7));
    let heard = stage.say(bo, r#"{"cmd":"state","state":{"hand":true}}"#);
    let at = u64::try_from(UNIX.as_millis()).unwrap() + 7;
    assert_eq!(
        find(&heard, "peer-state").1["state"],
        json!({"audio": false, "video": false, "screen": false, "hand": true, "handAt": at})
    );
    stage.wait(std::time::Duration::from_millis(5));
    let heard = stage.say(bo, r#"{"cmd":"state","state":{"hand":true,"audio":true,"handAt":1}}"#);
    assert_eq!(find(&heard, "peer-state").1["state"]["handAt"], json!(at), "it was raised before");
    stage.say(cy, r#"{"cmd":"state","state":{"hand":true}}"#);
    let heard = stage.moderate(ana, r#""lower-hand","remoteUid":"bo""#);
    assert_eq!(
        (commands(&heard, bo), commands(&heard, cy)),
        (vec!["moderated".to_owned()], vec!["peer-state".to_owned()])
    );
    assert_eq!(find(&heard, "peer-state").1["state"].get("handAt"), None);
    let heard = stage.moderate(ana, r#""lower-hand""#);
    assert_eq!(
        (commands(&heard, bo), commands(&heard, cy)),
        (vec!["peer-state".to_owned()], vec!["moderated".to_owned()])
    );
}

#[test]
fn who_is_removed_hears_it_and_may_come_back_unless_banned() {
    let (mut stage, [ana, bo, cy]) = trio();
    let heard = stage.moderate(ana, r#""remove","remoteUid":"bo""#);
    assert_eq!(
        (commands(&heard, bo), commands(&heard, cy)),
        (vec!["moderated".to_owned()], vec!["peer-leave".to_owned()])
    );
    assert_eq!(only_error(&stage.say(bo, r#"{"cmd":"chat","text":"Hello"}"#)).1, 102);
    let token = resume_token(&stage.join_media(bo, "bo"));
    stage.close(bo);
    stage.moderate(ana, r#""remove","remoteUid":"bo","ban":true"#);
    let again = stage.open();
    assert_eq!(only_error(&stage.resume(again, "bo", &token)).1, 108, "its seat is gone, too");
    assert_eq!(only_error(&stage.join_media(again, "bo")), (again, 106, "banned".to_owned()));
    for wrong in ["ana", "nobody"] {
        let heard = stage.moderate(ana, &format!(r#""remove","remoteUid":"{wrong}""#));
        assert_eq!(only_error(&heard).1, 6, "{wrong}");
    }
}

#[test]
fn a_banned_token_opens_the_room_under_no_name() {
    let key = Key::new("main", [7; 32]).unwrap();
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.auth_keys = vec![key.clone()];
    });
    let (room, exp) = ("100".to_owned(), UNIX.as_secs() + 60);
    let open = |stage: &mut Stage, role: &str| {
        let role = Some(role.to_owned());
        let claims = Claims { room: room.clone(), uid: None, name: None, role, grants: None, exp, nbf: None };
        let token = Some(mint(&key, &claims).unwrap());
        stage.try_open(Opened { token, ..Opened::from_address([192, 0, 2, 1].into()) }).unwrap()
    };
    let (ana, bo) = (open(&mut stage, "host"), open(&mut stage, "guest"));
    stage.join_media(ana, "ana");
    stage.join_media(bo, "bo");
    stage.moderate(ana, r#""remove","remoteUid":"bo","ban":true"#);
    assert_eq!(only_error(&stage.join_media(bo, "bob")), (bo, 106, "banned".to_owned()));
    let cy = open(&mut stage, "member");
    assert_eq!(commands(&stage.join_media(cy, "cy"), cy), ["joined"], "another token");
}

#[test]
fn the_oldest_ban_makes_room_for_one_too_many() {
    let mut room = crate::room::Room::new(None, crate::room::RoomPolicy::default(), 0);
    let uid = |number: usize| crate::id::Uid::new(&format!("g{number}")).unwrap();
    let ban = |number: usize| Ban { uid: uid(number), token: None, address: None };
    let address = address::Source::new([192, 0, 2, 1].into());
    let banned = |room: &crate::room::Room, number: usize| room.is_banned(&uid(number), None, address);
    (0..BANS_MAX).for_each(|number| room.ban(ban(number)));
    assert!(banned(&room, 0));
    room.ban(ban(BANS_MAX));
    assert!(!banned(&room, 0) && banned(&room, 1) && banned(&room, BANS_MAX));
}

#[test]
fn a_ban_without_tokens_holds_for_the_address_under_every_name() {
    let (mut stage, [ana, ..]) = trio();
    let at = |host: u16| Opened::from_address([0x2001, 0xdb8, 0, 7, 0, 0, 0, host].into());
    let troll = stage.try_open(at(1)).unwrap();
    stage.join_media(troll, "troll");
    stage.moderate(ana, r#""remove","remoteUid":"troll","ban":true"#);
    let neighbour = stage.try_open(at(2)).unwrap();
    for (conn, uid) in [(troll, "other"), (neighbour, "third")] {
        assert_eq!(only_error(&stage.join_media(conn, uid)), (conn, 106, "banned".to_owned()), "the same /64");
    }
    let stranger = stage.open();
    assert_eq!(commands(&stage.join_media(stranger, "other"), stranger), ["joined"]);
}

#[test]
fn a_ban_shuts_out_no_moderator_who_is_at_the_same_address() {
    let mut stage = Stage::with_media();
    let here = || Opened::from_address([192, 0, 2, 1].into());
    let [ana, troll, cy] = [0; 3].map(|_| stage.try_open(here()).unwrap());
    stage.join_media(ana, "ana");
    stage.join_media(troll, "troll");
    stage.moderate(ana, r#""remove","remoteUid":"troll","ban":true"#);
    assert_eq!(only_error(&stage.join_media(troll, "troll")).1, 106, "its name is banned all the same");
    assert_eq!(commands(&stage.join_media(cy, "cy"), cy), ["joined"]);
}

#[test]
fn an_end_is_the_end_for_all() {
    let (mut stage, [ana, bo, cy]) = trio();
    let place = stage.offer(bo, &mut Vec::new());
    let heard = stage.moderate(ana, r#""end""#);
    assert_eq!((commands(&heard, ana), commands(&heard, bo)), (vec!["ok".to_owned()], vec!["moderated".to_owned()]));
    assert_eq!(commands(&heard, cy), ["moderated"], "and nothing about who leaves");
    assert_eq!(requests(&heard), [MediaRequest::Close { room: place.0, peer: place.1 }]);
    let stats = stage.hub.stats();
    assert_eq!((stats.rooms, stats.members, stats.connections), (0, 0, 3));
    assert_eq!(find(&stage.join_media(bo, "bo"), "joined").1["self"]["role"], json!("host"), "a new room");
}

#[test]
fn a_dialect_a_member_is_removed_in_its_own_words_and_cannot_be_muted() {
    let mut stage = Stage::new();
    let (ana, bo) = (stage.open(), stage.open());
    stage.join(ana, "ana");
    stage.say(bo, r#"{"cmd":"join","roomId":"100","uid":"bo"}"#);
    let heard = stage.moderate(ana, r#""mute","remoteUid":"bo","source":"microphone""#);
    assert_eq!(only_error(&heard), (ana, 108, "version".to_owned()));
    assert_eq!(only_error(&stage.moderate(ana, r#""role","remoteUid":"bo","role":"host""#)).1, 108);
    let heard = stage.moderate(ana, r#""remove","remoteUid":"bo""#);
    assert_eq!(commands(&heard, bo), ["peer-leave"]);
    stage.say(bo, r#"{"cmd":"join","roomId":"100","uid":"bo"}"#);
    assert_eq!(commands(&stage.moderate(ana, r#""end""#), bo), ["peer-leave"]);
}
