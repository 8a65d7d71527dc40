//! What members say about themselves and to each other: state, chat, data, reactions.

use crate::{
    ConnId, Hub,
    absence::Kept,
    error::Error,
    id::{RoomId, Uid},
    media::Source,
    message::Request,
    policy::{CHAT, Unmute},
    reply::{Line, Reply},
};

impl Hub {
    /// `state`: what a member publishes, and whether it wants to speak.
    pub(super) fn change_state(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let state = request.state()?;
        self.pay_for_crowd(Some(conn), &room_id, 0)?;
        let at = self.unix_ms();
        let member = self.rooms.get_mut(&room_id).and_then(|room| room.member_mut(&own)).ok_or(Error::NotJoined)?;
        member.grants.demand_state(state)?;
        let former = member.state;
        let said = [Source::Microphone, Source::Camera, Source::Screen];
        if self.config.unmute == Unmute::Moderator
            && said.iter().any(|source| member.muted.contains(source) && state.is_on(*source))
        {
            return Err(Error::Muted);
        }
        member.state = state.stamped(former, at);
        if self.config.unmute == Unmute::Member {
            for source in Source::ALL.into_iter().filter(|source| state.is_on(*source) && !former.is_on(*source)) {
                self.lift(&room_id, &own, source);
            }
        }
        self.tell_state(&room_id, &own);
        Ok(())
    }

    /// `chat`, to the room or to one member.
    pub(super) fn chat(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let words = request.chat_text(&self.config.limits)?;
        let target = request.remote()?;
        let at = self.unix_ms();
        self.check_speech(&room_id, &own, target.as_ref())?;
        if target.is_none() {
            self.pay_for_crowd(Some(conn), &room_id, words.len())?;
        }
        let room = self.rooms.get_mut(&room_id).ok_or(Error::NotJoined)?;
        let sender = room.member(&own).ok_or(Error::NotJoined)?;
        let (uid, name, private) = (sender.uid.clone(), sender.name.clone(), target.is_some());
        let text_for =
            |room_id: &RoomId| Reply::Chat { room_id, uid: &uid, name: &name, text: &words, private, at }.text();
        let limits = &self.config.limits;
        if let Some(target) = &target {
            let receiver = room.member_mut(target).ok_or(Error::PeerNotFound)?;
            return receiver.tell(Kept::Speech(own), text_for(&receiver.room), limits, &mut self.outputs);
        }
        room.tell_others(&own, &Kept::Line, limits, &mut self.outputs, |to| to.v2().then(|| text_for(&to.room)));
        room.history.keep(Line { uid, name, text: words, at });
        Ok(())
    }

    /// `data`, to the room or to one member. What is for the room is not kept for who is reconnecting: it may come
    /// many times a second.
    pub(super) fn data(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let (topic, data) = (request.topic()?, request.data()?);
        let target = request.remote()?;
        self.check_speech(&room_id, &own, target.as_ref())?;
        if target.is_none() {
            self.pay_for_crowd(Some(conn), &room_id, data.get().len())?;
        }
        let room = self.rooms.get_mut(&room_id).ok_or(Error::NotJoined)?;
        let text_for = |room_id: &RoomId| Reply::Data { room_id, uid: &own, topic: &topic, data }.text();
        match &target {
            None => room.tell_online(&mut self.outputs, |to| (to.uid != own).then(|| text_for(&to.room))),
            Some(target) => {
                let receiver = room.member_mut(target).ok_or(Error::PeerNotFound)?;
                let (kept, text) = (Kept::Speech(own.clone()), text_for(&receiver.room));
                receiver.tell(kept, text, &self.config.limits, &mut self.outputs)?;
            }
        }
        Ok(())
    }

    /// `react`: a sign that everybody sees for a moment.
    pub(super) fn react(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let reaction = request.reaction()?;
        self.check_speech(&room_id, &own, None)?;
        self.pay_for_crowd(Some(conn), &room_id, 0)?;
        let room = self.rooms.get(&room_id).ok_or(Error::NotJoined)?;
        room.tell_online(&mut self.outputs, |to| {
            let reply = Reply::React { room_id: &to.room, uid: &own, remote_uid: &own, reaction: &reaction };
            (to.uid != own).then(|| reply.text())
        });
        Ok(())
    }

    /// Tells the others what a member publishes and how it is reached.
    pub(super) fn tell_state(&mut self, room_id: &RoomId, uid: &Uid) {
        let Some(room) = self.rooms.get(room_id) else { return };
        let Some(member) = room.member(uid) else { return };
        let (connection, state) = (member.connection(), member.state);
        room.tell_online(&mut self.outputs, |to| {
            let reply = Reply::PeerState { room_id: &to.room, remote_uid: uid, connection, state };
            (to.uid != *uid).then(|| reply.text())
        });
    }

    /// Whether a member may say something, to everybody or to one other v2 member.
    pub(super) fn check_speech(&self, room_id: &RoomId, own: &Uid, target: Option<&Uid>) -> Result<(), Error> {
        let room = self.rooms.get(room_id).ok_or(Error::NotJoined)?;
        room.member(own).ok_or(Error::NotJoined)?.grants.demand(CHAT)?;
        let Some(target) = target else { return Ok(()) };
        let receiver = room.member(target).filter(|member| member.uid != *own).ok_or(Error::PeerNotFound)?;
        if receiver.v2() { Ok(()) } else { Err(Error::PeerVersion) }
    }
}
