//! Encoders that come by RTMP onto a room's stage: to the others they are members as those by WHIP are.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use live::rtmp::{Purpose, RtmpError};
use media::{Codec, Frame, MediaTime, Parameters, Shape};
use serde_json::{Value, json};
use str0m::media::Direction;
use tokio::net::TcpStream;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use transcode::Transcoder;

use super::client::{Peer, sound, sound_parameters};
use super::encoders::{hear_of, moderate, watch};
use super::rooms::wait_for_status;
use super::webrtc::{Encoder, SILENCE};
use crate::fixture::{TestServer, send, serve_for_test};
use crate::live::access::{KEY, token};
use crate::live::open;
use crate::media::client::Client;
use crate::media::meeting::Member;

async fn publish(server: &TestServer, name: &str) -> Result<Peer<TcpStream>, RtmpError> {
    Peer::connect(server, Purpose::Publish, "room", name).await
}

/// The code and the words with which it was refused.
fn refused(result: Result<Peer<TcpStream>, RtmpError>) -> (String, String) {
    match result {
        Err(RtmpError::Refused { code, description }) => (code, description),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it may publish"),
    }
}

/// A second of AAC: a square wave of 1 kHz, as loud as G.711 can be.
fn loud() -> (Parameters, Vec<Frame>) {
    let shape = Shape::Audio { sample_rate_hz: 8_000, channels: 1 };
    let law = Parameters { codec: Codec::Pcmu, decoder_configuration: Bytes::new(), shape };
    let mut transcoder = Transcoder::new(&law, Codec::Aac).unwrap();
    let mut frames = Vec::new();
    for ms in (1_000..2_000).step_by(20) {
        let pts = MediaTime::from_millis(ms);
        let data = [[0x80; 4], [0x00; 4]].concat().repeat(20).into();
        let frame = Frame { codec: Codec::Pcmu, pts, dts: pts, is_key: true, data };
        transcoder.handle_frame(&frame, &mut |frame| frames.push(frame)).unwrap();
    }
    (transcoder.parameters().clone(), frames)
}

async fn joined_by(ben: &mut Member) -> Value {
    ben.hear("new-peer").await
}

#[tokio::test]
async fn an_encoder_by_rtmp_is_a_member_whom_others_see_and_the_host_mutes_and_removes() {
    let server = serve_for_test(&["rooms.topology=sfu"]);
    let mut ben = Member::join(server.http(), "ben", None).await;
    let peer = publish(&server, "standup?name=Stage%20cam").await.unwrap();
    let there = joined_by(&mut ben).await;
    assert_eq!((&there["name"], &there["caps"]), (&json!("Stage cam"), &json!(["media", "encoder"])));
    assert_eq!(there["state"]["video"], false, "nothing has come of it yet");
    let mut encoder = Encoder::over(peer, 0).await;
    encoder.send_picture().await;
    hear_of(&mut ben, "peer-state", |frame| frame["state"]["video"] == true).await;
    encoder.peer.send_parameters(&sound_parameters()).await;
    encoder.peer.send_frame(&sound(0, SILENCE)).await;
    hear_of(&mut ben, "peer-state", |frame| frame["state"]["audio"] == true).await;
    let uid = there["remoteUid"].clone();
    let (mut screen, mid) = watch(&mut ben, &json!({"uid": uid})).await;
    encoder.until_seen(0, &mut [(&mut screen, mid)]).await;

    moderate(&mut ben, json!({"action": "mute", "remoteUid": uid, "source": "camera"})).await;
    hear_of(&mut ben, "slots", |frame| frame["slots"][0]["reason"] == "muted").await;
    moderate(&mut ben, json!({"action": "unmute", "remoteUid": uid, "source": "camera"})).await;
    hear_of(&mut ben, "peer-state", |frame| frame["state"]["video"] == true).await;
    let next = encoder.next;
    encoder.until_seen(next, &mut [(&mut screen, mid)]).await;

    moderate(&mut ben, json!({"action": "remove", "remoteUid": uid})).await;
    ben.hear("peer-leave").await;
    let end = encoder.peer.refusal().await;
    assert!(
        matches!(&end, RtmpError::Refused { code, description }
            if code == "NetStream.Publish.Rejected" && description.contains("removed")),
        "{end:?}"
    );
}

#[tokio::test]
async fn an_encoder_by_rtmp_that_is_loud_is_who_speaks() {
    let server = serve_for_test(&["rooms.topology=sfu"]);
    let mut ben = Member::join(server.http(), "ben", None).await;
    let mut peer = publish(&server, "standup").await.unwrap();
    let there = joined_by(&mut ben).await;
    let (parameters, frames) = loud();
    peer.send_parameters(&parameters).await;
    for frame in &frames {
        peer.send_frame(frame).await;
    }
    let told = ben.hear("speakers").await;
    let speaker = &told["speakers"][0];
    assert_eq!(speaker["remoteUid"], there["remoteUid"], "{told}");
    assert!(speaker["level"].as_i64() > Some(-30), "{told}");
}

#[tokio::test]
async fn who_comes_between_two_key_pictures_of_an_encoder_sees_it_at_once() {
    let server = serve_for_test(&["rooms.topology=sfu"]);
    let mut encoder = Encoder::over(publish(&server, "standup").await.unwrap(), 0).await;
    encoder.pictures_per_key = 1_000_000;
    let mut ben = Member::join(server.http(), "ben", None).await;
    let there = ben.joined["roster"][0].clone();
    assert_eq!(there["name"], "Encoder");
    let (mut early, eye) = watch(&mut ben, &there).await;
    encoder.until_seen(0, &mut [(&mut early, eye)]).await;
    let mut carl = Member::join(server.http(), "carl", None).await;
    let (mut late, other) = watch(&mut carl, &there).await;
    encoder.until_seen(0, &mut [(&mut early, eye), (&mut late, other)]).await;
    assert!(late.stamps(other).first() == Some(&0), "it begins with the key picture: {:?}", late.stamps(other));
}

#[tokio::test]
async fn who_comes_on_another_worker_between_two_key_pictures_sees_it_at_once_as_well() {
    let server = serve_for_test(&["rooms.topology=sfu", "media.workers=2", "media.members_per_worker=1"]);
    let mut encoder = Encoder::over(publish(&server, "standup").await.unwrap(), 0).await;
    encoder.pictures_per_key = 1_000_000;
    for _ in 0..20 {
        encoder.send_picture().await;
    }
    let mut viewers = Vec::new();
    for uid in ["ben", "carl", "dora"] {
        let mut member = Member::join(server.http(), uid, None).await;
        let there = member.joined["roster"][0].clone();
        viewers.push(watch(&mut member, &there).await);
        let mut seeing: Vec<_> = viewers.iter_mut().map(|(client, eye)| (client, *eye)).collect();
        encoder.until_seen(0, &mut seeing).await;
    }
    let begins: Vec<_> = viewers.iter().map(|(client, eye)| client.stamps(*eye).first().copied()).collect();
    assert_eq!(begins, [Some(0); 3], "all begin with the key picture");
}

#[tokio::test]
async fn an_encoder_that_stops_has_left_and_two_in_one_room_are_two_members() {
    let server = serve_for_test(&["rooms.topology=sfu"]);
    let mut ben = Member::join(server.http(), "ben", None).await;
    let one = publish(&server, "standup?name=one").await.unwrap();
    let other = publish(&server, "standup?name=other").await.unwrap();
    let uids = [joined_by(&mut ben).await, joined_by(&mut ben).await].map(|there| there["remoteUid"].clone());
    for (encoder, uid) in [one, other].into_iter().zip(uids) {
        encoder.leave().await;
        assert_eq!(ben.hear("peer-leave").await["remoteUid"], uid);
    }
}

#[tokio::test]
async fn where_tokens_decide_an_encoder_by_rtmp_shows_one_for_the_room() {
    let server = serve_for_test(&[&format!("auth.keys={{ main = \"{KEY}\" }}")]);
    for (token, expected) in [
        (String::new(), "a token is needed"),
        (token("standup", &["subscribe"]), "does not grant \"publish\""),
        (token("room/standup", &["publish"]), "for another stream"),
    ] {
        let name = if token.is_empty() { "standup".to_owned() } else { format!("standup?token={token}") };
        let (code, words) = refused(publish(&server, &name).await);
        assert!(code == "NetStream.Publish.Denied" && words.contains(expected), "{code} {words}");
    }
    let token = token("standup", &["publish"]);
    assert!(publish(&server, &format!("standup?token={token}")).await.is_ok());
}

#[tokio::test]
async fn where_somebody_has_no_way_to_the_media_server_an_encoder_by_rtmp_is_told_so() {
    let server = serve_for_test(&[]);
    let (mut course, _) = connect_async(format!("ws://{}/ws", server.http())).await.unwrap();
    course.send(Message::text(r#"{"cmd":"join","roomId":"standup","uid":"ben"}"#)).await.unwrap();
    course.next().await.unwrap().unwrap();
    let (code, words) = refused(publish(&server, "standup").await);
    assert!(code == "NetStream.Publish.Denied" && words.contains("media server"), "{code} {words}");
}

#[tokio::test]
async fn what_the_room_says_to_everybody_it_says_to_encoders_by_rtmp() {
    let server = serve_for_test(&["rooms.topology=sfu", "limits.members=2"]);
    let mut ben = Member::join(server.http(), "ben", None).await;
    let (code, words) = refused(publish(&server, "standup/ben").await);
    assert_eq!((code.as_str(), words.contains("belongs to a room")), ("NetStream.Publish.Denied", true), "{words}");
    moderate(&mut ben, json!({"action": "lock"})).await;
    ben.hear("ok").await;
    assert_eq!(refused(publish(&server, "standup").await).0, "NetStream.Publish.Denied");
    moderate(&mut ben, json!({"action": "unlock"})).await;
    ben.hear("ok").await;
    moderate(&mut ben, json!({"action": "lobby", "on": true})).await;
    ben.hear("ok").await;
    let admitted = async {
        loop {
            let waiting = ben.hear("room").await["waiting"].clone();
            if let Some(uid) = waiting.pointer("/0/uid") {
                break moderate(&mut ben, json!({"action": "admit", "remoteUid": uid})).await;
            }
        }
    };
    let (encoder, ()) = tokio::join!(publish(&server, "standup"), admitted);
    let encoder = encoder.unwrap();
    moderate(&mut ben, json!({"action": "lobby", "on": false})).await;
    assert_eq!(refused(publish(&server, "standup").await).0, "NetStream.Publish.Failed", "two may be in it");
    drop(encoder);
}

#[tokio::test]
async fn a_room_on_air_shows_an_encoder_by_rtmp_on_its_stage() {
    let server = serve_for_test(&["rooms.topology=sfu"]);
    let mut ben = Member::join(server.http(), "ben", None).await;
    let mut encoder = Encoder::over(publish(&server, "standup").await.unwrap(), 0).await;
    let there = joined_by(&mut ben).await;
    encoder.send_picture().await;
    hear_of(&mut ben, "peer-state", |frame| frame["state"]["video"] == true).await;
    moderate(&mut ben, json!({"action": "stream", "stream": "open"})).await;
    wait_for_status(&server, "/api/v1/live/streams/room/standup", 200).await;
    let mut viewer = Client::of_h264(7).await;
    let (_, [_, eye]) = open(&server, "/whep/room/standup", &mut viewer, Direction::RecvOnly).await;
    encoder.until_seen(0, &mut [(&mut viewer, eye)]).await;

    let shows = async |method: &str, body: &str| {
        send(server.http(), method, "/api/v1/rooms/standup/stage", &server.admin(), body).await.status
    };
    let shown = json!({"uid": there["remoteUid"], "source": "camera"});
    assert_eq!(shows("PUT", r#"{"uid":"nobody"}"#).await, 404);
    assert_eq!(shows("PUT", r#"{"uid":"ben","source":"microphone"}"#).await, 400);
    assert_eq!(shows("PUT", &json!({"uid": there["remoteUid"]}).to_string()).await, 204);
    hear_of(&mut ben, "room", |frame| frame["shown"] == shown).await;
    assert_eq!(shows("DELETE", "").await, 204);
    hear_of(&mut ben, "room", |frame| frame["shown"] == Value::Null).await;
}
