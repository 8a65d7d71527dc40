use super::*;

fn entry(data: &[u8], length: u64) -> Entry {
    Entry { data: data.to_vec(), length }
}

#[test]
fn an_ivf_file_reads_back_as_written() {
    let mut bytes = ivf::header(Codec::Vp9, (640, 360)).to_vec();
    for (data, at) in [(&b"key"[..], 0), (b"delta", 3_000), (b"last", 9_000)] {
        bytes.extend(ivf::frame_header(data.len(), at));
        bytes.extend(data);
    }
    let (codec, entries) = ivf::read(&bytes).unwrap();
    assert_eq!(codec, Codec::Vp9);
    assert_eq!(entries, [entry(b"key", 3_000), entry(b"delta", 6_000), entry(b"last", 6_000)]);
    // Broken off within the last frame.
    assert_eq!(ivf::read(&bytes[..bytes.len() - 1]).unwrap().1.len(), 2);
}

#[test]
fn what_is_no_ivf_file_is_refused() {
    assert!(ivf::read(b"DKIF").is_err());
    assert!(ivf::read(&[0; 64]).is_err());
    let mut zero = ivf::header(Codec::Vp8, (0, 0));
    zero[16..20].fill(0);
    assert_eq!(ivf::read(&zero), Err("its time base is zero".into()));
    let mut unknown = ivf::header(Codec::Vp8, (0, 0));
    unknown[8..12].copy_from_slice(b"MP4V");
    assert_eq!(ivf::read(&unknown), Err("the codec MP4V is not known".into()));
}

#[test]
fn an_ogg_file_reads_back_as_written() {
    let mut writer = ogg::Writer::new();
    let (long, short) = ([0xf8; 600], [0x08, 1, 2]);
    let mut bytes = writer.packet(&long);
    bytes.extend(writer.packet(&short));
    bytes.extend(writer.packet(&[0xf8; 255]));
    let entries = ogg::read(&bytes).unwrap();
    assert_eq!(entries, [entry(&long, 960), entry(&short, 960), entry(&[0xf8; 255], 960)]);
    // Broken off within the last page.
    assert_eq!(ogg::read(&bytes[..bytes.len() - 1]).unwrap().len(), 2);
    assert!(ogg::read(b"RIFF").is_err());
}

#[test]
fn slices_are_put_together_to_pictures() {
    let stream = [
        &[0, 0, 0, 1, 0x67, 0x42][..], // parameters
        &[0, 0, 0, 1, 0x68, 0xce],
        &[0, 0, 1, 0x65, 0x88],       // the first slice of a picture
        &[0, 0, 1, 0x65, 0x08],       // its second one
        &[0, 0, 0, 1, 0x41, 0x9a],    // another picture
        &[0, 0, 0, 1, 0x09, 0x10],    // a delimiter
        &[0, 0, 0, 1, 0x41, 0x9a, 0], // a third one
    ]
    .concat();
    let entries = annex_b::read(&stream, 30.0);
    let pictures: Vec<usize> =
        entries.iter().map(|entry| entry.data.windows(4).filter(|four| *four == [0, 0, 0, 1]).count()).collect();
    assert_eq!(pictures, [4, 1, 2]);
    assert!(entries.iter().all(|entry| entry.length == 3_000));
    assert_eq!(annex_b::read(b"no start code", 30.0), []);
}

#[test]
fn a_file_is_played_in_its_own_time_and_over_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.ivf");
    let mut bytes = ivf::header(Codec::Vp8, (640, 360)).to_vec();
    for (data, at) in [(&b"one"[..], 0), (b"two", 9_000)] {
        bytes.extend(ivf::frame_header(data.len(), at));
        bytes.extend(data);
    }
    std::fs::write(&path, bytes).unwrap();
    let start = crate::Clock::start().now();
    for (repeat, expected) in [(true, &[0, 9_000, 18_000, 27_000][..]), (false, &[0, 9_000])] {
        let mut playback = Playback::open(&path, 25.0, repeat, start).unwrap();
        assert_eq!(playback.codec(), Codec::Vp8);
        let mut seen = Vec::new();
        for step in 0..35 {
            let now = start + Duration::from_millis(step * 10);
            seen.extend(playback.next_frame(now).map(|frame| frame.timestamp));
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn a_file_that_lasts_no_time_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("still.ivf");
    let open = |times: [u64; 2]| {
        let mut bytes = ivf::header(Codec::Vp8, (640, 360)).to_vec();
        times.iter().for_each(|at| bytes.extend([&ivf::frame_header(1, *at)[..], b"x"].concat()));
        std::fs::write(&path, bytes).unwrap();
        Playback::open(&path, 25.0, true, crate::Clock::start().now()).map(drop)
    };
    assert!(open([7, 8]).is_ok());
    assert!(open([7, 7]).unwrap_err().to_string().ends_with("all its frames have the same time"));
}

#[test]
fn a_file_that_is_not_there_or_of_another_kind_is_an_error() {
    let now = crate::Clock::start().now();
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("film.mkv");
    std::fs::write(&other, b"x").unwrap();
    for path in [folder.path().join("missing.ivf"), other] {
        assert!(matches!(Playback::open(&path, 25.0, false, now), Err(Error::File { .. })));
    }
}
