//! Between the members and the media server.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    Opened,
    media::{
        MediaEvent, MediaPeerId, MediaRefusal, MediaRequest, OfferedTrack, Priority, QualityReason, SlotReport,
        SlotState, SlotWish, Source, TrackDescription,
    },
    seat::OFFERS_MAX,
    token::{Claims, Key, mint},
};

use super::language::{Heard, Stage, UNIX, commands, find, only, only_error, requests, resume_token};

fn camera() -> TrackDescription {
    TrackDescription {
        source: Source::Camera,
        video: true,
        codec: "VP8",
        layers: vec!["q".to_owned(), "h".to_owned()],
        encrypted: false,
    }
}

fn live(mid: &str, peer: MediaPeerId) -> SlotReport {
    let track = Some((peer, Source::Camera));
    let layer = Some("h".to_owned());
    SlotReport { mid: mid.to_owned(), track, state: SlotState::Live, reason: None, layer, temporal: Some(2) }
}

/// An offer to the media server with this `msg`.
fn offer(msg: &Value) -> String {
    let msg = msg.to_string();
    json!({"cmd": "offer", "id": "7", "uid": "ana", "remoteUid": "@media", "msg": msg}).to_string()
}

#[test]
fn an_offer_goes_to_the_media_server_and_its_answer_answers_the_request() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    let heard = stage.say(ana, &stage.offer_of(ana, "c1"));
    assert_eq!(commands(&heard, ana), Vec::<String>::new(), "the answer is to come");
    let [MediaRequest::Offer { room, peer, client: _, request, connection, sdp, tracks, may_publish, may_subscribe }] =
        &requests(&heard)[..]
    else {
        panic!("not one offer: {heard:?}");
    };
    assert_eq!((connection.as_str(), sdp.as_str(), *may_subscribe), ("c1", "v=0\r\n", true));
    let track = |mid: &str, source| OfferedTrack { mid: mid.to_owned(), source, encrypted: false };
    assert_eq!(tracks, &[track("0", Source::Microphone), track("1", Source::Camera)]);
    assert_eq!(may_publish, &Source::ALL);
    let (peer, request) = (*peer, *request);
    let heard = stage.media(MediaEvent::Answered { peer, request, sdp: "v=0\r\no".to_owned() });
    assert_eq!(commands(&heard, ana), ["ok", "answer"]);
    assert_eq!(find(&heard, "ok").1["id"], "7");
    let (_, answer) = find(&heard, "answer");
    let msg: Value = serde_json::from_str(answer["msg"].as_str().unwrap()).unwrap();
    assert_eq!((&answer["uid"], &answer["remoteUid"]), (&json!("@media"), &json!("ana")));
    assert_eq!(msg, json!({"type": "answer", "sdp": "v=0\r\no", "offer": "1a"}));
    let repeated = MediaEvent::Answered { peer, request, sdp: String::new() };
    assert_eq!(stage.media(repeated), [], "an offer is answered once");
    assert_eq!(stage.offer(ana, &mut Vec::new()), (*room, peer), "the same place");
}

#[test]
fn that_a_track_is_encrypted_goes_to_the_media_server_and_comes_to_the_others() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    let (_, peer) = stage.offer(ana, &mut Vec::new());
    let tracks = json!([{"mid": "0", "source": "camera", "encrypted": true}]);
    let msg = json!({"type": "offer", "sdp": "v=0", "connection": "c1", "tracks": tracks});
    let heard = stage.say(ana, &offer(&msg));
    let [MediaRequest::Offer { tracks, .. }] = &requests(&heard)[..] else { panic!("{heard:?}") };
    assert_eq!(tracks, &[OfferedTrack { mid: "0".to_owned(), source: Source::Camera, encrypted: true }]);
    let tracks = vec![TrackDescription { encrypted: true, ..camera() }];
    let heard = stage.media(MediaEvent::Published { peer, tracks });
    assert_eq!(commands(&heard, bo), ["tracks"]);
    assert_eq!(find(&heard, "tracks").1["tracks"][0]["encrypted"], json!(true));
}

#[test]
fn a_refused_offer_is_an_error_with_its_id() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    for (reason, code, name) in [
        (MediaRefusal::BadOffer("no ICE".to_owned()), 112, "bad-offer"),
        (MediaRefusal::Full, 113, "media-unavailable"),
        (MediaRefusal::Unavailable, 113, "media-unavailable"),
    ] {
        let heard = stage.say(ana, &stage.offer_of(ana, "c1"));
        let [MediaRequest::Offer { peer, request, .. }] = requests(&heard)[..] else { panic!("{heard:?}") };
        let heard = stage.media(MediaEvent::Refused { peer, request, reason });
        assert_eq!(only_error(&heard), (ana, code, name.to_owned()));
        let (_, error) = only(&heard);
        assert_eq!((&error["id"], &error["remoteUid"]), (&json!("7"), &json!("@media")));
    }
}

#[test]
fn what_the_grants_do_not_allow_is_not_asked_of_the_media_server() {
    let key = Key::new("main", [7; 32]).unwrap();
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.topology = crate::Topology::Sfu;
        config.auth_keys = vec![key.clone()];
    });
    let token = |grants: &[&str]| {
        let grants = Some(grants.iter().map(|grant| (*grant).to_owned()).collect());
        let (room, exp) = ("100".to_owned(), UNIX.as_secs() + 60);
        mint(&key, &Claims { room, uid: None, name: None, role: None, grants, exp, nbf: None }).unwrap()
    };
    for (grants, publish, subscribe) in [
        (&["subscribe"][..], &[][..], true),
        (&["pub.audio"], &[Source::Microphone], false),
        (&["pub.video", "subscribe"], &[Source::Camera], true),
        (&["pub.screen"], &[Source::Screen, Source::ScreenAudio], false),
    ] {
        let opened = Opened { token: Some(token(grants)), ..Opened::from_address([192, 0, 2, 1].into()) };
        let ana = stage.try_open(opened).unwrap();
        stage.join_media(ana, "ana");
        let heard = stage.say(ana, &stage.offer_of(ana, "c1"));
        let [MediaRequest::Offer { may_publish, may_subscribe, .. }] = &requests(&heard)[..] else {
            panic!("{heard:?}");
        };
        assert_eq!((&may_publish[..], *may_subscribe), (publish, subscribe));
        let wish = r#"{"cmd":"subscribe","slots":[]}"#;
        assert_eq!(stage.say(ana, wish).iter().all(|word| matches!(word, Heard::Media(_))), subscribe);
        stage.say(ana, r#"{"cmd":"leave"}"#);
    }
    let opened = Opened { token: Some(token(&["chat"])), ..Opened::from_address([192, 0, 2, 1].into()) };
    let bo = stage.try_open(opened).unwrap();
    stage.join_media(bo, "bo");
    assert_eq!(only_error(&stage.say(bo, &stage.offer_of(bo, "c1"))).1, 110);
}

#[test]
fn an_offer_that_is_none_is_refused_and_the_media_server_hears_nothing_of_it() {
    let mut stage = Stage::with(|config| {
        config.media = true;
        config.limits.offers_per_second = 0;
    });
    let [ana, ..] = stage.trio();
    let track = |mid: &str, source: &str| json!({"mid": mid, "source": source});
    let long = "x".repeat(65);
    for msg in [
        json!({"type": "answer", "sdp": "v=0", "connection": "c"}),
        json!({"type": "offer", "connection": "c"}),
        json!({"type": "offer", "sdp": "v=0"}),
        json!({"type": "offer", "sdp": 7, "connection": "c"}),
        json!({"type": "offer", "sdp": "v=0", "connection": ""}),
        json!({"type": "offer", "sdp": "v=0", "connection": long}),
        json!({"type": "offer", "sdp": "v=0", "connection": "c", "offer": long}),
        json!({"type": "offer", "sdp": "v=0", "connection": "c", "tracks": [track("0", "nose")]}),
        json!({"type": "offer", "sdp": "v=0", "connection": "c", "tracks": [track("", "camera")]}),
        json!({"type": "offer", "sdp": "v=0", "connection": "c", "tracks": [track("0", "camera"), track("0", "screen")]}),
        json!({"type": "offer", "sdp": "v=0", "connection": "c", "tracks": [track("0", "camera"), track("1", "camera")]}),
        json!([]),
    ] {
        assert_eq!(only_error(&stage.say(ana, &offer(&msg))), (ana, 112, "bad-offer".to_owned()), "{msg}");
    }
    let without = r#"{"cmd":"offer","uid":"ana","remoteUid":"@media"}"#;
    assert_eq!(only_error(&stage.say(ana, without)).1, 3);
    let longest = "x".repeat(64);
    let msg = json!({"type": "offer", "sdp": "v=0", "connection": longest, "offer": longest});
    assert_eq!(requests(&stage.say(ana, &offer(&msg))).len(), 1);
}

#[test]
fn so_many_offers_wait_and_no_more() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    let text = stage.offer_of(ana, "c1");
    for _ in 0..OFFERS_MAX {
        assert_eq!(requests(&stage.say(ana, &text)).len(), 1);
    }
    assert_eq!(only_error(&stage.say(ana, &text)), (ana, 103, "rate-limited".to_owned()));
}

#[test]
fn candidates_to_the_media_server_are_not_needed_and_no_error() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    let text = r#"{"cmd":"candidate","id":"3","uid":"ana","remoteUid":"@media","msg":"{}"}"#;
    let heard = stage.say(ana, text);
    assert_eq!(commands(&heard, ana), ["ok"]);
    assert_eq!(heard.len(), 1);
}

#[test]
fn wishes_reach_the_media_server_with_its_own_numbers() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    let text = r#"{"cmd":"subscribe","id":"8","slots":[{"mid":"4","remoteUid":"bo","source":"camera","width":640,"height":360,"priority":"pinned"},{"mid":"5","remoteUid":null},{"mid":"6","remoteUid":"ana","source":"microphone","paused":true}]}"#;
    assert_eq!(only_error(&stage.say(ana, text)), (ana, 113, "media-unavailable".to_owned()), "offer first");
    let (room, peer) = stage.offer(ana, &mut Vec::new());
    let heard = stage.say(ana, text);
    let [MediaRequest::Subscribe { slots, .. }] = &requests(&heard)[..] else { panic!("{heard:?}") };
    let other = slots[0].track.unwrap().0;
    let wish = |mid: &str, track| SlotWish {
        mid: mid.to_owned(),
        track,
        width_px: 0,
        height_px: 0,
        layer_max: None,
        priority: Priority::Normal,
        paused: false,
    };
    let first = SlotWish {
        width_px: 640,
        height_px: 360,
        priority: Priority::Pinned,
        ..wish("4", Some((other, Source::Camera)))
    };
    let third = SlotWish { paused: true, ..wish("6", Some((peer, Source::Microphone))) };
    let expected = MediaRequest::Subscribe { room, peer, slots: vec![first, wish("5", None), third] };
    assert_eq!(requests(&heard), [expected]);
    assert_eq!(commands(&heard, ana), ["ok"]);
    assert_eq!(stage.offer(bo, &mut Vec::new()).1, other, "the place is there before the offer");
}

#[test]
fn a_wish_that_is_none_changes_nothing() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    stage.offer(ana, &mut Vec::new());
    let slots = |count: usize| (0..count).map(|mid| format!(r#"{{"mid":"{mid}"}}"#)).collect::<Vec<_>>().join(",");
    for (wrong, code) in [
        (String::from(r#"{"mid":"4","remoteUid":"bo"}"#), 3),
        (r#"{"mid":"4","remoteUid":"bo","source":"nose"}"#.to_owned(), 3),
        (r#"{"mid":"4","remoteUid":"bo","source":"camera","width":-1}"#.to_owned(), 3),
        (r#"{"mid":"4","priority":"high"}"#.to_owned(), 3),
        (r#"{"remoteUid":"bo","source":"camera"}"#.to_owned(), 3),
        (r#"{"mid":"4"},{"mid":"4"}"#.to_owned(), 3),
        (format!(r#"{{"mid":"{}"}}"#, "m".repeat(33)), 3),
        (slots(129), 3),
    ] {
        let text = format!(r#"{{"cmd":"subscribe","slots":[{wrong}]}}"#);
        assert_eq!(only_error(&stage.say(ana, &text)).1, code, "{text}");
    }
    assert_eq!(requests(&stage.say(ana, &format!(r#"{{"cmd":"subscribe","slots":[{}]}}"#, slots(128)))).len(), 1);
}

#[test]
fn a_wish_for_who_is_not_there_empties_its_slot_and_the_others_hold() {
    let mut stage = Stage::with_media();
    let [ana, bo, cy] = stage.trio();
    stage.offer(ana, &mut Vec::new());
    let other = stage.offer(bo, &mut Vec::new()).1;
    stage.say(cy, r#"{"cmd":"leave"}"#);
    let text = r#"{"cmd":"subscribe","id":"8","slots":[{"mid":"4","remoteUid":"cy","source":"camera"},{"mid":"5","remoteUid":"bo","source":"camera"},{"mid":"6","remoteUid":null}]}"#;
    let heard = stage.say(ana, text);
    let [MediaRequest::Subscribe { slots, .. }] = &requests(&heard)[..] else { panic!("{heard:?}") };
    let asked: Vec<_> = slots.iter().map(|wish| (wish.mid.as_str(), wish.track)).collect();
    assert_eq!(asked, [("4", None), ("5", Some((other, Source::Camera))), ("6", None)]);
    assert_eq!(commands(&heard, ana), ["slots", "ok"]);
    let slot = json!({"mid": "4", "remoteUid": null, "source": null, "state": "waiting", "reason": "no-track", "layer": null, "temporal": null});
    assert_eq!(find(&heard, "slots").1["slots"], json!([slot]));
    assert_eq!(commands(&stage.join_media(ana, "ana"), ana), ["joined", "slots"], "and is said again");
}

#[test]
fn news_of_the_media_server_reach_whom_they_concern() {
    let mut stage = Stage::with_media();
    let [ana, bo, cy] = stage.trio();
    let (room, peer) = stage.offer(ana, &mut Vec::new());
    let (_, other) = stage.offer(bo, &mut Vec::new());
    let published = MediaEvent::Published { peer, tracks: vec![camera()] };
    let heard = stage.media(published.clone());
    assert_eq!(
        (commands(&heard, ana).len(), commands(&heard, bo), commands(&heard, cy).len()),
        (0, vec!["tracks".to_owned()], 1)
    );
    let tracks = json!([{"source": "camera", "kind": "video", "codec": "VP8", "layers": ["q", "h"]}]);
    assert_eq!(find(&heard, "tracks").1["tracks"], tracks);
    assert_eq!(stage.media(published), [], "nothing has changed");
    let (conn, slots) = only(&stage.media(MediaEvent::Slots { peer: other, slots: vec![live("4", peer)] }));
    let slot = json!({"mid": "4", "remoteUid": "ana", "source": "camera", "state": "live", "reason": null, "layer": "h", "temporal": 2});
    assert_eq!((conn, &slots["slots"]), (bo, &json!([slot])));
    let layers = vec![("q".to_owned(), true), ("h".to_owned(), false)];
    let (conn, layers) = only(&stage.media(MediaEvent::Layers { peer, source: Source::Camera, layers }));
    assert_eq!((conn, &layers["layers"]), (ana, &json!([{"rid": "q", "active": true}, {"rid": "h", "active": false}])));
    let heard = stage.media(MediaEvent::Speakers { room, speakers: vec![(other, -32), (MediaPeerId(999), -40)] });
    assert_eq!(heard.len(), 3, "everybody hears who speaks");
    assert_eq!(find(&heard, "speakers").1["speakers"], json!([{"remoteUid": "bo", "level": -32}]));
    let members = vec![(peer, 5, None), (other, 2, Some(QualityReason::Bandwidth))];
    let heard = stage.media(MediaEvent::Quality { room, members });
    let expected = json!([{"remoteUid": "ana", "level": 5, "reason": null}, {"remoteUid": "bo", "level": 2, "reason": "bandwidth"}]);
    assert_eq!((heard.len(), &find(&heard, "quality").1["members"]), (3, &expected));
    let di = stage.open();
    let (_, joined) = find(&stage.join_media(di, "di"), "joined");
    assert_eq!(joined["roster"][0]["tracks"], tracks, "who comes later sees it, too");
}

#[test]
fn news_of_who_has_left_are_passed_over() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    let (room, peer) = stage.offer(ana, &mut Vec::new());
    stage.say(ana, r#"{"cmd":"leave"}"#);
    for event in [
        MediaEvent::Connected { peer },
        MediaEvent::Disconnected { peer, reason: String::new() },
        MediaEvent::Published { peer, tracks: vec![camera()] },
        MediaEvent::Slots { peer, slots: Vec::new() },
        MediaEvent::Answered { peer, request: 1, sdp: String::new() },
        MediaEvent::Quality { room, members: vec![(peer, 1, None)] },
    ] {
        assert_eq!(stage.media(event), []);
    }
}

#[test]
fn who_resumes_keeps_its_place_and_hears_how_things_are() {
    let mut stage = Stage::with_media();
    let [ana, bo, cy] = stage.trio();
    let (_, peer) = stage.offer(ana, &mut Vec::new());
    let (room, other) = stage.offer(bo, &mut Vec::new());
    let token = resume_token(&stage.join_media(bo, "bo"));
    stage.media(MediaEvent::Slots { peer: other, slots: vec![live("4", peer), live("5", peer)] });
    assert_eq!(requests(&stage.close(bo)), []);
    // What is true for a moment only is not kept: an absence is long, and the room for it short.
    for level in 0..100 {
        stage.media(MediaEvent::Speakers { room, speakers: vec![(peer, -level)] });
        stage.media(MediaEvent::Slots { peer: other, slots: vec![live("4", peer)] });
    }
    stage.media(MediaEvent::Layers { peer: other, source: Source::Camera, layers: vec![("q".to_owned(), false)] });
    stage.media(MediaEvent::Published { peer, tracks: vec![camera()] });
    stage.wait_alive(Duration::from_secs(20), &[ana, cy]);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(commands(&heard, back), ["joined", "slots", "layers"]);
    let (_, joined) = find(&heard, "joined");
    assert_eq!((&joined["resumed"], &joined["mode"]), (&json!(true), &json!("sfu")));
    assert_eq!(joined["roster"][0]["tracks"][0]["source"], json!("camera"));
    assert_eq!(find(&heard, "slots").1["slots"].as_array().map(Vec::len), Some(2));
}

#[test]
fn slots_of_another_connection_are_not_repeated() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    let (_, peer) = stage.offer(ana, &mut Vec::new());
    let (_, other) = stage.offer(bo, &mut Vec::new());
    stage.media(MediaEvent::Slots { peer: other, slots: vec![live("4", peer)] });
    let again = stage.join_media(bo, "bo");
    assert_eq!(commands(&again, bo), ["joined", "slots"]);
    stage.say(bo, &stage.offer_of(bo, "c2"));
    assert_eq!(commands(&stage.join_media(bo, "bo"), bo), ["joined"]);
}

#[test]
fn which_layers_are_off_is_not_repeated_when_the_connection_was_lost_that_they_were_off_on() {
    let mut stage = Stage::with_media();
    let [ana, bo, cy] = stage.trio();
    let (_, peer) = stage.offer(bo, &mut Vec::new());
    let token = resume_token(&stage.join_media(bo, "bo"));
    stage.close(bo);
    stage.media(MediaEvent::Layers { peer, source: Source::Camera, layers: vec![("f".to_owned(), false)] });
    stage.media(MediaEvent::Disconnected { peer, reason: "timed out".to_owned() });
    stage.wait_alive(Duration::from_secs(20), &[ana, cy]);
    let back = stage.open();
    let heard = stage.resume(back, "bo", &token);
    assert_eq!(commands(&heard, back), ["joined"]);
}

#[test]
fn a_server_that_stops_lets_go_of_every_place() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    let places = [ana, bo].map(|conn| stage.offer(conn, &mut Vec::new()));
    let closed = places.map(|(room, peer)| MediaRequest::Close { room, peer });
    assert_eq!(requests(&stage.shut_down()), closed);
}
