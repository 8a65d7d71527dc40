//! Order in the room: what moderators do.

use crate::{
    ConnId, Hub,
    absence::Kept,
    error::Error,
    id::{RoomId, Uid},
    media::Source,
    member::Member,
    message::{Action, Request},
    policy::{ADMIT, MODERATE},
    reply::Reply,
    room::{Ban, Room},
};

impl Hub {
    /// `moderate`.
    pub(super) fn moderate(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        let member = self.rooms.get(&room_id).and_then(|room| room.member(&own)).ok_or(Error::NotJoined)?;
        let action = request.action()?;
        let admits = matches!(action, Action::Admit { .. } | Action::Deny { .. });
        if !(admits && member.grants.may_admit()) {
            member.grants.demand(if admits { ADMIT } else { MODERATE })?;
        }
        self.act(&room_id, &own, action)
    }

    /// Does what a moderator wants done. `by` is its uid.
    pub(super) fn act(&mut self, room_id: &RoomId, by: &Uid, action: Action) -> Result<(), Error> {
        let word = action.word();
        match action {
            Action::Mute { uid, source } => self.mute(room_id, by, uid.as_ref(), source),
            Action::Unmute { uid, source } => self.unmute(room_id, by, uid.as_ref(), source),
            Action::LowerHand { uid } => self.lower_hand(room_id, by, uid.as_ref()),
            Action::Remove { uid, ban } => self.remove(room_id, by, &uid, ban),
            Action::Lock { on } => {
                let room = self.rooms.get_mut(room_id).ok_or(Error::NotJoined)?;
                if room.policy.locked != on {
                    room.policy.locked = on;
                    self.tell_door(room_id);
                }
                Ok(())
            }
            Action::Lobby { on } => {
                let room = self.rooms.get_mut(room_id).ok_or(Error::NotJoined)?;
                if room.policy.lobby != on {
                    room.policy.lobby = on;
                    self.tell_door(room_id);
                }
                if on { Ok(()) } else { self.admit(room_id, None) }
            }
            Action::Stream { policy } => self.stream(room_id, policy),
            Action::Show { shot } => self.show(room_id, shot),
            Action::Admit { uid } => self.admit(room_id, uid.as_ref()),
            Action::Deny { uid } => self.deny(room_id, uid.as_ref()),
            Action::Role { uid, host } => self.change_role(room_id, &uid, host),
            Action::End => {
                self.tell_moderated_all(room_id, word, by);
                self.end_room(room_id);
                Ok(())
            }
        }
    }

    /// Where nobody's token decides, a room has a host: the oldest member, when the last one is gone.
    pub(super) fn ensure_host(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get(room_id) else { return };
        if !self.needs_host(room) {
            return;
        }
        let Some(heir) =
            room.members().iter().find(|member| member.v2() && !member.is_encoder()).map(|member| member.uid.clone())
        else {
            return;
        };
        self.set_role(room_id, &heir, true);
    }

    /// Whether the next v2 member to come becomes host.
    pub(super) fn needs_host(&self, room: &Room) -> bool {
        self.config.auth_keys.is_empty() && !room.members().iter().any(Member::is_host)
    }

    fn mute(&mut self, room_id: &RoomId, by: &Uid, uid: Option<&Uid>, source: Source) -> Result<(), Error> {
        for uid in self.targets(room_id, by, uid)? {
            let Some(member) = self.member_mut(room_id, &uid) else { continue };
            let before = member.silenced();
            member.muted.insert(source);
            let fresh: Vec<Source> = member.silenced().difference(&before).copied().collect();
            let was_on = member.state.is_on(source);
            member.state.turn_off(source);
            for source in fresh {
                self.block(room_id, &uid, source, true);
            }
            self.tell_moderated(room_id, &uid, "mute", Some(source), by);
            if was_on {
                self.tell_state(room_id, &uid);
            }
        }
        Ok(())
    }

    fn unmute(&mut self, room_id: &RoomId, by: &Uid, uid: Option<&Uid>, source: Source) -> Result<(), Error> {
        if uid.is_none()
            && let Some(room) = self.rooms.get_mut(room_id)
        {
            room.standings.unmute(source);
        }
        for uid in self.targets(room_id, by, uid)? {
            if self.lift(room_id, &uid, source) {
                self.tell_moderated(room_id, &uid, "unmute", Some(source), by);
            }
        }
        Ok(())
    }

    /// Ends a moderator's mute; false when there was none.
    pub(super) fn lift(&mut self, room_id: &RoomId, uid: &Uid, source: Source) -> bool {
        let Some(member) = self.member_mut(room_id, uid) else { return false };
        let before = member.silenced();
        let lifted = member.muted.remove(&source);
        let free: Vec<Source> = before.difference(&member.silenced()).copied().collect();
        for source in free {
            self.block(room_id, uid, source, false);
        }
        lifted
    }

    fn lower_hand(&mut self, room_id: &RoomId, by: &Uid, uid: Option<&Uid>) -> Result<(), Error> {
        let targets = match uid {
            Some(_) => self.targets(room_id, by, uid)?,
            // Of the moderators, too.
            None => self.rooms.get(room_id).map_or(&[][..], Room::members).iter().map(|it| it.uid.clone()).collect(),
        };
        for uid in targets {
            let Some(member) = self.member_mut(room_id, &uid).filter(|member| member.state.hand) else { continue };
            (member.state.hand, member.state.hand_at) = (false, None);
            self.tell_moderated(room_id, &uid, "lower-hand", None, by);
            self.tell_state(room_id, &uid);
        }
        Ok(())
    }

    fn remove(&mut self, room_id: &RoomId, by: &Uid, uid: &Uid, ban: bool) -> Result<(), Error> {
        let room = self.rooms.get_mut(room_id).ok_or(Error::NotJoined)?;
        let member = room.member(uid).filter(|member| member.uid != *by).ok_or(Error::PeerNotFound)?;
        let uid = member.uid.clone();
        if ban {
            // Who looks after the room must not shut itself out, nor who sits beside it.
            let shared = room.members().iter().any(|it| it.grants.may_moderate() && it.address == member.address);
            let address = (member.token.is_none() && !shared).then_some(member.address);
            let ban = Ban { uid: uid.clone(), token: member.token, address };
            room.ban(ban);
        }
        self.tell_moderated(room_id, &uid, "remove", None, by);
        self.unseat(room_id, &uid);
        Ok(())
    }

    fn change_role(&mut self, room_id: &RoomId, uid: &Uid, host: bool) -> Result<(), Error> {
        let room = self.rooms.get(room_id).ok_or(Error::NotJoined)?;
        let member = room.member(uid).ok_or(Error::PeerNotFound)?;
        if !member.v2() || member.is_encoder() {
            return Err(Error::PeerVersion);
        }
        let hosts = room.members().iter().filter(|member| member.is_host()).count();
        if !host && member.is_host() && hosts == 1 && self.config.auth_keys.is_empty() {
            return Err(Error::LastHost);
        }
        let uid = member.uid.clone();
        if let Some(member) = self.member_mut(room_id, &uid) {
            member.made_host = Some(host);
        }
        self.set_role(room_id, &uid, host);
        Ok(())
    }

    fn set_role(&mut self, room_id: &RoomId, uid: &Uid, host: bool) {
        let Some(member) = self.member_mut(room_id, uid) else { return };
        member.make_host(host);
        let Some(room) = self.rooms.get(room_id) else { return };
        let Some(concerned) = room.member(uid) else { return };
        room.tell_online(&mut self.outputs, |to| {
            let grants = (to.uid == *uid).then_some(&concerned.grants);
            Some(Reply::Role { room_id: &to.room, remote_uid: uid, uid, role: &concerned.role, grants }.text())
        });
        if host && self.rooms.get(room_id).is_some_and(|room| !room.waiters().is_empty()) {
            self.tell_door_to(room_id, uid);
        }
    }

    /// The member named, who must be another one and able to hear of it; or everybody who is no moderator.
    fn targets(&self, room_id: &RoomId, by: &Uid, uid: Option<&Uid>) -> Result<Vec<Uid>, Error> {
        let room = self.rooms.get(room_id).ok_or(Error::NotJoined)?;
        let Some(uid) = uid else {
            let others = room.members().iter().filter(|member| member.v2() && member.uid != *by);
            return Ok(others.filter(|member| !member.grants.may_moderate()).map(|it| it.uid.clone()).collect());
        };
        let member = room.member(uid).filter(|member| member.uid != *by).ok_or(Error::PeerNotFound)?;
        if member.v2() { Ok(vec![member.uid.clone()]) } else { Err(Error::PeerVersion) }
    }

    /// Tells a member that comes back what holds for it from before.
    pub(super) fn tell_standing(&mut self, room_id: &RoomId, uid: &Uid) {
        let muted = self.rooms.get(room_id).and_then(|room| room.member(uid)).map(|member| member.muted.clone());
        for source in muted.unwrap_or_default() {
            self.tell_moderated(room_id, uid, "mute", Some(source), &Uid::server());
        }
    }

    fn tell_moderated_all(&mut self, room_id: &RoomId, action: &'static str, by: &Uid) {
        let members = self.rooms.get(room_id).map_or(&[][..], Room::members);
        let uids: Vec<Uid> = members.iter().map(|member| member.uid.clone()).collect();
        for uid in uids.iter().filter(|uid| *uid != by) {
            self.tell_moderated(room_id, uid, action, None, by);
        }
    }

    /// Tells the one concerned what a moderator has done. One who is reconnecting sees it when it is back.
    fn tell_moderated(&mut self, room_id: &RoomId, uid: &Uid, action: &'static str, source: Option<Source>, by: &Uid) {
        let limits = &self.config.limits;
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        let Some(member) = room.member_mut(uid) else { return };
        if member.v2() {
            let message = sentence(action, source);
            let text = Reply::Moderated { room_id: &member.room, action, source, uid: by, message }.text();
            // What is not kept of it, the next `joined` says.
            let _ = member.tell(Kept::Speech(by.clone()), text, limits, &mut self.outputs);
        } else if matches!(action, "remove" | "end") {
            // Dialect A has one word for the end of a call.
            let Some(member) = room.member(uid) else { return };
            for other in room.members().iter().filter(|other| other.uid != *uid) {
                member.tell_if_online(Reply::peer_leave(&other.uid, member).text(), &mut self.outputs);
            }
        }
    }

    fn member_mut(&mut self, room_id: &RoomId, uid: &Uid) -> Option<&mut Member> {
        self.rooms.get_mut(room_id)?.member_mut(uid)
    }
}

/// What a moderator has done, for people.
fn sentence(action: &str, source: Option<Source>) -> &'static str {
    match (action, source) {
        ("mute", Some(Source::Microphone)) => "A moderator has muted your microphone.",
        ("mute", Some(Source::Camera)) => "A moderator has turned off your camera.",
        ("mute", Some(Source::Screen)) => "A moderator has stopped your screen.",
        ("mute", Some(Source::ScreenAudio)) => "A moderator has muted your screen.",
        ("unmute", _) => "A moderator lets you be heard and seen again.",
        ("lower-hand", _) => "A moderator has lowered your hand.",
        ("remove", _) => "A moderator has removed you from the room.",
        _ => "A moderator has ended the meeting.",
    }
}
