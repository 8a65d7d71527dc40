use super::*;
use proptest::prelude::*;

/// Two temporal layers of 640x360 under one chain, as the bits of A.8.2 in their order.
const KEY_FRAME: &str = "1 1 000000 0000000100000000 \
    1 0 0 0 0 \
    000000 00001 \
    00 01 11 \
    10 10 10 11 00 01 \
    0 1 0001 0 1 0000 0 \
    10 0000 0010 0001 \
    1 0000001001111111 0000000101100111";

/// The bytes of a text of zeros and ones.
fn bytes(bits: &str) -> Vec<u8> {
    let bits: Vec<u32> = bits.chars().filter_map(|c| c.to_digit(2)).collect();
    let mut output = vec![0; bits.len().div_ceil(8)];
    let mut writer = BitWriter::new(&mut output);
    for bit in bits {
        writer.bits(bit, 1).unwrap();
    }
    output
}

/// The structure that the key frame brings.
fn structure() -> Option<Box<Structure>> {
    let mut structure = None;
    Descriptor::parse(&bytes(KEY_FRAME), &mut structure).unwrap();
    structure
}

#[test]
fn a_key_frame_brings_the_structure_of_its_stream() {
    let mut structure = None;
    let descriptor = Descriptor::parse(&bytes(KEY_FRAME), &mut structure).unwrap();
    assert!(descriptor.start_of_frame && descriptor.end_of_frame);
    assert_eq!(descriptor.frame_number, 256);
    assert_eq!((descriptor.spatial_id, descriptor.temporal_id), (0, 0));
    assert_eq!(descriptor.dependencies.iter().count(), 0);
    assert_eq!(descriptor.indications.of(0), Indication::Switch);
    assert_eq!(descriptor.active_decode_targets, Some(0b11));
    assert_eq!(descriptor.resolution, Some(Resolution { width_px: 640, height_px: 360 }));
    let structure = structure.unwrap();
    assert_eq!(structure.chain_count(), 1);
    assert_eq!(
        structure.decode_targets().collect::<Vec<_>>(),
        [0, 1].map(|temporal_id| DecodeTarget { spatial_id: 0, temporal_id, protected_by: Some(0) })
    );
    assert_eq!(structure.templates().len(), 3);
}

#[test]
fn frames_behind_it_are_read_by_their_template() {
    let mut structure = structure();
    let descriptor = Descriptor::parse(&bytes("1 0 000010 0000000100000001"), &mut structure).unwrap();
    assert!(descriptor.start_of_frame && !descriptor.end_of_frame);
    assert_eq!((descriptor.frame_number, descriptor.temporal_id), (257, 1));
    assert_eq!(descriptor.indications.of(0), Indication::NotPresent);
    assert_eq!(descriptor.indications.of(1), Indication::Discardable);
    assert_eq!(descriptor.indications.of(2), Indication::NotPresent);
    assert_eq!(descriptor.dependencies.iter().collect::<Vec<_>>(), [1]);
    assert_eq!(descriptor.chains[0], 1);
    assert_eq!(descriptor.active_decode_targets, None);
}

#[test]
fn a_frame_may_differ_from_its_template() {
    let text = "1 1 000001 0000000100000010 \
        0 1 1 1 1 \
        01 \
        11 00 \
        01 0011 10 00010000 11 000100000000 00 \
        00001001";
    let descriptor = Descriptor::parse(&bytes(text), &mut structure()).unwrap();
    assert_eq!(descriptor.active_decode_targets, Some(0b01));
    assert_eq!(descriptor.indications.of(0), Indication::Required);
    assert_eq!(descriptor.indications.of(1), Indication::NotPresent);
    assert_eq!(descriptor.dependencies.iter().collect::<Vec<_>>(), [4, 17, 257]);
    assert_eq!(descriptor.chains[0], 9);
}

#[test]
fn template_ids_count_from_the_offset_around_64() {
    let shifted = KEY_FRAME.replacen("1 1 000000", "1 1 111111", 1).replacen("000000 00001", "111111 00001", 1);
    let mut structure = None;
    Descriptor::parse(&bytes(&shifted), &mut structure).unwrap();
    let descriptor = Descriptor::parse(&bytes("1 1 000001 0000000100000001"), &mut structure).unwrap();
    assert_eq!(descriptor.temporal_id, 1);
    let unknown = Descriptor::parse(&bytes("1 1 000010 0000000100000001"), &mut structure);
    assert_eq!(unknown.unwrap_err(), ParseError::Value { field: "template id", value: 2 });
}

#[test]
fn without_its_structure_a_descriptor_says_nothing() {
    assert_eq!(Descriptor::parse(&[0xc0, 0, 1], &mut None).unwrap_err(), ParseError::NoStructure);
}

#[test]
fn a_cut_descriptor_is_refused_and_leaves_the_structure_alone() {
    let whole = bytes(KEY_FRAME);
    for length in 0..whole.len() {
        let mut structure = None;
        assert!(Descriptor::parse(&whole[..length], &mut structure).is_err(), "{length} bytes");
        assert_eq!(structure, None);
    }
}

#[test]
fn a_frame_has_at_most_so_many_dependencies() {
    for (count, valid) in [(DEPENDENCIES_MAX, true), (DEPENDENCIES_MAX + 1, false)] {
        let text = format!("1 1 000001 0000000100000010 0 0 0 1 0 {} 00", "01 0000".repeat(count));
        assert_eq!(Descriptor::parse(&bytes(&text), &mut structure()).is_ok(), valid, "{count}");
    }
}

#[test]
fn more_templates_or_layers_than_can_be_named_are_refused() {
    let head = "1 1 000000 0000000100000000 1 0 0 0 0 000000 00000";
    let templates = |count: usize, idc: &str| {
        let mut text = format!("{head} {} 11", format!("{idc} ").repeat(count - 1));
        text += &"01".repeat(count); // indications
        text += &"0".repeat(count); // dependencies
        text += "0 0"; // no chains, no resolutions
        Descriptor::parse(&bytes(&text), &mut None).err()
    };
    assert_eq!(templates(64, "00"), None);
    assert_eq!(templates(65, "00"), Some(ParseError::TooMany { what: "templates", limit: 64 }));
    assert_eq!(templates(8, "10"), None);
    assert_eq!(templates(9, "10"), Some(ParseError::TooMany { what: "layers", limit: 8 }));
    assert_eq!(templates(8, "01"), None);
    assert_eq!(templates(9, "01"), Some(ParseError::TooMany { what: "layers", limit: 8 }));
}

#[test]
fn another_mask_changes_nothing_else() {
    let structure = structure();
    for (text, added_bytes) in [
        (KEY_FRAME, 1),
        ("1 0 000010 0000000100000001", 1),
        ("1 1 000001 0000000100000010 0 1 1 1 1 01 11 00 01 0011 00 00001001", 0),
        ("1 1 000001 0000000100000010 0 0 1 0 0 11 00", 1),
    ] {
        let data = bytes(text);
        let read = Descriptor::parse(&data, &mut structure.clone()).unwrap();
        let mut output = vec![0; data.len() + added_bytes];
        let length = read.write_with_active(&data, structure.as_ref().unwrap(), 0b01, &mut output).unwrap();
        let mut again_structure = structure.clone();
        let again = Descriptor::parse(&output[..length], &mut again_structure).unwrap();
        assert_eq!(again_structure, structure);
        let expected = Descriptor { active_decode_targets: Some(0b01), layout: again.layout, ..read };
        assert_eq!(again, expected, "{text}");
        assert_eq!(read.write_with_active(&data, structure.as_ref().unwrap(), 0b01, &mut output[..length - 1]), None);
    }
}

#[test]
fn frames_between_key_frames_are_read_without_allocation() {
    let mut structure = structure();
    let data = bytes("1 0 000010 0000000100000001");
    let count = allocation_counter::measure(|| {
        Descriptor::parse(&data, &mut structure).unwrap();
    });
    assert_eq!(count.count_total, 0);
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..4), known: bool, mask: u32,
    ) {
        let mut structure = if known { structure() } else { None };
        for data in messages {
            if let Ok(read) = Descriptor::parse(&data, &mut structure) {
                let mut output = vec![0; data.len() + 8];
                let structure = structure.as_ref().unwrap();
                let length = read.write_with_active(&data, structure, mask, &mut output).unwrap();
                let again = Descriptor::parse(&output[..length], &mut Some(structure.clone())).unwrap();
                prop_assert_eq!(again.active_decode_targets, Some(mask & structure.all_decode_targets()));
                prop_assert_eq!(again.indications, read.indications);
                prop_assert_eq!(again.chains, read.chains);
            }
        }
    }
}
