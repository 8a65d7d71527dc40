//! A WebSocket that carries JSON, over TCP or TLS.

mod trust;

use std::net::IpAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::Error;
use crate::address::WebSocketAddress;
use crate::dial::{Stream, dial};

/// A connected WebSocket.
pub struct WebSocket {
    stream: WebSocketStream<Box<dyn Stream>>,
    /// The address of this machine by which the server is reached.
    pub local: IpAddr,
}

/// Which certificates are good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Those that this machine trusts.
    #[default]
    System,
    /// Any: the other side may be anybody.
    Anyone,
}

impl WebSocket {
    /// Connects; `protocol` is the subprotocol to ask for.
    ///
    /// # Errors
    /// When there is nobody, TLS fails, or what answers is no WebSocket.
    pub async fn connect(address: &WebSocketAddress, protocol: Option<&str>, trust: Trust) -> Result<Self, Error> {
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, Self::connect_in_time(address, protocol, trust)).await;
        connected.map_err(|_| Error::Timeout("the connection"))?
    }

    async fn connect_in_time(address: &WebSocketAddress, protocol: Option<&str>, trust: Trust) -> Result<Self, Error> {
        let (stream, local) = dial(address.tls, &address.host, address.port, trust).await?;
        let mut request = address.url().into_client_request().map_err(failure)?;
        if let Some(protocol) = protocol {
            let value = HeaderValue::from_str(protocol).map_err(|error| Error::WebSocket(error.to_string()))?;
            request.headers_mut().insert("Sec-WebSocket-Protocol", value);
        }
        let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES_MAX));
        let (stream, _) =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await.map_err(failure)?;
        Ok(Self { stream, local })
    }

    /// Sends a message.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&mut self, message: &Value) -> Result<(), Error> {
        self.stream.send(Message::Text(Utf8Bytes::from(message.to_string()))).await.map_err(failure)
    }

    /// The next message. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the connection is gone, or what came is no JSON.
    pub async fn receive(&mut self) -> Result<Value, Error> {
        while let Some(message) = self.stream.next().await {
            match message.map_err(failure)? {
                Message::Text(text) => {
                    return serde_json::from_str(&text).map_err(|error| Error::Unexpected(error.to_string()));
                }
                Message::Close(_) => break,
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
        Err(Error::Closed)
    }

    /// Says goodbye.
    pub async fn close(&mut self) {
        // A connection that is gone is closed.
        let _ = self.stream.close(None).await;
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for map_err")]
fn failure(error: tokio_tungstenite::tungstenite::Error) -> Error {
    Error::WebSocket(error.to_string())
}

/// TCP, TLS and the upgrade together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// An answer with a hundred media descriptions has less.
const MESSAGE_BYTES_MAX: usize = 4 << 20;
