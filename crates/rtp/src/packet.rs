//! RTP packets (RFC 3550 §5.1) with header extensions in both forms (RFC 8285): a borrowed view, and a writer of headers.

use std::ops::Range;

use crate::ParseError;
use crate::reader::Reader;

/// A view of one RTP packet.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    bytes: &'a [u8],
    fixed: Fixed,
    /// How the elements are written.
    form: Form,
    /// The extension block without its four bytes of profile and length; empty without one.
    elements: &'a [u8],
    /// Where the payload starts; the elements end there.
    payload_start: usize,
    /// Bytes of padding at the end, the count among them.
    padding: u8,
}

/// What the first twelve bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fixed {
    csrc_count: u8,
    marker: bool,
    payload_type: u8,
    sequence_number: u16,
    timestamp: u32,
    ssrc: u32,
}

/// RFC 8285 §4.2 and §4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    OneByte,
    TwoByte,
    /// Another profile: nothing is known about its inside.
    Opaque,
}

/// One header extension element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// 1 to 14, with two-byte headers up to 255.
    pub id: u8,
    /// At most 255 bytes.
    pub data: &'a [u8],
}

/// The elements of a packet in their order. One that reaches beyond the end is left out together with what follows.
#[derive(Debug, Clone, Copy)]
pub struct Elements<'a> {
    form: Form,
    rest: Reader<'a>,
}

/// What the fixed part of a header says, to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// 0 to 127.
    pub payload_type: u8,
    /// RFC 3550 §5.1; of video the end of a frame.
    pub marker: bool,
    /// Of this packet in its stream.
    pub sequence_number: u16,
    /// In units of the codec's clock.
    pub timestamp: u32,
    /// Of the stream.
    pub ssrc: u32,
}

impl<'a> Packet<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// When it is cut off, of another version, or padded with more than there is. Extension elements that are wrong in
    /// themselves are no error: they are not found.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let mut reader = Reader::new(bytes);
        let [first, second] = reader.array()?;
        let version = first >> 6;
        if version != VERSION {
            return Err(ParseError::Version(version));
        }
        let fixed = Fixed {
            csrc_count: first & 0x0f,
            marker: second & 0x80 != 0,
            payload_type: second & 0x7f,
            sequence_number: reader.u16()?,
            timestamp: reader.u32()?,
            ssrc: reader.u32()?,
        };
        reader.take(usize::from(fixed.csrc_count).saturating_mul(4))?;
        let (form, elements) = if first & 0x10 == 0 { (Form::Opaque, &[][..]) } else { read_block(&mut reader)? };
        let payload_and_padding = reader.rest();
        let padding = if first & 0x20 == 0 { 0 } else { read_padding(payload_and_padding)? };
        let payload_start = bytes.len().saturating_sub(payload_and_padding.len());
        Ok(Self { bytes, fixed, form, elements, payload_start, padding })
    }

    /// The whole packet.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Of video the end of a frame, of audio the start of talk.
    #[must_use]
    pub fn marker(&self) -> bool {
        self.fixed.marker
    }

    /// 0 to 127.
    #[must_use]
    pub fn payload_type(&self) -> u8 {
        self.fixed.payload_type
    }

    /// Of this packet in its stream.
    #[must_use]
    pub fn sequence_number(&self) -> u16 {
        self.fixed.sequence_number
    }

    /// In units of the codec's clock.
    #[must_use]
    pub fn timestamp(&self) -> u32 {
        self.fixed.timestamp
    }

    /// Of the stream.
    #[must_use]
    pub fn ssrc(&self) -> u32 {
        self.fixed.ssrc
    }

    /// Without padding. Empty in a packet that is padding only, as probes are.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.bytes.get(self.payload_range()).unwrap_or_default()
    }

    /// Where in the packet the payload is.
    #[must_use]
    pub fn payload_range(&self) -> Range<usize> {
        self.payload_start..self.bytes.len().saturating_sub(usize::from(self.padding))
    }

    /// Bytes of padding behind the payload.
    #[must_use]
    pub fn padding_bytes(&self) -> u8 {
        self.padding
    }

    /// The header extension elements.
    #[must_use]
    pub fn elements(&self) -> Elements<'a> {
        Elements { form: self.form, rest: Reader::new(self.elements) }
    }

    /// The data of the first element with that id.
    #[must_use]
    pub fn element(&self, id: u8) -> Option<&'a [u8]> {
        self.elements().find(|element| element.id == id).map(|element| element.data)
    }

    /// Where in the packet the data of the first element with that id is, to be overwritten.
    #[must_use]
    pub fn element_range(&self, id: u8) -> Option<Range<usize>> {
        let mut elements = self.elements();
        let element = elements.find(|element| element.id == id)?;
        let end = self.payload_start.checked_sub(elements.rest.rest().len())?;
        Some(end.checked_sub(element.data.len())?..end)
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let element = match self.form {
            Form::OneByte => self.next_of_one_byte(),
            Form::TwoByte => self.next_of_two_bytes(),
            Form::Opaque => None,
        };
        if element.is_none() {
            self.form = Form::Opaque;
        }
        element
    }
}

impl<'a> Elements<'a> {
    /// RFC 8285 §4.2.
    fn next_of_one_byte(&mut self) -> Option<Element<'a>> {
        loop {
            let head = self.rest.u8().ok()?;
            match head >> 4 {
                ID_PADDING if head == 0 => {}
                // A padding byte with a length, or the id that ends the list.
                ID_PADDING | ID_STOP => return None,
                id => {
                    let data = self.rest.take(usize::from(head & 0x0f).saturating_add(1)).ok()?;
                    return Some(Element { id, data });
                }
            }
        }
    }

    /// RFC 8285 §4.3.
    fn next_of_two_bytes(&mut self) -> Option<Element<'a>> {
        loop {
            let id = self.rest.u8().ok()?;
            if id != ID_PADDING {
                let length = self.rest.u8().ok()?;
                return Some(Element { id, data: self.rest.take(usize::from(length)).ok()? });
            }
        }
    }
}

impl Header {
    /// Writes the header with these elements at the start of `buffer` and returns its length, a multiple of four; the payload
    /// belongs behind it. The short form of the extensions is chosen where all of them fit into it.
    ///
    /// `None` when the buffer is too small or an element cannot be written: id 0, or more than 255 bytes.
    #[must_use]
    pub fn write(&self, buffer: &mut [u8], elements: &[Element<'_>]) -> Option<usize> {
        let mut output = Output { buffer, length: 0 };
        let extension_bit = if elements.is_empty() { 0 } else { 0x10 };
        output.put(&[(VERSION << 6) | extension_bit, (u8::from(self.marker) << 7) | (self.payload_type & 0x7f)])?;
        output.put(&self.sequence_number.to_be_bytes())?;
        output.put(&self.timestamp.to_be_bytes())?;
        output.put(&self.ssrc.to_be_bytes())?;
        if !elements.is_empty() {
            output.put_elements(elements)?;
        }
        Some(output.length)
    }
}

/// A buffer and how much of it is written.
struct Output<'b> {
    buffer: &'b mut [u8],
    length: usize,
}

impl Output<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.length.checked_add(bytes.len())?;
        self.buffer.get_mut(self.length..end)?.copy_from_slice(bytes);
        self.length = end;
        Some(())
    }

    fn put_elements(&mut self, elements: &[Element<'_>]) -> Option<()> {
        let is_short =
            |e: &Element<'_>| (1..ID_STOP).contains(&e.id) && (1..=SHORT_DATA_BYTES_MAX).contains(&e.data.len());
        let short = elements.iter().all(is_short);
        let profile = if short { PROFILE_ONE_BYTE } else { PROFILE_TWO_BYTE };
        self.put(&profile.to_be_bytes())?;
        let length_at = self.length;
        self.put(&[0, 0])?;
        let start = self.length;
        for element in elements {
            let length = u8::try_from(element.data.len()).ok()?;
            if element.id == ID_PADDING {
                return None;
            }
            if short {
                self.put(&[(element.id << 4) | (length.saturating_sub(1) & 0x0f)])?;
            } else {
                self.put(&[element.id, length])?;
            }
            self.put(element.data)?;
        }
        while self.length.checked_sub(start)? % 4 != 0 {
            self.put(&[0])?;
        }
        let words = u16::try_from(self.length.checked_sub(start)? / 4).ok()?;
        self.buffer.get_mut(length_at..start)?.copy_from_slice(&words.to_be_bytes());
        Some(())
    }
}

/// The extension block (RFC 3550 §5.3.1).
fn read_block<'a>(reader: &mut Reader<'a>) -> Result<(Form, &'a [u8]), ParseError> {
    let form = match reader.u16()? {
        PROFILE_ONE_BYTE => Form::OneByte,
        profile if profile & 0xfff0 == PROFILE_TWO_BYTE => Form::TwoByte,
        _ => Form::Opaque,
    };
    let words = reader.u16()?;
    Ok((form, reader.take(usize::from(words).saturating_mul(4))?))
}

/// How much of the end is padding.
fn read_padding(payload_and_padding: &[u8]) -> Result<u8, ParseError> {
    let available = payload_and_padding.len();
    let padding = *payload_and_padding.last().ok_or(ParseError::Truncated)?;
    if padding == 0 || usize::from(padding) > available {
        return Err(ParseError::Padding { padding, available });
    }
    Ok(padding)
}

/// RFC 3550 §5.1.
const VERSION: u8 = 2;

/// RFC 8285 §4.2, "defined by profile".
const PROFILE_ONE_BYTE: u16 = 0xbede;

/// RFC 8285 §4.3; the lowest four bits are for the application.
const PROFILE_TWO_BYTE: u16 = 0x1000;

/// RFC 8285 §4.2: a byte of padding.
const ID_PADDING: u8 = 0;

/// RFC 8285 §4.2: reserved; ends the list of one-byte elements.
const ID_STOP: u8 = 15;

/// The most data of a one-byte element.
const SHORT_DATA_BYTES_MAX: usize = 16;

#[cfg(test)]
mod tests;
