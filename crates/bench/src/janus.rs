//! Janus under measurement: its start, and its protocol by WebSocket.

pub(crate) mod rooms;
pub(crate) mod stream;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use client::load::Population;
use client::{Transport, Trust, WebSocket, WebSocketAddress};
use serde_json::{Value, json};

use crate::network::{ADDRESS, INTERFACE};
use crate::process::Process;

/// Starts it with the plugins for rooms and streams and with the WebSocket transport, which is what it needs.
pub(crate) async fn start(folder: &Path) -> Result<Process> {
    let write = |name: &str, text: String| fs::write(folder.join(name), text).with_context(|| name.to_owned());
    let general = format!(
        "general: {{\n  debug_level = 2\n  session_timeout = 0\n  plugins_folder = \"{LIBRARY}/plugins\"\n  transports_folder = \
         \"{LIBRARY}/transports\"\n}}\n"
    );
    let media = "media: {\n  rtp_port_range = \"20000-40000\"\n}\n";
    let nat = format!("nat: {{\n  ice_enforce_list = \"{INTERFACE}\"\n}}\n");
    let plugins = format!("plugins: {{\n  disable = \"{UNUSED_PLUGINS}\"\n}}\n");
    let transports = format!("transports: {{\n  disable = \"{UNUSED_TRANSPORTS}\"\n}}\n");
    write("janus.jcfg", [general.as_str(), media, &nat, &plugins, &transports].concat())?;
    let websockets =
        format!("general: {{\n  ws = true\n  ws_port = {PORT}\n  ws_ip = \"{ADDRESS}\"\n  wss = false\n}}\n");
    write("janus.transport.websockets.jcfg", websockets)?;
    for plugin in ["videoroom", "streaming"] {
        write(&format!("janus.plugin.{plugin}.jcfg"), "general: {\n}\n".into())?;
    }
    let mut command = Command::new("janus");
    command.arg("-F").arg(folder).args(["-o", "-N", "-i", &ADDRESS.to_string()]);
    command.arg("-L").arg(folder.join("janus.out"));
    Process::start(&mut command, &folder.join("janus.log"), PORT).await
}

/// Its name and version.
pub(crate) fn version() -> Result<String> {
    let output =
        Command::new("janus").arg("--version").output().context("janus is not installed: apt-get install janus")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let version = text.split(['(', ')']).nth(1).unwrap_or("of an unknown version");
    Ok(format!("janus {version}"))
}

/// The connection that keeps everybody in. Whoever drops it empties the rooms.
pub(crate) struct Session {
    socket: WebSocket,
    id: u64,
    transactions: u64,
    plugin: &'static str,
}

/// A handle of a plugin: one per peer connection.
#[derive(Clone, Copy)]
struct Handle(u64);

impl Session {
    async fn open(plugin: &'static str) -> Result<Self> {
        let address = WebSocketAddress { tls: false, host: ADDRESS.to_string(), port: PORT, path: "/".into() };
        let socket = WebSocket::connect(&address, Some("janus-protocol"), Trust::System).await?;
        let mut session = Self { socket, id: 0, transactions: 0, plugin };
        let created = session.request(json!({"janus": "create"}), false).await?;
        session.id = created["data"]["id"].as_u64().context("no session id")?;
        Ok(session)
    }

    async fn attach(&mut self) -> Result<Handle> {
        let request = json!({"janus": "attach", "plugin": self.plugin});
        let attached = self.request(request, false).await?;
        Ok(Handle(attached["data"]["id"].as_u64().context("no handle id")?))
    }

    /// A message to the plugin. Some are answered at once, some acknowledged and answered by an event.
    async fn message(&mut self, handle: Handle, body: Value, jsep: Option<Value>, by_event: bool) -> Result<Value> {
        let mut request = json!({"janus": "message", "handle_id": handle.0, "body": body});
        if let Some(jsep) = jsep {
            request["jsep"] = jsep;
        }
        let answer = self.request(request, by_event).await?;
        if let Some(error) = answer["plugindata"]["data"]["error"].as_str() {
            bail!("janus: {error}");
        }
        Ok(answer)
    }

    /// Answers what the plugin has offered to a handle that watches.
    async fn watch_offered(
        &mut self,
        population: &Population,
        handle: Handle,
        offered: &Value,
        began: Instant,
    ) -> Result<()> {
        let offer = offered["jsep"]["sdp"].as_str().context("no offer")?;
        let mut peer = population.peer(Transport::Udp, self.socket.local)?;
        let jsep = json!({"type": "answer", "sdp": peer.answer(offer)?, "trickle": false});
        self.message(handle, json!({"request": "start"}), Some(jsep), true).await?;
        population.add(peer, Vec::new(), None, began, true);
        Ok(())
    }

    async fn request(&mut self, mut request: Value, by_event: bool) -> Result<Value> {
        self.transactions += 1;
        let transaction = self.transactions.to_string();
        request["transaction"] = json!(transaction);
        if self.id != 0 {
            request["session_id"] = json!(self.id);
        }
        self.socket.send(&request).await?;
        let answer = async {
            loop {
                let message = self.socket.receive().await?;
                if message["transaction"] != json!(transaction) || (by_event && message["janus"] == "ack") {
                    continue;
                }
                if message["janus"] == "error" {
                    bail!("janus: {}", message["error"]["reason"]);
                }
                return Ok(message);
            }
        };
        tokio::time::timeout(ANSWER_TIMEOUT, answer).await.context("janus does not answer")?
    }
}

const PORT: u16 = 8188;

/// Where Debian has its plugins.
const LIBRARY: &str = "/usr/lib/x86_64-linux-gnu/janus";

const UNUSED_PLUGINS: &str = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,\
    libjanus_recordplay.so,libjanus_sip.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so";

const UNUSED_TRANSPORTS: &str =
    "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so";

const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
