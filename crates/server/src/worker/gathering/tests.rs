use super::*;

#[test]
fn the_rest_of_a_picture_is_waited_for_as_long_as_it_comes() {
    let mut gathering = Gathering::default();
    assert!(gathering.waits(true, 1));
    assert!(gathering.waits(true, 3));
    assert!(!gathering.waits(false, 5), "the picture is complete");
    assert!(gathering.waits(true, 6), "the next one");
}

#[test]
fn no_picture_is_waited_for_longer_than_a_few_naps() {
    let mut gathering = Gathering::default();
    let waits = (1..10).take_while(|heard| gathering.waits(true, *heard)).count();
    assert_eq!(waits, 4);
}

#[test]
fn a_complete_picture_is_not_waited_for() {
    assert!(!Gathering::default().waits(false, 1));
}

#[test]
fn naps_that_bring_nothing_become_rare_and_one_that_does_brings_them_back() {
    let mut gathering = Gathering::default();
    let mut naps = 0;
    for heard in 0..1_000 {
        if gathering.waits(true, heard) {
            naps += 1;
            assert!(!gathering.waits(true, heard), "nothing came");
        }
    }
    assert!((15..30).contains(&naps), "{naps} naps for a thousand pictures");

    let tried = (1_000..1_100).find(|heard| gathering.waits(true, *heard)).unwrap();
    assert!(!gathering.waits(false, tried + 1));
    assert!(gathering.waits(true, tried + 2), "it has brought something, so the next picture is waited for");
}
