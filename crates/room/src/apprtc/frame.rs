//! What the collider writes into sockets.

use serde::Serialize;

/// One frame.
#[derive(Debug, Serialize)]
pub(crate) struct Frame<'a> {
    /// Of the other client; empty when there is an error.
    pub(crate) msg: &'a str,
    /// Empty when there is none.
    pub(crate) error: &'a str,
}

impl<'a> Frame<'a> {
    pub(crate) fn message(msg: &'a str) -> Self {
        Self { msg, error: "" }
    }

    pub(crate) fn error(error: &'a str) -> Self {
        Self { msg: "", error }
    }

    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("strings have a JSON form")
    }
}
