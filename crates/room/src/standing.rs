//! What moderators have decided about people, which leaving and joining again does not undo.

use std::collections::{BTreeSet, VecDeque};

use crate::{id::Uid, media::Source, member::Member, policy::TokenMark};

/// What a moderator has decided about one member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) muted: BTreeSet<Source>,
    /// It was made host (`true`), or that was taken from it.
    pub(crate) made_host: Option<bool>,
}

/// The standings of who has left the meeting.
#[derive(Debug, Default)]
pub(crate) struct Standings {
    /// The oldest first. Bounded by [`STANDINGS_MAX`].
    entries: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    uid: Uid,
    token: Option<TokenMark>,
    standing: Standing,
}

impl Standings {
    /// A member leaves.
    pub(crate) fn keep(&mut self, member: &Member) {
        let standing = member.standing();
        if standing == Standing::default() {
            return;
        }
        if self.entries.len() >= STANDINGS_MAX {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry { uid: member.uid.clone(), token: member.token, standing });
    }

    /// Somebody takes a seat: with the uid or the token of who has left. Who was made host is so again only with the
    /// token, as anybody can take a uid.
    pub(crate) fn take(&mut self, uid: &Uid, token: Option<TokenMark>) -> Standing {
        let known = |mark: Option<TokenMark>| token.is_some() && mark == token;
        let Some(index) = self.entries.iter().position(|entry| entry.uid == *uid || known(entry.token)) else {
            return Standing::default();
        };
        let Some(Entry { token: mark, mut standing, .. }) = self.entries.remove(index) else {
            return Standing::default();
        };
        standing.made_host = standing.made_host.filter(|host| !host || known(mark));
        standing
    }

    /// A moderator lets everybody be heard and seen again.
    pub(crate) fn unmute(&mut self, source: Source) {
        for entry in &mut self.entries {
            entry.standing.muted.remove(&source);
        }
        self.entries.retain(|entry| entry.standing != Standing::default());
    }

    /// Who left under one uid comes back under another.
    pub(crate) fn rename(&mut self, former: &Uid, uid: &Uid) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.uid == *former) {
            entry.uid = uid.clone();
        }
    }
}

/// Standings that one room remembers; one more, and the oldest is forgotten.
pub(crate) const STANDINGS_MAX: usize = 256;
