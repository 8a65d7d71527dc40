//! MPEG-2 transport streams (ISO/IEC 13818-1): frames in, packets of 188 bytes out. For the segments of HLS and for streams without end over HTTP.
//!
//! One program with up to one video and one audio track. Pictures are H.264 or H.265 as Annex B has them, with an access unit delimiter before each
//! and the parameter sets before each key frame; sounds are AAC with ADTS headers, MP3 or Opus. A player can begin wherever the tables stand.
//! Nothing is allocated for a frame once the buffers have grown.

mod nal;
mod packet;
mod sound;
mod tables;

use media::{Codec, Frame, Kind, MediaTime, Parameters, ParseError};

use nal::ParameterSets;
use packet::{PacketWriter, Pes};
use sound::Sound;

/// What the HTTP header says of transport streams (RFC 3555).
pub const CONTENT_TYPE: &str = "video/mp2t";

/// The size of a packet.
pub const PACKET_BYTES: usize = 188;

/// Why frames cannot be written as a transport stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TsError {
    /// Transport streams have no way to carry this codec.
    #[error("{0} does not go into a transport stream")]
    Codec(Codec),
    /// The decoder configuration or a frame is not what its codec says.
    #[error(transparent)]
    Parse(#[from] ParseError),
}

/// Whether transport streams can carry this codec.
#[must_use]
pub fn can_carry(codec: Codec) -> bool {
    tables::stream_type(codec).is_some()
}

/// Writes one program. It keeps the continuity counters, so it must write all packets that a player sees in a row.
#[derive(Debug)]
pub struct Muxer {
    packets: PacketWriter,
    video: Option<Video>,
    audio: Option<Audio>,
    /// The program map table, which says what is in the program.
    program_map: Vec<u8>,
    /// The payload that is being put together.
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Video {
    codec: Codec,
    sets: ParameterSets,
}

#[derive(Debug)]
struct Audio {
    sound: Sound,
    /// Frames that wait to share a PES packet, framed as the codec wants it.
    waiting: Vec<u8>,
    /// The time of the first of them.
    waiting_pts: MediaTime,
}

impl Muxer {
    /// A program of these tracks: one of a kind at most.
    ///
    /// # Errors
    /// A codec that transport streams cannot carry, or a decoder configuration that cannot be read.
    pub fn new(video: Option<&Parameters>, audio: Option<&Parameters>) -> Result<Self, TsError> {
        let mut muxer = Self {
            packets: PacketWriter::default(),
            video: None,
            audio: None,
            program_map: Vec::new(),
            scratch: Vec::new(),
        };
        muxer.change(video, audio)?;
        Ok(muxer)
    }

    /// Goes on with other tracks or other parameters; the continuity counters go on.
    ///
    /// # Errors
    /// As [`Muxer::new`]; then everything stays as it was.
    pub fn change(&mut self, video: Option<&Parameters>, audio: Option<&Parameters>) -> Result<(), TsError> {
        let new_video = video.map(|parameters| {
            let sets = ParameterSets::parse(parameters)?;
            Ok::<_, TsError>(Video { codec: parameters.codec, sets })
        });
        let new_audio = audio.map(|parameters| {
            let sound = Sound::parse(parameters)?;
            Ok::<_, TsError>(Audio { sound, waiting: Vec::new(), waiting_pts: MediaTime::ZERO })
        });
        (self.video, self.audio) = (new_video.transpose()?, new_audio.transpose()?);
        self.program_map = tables::program_map(video, audio)?;
        Ok(())
    }

    /// Writes the tables. Players begin here: they stand at the beginning of every segment, and before key frames.
    pub fn write_tables(&mut self, out: &mut Vec<u8>) {
        self.packets.write_section(out, tables::PAT_PID, &tables::program_association());
        self.packets.write_section(out, tables::PMT_PID, &self.program_map);
    }

    /// Writes a frame. Sounds wait for some more, to share the head of a packet: see [`Muxer::flush`]. Frames of a track that the program does not have are left out.
    ///
    /// # Errors
    /// A picture whose NAL units are not as long as they say, or a sound too long for its header. Nothing of it is written.
    pub fn write_frame(&mut self, frame: &Frame, out: &mut Vec<u8>) -> Result<(), TsError> {
        match frame.kind() {
            Kind::Video => self.write_picture(frame, out),
            Kind::Audio => self.write_sound(frame, out),
        }
    }

    /// Writes the sounds that wait. At the end of a segment, and whenever a player should have everything.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        let has_video = self.video.is_some();
        let Some(audio) = self.audio.as_mut().filter(|audio| !audio.waiting.is_empty()) else { return };
        let pts = audio.waiting_pts;
        let pes = Pes {
            pid: tables::AUDIO_PID,
            stream_id: audio.sound.stream_id(),
            pts,
            dts: pts,
            has_clock: !has_video,
            is_key: true,
            payload: &audio.waiting,
        };
        self.packets.write_pes(out, &pes);
        audio.waiting.clear();
    }

    fn write_picture(&mut self, frame: &Frame, out: &mut Vec<u8>) -> Result<(), TsError> {
        let Some(video) = self.video.as_ref().filter(|video| video.codec == frame.codec) else { return Ok(()) };
        self.scratch.clear();
        video.sets.write_access_unit(frame, &mut self.scratch)?;
        let pes = Pes {
            pid: tables::VIDEO_PID,
            stream_id: tables::VIDEO_STREAM_ID,
            pts: frame.pts,
            dts: frame.dts,
            has_clock: true,
            is_key: frame.is_key,
            payload: &self.scratch,
        };
        self.packets.write_pes(out, &pes);
        let is_late = |audio: &Audio| frame.dts - audio.waiting_pts >= AUDIO_WAIT;
        if self.audio.as_ref().is_some_and(is_late) {
            self.flush(out);
        }
        Ok(())
    }

    fn write_sound(&mut self, frame: &Frame, out: &mut Vec<u8>) -> Result<(), TsError> {
        let Some(audio) = self.audio.as_ref().filter(|audio| audio.sound.codec() == frame.codec) else { return Ok(()) };
        let is_full = audio.waiting.len() + frame.data.len() > AUDIO_PES_BYTES;
        if !audio.waiting.is_empty() && (is_full || frame.pts - audio.waiting_pts >= AUDIO_WAIT) {
            self.flush(out);
        }
        let Some(audio) = self.audio.as_mut() else { return Ok(()) };
        if audio.waiting.is_empty() {
            audio.waiting_pts = frame.pts;
        }
        audio.sound.write_frame(&frame.data, &mut audio.waiting)
    }
}

/// How long sounds wait for each other, of the time by which the clock of the stream runs ahead of its frames.
const AUDIO_WAIT: MediaTime = MediaTime::from_millis(100);

/// Sixteen packets hold so much, and no PES header is needed before.
const AUDIO_PES_BYTES: usize = 2900;

#[cfg(test)]
mod tests;
