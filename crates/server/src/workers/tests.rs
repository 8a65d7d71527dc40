use std::time::Duration;

use room::media::{MediaEvent, MediaPeerId, MediaRefusal, MediaRoomId};
use tokio::time::timeout;

use super::*;

/// The offer of a real client, behind the line that says of which.
fn sdp() -> &'static str {
    include_str!("../../../rtc/tests/corpus/pion-publish.sdp").split_once('\n').unwrap().1
}

/// Two workers with media, and what they tell.
fn workers() -> (Handle, mpsc::Receiver<MediaEvent>) {
    let (events, heard) = mpsc::channel(1_000);
    let mut settings = Settings::new(Config::new("parlor"));
    settings.workers = 2;
    settings.udp_listen = vec!["127.0.0.1:0".parse().unwrap()];
    settings.media = Some(MediaSettings { reach: Reach::default(), events: events.into() });
    (Workers::spawn(settings).unwrap(), heard)
}

fn offer(peer: u64, request: u64) -> MediaRequest {
    MediaRequest::Offer {
        room: MediaRoomId(peer),
        peer: MediaPeerId(peer),
        client: std::net::Ipv4Addr::LOCALHOST.into(),
        request,
        connection: request.to_string(),
        sdp: sdp().to_owned(),
        tracks: Vec::new(),
        may_publish: Vec::new(),
        may_subscribe: true,
    }
}

async fn next(heard: &mut mpsc::Receiver<MediaEvent>) -> MediaEvent {
    timeout(PATIENCE, heard.recv()).await.unwrap().unwrap()
}

/// Has `worker` answer an offer.
async fn negotiate(handle: &Handle, worker: usize, peer: u64, number: u64, heard: &mut mpsc::Receiver<MediaEvent>) {
    handle.request_media(worker, offer(peer, number)).await.unwrap();
    let answered = next(heard).await;
    assert!(
        matches!(answered, MediaEvent::Answered { peer: whose, request, .. } if (whose, request) == (MediaPeerId(peer), number)),
        "{answered:?}"
    );
}

#[tokio::test]
async fn when_the_media_of_a_worker_fails_its_members_are_told_and_come_back_and_the_others_notice_nothing() {
    let (handle, mut heard) = workers();
    negotiate(&handle, 0, 1, 1, &mut heard).await;
    negotiate(&handle, 1, 2, 2, &mut heard).await;
    handle.shared.desks[0].send(Command::Fail).await.unwrap();
    let told = next(&mut heard).await;
    assert!(matches!(told, MediaEvent::Disconnected { peer: MediaPeerId(1), .. }), "{told:?}");
    negotiate(&handle, 0, 1, 3, &mut heard).await;
    negotiate(&handle, 1, 2, 4, &mut heard).await;
    let stats = handle.stats_by_worker().await.unwrap();
    let counted = |stats: &Stats| (stats.media.restarts, stats.media.members);
    assert_eq!(stats.iter().map(counted).collect::<Vec<_>>(), [(1, 1), (0, 1)]);
    assert!(heard.try_recv().is_err());
}

/// One that is busy takes no more than its inbox holds; the rest waits in front of it, and an offer too many is refused.
#[tokio::test]
async fn while_one_worker_is_busy_the_requests_of_another_pass() {
    let (handle, mut heard) = workers();
    let mut switchboard = crate::media::Switchboard::new(handle.clone(), 0);
    // Rooms are placed in turns: odd ones on the first worker, even ones on the second.
    assert!(switchboard.pass_on(offer(1, 1)).is_none() && switchboard.pass_on(offer(2, 2)).is_none());
    let mut answered = vec![next(&mut heard).await, next(&mut heard).await];
    let inbox = handle.shared.desks[0].inbox.clone();
    let taken = inbox.reserve_many(inbox.max_capacity()).await.unwrap();
    assert_eq!(switchboard.pass_on(offer(1, 3)), None);
    assert_eq!(switchboard.pass_on(offer(2, 4)), None);
    answered.push(next(&mut heard).await);
    assert!(matches!(answered[2], MediaEvent::Answered { peer: MediaPeerId(2), request: 4, .. }), "{answered:?}");
    let refused = (5..).find_map(|request| switchboard.pass_on(offer(1, request))).unwrap();
    assert!(matches!(refused, MediaEvent::Refused { reason: MediaRefusal::Unavailable, .. }), "{refused:?}");
    drop(taken);
    let worker = timeout(PATIENCE, switchboard.has_room()).await.unwrap();
    assert_eq!(worker, 0);
    switchboard.pass_on_waiting(worker);
    let later = next(&mut heard).await;
    assert!(matches!(later, MediaEvent::Answered { peer: MediaPeerId(1), request: 3, .. }), "{later:?}");
}

/// Only a fault takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
