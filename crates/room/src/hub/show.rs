//! What audiences see of a room: who may, what there is, and how many watch.

use std::{collections::BTreeMap, mem, time::Instant};

use crate::{
    Hub, Output,
    error::Error,
    id::{RoomId, Uid},
    media::{MediaPeerId, MediaRoomId, Source, TrackDescription},
    member::Member,
    room::Room,
    schedule::Timer,
    show::{Part, Show, StreamPolicy},
    stage::Shot,
    topology::{Topology, Turn},
};

impl Hub {
    /// So many watch a room at this moment, without being in it.
    pub fn handle_audience(&mut self, now: Instant, room: &str, viewers: u32) {
        self.begin(now);
        let Some(room_id) = RoomId::new(room) else { return };
        let Some(room) = self.rooms.get_mut(&room_id) else { return };
        if room.policy.stream != StreamPolicy::Off && mem::replace(&mut room.air.viewers, viewers) != viewers {
            self.tell_door(&room_id);
        }
    }

    /// Lets audiences watch, or not any more. Their pictures come from the media server, so the room's have to pass there.
    pub(super) fn stream(&mut self, room_id: &RoomId, policy: StreamPolicy) -> Result<(), Error> {
        let room = self.rooms.get(room_id).ok_or(Error::NotJoined)?;
        if room.policy.stream == policy {
            return Ok(());
        }
        if policy != StreamPolicy::Off {
            self.check_shows(room_id, room.policy.topology, room.members())?;
        }
        let Some(room) = self.rooms.get_mut(room_id) else { return Err(Error::NotJoined) };
        room.policy.stream = policy;
        self.settle_air(room_id);
        self.tell_door(room_id);
        Ok(())
    }

    /// A moderator shows audiences the picture of a member, or lets the stage choose again.
    pub(super) fn show(&mut self, room_id: &RoomId, shot: Option<Shot>) -> Result<(), Error> {
        let room = self.rooms.get_mut(room_id).ok_or(Error::NotJoined)?;
        if let Some((uid, _)) = &shot
            && room.member(uid).is_none()
        {
            return Err(Error::PeerNotFound);
        }
        if room.air.stage.pinned() != shot.as_ref() {
            room.air.stage.pin(shot);
            self.review_shows(room_id);
            self.tell_door(room_id);
        }
        Ok(())
    }

    /// The policy of the room has changed, and it shows what that says.
    pub(super) fn settle_air(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        if room.policy.stream == StreamPolicy::Off {
            room.air.viewers = 0;
        } else if !room.members().is_empty() {
            self.turn_to_server(room_id, Turn::Stream);
        }
        self.reconsider(room_id);
        self.review_shows(room_id);
    }

    /// Whether a room of that id and topology with these members can be watched.
    pub(super) fn check_shows(
        &self,
        room_id: &RoomId,
        topology: Option<Topology>,
        members: &[Member],
    ) -> Result<(), Error> {
        if !self.config.media {
            return Err(Error::NoMedia);
        }
        if topology.unwrap_or(self.config.topology) == Topology::P2p {
            return Err(Error::NotThroughServer);
        }
        if !is_nameable(room_id.as_str()) {
            return Err(Error::RoomName);
        }
        if members.iter().all(Member::can_media) { Ok(()) } else { Err(Error::PeerVersion) }
    }

    /// Says what has changed of what the room shows.
    pub(super) fn review_shows(&mut self, room_id: &RoomId) {
        let Some(room) = self.rooms.get_mut(room_id) else { return };
        if room.air.shows.is_empty() && !room.is_shown() {
            return;
        }
        let shots = shots(room);
        let again = room.air.stage.review(self.now, &shots);
        let former_timer = mem::replace(&mut room.air.stage_at, again);
        let shows = shows(room);
        let former = mem::replace(&mut room.air.shows, shows.clone());
        if former_timer != again {
            if let Some(at) = former_timer {
                self.schedule.cancel(at, Timer::Stage(room_id.clone()));
            }
            if let Some(at) = again {
                self.schedule.set(at, Timer::Stage(room_id.clone()));
            }
        }
        let gone = former.keys().filter(|part| !shows.contains_key(part)).map(|part| (part.clone(), None));
        let changed = shows.iter().filter(|(part, show)| former.get(part) != Some(show));
        let changed = changed.map(|(part, show)| (part.clone(), Some(show.clone())));
        for (part, show) in gone.chain(changed) {
            self.outputs.push_back(Output::Show { room: room_id.as_str().to_owned(), part, show });
        }
    }

    /// What was on the stage has been there for long enough.
    pub(super) fn turn_stage(&mut self, room_id: &RoomId) {
        if let Some(room) = self.rooms.get_mut(room_id) {
            room.air.stage_at = None;
            self.review_shows(room_id);
        }
    }

    /// Others speak, the loudest first.
    pub(super) fn hear_voices(&mut self, media_room: MediaRoomId, voices: Vec<Uid>) {
        let Some(room_id) = self.media_rooms.get(&media_room).cloned() else { return };
        if let Some(room) = self.rooms.get_mut(&room_id) {
            room.air.stage.hear(voices);
            self.review_shows(&room_id);
        }
    }
}

/// Whether a stream can bear this as a part of its name: what means something to a URL or to a file system it cannot.
fn is_nameable(text: &str) -> bool {
    !text.chars().all(|c| c == '.') && !text.contains(['/', '\\', '?'])
}

/// The member's tracks, while the room's media passes the server.
fn tracks(member: &Member) -> &[TrackDescription] {
    member.media.as_ref().map_or(&[], |seat| &seat.tracks)
}

/// The pictures that may be on the stage.
fn shots(room: &Room) -> Vec<Shot> {
    let of_member = |member: &Member| -> Vec<Shot> {
        let seen = tracks(member).iter().filter(|track| track.video && !track.encrypted);
        seen.map(|track| (member.uid.clone(), track.source)).collect()
    };
    let is_watched = room.policy.stream != StreamPolicy::Off && room.plane.through_server();
    if is_watched { room.members().iter().flat_map(of_member).collect() } else { Vec::new() }
}

/// Everything that the room shows.
fn shows(room: &Room) -> BTreeMap<Part, Show> {
    let mut shows = BTreeMap::new();
    let media_room = room.plane.media_room().filter(|_| room.plane.through_server());
    let Some(media_room) = media_room.filter(|_| room.is_shown()) else { return shows };
    for member in room.members().iter().filter(|member| is_nameable(member.uid.as_str())) {
        let uid = || member.uid.as_str().to_owned();
        for (part, audio, video) in [
            (Part::Member(uid()), Source::Microphone, Source::Camera),
            (Part::Screen(uid()), Source::ScreenAudio, Source::Screen),
        ] {
            let show = show(room, media_room, member, audio, video);
            let is_wanted = |show: &Show| show.access != StreamPolicy::Off || show.taken.is_some();
            shows.extend(show.filter(is_wanted).map(|show| (part, show)));
        }
    }
    if let Some(stage) = stage(room, media_room) {
        shows.insert(Part::Stage, stage);
    }
    shows
}

/// What a member shows from these two sources, if anything.
fn show(room: &Room, media_room: MediaRoomId, member: &Member, audio: Source, video: Source) -> Option<Show> {
    let peer = member.media.as_ref()?.peer;
    let track = |source: Source| tracks(member).iter().find(|track| track.source == source);
    let (heard, seen) = (track(audio), track(video));
    if heard.is_none() && seen.is_none() {
        return None;
    }
    Some(Show {
        room: media_room,
        audio: Some((peer, audio)),
        video: Some((peer, video)),
        has_audio: heard.is_some(),
        video_codec: seen.map(|track| track.codec),
        video_layers: seen.map_or(0, |track| track.layers.len()),
        encrypted: heard.into_iter().chain(seen).any(|track| track.encrypted),
        access: room.policy.stream,
        taken: room.take.as_ref().and_then(|take| take.taken(member)),
    })
}

fn stage(room: &Room, media_room: MediaRoomId) -> Option<Show> {
    let all = || room.members().iter().flat_map(tracks);
    all().next().filter(|_| room.policy.stream != StreamPolicy::Off)?;
    let seen = room.air.stage.on().and_then(|(uid, source)| {
        let member = room.member(uid)?;
        let track = tracks(member).iter().find(|track| track.source == *source)?;
        Some(((member.media.as_ref()?.peer, *source), track))
    });
    Some(Show {
        room: media_room,
        audio: own_sound(room),
        video: seen.map(|(video, _)| video),
        has_audio: all().any(|track| track.source == Source::Microphone && !track.encrypted),
        video_codec: seen.map(|(_, track)| track.codec),
        video_layers: seen.map_or(0, |(_, track)| track.layers.len()),
        encrypted: all().all(|track| track.encrypted),
        access: room.policy.stream,
        taken: None,
    })
}

/// The sound of an encoder that a moderator shows: it belongs to that picture, and seldom says how loud it is. With people, whoever speaks
/// is heard.
fn own_sound(room: &Room) -> Option<(MediaPeerId, Source)> {
    let stage = &room.air.stage;
    let (uid, source) = stage.on().filter(|on| stage.pinned() == Some(on))?;
    let member = room.member(uid).filter(|member| member.is_encoder() && *source == Source::Camera)?;
    let track = tracks(member).iter().find(|track| track.source == Source::Microphone && !track.encrypted)?;
    Some((member.media.as_ref()?.peer, track.source))
}
