use super::*;

fn track(source: &str, video: bool) -> Track {
    Track { source: source.into(), video }
}

/// Two places for pictures and one for sound.
fn slots() -> Slots {
    let mids = ["a", "b", "c"].map(Mid::from);
    Slots::new(mids.iter().zip(&[Media::ReceiveVideo, Media::ReceiveAudio, Media::ReceiveVideo]))
}

#[test]
fn a_track_gets_one_place_of_its_kind_and_keeps_it() {
    let mut slots = slots();
    let tracks = [track("microphone", false), track("camera", true)];
    let wishes = slots.assign("zz", &tracks);
    assert_eq!(wishes.iter().map(|wish| wish.mid.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(slots.assign("zz", &tracks), []);
}

#[test]
fn who_finds_no_place_gets_none_until_one_is_free_again() {
    let mut slots = slots();
    let both = [track("camera", true), track("screen", true)];
    assert_eq!(slots.assign("zz", &both).len(), 2);
    assert_eq!(slots.assign("yy", &both[..1]), []);
    slots.release("zz");
    assert_eq!(slots.assign("yy", &both[..1]).len(), 1);
}
