//! Frames however the stream is cut.

use proptest::prelude::*;

use super::*;

fn framed(datagrams: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = Vec::new();
    for datagram in datagrams {
        stream.extend_from_slice(&header(datagram.len()).unwrap());
        stream.extend_from_slice(datagram);
    }
    stream
}

#[test]
fn a_frame_of_the_longest_length_passes_and_one_byte_more_ends_the_stream() {
    let mut count = 0;
    let mut longest = framed(&[vec![7; FRAME_BYTES_MAX]]);
    Deframer::default().handle_bytes(&mut longest, |datagram| count += datagram.len()).unwrap();
    assert_eq!(count, FRAME_BYTES_MAX);
    let mut longer = framed(&[vec![7; 3], vec![7; FRAME_BYTES_MAX + 1]]);
    let refused = Deframer::default().handle_bytes(&mut longer, |datagram| assert_eq!(datagram, [7; 3]));
    assert_eq!(refused, Err(FrameTooLong { bytes: FRAME_BYTES_MAX + 1 }));
}

#[test]
fn a_header_that_comes_in_two_parts_is_checked_as_well() {
    let mut deframer = Deframer::default();
    deframer.handle_bytes(&mut [0xFF], |_| panic!("no frame is complete")).unwrap();
    assert_eq!(
        deframer.handle_bytes(&mut [0xFF, 1], |_| panic!("no frame is complete")),
        Err(FrameTooLong { bytes: 0xFFFF })
    );
}

#[test]
fn a_datagram_too_long_for_a_header_gets_none() {
    assert_eq!(header(0xFFFF), Some([0xFF, 0xFF]));
    assert_eq!(header(0x1_0000), None);
}

proptest! {
    #[test]
    fn datagrams_come_out_as_they_went_in_however_the_stream_is_cut(
        datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8),
        cuts in prop::collection::vec(1_usize..400, 1..20),
    ) {
        let mut stream = framed(&datagrams);
        let mut deframer = Deframer::default();
        let mut received = Vec::new();
        let mut rest = &mut stream[..];
        for cut in cuts.iter().cycle() {
            let (piece, behind) = rest.split_at_mut((*cut).min(rest.len()));
            deframer.handle_bytes(piece, |datagram| received.push(datagram.to_vec())).unwrap();
            rest = behind;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(received, datagrams);
        prop_assert!(deframer.partial.is_empty());
    }
}
