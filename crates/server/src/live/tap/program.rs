//! The tracks of a publisher on their way to frames, in step. Without clock and threads: **one input, then drain
//! [`Program::poll_output`], then the next input.**

use std::collections::VecDeque;
use std::time::Instant;

use live::bridge::{self, Alignment};
use live::hub::{GRADES_MAX, Grade, Grades};
use media::{Codec, Frame, Kind, Parameters};

use super::Terms;
use super::opening::Opening;
use super::track::{Packet, Track, since};
use crate::media::{Batch, Place, TappedPacket};

/// What comes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Output {
    /// How the frames of a track are encoded from here on.
    Parameters(Parameters),
    /// A frame.
    Frame(Frame),
    /// How the pictures of a layer are encoded from here on.
    LayerParameters(Grade, Parameters),
    /// A picture of a layer.
    LayerPicture(Grade, Frame),
    /// The publisher is to send a picture that needs no other.
    KeyFrameWanted,
}

impl Output {
    /// Whether it is about sound.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Parameters(parameters) => parameters.kind() == Kind::Audio,
            Self::Frame(frame) => frame.kind() == Kind::Audio,
            Self::LayerParameters(..) | Self::LayerPicture(..) | Self::KeyFrameWanted => false,
        }
    }
}

/// One publisher's program.
#[derive(Debug)]
pub(super) struct Program {
    /// Where its timeline begins.
    origin: Instant,
    terms: Terms,
    alignment: Alignment,
    audio: Option<Track>,
    /// Of each grade.
    video: [Option<Track>; GRADES_MAX],
    /// `None` once it is over.
    opening: Option<Opening>,
    /// When the publisher is asked for a key frame; `None` before the first picture.
    key_frame_due: Option<Instant>,
    outputs: VecDeque<Output>,
}

impl Program {
    pub(super) fn new(now: Instant, terms: Terms) -> Self {
        Self {
            origin: now,
            terms,
            alignment: Alignment::default(),
            audio: None,
            video: Default::default(),
            opening: Some(Opening::new(terms)),
            key_frame_due: None,
            outputs: VecDeque::new(),
        }
    }

    /// Takes what has come.
    pub(super) fn handle_batch(&mut self, batch: Batch) {
        let now = batch.arrived;
        for packet in batch.packets {
            match packet {
                TappedPacket::Rtp { codec, grade, number, timestamp, marker, payload } => {
                    let packet = Packet { arrived: now, number, timestamp, marker, payload };
                    let (origin, mut alignment) = (self.origin, self.alignment);
                    if let Some(track) = self.track_of(codec, grade) {
                        track.handle_packet(origin, packet, &mut alignment);
                        self.alignment = alignment;
                    }
                }
                TappedPacket::Report { place, ntp, timestamp } => {
                    // The router reports in the wake-up that hands the report over.
                    self.alignment.anchor(ntp, since(self.origin, now));
                    let track = match place {
                        Place::Audio => self.audio.as_mut(),
                        Place::Video(grade) => self.video.get_mut(grade.index()).and_then(Option::as_mut),
                    };
                    if let Some(track) = track {
                        track.handle_report(self.origin, ntp, timestamp, &mut self.alignment);
                    }
                }
            }
        }
        self.collect(now);
    }

    /// Gives up on what was waited for in vain, and asks for a key frame if it is time for one.
    pub(super) fn handle_timeout(&mut self, now: Instant) {
        for track in self.audio.iter_mut().chain(self.video.iter_mut().flatten()) {
            track.handle_timeout(self.origin, now, &mut self.alignment);
        }
        if self.key_frame_due.is_some_and(|due| due <= now) {
            self.want_key_frame(now);
        }
        self.collect(now);
        if self.opening.as_ref().and_then(Opening::poll_timeout).is_some_and(|until| until <= now) {
            self.open();
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let tracks = self.audio.iter().chain(self.video.iter().flatten()).filter_map(Track::poll_timeout);
        let opening = self.opening.as_ref().and_then(Opening::poll_timeout);
        tracks.chain(opening).chain(self.key_frame_due).min()
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Forgets the layers of which nothing comes any more.
    pub(super) fn keep_grades(&mut self, grades: Grades) {
        for grade in Grades::ALL.iter().filter(|grade| !grades.contains(*grade)) {
            if let Some(track) = self.video.get_mut(grade.index()) {
                *track = None;
            }
        }
    }

    /// The track that packets of this codec belong to.
    fn track_of(&mut self, codec: Codec, grade: Grade) -> Option<&mut Track> {
        let place = match codec.kind() {
            Kind::Audio => &mut self.audio,
            Kind::Video => self.video.get_mut(grade.index())?,
        };
        match place {
            Some(track) if track.codec() != codec => track.change_codec(codec).ok()?,
            Some(_) => {}
            None => *place = Some(Track::new(codec).ok()?),
        }
        place.as_mut()
    }

    /// What the tracks have ready.
    fn collect(&mut self, now: Instant) {
        let mut ready = Vec::new();
        let sounds = self.audio.iter_mut().map(|track| (Grade::BEST, track));
        let pictures = Grades::ALL.iter().zip(&mut self.video);
        for (grade, track) in sounds.chain(pictures.filter_map(|(grade, track)| Some((grade, track.as_mut()?)))) {
            ready.extend(std::iter::from_fn(|| track.poll_output()).map(|output| (grade, output)));
        }
        for (grade, output) in ready {
            match output {
                bridge::Output::Parameters(parameters) if grade != Grade::BEST => {
                    self.send(now, Output::LayerParameters(grade, parameters));
                }
                bridge::Output::Frame(frame) if grade != Grade::BEST => {
                    self.send(now, Output::LayerPicture(grade, frame));
                }
                bridge::Output::Parameters(parameters) => self.send(now, Output::Parameters(parameters)),
                bridge::Output::Frame(frame) => {
                    if frame.kind() == Kind::Video && frame.is_key {
                        self.key_frame_due = Some(now + self.terms.key_frame_every);
                    }
                    self.send(now, Output::Frame(frame));
                }
                bridge::Output::KeyFrameWanted => self.want_key_frame(now),
            }
        }
    }

    fn send(&mut self, now: Instant, output: Output) {
        match &mut self.opening {
            None => self.outputs.push_back(output),
            Some(opening) => {
                if opening.hold(now, output) {
                    self.open();
                }
            }
        }
    }

    fn open(&mut self) {
        let opening = self.opening.take();
        self.outputs.extend(opening.into_iter().flat_map(Opening::into_outputs));
    }

    fn want_key_frame(&mut self, now: Instant) {
        self.key_frame_due = Some(now + self.terms.key_frame_every);
        self.outputs.push_back(Output::KeyFrameWanted);
    }
}

#[cfg(test)]
mod tests;
