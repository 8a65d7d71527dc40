//! AMF0 (Action Message Format 0): the values of commands.

use bytes::{BufMut as _, BytesMut};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Marker 0.
    Number(f64),
    /// Marker 1.
    Boolean(bool),
    /// Markers 2 and 12.
    String(String),
    /// Markers 3, 8 and 16: an object, an array by name or an object of a class, which here are one.
    Object(Vec<(String, Self)>),
    /// Markers 5, 6 and 13: nothing, undefined, not supported.
    Null,
    /// Marker 10.
    Array(Vec<Self>),
    /// Marker 11: milliseconds since 1970.
    Date(f64),
}

/// Why bytes are no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmfError {
    /// A value reaches beyond the end.
    #[error("it ends inside a value")]
    Truncated,
    /// A marker that is not defined, or leads out of AMF0.
    #[error("{0} marks no value")]
    Marker(u8),
    /// Objects in objects in objects.
    #[error("values are nested more than {0} deep")]
    TooDeep(usize),
    /// More values than a command can mean.
    #[error("more than {0} values")]
    TooMany(usize),
    /// A text that is none.
    #[error("a text is not UTF-8")]
    NotUtf8,
}

impl Value {
    /// Reads all values of a message.
    ///
    /// # Errors
    /// When a value is malformed, or there are too many.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>, AmfError> {
        let mut reader = Reader { rest: bytes, values: 0 };
        let mut values = Vec::new();
        while !reader.rest.is_empty() {
            values.push(reader.value(0)?);
        }
        Ok(values)
    }

    /// Appends the value. Texts that are longer than 65535 bytes are written as long ones.
    pub fn write(&self, to: &mut BytesMut) {
        match self {
            Self::Number(number) => {
                to.put_u8(marker::NUMBER);
                to.put_f64(*number);
            }
            Self::Boolean(boolean) => to.put_slice(&[marker::BOOLEAN, u8::from(*boolean)]),
            Self::String(text) => match u16::try_from(text.len()) {
                Ok(length) => {
                    to.put_u8(marker::STRING);
                    to.put_u16(length);
                    to.put_slice(text.as_bytes());
                }
                Err(_) => {
                    to.put_u8(marker::LONG_STRING);
                    to.put_u32(u32::try_from(text.len()).unwrap_or(u32::MAX));
                    to.put_slice(text.as_bytes());
                }
            },
            Self::Object(properties) => {
                to.put_u8(marker::OBJECT);
                for (name, value) in properties {
                    // Names are ours or were read, so they are short.
                    let name = name.get(..name.floor_char_boundary(usize::from(u16::MAX))).unwrap_or_default();
                    to.put_u16(u16::try_from(name.len()).unwrap_or(u16::MAX));
                    to.put_slice(name.as_bytes());
                    value.write(to);
                }
                to.put_slice(&[0, 0, marker::END]);
            }
            Self::Null => to.put_u8(marker::NULL),
            Self::Array(values) => {
                to.put_u8(marker::ARRAY);
                to.put_u32(u32::try_from(values.len()).unwrap_or(u32::MAX));
                values.iter().for_each(|value| value.write(to));
            }
            Self::Date(milliseconds) => {
                to.put_u8(marker::DATE);
                to.put_f64(*milliseconds);
                to.put_u16(0);
            }
        }
    }

    /// An object of these properties.
    #[must_use]
    pub fn object<const N: usize>(properties: [(&str, Self); N]) -> Self {
        Self::Object(properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// The text, when it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, when it is one.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The property of an object.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Self> {
        let Self::Object(properties) = self else { return None };
        properties.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

/// What is left, and how many values came before it.
struct Reader<'a> {
    rest: &'a [u8],
    values: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Value, AmfError> {
        if depth > DEPTH_MAX {
            return Err(AmfError::TooDeep(DEPTH_MAX));
        }
        self.values += 1;
        if self.values > VALUES_MAX {
            return Err(AmfError::TooMany(VALUES_MAX));
        }
        let [kind] = self.array()?;
        Ok(match kind {
            marker::NUMBER => Value::Number(f64::from_be_bytes(self.array()?)),
            marker::BOOLEAN => Value::Boolean(self.array::<1>()? != [0]),
            marker::STRING => Value::String(self.short_text()?),
            marker::LONG_STRING => {
                let length = u32::from_be_bytes(self.array()?);
                Value::String(self.text(usize::try_from(length).unwrap_or(usize::MAX))?)
            }
            marker::OBJECT => Value::Object(self.properties(depth)?),
            marker::NAMED_ARRAY => {
                // How many there are is a hint only: they end as those of an object do.
                self.array::<4>()?;
                Value::Object(self.properties(depth)?)
            }
            marker::TYPED_OBJECT => {
                self.short_text()?;
                Value::Object(self.properties(depth)?)
            }
            marker::NULL | marker::UNDEFINED | marker::UNSUPPORTED => Value::Null,
            marker::ARRAY => {
                let count = u32::from_be_bytes(self.array()?);
                let mut values = Vec::new();
                for _ in 0..count {
                    values.push(self.value(depth + 1)?);
                }
                Value::Array(values)
            }
            marker::DATE => {
                let milliseconds = f64::from_be_bytes(self.array()?);
                self.array::<2>()?;
                Value::Date(milliseconds)
            }
            other => return Err(AmfError::Marker(other)),
        })
    }

    fn properties(&mut self, depth: usize) -> Result<Vec<(String, Value)>, AmfError> {
        let mut properties = Vec::new();
        loop {
            // Some encoders leave out the end of an object that is the last of a message.
            if self.rest.is_empty() {
                return Ok(properties);
            }
            let name = self.short_text()?;
            if name.is_empty() && self.rest.first().is_none_or(|&kind| kind == marker::END) {
                self.rest = self.rest.get(1..).unwrap_or_default();
                return Ok(properties);
            }
            properties.push((name, self.value(depth + 1)?));
        }
    }

    fn short_text(&mut self) -> Result<String, AmfError> {
        let length = u16::from_be_bytes(self.array()?);
        self.text(length.into())
    }

    fn text(&mut self, length: usize) -> Result<String, AmfError> {
        let (text, rest) = self.rest.split_at_checked(length).ok_or(AmfError::Truncated)?;
        self.rest = rest;
        std::str::from_utf8(text).map(str::to_owned).map_err(|_| AmfError::NotUtf8)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AmfError> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(AmfError::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }
}

/// What stands in front of a value (AMF0 §2.1).
mod marker {
    pub(super) const NUMBER: u8 = 0;
    pub(super) const BOOLEAN: u8 = 1;
    pub(super) const STRING: u8 = 2;
    pub(super) const OBJECT: u8 = 3;
    pub(super) const NULL: u8 = 5;
    pub(super) const UNDEFINED: u8 = 6;
    pub(super) const NAMED_ARRAY: u8 = 8;
    pub(super) const END: u8 = 9;
    pub(super) const ARRAY: u8 = 10;
    pub(super) const DATE: u8 = 11;
    pub(super) const LONG_STRING: u8 = 12;
    pub(super) const UNSUPPORTED: u8 = 13;
    pub(super) const TYPED_OBJECT: u8 = 16;
}

/// `connect` has an object, `onMetaData` at times an array in one.
const DEPTH_MAX: usize = 8;
/// `onMetaData` has some twenty; a list of key frames, which live streams have no use for, has thousands.
const VALUES_MAX: usize = 4096;

#[cfg(test)]
mod tests;
