//! The members of one room.

use std::collections::VecDeque;

use crate::{ConnId, Output, address::Source, config::Limits, id::Uid, member::Member};

/// A room exists from its first member to its last.
#[derive(Debug)]
pub(crate) struct Room {
    /// Whose budget of rooms this one is in.
    pub(crate) opener: Source,
    /// In the order in which they came. Bounded by `limits.members`.
    members: Vec<Member>,
}

impl Room {
    pub(crate) fn new(opener: Source) -> Self {
        Self { opener, members: Vec::new() }
    }

    pub(crate) fn members(&self) -> &[Member] {
        &self.members
    }

    pub(crate) fn member(&self, uid: &Uid) -> Option<&Member> {
        self.members.iter().find(|member| member.uid == *uid)
    }

    pub(crate) fn member_mut(&mut self, uid: &Uid) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.uid == *uid)
    }

    /// The seat of a connection, which has at most one in a room.
    pub(crate) fn member_of(&self, conn: ConnId) -> Option<&Member> {
        self.members.iter().find(|member| member.conn() == Some(conn))
    }

    pub(crate) fn member_of_mut(&mut self, conn: ConnId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.conn() == Some(conn))
    }

    /// Who may come back with this resume token.
    pub(crate) fn member_with_ticket(&self, shown: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.ticket.as_ref().is_some_and(|ticket| ticket.opens_with(shown)))
    }

    pub(crate) fn seat(&mut self, member: Member) {
        debug_assert!(self.member(&member.uid).is_none(), "one seat for one uid");
        self.members.push(member);
    }

    pub(crate) fn unseat(&mut self, uid: &Uid) -> Option<Member> {
        let index = self.members.iter().position(|member| member.uid == *uid)?;
        Some(self.members.remove(index))
    }

    /// A reconnecting member for whom too much came to be kept.
    pub(crate) fn overflowed(&self) -> Option<Uid> {
        self.members.iter().find(|member| member.overflowed()).map(|member| member.uid.clone())
    }

    /// Sends to every member but `except` the text that `text_for` makes for it, if any.
    pub(crate) fn tell_others(
        &mut self,
        except: &Uid,
        limits: &Limits,
        outputs: &mut VecDeque<Output>,
        text_for: impl Fn(&Member) -> Option<String>,
    ) {
        for member in self.members.iter_mut().filter(|member| member.uid != *except) {
            if let Some(text) = text_for(member) {
                member.tell(text, limits, outputs);
            }
        }
    }
}
