//! What a peer publishes: its layers, and who gets them.

use std::sync::Arc;
use std::time::Instant;

use rtp::parameters::{Codec, Kind, ReceiveParameters, Rid};

use crate::allowance::TrackAllowance;
use crate::backlog::Backlogs;
use crate::forwarder::StreamId;
use crate::id::{PeerId, TrackId};
use crate::interest::Interest;
use crate::keyframe::KeyFrameShares;
use crate::ladder::{Ladder, Sight};
use crate::layer::Layer;
use crate::link::RemoteWants;
use crate::output::TrackDescription;
use crate::slot::Format;
use crate::speaker::Loudness;
use crate::tally::StandstillWatch;

/// A published track.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) id: TrackId,
    pub(crate) parameters: ReceiveParameters,
    /// Of its codecs, in their order.
    pub(crate) formats: Arc<[Format]>,
    /// Nothing is forwarded, by moderation.
    pub(crate) blocked: bool,
    /// At least one, the smallest first.
    pub(crate) layers: Vec<Layer>,
    /// Who gets it; at most one entry per slot.
    pub(crate) subscribers: Vec<Subscription>,
    pub(crate) loudness: Loudness,
    /// What may come of it.
    pub(crate) allowance: TrackAllowance,
    /// More has come, since the quality of its peer was told last.
    pub(crate) exceeded: bool,
    /// Payload type of the last packet.
    pub(crate) payload_type: Option<u8>,
    /// Key frames cannot be told: the payload is encrypted and no dependency descriptor comes along.
    pub(crate) is_blind: bool,
    /// The payload type has changed since the signalling side was told of the track.
    pub(crate) codec_changed: bool,
    /// What the signalling side was told last, and when.
    pub(crate) told: Option<(Instant, TrackDescription)>,
    /// What can be sent of it.
    pub(crate) ladder: Ladder,
    pub(crate) interest: Interest,
    /// Since when nobody watches it, here or on other workers.
    pub(crate) unwatched_since: Option<Instant>,
    /// Its publisher could send so much more, and was told not to.
    pub(crate) spare_bps: u64,
    /// How often its subscribers have had key frames made.
    pub(crate) key_frame_shares: KeyFrameShares,
    /// Of all layers together: each alone may be off.
    pub(crate) standstills: StandstillWatch,
    /// Its publisher is on another worker.
    pub(crate) is_remote: bool,
    /// Who wants it on other workers.
    pub(crate) remote_wants: RemoteWants,
    /// What they get before the live packets.
    pub(crate) backlogs: Backlogs,
}

/// A slot that shows a track, by keys of the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Subscription {
    pub(crate) peer: usize,
    pub(crate) slot: usize,
}

impl Track {
    /// Something came of it.
    pub(crate) fn is_heard(&self) -> bool {
        self.layers.iter().any(|layer| layer.last_at.is_some())
    }

    /// A sender report told its clock.
    pub(crate) fn is_told(&self) -> bool {
        self.layers.iter().any(|layer| layer.clock().is_some())
    }

    /// `next_stream` names the streams. Of what `replays`, who comes later gets everything since the latest key picture.
    pub(crate) fn new(
        now: Instant,
        id: TrackId,
        parameters: ReceiveParameters,
        replays: bool,
        mut next_stream: impl FnMut() -> StreamId,
    ) -> Self {
        let mut rids: Vec<Option<Rid>> = parameters.rids.iter().take(LAYERS_MAX).cloned().map(Some).collect();
        if rids.iter().flatten().all(|rid| rank(rid).is_some()) {
            rids.sort_by_key(|rid| rid.as_ref().and_then(rank));
        }
        if rids.is_empty() {
            rids = vec![None; parameters.ssrcs.len().clamp(1, LAYERS_MAX)];
        }
        let replays = replays && parameters.kind == Kind::Video;
        let layer = |rid| {
            let layer = Layer::new(parameters.kind, rid, next_stream());
            if replays { layer.replaying() } else { layer }
        };
        let layers = rids.into_iter().map(layer).collect();
        Self {
            id,
            allowance: TrackAllowance::new(now, parameters.kind),
            exceeded: false,
            is_blind: is_blind(&parameters),
            formats: Format::all(&parameters.codecs),
            parameters,
            blocked: false,
            layers,
            subscribers: Vec::new(),
            loudness: Loudness::default(),
            payload_type: None,
            codec_changed: false,
            told: None,
            ladder: Ladder::default(),
            interest: Interest::default(),
            unwatched_since: None,
            spare_bps: 0,
            key_frame_shares: KeyFrameShares::default(),
            standstills: StandstillWatch::default(),
            is_remote: false,
            remote_wants: RemoteWants::default(),
            backlogs: Backlogs::default(),
        }
    }

    /// A new negotiation changed what is known of it.
    pub(crate) fn set_parameters(&mut self, parameters: ReceiveParameters) {
        self.is_blind = is_blind(&parameters);
        self.formats = Format::all(&parameters.codecs);
        self.parameters = parameters;
    }

    pub(crate) fn is_video(&self) -> bool {
        self.parameters.kind == Kind::Video
    }

    /// Its publisher sends one picture for all, and sends more or less of it as a REMB says.
    pub(crate) fn adapts(&self) -> bool {
        let takes_remb = self.parameters.codecs.iter().any(|codec| codec.feedback.remb);
        self.is_video() && self.layers.len() == 1 && takes_remb && !self.is_remote
    }

    /// What is known of its frames.
    pub(crate) fn sight(&self) -> Sight {
        match (self.is_video(), self.is_blind) {
            (false, _) => Sight::Sound,
            (true, false) => Sight::Clear,
            (true, true) => Sight::Blind,
        }
    }

    /// Which layer a stream is.
    pub(crate) fn layer_of(&self, stream: StreamId) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.id == stream)
    }

    /// Whether its publisher can be asked for a key frame: not if an encoder is behind it that only sends.
    pub(crate) fn may_be_asked(&self) -> bool {
        self.parameters.codecs.iter().any(|codec| codec.feedback.pli || codec.feedback.fir)
    }

    /// A subscriber cannot go on without a key frame of a layer; `sharer` is whose share it is of. Returns when the publisher is to be asked.
    pub(crate) fn want_key_frame(&mut self, now: Instant, stream: StreamId, sharer: Option<PeerId>) -> Option<Instant> {
        let layer = self.layers.iter_mut().find(|layer| layer.id == stream)?;
        if !layer.key_frames.is_wanted(now) {
            layer.key_frames.want(sharer.map_or(now, |sharer| self.key_frame_shares.turn(now, sharer)));
        }
        layer.key_frames.poll_timeout()
    }

    /// The names of the layers, the smallest first; none without simulcast.
    pub(crate) fn rids(&self) -> Vec<Rid> {
        self.layers.iter().filter_map(|layer| layer.rid.clone()).collect()
    }

    /// What it is, by the codec that arrives; `None` without any codec.
    pub(crate) fn description(&self) -> Option<TrackDescription> {
        let codecs = &self.parameters.codecs;
        let is_coming = |codec: &&Codec| Some(codec.payload_type) == self.payload_type;
        let codec = codecs.iter().find(is_coming).or_else(|| codecs.first())?.name;
        let ReceiveParameters { kind, encrypted, .. } = self.parameters;
        Some(TrackDescription { kind, codec, rids: self.rids(), encrypted })
    }

    /// When something is to be asked of the publisher, or goes to another worker.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let due = |layer: &Layer| [layer.missing.poll_timeout(), layer.key_frames.poll_timeout()];
        self.layers
            .iter()
            .filter(|layer| layer.ssrc.is_some())
            .flat_map(due)
            .flatten()
            .chain(self.backlogs.poll_timeout())
            .min()
    }
}

/// Whether key frames cannot be told, before any packet has come.
fn is_blind(parameters: &ReceiveParameters) -> bool {
    parameters.encrypted && parameters.extensions.dependency_descriptor.is_none()
}

/// The size that a usual name of a layer means.
fn rank(rid: &Rid) -> Option<u8> {
    match rid.as_str() {
        "q" => Some(0),
        "h" => Some(1),
        "f" => Some(2),
        _ => None,
    }
}

/// Layers of simulcast: browsers make no more.
pub(crate) const LAYERS_MAX: usize = 3;
