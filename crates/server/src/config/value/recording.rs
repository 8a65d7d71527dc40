//! What is recorded, and how.

use live::StreamName;
use live::record::Wanted;
use room::take::RecordingPolicy;
use toml::Value as Toml;

use super::{text_of, words_of};
use crate::config::setting::Value;

/// Streams by their names, as tokens name them: `app/stream`, `app/*` or `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamPatterns(Vec<String>);

impl StreamPatterns {
    /// Whether one of them stands for this stream.
    #[must_use]
    pub fn contain(&self, name: &StreamName) -> bool {
        self.0.iter().any(|pattern| crate::live::access::stands_for(pattern, name))
    }
}

impl Value for StreamPatterns {
    const KIND: &'static str = "list of names of streams";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let is_pattern = |pattern: &String| {
            let name = pattern.rsplit_once('/').map(|(app, stream)| StreamName::new(app, stream));
            pattern == "*" || name.is_some_and(|name| name.is_ok())
        };
        let patterns = words_of(value).filter(|patterns| patterns.iter().all(is_pattern));
        patterns
            .map(Self)
            .ok_or_else(|| "a list of names of streams such as [\"live/lesson\", \"class/*\"], or [\"*\"]".to_owned())
    }
}

/// The kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordingFormat(pub Wanted);

impl Value for RecordingFormat {
    const KIND: &'static str = "\"auto\", \"mp4\", \"matroska\" or \"flv\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let wanted = match text_of(value).as_deref() {
            Some("auto") => Wanted::Auto,
            Some("mp4") => Wanted::Mp4,
            Some("matroska") => Wanted::Matroska,
            Some("flv") => Wanted::Flv,
            _ => return Err(Self::KIND.to_owned()),
        };
        Ok(Self(wanted))
    }
}

/// Whether rooms may be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomRecording(pub RecordingPolicy);

impl Value for RoomRecording {
    const KIND: &'static str = "\"off\", \"on\" or \"consent\"";

    fn from_toml(value: &Toml) -> Result<Self, String> {
        let policy = text_of(value).and_then(|text| text.parse().ok());
        policy.map(Self).ok_or_else(|| Self::KIND.to_owned())
    }
}
