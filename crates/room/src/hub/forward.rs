//! From one member to the others: negotiation, state, chat.

use std::time::Instant;

use crate::{
    ConnId, Hub,
    error::Error,
    id::{RoomId, Uid},
    message::Request,
    policy::CHAT,
    reply::Reply,
};

impl Hub {
    /// `offer`, `answer`, `candidate` and `hangup` go to their target as they came.
    pub(super) fn forward(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        // The receiver answers to `uid`, so it must be there.
        request.uid()?.ok_or(Error::UidMismatch)?;
        let target = request.remote()?.ok_or(Error::Field { field: "remoteUid" })?;
        let sender_v2 = self.connections.get(&conn).is_some_and(|connection| connection.v2);
        let room = self.rooms.get_mut(&room_id).ok_or(Error::NotJoined)?;
        let sender = room.member(&own).ok_or(Error::NotJoined)?;
        sender.grants.demand_media()?;
        let receiver = room.member_mut(&target).filter(|member| member.uid != own).ok_or(Error::PeerNotFound)?;
        let text = if sender_v2 { request.text_without_id() } else { request.text.to_owned() };
        receiver.tell(text, &self.config.limits, &mut self.outputs);
        if receiver.overflowed() {
            self.unseat_overflowed(&room_id);
            return Err(Error::PeerNotFound);
        }
        self.counts.forwarded += 1;
        Ok(())
    }

    /// `state`: what a member publishes.
    pub(super) fn change_state(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let state = request.state()?;
        let member = self.rooms.get_mut(&room_id).and_then(|room| room.member_mut(&own)).ok_or(Error::NotJoined)?;
        member.grants.demand_state(state)?;
        member.state = state;
        self.tell_state(&room_id, &own);
        self.unseat_overflowed(&room_id);
        Ok(())
    }

    /// `chat`, to the room or to one member.
    pub(super) fn chat(&mut self, now: Instant, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let words = request.chat_text(&self.config.limits)?;
        let target = request.remote()?;
        let at = u64::try_from(self.unix_time(now).as_millis()).unwrap_or(u64::MAX);
        let room = self.rooms.get_mut(&room_id).ok_or(Error::NotJoined)?;
        let sender = room.member(&own).ok_or(Error::NotJoined)?;
        sender.grants.demand(CHAT)?;
        if let Some(target) = &target {
            let receiver = room.member(target).filter(|member| member.uid != own).ok_or(Error::PeerNotFound)?;
            if !receiver.v2() {
                return Err(Error::PeerVersion);
            }
        }
        let (uid, name, private) = (sender.uid.clone(), sender.name.clone(), target.is_some());
        room.tell_others(&own, &self.config.limits, &mut self.outputs, |to| {
            let meant = to.v2() && target.as_ref().is_none_or(|target| *target == to.uid);
            let reply = Reply::Chat { room_id: &to.room, uid: &uid, name: &name, text: &words, private, at };
            meant.then(|| reply.text())
        });
        let lost = target.is_some_and(|target| room.member(&target).is_some_and(|member| member.overflowed()));
        self.unseat_overflowed(&room_id);
        if lost { Err(Error::PeerNotFound) } else { Ok(()) }
    }

    /// Tells the others what a member publishes and how it is reached.
    pub(super) fn tell_state(&mut self, room_id: &RoomId, uid: &Uid) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let Some(member) = room.member(uid) else { return };
        let (connection, state) = (member.connection(), member.state);
        room.tell_others(uid, &self.config.limits, &mut self.outputs, |to| {
            let reply = Reply::PeerState { room_id: &to.room, remote_uid: uid, connection, state };
            to.v2().then(|| reply.text())
        });
    }
}
