//! NAL units, of which H.264 and H.265 are made.

use std::borrow::Cow;

use crate::ParseError;

/// The NAL units of an access unit, each after its length in 4 bytes, as [`Frame::data`](crate::Frame::data) has them.
#[derive(Debug, Clone)]
pub struct Units<'a> {
    rest: &'a [u8],
    length_bytes: usize,
}

impl<'a> Units<'a> {
    /// Of an access unit with lengths of 4 bytes.
    #[must_use]
    pub fn new(data: &'a [u8]) -> Self {
        Self::with_lengths_of(4, data)
    }

    /// Of an access unit with lengths of 1 to 4 bytes, as a decoder configuration may say.
    #[must_use]
    pub fn with_lengths_of(length_bytes: usize, data: &'a [u8]) -> Self {
        Self { rest: data, length_bytes }
    }
}

impl<'a> Iterator for Units<'a> {
    type Item = Result<&'a [u8], ParseError>;

    /// The next unit; after an error there is nothing more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let unit = self.rest.split_at_checked(self.length_bytes).and_then(|(length, rest)| {
            let length = length.iter().fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
            rest.split_at_checked(length)
        });
        let Some((unit, rest)) = unit else {
            self.rest = &[];
            return Some(Err(ParseError::Truncated));
        };
        self.rest = rest;
        Some(Ok(unit))
    }
}

/// The payload of a NAL unit as it was before bytes of 3 were put between zeros (ITU-T H.264 §7.4.1.1).
pub(crate) fn unescaped(unit: &[u8]) -> Cow<'_, [u8]> {
    if !unit.windows(3).any(|window| window == [0, 0, 3]) {
        return Cow::Borrowed(unit);
    }
    let mut payload = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        payload.push(byte);
    }
    Cow::Owned(payload)
}

#[cfg(test)]
mod tests;
