//! Recordings of what strangers publish: files that begin and end in order, and can be read.

use std::io::Cursor;

use arbitrary::{Arbitrary, Unstructured};
use live::flv::TagReader;
use live::record::{Config, Format, Output, Recorder, Wanted};
use matroska_demuxer::{Frame as Block, MatroskaFile};
use media::MediaTime;

use crate::mp4_boxes::boxes;
use crate::published::{Clock, Step};

/// The first bytes choose the kind of file and how long files are.
pub fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let format = match input.arbitrary::<u8>().unwrap_or(0) % 4 {
        0 => Wanted::Mp4,
        1 => Wanted::Matroska,
        2 => Wanted::Flv,
        _ => Wanted::Auto,
    };
    let config = Config {
        format,
        file_duration_max: MediaTime::from_millis(input.arbitrary::<u16>().unwrap_or(0).into()),
        file_bytes_max: input.arbitrary::<Option<u32>>().unwrap_or(None).map(u64::from),
    };
    let (mut recorder, mut clock, mut files) = (Recorder::new(config), Clock::default(), Files::default());
    while !input.is_empty()
        && let Ok(step) = Step::arbitrary(&mut input)
    {
        match step {
            Step::Frame(sent) => recorder.handle_frame(&sent.frame(&mut clock)),
            Step::Frames(sent, count) => (0..count).for_each(|_| recorder.handle_frame(&sent.frame(&mut clock))),
            Step::Parameters(told) => told.parameters().iter().for_each(|told| recorder.handle_parameters(told)),
            Step::Break => recorder.handle_break(),
        }
        files.take(&mut recorder);
    }
    recorder.handle_end();
    files.take(&mut recorder);
    assert!(files.open.is_none(), "the end of the stream ends the file");
}

#[derive(Default)]
struct Files {
    open: Option<(Format, Vec<u8>, MediaTime)>,
}

impl Files {
    fn take(&mut self, recorder: &mut Recorder) {
        while let Some(output) = recorder.poll_output() {
            match output {
                Output::Begin { format, video, audio, .. } => {
                    assert!(self.open.is_none() && (video.is_some() || audio.is_some()));
                    self.open = Some((format, Vec::new(), MediaTime::ZERO));
                }
                Output::Append { bytes, duration } => {
                    let (_, file, last) = self.open.as_mut().expect("a file has begun");
                    assert!(duration >= *last && !bytes.is_empty());
                    file.extend_from_slice(&bytes);
                    *last = duration;
                }
                Output::Fill(fill) => {
                    let (_, file, _) = self.open.as_mut().expect("a file has begun");
                    let at = usize::try_from(fill.offset).expect("a small file");
                    let place = file.get_mut(at..at + fill.bytes.len()).expect("only what is there is written over");
                    place.copy_from_slice(&fill.bytes);
                }
                Output::End => {
                    let (format, file, _) = self.open.take().expect("a file has begun");
                    check(format, &file);
                }
            }
        }
    }
}

fn check(format: Format, file: &[u8]) {
    match format {
        Format::Mp4 => check_mp4(file),
        Format::WebM | Format::Matroska => check_matroska(file),
        Format::Flv => check_flv(file),
    }
}

fn check_mp4(file: &[u8]) {
    let names: Vec<_> = boxes(file).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names.get(..2), Some(&[*b"ftyp", *b"moov"][..]));
    let fragments: Vec<_> = names.iter().filter(|name| matches!(*name, b"moof" | b"mdat")).collect();
    assert!(fragments.chunks(2).all(|pair| pair == [b"moof", b"mdat"]), "{names:?}");
}

fn check_matroska(file: &[u8]) {
    // The reader wants a size, which nobody told of some publishers.
    let Ok(mut file) = MatroskaFile::open(Cursor::new(file)) else { return };
    let mut block = Block::default();
    while file.next_frame(&mut block).expect("every block is well-formed") {}
}

fn check_flv(file: &[u8]) {
    let mut tags = TagReader::new();
    tags.handle_bytes(file);
    while tags.next_tag().expect("every tag is well-formed").is_some() {}
}
