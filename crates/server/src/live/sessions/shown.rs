//! Streams that a room shows: nobody has opened a session to publish them, they are there as long as the room shows them.

use std::collections::BTreeSet;
use std::time::Instant;

use live::StreamName;
use room::media::{MediaPeerId, Source};
use room::show::Show;

use super::{Output, SessionId, Sessions, Stream};
use crate::live::directory::{Claim, Protocol};
use crate::media::{View, stream_peer};

/// What a room shows under one name.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) show: Show,
    /// The name, and the member of the room that receives for the readers of frames. Without it, the server has as many streams as it may
    /// have: then the stream is there for viewers over WebRTC alone.
    claim: Option<(Claim, MediaPeerId)>,
}

impl Shown {
    /// What a viewer's place for sound (`Microphone`) or for pictures is to show.
    pub(super) fn track(&self, place: Source) -> Option<(MediaPeerId, Source)> {
        if place == Source::Microphone { self.show.audio } else { self.show.video }
    }
}

impl Sessions {
    /// A room shows something under that name from here on, or nothing any more. True: who has watched it so far, by whatever protocol, may
    /// not go on.
    pub(crate) fn handle_show(&mut self, now: Instant, name: &StreamName, show: Option<Show>) -> bool {
        let known = self.streams.get(name).and_then(|stream| stream.shown.as_ref()).map(|shown| &shown.show);
        let (is_known, is_over) =
            (known.is_some(), known.is_some_and(|known| show.as_ref().is_none_or(|show| is_another(known, show))));
        if is_over {
            self.end_show(name);
        }
        match show {
            Some(show) if !is_known || is_over => self.begin_show(now, name, show),
            Some(show) => self.turn_show(name, show),
            None => {}
        }
        is_over
    }

    /// The names under which rooms show something.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &StreamName> {
        self.streams.iter().filter(|(_, stream)| stream.shown.is_some()).map(|(name, _)| name)
    }

    fn begin_show(&mut self, now: Instant, name: &StreamName, show: Show) {
        let claim = self.directory.claim(name, Protocol::Room, now);
        if let Err(taken) = &claim {
            tracing::warn!(stream = %name, "what a room shows can be watched by WebRTC alone: {taken}");
        }
        let claim = claim.ok().filter(|_| !show.encrypted).map(|claim| (claim, stream_peer(self.number())));
        if let Some((claim, peer)) = &claim {
            self.outputs.push_back(Output::Tap {
                inlet: claim.inlet(),
                room: show.room,
                peer: *peer,
                publisher: None,
                view: view(&show),
                has: (show.has_audio, show.video_codec.is_some()),
            });
        }
        let stream = Stream {
            room: show.room,
            publisher: None,
            viewers: BTreeSet::new(),
            feed: None,
            video_codec: show.video_codec,
            shown: Some(Shown { show, claim }),
        };
        self.streams.insert(name.clone(), stream);
    }

    /// The same show with other pictures.
    fn turn_show(&mut self, name: &StreamName, show: Show) {
        let Some(stream) = self.streams.get_mut(name) else { return };
        let Some(shown) = &mut stream.shown else { return };
        stream.video_codec = show.video_codec;
        let view_now = view(&show);
        let former = std::mem::replace(&mut shown.show, show);
        if view(&former) == view_now {
            return;
        }
        if let Some((_, peer)) = &shown.claim {
            self.outputs.push_back(Output::TurnTap { peer: *peer, view: view_now });
        }
        self.show_all(name);
    }

    fn end_show(&mut self, name: &StreamName) {
        let Some(stream) = self.streams.get(name) else { return };
        let viewers: Vec<SessionId> = stream.viewers.iter().cloned().collect();
        for viewer in viewers {
            self.close(&viewer);
        }
        if let Some(Shown { claim: Some((_, peer)), .. }) = self.streams.remove(name).and_then(|stream| stream.shown) {
            self.outputs.push_back(Output::StopTap { peer });
        }
    }
}

fn view(show: &Show) -> View {
    View { audio: show.audio, video: show.video, layers: show.video_layers }
}

/// Whether who watches the one has to come again for the other: it is elsewhere, or others may watch it.
fn is_another(former: &Show, next: &Show) -> bool {
    (former.room, former.encrypted, former.access) != (next.room, next.encrypted, next.access)
}
