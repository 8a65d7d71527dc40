//! One member of a room under load: joins, sends what the plan says, and wishes to have everything that the others send.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Door, Population};
use crate::member::{Event, Member, Seat};
use crate::slots::Slots;
use crate::{Error, PeerKey};

/// Who attends where.
pub(super) struct Attendee {
    pub(super) population: Arc<Population>,
    pub(super) room: String,
    pub(super) sends: bool,
    pub(super) door: Door,
}

impl Attendee {
    /// Stays until `stopped` says so.
    pub(super) async fn attend(self, mut stopped: watch::Receiver<bool>) -> Result<(), Error> {
        let began = self.population.now();
        let seat = Seat { name: if self.sends { "sender" } else { "watcher" }.into(), token: self.door.token.clone() };
        let mut member = Member::join(&self.door.address, &self.room, &seat, self.door.trust).await?;
        member.wait_for_server(WAIT_FOR_SERVER).await?;
        let mut peer = self.population.peer(self.door.transport, member.local())?;
        let plan = self.population.plan();
        if !plan.feedback {
            peer.leave_out_feedback();
        }
        let (mut media, sources) = if self.sends { self.population.sent_media() } else { Default::default() };
        let others = match (self.sends, plan.mutual) {
            (true, true) => plan.publishers.saturating_sub(1),
            (true, false) => 0,
            (false, _) => plan.publishers,
        };
        let sent = media.len();
        media.extend(self.population.received_media(others));
        media.extend(self.population.idle_media());
        let mids = member.negotiate(&mut peer, &media, &sources).await?;
        let (sent_mids, received_mids) = mids.split_at(sent);
        let slots = Slots::new(received_mids.iter().zip(media.iter().skip(sent)));
        let camera = sent_mids.last().map(ToString::to_string);
        let publications = if self.sends { self.population.publications(sent_mids) } else { Vec::new() };
        let data = if self.sends { self.population.data() } else { None };
        let key = self.population.add(peer, publications, data, began, !self.sends || plan.mutual);
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

/// A room turns when its third member joins.
const WAIT_FOR_SERVER: std::time::Duration = std::time::Duration::from_secs(60);
