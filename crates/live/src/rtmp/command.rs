//! Commands (RTMP 1.0 §7.2): a name, a number that an answer repeats, and values.

use bytes::{BufMut as _, Bytes, BytesMut};

use super::amf0::Value;
use super::{Message, RtmpError, chunk, kind};

/// A command that came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    pub(crate) name: String,
    /// 0 wants no answer.
    pub(crate) transaction: f64,
    /// What follows: the command object first, which may be null.
    pub(crate) values: Vec<Value>,
}

impl Command {
    /// Reads a message of either kind of command; the newer kind has one byte in front, which says that AMF0 follows.
    pub(crate) fn parse(message: &Message) -> Result<Self, RtmpError> {
        let payload = match (message.kind, message.payload.first()) {
            (kind::COMMAND_AMF3, Some(0)) => message.payload.get(1..).unwrap_or_default(),
            _ => &message.payload,
        };
        let mut values = Value::read_all(payload)?.into_iter();
        let name = values.next().as_ref().and_then(Value::as_str).map(str::to_owned);
        let name = name.ok_or(RtmpError::Truncated(message.kind))?;
        let transaction = values.next().as_ref().and_then(Value::as_number).unwrap_or_default();
        Ok(Self { name, transaction, values: values.collect() })
    }

    pub(crate) fn value(&self, index: usize) -> Option<&Value> {
        self.values.get(index)
    }

    pub(crate) fn text(&self, index: usize) -> &str {
        self.value(index).and_then(Value::as_str).unwrap_or_default()
    }

    /// The property of one of the values.
    pub(crate) fn property(&self, index: usize, name: &str) -> Option<&Value> {
        self.value(index)?.property(name)
    }
}

/// A command, ready to be sent.
pub(crate) fn command(stream: u32, name: &str, transaction: f64, values: &[Value]) -> Bytes {
    let mut payload = BytesMut::new();
    Value::from(name).write(&mut payload);
    Value::from(transaction).write(&mut payload);
    values.iter().for_each(|value| value.write(&mut payload));
    chunk::message(kind::COMMAND, 0, stream, &payload)
}

/// `onStatus` (§7.2.2): how a stream is doing.
pub(crate) fn status(stream: u32, level: &str, code: &str, description: &str) -> Bytes {
    let information =
        Value::object([("level", level.into()), ("code", code.into()), ("description", description.into())]);
    command(stream, "onStatus", 0.0, &[Value::Null, information])
}

/// A protocol control message that is one number (§5.4).
pub(crate) fn control(message_kind: u8, number: u32) -> Bytes {
    chunk::message(message_kind, 0, 0, &number.to_be_bytes())
}

/// A user control message (§7.1.7) about a stream or a time.
pub(crate) fn user_control(event: u16, number: u32) -> Bytes {
    let mut payload = BytesMut::with_capacity(6);
    payload.put_u16(event);
    payload.put_u32(number);
    chunk::message(kind::USER_CONTROL, 0, 0, &payload)
}

/// Events of user control messages.
pub(crate) mod event {
    pub(crate) const STREAM_BEGIN: u16 = 0;
    pub(crate) const STREAM_EOF: u16 = 1;
    pub(crate) const PING_RESPONSE: u16 = 7;
}
