//! A whole session description.

use super::attribute::{Direction, Extension};
use super::lines::{Line, lines, push};
use super::media::{MediaDescription, TransportAttributes, push_extension};
use super::{DESCRIPTION_BYTES_MAX, MEDIA_DESCRIPTIONS_MAX};
use crate::session::OfferError;

/// A session description, offer or answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Description {
    /// The media ids of the first `a=group:BUNDLE` (RFC 9143).
    pub bundle: Option<Vec<String>>,
    /// `a=ice-lite` (RFC 8839 §5.3).
    pub ice_lite: bool,
    /// `a=extmap-allow-mixed` for all media descriptions.
    pub extmap_allow_mixed: bool,
    /// What holds for media descriptions that do not say it themselves.
    pub transport: TransportAttributes,
    /// The direction of media descriptions that do not say it themselves.
    pub direction: Option<Direction>,
    /// `a=extmap` for all media descriptions.
    pub extensions: Vec<Extension>,
    /// In their order.
    pub media: Vec<MediaDescription>,
}

impl Description {
    /// Reads a description.
    ///
    /// # Errors
    /// `TooLong`, `Syntax`, `TooMany`, `Value`.
    pub fn parse(text: &str) -> Result<Self, OfferError> {
        if text.len() > DESCRIPTION_BYTES_MAX {
            return Err(OfferError::TooLong { bytes: text.len(), max: DESCRIPTION_BYTES_MAX });
        }
        let mut lines = lines(text);
        match lines.next() {
            Some(Ok(Line { kind: b'v', value: "0", .. })) => {}
            _ => return Err(OfferError::Syntax { line: 1 }),
        }
        let mut description = Self::default();
        for line in lines {
            description.line(line?)?;
        }
        Ok(description)
    }

    fn line(&mut self, line: Line<'_>) -> Result<(), OfferError> {
        match (line.kind, self.media.last_mut()) {
            (b'm', _) => {
                let media = MediaDescription::parse(line)?;
                push(&mut self.media, media, line.number, "media descriptions", MEDIA_DESCRIPTIONS_MAX)
            }
            (b'a', media) => {
                let (name, value) = line.value.split_once(':').unwrap_or((line.value, ""));
                match media {
                    Some(media) => media.attribute(line.number, name, value.trim()),
                    None => self.attribute(line.number, name, value.trim()),
                }
            }
            _ => Ok(()),
        }
    }

    fn attribute(&mut self, line: usize, name: &str, value: &str) -> Result<(), OfferError> {
        match name {
            "group" => self.group(line, value)?,
            "ice-lite" => self.ice_lite = true,
            "extmap-allow-mixed" => self.extmap_allow_mixed = true,
            "extmap" => push_extension(&mut self.extensions, line, value)?,
            _ => match Direction::parse(name) {
                Some(direction) => self.direction = Some(direction),
                None => self.transport.attribute(line, name, value)?,
            },
        }
        Ok(())
    }

    /// Other semantics than BUNDLE (`LS`, …) are passed over: RFC 5888 §9.1 lets an answer leave them out.
    fn group(&mut self, line: usize, value: &str) -> Result<(), OfferError> {
        let mut words = value.split_ascii_whitespace();
        if words.next() != Some("BUNDLE") || self.bundle.is_some() {
            return Ok(());
        }
        let mut mids = Vec::new();
        for mid in words {
            push(&mut mids, mid.to_owned(), line, "media ids in a=group", MEDIA_DESCRIPTIONS_MAX)?;
        }
        self.bundle = Some(mids);
        Ok(())
    }
}
