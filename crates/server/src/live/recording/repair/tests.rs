use std::fs::{self, File};

use live::record::Format;

use super::{shorten, whole_bytes};

/// Boxes of MP4 with these names and lengths.
fn boxes(parts: &[(&[u8; 4], usize)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, length) in parts {
        bytes.extend((*length as u32).to_be_bytes());
        bytes.extend(*name);
        bytes.resize(bytes.len() + length - 8, 7);
    }
    bytes
}

fn whole(format: Format, bytes: &[u8]) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, bytes).unwrap();
    whole_bytes(&File::open(&path).unwrap(), bytes.len() as u64, format).unwrap()
}

#[test]
fn a_fragment_counts_with_its_data_alone() {
    let bytes = boxes(&[(b"ftyp", 20), (b"moov", 100), (b"moof", 60), (b"mdat", 500), (b"moof", 60), (b"mdat", 300)]);
    for (length, expected) in
        [(1040, 1040), (1039, 680), (740, 680), (700, 680), (680, 680), (679, 120), (119, 20), (7, 0), (0, 0)]
    {
        assert_eq!(whole(Format::Mp4, &bytes[..length]), expected, "{length} bytes");
    }
}

#[test]
fn zeros_behind_a_recording_are_no_part_of_it() {
    let mut bytes = boxes(&[(b"ftyp", 20), (b"moov", 100)]);
    bytes.extend([0; 4096]);
    assert_eq!(whole(Format::Mp4, &bytes), 120);
}

#[test]
fn a_recording_is_cut_where_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.mp4");
    let bytes = boxes(&[(b"ftyp", 20), (b"moov", 100), (b"moof", 60), (b"mdat", 500)]);
    fs::write(&path, &bytes[..300]).unwrap();
    assert_eq!(shorten(&path, Format::Mp4).unwrap(), 120);
    assert_eq!(fs::read(&path).unwrap(), &bytes[..120]);
    assert!(shorten(&folder.path().join("y.mp4"), Format::Mp4).is_err());
}
