//! What `parlor load turn` does, at a whole server.

use std::net::SocketAddr;
use std::time::Duration;

use client::Trust;
use client::turn::{Churn, Door, Method, Peers, Plan, Report, Transport, TurnAddress, User};

use crate::fixture::{TestServer, figures, serve_for_test};

fn server() -> TestServer {
    serve_for_test(&["public.addresses=127.0.0.1", "turn.users=ana:a long password", "turn.allow_peers=127.0.0.0/8"])
}

fn door(address: SocketAddr, transport: Transport) -> Door {
    let address = TurnAddress { host: address.ip().to_string(), port: address.port(), transport };
    let user = User { name: "ana".to_owned(), password: "a long password".to_owned() };
    Door { address, trust: Trust::Anyone, user }
}

/// Four clients who send 400 packets in a second, in bursts of four.
fn plan(method: Method, peers: Peers) -> Plan {
    Plan {
        allocations: 4,
        packets_per_second: 100.0,
        burst: 4,
        together: true,
        payload_bytes: 1200,
        method,
        peers,
        warm_up: Duration::from_millis(200),
        duration: Duration::from_millis(500),
    }
}

async fn load(door: Door, plan: Plan) -> Report {
    tokio::task::spawn_blocking(move || client::turn::run(plan, &door, |_| {})).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_clients_and_their_peers_say_comes_over_udp_tcp_and_tls() {
    let server = server();
    let addresses = server.addresses();
    let ways = [
        (addresses.udp[0], Transport::Udp),
        (addresses.turn_tcp[0], Transport::Tcp),
        (addresses.turn_tcp[0], Transport::Tls),
    ];
    for (address, transport) in ways {
        for method in [Method::Channel, Method::Indication] {
            for peers in [Peers::Echo, Peers::Pairs] {
                let report = load(door(address, transport), plan(method, peers)).await;
                let what = format!("{transport:?} {method:?} {peers:?}: {report:?}");
                assert!(report.sent > 0 && report.lost_connections == 0, "{what}");
                // What is under way when the window begins and ends is at most a burst of each in each direction.
                assert!(report.received.abs_diff(report.sent) <= 32, "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_from_a_server_that_does_not_answer() {
    let server = server();
    let mut door = door(server.addresses().udp[0], Transport::Udp);
    door.user.password = "another".to_owned();
    let refused = move || client::turn::run(plan(Method::Channel, Peers::Echo), &door, |_| {}).unwrap_err().to_string();
    let refused = tokio::task::spawn_blocking(refused).await.unwrap();
    assert!(refused.contains("code 401"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn allocations_that_are_ended_leave_room_for_others() {
    let server = server();
    let door = door(server.addresses().udp[0], Transport::Udp);
    let churn = Churn::start(&door, [127, 0, 0, 1].into(), 2).unwrap();
    // More than the user may have at once.
    while churn.made() < 200 {
        assert_eq!(churn.failure(), None);
        tokio::task::yield_now().await;
    }
}

/// Four clients in one room, on two workers, offer more than twice what they may: what comes is what they may, there and back.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_relayed_is_within_five_percent_of_the_cap_of_allocation_user_and_room() {
    let caps = [
        // Four allocations of 96 kbit/s, with 1,200 bytes each.
        ("limits.allocation_kbits_per_second=96", "allocation_cap", 40.0),
        ("limits.turn_user_packets_per_second=100", "user_cap", 100.0),
        ("limits.turn_room_packets_per_second=100", "room_cap", 100.0),
    ];
    for (setting, cause, wanted) in caps {
        let server = serve_for_test(&[
            "public.addresses=127.0.0.1",
            "turn.secrets=a long enough secret",
            "turn.allow_peers=127.0.0.0/8",
            "media.workers=2",
            setting,
        ]);
        let mut door = door(server.addresses().udp[0], Transport::Udp);
        let expiry = server::clock::unix_time() + Duration::from_secs(600);
        door.user = User::from_secret("a long enough secret", "ana#standup", expiry);
        let plan = Plan {
            packets_per_second: 60.0,
            burst: 1,
            warm_up: Duration::from_millis(700),
            duration: Duration::from_secs(3),
            ..plan(Method::Channel, Peers::Echo)
        };
        let report = load(door, plan).await;
        let per_second = report.received as f64 / report.window_s / 2.0;
        assert!((per_second / wanted - 1.0).abs() <= 0.05, "{setting}: {per_second} of {wanted}, {report:?}");
        let figure = figures(&server).await;
        let dropped = figure(&format!("parlor_turn_dropped_packets_total{{cause=\"{cause}\"}}"));
        assert!(dropped >= (report.sent - report.received) as f64, "{setting}: {dropped} are counted, {report:?}");
    }
}
