use str0m::media::Direction;

use super::open;
use crate::fixture::{request, serve_for_test};
use crate::media::calls::watch;
use crate::media::client::{Client, drive, now};

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
