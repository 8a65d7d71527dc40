//! What the hub has done.

/// Counts of a [`Hub`](crate::Hub), a consistent snapshot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Open connections.
    pub connections: usize,
    /// Rooms with at least one member.
    pub rooms: usize,
    /// Members of rooms, also those who are reconnecting.
    pub members: usize,
    /// Members whose connection is lost and who may resume.
    pub reconnecting: usize,
    /// Frames received since the start.
    pub frames: u64,
    /// Offers, answers, candidates and hang-ups forwarded since the start.
    pub forwarded: u64,
    /// Requests answered with an error since the start.
    pub errors: u64,
    /// Connections refused since the start.
    pub refused: u64,
    /// Members who resumed since the start.
    pub resumed: u64,
}
