use std::time::Duration;

use room::media::{MediaEvent, Source};
use str0m::media::{Direction, MediaKind, Mid};

use super::client::now;
use super::{Client, MediaServer, drive};

/// A client that sends sound and pictures, connected.
pub(super) async fn publisher(server: &mut MediaServer, room: u64, mut client: Client) -> (Client, [Mid; 2]) {
    let offer = client.offer(&[(MediaKind::Audio, Direction::SendOnly), (MediaKind::Video, Direction::SendOnly)]);
    let (audio, video) = (offer.mids[0], offer.mids[1]);
    let tracks = [(audio.to_string(), Source::Microphone), (video.to_string(), Source::Camera)];
    server.negotiate(room, &mut client, offer, &tracks).await.unwrap();
    drive(&mut [&mut client], |clients| clients[0].connected && server.is_connected(clients[0])).await;
    (client, [audio, video])
}

/// A client that has a slot for sound, which the server fills, and one for pictures, connected.
pub(super) async fn viewer(server: &mut MediaServer, room: u64, mut client: Client) -> (Client, [Mid; 2]) {
    let offer = client.offer(&[(MediaKind::Audio, Direction::RecvOnly), (MediaKind::Video, Direction::RecvOnly)]);
    let (audio, video) = (offer.mids[0], offer.mids[1]);
    server.negotiate(room, &mut client, offer, &[]).await.unwrap();
    drive(&mut [&mut client], |clients| clients[0].connected && server.is_connected(clients[0])).await;
    (client, [audio, video])
}

/// Sends pictures, a key frame whenever one is asked for, until every viewer has seen several in its slot, and checks that none has a gap.
pub(crate) async fn watch(publisher: &mut Client, from: Mid, viewers: &mut [(&mut Client, Mid)], first: u64) {
    let (mut next, mut asked) = (first, usize::MAX);
    let eyes: Vec<Mid> = viewers.iter().map(|(_, eye)| *eye).collect();
    let seen = |client: &Client, eye: Mid| {
        client.stamps(eye).into_iter().filter(|stamp| *stamp >= first).collect::<Vec<u64>>()
    };
    let viewing = viewers.iter_mut().map(|(viewer, _)| &mut **viewer);
    let mut clients: Vec<&mut Client> = std::iter::once(publisher).chain(viewing).collect();
    let mut last = now();
    drive(&mut clients, |clients| {
        if now() >= last + PICTURE_INTERVAL {
            last = now();
            let key = clients[0].key_frame_requests != asked;
            asked = clients[0].key_frame_requests;
            clients[0].send_picture(from, key, PACKETS, next);
            next += 1;
        }
        let mut all = clients[1..].iter().zip(&eyes);
        all.all(|(viewer, eye)| seen(viewer, *eye).len() >= PICTURES_SEEN * PACKETS)
    })
    .await;
    for (viewer, eye) in viewers {
        // While the path is still being tried pictures may be held back; what comes is in order.
        let stamps = seen(viewer, *eye);
        assert!(stamps.windows(2).all(|pair| pair[0] <= pair[1] && pair[1] <= next), "{stamps:?}");
    }
}

/// About 300 kbit/s: what a path is trusted with before it is tried.
const PICTURE_INTERVAL: Duration = Duration::from_millis(100);
const PICTURES_SEEN: usize = 8;
const PACKETS: usize = 4;

#[tokio::test]
async fn pictures_and_sound_reach_a_viewer() {
    let mut server = MediaServer::start(1).await;
    let (mut anna, [voice, face]) = publisher(&mut server, 1, Client::udp(1).await).await;
    let (mut ben, [ear, eye]) = viewer(&mut server, 1, Client::udp(2).await).await;
    server.wish(1, &ben, &eye.to_string(), Some((anna.id, Source::Camera))).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    let (mut stamp, mut last) = (0, now());
    drive(&mut [&mut anna, &mut ben], |clients| {
        if now() >= last + Duration::from_millis(10) {
            last = now();
            clients[0].send_sound(voice, stamp);
            stamp += 1;
        }
        clients[1].stamps(ear).len() >= 10
    })
    .await;
    let heard = ben.stamps(ear);
    assert!(heard.windows(2).all(|pair| pair[1] == pair[0] + 1), "{heard:?}");
    let published = server
        .events()
        .iter()
        .any(|event| matches!(event, MediaEvent::Published { peer, tracks } if *peer == anna.id && tracks.len() == 2));
    assert!(published, "{:?}", server.events());
}

#[tokio::test]
async fn clients_on_tcp_and_udp_see_each_other() {
    let mut server = MediaServer::start(2).await;
    let tcp = server.tcp;
    let (mut anna, [_, face]) = publisher(&mut server, 1, Client::tcp(1, tcp).await).await;
    let (mut ben, [_, eye]) = viewer(&mut server, 1, Client::udp(2).await).await;
    let (mut carl, [_, eye_of_carl]) = viewer(&mut server, 1, Client::tcp(3, tcp).await).await;
    server.wish(1, &ben, &eye.to_string(), Some((anna.id, Source::Camera))).await;
    server.wish(1, &carl, &eye_of_carl.to_string(), Some((anna.id, Source::Camera))).await;
    watch(&mut anna, face, &mut [(&mut ben, eye), (&mut carl, eye_of_carl)], 0).await;
}

#[tokio::test]
async fn twenty_viewers_at_three_workers_see_the_same() {
    let mut server = MediaServer::start(3).await;
    let (mut anna, [_, face]) = publisher(&mut server, 1, Client::udp(1).await).await;
    let mut viewers = Vec::new();
    for id in 2..22 {
        let (viewer, [_, eye]) = viewer(&mut server, 1, Client::udp(id).await).await;
        server.wish(1, &viewer, &eye.to_string(), Some((anna.id, Source::Camera))).await;
        viewers.push((viewer, eye));
    }
    let mut viewers: Vec<_> = viewers.iter_mut().map(|(viewer, eye)| (viewer, *eye)).collect();
    watch(&mut anna, face, &mut viewers, 0).await;
    let stats = server.handle.stats().await.unwrap();
    assert_eq!((stats.media.connections, stats.media.rooms), (21, 1));
    assert_eq!(stats.io.handovers_dropped, 0, "{stats:?}");
    assert!(stats.media.post.runs_sent < stats.media.post.rtp_sent, "packets leave together: {:?}", stats.media.post);
}

#[tokio::test]
async fn media_goes_on_through_an_ice_restart_and_another_port() {
    let mut server = MediaServer::start(2).await;
    let (mut anna, [_, face]) = publisher(&mut server, 1, Client::udp(1).await).await;
    let (mut ben, [_, eye]) = viewer(&mut server, 1, Client::udp(2).await).await;
    server.wish(1, &ben, &eye.to_string(), Some((anna.id, Source::Camera))).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    ben.move_to_another_port().await;
    let restart = ben.offer_restart();
    server.negotiate(1, &mut ben, restart, &[]).await.unwrap();
    ben.received.clear();
    watch(&mut anna, face, &mut [(&mut ben, eye)], 1000).await;
    assert_eq!(server.stats().await.connections, 2);
}

#[tokio::test]
async fn a_new_connection_takes_over_and_the_old_one_ends() {
    let mut server = MediaServer::start(1).await;
    let (mut anna, [_, face]) = publisher(&mut server, 1, Client::udp(1).await).await;
    let (mut ben, [_, eye]) = viewer(&mut server, 1, Client::udp(2).await).await;
    server.wish(1, &ben, &eye.to_string(), Some((anna.id, Source::Camera))).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    let mut again = Client::udp(2).await;
    again.connection = "another".to_owned();
    server.heard.clear();
    let (mut again, [_, eye]) = viewer(&mut server, 1, again).await;
    server.wish(1, &again, &eye.to_string(), Some((anna.id, Source::Camera))).await;
    watch(&mut anna, face, &mut [(&mut again, eye)], 1000).await;
    drive(&mut [&mut anna, &mut ben], |clients| !clients[1].rtc.is_alive()).await;
    assert_eq!(server.stats().await.connections, 2);
    let gone = |event: &MediaEvent| matches!(event, MediaEvent::Disconnected { .. });
    assert!(!server.events().iter().any(gone), "the member was never without a connection");
}

#[tokio::test]
async fn a_closed_member_leaves_nothing_behind() {
    let mut server = MediaServer::start(2).await;
    let (mut anna, [_, face]) = publisher(&mut server, 1, Client::udp(1).await).await;
    let (mut ben, [_, eye]) = viewer(&mut server, 1, Client::udp(2).await).await;
    server.wish(1, &ben, &eye.to_string(), Some((anna.id, Source::Camera))).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    server.close(1, &anna).await;
    drive(&mut [&mut anna], |clients| !clients[0].rtc.is_alive()).await;
    let stats = server.stats().await;
    assert_eq!((stats.members, stats.connections, stats.tracks), (1, 1, 0));
    server.close(1, &ben).await;
    let stats = server.stats().await;
    assert_eq!((stats.members, stats.connections, stats.rooms), (0, 0, 0));
}

/// A check proves that its sender knows the password, not that it is where it seems to be.
#[tokio::test]
async fn a_call_goes_on_while_another_members_checks_come_from_its_address() {
    let mut server = MediaServer::start(1).await;
    let (mut anna, [_, face]) = publisher(&mut server, 1, Client::udp(1).await).await;
    let (mut ben, [_, eye]) = viewer(&mut server, 1, Client::udp(2).await).await;
    server.wish(1, &ben, &eye.to_string(), Some((anna.id, Source::Camera))).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    let mut mallory = Client::udp(3).await;
    let offer = mallory.offer(&[(MediaKind::Video, Direction::RecvOnly)]);
    server.negotiate(1, &mut mallory, offer, &[]).await.unwrap();
    let target = server.handle.local_addresses().udp[0];
    let mut forged = 0;
    while forged < 3 {
        for check in mallory.datagrams() {
            ben.send_raw(target, &check).await;
            forged += 1;
        }
        let before = ben.received.len();
        watch(&mut anna, face, &mut [(&mut ben, eye)], 1000 * (forged + 1)).await;
        assert!(ben.received.len() > before);
    }
    assert!(server.handle.stats().await.unwrap().io.tuples_contested > 0);
    assert!(!server.is_connected(&mallory));
}
