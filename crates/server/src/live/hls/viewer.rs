//! A viewer of a transport stream without end.

use std::sync::Arc;

use bytes::Bytes;
use live::hub::{Content, Item};
use live::ts::Muxer;
use media::{Kind, Parameters};

use crate::clock;
use crate::headcount::Place;
use crate::live::clients::Presence;
use crate::live::directory;

/// Writes what comes for one player. A player that does not read is not written for: it goes on at the latest key frame.
pub(crate) struct Viewer {
    viewer: directory::Viewer,
    items: Vec<Arc<Item>>,
    video: Option<Parameters>,
    audio: Option<Parameters>,
    /// Once the parameters are known; `None` again when they change.
    muxer: Option<Muxer>,
    /// Whether the muxer has the parameters that are in force.
    is_current: bool,
    presence: Presence,
    _place: Place,
}

impl Viewer {
    pub(super) fn new(viewer: directory::Viewer, place: Place, presence: Presence) -> Self {
        let (video, audio) = (None, None);
        Self { viewer, items: Vec::new(), video, audio, muxer: None, is_current: false, presence, _place: place }
    }

    /// What has come, when something has. `None`: nothing follows, or the player is too slow.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            let mut items = std::mem::take(&mut self.items);
            tokio::select! {
                came = self.viewer.next(&mut items) => came.ok()?,
                () = self.presence.ended() => return None,
            }
            let mut out = Vec::new();
            for item in items.drain(..) {
                self.write(item.content(), &mut out)?;
            }
            self.items = items;
            if let Some(muxer) = &mut self.muxer {
                muxer.flush(&mut out);
            }
            if !out.is_empty() {
                self.presence.count_sent(clock::now(), out.len());
                return Some(Bytes::from(out));
            }
        }
    }

    /// `None` if a transport stream cannot carry what comes.
    fn write(&mut self, content: &Content, out: &mut Vec<u8>) -> Option<()> {
        match content {
            Content::Metadata(_) => {}
            Content::Parameters(parameters) => {
                let place = match parameters.kind() {
                    Kind::Video => &mut self.video,
                    Kind::Audio => &mut self.audio,
                };
                *place = Some(parameters.clone());
                self.is_current = false;
            }
            Content::Frame(frame) => {
                if !self.is_current {
                    self.change(out)?;
                }
                let muxer = self.muxer.as_mut()?;
                if frame.is_key && frame.kind() == Kind::Video {
                    muxer.write_tables(out);
                }
                // A frame that is not what its codec says is left out; the decoder would do the same.
                let _malformed = muxer.write_frame(frame, out);
            }
        }
        Some(())
    }

    fn change(&mut self, out: &mut Vec<u8>) -> Option<()> {
        let (video, audio) = (self.video.as_ref(), self.audio.as_ref());
        match &mut self.muxer {
            Some(muxer) => {
                muxer.flush(out);
                muxer.change(video, audio).ok()?;
            }
            None => self.muxer = Some(Muxer::new(video, audio).ok()?),
        }
        self.is_current = true;
        self.muxer.as_mut()?.write_tables(out);
        Some(())
    }
}
