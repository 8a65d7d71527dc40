use super::segments;

fn check(len: usize, stride: usize, expected: &[usize]) {
    let mut buffer = [0_u8; 64];
    let lengths: Vec<usize> = segments(&mut buffer, len, stride).map(|segment| segment.len()).collect();
    assert_eq!(lengths, expected, "len {len}, stride {stride}");
}

#[test]
fn one_datagram_is_one_segment() {
    check(20, 20, &[20]);
}

#[test]
fn coalesced_datagrams_are_cut_at_the_stride_and_the_last_may_be_shorter() {
    check(50, 20, &[20, 20, 10]);
}

#[test]
fn an_empty_datagram_is_one_empty_segment() {
    check(0, 0, &[0]);
    check(0, 20, &[0]);
}

#[test]
fn a_length_beyond_the_buffer_does_not_reach_outside() {
    check(65, 64, &[64]);
}
