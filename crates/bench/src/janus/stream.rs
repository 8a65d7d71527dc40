//! Its streaming plugin: plain RTP in, peer connections out.

use std::net::SocketAddr;

use anyhow::Result;
use client::load::Population;
use serde_json::json;

use super::Session;
use crate::network::ADDRESS;

/// Opens a stream, sends the camera of the plan to it, and lets the viewers of the plan come.
pub(crate) async fn fill(population: &Population) -> Result<Session> {
    let mut session = Session::open(PLUGIN).await?;
    let handle = session.attach().await?;
    let media = json!({
        "type": "video", "mid": "v", "label": "camera", "port": PORT, "pt": Population::PLAIN_PAYLOAD_TYPE, "codec": "vp8",
    });
    let body = json!({"request": "create", "type": "rtp", "id": STREAM, "media": [media]});
    session.message(handle, body, None, false).await?;
    population.send_plain(SocketAddr::new(ADDRESS, PORT))?;
    for _ in 0..population.plan().subscribers {
        session.watch(population).await?;
    }
    Ok(session)
}

impl Session {
    async fn watch(&mut self, population: &Population) -> Result<()> {
        let began = population.now();
        let handle = self.attach().await?;
        let watched = self.message(handle, json!({"request": "watch", "id": STREAM}), None, true).await?;
        self.watch_offered(population, handle, &watched, began).await
    }
}

const PLUGIN: &str = "janus.plugin.streaming";
const STREAM: u32 = 1;
/// Of UDP, for the camera.
const PORT: u16 = 5004;
