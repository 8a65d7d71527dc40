//! What is kept for a member whose connection is lost, until it is back.

use std::{collections::VecDeque, time::Instant};

use crate::{
    config::Limits,
    history::{HISTORY_BYTES_MAX, HISTORY_LINES_MAX},
    id::Uid,
    limit,
};

/// A member without a connection: what is kept for it, and until when.
///
/// Nothing that the others do takes its seat. What one member says to it alone is refused to the sender when it does not
/// fit; of what is said to all the oldest is forgotten, as later joiners would not read it either; who came and went is
/// as bounded as the room.
#[derive(Debug)]
pub(crate) struct Absence {
    pub(crate) until: Instant,
    queue: VecDeque<(Kept, String)>,
}

/// Why a message is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// This member has come.
    Came(Uid),
    /// This member has gone.
    Left(Uid),
    /// This member negotiates with the absent one.
    Negotiation(Uid),
    /// This one says something to the absent one alone.
    Speech(Uid),
    /// Chat to the room.
    Line,
    /// The answer to a request of its own, of which few are open.
    Answer,
}

/// Nothing more is kept from this sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Absence {
    pub(crate) fn new(until: Instant) -> Self {
        Self { until, queue: VecDeque::new() }
    }

    /// Keeps a message, or what matters of it.
    ///
    /// # Errors
    /// When its sender has as much here as it may have; then nothing has changed.
    pub(crate) fn keep(&mut self, kept: Kept, text: String, limits: &Limits) -> Result<(), Full> {
        match &kept {
            Kept::Left(uid) => {
                let came = self.queue.iter().any(|(kept, _)| *kept == Kept::Came(uid.clone()));
                self.queue.retain(|(kept, _)| !is_void_without(kept, uid));
                if came {
                    // Whom the member never saw it need not lose, and one whom it saw is gone for it already.
                    return Ok(());
                }
            }
            Kept::Negotiation(uid) | Kept::Speech(uid) if !self.fits(uid, text.len(), limits) => return Err(Full),
            Kept::Came(_) | Kept::Negotiation(_) | Kept::Speech(_) | Kept::Line | Kept::Answer => {}
        }
        self.queue.push_back((kept, text));
        self.forget_lines();
        Ok(())
    }

    pub(crate) fn into_queue(self) -> impl Iterator<Item = String> {
        self.queue.into_iter().map(|(_, text)| text)
    }

    /// Whether one more message of this sender fits, into its own share and into what is kept of all.
    fn fits(&self, uid: &Uid, bytes: usize, limits: &Limits) -> bool {
        let (messages_max, bytes_max) = (limits.resume_messages, limits.resume_bytes);
        let all = self.amount(|_| true);
        let own = self.amount(|sender| sender == uid);
        limit::admits(messages_max, all.messages)
            && limit::fits(bytes_max, all.bytes + bytes)
            && limit::admits(messages_max.div_ceil(SHARES), own.messages)
            && limit::fits(bytes_max.div_ceil(SHARES), own.bytes + bytes)
    }

    /// What is kept of the senders that `counts` names.
    fn amount(&self, counts: impl Fn(&Uid) -> bool) -> Amount {
        let mut amount = Amount::default();
        for (kept, text) in &self.queue {
            if let Kept::Negotiation(uid) | Kept::Speech(uid) = kept
                && counts(uid)
            {
                amount.messages += 1;
                amount.bytes += text.len();
            }
        }
        amount
    }

    fn forget_lines(&mut self) {
        let lines = || self.queue.iter().filter(|(kept, _)| *kept == Kept::Line);
        let (mut count, mut bytes) = (lines().count(), lines().map(|(_, text)| text.len()).sum::<usize>());
        self.queue.retain(|(kept, text)| {
            let surplus = *kept == Kept::Line && (count > HISTORY_LINES_MAX || bytes > HISTORY_BYTES_MAX);
            if surplus {
                count -= 1;
                bytes -= text.len();
            }
            !surplus
        });
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    messages: usize,
    bytes: usize,
}

/// What means nothing once the member of this uid is gone.
fn is_void_without(kept: &Kept, gone: &Uid) -> bool {
    matches!(kept, Kept::Came(uid) | Kept::Negotiation(uid) if uid == gone)
}

/// What one sender may have of the space for an absent member is this part of it, so that others have some, too.
const SHARES: u32 = 4;

#[cfg(test)]
mod tests;
