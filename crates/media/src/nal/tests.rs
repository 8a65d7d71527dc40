use super::{Units, unescaped};
use crate::ParseError;

#[test]
fn units_follow_their_lengths() {
    let data = [0, 0, 0, 2, 0x65, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x41];
    let units: Vec<_> = Units::new(&data).collect();
    assert_eq!(units, [Ok(&[0x65, 1][..]), Ok(&[][..]), Ok(&[0x41][..])]);
    assert_eq!(Units::with_lengths_of(2, &[0, 1, 7]).collect::<Vec<_>>(), [Ok(&[7][..])]);
}

#[test]
fn a_length_beyond_the_end_is_the_last_that_is_said() {
    for data in [&[0, 0, 0, 3, 1, 2][..], &[0, 0, 1], &[0xff; 9]] {
        assert_eq!(Units::new(data).collect::<Vec<_>>(), [Err(ParseError::Truncated)]);
    }
}

#[test]
fn only_a_three_behind_two_zeros_is_taken_out() {
    assert_eq!(*unescaped(&[0, 3, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3]), [0, 3, 0, 0, 1, 0, 0, 0, 0, 3]);
    assert_eq!(*unescaped(&[0, 0, 1]), [0, 0, 1]);
}
