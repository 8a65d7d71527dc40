//! Claims about the whole core, in a language of connections and frames.

mod admission;
mod apprtc;
mod conference;
mod course;
mod crowd;
mod data;
mod encoder;
mod flood;
mod heartbeat;
mod language;
mod limits;
mod lobby;
mod manage;
mod media;
mod model;
mod moderation;
mod resume;
mod samples;
mod second;
mod show;
mod srs;
mod standing;
mod take;
mod talk;
