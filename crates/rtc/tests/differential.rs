//! Our readers beside those of `str0m`, which others wrote: on the same bytes they say the same.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use rtp::payload::red::{BLOCKS_MAX, Blocks};
use rtp::payload::{PictureId, vp8};
use str0m::rtp::{RedDecoder, RedEncoder, RedundantBlock, Vp8Descriptor};

/// A block as both readers say it: payload type, age, bytes.
type Block = (u8, u32, Vec<u8>);

fn ours(payload: &[u8]) -> Option<Vec<Block>> {
    let blocks = Blocks::parse(payload).ok()?;
    Some(blocks.map(|it| (it.payload_type, u32::from(it.timestamp_offset), it.data.to_vec())).collect())
}

fn theirs(payload: &[u8]) -> Option<Vec<Block>> {
    let blocks = RedDecoder::decode(payload).ok()?;
    Some(blocks.into_iter().map(|it| (it.pt, it.timestamp_offset, it.payload.to_vec())).collect())
}

proptest! {
    #[test]
    fn redundant_sound_that_they_write_is_read_as_they_read_it(
        primary in (0..128_u8, vec(any::<u8>(), 0..40)),
        older in vec((0..128_u8, 0..1_u32 << 14, vec(any::<u8>(), 0..40)), 0..BLOCKS_MAX),
    ) {
        let blocks: Vec<RedundantBlock> = older
            .iter()
            .map(|(pt, timestamp_offset, payload)| RedundantBlock {
                pt: *pt,
                timestamp_offset: *timestamp_offset,
                payload: payload.clone(),
            })
            .collect();
        let payload = RedEncoder::encode(primary.0, &primary.1, &blocks);
        let mut expected = older;
        expected.push((primary.0, 0, primary.1));
        prop_assert_eq!(theirs(&payload), Some(expected.clone()));
        prop_assert_eq!(ours(&payload), Some(expected));
    }

    #[test]
    fn any_bytes_are_the_same_redundant_sound_to_both_or_to_neither(payload in vec(any::<u8>(), 0..60)) {
        let (ours, theirs) = (ours(&payload), theirs(&payload));
        // They bound the blocks at another number.
        if theirs.as_ref().is_none_or(|blocks| blocks.len() <= BLOCKS_MAX) && ours.as_ref().is_none_or(|it| it.len() < 8) {
            prop_assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn any_bytes_are_the_same_vp8_descriptor_to_both(payload in vec(any::<u8>(), 0..12)) {
        let ours = vp8::Descriptor::parse(&payload);
        if let Ok(theirs) = Vp8Descriptor::parse(&payload) {
            let ours = ours.expect("what they can read, we can");
            prop_assert_eq!(ours.picture_id.map(PictureId::value), theirs.picture_id());
            prop_assert_eq!(ours.tl0_picture_index, theirs.tl0_pic_idx());
            prop_assert_eq!(ours.key_index, theirs.key_idx());
            prop_assert_eq!(ours.is_key_frame(), theirs.starts_keyframe(&payload));
        } else if let Ok(ours) = ours {
            // They want a frame behind the descriptor, and a temporal layer beside the index of the lowest.
            let counts_without_layer = ours.tl0_picture_index.is_some() && ours.temporal.is_none();
            prop_assert!(payload.len() == ours.length || counts_without_layer, "{payload:?}");
        }
    }
}
