//! The address under which others see the server, asked of a STUN server in this process, through a NAT in this process.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;

use super::address;
use super::client::{PASSWORD, TurnClient, USER};
use crate::fixture::{PATIENCE, TestServer, exchange, serve_for_test};
use crate::media::client::Client;

/// Carries datagrams between whoever sends to its inner address and a STUN server, which sees its outer one.
struct Nat {
    inner: SocketAddr,
    outer: SocketAddr,
    open: Arc<AtomicBool>,
}

impl Nat {
    async fn to(server: SocketAddr) -> Self {
        let inner = UdpSocket::bind("127.0.0.8:0").await.unwrap();
        let outer = UdpSocket::bind("127.0.0.9:0").await.unwrap();
        let nat = Self {
            inner: inner.local_addr().unwrap(),
            outer: outer.local_addr().unwrap(),
            open: Arc::new(AtomicBool::new(false)),
        };
        let open = Arc::clone(&nat.open);
        let inside = Mutex::new(None);
        tokio::spawn(async move {
            let (mut out, mut back) = ([0; 2_000], [0; 2_000]);
            loop {
                tokio::select! {
                    Ok((bytes, from)) = inner.recv_from(&mut out) => {
                        *inside.lock().unwrap() = Some(from);
                        if open.load(Ordering::SeqCst) {
                            outer.send_to(&out[..bytes], server).await.unwrap();
                        }
                    }
                    Ok((bytes, _)) = outer.recv_from(&mut back) => {
                        let to = *inside.lock().unwrap();
                        inner.send_to(&back[..bytes], to.unwrap()).await.unwrap();
                    }
                }
            }
        });
        nat
    }
}

/// The relayed address that `client` gets, for a moment.
async fn relayed(client: &mut TurnClient) -> SocketAddr {
    let relayed = client.allocate(address("127.0.0.1:0")).await.unwrap();
    client.refresh(0).await.unwrap();
    relayed
}

/// The candidates in the answer to an offer.
async fn candidates(server: &TestServer) -> Vec<String> {
    let mut client = Client::udp(1).await;
    let offer = client.offer_data(&["echo"]).sdp;
    let lines = ["Content-Type: application/sdp"];
    let answer = exchange(server.http(), "POST", "/api/v1/check/echo", &lines, &offer).await;
    let answer = String::from_utf8(answer.body).unwrap();
    let lines = answer.lines().filter(|line| line.starts_with("a=candidate:"));
    lines.map(|line| line.split(' ').skip(4).take(2).collect::<Vec<_>>().join(":")).collect()
}

#[tokio::test]
async fn the_address_that_a_stun_server_sees_is_told_without_a_restart() {
    let stun = serve_for_test(&[]);
    let nat = Nat::to(stun.addresses().udp[0]).await;
    for workers in [1, 3] {
        nat.open.store(false, Ordering::SeqCst);
        let server = serve_for_test(&[
            &format!("public.stun={}", nat.inner),
            &format!("turn.users={{ {USER} = \"{PASSWORD}\" }}"),
            &format!("media.workers={workers}"),
        ]);
        let mut early = TurnClient::udp(server.addresses().udp[0]).await;
        let before = early.allocate(address("127.0.0.1:0")).await.unwrap();
        assert_ne!(before.ip(), nat.outer.ip(), "nobody has answered yet");
        assert!(!candidates(&server).await.contains(&nat.outer.to_string()));
        nat.open.store(true, Ordering::SeqCst);
        // One client, which has its nonce: strangers are answered at a pace.
        let mut late = TurnClient::udp(server.addresses().udp[0]).await;
        let found = async { while relayed(&mut late).await.ip() != nat.outer.ip() {} };
        tokio::time::timeout(PATIENCE, found).await.expect("the server takes it over");
        let listed = candidates(&server).await;
        assert_eq!(listed.first(), Some(&nat.outer.to_string()), "with the port that the router has given: {listed:?}");
        assert!(listed.contains(&server.addresses().udp[0].to_string()), "beside its own: {listed:?}");
        early.refresh(600).await.unwrap();
    }
}
