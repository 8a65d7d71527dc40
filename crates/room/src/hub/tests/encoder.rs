//! Encoders: members that only send, and nobody sits at.

use std::time::Duration;

use serde_json::json;

use crate::{
    ConnId, Opened, Topology,
    manage::{Manage, PolicyChange},
    media::{MediaEvent, MediaRequest, Source, TrackDescription},
    output::CLOSE_NORMAL,
    token::{Claims, Key, mint},
};

use super::language::{Heard, Stage, UNIX, commands, find, only_error, requests};

const JOIN: &str = r#"{"cmd":"join","v":2,"id":"1","roomId":"100","uid":"obs","name":"Stage","caps":["media","encoder"],"state":{"audio":true,"video":true}}"#;

impl Stage {
    fn encoder(&mut self) -> (ConnId, Vec<Heard>) {
        let conn = self.open();
        let heard = self.join_with(conn, "obs", JOIN);
        (conn, heard)
    }
}

fn mode(heard: &[Heard]) -> [serde_json::Value; 2] {
    let (_, frame) = find(heard, "mode");
    [frame["mode"].clone(), frame["reason"].clone()]
}

#[test]
fn all_see_an_encoder_join_and_their_media_goes_through_the_server_as_long_as_it_is_there() {
    let mut stage = Stage::with_media();
    let ana = stage.open();
    stage.join_media(ana, "ana");
    let (obs, heard) = stage.encoder();
    assert_eq!(mode(&heard), [json!("sfu"), json!("encoder")]);
    let (_, newcomer) = find(&heard, "new-peer");
    assert_eq!([&newcomer["name"], &newcomer["caps"]], [&json!("Stage"), &json!(["media", "encoder"])]);
    assert_eq!(find(&heard, "joined").1["self"]["grants"], json!(["pub.audio", "pub.video"]));
    assert_eq!(commands(&stage.wait_alive(Duration::from_secs(10), &[ana, obs]), ana), Vec::<String>::new());
    let heard = stage.close(obs);
    assert_eq!(commands(&heard, ana), ["peer-leave"], "nobody waits for it to come back");
    assert_eq!(mode(&stage.wait_alive(Duration::from_secs(6), &[ana])), [json!("p2p"), json!("two-left")]);
}

#[test]
fn an_encoder_sends_sound_and_pictures_and_gets_nothing() {
    let mut stage = Stage::with_media();
    let (obs, _) = stage.encoder();
    let mut heard = Vec::new();
    stage.offer(obs, &mut heard);
    let [MediaRequest::Offer { may_publish, may_subscribe, .. }] = &requests(&heard)[..] else { panic!("{heard:?}") };
    assert_eq!((may_publish.as_slice(), *may_subscribe), (&[Source::Microphone, Source::Camera][..], false));
    assert_eq!(only_error(&stage.say(obs, r#"{"cmd":"chat","text":"Hello"}"#)).1, 110);
}

#[test]
fn an_encoder_is_never_host() {
    let mut stage = Stage::with_media();
    let (_, heard) = stage.encoder();
    assert_eq!(find(&heard, "joined").1["self"]["role"], "member", "not even of a room that it opens");
    let [ana, bo] = ["ana", "bo"].map(|uid| {
        let conn = stage.open();
        (conn, stage.join_media(conn, uid))
    });
    assert_eq!(find(&ana.1, "joined").1["self"]["role"], "host");
    assert_eq!(only_error(&stage.moderate(ana.0, r#""role","remoteUid":"obs","role":"host""#)).1, 108);
    let heard = stage.say(ana.0, r#"{"cmd":"leave"}"#);
    assert_eq!(find(&heard, "role").1["remoteUid"], "bo", "the older one is no heir");
    drop(bo);
}

#[test]
fn when_the_media_of_an_encoder_ends_it_is_gone() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    let (obs, _) = stage.encoder();
    let (room, peer) = stage.offer(obs, &mut Vec::new());
    let (_, of_ana) = stage.offer(ana, &mut Vec::new());
    stage.media(MediaEvent::Connected { peer });
    let heard = stage.media(MediaEvent::Disconnected { peer, reason: "silence".to_owned() });
    assert!(
        heard.contains(&Heard::Closed(obs, CLOSE_NORMAL)) && requests(&heard) == [MediaRequest::Close { room, peer }]
    );
    assert_eq!(commands(&heard, ana), ["peer-leave"]);
    let heard = stage.media(MediaEvent::Disconnected { peer: of_ana, reason: "silence".to_owned() });
    assert_eq!(heard, [], "people come back");
}

#[test]
fn a_muted_encoder_passes_nothing_and_a_removed_one_is_told_so() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    let (obs, _) = stage.encoder();
    let (room, peer) = stage.offer(obs, &mut Vec::new());
    let heard = stage.moderate(ana, r#""mute","remoteUid":"obs","source":"camera""#);
    let source = Source::Camera;
    assert_eq!(requests(&heard), [MediaRequest::Block { room, peer, source, blocked: true }]);
    let heard = stage.moderate(ana, r#""remove","remoteUid":"obs""#);
    assert_eq!(find(&heard, "moderated").1["action"], "remove");
    assert_eq!(requests(&heard), [MediaRequest::Close { room, peer }]);
}

#[test]
fn an_encoder_whose_packets_are_made_beside_the_media_server_has_a_place_there_without_an_offer() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    let now = stage.now;
    assert_eq!(stage.hub.handle_place(now, ana), None, "people offer");
    let (obs, _) = stage.encoder();
    let heard = stage.moderate(ana, r#""mute","remoteUid":"obs","source":"camera""#);
    assert_eq!(requests(&heard), [], "the media server does not know it yet");
    let (room, peer) = stage.hub.handle_place(now, obs).unwrap();
    let source = Source::Camera;
    assert_eq!(requests(&stage.hear()), [MediaRequest::Block { room, peer, source, blocked: true }]);
    let video = TrackDescription { source, video: true, codec: "H264", layers: Vec::new(), encrypted: false };
    let heard = stage.media(MediaEvent::Published { peer, tracks: vec![video] });
    assert_eq!(commands(&heard, ana), ["tracks"]);
    let heard = stage.close(obs);
    assert_eq!(requests(&heard), [MediaRequest::Close { room, peer }]);
    assert_eq!(stage.hub.handle_place(now, obs), None);
}

#[test]
fn an_encoder_does_not_join_where_its_media_cannot_go() {
    let refused = |mut stage: Stage, others: &[&str], join: &str| {
        for text in others {
            let conn = stage.open();
            stage.say(conn, text);
        }
        let conn = stage.open();
        only_error(&stage.say(conn, join)).1
    };
    let course = r#"{"cmd":"join","roomId":"100","uid":"ana"}"#;
    let without = r#"{"cmd":"join","v":2,"roomId":"100","uid":"obs","caps":["encoder"]}"#;
    let p2p = |topology| {
        Stage::with(|config| {
            config.media = true;
            config.topology = topology;
        })
    };
    assert_eq!(refused(Stage::new(), &[], JOIN), 113, "no media server");
    assert_eq!(refused(Stage::with_media(), &[course], JOIN), 108, "somebody has no way to it");
    assert_eq!(refused(Stage::with_media(), &[], without), 108, "nor has the encoder");
    assert_eq!(refused(p2p(Topology::P2p), &[], JOIN), 111);
    assert_eq!(refused(p2p(Topology::Sfu), &[], without), 108);
}

#[test]
fn an_encoder_is_a_member_among_as_many_as_there_may_be() {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.limits.members = 2;
    });
    let (_, heard) = stage.encoder();
    assert_eq!(find(&heard, "joined").1["mode"], "sfu");
    let ana = stage.open();
    assert_eq!(commands(&stage.join_media(ana, "ana"), ana), ["joined"]);
    let one_more = stage.open();
    let heard = stage.say(one_more, &JOIN.replace("obs", "other"));
    assert_eq!(only_error(&heard).1, 1);
}

#[test]
fn an_encoder_waits_in_a_lobby_and_turns_the_room_when_it_is_let_in() {
    let mut stage = Stage::with_media();
    let ana = stage.open();
    stage.join_media(ana, "ana");
    stage.moderate(ana, r#""lobby","on":true"#);
    let (obs, heard) = stage.encoder();
    assert_eq!(commands(&heard, obs), ["waiting"]);
    let heard = stage.moderate(ana, r#""admit","remoteUid":"obs""#);
    assert_eq!(mode(&heard), [json!("sfu"), json!("encoder")]);
    assert_eq!(commands(&heard, obs), ["joined"]);
    stage.moderate(ana, r#""lock","on":true"#);
    let other = stage.open();
    assert_eq!(only_error(&stage.say(other, &JOIN.replace("obs", "other"))).1, 105);
}

#[test]
fn where_tokens_decide_an_encoder_needs_one_that_grants_it() {
    let key = Key::new("main", [7; 32]).unwrap();
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.auth_keys = vec![key.clone()];
    });
    let mut join = |grants: Option<&[&str]>| {
        let grants = grants.map(|grants| grants.iter().map(|grant| (*grant).to_owned()).collect());
        let (room, exp, role) = ("100".to_owned(), UNIX.as_secs() + 60, Some("host".to_owned()));
        let claims = Claims { room, uid: None, name: Some("Cam".to_owned()), role, grants, exp, nbf: None };
        let token = Some(mint(&key, &claims).unwrap());
        let address = [192, 0, 2, 1].into();
        let conn = stage.try_open(Opened { token, ..Opened::from_address(address) }).unwrap();
        stage.say(conn, JOIN)
    };
    assert_eq!(only_error(&join(None)).1, 110);
    assert_eq!(only_error(&join(Some(&["pub.audio", "pub.video"]))).1, 110);
    let own = &find(&join(Some(&["publish", "moderate"])), "joined").1["self"];
    assert_eq!([&own["name"], &own["role"]], [&json!("Cam"), &json!("member")]);
    assert_eq!(own["grants"], json!(["pub.audio", "pub.video"]), "and nothing more");
}

#[test]
fn an_encoder_hears_when_the_room_goes_from_member_to_member_by_order() {
    let mut stage = Stage::with_media();
    let (obs, _) = stage.encoder();
    let policy = PolicyChange { topology: Some(Topology::P2p), ..PolicyChange::default() };
    stage.hub.handle_manage(stage.now, Manage::Change { room: "100".to_owned(), policy }).unwrap();
    let heard = stage.hear();
    assert_eq!((find(&heard, "mode").0, mode(&heard)), (obs, [json!("p2p"), json!("policy")]));
}
