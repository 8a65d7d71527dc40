//! The file of a recording, whole or in part (RFC 9110 §14).

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE,
    RANGE,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures_util::stream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::task::spawn_blocking;

use super::super::api::query;
use super::super::problem::Problem;
use crate::live::recording::{Recording, Recordings};

/// Answers with what is asked for of the file, as long as it is at this moment.
pub(super) async fn answer(recordings: &Recordings, recording: &Recording, parts: &Parts) -> Result<Response, Problem> {
    let (file, length) = recordings.open(recording).await?;
    let tag = format!("\"{}-{length}\"", recording.id.0);
    let header = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // A part of what is another file by now is of no use (§13.1.5).
    let is_same = header(IF_RANGE).is_none_or(|known| known == tag);
    let asked = header(RANGE).filter(|_| is_same);
    let span = match asked.map(|range| Span::of(range, length)) {
        None | Some(Ask::Whole) => None,
        Some(Ask::Part(span)) => Some(span),
        Some(Ask::Nothing) => return Err(Problem::BadRange { length }),
    };
    let (status, Span { start, end }) = match span {
        Some(span) => (StatusCode::PARTIAL_CONTENT, span),
        None => (StatusCode::OK, Span { start: 0, end: length }),
    };
    let name = recording.path.rsplit('/').next().unwrap_or_default();
    let kind = if query(parts, "download").is_some() { "attachment" } else { "inline" };
    let fixed = [
        (CONTENT_TYPE, recording.format.content_type().to_owned()),
        (CONTENT_LENGTH, (end - start).to_string()),
        (CONTENT_DISPOSITION, format!("{kind}; filename*=UTF-8''{}", utf8_percent_encode(name, NON_ALPHANUMERIC))),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (CACHE_CONTROL, "private, no-cache".to_owned()),
        (ETAG, tag),
    ];
    let mut response = (status, fixed, body(file, start, end)).into_response();
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(range) = HeaderValue::try_from(format!("bytes {start}-{}/{length}", end - 1))
    {
        response.headers_mut().insert(CONTENT_RANGE, range);
    }
    Ok(response)
}

/// Bytes of a file, the end not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// What a Range header asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Nothing that we know, or several parts: then it may be passed over (§14.2).
    Whole,
    Part(Span),
    /// What is not there.
    Nothing,
}

impl Span {
    /// What `range` asks for of so many bytes.
    pub(super) fn of(range: &str, length: u64) -> Ask {
        let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
            return Ask::Whole;
        };
        let number = |text: &str| text.parse::<u64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let (start, end) = match (number(first), number(last)) {
            (Some(start), Some(last)) if last >= start => (start, last.saturating_add(1).min(length)),
            (Some(start), None) if last.is_empty() => (start, length),
            (None, Some(count)) if first.is_empty() => (length.saturating_sub(count), length),
            _ => return Ask::Whole,
        };
        if start < end { Ask::Part(Self { start, end }) } else { Ask::Nothing }
    }
}

/// Reads as fast as the client takes it.
fn body(file: File, start: u64, end: u64) -> Body {
    let file = Arc::new(file);
    Body::from_stream(stream::unfold(start, move |at| {
        let file = Arc::clone(&file);
        async move {
            let length = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(CHUNK_BYTES);
            if length == 0 {
                return None;
            }
            let read = spawn_blocking(move || {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, at).map(|()| Bytes::from(bytes))
            });
            let read = read.await.unwrap_or_else(|error| Err(io::Error::other(error)));
            // After an error there is no going on.
            let next = if read.is_ok() { at.saturating_add(u64::try_from(length).unwrap_or(u64::MAX)) } else { end };
            Some((read, next))
        }
    }))
}

/// Read at once, and in memory for each client.
const CHUNK_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests;
