use super::*;

fn parts(all: RangeInclusive<u16>, count: u8) -> Vec<RangeInclusive<u16>> {
    (0..count).filter_map(|index| Shard::new(index, count)).map(|shard| shard.ports(&all)).collect()
}

#[test]
fn one_shard_has_all_ports() {
    assert_eq!(parts(49_152..=65_535, 1), [49_152..=65_535]);
    assert_eq!(parts(7..=7, 1), [7..=7]);
}

#[test]
fn the_parts_cover_the_range_without_overlap_and_cut_no_pair() {
    for (all, count) in [(49_152..=65_535, 2), (49_152..=65_535, 3), (1..=65_535, 255), (5001..=5013, 4), (8..=8, 3)] {
        let ports: Vec<u16> = parts(all.clone(), count).into_iter().flatten().collect();
        assert_eq!(ports, all.clone().collect::<Vec<_>>(), "{all:?} in {count}");
        for part in parts(all.clone(), count).iter().filter(|part| !part.is_empty()).skip(1) {
            assert!(part.start() % 2 == 0 || part.start() == all.start(), "{part:?} of {all:?} in {count}");
        }
    }
}

#[test]
fn every_port_is_found_with_its_shard() {
    let all = 50_000..=50_009;
    let shard = Shard::new(1, 2).unwrap();
    for port in 49_990..=50_020 {
        let owner = (0..2).find(|&index| Shard::new(index, 2).unwrap().ports(&all).contains(&port));
        assert_eq!(shard.of_port(&all, port), owner, "{port}");
    }
}

#[test]
fn a_number_outside_the_count_is_no_shard() {
    assert_eq!(Shard::new(2, 2), None);
    assert_eq!(Shard::new(0, 0), None);
    assert!(Shard::new(254, 255).is_some());
}

#[test]
fn rubbish_names_no_shard() {
    for bytes in [&b""[..], &[0, 3], &[0, 3, 0, 0], &[0, 3, 255, 255, 0x21, 0x12, 0xA4, 0x42], &[0x40; 40]] {
        assert_eq!(named_shard(bytes), None);
    }
}
