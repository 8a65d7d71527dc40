//! Data channels of members: from one through the rooms to the others.

use std::net::SocketAddr;

use serde_json::{Value, json};
use str0m::media::{Direction, MediaKind};

use super::calls::watch;
use super::meeting::Member;
use super::{Client, drive};
use crate::fixture::{TestServer, serve_for_test};

/// A member with channels of these labels.
struct Party {
    member: Member,
    client: Client,
}

async fn join(http: SocketAddr, uid: &'static str, number: u64, labels: &[&str]) -> Party {
    let mut member = Member::join(http, uid, None).await;
    let mut client = Client::udp(number).await;
    let offer = client.offer_data(labels);
    member.connect(&mut client, offer, &json!([])).await;
    let count = labels.len();
    drive(&mut [&mut client], |clients| clients[0].channels.len() == count).await;
    Party { member, client }
}

fn serve() -> TestServer {
    serve_for_test(&["rooms.topology=sfu"])
}

/// Anna and Ben with both channels.
async fn pair(server: &TestServer) -> [Party; 2] {
    let labels = ["data", "data-lossy"];
    let mut pair = [join(server.http(), "anna", 1, &labels).await, join(server.http(), "ben", 2, &labels).await];
    // That a channel stands, its client knows before the rooms do.
    settle(&mut pair).await;
    pair
}

/// Until what Anna says reaches Ben by channel.
async fn settle([anna, ben]: &mut [Party; 2]) {
    let mut said = false;
    drive(&mut [&mut anna.client, &mut ben.client], |clients| {
        if !said {
            said = clients[0].try_say("data", false, br#"{"topic":"first"}"#);
        }
        !clients[1].messages.is_empty()
    })
    .await;
    ben.client.messages.clear();
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

#[tokio::test]
async fn what_one_says_on_a_channel_comes_on_the_others_channel_of_that_label() {
    let server = serve();
    let [mut anna, mut ben] = pair(&server).await;
    assert!(anna.client.try_say("data", false, br#"{"topic":"pointer","data":{"x":0.5}}"#));
    assert!(anna.client.try_say("data-lossy", true, b"\x03ben\xFF\x00"));
    drive(&mut [&mut anna.client, &mut ben.client], |clients| clients[1].messages.len() == 2).await;
    let mut messages = ben.client.messages;
    messages.sort();
    assert_eq!(messages[0], b"\x04anna\xFF\x00");
    assert_eq!(json_of(&messages[1]), json!({"uid": "anna", "topic": "pointer", "data": {"x": 0.5}}));
    assert!(anna.client.messages.is_empty());
    let by_signalling = ben.member.catch_up().await;
    assert!(!by_signalling.contains(&"data".to_owned()), "nobody hears it twice");
}

#[tokio::test]
async fn members_with_and_without_channels_understand_each_other() {
    let server = serve();
    let [mut anna, mut ben] = pair(&server).await;
    let mut cleo = Member::join(server.http(), "cleo", None).await;
    assert!(anna.client.try_say("data", false, br#"{"topic":"x","data":1}"#));
    drive(&mut [&mut anna.client, &mut ben.client], |clients| clients[1].messages.len() == 1).await;
    assert_eq!(cleo.hear("data").await["data"], 1);
    cleo.say(&json!({"cmd": "data", "topic": "x", "data": 2})).await;
    assert_eq!(anna.member.hear("data").await["uid"], "cleo");
    assert_eq!(ben.member.hear("data").await["data"], 2);
    assert_eq!(ben.client.messages.len(), 1, "what is signalled stays there");
}

#[tokio::test]
async fn a_megabyte_in_pieces_arrives_whole_and_in_order() {
    let server = serve();
    let [mut anna, mut ben] = pair(&server).await;
    let piece = |number: u8| [&[0, number][..], &vec![number; 15_998]].concat();
    let mut next = 0;
    drive(&mut [&mut anna.client, &mut ben.client], |clients| {
        while next < PIECES && clients[0].try_say("data", true, &piece(next)) {
            next += 1;
        }
        clients[1].messages.len() == usize::from(PIECES)
    })
    .await;
    let expected: Vec<Vec<u8>> = (0..PIECES).map(|number| [b"\x04anna", &piece(number)[1..]].concat()).collect();
    assert!(ben.client.messages == expected);
}

/// Of 16 kB: 1 MB, within what may come at once.
const PIECES: u8 = 62;

#[tokio::test]
async fn the_order_of_a_sender_holds_over_workers() {
    let server = serve_for_test(&["rooms.topology=sfu", "media.workers=2", "media.members_per_worker=1"]);
    let [mut anna, mut ben] = pair(&server).await;
    let mut next = 0;
    drive(&mut [&mut anna.client, &mut ben.client], |clients| {
        while next < 200
            && clients[0].try_say("data", false, json!({"topic": "n", "data": next}).to_string().as_bytes())
        {
            next += 1;
        }
        clients[1].messages.len() == 200
    })
    .await;
    let numbers: Vec<u64> = ben.client.messages.iter().map(|text| json_of(text)["data"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..200).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_channel_of_another_label_is_closed_and_the_member_is_told() {
    let server = serve();
    let mut member = Member::join(server.http(), "anna", None).await;
    let mut client = Client::udp(1).await;
    let offer = client.offer_data(&["chat", "data"]);
    member.connect(&mut client, offer, &json!([])).await;
    let mut both = false;
    drive(&mut [&mut client], |clients| {
        both |= clients[0].channels.len() == 2;
        both && clients[0].channels.len() == 1
    })
    .await;
    assert_eq!(client.channels[0].1, "data");
    let error = next_error(&mut member).await;
    assert_eq!((&error["code"], &error["label"]), (&json!(114), &json!("chat")));
}

async fn next_error(member: &mut Member) -> Value {
    loop {
        let message = member.next().await;
        if message["cmd"] == "error" {
            return message;
        }
    }
}

#[tokio::test]
async fn who_sends_too_much_is_told_and_keeps_its_channel() {
    let server = serve();
    let [mut anna, mut ben] = pair(&server).await;
    let mut said = 0;
    drive(&mut [&mut anna.client, &mut ben.client], |clients| {
        while said < 2000 && clients[0].try_say("data", false, br#"{"topic":"x"}"#) {
            said += 1;
        }
        said == 2000
    })
    .await;
    let Party { member, client } = &mut anna;
    let clients = &mut [client, &mut ben.client];
    let told = tokio::select! {
        told = next_error(member) => told,
        () = drive(clients, |_| false) => unreachable!("it is never done"),
    };
    assert_eq!((&told["code"], &told["label"]), (&json!(103), &json!("data")));
    assert_eq!(anna.client.channels.len(), 2);
}

#[tokio::test]
async fn who_is_slow_loses_its_channel_and_nobody_waits_for_it() {
    let server = serve();
    let [mut anna, mut ben] = pair(&server).await;
    let labels = ["data", "data-lossy"];
    let mut cleo = join(server.http(), "cleo", 3, &labels).await;
    let mut dora = join(server.http(), "dora", 4, &labels).await;
    // Cleo's client stands still from here on. The others say more than may wait for it.
    let piece = [&[0][..], &vec![7; 50_000]].concat();
    let mut said = [0; 3];
    drive(&mut [&mut anna.client, &mut ben.client, &mut dora.client], |clients| {
        for (client, said) in clients.iter_mut().zip(&mut said) {
            while *said < 20 && client.try_say("data", true, &piece) {
                *said += 1;
            }
        }
        clients.iter().all(|client| client.messages.len() == 40)
    })
    .await;
    let error = next_error(&mut cleo.member).await;
    assert_eq!((&error["code"], &error["label"]), (&json!(114), &json!("data")));
    assert!(anna.client.try_say("data", false, br#"{"topic":"after"}"#));
    let clients = &mut [&mut anna.client, &mut ben.client];
    let heard = tokio::select! {
        heard = cleo.member.hear("data") => heard,
        () = drive(clients, |_| false) => unreachable!("it is never done"),
    };
    assert_eq!(heard["topic"], "after", "by signalling from then on");
    drive(&mut [&mut cleo.client], |clients| clients[0].channels.len() == 1).await;
    assert_eq!(cleo.client.channels[0].1, "data-lossy");
    let came = cleo.client.messages.iter().map(Vec::len).sum::<usize>();
    assert!((1_900_000..=2_200_000).contains(&came), "what waited was delivered: {came}");
}

#[tokio::test]
async fn lossy_messages_do_not_pile_up_for_who_is_slow() {
    let server = serve();
    let [mut anna, mut ben] = pair(&server).await;
    let piece = [&[0][..], &vec![7; 10_000]].concat();
    let mut said = 0;
    // Ben's client stands still meanwhile.
    drive(&mut [&mut anna.client], |clients| {
        while said < 100 && clients[0].try_say("data-lossy", true, &piece) {
            said += 1;
        }
        said == 100
    })
    .await;
    let mut last = false;
    drive(&mut [&mut anna.client, &mut ben.client], |clients| {
        last = last || clients[0].try_say("data", false, br#"{"topic":"last"}"#);
        clients[1].messages.iter().any(|message| message.starts_with(b"{"))
    })
    .await;
    let came = ben.client.messages.len() - 1;
    assert!(came <= LOSSY_PIECES_MAX, "{came} came");
    assert_eq!(ben.client.channels.len(), 2);
}

/// As many as fit into 64 KiB, one beyond, and some that are said while the last ones go.
const LOSSY_PIECES_MAX: usize = 20;

#[tokio::test]
async fn a_channel_shares_the_connection_with_the_picture_and_its_end_ends_nothing_else() {
    let server = serve();
    let mut anna = Member::join(server.http(), "anna", None).await;
    let mut ben = Member::join(server.http(), "ben", None).await;
    let (mut camera, mut screen) = (Client::udp(1).await, Client::udp(2).await);
    let offer = camera.offer(&[(MediaKind::Video, Direction::SendOnly)]);
    let face = offer.mids[0];
    anna.connect(&mut camera, offer, &json!([{"mid": face.to_string(), "source": "camera"}])).await;
    let offer = screen.offer(&[(MediaKind::Video, Direction::RecvOnly)]);
    let eye = offer.mids[0];
    ben.connect(&mut screen, offer, &json!([])).await;
    let wish = json!({"mid": eye.to_string(), "remoteUid": "anna", "source": "camera", "width": 640, "height": 360});
    ben.say(&json!({"cmd": "subscribe", "slots": [wish]})).await;
    let offer = camera.offer_data(&["data"]);
    anna.connect(&mut camera, offer, &json!([{"mid": face.to_string(), "source": "camera"}])).await;
    drive(&mut [&mut camera], |clients| clients[0].channels.len() == 1).await;
    watch(&mut camera, face, &mut [(&mut screen, eye)], 0).await;
    let (id, _) = camera.channels[0].clone();
    camera.rtc.direct_api().close_data_channel(id);
    watch(&mut camera, face, &mut [(&mut screen, eye)], 1000).await;
    assert!(camera.channels.is_empty() && camera.rtc.is_alive());
}
