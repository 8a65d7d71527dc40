//! A server with nothing but signalling, and clients of it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, response::Response, routing::any};
use futures_util::{SinkExt as _, StreamExt as _};
use room::{Config, Opened};
use server::signal::{Handshake, Signal};
use tokio::{
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message},
};

/// Longest wait for anything that must happen. The test fails after it, so it costs nothing when all is well.
const PATIENCE: Duration = Duration::from_secs(60);

/// Signalling on a port of loopback.
pub(super) struct Server {
    pub(super) signal: Arc<Signal>,
    address: SocketAddr,
}

impl Server {
    /// With settings that let many clients come from one address.
    pub(super) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.limits.connections_per_address = 0;
        config.limits.joins_per_minute = 0;
        config.limits.rooms_per_address = 0;
        change(&mut config);
        let signal = Arc::new(Signal::spawn(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let rooms = signal.clone();
        let upgrade = move |handshake: Handshake| async move { answer(&rooms, handshake, address).await };
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/ws", any(upgrade))).await });
        Self { signal, address }
    }

    pub(super) async fn connect(&self) -> Client {
        self.try_connect().await.expect("the server lets in")
    }

    /// A client, or the HTTP status of the refusal.
    pub(super) async fn try_connect(&self) -> Result<Client, u16> {
        match connect_async(format!("ws://{}/ws", self.address)).await {
            Ok((socket, _)) => Ok(Client { socket }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("no WebSocket: {error}"),
        }
    }
}

async fn answer(signal: &Signal, handshake: Handshake, address: SocketAddr) -> Response {
    signal.upgrade(handshake, Opened::from_address(address.ip())).await
}

/// A client of whatever server, on a path of it.
pub(super) async fn connect(address: SocketAddr, path: &str) -> Client {
    let (socket, _) = connect_async(format!("ws://{address}{path}")).await.expect("the server lets in");
    Client { socket }
}

/// One WebSocket client.
pub(super) struct Client {
    pub(super) socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    /// Sends a text frame; whether the server still takes it is seen by what comes back.
    pub(super) async fn say(&mut self, text: &str) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    pub(super) async fn send(&mut self, message: Message) {
        let _ = self.socket.send(message).await;
    }

    /// The next text frame.
    pub(super) async fn hear(&mut self) -> String {
        loop {
            match self.next().await {
                Some(Message::Text(text)) => return text.as_str().to_owned(),
                Some(Message::Ping(_)) => {}
                other => panic!("not a text frame: {other:?}"),
            }
        }
    }

    /// Reads to the end; gives back the texts and the close code.
    pub(super) async fn hear_out(&mut self) -> (Vec<String>, Option<u16>) {
        let (mut texts, mut code) = (Vec::new(), None);
        while let Some(message) = self.next().await {
            match message {
                Message::Text(text) => texts.push(text.as_str().to_owned()),
                Message::Close(frame) => code = frame.map(|frame| frame.code.into()),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
        (texts, code)
    }

    /// `ping`, and everything that comes before its `pong`.
    pub(super) async fn catch_up(&mut self) -> Vec<String> {
        self.say(r#"{"cmd":"ping"}"#).await;
        let mut texts = Vec::new();
        loop {
            match self.hear().await {
                text if text == r#"{"cmd":"pong"}"# => return texts,
                text => texts.push(text),
            }
        }
    }

    async fn next(&mut self) -> Option<Message> {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("the server answers in time");
        message.and_then(Result::ok)
    }
}
