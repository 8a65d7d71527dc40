//! The way of frames into a stream.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use live::StreamName;
use live::hub::{Grade, Hub, Rendition};
use media::{Frame, Kind, Parameters};
use tokio::sync::watch;

use super::{Directory, Published, Readers, Stream};
use crate::clock;

/// Publishes in the name of whoever holds the claim; does nothing once that is given back.
#[derive(Debug, Clone)]
pub(crate) struct Inlet {
    directory: Directory,
    name: StreamName,
    stream: Arc<Stream>,
    publication: u64,
    /// Whether those who wait for the stream were told that it can be viewed, with the common sound and with the original one.
    announced: [bool; 2],
}

impl Inlet {
    pub(super) fn new(directory: Directory, name: StreamName, stream: Arc<Stream>, publication: u64) -> Self {
        Self { directory, name, stream, publication, announced: [false; 2] }
    }

    pub(crate) fn name(&self) -> &StreamName {
        &self.name
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Passes `onMetaData` on. Viewers hear of it at the next [`Self::flush`].
    pub(crate) fn publish_metadata(&self, metadata: Bytes) {
        self.with_hub(|hub| hub.publish_metadata(metadata));
    }

    /// Passes parameters on. Viewers hear of them at the next [`Self::flush`].
    pub(crate) fn publish_parameters(&self, parameters: Parameters) {
        self.with_hub(|hub| hub.publish_parameters(parameters));
    }

    /// Passes a frame on. Viewers hear of it at the next [`Self::flush`].
    pub(crate) fn publish_frame(&self, frame: Frame) {
        let key_picture_at = (frame.is_key && frame.kind() == Kind::Video).then(clock::now);
        self.with_published(|published| {
            published.key_picture_at = key_picture_at.or(published.key_picture_at);
            published.hub.publish_frame(frame);
        });
    }

    /// Passes parameters of one rendition of the sound on. Viewers hear of them at the next [`Self::flush`].
    pub(crate) fn publish_sound_parameters(&self, rendition: Rendition, parameters: Parameters) {
        self.with_hub(|hub| hub.publish_sound_parameters(rendition, parameters));
    }

    /// Passes a frame of one rendition of the sound on. Viewers hear of it at the next [`Self::flush`].
    pub(crate) fn publish_sound(&self, rendition: Rendition, frame: Frame) {
        self.with_hub(|hub| hub.publish_sound(rendition, frame));
    }

    /// Nothing more of one rendition of the sound follows for a while.
    pub(crate) fn withdraw(&self, rendition: Rendition) {
        self.with_hub(|hub| hub.withdraw(rendition));
    }

    /// Tells how many layers of simulcast the pictures have.
    pub(crate) fn set_layers(&self, layers: usize) {
        self.with_published(|published| published.layers = layers);
    }

    /// Passes on how the pictures of a layer are decoded. Viewers hear of it at the next [`Self::flush`].
    pub(crate) fn publish_parameters_of(&self, grade: Grade, parameters: Parameters) {
        self.with_hub(|hub| hub.publish_parameters_of(grade, parameters));
    }

    /// Passes a picture of a layer on. Viewers hear of it at the next [`Self::flush`].
    pub(crate) fn publish_picture_of(&self, grade: Grade, picture: Frame) {
        self.with_hub(|hub| hub.publish_picture_of(grade, picture));
    }

    /// Wakes the viewers.
    pub(crate) fn flush(&mut self) {
        self.stream.news.send_replace(());
        let can_begin = {
            let published = self.stream.published();
            [Rendition::Common, Rendition::Original].map(|rendition| published.hub.can_begin(rendition))
        };
        let is_news = can_begin.iter().zip(self.announced).any(|(can_begin, announced)| *can_begin && !announced);
        self.announced = can_begin;
        if is_news {
            self.directory.0.arrivals.send_replace(());
        }
    }

    /// Nothing follows for a while: what was published is of no use to who comes then.
    pub(crate) fn pause(&mut self) {
        self.with_published(|published| {
            published.hub.end();
            // None is expected.
            published.key_picture_at = None;
        });
        self.announced = [false; 2];
    }

    /// What follows has parameters of its own, and times that count from `epoch`.
    pub(crate) fn resume(&mut self, epoch: Instant) {
        self.with_hub(|hub| hub.begin_from(Some(epoch)));
        self.announced = [false; 2];
    }

    /// How many read the stream, or wait for something to read.
    pub(crate) fn readers(&self) -> watch::Receiver<Readers> {
        self.stream.readers.subscribe()
    }

    /// The directory that it leads into.
    pub(crate) fn directory(&self) -> &Directory {
        &self.directory
    }

    fn with_hub(&self, act: impl FnOnce(&mut Hub)) {
        self.with_published(|published| act(&mut published.hub));
    }

    fn with_published(&self, act: impl FnOnce(&mut Published)) {
        let mut published = self.stream.published();
        if published.publication == self.publication {
            act(&mut published);
        }
    }
}
