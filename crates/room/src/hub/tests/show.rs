//! What audiences see of a room, and who lets them.

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;
use serde_json::json;

use crate::{
    ConnId, Topology,
    manage::{Manage, ManageError, Managed, PolicyChange, ShotReport},
    media::{MediaEvent, MediaPeerId, MediaRoomId, Source, TrackDescription},
    show::{Part, Show, StreamPolicy},
};

use super::language::{Stage, commands, find, only_error, requests};

const OPEN: &str = r#""stream","stream":"open""#;
const OFF: &str = r#""stream","stream":"off""#;

fn track(source: Source) -> TrackDescription {
    let video = matches!(source, Source::Camera | Source::Screen);
    let codec = if video { "VP8" } else { "opus" };
    TrackDescription { source, video, codec, layers: Vec::new(), encrypted: false }
}

/// A member joins the room and publishes these.
fn publish(stage: &mut Stage, conn: ConnId, sources: &[Source]) -> (MediaRoomId, MediaPeerId) {
    let (room, peer) = stage.offer(conn, &mut Vec::new());
    stage.media(MediaEvent::Published { peer, tracks: sources.iter().copied().map(track).collect() });
    (room, peer)
}

fn parts(stage: &Stage) -> Vec<Part> {
    stage
        .shows
        .keys()
        .map(|(room, part)| {
            assert_eq!(room, "100");
            part.clone()
        })
        .collect()
}

fn seen(stage: &Stage, part: Part) -> Show {
    stage.shows[&("100".to_owned(), part)].clone()
}

fn member(uid: &str) -> Part {
    Part::Member(uid.to_owned())
}

#[test]
fn nobody_watches_a_room_whose_host_has_not_let_them() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    publish(&mut stage, bo, &[Source::Camera]);
    assert_eq!(parts(&stage), []);
    assert_eq!(only_error(&stage.moderate(bo, OPEN)).1, 110, "a member has not the say");
    let heard = stage.moderate(ana, OPEN);
    assert_eq!((&find(&heard, "room").1["stream"], &find(&heard, "room").1["viewers"]), (&json!("open"), &json!(0)));
    assert_eq!(parts(&stage), [Part::Stage, member("bo")]);
    stage.moderate(ana, OFF);
    assert_eq!(parts(&stage), [], "and not any more");
}

#[test]
fn face_and_screen_of_a_member_are_two_shows() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    stage.moderate(ana, OPEN);
    let (room, peer) = publish(&mut stage, bo, &[Source::Microphone, Source::Screen]);
    let access = StreamPolicy::Open;
    let face = Show {
        room,
        audio: Some((peer, Source::Microphone)),
        video: Some((peer, Source::Camera)),
        has_audio: true,
        video_codec: None,
        video_layers: 0,
        encrypted: false,
        access,
        taken: None,
    };
    assert_eq!(seen(&stage, member("bo")), face);
    let screen = seen(&stage, Part::Screen("bo".to_owned()));
    assert_eq!((screen.audio, screen.has_audio), (Some((peer, Source::ScreenAudio)), false));
    assert_eq!((screen.video, screen.video_codec), (Some((peer, Source::Screen)), Some("VP8")));
    stage.media(MediaEvent::Published { peer, tracks: vec![track(Source::Microphone)] });
    assert_eq!(parts(&stage), [Part::Stage, member("bo")]);
    stage.say(bo, r#"{"cmd":"leave"}"#);
    assert_eq!(parts(&stage), [], "who leaves is not watched any more");
}

#[test]
fn the_stage_follows_who_speaks_and_shows_a_screen_first() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    stage.moderate(ana, OPEN);
    let (room, first) = publish(&mut stage, ana, &[Source::Microphone, Source::Camera]);
    let (_, second) = publish(&mut stage, bo, &[Source::Microphone, Source::Camera]);
    assert_eq!(seen(&stage, Part::Stage).video, Some((first, Source::Camera)));
    assert_eq!(seen(&stage, Part::Stage).audio, None, "whoever is loudest");
    stage.media(MediaEvent::Speakers { room, speakers: vec![(second, -20)] });
    assert_eq!(seen(&stage, Part::Stage).video, Some((first, Source::Camera)), "so soon it does not turn");
    stage.wait(Duration::from_secs(2));
    assert_eq!(seen(&stage, Part::Stage).video, Some((second, Source::Camera)));
    stage.wait(Duration::from_secs(2));
    stage.media(MediaEvent::Published { peer: first, tracks: vec![track(Source::Screen)] });
    assert_eq!(seen(&stage, Part::Stage).video, Some((first, Source::Screen)));
    stage.moderate(ana, OFF);
    stage.wait(Duration::from_secs(9));
    assert_eq!(parts(&stage), []);
}

#[test]
fn what_is_encrypted_from_end_to_end_is_said_to_be_and_is_not_on_the_stage() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    stage.moderate(ana, OPEN);
    let (_, peer) = stage.offer(bo, &mut Vec::new());
    let sealed = TrackDescription { encrypted: true, ..track(Source::Camera) };
    stage.media(MediaEvent::Published { peer, tracks: vec![sealed] });
    assert!(seen(&stage, member("bo")).encrypted);
    assert_eq!((seen(&stage, Part::Stage).encrypted, seen(&stage, Part::Stage).video), (true, None));
    let (_, peer) = publish(&mut stage, ana, &[Source::Camera]);
    assert_eq!(
        (seen(&stage, Part::Stage).encrypted, seen(&stage, Part::Stage).video),
        (false, Some((peer, Source::Camera)))
    );
}

#[test]
fn a_room_of_two_goes_through_the_server_while_it_is_watched() {
    let mut stage = Stage::with_media();
    let (ana, bo) = (stage.open(), stage.open());
    stage.join_media(ana, "ana");
    stage.join_media(bo, "bo");
    let heard = stage.moderate(ana, OPEN);
    let (_, mode) = find(&heard, "mode");
    assert_eq!((&mode["mode"], &mode["reason"]), (&json!("sfu"), &json!("stream")));
    stage.wait_alive(Duration::from_secs(30), &[ana, bo]);
    publish(&mut stage, bo, &[Source::Camera]);
    assert_eq!(parts(&stage), [Part::Stage, member("bo")]);
    stage.moderate(ana, OFF);
    let heard = stage.wait_alive(Duration::from_secs(6), &[ana, bo]);
    assert_eq!(find(&heard, "mode").1["mode"], "p2p");
}

#[test]
fn a_room_that_cannot_be_watched_says_why() {
    let mut without_media = Stage::new();
    let (ana, _) = without_media.pair();
    assert_eq!(only_error(&without_media.moderate(ana, OPEN)).1, 113);
    let mut peer_to_peer = Stage::with(|config| {
        config.media = true;
        config.topology = Topology::P2p;
    });
    let ana = peer_to_peer.open();
    peer_to_peer.join_media(ana, "ana");
    assert_eq!(only_error(&peer_to_peer.moderate(ana, OPEN)).1, 111);
    let mut with_old_client = Stage::with_media();
    let ana = with_old_client.open();
    with_old_client.join(ana, "ana");
    assert_eq!(only_error(&with_old_client.moderate(ana, OPEN)).1, 108);
    let mut with_slash = Stage::with_media();
    let ana = with_slash.open();
    with_slash.say(ana, r#"{"cmd":"join","v":2,"roomId":"a/b","uid":"ana","caps":["media"]}"#);
    assert_eq!(only_error(&with_slash.moderate(ana, OPEN)).1, 110);
    assert_eq!(only_error(&with_slash.moderate(ana, r#""stream","stream":"all""#)).1, 3);
}

#[test]
fn a_room_of_the_api_is_watched_from_its_first_member_on_and_again_at_the_next_meeting() {
    let mut stage = Stage::with_media();
    let policy = PolicyChange { stream: Some(StreamPolicy::Token), ..PolicyChange::default() };
    let create = Manage::Create { room: Some("100".to_owned()), policy };
    let Ok(Managed::Room(report)) = stage.hub.handle_manage(stage.now, create) else { panic!("it is made") };
    assert_eq!((report.stream, report.viewers), (StreamPolicy::Token, 0));
    stage.hear();
    for _ in 0..2 {
        let ana = stage.open();
        let heard = stage.join_media(ana, "ana");
        assert_eq!(find(&heard, "joined").1["mode"], "sfu");
        publish(&mut stage, ana, &[Source::Camera]);
        assert_eq!(seen(&stage, member("ana")).access, StreamPolicy::Token);
        stage.moderate(ana, OFF);
        assert_eq!(parts(&stage), []);
        stage.say(ana, r#"{"cmd":"leave"}"#);
    }
    let change = |topology, stream| Manage::Change {
        room: "100".to_owned(),
        policy: PolicyChange { topology, stream, ..PolicyChange::default() },
    };
    let refused = stage.hub.handle_manage(stage.now, change(Some(Topology::P2p), None));
    assert_eq!(refused, Err(ManageError::Invalid { field: "stream" }));
    stage.hear();
    assert!(stage.hub.handle_manage(stage.now, change(Some(Topology::P2p), Some(StreamPolicy::Off))).is_ok());
    stage.hear();
}

#[test]
fn every_member_sees_how_many_watch() {
    let mut stage = Stage::with_media();
    let [ana, bo, cy] = stage.trio();
    stage.hub.handle_audience(stage.now, "100", 3);
    assert_eq!(stage.hear(), [], "nobody may");
    stage.moderate(ana, OPEN);
    stage.hub.handle_audience(stage.now, "100", 3);
    let heard = stage.hear();
    for conn in [ana, bo, cy] {
        assert_eq!(commands(&heard, conn), ["room"]);
    }
    assert_eq!(find(&heard, "room").1["viewers"], 3);
    stage.hub.handle_audience(stage.now, "100", 3);
    stage.hub.handle_audience(stage.now, "nowhere", 3);
    assert_eq!(stage.hear(), []);
}

/// What may happen in a room that is watched now and then.
#[derive(Clone, Debug)]
enum Step {
    Join(usize),
    Leave(usize),
    Publish(usize, Vec<Source>),
    Speak(usize),
    Stream(bool),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = 0..3_usize;
    let sources = prop::sample::subsequence(Source::ALL.to_vec(), 0..=4);
    prop_oneof![
        4 => who.clone().prop_map(Step::Join),
        2 => who.clone().prop_map(Step::Leave),
        4 => (who.clone(), sources).prop_map(|(who, sources)| Step::Publish(who, sources)),
        2 => who.prop_map(Step::Speak),
        2 => any::<bool>().prop_map(Step::Stream),
        2 => (0..4_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_show_is_always_of_somebody_who_is_there_and_may_be_watched(steps in prop::collection::vec(step(), 1..60)) {
        let mut stage = Stage::with_media();
        let mut conns: [Option<ConnId>; 3] = [None; 3];
        for step in steps {
            match step {
                Step::Join(who) if conns[who].is_none() => {
                    let conn = stage.open();
                    stage.join_media(conn, &format!("u{who}"));
                    conns[who] = Some(conn);
                }
                Step::Leave(who) => {
                    if let Some(conn) = conns[who].take() {
                        stage.say(conn, r#"{"cmd":"leave"}"#);
                    }
                }
                Step::Publish(who, sources) => {
                    let Some(conn) = conns[who] else { continue };
                    let heard = stage.say(conn, &stage.offer_of(conn, "c1"));
                    if let [crate::media::MediaRequest::Offer { peer, .. }, ..] = requests(&heard)[..] {
                        let tracks = sources.into_iter().map(track).collect();
                        stage.media(MediaEvent::Published { peer, tracks });
                    }
                }
                Step::Speak(who) => {
                    let peers = stage.shows.values().filter_map(|show| show.audio);
                    let peer = peers.map(|(peer, _)| peer).nth(who);
                    let room = stage.shows.values().next().map(|show| show.room);
                    if let (Some(peer), Some(room)) = (peer, room) {
                        stage.media(MediaEvent::Speakers { room, speakers: vec![(peer, -20)] });
                    }
                }
                Step::Stream(on) => {
                    for conn in conns.into_iter().flatten() {
                        stage.moderate(conn, if on { OPEN } else { OFF });
                    }
                }
                Step::Wait(seconds) => {
                    let alive: Vec<ConnId> = conns.into_iter().flatten().collect();
                    stage.wait_alive(Duration::from_secs(seconds), &alive);
                }
                Step::Join(_) => {}
            }
            let there: BTreeSet<String> = (0..3).filter(|who| conns[*who].is_some()).map(|who| format!("u{who}")).collect();
            for ((_, part), show) in &stage.shows {
                if let Part::Member(uid) | Part::Screen(uid) = part {
                    prop_assert!(there.contains(uid));
                }
                prop_assert_ne!(show.access, StreamPolicy::Off);
            }
        }
        for conn in conns.into_iter().flatten() {
            stage.say(conn, r#"{"cmd":"leave"}"#);
            stage.close(conn);
        }
        prop_assert!(stage.shows.is_empty());
    }
}

#[test]
fn a_moderator_shows_audiences_one_member_until_that_one_leaves() {
    let mut stage = Stage::with_media();
    let [ana, bo, _] = stage.trio();
    stage.moderate(ana, OPEN);
    let (_, first) = publish(&mut stage, ana, &[Source::Microphone, Source::Camera]);
    let (_, second) = publish(&mut stage, bo, &[Source::Microphone, Source::Camera]);
    assert_eq!(seen(&stage, Part::Stage).video, Some((first, Source::Camera)));
    assert_eq!(only_error(&stage.moderate(bo, r#""show","remoteUid":"bo""#)).1, 110);
    let heard = stage.moderate(ana, r#""show","remoteUid":"bo""#);
    assert_eq!(find(&heard, "room").1["shown"], json!({"uid": "bo", "source": "camera"}), "all are told");
    assert_eq!(seen(&stage, Part::Stage).video, Some((second, Source::Camera)), "and at once");
    assert_eq!(seen(&stage, Part::Stage).audio, None, "with people, whoever speaks is heard");
    assert_eq!(only_error(&stage.moderate(ana, r#""show","remoteUid":"nobody""#)).1, 6);
    assert_eq!(only_error(&stage.moderate(ana, r#""show","remoteUid":"bo","source":"microphone""#)).1, 3);
    stage.say(bo, r#"{"cmd":"leave"}"#);
    assert_eq!(seen(&stage, Part::Stage).video, Some((first, Source::Camera)));
    let back = stage.open();
    let heard = stage.join_media(back, "bo");
    assert_eq!(find(&heard, "joined").1["room"]["shown"], json!(null), "who comes under that uid is another one");
}

#[test]
fn an_encoder_that_is_shown_is_heard_along_with_its_picture() {
    let mut stage = Stage::with_media();
    let [ana, ..] = stage.trio();
    stage.moderate(ana, OPEN);
    publish(&mut stage, ana, &[Source::Microphone, Source::Camera]);
    let obs = stage.open();
    let join = r#"{"cmd":"join","v":2,"id":"1","roomId":"100","uid":"obs","caps":["media","encoder"]}"#;
    stage.join_with(obs, "obs", join);
    let (_, peer) = publish(&mut stage, obs, &[Source::Microphone, Source::Camera]);
    assert_eq!(seen(&stage, Part::Stage).audio, None);
    stage.moderate(ana, r#""show","remoteUid":"obs""#);
    let shown = seen(&stage, Part::Stage);
    assert_eq!((shown.audio, shown.video), (Some((peer, Source::Microphone)), Some((peer, Source::Camera))));
    stage.moderate(ana, r#""show""#);
    assert_eq!(seen(&stage, Part::Stage).audio, None);
}

#[test]
fn a_program_shows_audiences_a_member_and_sees_whom() {
    let mut stage = Stage::with_media();
    stage.trio();
    let now = stage.now;
    let mut show =
        |shot: Option<ShotReport>| stage.hub.handle_manage(now, Manage::Show { room: "100".to_owned(), shot });
    let shot = |uid: &str, source| ShotReport { uid: uid.to_owned(), source };
    let bo = shot("bo", Source::Screen);
    assert_eq!(show(Some(shot("bo", Source::Microphone))), Err(ManageError::Invalid { field: "source" }));
    assert_eq!(show(Some(shot("nobody", Source::Camera))), Err(ManageError::NoMember));
    let Ok(Managed::Room(report)) = show(Some(bo.clone())) else { panic!("a report") };
    assert_eq!(report.shown, Some(bo));
}
