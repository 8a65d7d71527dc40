//! The members of one room, and how it is kept.

use std::{
    collections::{BTreeMap, VecDeque},
    mem,
    time::Instant,
};

use crate::{
    ConnId, Output,
    absence::Kept,
    address::Source,
    config::Limits,
    error::Error,
    history::History,
    id::Uid,
    media::MediaPeerId,
    member::Member,
    message::Join,
    policy::{Pass, TokenMark},
    show::{Part, Show, StreamPolicy},
    stage::Stage,
    standing::Standings,
    take::{RecordingPolicy, Take},
    topology::{Plane, Topology},
};

/// A room exists from its first member to its last, or as long as the API keeps it.
#[derive(Debug)]
pub(crate) struct Room {
    /// Whose budget of rooms this one is in; a room that the API made is in nobody's.
    pub(crate) opener: Option<Source>,
    pub(crate) policy: RoomPolicy,
    /// How the door stands when a meeting begins: as the API wants it, whatever moderators do meanwhile.
    pub(crate) door_at_rest: DoorPolicy,
    pub(crate) plane: Plane,
    pub(crate) history: History,
    /// In milliseconds since the Unix epoch.
    pub(crate) started_at: u64,
    /// When the second member came, since when people talk here: in milliseconds since the Unix epoch.
    pub(crate) meeting_since: Option<u64>,
    /// Until when the room is kept, while it has no members.
    pub(crate) idle_until: Option<Instant>,
    /// In the order in which they came. Bounded by `limits.members`.
    members: Vec<Member>,
    /// In the order in which they came. Bounded by [`WAITERS_MAX`].
    waiters: Vec<Waiter>,
    bans: Bans,
    pub(crate) standings: Standings,
    pub(crate) air: Air,
    /// The recording that goes on.
    pub(crate) take: Option<Take>,
}

/// What audiences see of a room.
#[derive(Debug, Default)]
pub(crate) struct Air {
    /// What was said of it last. At most two for each member, and the stage.
    pub(crate) shows: BTreeMap<Part, Show>,
    pub(crate) stage: Stage,
    /// When the stage is looked at again.
    pub(crate) stage_at: Option<Instant>,
    /// How many watch.
    pub(crate) viewers: u32,
}

/// What was decided for one room.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoomPolicy {
    /// What people call it.
    pub(crate) name: Option<String>,
    /// Instead of the server's.
    pub(crate) topology: Option<Topology>,
    /// Instead of `limits.members`, which stays the upper bound.
    pub(crate) members_max: Option<u32>,
    pub(crate) lobby: bool,
    pub(crate) locked: bool,
    /// Who may watch without being a member.
    pub(crate) stream: StreamPolicy,
    /// Instead of the server's.
    pub(crate) recording: Option<RecordingPolicy>,
    /// How long the room lasts without members; `None` for one that the API has not made.
    pub(crate) keep_seconds: Option<u32>,
}

/// How the door of a room is to stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DoorPolicy {
    pub(crate) lobby: bool,
    pub(crate) locked: bool,
    pub(crate) stream: StreamPolicy,
}

/// Somebody who waits in the lobby.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) conn: ConnId,
    pub(crate) source: Source,
    pub(crate) uid: Uid,
    pub(crate) join: Join,
    pub(crate) pass: Pass,
}

impl Waiter {
    pub(crate) fn name(&self) -> &str {
        self.pass.name.as_deref().or(self.join.name.as_deref()).unwrap_or_default()
    }
}

/// Who may not come in again.
#[derive(Debug, Default)]
struct Bans {
    /// The oldest first. Bounded by [`BANS_MAX`].
    entries: VecDeque<Ban>,
}

/// Whom a ban keeps out: who has one of these.
#[derive(Debug)]
pub(crate) struct Ban {
    pub(crate) uid: Uid,
    pub(crate) token: Option<TokenMark>,
    /// Of who came without a token, and so could come again under any uid.
    pub(crate) address: Option<Source>,
}

impl Room {
    pub(crate) fn new(opener: Option<Source>, policy: RoomPolicy, started_at: u64) -> Self {
        Self {
            opener,
            door_at_rest: DoorPolicy { lobby: policy.lobby, locked: policy.locked, stream: policy.stream },
            policy,
            plane: Plane::Members,
            history: History::default(),
            started_at,
            meeting_since: None,
            idle_until: None,
            members: Vec::new(),
            waiters: Vec::new(),
            bans: Bans::default(),
            standings: Standings::default(),
            air: Air::default(),
            take: None,
        }
    }

    /// Whether its media has to go through the server for somebody who is not in it.
    pub(crate) fn is_shown(&self) -> bool {
        self.policy.stream != StreamPolicy::Off || self.take.is_some()
    }

    /// Whether somebody is in it who has no other way to the members than the media server.
    pub(crate) fn has_encoder(&self) -> bool {
        self.members.iter().any(Member::is_encoder)
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(crate) fn members_mut(&mut self) -> impl Iterator<Item = &mut Member> {
        self.members.iter_mut()
    }

    pub(crate) fn member(&self, uid: &Uid) -> Option<&Member> {
        self.members.iter().find(|member| member.uid == *uid)
    }

    pub(crate) fn member_mut(&mut self, uid: &Uid) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.uid == *uid)
    }

    /// The seat of a connection, which has at most one in a room.
    pub(crate) fn member_of(&self, conn: ConnId) -> Option<&Member> {
        self.members.iter().find(|member| member.conn() == Some(conn))
    }

    pub(crate) fn member_of_mut(&mut self, conn: ConnId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.conn() == Some(conn))
    }

    /// Who has this place at the media server.
    pub(crate) fn member_at(&self, peer: MediaPeerId) -> Option<&Member> {
        self.members.iter().find(|member| member.media.as_ref().is_some_and(|seat| seat.peer == peer))
    }

    /// Who may come back with this resume token.
    pub(crate) fn member_with_ticket(&self, shown: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.ticket.as_ref().is_some_and(|ticket| ticket.opens_with(shown)))
    }

    /// The meeting has ended, and another one may begin here: what belongs to this one only is forgotten. A lock or a
    /// lobby of its moderators would shut out everybody who comes. Bans stay, or who is banned would wait for the end.
    pub(crate) fn rest(&mut self) {
        self.history = History::default();
        self.meeting_since = None;
        self.air.viewers = 0;
        self.standings = Standings::default();
        DoorPolicy { lobby: self.policy.lobby, locked: self.policy.locked, stream: self.policy.stream } =
            self.door_at_rest;
    }

    pub(crate) fn seat(&mut self, member: Member) {
        debug_assert!(self.member(&member.uid).is_none(), "one seat for one uid");
        self.members.push(member);
    }

    pub(crate) fn unseat(&mut self, uid: &Uid) -> Option<Member> {
        let index = self.members.iter().position(|member| member.uid == *uid)?;
        let member = self.members.remove(index);
        self.standings.keep(&member);
        self.air.stage.forget(uid);
        Some(member)
    }

    /// Sends to every member but `except` the text that `text_for` makes for it, if any. Who is reconnecting gets it
    /// later: `kept` is not what one says to another alone.
    pub(crate) fn tell_others(
        &mut self,
        except: &Uid,
        kept: &Kept,
        limits: &Limits,
        outputs: &mut VecDeque<Output>,
        text_for: impl Fn(&Member) -> Option<String>,
    ) {
        for member in self.members.iter_mut().filter(|member| member.uid != *except) {
            if let Some(text) = text_for(member) {
                member.tell(kept.clone(), text, limits, outputs).expect("what is for all is always kept");
            }
        }
    }

    /// Sends to every v2 member the text that `text_for` makes for it, if any. Who is reconnecting learns the same from
    /// the next `joined`.
    pub(crate) fn tell_online(&self, outputs: &mut VecDeque<Output>, text_for: impl Fn(&Member) -> Option<String>) {
        for member in self.members.iter().filter(|member| member.v2()) {
            if let Some(text) = text_for(member) {
                member.tell_if_online(text, outputs);
            }
        }
    }

    pub(crate) fn waiters(&self) -> &[Waiter] {
        &self.waiters
    }

    pub(crate) fn waiter(&self, uid: &Uid) -> Option<&Waiter> {
        self.waiters.iter().find(|waiter| waiter.uid == *uid)
    }

    pub(crate) fn waits(&self, conn: ConnId) -> bool {
        self.waiters.iter().any(|waiter| waiter.conn == conn)
    }

    /// Lets somebody wait. When the lobby is full, the last of the address that has most there gives way, if that
    /// address has more than the newcomer's will have: nobody fills a lobby alone.
    ///
    /// # Errors
    /// When there is no place, or its address has as many there as it may have; then nothing has changed.
    pub(crate) fn wait(&mut self, waiter: Waiter) -> Result<Displaced, Error> {
        let gives_way = |other: &Waiter| other.conn == waiter.conn || other.uid == waiter.uid;
        let stay = || self.waiters.iter().filter(|other| !gives_way(other));
        let share_of = |source: Source| stay().filter(|other| other.source == source).count();
        let share = share_of(waiter.source);
        if share >= WAITERS_PER_ADDRESS_MAX {
            return Err(Error::LobbyShareFull { waiting: WAITERS_PER_ADDRESS_MAX });
        }
        let mut crowded_out = None;
        if stay().count() >= WAITERS_MAX {
            let crowd = stay().max_by_key(|other| share_of(other.source)).map(|other| other.source);
            let crowd = crowd.filter(|crowd| share_of(*crowd) > share + 1);
            let last = crowd.and_then(|crowd| stay().rfind(|other| other.source == crowd));
            crowded_out = Some(last.ok_or(Error::LobbyFull { waiting: WAITERS_MAX })?.conn);
        }
        let crowded_out = crowded_out.and_then(|conn| self.take_waiter(|other| other.conn == conn));
        let (former, mut stay): (Vec<_>, Vec<_>) = mem::take(&mut self.waiters).into_iter().partition(gives_way);
        stay.push(waiter);
        self.waiters = stay;
        Ok(Displaced { former, crowded_out })
    }

    pub(crate) fn take_waiter(&mut self, picks: impl Fn(&Waiter) -> bool) -> Option<Waiter> {
        let index = self.waiters.iter().position(picks)?;
        Some(self.waiters.remove(index))
    }

    /// Keeps somebody out for the rest of the room's life.
    pub(crate) fn ban(&mut self, ban: Ban) {
        if self.bans.entries.len() >= BANS_MAX {
            self.bans.entries.pop_front();
        }
        self.bans.entries.push_back(ban);
    }

    /// Whether one with this uid and this token, or with none from this address, may not come in.
    pub(crate) fn is_banned(&self, uid: &Uid, token: Option<TokenMark>, address: Source) -> bool {
        self.bans.entries.iter().any(|ban| {
            let same = if token.is_some() { ban.token == token } else { ban.address == Some(address) };
            ban.uid == *uid || same
        })
    }
}

/// Who waits no longer.
#[derive(Debug)]
pub(crate) struct Displaced {
    /// The same connection, or the same uid, as who has come.
    pub(crate) former: Vec<Waiter>,
    /// One of an address that had more than its share, in a lobby that was full.
    pub(crate) crowded_out: Option<Waiter>,
}

/// Who waits in the lobby of one room.
pub(crate) const WAITERS_MAX: usize = 100;
/// Who of one address waits there: an office or a school has one.
pub(crate) const WAITERS_PER_ADDRESS_MAX: usize = 64;
/// Bans that one room remembers; one more, and the oldest is forgotten.
pub(crate) const BANS_MAX: usize = 256;
