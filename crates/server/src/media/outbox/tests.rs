use super::*;

/// Adds a tag of ones, so that what was padded and what is a tag can be told apart.
struct Tagger;

const TAG: usize = 16;

impl Protector for Tagger {
    fn tag_len(&self) -> usize {
        TAG
    }

    fn protect_rtp(&self, _: u64, buffer: &mut [u8], plain_bytes: usize) -> Result<usize, ProtectError> {
        let buffer_len = buffer.len();
        let too_small = ProtectError::BufferTooSmall { buffer_len, needed: plain_bytes + TAG };
        buffer.get_mut(plain_bytes..plain_bytes + TAG).ok_or(too_small)?.fill(1);
        Ok(plain_bytes + TAG)
    }
}

fn outbox(plain_sizes: &[usize], segments_max: usize) -> Outbox {
    let mut outbox = Outbox::default();
    for (index, &bytes) in (0..).zip(plain_sizes) {
        let payload = vec![7; bytes - 12];
        let mut header = [0; 12];
        header[0] = 0x80;
        outbox.push_rtp(&Tagger, index, [&header, &[], &payload], segments_max);
    }
    outbox.finish(&Tagger);
    outbox
}

/// `expected`: of each run the size of its segments without tag, and the size of the last.
fn check(plain_sizes: &[usize], expected: &[(usize, usize, usize)]) {
    let outbox = outbox(plain_sizes, 64);
    let runs: Vec<_> = outbox
        .runs()
        .map(|(run, bytes)| {
            let last = bytes.len() - (run.segments - 1) * run.segment_bytes;
            (run.segments, run.segment_bytes - TAG, last - TAG)
        })
        .collect();
    assert_eq!(runs, expected, "{plain_sizes:?}");
}

#[test]
fn packets_of_one_size_leave_together_and_the_last_may_be_shorter() {
    check(&[1100, 1100, 1100], &[(3, 1100, 1100)]);
    check(&[1100, 1100, 640], &[(3, 1100, 640)]);
    check(&[1100], &[(1, 1100, 1100)]);
    check(&[], &[]);
}

#[test]
fn packets_that_differ_a_little_are_padded_to_one_size() {
    check(&[1099, 1100, 1098, 1100], &[(4, 1100, 1100)]);
    check(&[1100, 1099, 1099, 640], &[(4, 1100, 640)]);
    let outbox = outbox(&[1099, 1100], 64);
    let (run, bytes) = outbox.runs().next().unwrap();
    let first = &bytes[..run.segment_bytes];
    assert_eq!(first[0], 0xA0, "the P bit is set");
    assert_eq!(first[1100 - 1], 1, "one byte of padding, which counts itself");
    assert_eq!((bytes[run.segment_bytes], outbox.padding_bytes()), (0x80, 1));
}

#[test]
fn a_packet_that_would_need_much_padding_ends_its_run() {
    check(&[1100, 640, 1100, 1100], &[(2, 1100, 640), (2, 1100, 1100)]);
    check(&[640, 1100, 1100], &[(1, 640, 640), (2, 1100, 1100)]);
    check(&[1100, 1100, 1150, 1150], &[(2, 1100, 1100), (2, 1150, 1150)]);
}

#[test]
fn sound_is_never_padded() {
    check(&[100, 101, 99, 100], &[(1, 100, 100), (2, 101, 99), (1, 100, 100)]);
}

#[test]
fn segments_that_could_exceed_a_path_travel_alone() {
    let largest = SEGMENT_BYTES_MAX - TAG;
    check(&[largest, largest], &[(2, largest, largest)]);
    check(&[largest + 1, largest + 1], &[(1, largest + 1, largest + 1), (1, largest + 1, largest + 1)]);
}

#[test]
fn no_run_has_more_segments_than_the_kernel_takes() {
    let outbox = outbox(&[1000; 10], 4);
    assert_eq!(outbox.runs().map(|(run, _)| run.segments).collect::<Vec<_>>(), [4, 4, 2]);
}

#[test]
fn an_outbox_says_when_it_is_full_and_can_be_used_again() {
    let mut outbox = Outbox::default();
    let payload = [7; 1088];
    let mut count = 0;
    while outbox.has_room(1100) {
        outbox.push_rtp(&Tagger, count, [&[0x80; 12], &[], &payload], 64);
        count += 1;
    }
    outbox.finish(&Tagger);
    let sent: usize = outbox.runs().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(sent, usize::try_from(count).unwrap() * (1100 + TAG));
    assert!(sent <= BYTES_MAX);
    outbox.clear();
    assert!(outbox.has_room(1100) && outbox.runs().next().is_none());
}

#[test]
fn a_datagram_travels_as_it_is_between_the_packets() {
    let mut outbox = Outbox::default();
    let payload = [7; 1088];
    outbox.push_rtp(&Tagger, 0, [&[0x80; 12], &[], &payload], 64);
    outbox.push_datagram(&Tagger, b"report");
    outbox.push_rtp(&Tagger, 1, [&[0x80; 12], &[], &payload], 64);
    outbox.finish(&Tagger);
    let sizes: Vec<_> = outbox.runs().map(|(_, bytes)| bytes.len()).collect();
    assert_eq!(sizes, [1116, 6, 1116]);
}
