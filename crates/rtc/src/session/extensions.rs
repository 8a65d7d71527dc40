//! Which header extensions are used (RFC 8285), and which way.

use rtp::parameters::ExtensionIds;

use crate::sdp::{Direction, Extension};

/// What was agreed upon for one media description.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Extensions {
    /// For what the client sends.
    pub(super) receive: ExtensionIds,
    /// For what we send.
    pub(super) send: ExtensionIds,
    /// As the answer says it.
    pub(super) answer: Vec<Extension>,
}

/// The ids of all media descriptions of a bundle: each id means one extension and each extension has one id (RFC 9143 §9.2), since the
/// extensions are what tells the media description of a packet.
#[derive(Debug, Default)]
pub(super) struct ExtensionTable {
    /// At most one for each extension we know.
    entries: Vec<(u8, Known)>,
}

/// The extensions we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    Mid,
    Rid,
    RepairedRid,
    AudioLevel,
    AbsSendTime,
    TransportCc,
    DependencyDescriptor,
    VideoOrientation,
    PlayoutDelay,
    AbsCaptureTime,
}

impl ExtensionTable {
    /// Those that we know, of those offered. Of two that contradict each other the first one holds.
    pub(super) fn accept(&mut self, session: &[Extension], media: &[Extension]) -> Extensions {
        let mut accepted = Extensions::default();
        let all = session.iter().chain(media);
        let offered: Vec<(Known, &Extension)> =
            all.filter_map(|extension| Known::from_uri(&extension.uri).map(|known| (known, extension))).collect();
        let transport_cc = offered.iter().any(|(known, _)| *known == Known::TransportCc);
        for (known, extension) in offered {
            // What the time of sending is good for, transport-wide numbers tell better, and four bytes a packet are saved.
            let superfluous = known == Known::AbsSendTime && transport_cc;
            if superfluous || accepted.holds(known) || !self.agrees(extension.id, known) {
                continue;
            }
            let direction = extension.direction.unwrap_or(Direction::SendRecv);
            if direction.sends() {
                *known.slot(&mut accepted.receive) = Some(extension.id);
            }
            if direction.receives() {
                *known.slot(&mut accepted.send) = Some(extension.id);
            }
            let direction = extension.direction.map(Direction::reversed);
            accepted.answer.push(Extension { id: extension.id, direction, uri: extension.uri.clone() });
        }
        accepted
    }

    fn agrees(&mut self, id: u8, known: Known) -> bool {
        match self.entries.iter().find(|entry| entry.0 == id || entry.1 == known) {
            Some(entry) => *entry == (id, known),
            None => {
                self.entries.push((id, known));
                true
            }
        }
    }
}

impl Extensions {
    fn holds(&self, known: Known) -> bool {
        self.answer.iter().any(|extension| Known::from_uri(&extension.uri) == Some(known))
    }
}

impl Known {
    fn from_uri(uri: &str) -> Option<Self> {
        Some(match uri {
            "urn:ietf:params:rtp-hdrext:sdes:mid" => Self::Mid,
            "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id" => Self::Rid,
            "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id" => Self::RepairedRid,
            "urn:ietf:params:rtp-hdrext:ssrc-audio-level" => Self::AudioLevel,
            "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time" => Self::AbsSendTime,
            "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" => Self::TransportCc,
            "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension" => {
                Self::DependencyDescriptor
            }
            "urn:3gpp:video-orientation" => Self::VideoOrientation,
            "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay" => Self::PlayoutDelay,
            "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time" => Self::AbsCaptureTime,
            _ => return None,
        })
    }

    fn slot(self, ids: &mut ExtensionIds) -> &mut Option<u8> {
        match self {
            Self::Mid => &mut ids.mid,
            Self::Rid => &mut ids.rid,
            Self::RepairedRid => &mut ids.repaired_rid,
            Self::AudioLevel => &mut ids.audio_level,
            Self::AbsSendTime => &mut ids.abs_send_time,
            Self::TransportCc => &mut ids.transport_cc,
            Self::DependencyDescriptor => &mut ids.dependency_descriptor,
            Self::VideoOrientation => &mut ids.video_orientation,
            Self::PlayoutDelay => &mut ids.playout_delay,
            Self::AbsCaptureTime => &mut ids.abs_capture_time,
        }
    }
}
