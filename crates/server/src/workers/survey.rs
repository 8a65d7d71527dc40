//! Looking at the workers from outside: they are asked over their queues, and one that does not answer in time is named.

use std::time::Duration;

use futures_util::future::join_all;
use room::media::{MediaPeerId, MediaRoomId};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Desk, Handle};
use crate::media::{LookRequest, RoomLook, RoomRequest, Weighed};
use crate::worker::{Command, Stats};

/// One worker at this moment.
#[derive(Debug, Clone, Copy)]
pub struct WorkerSurvey {
    /// Commands that wait for it.
    pub queued: usize,
    /// What it has counted; `None` if it did not answer within a second.
    pub stats: Option<Stats>,
}

/// What the workers see of a room.
#[derive(Debug, Clone, Default)]
pub struct RoomSurvey {
    /// By their numbers; `None` if one did not answer within a second.
    pub looks: Vec<Option<RoomLook>>,
}

impl Handle {
    /// Asks every worker what it has counted, in the order of their numbers.
    pub async fn survey(&self) -> Vec<WorkerSurvey> {
        let desks = self.shared.desks.iter();
        let asked = desks.map(|desk| async move {
            let queued = desk.inbox.max_capacity() - desk.inbox.capacity();
            WorkerSurvey { queued, stats: ask(desk, Command::Stats).await }
        });
        join_all(asked).await
    }

    /// Asks every worker what it sees of `members` of a room. How many they are is the caller's affair: workers answer between packets.
    pub async fn look_at_room(&self, room: MediaRoomId, members: &[MediaPeerId]) -> RoomSurvey {
        let asked = self.shared.desks.iter().map(|desk| {
            let members = members.to_vec();
            ask(desk, move |answer| Command::Look(Box::new(LookRequest::Room(RoomRequest { room, members, answer }))))
        });
        RoomSurvey { looks: join_all(asked).await }
    }

    /// What has come from and gone to whoever publishes and views live streams; without those of a worker that did not answer within a second.
    pub(crate) async fn weigh_streams(&self) -> Weighed {
        let desks = self.shared.desks.iter();
        let asked = desks.map(|desk| ask(desk, |answer| Command::Look(Box::new(LookRequest::Streams(answer)))));
        join_all(asked).await.into_iter().flatten().flatten().collect()
    }
}

/// Asks one worker; `None` if it does not answer in time, or has ended.
pub(super) async fn ask<T>(desk: &Desk, question: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
    let (answer, answered) = oneshot::channel();
    let asked = async {
        desk.send(question(answer)).await.ok()?;
        answered.await.ok()
    };
    timeout(PATIENCE, asked).await.ok().flatten()
}

/// How long a worker may take: one that is this late has more urgent troubles.
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
