//! Viewers that have everything and wait for more, in rows: what comes next is written to all of a row by one task, in one go for each.
//!
//! To wake a task for each viewer takes longer than to write what it has to write. A viewer whose socket does not take everything leaves the row
//! with what is left, and goes on by itself until it has everything again.
//!
//! ```text
//! hub ──what is new, once in the format of the row──▶ socket, socket, socket, …
//!                                                        └─full─▶ its viewer, with the rest
//! ```

use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::{Bytes, BytesMut};
use live::hub::{Cursor, Item};
use rustix::net::{SendFlags, send};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::viewer::{BATCH_BYTES, PATIENCE};
use super::{Stream, ViewEnd};
use crate::live::clients::Client;

/// How a part of a stream looks to the viewers of a row.
pub(crate) type Write = fn(&[Arc<Item>]) -> Bytes;

/// A socket that is written to past the stream that owns it, while that one has nothing to write.
#[derive(Debug, Clone)]
pub(crate) struct Socket(Arc<OwnedFd>);

/// The rows of a stream.
#[derive(Debug, Default)]
pub(super) struct Rows(Mutex<Vec<Arc<Row>>>);

/// Viewers who are at the same place in the stream.
#[derive(Debug)]
struct Row {
    write: Write,
    members: Mutex<Members>,
}

#[derive(Debug)]
struct Members {
    /// The place of all of them.
    cursor: Cursor,
    /// At most `MEMBERS_MAX`.
    members: Vec<Member>,
    /// The number of the next.
    next: u64,
    /// Nobody comes any more: the task has ended.
    is_over: bool,
}

#[derive(Debug)]
struct Member {
    number: u64,
    socket: Socket,
    client: Arc<Client>,
    back: oneshot::Sender<Back>,
    /// How much the socket took of what was written last.
    taken: usize,
}

/// A viewer's place in a row; given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    row: Arc<Row>,
    number: u64,
    back: oneshot::Receiver<Back>,
}

/// Where a viewer is that has left its row.
#[derive(Debug)]
pub(crate) struct Back {
    /// Its place in the stream, behind `rest`.
    pub(super) cursor: Cursor,
    /// What the socket did not take.
    pub(crate) rest: Bytes,
    /// Why there is no more, if so.
    pub(crate) end: Option<ViewEnd>,
}

impl Socket {
    /// That of this connection.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub(crate) fn of(stream: &TcpStream) -> io::Result<Self> {
        Ok(Self(Arc::new(stream.as_fd().try_clone_to_owned()?)))
    }

    /// How much of it the socket takes at once. What is wrong with it, the owner finds out.
    fn write(&self, bytes: &[u8]) -> usize {
        send(&*self.0, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL).unwrap_or(0)
    }
}

impl Rows {
    /// A place among viewers who are where the cursor is; without such, in a row of its own.
    pub(super) fn sit(
        &self,
        stream: &Arc<Stream>,
        write: Write,
        cursor: &Cursor,
        socket: &Socket,
        client: &Arc<Client>,
    ) -> Option<Seat> {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.retain(|row| !row.members().is_over);
        let (sender, back) = oneshot::channel();
        let mut member =
            Member { number: 0, socket: socket.clone(), client: Arc::clone(client), back: sender, taken: 0 };
        for row in rows.iter().filter(|row| std::ptr::fn_addr_eq(row.write, write)) {
            match row.join(cursor, member) {
                Ok(number) => return Some(Seat { row: Arc::clone(row), number, back }),
                Err(Refused::Full(refused)) => member = refused,
                // It is there in a moment, and so is this viewer: then they meet.
                Err(Refused::Elsewhere) => return None,
            }
        }
        let members = Members { cursor: cursor.clone(), members: vec![member], next: 1, is_over: false };
        let row = Arc::new(Row { write, members: Mutex::new(members) });
        rows.push(Arc::clone(&row));
        tokio::spawn(run(Arc::clone(&row), Arc::clone(stream), stream.news.subscribe()));
        Some(Seat { row, number: 0, back })
    }
}

enum Refused {
    Full(Member),
    Elsewhere,
}

impl Row {
    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, cursor: &Cursor, mut member: Member) -> Result<u64, Refused> {
        let mut members = self.members();
        if members.members.len() >= MEMBERS_MAX || members.is_over {
            return Err(Refused::Full(member));
        }
        if !members.cursor.is_at(cursor) {
            return Err(Refused::Elsewhere);
        }
        let number = members.next;
        members.next += 1;
        member.number = number;
        members.members.push(member);
        Ok(number)
    }

    /// Writes what is new to everybody; whether there is still somebody.
    fn write_news(&self, stream: &Stream, items: &mut Vec<Arc<Item>>) -> bool {
        let mut members = self.members();
        loop {
            let read = stream.published().hub.read(&mut members.cursor, BATCH_BYTES, items);
            let bytes = (self.write)(items);
            let is_all = items.is_empty();
            items.clear();
            let Members { cursor, members, is_over, .. } = &mut *members;
            let end = read.err().map(ViewEnd::from);
            let leaving = members.extract_if(.., |member| {
                let taken = if bytes.is_empty() { 0 } else { member.socket.write(&bytes) };
                member.client.count_sent(taken);
                member.taken = taken;
                end.is_some() || taken < bytes.len()
            });
            for member in leaving {
                let back = Back { cursor: cursor.clone(), rest: bytes.slice(member.taken..), end };
                // It may be gone.
                let _ = member.back.send(back);
            }
            *is_over = members.is_empty();
            if is_all || *is_over {
                return !*is_over;
            }
        }
    }

    fn end(&self, end: ViewEnd) {
        let mut members = self.members();
        members.is_over = true;
        let cursor = members.cursor.clone();
        for member in members.members.drain(..) {
            let _ = member.back.send(Back { cursor: cursor.clone(), rest: Bytes::new(), end: Some(end) });
        }
    }
}

/// Until nobody is left.
async fn run(row: Arc<Row>, stream: Arc<Stream>, mut news: watch::Receiver<()>) {
    let mut items = Vec::new();
    loop {
        news.borrow_and_update();
        if !row.write_news(&stream, &mut items) {
            return;
        }
        // The stream itself holds the sender, so it is not closed.
        if timeout(PATIENCE, news.changed()).await.is_err() {
            return row.end(ViewEnd::Silence);
        }
    }
}

impl Seat {
    /// When the row has no use for the viewer any more. Nothing is lost when the future is dropped.
    pub(crate) async fn back(&mut self) -> Option<Back> {
        (&mut self.back).await.ok()
    }

    /// Leaves the row: from here on nobody else writes.
    pub(crate) fn leave(mut self) -> Option<Back> {
        self.rise().or_else(|| self.back.try_recv().ok())
    }

    fn rise(&self) -> Option<Back> {
        let mut members = self.row.members();
        let at = members.members.iter().position(|member| member.number == self.number)?;
        members.members.swap_remove(at);
        Some(Back { cursor: members.cursor.clone(), rest: Bytes::new(), end: None })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.rise();
    }
}

/// All items in a row, each as `bytes_of` has it.
pub(crate) fn joined<'a>(items: &'a [Arc<Item>], bytes_of: impl Fn(&'a Item) -> &'a Bytes) -> Bytes {
    if let [item] = items {
        return bytes_of(item).clone();
    }
    let mut bytes = BytesMut::with_capacity(items.iter().map(|item| bytes_of(item).len()).sum());
    for item in items {
        bytes.extend_from_slice(bytes_of(item));
    }
    bytes.freeze()
}

/// Written to in one go: a millisecond's work, in which the thread does nothing else.
const MEMBERS_MAX: usize = 256;

#[cfg(test)]
mod tests;
