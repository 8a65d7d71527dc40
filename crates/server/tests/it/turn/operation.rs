//! The operator looks after the relays of a whole server.

use std::time::Duration;

use tokio::time::timeout;

use super::address;
use super::client::TurnClient;
use crate::fixture::{TestServer, figures, get, loaded, send, serve_for_test};

const USERS: &str = r#"turn.users={ user = "secret" }"#;
const LIST: &str = "/api/v1/turn/allocations";

async fn client(server: &TestServer) -> TurnClient {
    TurnClient::udp(server.addresses().udp[0]).await
}

#[tokio::test]
async fn allocations_of_all_workers_are_listed_in_pages_inspected_and_ended() {
    let server = serve_for_test(&[USERS, "media.workers=2"]);
    let (http, token) = (server.http(), server.admin());
    let family = address("127.0.0.1:0");
    let (mut clients, mut wanted) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut client = client(&server).await;
        wanted.push(client.allocate(family).await.unwrap().to_string());
        clients.push(client);
    }
    let (mut after, mut found) = (String::new(), Vec::new());
    loop {
        let page = send(http, "GET", &format!("{LIST}?limit=2{after}"), &token, "").await.json();
        let allocations = page["allocations"].as_array().unwrap().clone();
        assert!(allocations.len() <= 2);
        found.extend(allocations);
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    let relayed = |one: &serde_json::Value| one["relayed"][0].as_str().unwrap().to_owned();
    let mut listed: Vec<String> = found.iter().map(relayed).collect();
    let first = clients[0].local().to_string();
    let mine = found.iter().find(|one| one["client"] == first.as_str()).unwrap();
    assert_eq!((&mine["user"], &mine["transport"]), (&"user".into(), &"udp".into()), "{mine}");
    assert_eq!(relayed(mine), wanted[0]);
    listed.sort();
    wanted.sort();
    assert_eq!(listed, wanted);

    let path = format!("{LIST}/{}", mine["id"].as_str().unwrap());
    let inspected = send(http, "GET", &path, &token, "").await.json();
    assert_eq!(inspected["peers"]["permissions"], serde_json::json!([]));
    assert_eq!(send(http, "DELETE", &path, &token, "").await.status, 204);
    assert_eq!(clients[0].refresh(600).await, Err(437), "the client learns of it at its next request");
    for method in ["GET", "DELETE"] {
        assert_eq!(send(http, method, &path, &token, "").await.json()["code"], "no-allocation");
    }
    assert_eq!(clients[1].refresh(600).await, Ok(()), "others live on");
    let figure = figures(&server).await;
    assert!((figure(r#"parlor_turn_relayed_addresses{transport="udp",family="ipv4"}"#) - 4.0).abs() < 0.5);
    assert!((figure(r#"parlor_turn_errors_total{code="437"}"#) - 1.0).abs() < 0.5);
}

#[tokio::test]
async fn allocations_are_for_those_who_look_after_the_server() {
    let server = serve_for_test(&[]);
    let (http, token) = (server.http(), server.admin());
    for path in [LIST, "/api/v1/turn/allocations/0-0-1", "/api/v1/drain"] {
        assert_eq!(get(http, path, &[]).await.json()["code"], "token-needed", "{path}");
        assert_eq!(send(http, "PUT", path, &token, "").await.json()["code"], "method-not-allowed", "{path}");
    }
    for wrong in ["?limit=0", "?limit=501", "?after=x"] {
        assert_eq!(send(http, "GET", &format!("{LIST}{wrong}"), &token, "").await.json()["code"], "bad-query");
    }
    for wrong in ["x", "0-0", "9-0-1", "0-0-1/2"] {
        assert_eq!(send(http, "GET", &format!("{LIST}/{wrong}"), &token, "").await.json()["code"], "no-allocation");
    }
    assert_eq!(send(http, "POST", "/api/v1/drain?seconds=soon", &token, "").await.json()["code"], "bad-query");
}

#[tokio::test]
async fn a_server_that_drains_keeps_what_it_has_and_is_over_when_the_last_has_gone() {
    let server = serve_for_test(&[USERS]);
    let (http, token) = (server.http(), server.admin());
    let family = address("127.0.0.1:0");
    let mut old = client(&server).await;
    old.allocate(family).await.unwrap();
    let before = send(http, "GET", "/api/v1/drain", &token, "").await.json();
    assert_eq!((&before["draining"], &before["since"]), (&false.into(), &serde_json::Value::Null));

    let status = send(http, "POST", "/api/v1/drain?seconds=0", &token, "").await.json();
    assert_eq!((&status["draining"], &status["deadline"]), (&true.into(), &serde_json::Value::Null), "{status}");
    assert_eq!(status["left"], serde_json::json!({"allocations": 1, "members": 0, "streams": 0}));
    let health = get(http, "/healthz", &[]).await;
    assert_eq!((health.status, &health.body[..]), (503, &b"draining\n"[..]));
    let mut new = client(&server).await;
    assert_eq!(new.allocate(family).await, Err(508));
    assert_eq!(old.refresh(600).await, Ok(()));
    let room = send(http, "POST", "/api/v1/rooms", &token, r#"{"roomId":"rounds"}"#).await;
    assert_eq!((room.status, room.json()["code"].as_str()), (409, Some("draining")));

    let status = send(http, "DELETE", "/api/v1/drain", &token, "").await.json();
    assert_eq!(status["draining"], false);
    new.allocate(family).await.expect("it takes new ones again");
    assert_eq!(get(http, "/healthz", &[]).await.status, 200);

    server.server.drain().await;
    let drained = server.server.drained();
    old.refresh(0).await.unwrap();
    new.refresh(0).await.unwrap();
    assert_eq!(timeout(PATIENCE, drained).await.unwrap(), server::Drained::Empty);
}

#[tokio::test]
async fn at_the_deadline_draining_is_over_whoever_is_left() {
    let server = serve_for_test(&[USERS, "drain.seconds=1"]);
    client(&server).await.allocate(address("127.0.0.1:0")).await.unwrap();
    server.server.drain().await;
    assert_eq!(timeout(PATIENCE, server.server.drained()).await.unwrap(), server::Drained::Deadline);
}

#[tokio::test]
async fn while_draining_clients_are_sent_to_the_other_server_that_is_named() {
    let server = serve_for_test(&[USERS, r#"turn.alternate_servers=["198.51.100.8:3478"]"#]);
    server.server.drain().await;
    assert_eq!(client(&server).await.allocate(address("127.0.0.1:0")).await, Err(300));
}

#[tokio::test]
async fn users_secrets_and_limits_change_without_the_end_of_an_allocation_and_what_cannot_is_named() {
    let server = serve_for_test(&[USERS]);
    let (read, family) = (|settings: &[&str]| loaded(&server.directory, settings), address("127.0.0.1:0"));
    let mut old = client(&server).await;
    old.allocate(family).await.unwrap();
    let mut in_force = read(&[USERS]).given;
    let new = read(&[
        r#"turn.users={ user = "secret", ana = "another" }"#,
        "turn.credential_seconds=60",
        "limits.allocations=1",
        "limits.rooms=5",
        "turn.relay_ports=off",
    ]);
    let reload = server.server.reload(&mut in_force, &new).await.unwrap();
    assert_eq!(reload.applied, ["turn.users", "turn.credential_seconds", "limits.allocations"]);
    assert_eq!(reload.restart, ["turn.relay_ports", "limits.rooms"]);
    assert_eq!(old.refresh(600).await, Ok(()));
    assert_eq!(client(&server).await.allocate(family).await, Err(508), "the new limit holds");
    assert_eq!(get(server.http(), "/api/v1/ice", &[]).await.json()["ttlSeconds"], 60);
    let again = server.server.reload(&mut in_force, &new).await.unwrap();
    assert_eq!((again.applied.len(), again.restart), (0, reload.restart), "they wait for the next start");

    let only_ana = read(&[r#"turn.users={ ana = "another" }"#]);
    server.server.reload(&mut in_force, &only_ana).await.unwrap();
    assert_eq!(old.refresh(600).await, Err(401), "the user is gone");
    let token = server.admin();
    let left = send(server.http(), "GET", "/api/v1/drain", &token, "").await.json();
    assert_eq!(left["left"]["allocations"], 1, "what the user has stays until its time is over");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_is_refused_and_the_old_one_stays() {
    let server = serve_for_test(&[USERS]);
    let mut client = client(&server).await;
    client.allocate(address("127.0.0.1:0")).await.unwrap();
    let mut in_force = loaded(&server.directory, &[USERS]).given;
    let before = in_force.clone();
    let new = loaded(&server.directory, &[r#"turn.users=["user:secret", "user:again"]"#, "limits.allocations=1"]);
    let refused = server.server.reload(&mut in_force, &new).await.unwrap_err();
    assert!(refused.to_string().contains("listed twice"), "{refused}");
    assert_eq!(in_force, before);
    assert_eq!(client.refresh(600).await, Ok(()));
}

/// Only a fault takes longer.
const PATIENCE: Duration = Duration::from_secs(20);
