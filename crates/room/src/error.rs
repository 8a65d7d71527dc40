//! What can be wrong with a request, and its number on the wire.

use crate::{id::MEDIA_UID, token::TokenError};

/// Why a request is refused. The text of each is the `message` of the error frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("The room is full ({members} people). Open a new room.")]
    RoomFull { members: u32 },
    #[error("This connection joined with another uid than the one in the message.")]
    UidMismatch,
    #[error("The frame is not one JSON object with a string \"cmd\" and each known key once: {0}.")]
    Malformed(#[from] Malformed),
    #[error("The value of \"{field}\" is missing or not valid.")]
    Field { field: &'static str },
    #[error("There is no command of this name.")]
    UnknownCommand,
    #[error("There is no such member in the room.")]
    PeerNotFound,
    #[error("Joining this room needs a token.")]
    TokenMissing,
    #[error("The token does not let in: {0}.")]
    Token(#[from] TokenError),
    #[error("A member with this uid is in the room already.")]
    UidInUse,
    #[error("This connection, or this client, is registered already.")]
    AlreadyRegistered,
    #[error("This connection is not in the room; join first.")]
    NotJoined,
    #[error("There is no such client in the room; join first.")]
    UnknownClient,
    #[error("Too many messages. Slow down.")]
    TooManyMessages,
    #[error("The member is reconnecting, and no more is kept for it from you. Try again when it is back.")]
    AbsentFull,
    #[error("As many messages wait already as may.")]
    MailboxFull,
    #[error("Too many offers to the media server. Slow down.")]
    TooFrequentOffers,
    #[error("Too many joins from your address. Try again in a minute.")]
    TooManyJoins,
    #[error("\"{field}\" is longer than {limit_bytes} bytes.")]
    TooLarge { field: &'static str, limit_bytes: u32 },
    #[error("The newest version of this protocol here is 2.")]
    Version,
    #[error("The member speaks a version of the protocol without this message.")]
    PeerVersion,
    #[error("No more rooms: the limit of {limit} is reached.")]
    TooManyRooms { limit: u32 },
    #[error("This server is about to stop and opens no new rooms.")]
    Draining,
    #[error("You are not granted \"{grant}\" here.")]
    Forbidden { grant: &'static str },
    #[error("A moderator has muted you, and only a moderator can end that.")]
    Muted,
    #[error("A room needs a host. Make somebody else host first.")]
    LastHost,
    #[error("The room is locked.")]
    Locked,
    #[error("You have been removed from this room for good.")]
    Banned,
    #[error("You were not let in.")]
    Denied,
    #[error("This room goes through the media server. Join with \"v\":2 and \"media\" in \"caps\".")]
    MediaNeeded,
    #[error("Somebody in the room has a program that cannot talk with the media server, which encoders send to.")]
    MembersWithoutMedia,
    #[error("This room has a lobby. Join with \"v\":2 to wait there.")]
    LobbyVersion,
    #[error("The lobby is full ({waiting} people).")]
    LobbyFull { waiting: usize },
    #[error("As many people from your address wait already as may ({waiting}).")]
    LobbyShareFull { waiting: usize },
    #[error("Media goes through the media server here: offer to {MEDIA_UID}.")]
    WrongMode,
    #[error("Media goes from member to member here.")]
    NotThroughServer,
    #[error("The offer cannot be answered: {reason}.")]
    BadOffer { reason: String },
    #[error("There is no media server.")]
    NoMedia,
    #[error("The media server has as much to do as it may have. Try again later.")]
    MediaFull,
    #[error("No stream can have the name of this room. Choose one without a slash, a backslash or a question mark.")]
    RoomName,
    #[error("Rooms are not recorded here.")]
    NotRecordable,
    #[error("This room is not being recorded.")]
    NotRecording,
    #[error("Offer to {MEDIA_UID} first.")]
    NotOffered,
    #[error("{offers} offers wait for their answers.")]
    TooManyOffers { offers: usize },
    #[error("A data channel has one of the labels \"data\" and \"data-lossy\".")]
    ChannelLabel,
    #[error("You have a data channel of this label already.")]
    ChannelTaken,
    #[error("The data channel \"data\" has to be reliable and ordered.")]
    ChannelUnreliable,
    #[error("Too much waited for you on this data channel. It was closed.")]
    ChannelSlow,
    #[error("The member has no data channel of this label.")]
    NoChannel,
    #[error("Too much on your data channels. Slow down.")]
    TooMuchData,
    #[error("The server has too much to do, and has dropped the message.")]
    DataBusy,
}

impl Error {
    /// Whether AppRTC's collider closes the socket of who has done this: what it says can mean nothing.
    pub(crate) fn ends_socket(&self) -> bool {
        matches!(self, Self::AlreadyRegistered | Self::UnknownClient | Self::UnknownCommand | Self::Field { .. })
    }

    /// The number and the short name on the wire, as `docs/signalling.md` lists them.
    pub(crate) fn code(&self) -> (u16, &'static str) {
        match self {
            Self::RoomFull { .. } | Self::LobbyFull { .. } | Self::LobbyShareFull { .. } => (1, "room-full"),
            Self::UidMismatch => (2, "uid-mismatch"),
            Self::Malformed(_) | Self::Field { .. } | Self::UnknownCommand => (3, "parse-failed"),
            Self::PeerNotFound => (6, "peer-not-found"),
            Self::TokenMissing | Self::Token(_) => (100, "unauthorised"),
            Self::UidInUse | Self::AlreadyRegistered => (101, "uid-in-use"),
            Self::NotJoined | Self::UnknownClient => (102, "not-joined"),
            Self::TooManyMessages
            | Self::AbsentFull
            | Self::MailboxFull
            | Self::TooFrequentOffers
            | Self::TooManyJoins
            | Self::TooMuchData
            | Self::DataBusy
            | Self::TooManyOffers { .. } => (103, "rate-limited"),
            Self::TooLarge { .. } => (104, "too-large"),
            Self::Locked => (105, "locked"),
            Self::Banned => (106, "banned"),
            Self::Denied => (107, "denied"),
            Self::Version | Self::PeerVersion | Self::MediaNeeded | Self::MembersWithoutMedia | Self::LobbyVersion => {
                (108, "version")
            }
            Self::TooManyRooms { .. } | Self::Draining => (109, "too-many-rooms"),
            Self::Forbidden { .. } | Self::Muted | Self::LastHost | Self::RoomName => (110, "forbidden"),
            Self::WrongMode | Self::NotThroughServer => (111, "wrong-mode"),
            Self::BadOffer { .. } => (112, "bad-offer"),
            Self::NoMedia | Self::MediaFull | Self::NotOffered => (113, "media-unavailable"),
            Self::ChannelLabel | Self::ChannelTaken | Self::ChannelUnreliable | Self::ChannelSlow | Self::NoChannel => {
                (114, "data-channel")
            }
            Self::NotRecordable | Self::NotRecording => (115, "recording"),
        }
    }
}

/// Why a frame cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("it is a binary frame")]
    Binary,
    #[error("it is not an object")]
    NotAnObject,
    #[error("it is nested deeper than {limit} levels")]
    TooDeep { limit: usize },
    #[error("\"cmd\" is missing or not a string")]
    NoCommand,
    #[error("\"msg\" is missing")]
    NoMessage,
    /// Syntax, or a key twice. The parser's own text may quote the frame, which goes back to its sender only.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// Why a connection is refused before it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The address has as many connections as it may have.
    #[error("too many connections from your address")]
    AddressFull,
    /// The server has as many connections as it may have.
    #[error("too many connections")]
    ServerFull,
    /// The server is stopping.
    #[error("the server is stopping")]
    ShuttingDown,
}

impl Refusal {
    /// The HTTP status that answers the upgrade.
    pub fn http_status(self) -> u16 {
        match self {
            Self::AddressFull => 429,
            Self::ServerFull | Self::ShuttingDown => 503,
        }
    }
}
