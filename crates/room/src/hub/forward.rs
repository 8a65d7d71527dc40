//! Negotiation: from one member to another, or to the media server.

use crate::{
    ConnId, Hub,
    absence::Kept,
    error::Error,
    id::{RoomId, Uid},
    message::Request,
    reply::Reply,
    topology::Plane,
};

impl Hub {
    /// `offer`, to a member or to the media server.
    pub(super) fn offer(&mut self, conn: ConnId, request: &Request<'_>, id: Option<&str>) -> Result<(), Error> {
        let (room_id, own, target) = self.addressed(conn, request)?;
        if target.is_media() {
            return self.offer_to_media(conn, &room_id, &own, request, id);
        }
        self.forward_to(conn, &room_id, &own, &target, request)?;
        if let Some(id) = id {
            self.send(conn, &Reply::Ok { id });
        }
        Ok(())
    }

    /// `answer`, `candidate` and `hangup` go to their target as they came. The media server needs none of them.
    pub(super) fn forward(&mut self, conn: ConnId, request: &Request<'_>) -> Result<(), Error> {
        let (room_id, own, target) = self.addressed(conn, request)?;
        if target.is_media() && self.config.media {
            return Ok(());
        }
        self.forward_to(conn, &room_id, &own, &target, request)
    }

    fn addressed(&self, conn: ConnId, request: &Request<'_>) -> Result<(RoomId, Uid, Uid), Error> {
        let (room_id, own) = self.seat_of(conn, request)?;
        // The receiver answers to `uid`, so it must be there.
        request.uid()?.ok_or(Error::UidMismatch)?;
        let target = request.remote()?.ok_or(Error::Field { field: "remoteUid" })?;
        Ok((room_id, own, target))
    }

    fn forward_to(
        &mut self,
        conn: ConnId,
        room_id: &RoomId,
        own: &Uid,
        target: &Uid,
        request: &Request<'_>,
    ) -> Result<(), Error> {
        let sender_v2 = self.connections.get(&conn).is_some_and(|connection| connection.v2);
        let room = self.rooms.get_mut(room_id).ok_or(Error::NotJoined)?;
        if let Plane::Server { grace_until, .. } = room.plane
            && grace_until.is_none_or(|until| until <= self.now)
        {
            return Err(Error::WrongMode);
        }
        let sender = room.member(own).ok_or(Error::NotJoined)?;
        sender.grants.demand_media()?;
        let receiver = room.member_mut(target).filter(|member| member.uid != *own).ok_or(Error::PeerNotFound)?;
        let text = if sender_v2 { request.text_without_id() } else { request.text.to_owned() };
        receiver.tell(Kept::Negotiation(own.clone()), text, &self.config.limits, &mut self.outputs)?;
        self.counts.forwarded += 1;
        Ok(())
    }
}
