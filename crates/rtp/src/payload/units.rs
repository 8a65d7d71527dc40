//! NAL units in packets and back: single units, aggregated ones, fragments (RFC 6184 §5.6 to §5.8 in packetization mode 1, RFC 7798 §4.4
//! without decoding order numbers).

use crate::ParseError;

/// Whose NAL units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// A header of one byte.
    H264,
    /// A header of two bytes.
    H265,
}

impl Syntax {
    /// Bytes of the header of a NAL unit.
    #[must_use]
    pub fn header_bytes(self) -> usize {
        match self {
            Self::H264 => 1,
            Self::H265 => 2,
        }
    }

    /// The type in the header of a unit; `None` of an empty one.
    #[must_use]
    pub fn unit_type(self, unit: &[u8]) -> Option<u8> {
        let first = *unit.first()?;
        Some(match self {
            Self::H264 => first & 0x1f,
            Self::H265 => first >> 1 & 0x3f,
        })
    }

    /// Puts the units of one access unit into payloads of at most `payload_bytes_max` bytes (100 at least), in order. `send` gets each
    /// payload and whether it is the last one. A unit that does not fit is cut into fragments of equal size, which a sender can hand to the
    /// system in one go. Units without a whole header are left out.
    pub fn pack(self, units: &[&[u8]], payload_bytes_max: usize, mut send: impl FnMut(&[u8], bool)) {
        let limit = payload_bytes_max.max(PAYLOAD_BYTES_MIN);
        let mut packer = Packer { syntax: self, limit, gathered: Vec::new(), waiting: Vec::new() };
        for unit in units.iter().filter(|unit| unit.len() >= self.header_bytes()) {
            packer.add(unit, &mut |payload| send(payload, false));
        }
        packer.gather(&mut |payload| send(payload, false));
        if !packer.waiting.is_empty() {
            send(&packer.waiting, true);
        }
    }

    /// The header of a payload that is not a plain unit, with the importance of `unit`: its NRI, or its layer and temporal ids.
    fn header(self, unit: &[u8], of_type: u8) -> [u8; 2] {
        let first = unit.first().copied().unwrap_or(0);
        match self {
            Self::H264 => [first & 0x60 | of_type, 0],
            Self::H265 => [first & 0x81 | of_type << 1, unit.get(1).copied().unwrap_or(1)],
        }
    }

    fn aggregate_type(self) -> u8 {
        match self {
            Self::H264 => 24,
            Self::H265 => 48,
        }
    }

    fn fragment_type(self) -> u8 {
        match self {
            Self::H264 => 28,
            Self::H265 => 49,
        }
    }
}

/// Payloads on their way out. One is always held back, as only the last is told that it is.
struct Packer<'a> {
    syntax: Syntax,
    limit: usize,
    /// Units that may share a payload.
    gathered: Vec<&'a [u8]>,
    waiting: Vec<u8>,
}

impl<'a> Packer<'a> {
    fn add(&mut self, unit: &'a [u8], send: &mut dyn FnMut(&[u8])) {
        if unit.len() > self.limit {
            self.gather(send);
            self.fragment(unit, send);
            return;
        }
        let shared: usize = self.gathered.iter().map(|unit| unit.len().saturating_add(2)).sum();
        let shared = shared.saturating_add(self.syntax.header_bytes()).saturating_add(unit.len()).saturating_add(2);
        if shared > self.limit {
            self.gather(send);
        }
        self.gathered.push(unit);
    }

    /// What was gathered goes into one payload.
    fn gather(&mut self, send: &mut dyn FnMut(&[u8])) {
        let units = std::mem::take(&mut self.gathered);
        match units.as_slice() {
            [] => {}
            [unit] => self.hold(&[unit], send),
            [first, ..] => {
                let mut header = self.syntax.header(first, self.syntax.aggregate_type());
                if self.syntax == Syntax::H264 {
                    // The importance of the most important (RFC 6184 §5.7).
                    let importance = units.iter().filter_map(|unit| unit.first()).map(|byte| byte & 0x60).max();
                    header[0] = header[0] & 0x1f | importance.unwrap_or(0);
                }
                let mut payload = header.get(..self.syntax.header_bytes()).unwrap_or_default().to_vec();
                for unit in units {
                    // Bounded by the limit of a payload.
                    payload.extend_from_slice(&u16::try_from(unit.len()).unwrap_or(u16::MAX).to_be_bytes());
                    payload.extend_from_slice(unit);
                }
                self.hold(&[&payload], send);
            }
        }
    }

    fn fragment(&mut self, unit: &[u8], send: &mut dyn FnMut(&[u8])) {
        let header_bytes = self.syntax.header_bytes();
        let Some((_, body)) = unit.split_at_checked(header_bytes) else { return };
        let room = self.limit.saturating_sub(header_bytes).saturating_sub(1).max(1);
        let size = body.len().div_ceil(body.len().div_ceil(room).max(1)).max(1);
        let header = self.syntax.header(unit, self.syntax.fragment_type());
        let header = header.get(..header_bytes).unwrap_or_default();
        let unit_type = self.syntax.unit_type(unit).unwrap_or(0);
        let count = body.len().div_ceil(size);
        for (at, part) in body.chunks(size).enumerate() {
            let start = if at == 0 { 0x80 } else { 0 };
            let end = if at.saturating_add(1) == count { 0x40 } else { 0 };
            self.hold(&[header, &[start | end | unit_type], part], send);
        }
    }

    fn hold(&mut self, parts: &[&[u8]], send: &mut dyn FnMut(&[u8])) {
        if !self.waiting.is_empty() {
            send(&self.waiting);
            self.waiting.clear();
        }
        parts.iter().for_each(|part| self.waiting.extend_from_slice(part));
    }
}

/// The units of one access unit, put together from payloads in order.
#[derive(Debug)]
pub struct Collected {
    syntax: Syntax,
    /// Units after lengths of 4 bytes.
    data: Vec<u8>,
    /// Where the length of the unit stands whose fragments are coming.
    open: Option<usize>,
}

impl Collected {
    /// Nothing yet.
    #[must_use]
    pub fn new(syntax: Syntax) -> Self {
        Self { syntax, data: Vec::new(), open: None }
    }

    /// Adds the payload of the next packet.
    ///
    /// # Errors
    /// If it is cut off, is of another mode, goes on with a unit that did not begin, or begins one within another; or if there is more than
    /// [`ACCESS_UNIT_BYTES_MAX`]. The access unit is lost then.
    pub fn add(&mut self, payload: &[u8]) -> Result<(), ParseError> {
        let unit_type = self.syntax.unit_type(payload).ok_or(ParseError::Truncated)?;
        let (header, rest) = payload.split_at_checked(self.syntax.header_bytes()).ok_or(ParseError::Truncated)?;
        if unit_type == self.syntax.fragment_type() {
            return self.add_fragment(header, rest);
        }
        if self.open.is_some() {
            return Err(ParseError::Value { field: "type of a NAL unit within another", value: unit_type.into() });
        }
        if unit_type != self.syntax.aggregate_type() {
            let is_plain = match self.syntax {
                Syntax::H264 => (1..24).contains(&unit_type),
                Syntax::H265 => unit_type < 48,
            };
            if !is_plain {
                return Err(ParseError::Value { field: "type of a NAL unit", value: unit_type.into() });
            }
            return self.add_unit(payload);
        }
        let mut rest = rest;
        while !rest.is_empty() {
            let (length, units) = rest.split_first_chunk::<2>().ok_or(ParseError::Truncated)?;
            let length = usize::from(u16::from_be_bytes(*length));
            let (unit, behind) = units.split_at_checked(length).ok_or(ParseError::Truncated)?;
            self.add_unit(unit)?;
            rest = behind;
        }
        Ok(())
    }

    /// The whole access unit, its units after lengths of 4 bytes, and the next one can begin; `None` if there is nothing or its last unit has no end.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        let data = std::mem::take(&mut self.data);
        (self.open.take().is_none() && !data.is_empty()).then_some(data)
    }

    fn add_unit(&mut self, unit: &[u8]) -> Result<(), ParseError> {
        if unit.len() < self.syntax.header_bytes() {
            return Err(ParseError::Truncated);
        }
        let length = u32::try_from(unit.len()).unwrap_or(u32::MAX);
        self.append(&length.to_be_bytes())?;
        self.append(unit)
    }

    fn add_fragment(&mut self, header: &[u8], rest: &[u8]) -> Result<(), ParseError> {
        let (&flags, part) = rest.split_first().ok_or(ParseError::Truncated)?;
        let (starts, ends) = (flags & 0x80 != 0, flags & 0x40 != 0);
        match self.open {
            None if starts => {
                self.open = Some(self.data.len());
                let unit_type = flags & 0x3f;
                let unit_header = match (self.syntax, header) {
                    (Syntax::H264, [first, ..]) => [first & 0xe0 | unit_type & 0x1f, 0],
                    (Syntax::H265, [first, second, ..]) => [first & 0x81 | unit_type << 1, *second],
                    (Syntax::H264 | Syntax::H265, _) => return Err(ParseError::Truncated),
                };
                self.append(&[0; 4])?;
                self.append(unit_header.get(..self.syntax.header_bytes()).unwrap_or_default())?;
            }
            Some(_) if !starts => {}
            _ => return Err(ParseError::Value { field: "start bit of a fragment", value: flags.into() }),
        }
        self.append(part)?;
        if let Some(at) = self.open.filter(|_| ends) {
            let length = self.data.len().saturating_sub(at).saturating_sub(4);
            if let Some(field) = self.data.get_mut(at..at.saturating_add(4)) {
                field.copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
            }
            self.open = None;
        }
        Ok(())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), ParseError> {
        if self.data.len().saturating_add(bytes.len()) > ACCESS_UNIT_BYTES_MAX {
            return Err(ParseError::TooMany { what: "bytes in an access unit", limit: ACCESS_UNIT_BYTES_MAX });
        }
        self.data.extend_from_slice(bytes);
        Ok(())
    }
}

/// A key picture of 4K at the highest quality has some 2 MB.
pub const ACCESS_UNIT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Below that the headers of fragments would be most of a packet.
const PAYLOAD_BYTES_MIN: usize = 100;

#[cfg(test)]
mod tests;
