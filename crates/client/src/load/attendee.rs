//! One member of a room under load: joins, sends what the plan says, and wishes to have everything that the others send.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch;

use super::{Door, Population};
use crate::member::{Event, Member, Seat, Track, Wish};
use crate::peer::Media;
use crate::{Error, PeerKey};

/// Who attends where.
pub(super) struct Attendee {
    pub(super) population: Arc<Population>,
    pub(super) room: String,
    pub(super) sends: bool,
    pub(super) door: Door,
}

/// The places of a member and what is in them.
#[derive(Default)]
struct Slots {
    /// Media descriptions without a wish, of sound and of pictures.
    free: [Vec<String>; 2],
    /// Uid and source of those that have one.
    taken: BTreeMap<(String, String), String>,
}

impl Attendee {
    /// Stays until `stopped` says so.
    pub(super) async fn attend(self, mut stopped: watch::Receiver<bool>) -> Result<(), Error> {
        let began = self.population.now();
        let seat = Seat { name: if self.sends { "sender" } else { "watcher" }.into(), token: self.door.token.clone() };
        let mut member = Member::join(&self.door.address, &self.room, &seat, self.door.trust).await?;
        member.wait_for_server(WAIT_FOR_SERVER).await?;
        let mut peer = self.population.peer(member.local())?;
        let plan = self.population.plan();
        let (mut media, sources) = if self.sends { self.population.sent_media() } else { Default::default() };
        let others = match (self.sends, plan.mutual) {
            (true, true) => plan.publishers.saturating_sub(1),
            (true, false) => 0,
            (false, _) => plan.publishers,
        };
        let sent = media.len();
        media.extend(self.population.received_media(others));
        let mids = member.negotiate(&mut peer, &media, &sources).await?;
        let (sent_mids, received_mids) = mids.split_at(sent);
        let mut slots = Slots::default();
        for (mid, media) in received_mids.iter().zip(media.iter().skip(sent)) {
            slots.free[usize::from(*media == Media::ReceiveVideo)].push(mid.to_string());
        }
        let camera = sent_mids.last().map(ToString::to_string);
        let publications = if self.sends { self.population.publications(sent_mids) } else { Vec::new() };
        let key = self.population.add(peer, publications, began, !self.sends || plan.mutual);
        let result = tokio::select! {
            result = self.follow(&mut member, key, slots, camera) => result,
            _ = stopped.wait_for(|stopped| *stopped) => Ok(()),
        };
        self.population.remove(key);
        member.leave().await;
        result
    }

    /// Does what the server tells, as long as the connection lasts.
    async fn follow(
        &self,
        member: &mut Member,
        key: PeerKey,
        mut slots: Slots,
        camera: Option<String>,
    ) -> Result<(), Error> {
        loop {
            match member.next_event().await? {
                Event::Tracks { uid, tracks } => {
                    let wishes = slots.assign(&uid, &tracks);
                    if !wishes.is_empty() {
                        member.subscribe(&wishes).await?;
                    }
                }
                Event::Left { uid } => slots.release(&uid),
                Event::Layer { source, rid, active } if source == "camera" => {
                    if let Some(mid) = &camera {
                        self.population.activate(key, mid, &rid, active);
                    }
                }
                Event::Slots(_) | Event::Layer { .. } | Event::Mode(_) | Event::Other(_) => {}
            }
        }
    }
}

impl Slots {
    /// Puts what is new into free places.
    fn assign(&mut self, uid: &str, tracks: &[Track]) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for track in tracks {
            let key = (uid.to_owned(), track.source.clone());
            if self.taken.contains_key(&key) {
                continue;
            }
            let Some(mid) = self.free[usize::from(track.video)].pop() else { continue };
            self.taken.insert(key.clone(), mid.clone());
            wishes.push(Wish { mid, track: Some(key), size_px: TILE_PX });
        }
        wishes
    }

    /// Takes back the places of somebody who is gone.
    fn release(&mut self, uid: &str) {
        let gone: Vec<_> = self.taken.keys().filter(|(owner, _)| owner == uid).cloned().collect();
        for key in gone {
            if let Some(mid) = self.taken.remove(&key) {
                let video = matches!(key.1.as_str(), "camera" | "screen");
                self.free[usize::from(video)].push(mid);
            }
        }
    }
}

/// Large enough for the best layer.
const TILE_PX: (u32, u32) = (1920, 1080);

/// A room turns when its third member joins.
const WAIT_FOR_SERVER: std::time::Duration = std::time::Duration::from_secs(60);
