//! One peer connection with a media server: an engine of str0m and what carries its datagrams.

use std::net::IpAddr;
use std::time::Instant;

use str0m::Rtc;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::channel::{ChannelConfig, Reliability};
use str0m::media::{Direction, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};

use crate::engine::{LOSSY, RELIABLE};
use crate::wire::{Transport, Wire};
use crate::{Codec, Error};

/// A peer connection that is being negotiated; the engine drives it afterwards.
#[derive(Debug)]
pub struct Peer {
    pub(crate) rtc: Rtc,
    pub(crate) wire: Wire,
    /// Whether the next offer opens the data channels.
    opens_channels: bool,
    /// Whether offers promise transport-wide feedback.
    gives_feedback: bool,
}

/// An offer that waits for its answer.
#[derive(Debug)]
pub struct Offer {
    /// To be sent.
    pub sdp: String,
    /// The media descriptions in the order in which they were asked for.
    pub mids: Vec<Mid>,
    pending: SdpPendingOffer,
}

/// What one media description of an offer is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// A microphone to be sent.
    SendAudio,
    /// A camera to be sent, in these layers of simulcast; none for a single one.
    SendVideo(Vec<String>),
    /// A place for somebody's sound.
    ReceiveAudio,
    /// A place for somebody's picture.
    ReceiveVideo,
}

/// How the engine sees media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Packets as they are, for load and measurements.
    Packets,
    /// Whole frames, packed and unpacked by the engine, for files.
    Frames,
}

impl Peer {
    /// Opens a socket on `local`, the address by which the server is reached.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub fn new(transport: Transport, local: IpAddr, mode: Mode, codecs: &[Codec], now: Instant) -> Result<Self, Error> {
        let wire = Wire::open(transport, local)?;
        let mut config = Rtc::builder().clear_codecs().set_rtp_mode(mode == Mode::Packets).set_stats_interval(None);
        for codec in codecs {
            config = codec.enable(config);
        }
        let mut rtc = config.build(now);
        rtc.add_local_candidate(wire.candidate()?);
        Ok(Self { rtc, wire, opens_channels: false, gives_feedback: true })
    }

    /// Has the next offer open the channels for data, `data` and `data-lossy`.
    pub fn open_channels(&mut self) {
        self.opens_channels = true;
    }

    /// Has offers promise no transport-wide feedback: a server has nothing to judge the way by then.
    pub fn leave_out_feedback(&mut self) {
        self.gives_feedback = false;
    }

    /// Makes an offer with these media descriptions.
    ///
    /// # Errors
    /// Without any.
    pub fn offer(&mut self, media: &[Media]) -> Result<Offer, Error> {
        let mut changes = self.rtc.sdp_api();
        let mut mids = Vec::new();
        for one in media {
            let (kind, direction, layers) = match one {
                Media::SendAudio => (MediaKind::Audio, Direction::SendOnly, None),
                Media::SendVideo(layers) => (MediaKind::Video, Direction::SendOnly, Some(layers)),
                Media::ReceiveAudio => (MediaKind::Audio, Direction::RecvOnly, None),
                Media::ReceiveVideo => (MediaKind::Video, Direction::RecvOnly, None),
            };
            let simulcast = layers.filter(|layers| !layers.is_empty()).map(|layers| Simulcast {
                send: layers.iter().map(|rid| SimulcastLayer::new(rid)).collect(),
                recv: Vec::new(),
            });
            mids.push(changes.add_media(kind, direction, None, None, simulcast));
        }
        if std::mem::take(&mut self.opens_channels) {
            changes.add_channel(RELIABLE.to_owned());
            changes.add_channel_with_config(ChannelConfig {
                label: LOSSY.to_owned(),
                ordered: false,
                reliability: Reliability::MaxRetransmits { retransmits: 0 },
                ..ChannelConfig::default()
            });
        }
        let (offer, pending) = changes.apply().ok_or_else(|| Error::Engine("nothing to offer".into()))?;
        let mut sdp = offer.to_sdp_string();
        if !self.gives_feedback {
            sdp = without_feedback(&sdp);
        }
        Ok(Offer { sdp, mids, pending })
    }

    /// Takes the answer to an offer, and begins to connect where that is how the server is reached.
    ///
    /// # Errors
    /// When it cannot be read, is none to this offer, or names nothing to connect to.
    pub fn accept_answer(&mut self, offer: Offer, sdp: &str) -> Result<(), Error> {
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|error| Error::Engine(error.to_string()))?;
        self.rtc.sdp_api().accept_answer(offer.pending, answer).map_err(|error| Error::Engine(error.to_string()))?;
        self.wire.connect(sdp)
    }

    /// Answers an offer, for servers that make them.
    ///
    /// # Errors
    /// When it cannot be read or answered.
    pub fn answer(&mut self, sdp: &str) -> Result<String, Error> {
        let offer = SdpOffer::from_sdp_string(sdp).map_err(|error| Error::Engine(error.to_string()))?;
        let answer = self.rtc.sdp_api().accept_offer(offer).map_err(|error| Error::Engine(error.to_string()))?;
        Ok(answer.to_sdp_string())
    }

    /// The payload type that was negotiated for a codec in a media description.
    pub(crate) fn payload_type(&self, mid: Mid, codec: Codec) -> Option<Pt> {
        let negotiated = self.rtc.media(mid)?.remote_pts();
        let params = self.rtc.codec_config().params().iter();
        params
            .filter(|params| params.spec().codec == codec.of_engine())
            .map(|params| params.pt())
            .find(|pt| negotiated.contains(pt))
    }

    /// The codec of a payload type; `None` for one that this client has no name for.
    pub(crate) fn codec(&self, payload_type: Pt) -> Option<Codec> {
        let mut params = self.rtc.codec_config().params().iter();
        Codec::from_engine(params.find(|params| params.pt() == payload_type)?.spec().codec)
    }

    /// The stream of a layer that is sent.
    pub(crate) fn rid(layer: &str) -> Rid {
        Rid::from(layer)
    }
}

/// An offer that does not promise transport-wide feedback.
fn without_feedback(sdp: &str) -> String {
    sdp.split_inclusive("\r\n")
        .filter(|line| !line.contains("transport-cc") && !line.contains("transport-wide-cc"))
        .collect()
}
