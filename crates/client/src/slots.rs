//! The places of a member for the tracks of others, and which track is in which.

use std::collections::BTreeMap;

use str0m::media::Mid;

use crate::member::{Track, Wish};
use crate::peer::Media;

/// The places of one peer connection.
#[derive(Debug, Default)]
pub struct Slots {
    /// Media descriptions without a wish, of sound and of pictures.
    free: [Vec<String>; 2],
    /// Uid and source of those that have one, and whether it has pictures.
    taken: BTreeMap<(String, String), (String, bool)>,
}

impl Slots {
    /// The places among these media descriptions.
    pub fn new<'a>(media: impl Iterator<Item = (&'a Mid, &'a Media)>) -> Self {
        let mut slots = Self::default();
        for (mid, media) in media {
            match media {
                Media::ReceiveAudio => slots.free[0].push(mid.to_string()),
                Media::ReceiveVideo => slots.free[1].push(mid.to_string()),
                Media::SendAudio | Media::SendVideo(_) => {}
            }
        }
        slots
    }

    /// Puts what is new of somebody's tracks into free places; those without one are left out.
    pub fn assign(&mut self, uid: &str, tracks: &[Track]) -> Vec<Wish> {
        let mut wishes = Vec::new();
        for track in tracks {
            let key = (uid.to_owned(), track.source.clone());
            if self.taken.contains_key(&key) {
                continue;
            }
            let Some(mid) = self.free[usize::from(track.video)].pop() else { continue };
            self.taken.insert(key.clone(), (mid.clone(), track.video));
            wishes.push(Wish { mid, track: Some(key), size_px: TILE_PX });
        }
        wishes
    }

    /// Takes back the places of somebody who is gone.
    pub fn release(&mut self, uid: &str) {
        let gone: Vec<_> = self.taken.keys().filter(|(owner, _)| owner == uid).cloned().collect();
        for (mid, video) in gone.iter().filter_map(|key| self.taken.remove(key)) {
            self.free[usize::from(video)].push(mid);
        }
    }
}

/// Large enough for the best layer.
const TILE_PX: (u32, u32) = (1920, 1080);

#[cfg(test)]
mod tests;
