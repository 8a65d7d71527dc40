//! One track as a stream of RTP.

use live::bridge::{BridgeError, Packetizer};
use media::{Frame, MediaTime, Parameters};
use room::media::Source;
use rtp::extension::AudioLevel;
use rtp::parameters::{AnnouncedSsrc, Codec, CodecName, ExtensionIds, Feedback, Kind, Mid, ReceiveParameters};
use rtp::rtcp::{SenderInfo, Writer};
use rtp::{Element, Header};

use crate::media::{FedPacket, VIDEO_CLOCK_HZ, clock_rate_hz};

/// Counts and numbers the packets of a track.
#[derive(Debug)]
pub(super) struct Track {
    codec: CodecName,
    /// The format parameters that a negotiation would have given.
    fmtp: String,
    ssrc: u32,
    packetizer: Packetizer,
    number: u16,
    packets: u32,
    octets: u32,
    reported_at: Option<MediaTime>,
}

impl Track {
    /// # Errors
    /// If viewers over WebRTC have no use for the codec, or its record is broken.
    pub(super) fn new(parameters: &Parameters, ssrc: u32) -> Result<Self, BridgeError> {
        let record = &parameters.decoder_configuration;
        let (codec, fmtp) = match parameters.codec {
            // What browsers offer first: a decoder takes more than it says, and the parameter sets say what it is.
            media::Codec::H264 => {
                (CodecName::H264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f".to_owned())
            }
            media::Codec::H265 => (CodecName::H265, String::new()),
            media::Codec::Vp8 => (CodecName::Vp8, String::new()),
            media::Codec::Vp9 => (CodecName::Vp9, format!("profile-id={}", record.first().unwrap_or(&0))),
            media::Codec::Av1 => (CodecName::Av1, format!("profile={}", record.get(1).map_or(0, |byte| byte >> 5))),
            media::Codec::Opus => (CodecName::Opus, "minptime=10;useinbandfec=1".to_owned()),
            codec @ (media::Codec::Aac | media::Codec::Mp3 | media::Codec::Pcmu | media::Codec::Pcma) => {
                return Err(BridgeError::Codec(codec));
            }
        };
        let mut packetizer = Packetizer::new(PAYLOAD_BYTES_MAX);
        packetizer.set_parameters(parameters)?;
        // A low byte of the SSRC that nobody chose is as good as any to begin with.
        let number = ssrc.to_be_bytes()[3].into();
        Ok(Self { codec, fmtp, ssrc, packetizer, number, packets: 0, octets: 0, reported_at: None })
    }

    pub(super) fn set_parameters(&mut self, parameters: &Parameters) -> Result<(), BridgeError> {
        self.packetizer.set_parameters(parameters)
    }

    pub(super) fn source(&self) -> Source {
        match self.codec.kind() {
            Kind::Audio => Source::Microphone,
            Kind::Video => Source::Camera,
        }
    }

    /// What a negotiation would have said of it.
    pub(super) fn parameters(&self) -> ReceiveParameters {
        let kind = self.codec.kind();
        let (mid, payload_type, clock_rate_hz, channels) = match kind {
            Kind::Audio => ("0", AUDIO_PAYLOAD_TYPE, clock_rate_hz(media::Codec::Opus), 2),
            Kind::Video => ("1", VIDEO_PAYLOAD_TYPE, VIDEO_CLOCK_HZ, 1),
        };
        ReceiveParameters {
            #[expect(clippy::expect_used, reason = "two tokens of one digit")]
            mid: Mid::new(mid).expect("a digit is a token"),
            kind,
            codecs: [Codec {
                name: self.codec,
                payload_type,
                rtx_payload_type: None,
                clock_rate_hz,
                channels,
                fmtp: self.fmtp.clone(),
                feedback: Feedback::default(),
            }]
            .into(),
            extensions: ExtensionIds {
                audio_level: (kind == Kind::Audio).then_some(AUDIO_LEVEL),
                ..ExtensionIds::default()
            },
            rids: Vec::new(),
            ssrcs: vec![AnnouncedSsrc { media: self.ssrc, rtx: None }],
            encrypted: false,
        }
    }

    /// Appends the packets of a frame, which say how loud it is where that is known, and now and then a report of when they are shown.
    pub(super) fn send(
        &mut self,
        frame: &Frame,
        level_dbov: Option<i8>,
        packets: &mut Vec<FedPacket>,
    ) -> Result<(), BridgeError> {
        let rate_hz = clock_rate_hz(frame.codec);
        #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "timestamps wrap")]
        let timestamp = frame.pts.ticks(rate_hz) as u32;
        // Whether it is speech nobody has judged.
        let level = level_dbov.map(|level_dbov| AudioLevel { voice: false, level_dbov }.to_bytes());
        let elements = level.as_ref().map(|level| Element { id: AUDIO_LEVEL, data: level });
        let Self { codec, ssrc, packetizer, number, packets: sent, octets, .. } = self;
        packetizer.packetize(frame, |payload, last| {
            *number = number.wrapping_add(1);
            *sent = sent.wrapping_add(1);
            *octets = octets.wrapping_add(u32::try_from(payload.len()).unwrap_or(u32::MAX));
            let payload_type = match codec.kind() {
                Kind::Audio => AUDIO_PAYLOAD_TYPE,
                Kind::Video => VIDEO_PAYLOAD_TYPE,
            };
            // The marker of sound is the beginning of a talk spurt, of pictures the end of one (RFC 3551 §4.1).
            let marker = last && codec.kind() == Kind::Video;
            let header = Header { payload_type, marker, sequence_number: *number, timestamp, ssrc: *ssrc };
            let mut packet = vec![0; HEADER_BYTES_MAX];
            if let Some(length) = header.write(&mut packet, elements.as_slice()) {
                packet.truncate(length);
                packet.extend_from_slice(payload);
                packets.push(FedPacket::Rtp(packet));
            }
        })?;
        if self.reported_at.is_none_or(|at| frame.pts - at >= REPORT_EVERY || frame.pts < at) {
            self.reported_at = Some(frame.pts);
            packets.push(FedPacket::Rtcp(self.report(frame.pts, timestamp)));
        }
        Ok(())
    }

    /// All tracks of a stream report by one clock, so that viewers bring sound and pictures together (RFC 3550 §6.4.1).
    fn report(&self, pts: MediaTime, timestamp: u32) -> Vec<u8> {
        let micros = u64::try_from(pts.micros()).unwrap_or(0);
        let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
        let ntp = (NTP_EPOCH_S.wrapping_add(seconds) << 32) | ((rest << 32) / 1_000_000);
        let info = SenderInfo { ssrc: self.ssrc, ntp, timestamp, packets: self.packets, octets: self.octets };
        let mut compound = Vec::new();
        Writer::new(&mut compound).sender_report(&info, &[]);
        compound
    }
}

/// What fits into every path, with all that is added on the way to a viewer.
const PAYLOAD_BYTES_MAX: usize = 1_100;
/// With one extension of one byte.
const HEADER_BYTES_MAX: usize = 20;
/// The number of the extension in the packets.
const AUDIO_LEVEL: u8 = 1;
const AUDIO_PAYLOAD_TYPE: u8 = 111;
const VIDEO_PAYLOAD_TYPE: u8 = 102;
const REPORT_EVERY: MediaTime = MediaTime::from_millis(1_000);

/// Where the clock of the reports begins: no matter, as long as it is one.
const NTP_EPOCH_S: u64 = 3_900_000_000;
