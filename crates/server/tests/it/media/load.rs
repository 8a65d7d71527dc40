//! Loads of the native client, against a whole server.

use std::time::Duration;

use client::load::{Door, Plan, Population, Report, Session};
use client::pattern::Shape;
use client::{Clock, DataShape, RoomAddress, Transport, Trust};
use serde_json::{Value, json};

use crate::fixture::{PATIENCE, TestServer, send, serve_for_test};

/// A meeting of three.
pub(crate) fn meeting() -> Plan {
    Plan {
        rooms: 1,
        publishers: 3,
        subscribers: 0,
        mutual: true,
        video: Some(Shape { packets_per_second: 50.0, frames_per_second: 25.0, payload_bytes: 600 }),
        layers: Vec::new(),
        audio_payload_bytes: Some(80),
        data: None,
        idle_slots: 0,
        joins_per_second: 100.0,
        warm_up: Duration::ZERO,
        duration: Duration::ZERO,
        loss_ppm: 0,
        feedback: true,
        threads: 1,
        look_after: None,
    }
}

async fn open(server: &TestServer, plan: Plan, transport: Transport) -> Session {
    let address = RoomAddress::parse(&format!("http://{}/r/load", server.http())).unwrap();
    let door = Door { address, trust: Trust::System, token: None, transport };
    Session::open(plan, door, |_| {}).await.unwrap()
}

/// Waits until the report is as wished.
pub(crate) async fn wait_until(population: &Population, wished: impl Fn(&Report) -> bool) -> Report {
    let clock = Clock::start();
    loop {
        let report = population.report();
        if wished(&report) {
            return report;
        }
        assert!(clock.elapsed() < PATIENCE, "{report:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What carries the media of each member of the room.
async fn transports(server: &TestServer) -> Vec<Value> {
    let room = send(server.http(), "GET", "/api/v1/rooms/load/stats", &server.admin(), "").await.json();
    room["members"].as_array().unwrap().iter().map(|member| member["media"]["transport"].clone()).collect()
}

#[tokio::test]
async fn over_tcp_a_meeting_is_delivered_whole_and_no_datagram_comes() {
    let server = serve_for_test(&["media.workers=2"]);
    let session = open(&server, meeting(), Transport::Tcp).await;
    wait_until(session.population(), |report| (report.joined, report.streams) == (3, 12)).await;
    session.population().reset();
    let report = wait_until(session.population(), |report| report.received >= 1000).await;
    // The last packets may be on their way still, or were when counting began.
    assert!(report.lost == 0 && report.expected.abs_diff(report.received) < 50, "{report:?}");
    assert_eq!(transports(&server).await, vec![json!("tcp"); 3]);
    let stats = send(server.http(), "GET", "/api/v1/stats", &server.admin(), "").await.json();
    let datagrams = stats["workers"].as_array().unwrap().iter().map(|worker| worker["datagramsIn"].as_u64().unwrap());
    assert_eq!(datagrams.sum::<u64>(), 0);
    session.close(report).await.unwrap();
}

#[tokio::test]
async fn what_is_said_on_a_data_channel_reaches_everybody_else_once() {
    let server = serve_for_test(&[]);
    for lossy in [false, true] {
        let data = Some(DataShape { messages_per_second: 100.0, message_bytes: 200, lossy });
        let plan = Plan { publishers: 2, subscribers: 1, mutual: false, video: None, data, ..meeting() };
        let session = open(&server, plan, Transport::Udp).await;
        let report = wait_until(session.population(), |report| report.data.unwrap().received >= 300).await;
        // Each of two is heard by two others; who joins last misses the beginning, and the end is on its way.
        let data = report.data.unwrap();
        assert_eq!(data.expected, data.sent * 2);
        session.population().reset();
        let report = wait_until(session.population(), |report| report.data.unwrap().received >= 300).await;
        let data = report.data.unwrap();
        assert!(data.received.abs_diff(data.expected) < 20, "{data:?}");
        assert!(data.delay_us.p50 > 0.0 && data.delay_us.p50 < 1e6, "{data:?}");
        session.close(report).await.unwrap();
    }
}

#[tokio::test]
async fn over_udp_the_server_sees_udp() {
    let server = serve_for_test(&[]);
    let session = open(&server, meeting(), Transport::Udp).await;
    let report = wait_until(session.population(), |report| report.streams == 12).await;
    assert_eq!(transports(&server).await, vec![json!("udp"); 3]);
    session.close(report).await.unwrap();
}
