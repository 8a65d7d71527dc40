//! Data channels: what members say there goes to the channels of the others, and to who has none by signalling.

use std::sync::Arc;

use serde_json::value::RawValue;

use crate::{
    Hub, Output,
    absence::Kept,
    error::Error,
    id::{RoomId, UID_BYTES_MAX, Uid},
    media::{DATA_MESSAGE_BYTES_MAX, DataMessage, DataRefusal, Lane, MediaPeerId, MediaRequest},
    message::Request,
    reply::{ChannelData, ErrorContext, Reply},
};

/// The longest payload of a binary message: with the uid of any sender before it, it is as long as a message may be.
pub(crate) const BINARY_PAYLOAD_BYTES_MAX: usize = DATA_MESSAGE_BYTES_MAX - 1 - UID_BYTES_MAX;

/// A message on its way to the others.
struct Parcel<'a> {
    lane: Lane,
    /// As it goes over channels.
    message: DataMessage,
    /// As it goes by signalling; binary does not.
    spoken: Option<(&'a str, &'a RawValue)>,
}

impl Hub {
    /// Which channels of a member are open.
    pub(super) fn note_lanes(&mut self, peer: MediaPeerId, lanes: Vec<Lane>) {
        let Some((room_id, uid)) = self.seated(peer) else { return };
        let member = self.rooms.get_mut(&room_id).and_then(|room| room.member_mut(&uid));
        if let Some(seat) = member.and_then(|member| member.media.as_mut()) {
            seat.lanes = lanes;
        }
    }

    /// A member says something over a channel.
    pub(super) fn hear_data(&mut self, peer: MediaPeerId, lane: Lane, message: &DataMessage) {
        let Some((room_id, own)) = self.seated(peer) else { return };
        let relayed = match message {
            DataMessage::Text(text) => self.relay_text(&room_id, &own, lane, text),
            DataMessage::Binary(bytes) => self.relay_binary(&room_id, &own, lane, bytes),
        };
        if let Err(error) = relayed {
            self.tell_data_error(&room_id, &own, lane.label(), &error);
        }
    }

    /// A message was dropped, or a channel closed.
    pub(super) fn refuse_data(&mut self, peer: MediaPeerId, label: &str, refusal: DataRefusal) {
        let Some((room_id, own)) = self.seated(peer) else { return };
        let error = match refusal {
            DataRefusal::UnknownLabel => Error::ChannelLabel,
            DataRefusal::Taken => Error::ChannelTaken,
            DataRefusal::Unreliable => Error::ChannelUnreliable,
            DataRefusal::Slow => Error::ChannelSlow,
            DataRefusal::TooMuch => Error::TooMuchData,
            DataRefusal::Busy => Error::DataBusy,
            DataRefusal::NotText => Error::Field { field: "data" },
        };
        self.tell_data_error(&room_id, &own, label, &error);
    }

    fn relay_text(&mut self, room_id: &RoomId, own: &Uid, lane: Lane, text: &str) -> Result<(), Error> {
        let request = Request::parse_data(text)?;
        let (topic, data) = (request.topic()?, request.data()?);
        let target = request.remote()?;
        let told = ChannelData { uid: own, topic: &topic, data }.text();
        let parcel = Parcel { lane, message: DataMessage::Text(told.into()), spoken: Some((&topic, data)) };
        self.relay(room_id, own, target.as_ref(), &parcel)
    }

    fn relay_binary(&mut self, room_id: &RoomId, own: &Uid, lane: Lane, bytes: &[u8]) -> Result<(), Error> {
        let (target, payload) = split_head(bytes).ok_or(Error::Field { field: "remoteUid" })?;
        if payload.len() > BINARY_PAYLOAD_BYTES_MAX {
            let limit_bytes = u32::try_from(BINARY_PAYLOAD_BYTES_MAX).unwrap_or(u32::MAX);
            return Err(Error::TooLarge { field: "data", limit_bytes });
        }
        let uid = own.as_str().as_bytes();
        let length = u8::try_from(uid.len()).unwrap_or_default();
        let message: Arc<[u8]> = [&[length], uid, payload].concat().into();
        let parcel = Parcel { lane, message: DataMessage::Binary(message), spoken: None };
        self.relay(room_id, own, target.as_ref(), &parcel)
    }

    /// Hands a message to the media server for who has a channel for it. Who has none hears by signalling what is to
    /// arrive for certain; so nobody hears it twice.
    fn relay(&mut self, room_id: &RoomId, own: &Uid, target: Option<&Uid>, parcel: &Parcel<'_>) -> Result<(), Error> {
        self.check_speech(room_id, own, target)?;
        if target.is_none() {
            let conn = self.rooms.get(room_id).and_then(|room| room.member(own)).and_then(|member| member.conn());
            self.pay_for_crowd(conn, room_id, parcel.message.len_bytes())?;
        }
        let room = self.rooms.get_mut(room_id).ok_or(Error::NotJoined)?;
        let media_room = room.plane.media_room().ok_or(Error::NotThroughServer)?;
        let spoken = parcel.spoken.filter(|_| parcel.lane == Lane::Reliable);
        let text_for = |(topic, data), room_id: &RoomId| Reply::Data { room_id, uid: own, topic, data }.text();
        let mut to = Vec::new();
        let receivers = room.members_mut().filter(|member| member.v2() && member.uid != *own);
        for member in receivers.filter(|member| target.is_none_or(|target| member.uid == *target)) {
            let seat = member.media.as_ref().filter(|seat| seat.lanes.contains(&parcel.lane));
            match (seat, spoken, target) {
                (Some(seat), ..) => to.push(seat.peer),
                (None, Some(spoken), None) => {
                    member.tell_if_online(text_for(spoken, &member.room), &mut self.outputs);
                }
                (None, Some(spoken), Some(_)) => {
                    let text = text_for(spoken, &member.room);
                    member.tell(Kept::Speech(own.clone()), text, &self.config.limits, &mut self.outputs)?;
                }
                (None, None, None) => {}
                (None, None, Some(_)) => return Err(Error::NoChannel),
            }
        }
        if !to.is_empty() {
            let (lane, message) = (parcel.lane, parcel.message.clone());
            self.outputs.push_back(Output::Media(MediaRequest::Data { room: media_room, to, lane, message }));
        }
        Ok(())
    }

    fn tell_data_error(&mut self, room_id: &RoomId, own: &Uid, label: &str, error: &Error) {
        self.counts.errors += 1;
        let Some(member) = self.rooms.get(room_id).and_then(|room| room.member(own)) else { return };
        let context = ErrorContext { room: Some(&member.room), label: Some(label), ..ErrorContext::default() };
        member.tell_if_online(Reply::error(error, context).text(), &mut self.outputs);
    }
}

/// The receiver (`None`: everybody) and the payload of a binary message.
fn split_head(bytes: &[u8]) -> Option<(Option<Uid>, &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (uid, payload) = rest.split_at_checked(usize::from(length))?;
    if uid.is_empty() {
        return Some((None, payload));
    }
    let uid = std::str::from_utf8(uid).ok().and_then(Uid::new)?;
    Some((Some(uid), payload))
}
