use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use room::manage::{MemberReport, RoomReport, RoomSeats};
use room::media::{MediaPeerId, MediaRoomId, Source};
use room::show::StreamPolicy;
use room::take::RecordingPolicy;
use rtc::{Path, Transport};
use rtp::parameters::{CodecName, Kind, Mid, Rid};
use serde_json::{Value, json};
use sfu::{LayerSnapshot, PeerId, PeerSnapshot, QualityReason, SlotSnapshot, SlotState, Standstills, TrackSnapshot};

use super::report::ServerStats;
use super::room_report::{RoomStats, network};
use super::{LOOKS_MAX, Page, Stats};
use crate::clock;
use crate::http::problem::Problem;
use crate::http::rooms::tests::check_named;
use crate::signal::Signal;
use crate::workers::{self, MemberLook, RoomLook, RoomSurvey, Viewers, WorkerSurvey, Workers};

const ANA: MediaPeerId = MediaPeerId(7);
const BO: MediaPeerId = MediaPeerId(8);

#[test]
fn an_address_is_told_as_far_as_its_network() {
    for (address, told) in [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
    ] {
        assert_eq!(network(address.parse::<IpAddr>().unwrap()), told);
    }
}

#[test]
fn the_server_is_told_as_the_document_says_and_a_late_worker_by_its_number_alone() {
    let mut stats = workers::Stats::default();
    stats.media.post.rtp_sent = 5;
    stats.load.cpu = Duration::from_millis(1_500);
    let survey = [WorkerSurvey { queued: 0, stats: Some(stats) }, WorkerSurvey { queued: 256, stats: None }];
    let report = ServerStats::new(Duration::from_secs(9), Duration::from_secs(2), &room::Stats::default(), &survey);
    let report = json!(report);
    check_named("ServerStats", &report);
    assert_eq!(report["traffic"]["mediaOut"], json!({"packets": 5, "bytes": 0}));
    assert_eq!((&report["workers"][0]["cpuMs"], &report["workers"][0]["late"]), (&json!(1_500), &json!(false)));
    assert_eq!(report["workers"][1], json!({"worker": 1, "late": true, "queued": 256}));
}

/// A room of Ana, who publishes, and Bo, who watches from another worker.
fn seats(members: &[&str]) -> RoomSeats {
    let member = |uid: &&str| MemberReport {
        uid: (*uid).to_owned(),
        name: String::new(),
        role: "host".to_owned(),
        v: 2,
        connection: "online",
        media: true,
        tracks: Vec::new(),
        muted: vec![Source::Screen],
    };
    let report = RoomReport {
        room_id: "r".to_owned(),
        name: String::new(),
        topology: room::Topology::Auto,
        mode: "sfu",
        members_max: 0,
        lobby: false,
        locked: false,
        stream: StreamPolicy::Off,
        viewers: 0,
        shown: None,
        recording: RecordingPolicy::On,
        recorded_since: None,
        keep_seconds: None,
        started_at: 1,
        members: members.iter().map(member).collect(),
        waiting: Vec::new(),
    };
    let seats = [Some(ANA), Some(BO)].into_iter().chain(std::iter::repeat(None)).take(members.len()).collect();
    RoomSeats { report, media_room: Some(MediaRoomId(1)), seats }
}

fn peer(tracks: Vec<TrackSnapshot>, slots: Vec<SlotSnapshot>) -> PeerSnapshot {
    PeerSnapshot {
        peer: PeerId(0),
        silence: Duration::from_millis(20),
        round_trip: Some(Duration::from_millis(30)),
        loss_in: 0.0,
        loss_out: 3.0 / 256.0,
        estimate_bps: 1_000_000,
        wanted_bps: 1,
        granted_bps: 1,
        queued_bytes: 0,
        queue_drops: 0,
        quality: (4, Some(QualityReason::Loss)),
        received_packets: 1,
        received_bytes: 1,
        sent_packets: 1,
        sent_bytes: 1,
        resent_packets: 0,
        probe_bytes: 0,
        tracks,
        slots,
    }
}

fn standstills() -> Option<Standstills> {
    Some(Standstills { count: 1, total: Duration::from_millis(700), longest: Duration::from_millis(700) })
}

fn camera() -> TrackSnapshot {
    let layer = |rid: &str| LayerSnapshot {
        rid: Rid::new(rid),
        is_active: true,
        bitrate_bps: 150_000,
        size_px: Some((320, 180)),
        packets: 1,
        bytes: 1,
        pictures: 1,
        key_frames: 1,
        nacked_packets: 0,
        key_frame_requests: 1,
    };
    TrackSnapshot {
        source: sfu::Source::Camera,
        kind: Kind::Video,
        codec: Some(CodecName::Vp8),
        is_blocked: false,
        standstills: standstills(),
        layers: vec![layer("q"), layer("h")],
    }
}

fn eye() -> SlotSnapshot {
    SlotSnapshot {
        mid: Mid::new("4").unwrap(),
        kind: Kind::Video,
        track: None,
        state: SlotState::NoBandwidth,
        layer: Rid::new("q"),
        tile_px: (640, 360),
        packets: 1,
        bytes: 1,
        resent_packets: 0,
        nacked_packets: 0,
        key_frame_requests: 0,
        loss: 0.5,
        standstills: standstills(),
    }
}

fn look(member: MediaPeerId, media: Option<PeerSnapshot>, watched: Option<(MediaPeerId, Source)>) -> MemberLook {
    let (local, remote) = ("127.0.0.1:1".parse().unwrap(), "203.0.113.9:1".parse().unwrap());
    let path = Some(Path { transport: Transport::Udp, local, remote });
    MemberLook { member, connected: media.is_some(), path, refused_packets: 0, media, watched: vec![watched] }
}

fn survey() -> RoomSurvey {
    let viewers = |slots| Viewers { member: ANA, source: Source::Camera, rid: Rid::new("q"), slots };
    let ana = look(ANA, Some(peer(vec![camera()], Vec::new())), None);
    let bo = look(BO, Some(peer(Vec::new(), vec![eye()])), Some((ANA, Source::Camera)));
    let here = RoomLook { members: vec![ana], viewers: vec![viewers(1)] };
    let there = RoomLook { members: vec![bo], viewers: vec![viewers(2)] };
    RoomSurvey { looks: vec![Some(here), Some(there), None] }
}

#[test]
fn a_room_on_several_workers_is_told_as_one() {
    let told = json!(RoomStats::new(Duration::from_secs(1), &seats(&["ana", "bo"]), 0..2, &survey()));
    check_named("RoomStats", &told);
    let (ana, bo) = (&told["members"][0]["media"], &told["members"][1]["media"]);
    assert_eq!((&ana["worker"], &bo["worker"], &told["lateWorkers"]), (&json!(0), &json!(1), &json!([2])));
    assert_eq!(ana["network"], "203.0.113.0/24");
    let layers = &ana["flow"]["tracks"][0]["layers"];
    assert_eq!((&layers[0]["viewers"], &layers[1]["viewers"]), (&json!(3), &json!(0)));
    let slot = &bo["flow"]["slots"][0];
    assert_eq!(
        (&slot["uid"], &slot["source"], &slot["reason"]),
        (&json!("ana"), &json!("camera"), &json!("bandwidth"))
    );
    assert_eq!(slot["lossPercent"], json!(50.0));
}

#[test]
fn nothing_secret_is_told() {
    let told = json!(RoomStats::new(Duration::from_secs(1), &seats(&["ana", "bo"]), 0..2, &survey())).to_string();
    for secret in ["203.0.113.9", "ufrag", "pwd", "token", "127.0.0.1"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}

#[test]
fn members_without_a_connection_are_told_without_media() {
    let told = json!(RoomStats::new(Duration::from_secs(1), &seats(&["ana", "bo", "cy"]), 2..3, &survey()));
    check_named("RoomStats", &told);
    assert_eq!((&told["members"][0]["uid"], &told["members"][0]["media"]), (&json!("cy"), &Value::Null));
    let connecting =
        RoomSurvey { looks: vec![Some(RoomLook { members: vec![look(ANA, None, None)], viewers: Vec::new() })] };
    let told = json!(RoomStats::new(Duration::from_secs(1), &seats(&["ana"]), 0..1, &connecting));
    check_named("RoomStats", &told);
    let media = &told["members"][0]["media"];
    assert_eq!((&media["state"], &media["flow"]), (&json!("connecting"), &Value::Null));
}

fn handle() -> workers::Handle {
    Workers::spawn(workers::Settings::new(turn::Config::new("parlor"))).unwrap()
}

#[tokio::test]
async fn members_come_in_pages() {
    let (stats, handle) = (Stats::new(clock::now(), clock::unix_time()), handle());
    let mut seen = Vec::new();
    let mut after = None;
    for _ in 0..3 {
        let page = Page { after: after.clone(), limit: 2 };
        let told = json!(stats.room(&handle, seats(&["ana", "bo", "cy"]), page).await.unwrap());
        let uids = told["members"].as_array().unwrap().iter().map(|member| member["uid"].as_str().unwrap().to_owned());
        seen.push(uids.collect::<Vec<_>>());
        let Some(next) = told["next"].as_str() else { break };
        after = Some(next.to_owned());
    }
    assert_eq!(seen, [vec!["ana", "bo"], vec!["cy"]]);
    let gone = Page { after: Some("who".to_owned()), limit: 2 };
    let told = json!(stats.room(&handle, seats(&["ana"]), gone).await.unwrap());
    assert_eq!((&told["members"], &told["next"]), (&json!([]), &Value::Null));
}

#[tokio::test]
async fn so_many_look_at_rooms_at_once_and_no_more() {
    let (stats, handle) = (Stats::new(clock::now(), clock::unix_time()), handle());
    let page = || Page { after: None, limit: 1 };
    let all_but_one = stats.looks.try_acquire_many(u32::try_from(LOOKS_MAX - 1).unwrap()).unwrap();
    assert!(stats.room(&handle, seats(&["ana"]), page()).await.is_ok());
    let last = stats.looks.try_acquire().unwrap();
    assert!(matches!(stats.room(&handle, seats(&["ana"]), page()).await, Err(Problem::StatsBusy)));
    drop((all_but_one, last));
    assert!(stats.room(&handle, seats(&["ana"]), page()).await.is_ok());
}

#[tokio::test]
async fn however_many_ask_the_workers_are_asked_once() {
    let (stats, handle) = (Stats::new(clock::now(), clock::unix_time()), handle());
    let signal = Signal::spawn(room::Config::default());
    let (one, other) = tokio::join!(stats.server(&signal, &handle), stats.server(&signal, &handle));
    assert!(Arc::ptr_eq(&one, &other));
    check_named("ServerStats", &json!(*one));
}
