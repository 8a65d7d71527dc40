//! Its videoroom plugin, as far as rooms full of synthetic cameras need it.

use anyhow::{Context, Result};
use client::Transport;
use client::load::{Plan, Population};
use serde_json::json;

use super::{ANSWER_TIMEOUT, Handle, Session};

/// Fills its rooms as the plan says.
pub(crate) async fn fill(population: &Population) -> Result<Session> {
    let mut session = Session::open(PLUGIN).await?;
    let plan = population.plan().clone();
    for room in 1..=plan.rooms {
        session.create_room(room, &plan).await?;
        let mut feeds = Vec::new();
        for _ in 0..plan.publishers {
            feeds.push(session.publish(population, room).await?);
        }
        if plan.mutual {
            for own in &feeds {
                let others: Vec<_> = feeds.iter().copied().filter(|feed| feed != own).collect();
                session.subscribe(population, room, &others).await?;
            }
        }
        for _ in 0..plan.subscribers {
            session.subscribe(population, room, &feeds).await?;
        }
    }
    Ok(session)
}

impl Session {
    async fn create_room(&mut self, room: u32, plan: &Plan) -> Result<()> {
        let handle = self.attach().await?;
        let body = json!({
            "request": "create", "room": room, "publishers": plan.publishers, "bitrate": 0, "videocodec": "vp8",
            "audiocodec": "opus", "notify_joining": false, "audiolevel_ext": true,
        });
        self.message(handle, body, None, false).await.map(|_| ())
    }

    /// One who sends. Returns the id of its feed.
    async fn publish(&mut self, population: &Population, room: u32) -> Result<u64> {
        let began = population.now();
        let handle = self.attach().await?;
        let body = json!({"request": "join", "ptype": "publisher", "room": room});
        let joined = self.message(handle, body, None, true).await?;
        let feed = joined["plugindata"]["data"]["id"].as_u64().context("no publisher id")?;
        let mut peer = population.peer(Transport::Udp, self.socket.local)?;
        let (media, _) = population.sent_media();
        let offer = peer.offer(&media)?;
        let jsep = json!({"type": "offer", "sdp": offer.sdp, "trickle": false});
        let answered = self.message(handle, json!({"request": "publish"}), Some(jsep), true).await?;
        let sdp = answered["jsep"]["sdp"].as_str().context("no answer")?.to_owned();
        let mids = offer.mids.clone();
        peer.accept_answer(offer, &sdp)?;
        population.add(peer, population.publications(&mids), None, began, false);
        self.wait_for_media(handle).await?;
        Ok(feed)
    }

    /// One who watches these feeds over one peer connection.
    async fn subscribe(&mut self, population: &Population, room: u32, feeds: &[u64]) -> Result<()> {
        let began = population.now();
        let handle = self.attach().await?;
        let streams: Vec<_> = feeds.iter().map(|feed| json!({"feed": feed})).collect();
        let body = json!({"request": "join", "ptype": "subscriber", "room": room, "streams": streams});
        let attached = self.message(handle, body, None, true).await?;
        self.watch_offered(population, handle, &attached, began).await
    }

    /// Nobody can subscribe to a feed before its connection stands.
    async fn wait_for_media(&mut self, handle: Handle) -> Result<()> {
        let up = async {
            loop {
                let message = self.socket.receive().await?;
                if message["janus"] == "webrtcup" && message["sender"] == json!(handle.0) {
                    return Ok(());
                }
            }
        };
        tokio::time::timeout(ANSWER_TIMEOUT, up).await.context("a publisher does not get connected")?
    }
}

const PLUGIN: &str = "janus.plugin.videoroom";
