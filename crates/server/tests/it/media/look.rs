use room::media::{MediaRoomId, Source};
use sfu::SlotState;

use super::calls::{publisher, viewer, watch};
use super::{Client, MediaServer};

#[tokio::test]
async fn whoever_looks_at_a_room_sees_what_its_members_send_and_get() {
    let mut server = MediaServer::start(2).await;
    let tcp = server.tcp;
    let (mut anna, [_, face]) = publisher(&mut server, 1, Client::udp(1).await).await;
    let (mut ben, [_, eye]) = viewer(&mut server, 1, Client::tcp(2, tcp).await).await;
    server.wish(1, &ben, &eye.to_string(), Some((anna.id, Source::Camera))).await;
    watch(&mut anna, face, &mut [(&mut ben, eye)], 0).await;
    let members = [anna.id, ben.id];
    let looks = server.handle.look_at_room(MediaRoomId(1), &members).await.looks;
    assert!(looks.iter().all(Option::is_some), "every worker answers");
    let looks: Vec<_> = looks.into_iter().flatten().collect();
    let find = |id| looks.iter().flat_map(|look| &look.members).find(|look| look.member == id).unwrap();
    let (sender, receiver) = (find(anna.id), find(ben.id));
    assert_eq!(sender.path.unwrap().transport, rtc::Transport::Udp);
    assert_eq!(receiver.path.unwrap().transport, rtc::Transport::Tcp);
    let sent = sender.media.as_ref().unwrap();
    let camera = sent.tracks.iter().find(|track| track.source == sfu::Source::Camera).unwrap();
    let layer = &camera.layers[0];
    assert!(layer.packets > 0 && layer.key_frames > 0 && layer.bitrate_bps > 0, "{layer:?}");
    let got = receiver.media.as_ref().unwrap();
    let place = got.slots.iter().position(|slot| slot.mid.as_str() == eye.to_string()).unwrap();
    assert_eq!((got.slots[place].state, receiver.watched[place]), (SlotState::Live, Some((anna.id, Source::Camera))));
    assert!(got.slots[place].packets > 0 && got.estimate_bps > 0 && got.sent_bytes > 0);
    let viewers = looks.iter().flat_map(|look| &look.viewers);
    let viewers: Vec<_> = viewers.map(|viewers| (viewers.member, viewers.source, viewers.slots)).collect();
    assert_eq!(viewers, [(anna.id, Source::Camera, 1)]);
    let nobody = server.handle.look_at_room(MediaRoomId(9), &members).await.looks;
    assert!(nobody.iter().flatten().all(|look| look.members.is_empty() && look.viewers.is_empty()));
    let load = server.handle.stats().await.unwrap().load;
    assert!(load.wake_ups > 0 && !load.cpu.is_zero());
}
