//! Claims about the whole core, in a language of connections and frames.

mod admission;
mod conference;
mod course;
mod heartbeat;
mod language;
mod limits;
mod media;
mod model;
mod resume;
mod samples;
mod second;
