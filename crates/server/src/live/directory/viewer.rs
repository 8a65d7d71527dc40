//! A place in a stream, and how many have one.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use live::StreamName;
use live::hub::{Cursor, GRADES_MAX, Grade, Grades, Item, PerRendition, Rendition, TooSlow};
use media::{Codec, MediaTime};
use tokio::sync::watch;
use tokio::time::timeout;

use super::row::{Back, Write};
use super::{Directory, Seat, Socket, Stream};
use crate::live::clients::Client;

/// Why a viewer gets no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewEnd {
    /// Nothing came for [`PATIENCE`].
    #[error("nothing has come for {} s", PATIENCE.as_secs())]
    Silence,
    /// It does not keep up.
    #[error(transparent)]
    TooSlow(#[from] TooSlow),
}

/// How many read a stream, or wait for something to read, by the rendition of the sound that they take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Readers {
    pub(crate) of_sound: PerRendition<usize>,
    /// Of these, those who read more than the best pictures, by what they read beside.
    beside: [usize; GRADES_MAX],
}

/// Somebody who reads a stream, or will as soon as there is something to read.
#[derive(Debug)]
pub(super) struct Reader {
    directory: Directory,
    name: StreamName,
    stream: Arc<Stream>,
    rendition: Rendition,
    /// What it reads beside the best pictures.
    beside: Grades,
}

/// A place in a stream. It is kept while the publisher is away for a moment.
#[derive(Debug)]
pub struct Viewer {
    reader: Reader,
    news: watch::Receiver<()>,
    cursor: Cursor,
    /// What of its skips is counted.
    counted: (u64, MediaTime),
}

impl Readers {
    /// Whether there is anybody.
    pub(crate) fn are_there(self) -> bool {
        self.of_sound != PerRendition::default()
    }

    /// The pictures that somebody reads: the best in any case.
    pub(crate) fn grades(self) -> Grades {
        let is_read = |(grade, count): &(Grade, usize)| *grade == Grade::BEST || *count > 0;
        Grades::ALL.iter().zip(self.beside).filter(is_read).map(|(grade, _)| grade).collect()
    }

    /// One of them reads others.
    fn change(&mut self, former: Grades, next: Grades) {
        for (grade, count) in Grades::ALL.iter().zip(&mut self.beside) {
            *count = count.saturating_sub(usize::from(former.contains(grade)));
            *count += usize::from(next.contains(grade));
        }
    }
}

impl Reader {
    /// To be called with the directory locked.
    pub(super) fn new(directory: Directory, name: StreamName, stream: Arc<Stream>, rendition: Rendition) -> Self {
        stream.readers.send_modify(|readers| *readers.of_sound.of_mut(rendition) += 1);
        Self { directory, name, stream, rendition, beside: Grades::default() }
    }

    fn read_beside(&mut self, beside: Grades) {
        let former = std::mem::replace(&mut self.beside, beside);
        if former != beside {
            self.directory.leave(&self.name, |entry| {
                entry.stream.readers.send_modify(|readers| readers.change(former, beside));
            });
        }
    }
}

impl Viewer {
    pub(super) fn new(reader: Reader) -> Self {
        let news = reader.stream.news.subscribe();
        let cursor = Cursor::new(reader.rendition);
        Self { reader, news, cursor, counted: Default::default() }
    }

    /// Takes pictures of these grades beside the best from here on; they are made while somebody takes them.
    pub fn read_beside(&mut self, beside: Grades) {
        self.cursor.read_beside(beside);
        self.reader.read_beside(beside);
    }

    /// How many layers of simulcast the pictures have, as far as that is known.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.reader.stream.published().layers
    }

    /// Whether the stream has sounds, and whether it has pictures, as far as the publisher has told.
    #[must_use]
    pub fn has_audio_and_video(&self) -> (bool, bool) {
        let published = self.reader.stream.published();
        (published.hub.audio(self.reader.rendition).is_some(), published.hub.video().is_some())
    }

    /// How pictures and sounds are encoded, as far as the publisher has told.
    #[must_use]
    pub fn codecs(&self) -> Vec<Codec> {
        let published = self.reader.stream.published();
        let told = [published.hub.video(), published.hub.audio(self.reader.rendition)];
        told.into_iter().flatten().map(|parameters| parameters.codec).collect()
    }

    /// Appends what is new, as soon as there is something. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// When nothing comes any more, or this viewer does not keep up.
    pub async fn next(&mut self, to: &mut Vec<Arc<Item>>) -> Result<(), ViewEnd> {
        loop {
            self.news.borrow_and_update();
            let read = self.reader.stream.published().hub.read(&mut self.cursor, BATCH_BYTES, to);
            self.count_skips(read.is_err());
            read?;
            if !to.is_empty() {
                return Ok(());
            }
            // The stream itself holds the sender, so it is not closed.
            timeout(PATIENCE, self.news.changed()).await.map(|_| ()).map_err(|_| ViewEnd::Silence)?;
        }
    }

    /// Has a row go on with what comes next, straight to the socket, which must have nothing else to take; if there is one where this viewer is.
    pub(crate) fn sit(&self, write: Write, socket: &Socket, client: &Arc<Client>) -> Option<Seat> {
        let stream = &self.reader.stream;
        let is_up_to_date = stream.published().hub.is_up_to_date(&self.cursor);
        if !is_up_to_date {
            return None;
        }
        stream.rows.sit(stream, write, &self.cursor, socket, client)
    }

    /// Goes on where it is after a row. What is to be written first is returned.
    ///
    /// # Errors
    /// As for [`Self::next`].
    pub(crate) fn rise(&mut self, back: Back) -> Result<Bytes, ViewEnd> {
        self.cursor = back.cursor;
        back.end.map_or(Ok(back.rest), Err)
    }

    /// How much of the stream went by since the viewer last began, because it did not keep up.
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.cursor.skipped()
    }

    /// Begins again at the latest key frame.
    pub fn begin_again(&mut self) {
        (self.cursor, self.counted) = (Cursor::new(self.reader.rendition), Default::default());
        self.cursor.read_beside(self.reader.beside);
    }

    fn count_skips(&mut self, is_too_slow: bool) {
        let tally = self.reader.directory.tally();
        let (skipped, time) = (self.cursor.skipped(), self.cursor.skipped_time());
        let (counted, counted_time) = self.counted;
        if skipped != counted {
            tally.count_skipped(skipped.saturating_sub(counted), time - counted_time);
            self.counted = (skipped, time);
        }
        if is_too_slow {
            tally.count_too_slow();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.directory.leave(&self.name, |entry| {
            entry.stream.readers.send_modify(|readers| {
                let place = readers.of_sound.of_mut(self.rendition);
                *place = place.saturating_sub(1);
                readers.change(self.beside, Grades::default());
            });
        });
    }
}

/// How long a viewer stays while nothing comes: a publisher that lost its connection is back by then, or not coming.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What a viewer takes in one go: enough that a system call is worth it, and little enough that one who is behind does not keep more than this.
pub(super) const BATCH_BYTES: usize = 256 * 1024;
