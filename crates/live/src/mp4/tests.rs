use media::{Codec, Frame, MediaTime, Parameters};
use mp4_atom::{Any, Codec as Entry, DecodeMaybe as _, Mdat, Moof, Moov};

use super::{Sample, Track, fragment, init};
use crate::testing::{aac, audio, h264, h265, picture, sound, video};

fn atoms(bytes: &[u8]) -> Vec<Any> {
    let mut rest = bytes;
    let mut atoms = Vec::new();
    while let Some(atom) = Any::decode_maybe(&mut rest).expect("every box is well-formed") {
        atoms.push(atom);
    }
    assert!(rest.is_empty(), "{} bytes are no box", rest.len());
    atoms
}

fn moov(tracks: &[&Parameters]) -> Moov {
    let all = atoms(&init(tracks));
    all.into_iter()
        .find_map(|atom| if let Any::Moov(moov) = atom { Some(moov) } else { None })
        .expect("there is a moov")
}

fn parts(bytes: &[u8]) -> (Moof, Mdat) {
    match atoms(bytes).as_slice() {
        [Any::Moof(moof), Any::Mdat(mdat)] => (moof.clone(), mdat.clone()),
        other => panic!("moof and mdat, not {other:?}"),
    }
}

fn samples(frames: Vec<Frame>, duration_ms: i64) -> Vec<Sample> {
    frames.into_iter().map(|frame| Sample { frame, duration: MediaTime::from_millis(duration_ms) }).collect()
}

#[test]
fn the_tracks_are_read_as_they_were_written() {
    let (video, audio) = (h264(), aac());
    let moov = moov(&[&video, &audio]);
    let [pictures, sounds] = moov.trak.as_slice() else { panic!("two tracks") };
    assert_eq!((pictures.tkhd.track_id, sounds.tkhd.track_id), (1, 2));
    assert_eq!((pictures.mdia.mdhd.timescale, sounds.mdia.mdhd.timescale), (90_000, 48_000));
    let [Entry::Avc1(avc1)] = pictures.mdia.minf.stbl.stsd.codecs.as_slice() else { panic!("H.264") };
    assert_eq!((avc1.visual.width, avc1.visual.height), (64, 48));
    assert_eq!((avc1.avcc.avc_profile_indication, avc1.avcc.length_size), (0x42, 4));
    let [Entry::Mp4a(mp4a)] = sounds.mdia.minf.stbl.stsd.codecs.as_slice() else { panic!("AAC") };
    assert_eq!(mp4a.audio.channel_count, 2);
    let specific = mp4a.esds.es_desc.dec_config.dec_specific.as_ref().expect("there is a configuration");
    assert_eq!((specific.profile, specific.freq_index, specific.chan_conf), (2, 3, 2));
    assert_eq!(moov.mvex.map(|mvex| mvex.trex.len()), Some(2));
}

#[test]
fn every_codec_has_its_sample_entry() {
    let av1 = video(Codec::Av1, vec![0x81, 0x04, 0x0c, 0x00]);
    let opus_head = b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00";
    let opus = audio(Codec::Opus, opus_head);
    for (parameters, expected) in [
        (h265(), "Hvc1"),
        (av1, "Av01"),
        (video(Codec::Vp9, Vec::new()), "Vp09"),
        (video(Codec::Vp8, Vec::new()), "Vp08"),
        (opus, "Opus"),
        (audio(Codec::Opus, &[]), "Opus"),
    ] {
        let entries = moov(&[&parameters]).trak[0].mdia.minf.stbl.stsd.codecs.clone();
        assert!(format!("{entries:?}").starts_with(&format!("[{expected}")), "{entries:?}");
        if let [Entry::Opus(opus)] = entries.as_slice() {
            assert_eq!(
                (opus.dops.output_channel_count, opus.dops.pre_skip, opus.dops.input_sample_rate),
                (2, 312, 48_000)
            );
        }
    }
}

#[test]
fn a_fragment_says_when_and_how_long_and_where_each_sample_is() {
    let tracks = [Track::of(&h264()), Track::of(&aac())];
    let late = Frame { pts: MediaTime::from_millis(120), ..picture(Codec::H264, 80, false, 20) };
    let mut all = samples(vec![picture(Codec::H264, 40, true, 10), late], 40);
    all.extend(samples(vec![sound(Codec::Aac, MediaTime::from_millis(40), 7)], 21));
    let mut bytes = vec![1, 2, 3];
    fragment(&mut bytes, 9, &tracks, &all);
    let (moof, mdat) = parts(&bytes[3..]);
    assert_eq!(moof.mfhd.sequence_number, 9);
    let [pictures, sounds] = moof.traf.as_slice() else { panic!("two tracks") };
    assert_eq!(pictures.tfdt.as_ref().map(|tfdt| tfdt.base_media_decode_time), Some(3600));
    assert_eq!(sounds.tfdt.as_ref().map(|tfdt| tfdt.base_media_decode_time), Some(1920));
    let entries = &pictures.trun[0].samples;
    assert_eq!(entries.iter().map(|entry| entry.duration).collect::<Vec<_>>(), [Some(3600), Some(3600)]);
    assert_eq!(entries.iter().map(|entry| entry.cts).collect::<Vec<_>>(), [Some(0), Some(3600)]);
    assert_eq!(entries.iter().map(|entry| entry.flags).collect::<Vec<_>>(), [Some(0x0200_0000), Some(0x0101_0000)]);
    // Both offsets lead to the data.
    let moof_bytes = bytes.len() - 3 - mdat.data.len() - 8;
    for (traf, data) in [(pictures, &all[0].frame.data), (sounds, &all[2].frame.data)] {
        let start = traf.trun[0].data_offset.expect("there is an offset") as usize - moof_bytes - 8;
        assert_eq!(&mdat.data[start..start + data.len()], &data[..]);
    }
}

#[test]
fn a_track_without_samples_is_left_out_of_the_fragment() {
    let mut bytes = Vec::new();
    let all = samples(vec![sound(Codec::Aac, MediaTime::ZERO, 7)], 21);
    fragment(&mut bytes, 1, &[Track::of(&h264()), Track::of(&aac())], &all);
    let (moof, _) = parts(&bytes);
    assert_eq!(moof.traf.iter().map(|traf| traf.tfhd.track_id).collect::<Vec<_>>(), [2]);
}

#[test]
fn durations_of_sounds_do_not_drift_by_rounding() {
    let track = [Track::of(&aac())];
    let mut next = 0;
    for n in 0..10_000 {
        let at = MediaTime::from_ticks(n * 1024, 48_000);
        let duration = MediaTime::from_ticks((n + 1) * 1024, 48_000) - at;
        let mut bytes = Vec::new();
        fragment(&mut bytes, 1, &track, &[Sample { frame: sound(Codec::Aac, at, 1), duration }]);
        let (moof, _) = parts(&bytes);
        let start = moof.traf[0].tfdt.as_ref().expect("there is a time").base_media_decode_time;
        assert_eq!(start, next);
        next = start
            + u64::from(
                moof.traf[0].trun[0]
                    .samples
                    .iter()
                    .next()
                    .and_then(|sample| sample.duration)
                    .expect("there is a duration"),
            );
    }
    assert_eq!(next, 10_000 * 1024);
}

#[test]
fn random_frames_are_read_as_they_were_written() {
    let mut random = fastrand::Rng::with_seed(7);
    let tracks = [Track::of(&h264()), Track::of(&aac())];
    for round in 0..200 {
        let frames = (0..random.i64(1..80)).map(|step| {
            let dts = round * 1000 + step * 20;
            let bytes = random.usize(..3000);
            if random.bool() {
                picture(Codec::H264, dts, random.bool(), bytes)
            } else {
                sound(Codec::Aac, MediaTime::from_millis(dts), bytes)
            }
        });
        let all = samples(frames.collect(), 20);
        let mut bytes = Vec::new();
        fragment(&mut bytes, 1, &tracks, &all);
        let (moof, mdat) = parts(&bytes);
        let count: usize = moof.traf.iter().flat_map(|traf| &traf.trun).map(|trun| trun.samples.len()).sum();
        assert_eq!(count, all.len());
        assert_eq!(mdat.data.len(), all.iter().map(|sample| sample.frame.data.len()).sum::<usize>());
    }
}

#[test]
fn times_before_zero_are_zero() {
    let mut bytes = Vec::new();
    let early =
        Sample { frame: sound(Codec::Aac, MediaTime::from_millis(-50), 7), duration: MediaTime::from_millis(21) };
    fragment(&mut bytes, 1, &[Track::of(&aac())], &[early]);
    assert_eq!(parts(&bytes).0.traf[0].tfdt.as_ref().map(|tfdt| tfdt.base_media_decode_time), Some(0));
}
