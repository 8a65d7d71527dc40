//! What streams are called: an application and a name in it, as in `rtmp://host/app/stream?parameters`.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

/// A stream of this server. The virtual host is no part of it: one server is one host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName {
    app: String,
    stream: String,
}

/// A stream as somebody asked for it: its name and the parameters behind the question mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamAddress {
    /// Which stream.
    pub name: StreamName,
    /// The parameters as they came, without the question mark: a token, most of the time.
    pub query: String,
}

/// Why a text names no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing where the application or the stream should stand.
    #[error("a stream is named by an application and a stream: /live/lesson")]
    Incomplete,
    /// More than is kept.
    #[error("{what} has {bytes} bytes, the most is {limit}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A control character, a backslash, a question mark, or a segment of dots alone: a name must be safe in a path and in a log.
    #[error("this name of a stream has {0:?} in it, which no name may have")]
    Forbidden(String),
    /// Percent signs that stand for no UTF-8 text.
    #[error("the name of a stream is not UTF-8")]
    NotUtf8,
}

impl StreamName {
    /// Takes both parts as they are. An application may have several segments, a stream has one.
    ///
    /// # Errors
    /// When a part is empty, too long, or not safe in a path.
    pub fn new(app: &str, stream: &str) -> Result<Self, NameError> {
        for (what, part) in [("the application", app), ("the stream", stream)] {
            if part.len() > PART_BYTES_MAX {
                return Err(NameError::TooLong { what, bytes: part.len(), limit: PART_BYTES_MAX });
            }
        }
        for segment in app.split('/').chain([stream]) {
            check(segment)?;
        }
        Ok(Self { app: app.to_owned(), stream: stream.to_owned() })
    }

    /// The application: the path without its last segment.
    #[must_use]
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The stream: the last segment of the path.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/{}", self.app, self.stream)
    }
}

impl StreamAddress {
    /// Reads `/app/stream?parameters`, the path of a URL: percent signs are resolved in the names and left alone in the parameters.
    ///
    /// # Errors
    /// As [`StreamName::new`], and when the parameters are too long.
    pub fn parse(path: &str) -> Result<Self, NameError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (app, stream) = path.trim_matches('/').rsplit_once('/').ok_or(NameError::Incomplete)?;
        Self::of_parts(app, stream, query.to_owned())
    }

    /// Joins what RTMP keeps apart: the application of `connect` and the name of `publish` or `play`, each with parameters or without. Publishers
    /// differ in where they put the last slash, so a name with slashes belongs to the application up to its last one.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn join(app: &str, stream: &str) -> Result<Self, NameError> {
        let (app, app_query) = app.split_once('?').unwrap_or((app, ""));
        let (stream, stream_query) = stream.split_once('?').unwrap_or((stream, ""));
        let path = format!("{}/{}", app.trim_matches('/'), stream.trim_matches('/'));
        let (app, stream) = path.trim_matches('/').rsplit_once('/').ok_or(NameError::Incomplete)?;
        let between = if app_query.is_empty() || stream_query.is_empty() { "" } else { "&" };
        Self::of_parts(app, stream, format!("{app_query}{between}{stream_query}"))
    }

    fn of_parts(app: &str, stream: &str, query: String) -> Result<Self, NameError> {
        if query.len() > QUERY_BYTES_MAX {
            return Err(NameError::TooLong { what: "the query", bytes: query.len(), limit: QUERY_BYTES_MAX });
        }
        let decoded = |part| percent_decode_str(part).decode_utf8().map_err(|_| NameError::NotUtf8);
        Ok(Self { name: StreamName::new(&decoded(app)?, &decoded(stream)?)?, query })
    }

    /// The first parameter of that name, percent signs resolved; `None` as well when it is not UTF-8.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut pairs = self.query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let (_, value) = pairs.find(|(known, _)| *known == name)?;
        percent_decode_str(value).decode_utf8().ok()
    }

    /// The virtual host the client meant, by either of the names for it.
    #[must_use]
    pub fn vhost(&self) -> Option<Cow<'_, str>> {
        self.parameter("vhost").or_else(|| self.parameter("domain")).filter(|vhost| !vhost.is_empty())
    }
}

/// A segment must be something, and mean nothing to a file system, a URL or a terminal.
fn check(segment: &str) -> Result<(), NameError> {
    if segment.is_empty() {
        return Err(NameError::Incomplete);
    }
    if segment.chars().all(|c| c == '.') {
        return Err(NameError::Forbidden(segment.to_owned()));
    }
    match segment.chars().find(|&c| c.is_control() || matches!(c, '/' | '\\' | '?')) {
        Some(wrong) => Err(NameError::Forbidden(wrong.to_string())),
        None => Ok(()),
    }
}

/// Bytes of an application or of a stream: what a file name may have.
pub(crate) const PART_BYTES_MAX: usize = 255;
/// Bytes of the parameters: a token has up to 4 kB.
pub(crate) const QUERY_BYTES_MAX: usize = 8 * 1024;

#[cfg(test)]
mod tests;
