//! Where the packets for subscribers go.

use crate::id::{PeerId, TrackId};
use crate::link::{Links, Relayed};

/// Takes packets for subscribers while the router handles an input. Everything is plain: the sink encrypts.
pub trait Sink {
    /// One RTP packet for one subscriber, in three parts that follow each other on the wire.
    ///
    /// `index` is the packet's index in its SSRC's stream (RFC 3711 §3.3.1, `ROC << 16 | SEQ`); no index of an SSRC is ever sent with two
    /// different contents. `header` is the RTP header with its extensions, `head` what was rewritten at the start of the payload (may be
    /// empty), `payload` the rest. With the P bit set in `header`, `payload` ends with the padding; without, the sink may add padding of
    /// its own (and set the bit).
    fn send_rtp(&mut self, to: PeerId, index: u64, header: &[u8], head: &[u8], payload: &[u8]);

    /// One RTCP packet, compound or reduced-size (RFC 5506).
    ///
    /// To a remote peer it is a request of this router to the one of that peer's worker: [`Router::handle_remote_rtcp`](crate::Router::handle_remote_rtcp).
    fn send_rtcp(&mut self, to: PeerId, compound: &[u8]);

    /// Something about a track for the routers of other workers: [`Router::handle_relayed`](crate::Router::handle_relayed). A room that
    /// is on one worker has nothing to relay.
    fn relay(&mut self, _to: Links, _track: TrackId, _relayed: Relayed<'_>) {}
}
