//! A thousand clients in five hundred rooms, and bad company.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, Server};

const ROOMS: usize = 500;
const CANDIDATES: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_lose_no_message_and_hear_nobody_elses_among_clients_that_misbehave() {
    let server = Arc::new(Server::start(|_| ()).await);
    let calling = Arc::new(AtomicBool::new(true));
    let mut company = JoinSet::new();
    company.spawn(misbehave(server.clone(), calling.clone(), mumble));
    company.spawn(misbehave(server.clone(), calling.clone(), shout));
    company.spawn(misbehave(server.clone(), calling.clone(), impersonate));
    company.spawn(misbehave(server.clone(), calling.clone(), flood));

    let mut calls = JoinSet::new();
    for room in 0..ROOMS {
        calls.spawn(call(server.clone(), room));
    }
    // Both stay until everybody is done, so that every room is there at the same time.
    let mut members = Vec::new();
    while let Some(pair) = calls.join_next().await {
        members.extend(pair.unwrap());
    }
    let stats = server.signal.stats().await;
    assert_eq!(stats.members, 2 * ROOMS);
    assert_eq!(stats.rooms, ROOMS);
    let forwarded = u64::try_from(ROOMS * (2 + 2 * CANDIDATES)).unwrap();
    assert_eq!(stats.forwarded, forwarded, "and not one message of a stranger");

    calling.store(false, Ordering::Relaxed);
    while let Some(rounds) = company.join_next().await {
        assert!(rounds.unwrap() > 0, "bad company was there");
    }
    for member in &mut members {
        assert_eq!(member.catch_up().await, Vec::<String>::new(), "nothing that was not meant for this member");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_members_hear_that_the_server_stops() {
    let server = Arc::new(Server::start(|_| ()).await);
    let mut calls = JoinSet::new();
    for room in 0..ROOMS {
        calls.spawn(call(server.clone(), room));
    }
    let mut members = Vec::new();
    while let Some(pair) = calls.join_next().await {
        members.extend(pair.unwrap());
    }
    let mut goodbyes = JoinSet::new();
    for mut member in members {
        goodbyes.spawn(async move { member.hear_out().await });
    }
    server.signal.shutdown().await;
    while let Some(goodbye) = goodbyes.join_next().await {
        let (texts, code) = goodbye.unwrap();
        assert_eq!((texts.len(), code), (1, Some(1001)), "{texts:?}");
        assert!(texts[0].contains(r#""cmd":"peer-leave""#) || texts[0].contains(r#""cmd":"closing""#), "{texts:?}");
    }
    assert_eq!(server.try_connect().await.err(), Some(503));
}

/// One call, the older member in dialect A and the newer one in v2. Every frame is checked, in its order.
async fn call(server: Arc<Server>, room: usize) -> [Client; 2] {
    let (old, new) = (format!("old-{room}"), format!("new-{room}"));
    let (mut older, mut newer) = (server.connect().await, server.connect().await);
    older.say(&format!(r#"{{"cmd":"join","roomId":{room},"uid":"{old}"}}"#)).await;
    assert_eq!(older.catch_up().await, Vec::<String>::new());
    newer.say(&format!(r#"{{"cmd":"join","v":2,"roomId":"{room}","uid":"{new}"}}"#)).await;
    assert_eq!(older.hear().await, format!(r#"{{"cmd":"new-peer","remoteUid":"{new}","uid":"{new}"}}"#));
    let joined = newer.hear().await;
    assert!(joined.starts_with(r#"{"cmd":"joined""#) && joined.contains(&old), "{joined}");

    let frame = |cmd: &str, from: &str, to: &str, number: usize| {
        let msg = format!("room {room} number {number} from {from}");
        format!(r#"{{"cmd":"{cmd}","roomId":"{room}","uid":"{from}","remoteUid":"{to}","msg":"{msg}"}}"#)
    };
    let offer = frame("offer", &old, &new, 0);
    older.say(&offer).await;
    assert_eq!(newer.hear().await, offer);
    let answer = frame("answer", &new, &old, 0);
    newer.say(&answer).await;
    assert_eq!(older.hear().await, answer);
    for number in 0..CANDIDATES {
        older.say(&frame("candidate", &old, &new, number)).await;
        newer.say(&frame("candidate", &new, &old, number)).await;
    }
    for number in 0..CANDIDATES {
        assert_eq!(older.hear().await, frame("candidate", &new, &old, number));
        assert_eq!(newer.hear().await, frame("candidate", &old, &new, number));
    }
    [older, newer]
}

/// Misbehaves again and again, with a new connection each time, until the good clients are done; counts the rounds.
async fn misbehave<F: Future<Output = ()>>(
    server: Arc<Server>,
    calling: Arc<AtomicBool>,
    how: fn(Client) -> F,
) -> usize {
    let mut rounds = 0;
    while calling.load(Ordering::Relaxed) {
        how(server.connect().await).await;
        rounds += 1;
    }
    rounds
}

async fn mumble(mut client: Client) {
    for text in ["ping", "{\"cmd\":", "[[[["] {
        client.say(text).await;
    }
    let (texts, code) = client.hear_out().await;
    assert!(texts.iter().all(|text| text.contains(r#""code":3"#)), "{texts:?}");
    assert_eq!((texts.len(), code), (3, Some(1007)));
}

async fn shout(mut client: Client) {
    let loud = "x".repeat(256 * 1024 + 1);
    for _ in 0..3 {
        client.say(&loud).await;
    }
    let (texts, code) = client.hear_out().await;
    assert!(texts.iter().all(|text| text.contains(r#""code":104"#)), "{texts:?}");
    assert_eq!((texts.len(), code), (3, Some(1009)));
}

async fn impersonate(mut client: Client) {
    for room in [0, ROOMS / 2, ROOMS - 1] {
        for cmd in ["offer", "answer", "candidate", "leave", "hangup"] {
            let (old, new) = (format!("old-{room}"), format!("new-{room}"));
            let text = format!(r#"{{"cmd":"{cmd}","roomId":"{room}","uid":"{old}","remoteUid":"{new}","msg":"{{}}"}}"#);
            client.say(&text).await;
        }
    }
    let texts = client.catch_up().await;
    assert!(texts.iter().all(|text| text.contains(r#""code":102"#)), "{texts:?}");
}

async fn flood(mut client: Client) {
    for _ in 0..400 {
        client.send(Message::text(r#"{"cmd":"leave","roomId":"0","uid":"old-0"}"#)).await;
    }
    let (texts, code) = client.hear_out().await;
    assert!(texts.iter().all(|text| text.contains(r#""code":103"#)), "{texts:?}");
    assert!(code == Some(1008) || code.is_none(), "closed, or lost while it went on flooding: {code:?}");
}
