//! A description as lines (RFC 8866 §5).

use crate::session::OfferError;

/// One line: `type=value`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    /// The letter before the equals sign.
    pub(super) kind: u8,
    /// What is behind it, without white space at the ends.
    pub(super) value: &'a str,
}

/// The lines of a description. Empty ones are passed over; lines may end in CRLF or LF.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Result<Line<'_>, OfferError>> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index.saturating_add(1), line.trim()));
    numbered.filter(|(_, line)| !line.is_empty()).map(|(number, line)| {
        let (kind, value) = line.split_once('=').ok_or(OfferError::Syntax { line: number })?;
        match kind.as_bytes() {
            [kind @ b'a'..=b'z'] => Ok(Line { number, kind: *kind, value: value.trim() }),
            _ => Err(OfferError::Syntax { line: number }),
        }
    })
}

/// Adds to a list that a stranger fills.
pub(super) fn push<T>(
    list: &mut Vec<T>,
    item: T,
    line: usize,
    what: &'static str,
    max: usize,
) -> Result<(), OfferError> {
    if list.len() >= max {
        return Err(OfferError::TooMany { line, what, max });
    }
    list.push(item);
    Ok(())
}
