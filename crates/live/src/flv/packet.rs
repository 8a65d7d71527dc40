//! What the body of a tag says.

use media::{Frame, Parameters};

/// One thing a tag says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// How the frames after it are decoded.
    Parameters(Parameters),
    /// A picture or a piece of sound.
    Frame(Frame),
}

/// All that one tag says, in this order: both only where a codec has no record of its own and its frames tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packets {
    /// How the frames from here on are decoded, when that has changed.
    pub parameters: Option<Parameters>,
    /// A picture or a piece of sound.
    pub frame: Option<Frame>,
}

impl Packets {
    /// A tag that says nothing of use: the end of a sequence, a command, information about colours, a further track.
    pub(crate) const NOTHING: Self = Self { parameters: None, frame: None };
}

impl From<Parameters> for Packets {
    fn from(parameters: Parameters) -> Self {
        Self { parameters: Some(parameters), frame: None }
    }
}

impl From<Frame> for Packets {
    fn from(frame: Frame) -> Self {
        Self { parameters: None, frame: Some(frame) }
    }
}

impl IntoIterator for Packets {
    type Item = Packet;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<Packet>, 2>>;

    fn into_iter(self) -> Self::IntoIter {
        [self.parameters.map(Packet::Parameters), self.frame.map(Packet::Frame)].into_iter().flatten()
    }
}
