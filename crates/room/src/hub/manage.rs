//! What a program of the operator asks about rooms, and does to them.

use std::{
    ops::Bound,
    time::{Duration, Instant},
};

use rand_chacha::rand_core::Rng as _;
use serde_json::value::RawValue;

use crate::{
    Hub, Output,
    absence::Kept,
    error::Error,
    event::{EventMember, RoomEvent, RoomEventKind},
    id::{RoomId, Uid},
    limit::{admits, fits},
    manage::{
        KEEP_SECONDS, KEEP_SECONDS_MAX, Manage, ManageError, Managed, MemberReport, PolicyChange, RoomList, RoomReport,
        RoomSeats, RoomSummary, ShotReport, WaiterReport,
    },
    member::Member,
    message::{Action, DATA_BYTES_MAX, is_topic},
    reply::Reply,
    room::{DoorPolicy, Room, RoomPolicy},
    schedule::Timer,
    show::StreamPolicy,
    take::RecordingPolicy,
    topology::{PEERS_MAX, Topology, Turn},
};

impl Hub {
    /// A program of the operator asks for something. What it has changed comes out as after every input.
    ///
    /// # Errors
    /// When it cannot be done; then nothing has changed.
    pub fn handle_manage(&mut self, now: Instant, request: Manage) -> Result<Managed, ManageError> {
        self.begin(now);
        match request {
            Manage::List { after, limit } => Ok(Managed::Rooms(self.list(after.as_deref(), limit))),
            Manage::Inspect { room } => self.report(&self.room_named(&room)?).map(Managed::Room),
            Manage::Seats { room } => self.seats(&self.room_named(&room)?).map(Managed::Seats),
            Manage::Create { room, policy } => self.create(room.as_deref(), policy),
            Manage::Change { room, policy } => {
                let room = self.room_named(&room)?;
                self.change(&room, policy)?;
                self.report(&room).map(Managed::Room)
            }
            Manage::Remove { room, uid, ban } => {
                let uid = Uid::new(&uid).ok_or(ManageError::NoMember)?;
                self.act_from_outside(&room, Action::Remove { uid, ban })
            }
            Manage::Mute { room, uid, source } => {
                let uid = uid.map(|uid| Uid::new(&uid).ok_or(ManageError::NoMember)).transpose()?;
                self.act_from_outside(&room, Action::Mute { uid, source })
            }
            Manage::Data { room, uid, topic, data } => self.data_from_outside(&room, uid.as_deref(), &topic, &data),
            Manage::Record { room, on } => {
                let room = self.room_named(&room)?;
                let done = if on { self.begin_take(&room, Uid::server(), String::new()) } else { self.end_take(&room) };
                done.map_err(|error| show_error(&error))?;
                self.report(&room).map(Managed::Room)
            }
            Manage::Show { room, shot } => self.show_from_outside(&room, shot),
            Manage::End { room } => self.act_from_outside(&room, Action::End),
        }
    }

    /// Sends away who waits for a room that is kept no longer, and forgets it.
    pub(super) fn expire(&mut self, room_id: &RoomId) {
        if let Some(room) = self.rooms.get_mut(room_id) {
            room.idle_until = None;
            self.close_room(room_id);
        }
    }

    /// The last member has gone: a room that the API has made waits for the next one. Who waits in a lobby that is there
    /// no longer is sent away, as where a room ends.
    pub(super) fn rest_or_close(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let Some(seconds) = room.policy.keep_seconds else { return self.close_room(room_id) };
        // The room is there, so there is no fault.
        let _ = self.end_take(room_id);
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        room.rest();
        let lobby = room.policy.lobby;
        self.keep(room_id, seconds);
        self.reset_plane(room_id);
        if !lobby {
            // With everybody meant, it finds no fault.
            let _ = self.deny(room_id, None);
        }
    }

    fn keep(&mut self, room_id: &RoomId, seconds: u32) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let until = self.now + Duration::from_secs(seconds.into());
        room.idle_until = Some(until);
        self.schedule.set(until, Timer::Idle(room_id.clone()));
    }

    /// Somebody comes into the room.
    pub(super) fn wake(&mut self, room_id: &RoomId) {
        let until = self.rooms.get_mut(room_id).and_then(|room| room.idle_until.take());
        if let Some(until) = until {
            self.schedule.cancel(until, Timer::Idle(room_id.clone()));
        }
    }

    /// Tells the operator what has happened.
    pub(super) fn note(&mut self, room_id: &RoomId, kind: RoomEventKind) {
        if self.config.events {
            let (at, room_id) = (self.unix_ms(), room_id.as_str().to_owned());
            self.outputs.push_back(Output::Event(RoomEvent { at, room_id, kind }));
        }
    }

    fn room_named(&self, room: &str) -> Result<RoomId, ManageError> {
        let room = RoomId::new(room).ok_or(ManageError::NoRoom)?;
        if self.rooms.contains_key(&room) { Ok(room) } else { Err(ManageError::NoRoom) }
    }

    fn list(&self, after: Option<&str>, limit: usize) -> RoomList {
        let from = after.and_then(RoomId::new).map_or(Bound::Unbounded, Bound::Excluded);
        let mut rooms = self.rooms.range((from, Bound::Unbounded));
        let summaries: Vec<RoomSummary> = rooms.by_ref().take(limit).map(|(id, room)| summary(id, room)).collect();
        let more = rooms.next().is_some();
        let next = summaries.last().filter(|_| more).map(|room| room.room_id.clone());
        RoomList { rooms: summaries, next }
    }

    fn seats(&self, room_id: &RoomId) -> Result<RoomSeats, ManageError> {
        let room = self.rooms.get(room_id).ok_or(ManageError::NoRoom)?;
        let seat = |member: &Member| member.media.as_ref().map(|seat| seat.peer);
        let seats = room.members().iter().map(seat).collect();
        Ok(RoomSeats { report: self.report(room_id)?, media_room: room.plane.media_room(), seats })
    }

    fn report(&self, room_id: &RoomId) -> Result<RoomReport, ManageError> {
        let room = self.rooms.get(room_id).ok_or(ManageError::NoRoom)?;
        let waiter = |waiter: &crate::room::Waiter| WaiterReport {
            uid: waiter.uid.as_str().to_owned(),
            name: waiter.name().to_owned(),
        };
        Ok(RoomReport {
            room_id: room_id.as_str().to_owned(),
            name: room.policy.name.clone().unwrap_or_default(),
            topology: self.topology(Some(room)),
            mode: room.plane.mode(),
            members_max: self.capacity(room),
            lobby: room.policy.lobby,
            locked: room.policy.locked,
            stream: room.policy.stream,
            viewers: room.air.viewers,
            shown: room.air.stage.pinned().map(|(uid, source)| {
                let (uid, source) = (uid.as_str().to_owned(), *source);
                ShotReport { uid, source }
            }),
            recording: self.recording_policy(room),
            recorded_since: room.take.as_ref().map(|take| take.since),
            keep_seconds: room.policy.keep_seconds,
            started_at: room.started_at,
            members: room.members().iter().map(member_report).collect(),
            waiting: room.waiters().iter().map(waiter).collect(),
        })
    }

    fn create(&mut self, room: Option<&str>, change: PolicyChange) -> Result<Managed, ManageError> {
        self.check_policy(&change)?;
        let room_id = match room {
            Some(room) => RoomId::new(room).ok_or(ManageError::Invalid { field: "roomId" })?,
            None => self.draw_room(),
        };
        if self.rooms.contains_key(&room_id) {
            return Err(ManageError::RoomExists);
        }
        self.check_stream(&room_id, &change, &RoomPolicy::default(), &[])?;
        if self.draining {
            return Err(ManageError::Draining);
        }
        if !admits(self.config.limits.rooms, self.rooms.len() + self.srs_rooms.len()) {
            return Err(ManageError::TooManyRooms);
        }
        let mut policy = RoomPolicy { keep_seconds: Some(KEEP_SECONDS), ..RoomPolicy::default() };
        amend(&mut policy, change);
        self.open_room(&room_id, None, policy);
        self.rest_or_close(&room_id);
        self.report(&room_id).map(Managed::Room)
    }

    fn change(&mut self, room_id: &RoomId, change: PolicyChange) -> Result<(), ManageError> {
        self.check_policy(&change)?;
        let room = self.rooms.get(room_id).ok_or(ManageError::NoRoom)?;
        self.check_stream(room_id, &change, &room.policy, room.members())?;
        let through_server = room.plane.through_server();
        let turns = !room.members().is_empty();
        match change.topology {
            Some(Topology::Sfu) if turns && !through_server && !room.members().iter().all(Member::can_media) => {
                return Err(ManageError::Incapable);
            }
            Some(Topology::P2p) if through_server && room.members().len() > PEERS_MAX as usize => {
                return Err(ManageError::TooManyMembers);
            }
            Some(_) | None => {}
        }
        let (topology, lobby_ends) = (change.topology, change.lobby == Some(false) && room.policy.lobby);
        let Some(room) = self.rooms.get_mut(room_id) else { return Err(ManageError::NoRoom) };
        let DoorPolicy { lobby, locked, stream } = room.door_at_rest;
        room.door_at_rest = DoorPolicy {
            lobby: change.lobby.unwrap_or(lobby),
            locked: change.locked.unwrap_or(locked),
            stream: change.stream.unwrap_or(stream),
        };
        amend(&mut room.policy, change);
        if let (Some(_), Some(seconds)) = (room.idle_until, room.policy.keep_seconds) {
            self.wake(room_id);
            self.keep(room_id, seconds);
        }
        match topology {
            Some(Topology::Sfu) if turns => self.turn_to_server(room_id, Turn::Policy),
            Some(Topology::P2p) => self.turn_to_members(room_id, Turn::Policy),
            Some(_) | None => {}
        }
        if self.rooms.get(room_id).is_some_and(|room| self.recording_policy(room) == RecordingPolicy::Off) {
            // The room is there, so there is no fault.
            let _ = self.end_take(room_id);
        }
        self.settle_air(room_id);
        self.tell_door(room_id);
        if lobby_ends {
            // One who does not fit waits on.
            let _ = self.admit(room_id, None);
        }
        Ok(())
    }

    fn act_from_outside(&mut self, room: &str, action: Action) -> Result<Managed, ManageError> {
        let room = self.room_named(room)?;
        let ends = action == Action::End;
        self.act(&room, &Uid::server(), action).map_err(|error| {
            if matches!(error, Error::PeerVersion) { ManageError::Incapable } else { ManageError::NoMember }
        })?;
        // The last member of a room may have been removed.
        if ends || !self.rooms.contains_key(&room) { Ok(Managed::Ended) } else { self.report(&room).map(Managed::Room) }
    }

    fn show_from_outside(&mut self, room: &str, shot: Option<ShotReport>) -> Result<Managed, ManageError> {
        let of_member = |ShotReport { uid, source }| {
            if !source.is_picture() {
                return Err(ManageError::Invalid { field: "source" });
            }
            Ok((Uid::new(&uid).ok_or(ManageError::NoMember)?, source))
        };
        self.act_from_outside(room, Action::Show { shot: shot.map(of_member).transpose()? })
    }

    fn data_from_outside(
        &mut self,
        room: &str,
        uid: Option<&str>,
        topic: &str,
        data: &str,
    ) -> Result<Managed, ManageError> {
        let room_id = self.room_named(room)?;
        if !is_topic(topic) {
            return Err(ManageError::Invalid { field: "topic" });
        }
        let data = RawValue::from_string(data.to_owned()).ok().filter(|data| data.get().len() <= DATA_BYTES_MAX);
        let data = data.ok_or(ManageError::Invalid { field: "data" })?;
        let server = Uid::server();
        let text_for = |room_id: &RoomId| Reply::Data { room_id, uid: &server, topic, data: &data }.text();
        let Some(room) = self.rooms.get_mut(&room_id) else { return Err(ManageError::NoRoom) };
        match uid {
            None => room.tell_online(&mut self.outputs, |to| Some(text_for(&to.room))),
            Some(uid) => {
                let member = Uid::new(uid).and_then(|uid| room.member_mut(&uid)).ok_or(ManageError::NoMember)?;
                if !member.v2() {
                    return Err(ManageError::Incapable);
                }
                let (kept, text) = (Kept::Speech(server.clone()), text_for(&member.room));
                let told = member.tell(kept, text, &self.config.limits, &mut self.outputs);
                told.map_err(|_| ManageError::AbsentFull)?;
            }
        }
        self.report(&room_id).map(Managed::Room)
    }

    fn check_policy(&self, change: &PolicyChange) -> Result<(), ManageError> {
        let limits = &self.config.limits;
        let invalid = |field| Err(ManageError::Invalid { field });
        if let Some(name) = &change.name
            && (!fits(limits.name_bytes, name.len()) || name.chars().any(char::is_control))
        {
            return invalid("name");
        }
        if change.keep_seconds.is_some_and(|seconds| seconds > KEEP_SECONDS_MAX) {
            return invalid("keepSeconds");
        }
        if change.topology == Some(Topology::Sfu) && !self.config.media {
            return Err(ManageError::NoMedia);
        }
        Ok(())
    }

    /// Whether a room that is like this can be watched, if it is to be.
    fn check_stream(
        &self,
        room_id: &RoomId,
        change: &PolicyChange,
        policy: &RoomPolicy,
        members: &[Member],
    ) -> Result<(), ManageError> {
        let is_recorded = self.rooms.get(room_id).is_some_and(|room| room.take.is_some());
        if change.stream.unwrap_or(policy.stream) == StreamPolicy::Off && !is_recorded {
            return Ok(());
        }
        let checked = self.check_shows(room_id, change.topology.or(policy.topology), members);
        checked.map_err(|error| show_error(&error))
    }

    /// An id that people can read out: three, four and three letters.
    fn draw_room(&mut self) -> RoomId {
        let mut letters = |count: usize| -> String {
            let letter = |_| char::from(b'a' + u8::try_from(self.rng.next_u32() % 26).expect("26 letters fit a byte"));
            (0..count).map(letter).collect()
        };
        let text = format!("{}-{}-{}", letters(3), letters(4), letters(3));
        RoomId::new(&text).expect("letters and dashes are an id")
    }
}

/// Why a room cannot be watched or recorded, as it is told outside.
fn show_error(error: &Error) -> ManageError {
    if matches!(error, Error::NoMedia) {
        ManageError::NoMedia
    } else if matches!(error, Error::PeerVersion) {
        ManageError::Incapable
    } else if matches!(error, Error::NotRecordable) {
        ManageError::NotRecordable
    } else {
        ManageError::Invalid { field: "stream" }
    }
}

/// A member as it is told outside.
pub(super) fn event_member(member: &Member) -> EventMember {
    let Member { uid, name, role, .. } = member;
    EventMember { uid: uid.as_str().to_owned(), name: name.clone(), role: role.clone() }
}

fn amend(policy: &mut RoomPolicy, change: PolicyChange) {
    let PolicyChange { name, topology, members_max, lobby, locked, stream, recording, keep_seconds } = change;
    if let Some(name) = name {
        policy.name = (!name.is_empty()).then_some(name);
    }
    policy.topology = topology.or(policy.topology);
    if let Some(members_max) = members_max {
        policy.members_max = (members_max > 0).then_some(members_max);
    }
    policy.lobby = lobby.unwrap_or(policy.lobby);
    policy.locked = locked.unwrap_or(policy.locked);
    policy.stream = stream.unwrap_or(policy.stream);
    policy.recording = recording.or(policy.recording);
    policy.keep_seconds = keep_seconds.or(policy.keep_seconds);
}

fn summary(id: &RoomId, room: &Room) -> RoomSummary {
    RoomSummary {
        room_id: id.as_str().to_owned(),
        name: room.policy.name.clone().unwrap_or_default(),
        mode: room.plane.mode(),
        members: room.members().len(),
        waiting: room.waiters().len(),
        started_at: room.started_at,
    }
}

fn member_report(member: &Member) -> MemberReport {
    let seat = member.media.as_ref();
    MemberReport {
        uid: member.uid.as_str().to_owned(),
        name: member.name.clone(),
        role: member.role.clone(),
        v: member.version(),
        connection: member.connection(),
        media: seat.is_some_and(|seat| seat.connected),
        tracks: seat.map_or_else(Vec::new, |seat| seat.tracks.iter().map(|track| track.source).collect()),
        muted: member.muted.iter().copied().collect(),
    }
}
