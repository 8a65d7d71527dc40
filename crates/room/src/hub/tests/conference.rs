//! Which way the media takes: peer to peer with two, through the server with three, and back.

use std::time::Duration;

use serde_json::json;

use crate::{
    Config, ConnId, Topology,
    hub::plane::{SETTLE, TURN_GRACE},
    media::MediaRequest,
};

use super::language::{Heard, Stage, commands, find, frame, only, only_error, requests};

const MILLISECOND: Duration = Duration::from_millis(1);

fn with_media(config: &mut Config) {
    config.media = true;
}

/// The mode that a connection was told, and why.
fn mode(heard: &[Heard], of: ConnId) -> (String, String) {
    let own: Vec<Heard> =
        heard.iter().filter(|word| matches!(word, Heard::Frame(conn, _) if *conn == of)).cloned().collect();
    let (_, mode) = find(&own, "mode");
    assert_eq!((&mode["remoteUid"], &mode["uid"]), (&json!("@media"), &json!("@media")));
    (mode["mode"].as_str().unwrap().to_owned(), mode["reason"].as_str().unwrap().to_owned())
}

fn words(mode: &str, reason: &str) -> (String, String) {
    (mode.to_owned(), reason.to_owned())
}

#[test]
fn the_third_member_turns_the_room_to_the_server() {
    let mut stage = Stage::with(with_media);
    let (ana, bo, cy) = (stage.open(), stage.open(), stage.open());
    let (_, alone) = only(&stage.join_media(ana, "ana"));
    assert_eq!((&alone["mode"], &alone["mediaUid"]), (&json!("p2p"), &json!("@media")));
    assert_eq!(alone["limits"]["members"], json!(500));
    let heard = stage.join_media(bo, "bo");
    assert_eq!(find(&heard, "joined").1["mode"], json!("p2p"));
    assert_eq!(find(&heard, "new-peer").1.get("tracks"), None);
    let heard = stage.join_media(cy, "cy");
    for old in [ana, bo] {
        assert_eq!(commands(&heard, old), ["mode", "new-peer"], "the mode comes first");
        assert_eq!(mode(&heard, old), words("sfu", "third-member"));
    }
    let (_, joined) = find(&heard, "joined");
    assert_eq!(commands(&heard, cy), ["joined"]);
    assert_eq!((&joined["mode"], &joined["roster"][0]["tracks"]), (&json!("sfu"), &json!([])));
    assert_eq!(find(&heard, "new-peer").1["tracks"], json!([]));
}

#[test]
fn when_two_have_been_left_for_a_while_the_room_turns_back_and_the_server_lets_go_later() {
    let mut stage = Stage::with(with_media);
    let [ana, bo, cy] = stage.trio();
    let places = [ana, bo, cy].map(|conn| stage.offer(conn, &mut Vec::new()));
    let heard = stage.say(cy, r#"{"cmd":"leave","id":"5"}"#);
    assert_eq!(requests(&heard), [MediaRequest::Close { room: places[2].0, peer: places[2].1 }]);
    assert_eq!(commands(&heard, ana), ["peer-leave"]);
    assert_eq!(stage.wait(SETTLE - MILLISECOND), []);
    let heard = stage.wait(MILLISECOND);
    assert_eq!((mode(&heard, ana), mode(&heard, bo)), (words("p2p", "two-left"), words("p2p", "two-left")));
    assert_eq!(requests(&heard), [], "the pictures go on until the next ones come");
    assert_eq!(only_error(&stage.say(ana, &stage.offer_of(ana, "c2"))).1, 111);
    let offer = r#"{"cmd":"offer","uid":"ana","remoteUid":"bo","msg":"{}"}"#;
    assert_eq!(stage.say(ana, offer), [frame(bo, offer)]);
    assert_eq!(stage.wait(TURN_GRACE - MILLISECOND), []);
    let closed = places[..2].iter().map(|&(room, peer)| MediaRequest::Close { room, peer }).collect::<Vec<_>>();
    assert_eq!(requests(&stage.wait(MILLISECOND)), closed);
}

#[test]
fn who_loads_the_page_again_does_not_turn_the_room() {
    let mut stage = Stage::with(with_media);
    let [ana, _, cy] = stage.trio();
    stage.say(cy, r#"{"cmd":"leave"}"#);
    stage.wait(SETTLE - MILLISECOND);
    let heard = stage.join_media(cy, "cy");
    assert_eq!(commands(&heard, ana), ["new-peer"]);
    assert_eq!(find(&heard, "joined").1["mode"], json!("sfu"));
    assert_eq!(stage.wait(SETTLE), []);
}

#[test]
fn a_third_one_who_comes_while_the_server_lets_go_finds_the_same_places() {
    let mut stage = Stage::with(with_media);
    let [ana, bo, cy] = stage.trio();
    let place = stage.offer(ana, &mut Vec::new());
    stage.say(cy, r#"{"cmd":"leave"}"#);
    stage.wait(SETTLE);
    let heard = stage.join_media(cy, "cy");
    assert_eq!(mode(&heard, bo), words("sfu", "third-member"));
    assert_eq!(stage.offer(ana, &mut Vec::new()), place);
    assert_eq!(stage.wait(TURN_GRACE - MILLISECOND), []);
}

#[test]
fn a_room_does_not_turn_back_while_somebody_is_reconnecting() {
    let mut stage = Stage::with(with_media);
    let [ana, bo, cy] = stage.trio();
    stage.say(cy, r#"{"cmd":"leave"}"#);
    stage.close(bo);
    let heard = stage.wait_alive(Duration::from_secs(29), &[ana]);
    assert_eq!(commands(&heard, ana), Vec::<String>::new());
    let heard = stage.wait_alive(Duration::from_secs(1) + SETTLE, &[ana]);
    assert_eq!(commands(&heard, ana), ["peer-leave", "mode"]);
}

#[test]
fn negotiation_between_members_passes_for_a_while_after_the_turn() {
    let mut stage = Stage::with(with_media);
    let [ana, bo, _] = stage.trio();
    let texts = ["offer", "answer", "candidate", "hangup"]
        .map(|cmd| (cmd, format!(r#"{{"cmd":"{cmd}","id":"2","uid":"ana","remoteUid":"bo","msg":"{{}}"}}"#)));
    stage.wait(TURN_GRACE - MILLISECOND);
    for (cmd, text) in &texts {
        assert_eq!(commands(&stage.say(ana, text), bo), [*cmd]);
    }
    stage.wait(MILLISECOND);
    for (cmd, text) in &texts {
        assert_eq!(only_error(&stage.say(ana, text)), (ana, 111, "wrong-mode".to_owned()), "{cmd}");
    }
}

#[test]
fn clients_that_cannot_talk_with_the_media_server_stay_among_themselves() {
    let mut stage = Stage::with(with_media);
    let (ana, bo, cy) = (stage.open(), stage.open(), stage.open());
    stage.say(ana, r#"{"cmd":"join","roomId":"100","uid":"ana"}"#);
    stage.join_media(bo, "bo");
    assert_eq!(only_error(&stage.join_media(cy, "cy")), (cy, 1, "room-full".to_owned()));
    stage.say(ana, r#"{"cmd":"leave"}"#);
    stage.say(ana, r#"{"cmd":"join","v":2,"roomId":"100","uid":"ana"}"#);
    assert_eq!(only_error(&stage.join_media(cy, "cy")).1, 1, "v2 without media in caps");
    stage.say(ana, r#"{"cmd":"leave"}"#);
    stage.join_media(ana, "ana");
    for text in [r#"{"cmd":"join","roomId":"100","uid":"cy"}"#, r#"{"cmd":"join","v":2,"roomId":"100","uid":"cy"}"#] {
        assert_eq!(only_error(&stage.say(cy, text)).1, 1, "{text}");
    }
    assert_eq!(commands(&stage.join_media(cy, "cy"), cy), ["joined"]);
}

#[test]
fn in_a_room_through_the_server_others_are_refused_and_nobody_hears_of_it() {
    let mut stage = Stage::with(with_media);
    stage.trio();
    let di = stage.open();
    for text in [r#"{"cmd":"join","roomId":"100","uid":"di"}"#, r#"{"cmd":"join","v":2,"roomId":"100","uid":"di"}"#] {
        assert_eq!(only_error(&stage.say(di, text)), (di, 108, "version".to_owned()), "{text}");
    }
}

#[test]
fn a_room_has_as_many_members_as_the_limit_says() {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.limits.members = 4;
    });
    stage.trio();
    let (di, eva) = (stage.open(), stage.open());
    assert_eq!(commands(&stage.join_media(di, "di"), di), ["joined"]);
    assert_eq!(only_error(&stage.join_media(eva, "eva")), (eva, 1, "room-full".to_owned()));
}

#[test]
fn the_topology_of_the_server_decides() {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.topology = Topology::Sfu;
    });
    let ana = stage.open();
    let (_, joined) = only(&stage.join_media(ana, "ana"));
    assert_eq!(joined["mode"], json!("sfu"));
    stage.offer(ana, &mut Vec::new());
    assert_eq!(stage.wait(SETTLE), [], "it stays so");
    assert_eq!(requests(&stage.say(ana, r#"{"cmd":"leave"}"#)).len(), 1);
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.topology = Topology::P2p;
    });
    let conns = [stage.open(), stage.open(), stage.open()];
    let (_, joined) = only(&stage.join_media(conns[0], "ana"));
    assert_eq!((&joined["mode"], &joined["limits"]["members"]), (&json!("p2p"), &json!(2)));
    stage.join_media(conns[1], "bo");
    assert_eq!(only_error(&stage.join_media(conns[2], "cy")).1, 1);
}

#[test]
fn without_a_media_server_rooms_are_peer_to_peer() {
    let mut stage = Stage::with(|config| config.topology = Topology::Sfu);
    let (ana, bo, cy) = (stage.open(), stage.open(), stage.open());
    let (_, joined) = only(&stage.join_media(ana, "ana"));
    assert_eq!((joined["mode"].as_str(), joined.get("mediaUid")), (Some("p2p"), None));
    stage.join_media(bo, "bo");
    assert_eq!(only_error(&stage.join_media(cy, "cy")).1, 1);
    assert_eq!(only_error(&stage.say(ana, &stage.offer_of(ana, "c1"))).1, 113);
}

#[test]
fn nobody_takes_the_uids_of_the_server() {
    let mut stage = Stage::with(with_media);
    let ana = stage.open();
    for uid in ["@media", "@server"] {
        for version in ["", r#""v":2,"#] {
            let text = format!(r#"{{"cmd":"join",{version}"roomId":"100","uid":"{uid}"}}"#);
            assert_eq!(only_error(&stage.say(ana, &text)), (ana, 101, "uid-in-use".to_owned()));
        }
    }
}
