//! Meetings by the front door: WebSockets for what is said, str0m for media.

use std::net::SocketAddr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use str0m::media::{Direction, MediaKind, Mid};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use super::calls::watch;
use super::client::Offer;
use super::{Client, drive};
use crate::fixture::{PATIENCE, serve_for_test};

/// A member on its WebSocket.
pub(crate) struct Member {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    uid: &'static str,
    /// The answer to its `join`.
    pub(crate) joined: Value,
}

impl Member {
    /// Joins; with `resume`, as who has lost its connection.
    pub(crate) async fn join(http: SocketAddr, uid: &'static str, resume: Option<&Value>) -> Self {
        Self::join_with(http, uid, resume.map_or(json!({}), |resume| json!({"resume": resume}))).await
    }

    /// Joins, and says this, too.
    pub(crate) async fn join_with(http: SocketAddr, uid: &'static str, more: Value) -> Self {
        let (socket, _) = connect_async(format!("ws://{http}/ws")).await.unwrap();
        let mut member = Self { socket, uid, joined: Value::Null };
        let mut request = json!({"cmd": "join", "v": 2, "id": "1", "roomId": "standup", "uid": uid, "caps": ["media"]});
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        member.say(&request).await;
        member.joined = member.hear("joined").await;
        assert_eq!(member.joined["mode"], "sfu");
        member
    }

    pub(crate) async fn say(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message of this kind; an error is a failure.
    pub(crate) async fn hear(&mut self, cmd: &str) -> Value {
        loop {
            let message = self.next().await;
            assert_ne!(message["cmd"], "error", "{message}");
            if message["cmd"] == cmd {
                return message;
            }
        }
    }

    /// What kinds of messages have come until now.
    pub(crate) async fn catch_up(&mut self) -> Vec<String> {
        self.say(&json!({"cmd": "ping"})).await;
        let mut heard = Vec::new();
        loop {
            let message = self.next().await;
            match message["cmd"].as_str().unwrap() {
                "pong" => return heard,
                cmd => heard.push(cmd.to_owned()),
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.unwrap().unwrap().unwrap();
            if let Message::Text(text) = message {
                return serde_json::from_str(text.as_str()).unwrap();
            }
        }
    }

    /// Negotiates with the media server, and connects.
    pub(crate) async fn connect(&mut self, client: &mut Client, offer: Offer, tracks: &Value) {
        let inner =
            json!({"type": "offer", "sdp": offer.sdp, "offer": "1", "connection": client.connection, "tracks": tracks});
        let (room, uid) = ("standup", self.uid);
        let outer = json!({"cmd": "offer", "id": "2", "roomId": room, "uid": uid, "remoteUid": "@media", "msg": inner.to_string()});
        self.say(&outer).await;
        let answer = self.hear("answer").await;
        let inner: Value = serde_json::from_str(answer["msg"].as_str().unwrap()).unwrap();
        client.accept(offer, inner["sdp"].as_str().unwrap());
        drive(&mut [client], |clients| clients[0].connected).await;
    }
}

/// Anna's camera and Ben, who looks at it.
struct Meeting {
    anna: Member,
    camera: Client,
    face: Mid,
    ben: Member,
    screen: Client,
    eye: Mid,
}

impl Meeting {
    /// Both come, or come back.
    async fn begin(http: SocketAddr, tokens: [Option<&Value>; 2]) -> Self {
        let mut anna = Member::join(http, "anna", tokens[0]).await;
        let mut ben = Member::join(http, "ben", tokens[1]).await;
        let (mut camera, mut screen) = (Client::udp(1).await, Client::udp(2).await);
        let offer = camera.offer(&[(MediaKind::Video, Direction::SendOnly)]);
        let face = offer.mids[0];
        anna.connect(&mut camera, offer, &json!([{"mid": face.to_string(), "source": "camera"}])).await;
        let offer = screen.offer(&[(MediaKind::Video, Direction::RecvOnly)]);
        let eye = offer.mids[0];
        ben.connect(&mut screen, offer, &json!([])).await;
        let (mid, width, height) = (eye.to_string(), 1280, 720);
        let wish = json!({"mid": mid, "remoteUid": "anna", "source": "camera", "width": width, "height": height});
        ben.say(&json!({"cmd": "subscribe", "id": "3", "slots": [wish]})).await;
        Self { anna, camera, face, ben, screen, eye }
    }

    async fn watch(&mut self, first: u64) {
        watch(&mut self.camera, self.face, &mut [(&mut self.screen, self.eye)], first).await;
    }
}

#[tokio::test]
async fn who_loses_the_websocket_resumes_while_the_picture_goes_on_and_publishes_nothing_anew() {
    let server = serve_for_test(&["rooms.topology=sfu"]);
    let mut meeting = Meeting::begin(server.http(), [None, None]).await;
    meeting.watch(0).await;
    meeting.ben.catch_up().await;
    meeting.anna.socket.close(None).await.unwrap();
    meeting.watch(1000).await;
    let token = meeting.anna.joined["resume"].clone();
    meeting.anna = Member::join(server.http(), "anna", Some(&token)).await;
    assert_eq!(meeting.anna.joined["resumed"], true);
    meeting.watch(2000).await;
    let heard = meeting.ben.catch_up().await;
    assert!(heard.iter().any(|cmd| cmd == "peer-state"), "{heard:?}");
    let unheard = ["tracks", "peer-leave", "new-peer", "mode"];
    assert!(!heard.iter().any(|cmd| unheard.contains(&cmd.as_str())), "{heard:?}");
}

#[tokio::test]
async fn after_a_restart_of_the_server_the_members_come_back_and_see_each_other() {
    let server = serve_for_test(&["rooms.topology=sfu"]);
    let http = server.http();
    let ports = [format!("http.listen={http}"), format!("udp.listen={}", server.addresses().udp[0])];
    let mut meeting = Meeting::begin(http, [None, None]).await;
    meeting.watch(0).await;
    server.server.stop().await;
    let Meeting { anna, mut camera, ben, .. } = meeting;
    drive(&mut [&mut camera], |clients| !clients[0].rtc.is_alive()).await;
    let _again = serve_for_test(&["rooms.topology=sfu", &ports[0], &ports[1]]);
    let tokens = [&anna, &ben].map(|member| Some(&member.joined["resume"]));
    let mut meeting = Meeting::begin(http, tokens).await;
    assert_eq!((&meeting.anna.joined["resumed"], &meeting.ben.joined["resumed"]), (&json!(false), &json!(false)));
    meeting.watch(1000).await;
}
