//! The values of single attributes. Each is read by one function that says `None` to what it cannot read.

use rtp::parameters::Rid;

/// Which way media goes, as the writer of the description sees it (RFC 8866 §6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    SendRecv,
    /// The writer sends.
    SendOnly,
    /// The writer receives.
    RecvOnly,
    /// Neither.
    Inactive,
}

/// `a=setup` (RFC 4145 §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setup {
    /// The writer begins.
    Active,
    /// The writer waits.
    Passive,
    /// The answerer chooses.
    ActPass,
    /// Anything else.
    Other(String),
}

/// `a=extmap` (RFC 8285 §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// 1 to 255 here; the numbers from 4096, which offer more than can be used, are not read.
    pub id: u8,
    /// Where it is narrowed to less than the direction of the media.
    pub direction: Option<Direction>,
    /// Which extension.
    pub uri: String,
}

/// `a=rid` (RFC 8851 §4), without its restrictions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RidDescription {
    /// The stream's id.
    pub rid: Rid,
    /// `send`, not `recv`.
    pub sends: bool,
}

/// `a=simulcast` (RFC 8853 §5.1): of alternatives the first, paused or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simulcast {
    /// What the writer wants to send.
    pub send: Vec<Rid>,
    /// What the writer wants to receive.
    pub receive: Vec<Rid>,
}

/// `a=ssrc-group` (RFC 5576 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsrcGroup {
    /// `FID`, `SIM`, …
    pub semantics: String,
    /// The members in their order.
    pub ssrcs: Vec<u32>,
}

impl Direction {
    /// As it stands in the SDP.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// Whether the writer of the description sends.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer of the description receives.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same, seen from the other end.
    #[must_use]
    pub fn reversed(self) -> Self {
        Self::new(self.receives(), self.sends())
    }

    pub(crate) fn new(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive].into_iter().find(|d| d.as_str() == name)
    }
}

impl Setup {
    pub(super) fn parse(value: &str) -> Self {
        match value {
            "active" => Self::Active,
            "passive" => Self::Passive,
            "actpass" => Self::ActPass,
            other => Self::Other(other.chars().take(SETUP_CHARS_MAX).collect()),
        }
    }
}

impl Extension {
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let (id, direction) = match words.next()?.split_once('/') {
            Some((id, direction)) => (id, Some(Direction::parse(direction)?)),
            None => (value.split_ascii_whitespace().next()?, None),
        };
        let id = id.parse().ok().filter(|id| *id != 0)?;
        Some(Self { id, direction, uri: words.next()?.to_owned() })
    }
}

impl RidDescription {
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let rid = Rid::new(words.next()?)?;
        match words.next()? {
            "send" => Some(Self { rid, sends: true }),
            "recv" => Some(Self { rid, sends: false }),
            _ => None,
        }
    }
}

impl Simulcast {
    /// Also reads `send rid=q;h;f`, as drafts before the RFC had it.
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut simulcast = Self::default();
        let mut words = value.split_ascii_whitespace();
        while let Some(direction) = words.next() {
            let layers = words.next()?;
            let layers = layers.strip_prefix("rid=").unwrap_or(layers);
            let rids = layers.split(';').filter_map(first_alternative).collect();
            match direction {
                "send" => simulcast.send = rids,
                "recv" => simulcast.receive = rids,
                _ => return None,
            }
        }
        Some(simulcast)
    }
}

impl SsrcGroup {
    pub(super) fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let semantics = words.next()?.to_owned();
        let ssrcs: Option<Vec<u32>> = words.take(GROUP_SSRCS_MAX).map(|ssrc| ssrc.parse().ok()).collect();
        Some(Self { semantics, ssrcs: ssrcs? })
    }
}

fn first_alternative(alternatives: &str) -> Option<Rid> {
    let first = alternatives.split(',').next()?;
    Rid::new(first.strip_prefix('~').unwrap_or(first))
}

/// Of an unknown `a=setup`, to be told in an error.
const SETUP_CHARS_MAX: usize = 32;
/// Members of a group that are read: simulcast has three layers, repair has two streams.
const GROUP_SSRCS_MAX: usize = 8;
