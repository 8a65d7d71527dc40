//! Who is heard without being wished for: the loudest, in the automatic audio slots.

use std::time::Instant;

use rtp::parameters::Kind;

use super::Router;
use crate::id::{PeerId, Source};
use crate::slot::Slot;

/// A voice that may be heard.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    /// The key of its track.
    track: usize,
    whose: PeerId,
    level_dbov: i8,
    is_audible: bool,
}

impl Router {
    /// The automatic slots of a peer are to be filled anew, when everything else that has come is done: many wishes at once cost no
    /// more than one.
    pub(super) fn want_voices(&mut self, now: Instant, key: usize) {
        if let Some(peer) = self.peers.get_mut(key) {
            peer.wants_voices = true;
            self.voices_due = Some(now);
            self.wake_at(now);
        }
    }

    /// Fills the slots of those whose slots have changed.
    pub(super) fn assign_wanted(&mut self, now: Instant) {
        let voices = self.voices(now);
        for key in 0..self.peers.bound() {
            if self.peers.get(key).is_some_and(|peer| peer.wants_voices) {
                self.assign(now, key, &voices);
            }
        }
        self.voices_due = None;
    }

    /// Fills everybody's slots.
    pub(super) fn assign_all(&mut self, now: Instant) {
        let voices = self.voices(now);
        for key in 0..self.peers.bound() {
            self.assign(now, key, &voices);
        }
        self.voices_due = None;
    }

    /// All voices, the loudest first. What is heard along with a screen is wished for like its picture: it takes no voice's place.
    fn voices(&self, now: Instant) -> Vec<Voice> {
        let is_voice = |kind: Kind, source: Source| kind == Kind::Audio && source == Source::Microphone;
        let tracks = self.tracks.iter();
        let voices = tracks.filter(|(_, track)| is_voice(track.parameters.kind, track.id.source) && !track.blocked);
        let mut voices: Vec<Voice> = voices
            .map(|(key, track)| Voice {
                track: key,
                whose: track.id.peer,
                level_dbov: track.loudness.level_dbov(now),
                is_audible: track.loudness.is_audible(now),
            })
            .collect();
        voices.sort_unstable_by_key(|voice| std::cmp::Reverse((voice.level_dbov, voice.track)));
        voices
    }

    /// Fills the free automatic slots of a peer with voices, and gives those of the silent to the audible.
    fn assign(&mut self, now: Instant, key: usize, voices: &[Voice]) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        peer.wants_voices = false;
        if !peer.slots.iter().any(Slot::is_automatic) {
            return;
        }
        for voice in voices {
            let Some(peer) = self.peers.get(key) else { return };
            if voice.whose == peer.id || peer.slots.iter().any(|slot| slot.track == Some(voice.track)) {
                continue;
            }
            let Some(slot) = self.free_slot(key).or_else(|| self.quiet_slot(now, key).filter(|_| voice.is_audible))
            else {
                // The others are no louder.
                return;
            };
            self.put(now, key, slot, Some(voice.track));
        }
    }

    fn free_slot(&self, key: usize) -> Option<usize> {
        self.peers.get(key)?.slots.iter().position(|slot| slot.is_automatic() && slot.track.is_none())
    }

    /// The automatic slot whose voice has been silent, the most silent of them.
    fn quiet_slot(&self, now: Instant, key: usize) -> Option<usize> {
        let automatic = self.peers.get(key)?.slots.iter().enumerate().filter(|(_, slot)| slot.is_automatic());
        let quiet = automatic.filter_map(|(index, slot)| {
            let loudness = &self.tracks.get(slot.track?)?.loudness;
            (!loudness.was_audible_lately(now)).then(|| (index, loudness.level_dbov(now)))
        });
        quiet.min_by_key(|(_, level)| *level).map(|(index, _)| index)
    }
}
