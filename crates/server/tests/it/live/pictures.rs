use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

use client::load::{Audience, Plan, StreamDoor};
use client::pattern::Shape;
use client::{Endpoint, Error, HttpAddress, Publisher, Transport, Trust, play_stream, publish_stream};
use str0m::media::Direction;

use super::{offer_to_send, open, post};
use crate::fixture::{PATIENCE, exchange, figures, request, serve_for_test};
use crate::media::calls::watch;
use crate::media::client::{Client, drive, now};
use crate::media::load::{meeting, wait_until};

#[tokio::test]
async fn pictures_and_sound_of_a_publisher_reach_a_viewer() {
    let server = serve_for_test(&[]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (_, [voice, face]) = open(&server, "/whip/live/demo", &mut anna, Direction::SendOnly).await;
    let (_, [ear, eye]) = open(&server, "/whep/live/demo", &mut ben, Direction::RecvOnly).await;
    drive(&mut [&mut anna, &mut ben], |clients| clients.iter().all(|client| client.connected)).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    let (mut stamp, mut last) = (0, now());
    drive(&mut [&mut anna, &mut ben], |clients| {
        if now() >= last + std::time::Duration::from_millis(10) {
            last = now();
            clients[0].send_sound(voice, stamp);
            stamp += 1;
        }
        clients[1].stamps(ear).len() >= 10
    })
    .await;
}

#[tokio::test]
async fn viewer_who_came_first_sees_the_publisher_and_without_another_offer_the_next_one() {
    let server = serve_for_test(&["media.workers=2"]);
    let (mut ben, mut carl) = (Client::udp(1).await, Client::udp(2).await);
    let (_, [_, eye]) = open(&server, "/rtc/v1/whep/?app=live&stream=demo", &mut ben, Direction::RecvOnly).await;
    let (_, [_, other]) = open(&server, "/rtc/v1/whip-play?stream=demo", &mut carl, Direction::RecvOnly).await;
    let mut anna = Client::udp(3).await;
    let (session, [_, face]) = open(&server, "/rtc/v1/whip/?stream=demo", &mut anna, Direction::SendOnly).await;
    let all_connected = |clients: &mut [&mut Client]| clients.iter().all(|client| client.connected);
    drive(&mut [&mut anna, &mut ben, &mut carl], all_connected).await;
    watch(&mut anna, face, &mut [(&mut ben, eye), (&mut carl, other)], 0).await;
    assert_eq!(request(server.http(), "DELETE", &session, &[]).await.status, 200);
    let mut dora = Client::udp(4).await;
    let (_, [_, face]) = open(&server, "/whip/live/demo", &mut dora, Direction::SendOnly).await;
    drive(&mut [&mut dora], |clients| clients[0].connected).await;
    watch(&mut dora, face, &mut [(&mut ben, eye), (&mut carl, other)], 100_000).await;
}

#[tokio::test]
async fn how_old_a_key_picture_is_is_known_while_somebody_publishes_by_webrtc() {
    let server = serve_for_test(&["metrics.listen=127.0.0.1:0"]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (session, [_, face]) = open(&server, "/whip/live/demo", &mut anna, Direction::SendOnly).await;
    let (_, [_, eye]) = open(&server, "/whep/live/demo", &mut ben, Direction::RecvOnly).await;
    let ages = "parlor_live_key_frame_age_seconds_count{protocol=\"webrtc\"}";
    assert_eq!(figures(&server).await(ages), 0.0, "none has come");
    drive(&mut [&mut anna, &mut ben], |clients| clients.iter().all(|client| client.connected)).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    assert_eq!(figures(&server).await(ages), 1.0);
    assert_eq!(request(server.http(), "DELETE", &session, &[]).await.status, 200);
    let after = figures(&server).await;
    assert_eq!(after(ages), 0.0);
    assert_eq!(
        after("parlor_live_join_seconds_count{protocol=\"webrtc\",role=\"viewer\"}"),
        1.0,
        "of the viewer alone"
    );
}

#[tokio::test]
async fn streams_do_not_mix() {
    let server = serve_for_test(&[]);
    let mut clients = Vec::new();
    for number in 0..4 {
        clients.push(Client::udp(number).await);
    }
    let [anna, ben, carl, dora] = &mut clients[..] else { panic!("there are four") };
    let (_, [_, face]) = open(&server, "/whip/live/one", anna, Direction::SendOnly).await;
    let (_, [_, other_face]) = open(&server, "/whip/a/b/two", carl, Direction::SendOnly).await;
    let (_, [_, eye]) = open(&server, "/whep/live/one", ben, Direction::RecvOnly).await;
    let (_, [_, other_eye]) = open(&server, "/whep/a/b/two", dora, Direction::RecvOnly).await;
    drive(&mut [anna, ben, carl, dora], |clients| clients.iter().all(|client| client.connected)).await;
    watch(anna, face, &mut [(ben, eye)], 0).await;
    watch(carl, other_face, &mut [(dora, other_eye)], 1_000_000).await;
    assert!(ben.stamps(eye).iter().all(|stamp| *stamp < 1_000_000));
    assert!(dora.stamps(other_eye).iter().all(|stamp| *stamp >= 1_000_000));
}

#[tokio::test]
async fn pictures_go_on_from_another_address_after_ice_has_begun_anew() {
    let server = serve_for_test(&[]);
    let (mut anna, mut ben) = (Client::udp(1).await, Client::udp(2).await);
    let (offer, [_, face]) = offer_to_send(&mut anna);
    let opened = post(server.http(), "/whip/live/demo", &offer.sdp).await;
    let answer = String::from_utf8(opened.body.clone()).unwrap();
    anna.accept(offer, &answer);
    let (_, [_, eye]) = open(&server, "/whep/live/demo", &mut ben, Direction::RecvOnly).await;
    drive(&mut [&mut anna, &mut ben], |clients| clients.iter().all(|client| client.connected)).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    anna.move_to_another_port().await;
    let restart = anna.offer_restart();
    let credentials: Vec<&str> = restart.sdp.lines().filter(|line| line.starts_with("a=ice-")).collect();
    let headers = ["Content-Type: application/trickle-ice-sdpfrag", "If-Match: *"];
    let path = opened.header("location").unwrap();
    let restarted = exchange(server.http(), "PATCH", path, &headers, &credentials.join("\r\n")).await;
    assert_eq!(restarted.status, 200);
    let fragment = String::from_utf8(restarted.body).unwrap();
    // Everything but the credentials holds (RFC 9725 §4.3.3).
    let fresh = |name: &str| fragment.lines().find(|line| line.starts_with(name)).unwrap();
    let line = |line: &str| match line.split_once(':') {
        Some(("a=ice-ufrag", _)) => fresh("a=ice-ufrag:").to_owned(),
        Some(("a=ice-pwd", _)) => fresh("a=ice-pwd:").to_owned(),
        _ => line.to_owned(),
    };
    let answer: Vec<String> = answer.lines().map(line).collect();
    anna.accept(restart, &(answer.join("\r\n") + "\r\n"));
    watch(&mut anna, face, &mut [(&mut ben, eye)], 100_000).await;
}

#[tokio::test]
async fn native_client_publishes_and_plays_a_stream() {
    let server = serve_for_test(&[]);
    let endpoint = |kind: &str| Endpoint {
        address: HttpAddress::parse(&format!("http://{}/{kind}/live/demo", server.http())).unwrap(),
        trust: Trust::System,
        token: None,
    };
    let shape = Shape { packets_per_second: 100.0, frames_per_second: 25.0, payload_bytes: 500 };
    let publisher = Publisher {
        room: String::new(),
        name: String::new(),
        video: None,
        audio: None,
        frames_per_second: 25.0,
        repeat: false,
        pattern: Some(shape),
        layers: Vec::new(),
    };
    let seen = AtomicBool::new(false);
    let (whip, whep) = (endpoint("whip"), endpoint("whep"));
    let began = now();
    let in_time = || now() < began + PATIENCE;
    let published = publish_stream(&publisher, &whip, Transport::Udp, |_| !seen.load(Relaxed) && in_time());
    let played = play_stream(&whep, Transport::Udp, None, |outcome| {
        seen.store(outcome.is_some_and(|outcome| outcome.video.frames > 10 && outcome.audio.packets > 10), Relaxed);
        !seen.load(Relaxed) && in_time()
    });
    let (published, played) = tokio::join!(published, played);
    assert!(seen.into_inner() && published.unwrap().sent > 0, "{played:?}");
    // Both have said goodbye: the name is free at once.
    let mut anna = Client::udp(1).await;
    open(&server, "/whip/live/demo", &mut anna, Direction::SendOnly).await;
}

#[tokio::test]
async fn native_client_is_told_in_the_words_of_the_server_why_not() {
    let server = serve_for_test(&["live.play=off"]);
    let address = HttpAddress::parse(&format!("http://{}/whep/live/demo", server.http())).unwrap();
    let endpoint = Endpoint { address, trust: Trust::System, token: Some("a.b.c".to_owned()) };
    let refused = play_stream(&endpoint, Transport::Udp, None, |_| true).await.unwrap_err();
    assert!(matches!(&refused, Error::Refused { code: 403, message } if message.contains("live.play")), "{refused}");
}

#[tokio::test]
async fn a_load_of_viewers_sees_all_that_is_published() {
    let server = serve_for_test(&["media.workers=2"]);
    let endpoint = |kind: &str| Endpoint {
        address: HttpAddress::parse(&format!("http://{}/{kind}/live/load", server.http())).unwrap(),
        trust: Trust::System,
        token: None,
    };
    let door = StreamDoor { publish: Some(endpoint("whip")), play: endpoint("whep"), transport: Transport::Udp };
    let audience = Audience::open(Plan { publishers: 1, subscribers: 5, mutual: false, ..meeting() }, &door, |_| {});
    let audience = audience.await.unwrap();
    let population = audience.population();
    wait_until(population, |report| (report.joined, report.streams) == (6, 10)).await;
    population.reset();
    let report = wait_until(population, |report| report.received >= 1000).await;
    // The last packets may be on their way still, or were when counting began.
    assert!(report.lost == 0 && report.expected.abs_diff(report.received) < 50, "{report:?}");
    let report = audience.close(report).await;
    assert_eq!((report.failed, report.first_error), (0, None));
    // All have said goodbye: the name is free at once.
    let mut anna = Client::udp(1).await;
    open(&server, "/whip/live/load", &mut anna, Direction::SendOnly).await;
}
