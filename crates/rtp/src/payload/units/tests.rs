use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{ACCESS_UNIT_BYTES_MAX, Collected, Syntax};
use crate::ParseError;

fn unit(syntax: Syntax, unit_type: u8, bytes: usize) -> Vec<u8> {
    let header = match syntax {
        Syntax::H264 => vec![0x60 | unit_type],
        Syntax::H265 => vec![unit_type << 1, 1],
    };
    let body = (header.len()..bytes).map(|at| (at % 251) as u8);
    header.iter().copied().chain(body).collect()
}

fn packed(syntax: Syntax, units: &[Vec<u8>], limit: usize) -> Vec<(Vec<u8>, bool)> {
    let mut all = Vec::new();
    let units: Vec<_> = units.iter().map(Vec::as_slice).collect();
    syntax.pack(&units, limit, |payload, last| all.push((payload.to_vec(), last)));
    all
}

fn with_lengths(units: &[Vec<u8>]) -> Vec<u8> {
    units.iter().flat_map(|unit| (unit.len() as u32).to_be_bytes().into_iter().chain(unit.iter().copied())).collect()
}

#[test]
fn small_units_share_a_payload_and_the_last_payload_is_told() {
    let units = [unit(Syntax::H264, 7, 20), unit(Syntax::H264, 8, 6), unit(Syntax::H264, 5, 900)];
    let payloads = packed(Syntax::H264, &units, 1_000);
    assert_eq!(payloads.len(), 1);
    assert!(payloads[0].1);
    let head = [0x78, 0, 20, 0x67];
    assert_eq!(payloads[0].0[..4], head, "STAP-A with the highest importance, a length, the first unit");
    assert_eq!(packed(Syntax::H265, &units[..1], 1_000)[0].0, units[0], "one alone goes as it is");
}

#[test]
fn fragments_of_a_large_unit_are_equal_but_for_the_last_and_marked_at_both_ends() {
    for (syntax, header) in [(Syntax::H264, 2), (Syntax::H265, 3)] {
        let payloads = packed(syntax, &[unit(syntax, 5, 5_000)], 1_200);
        let sizes: Vec<_> = payloads.iter().map(|(payload, _)| payload.len()).collect();
        assert_eq!(sizes.len(), 5);
        assert!(sizes[..4].iter().all(|size| *size == sizes[0] && *size <= 1_200), "{sizes:?}");
        assert!(sizes[4] <= sizes[0] && sizes[0] - sizes[4] < 5, "{sizes:?}");
        let flags: Vec<_> = payloads.iter().map(|(payload, _)| payload[header - 1]).collect();
        assert_eq!(flags, [0x85, 0x05, 0x05, 0x05, 0x45]);
        assert_eq!(payloads.iter().filter(|(_, last)| *last).count(), 1);
    }
}

#[test]
fn what_is_cut_off_of_another_mode_or_out_of_place_loses_the_access_unit_only() {
    let cases: &[(&str, &[&[u8]])] = &[
        ("nothing", &[&[]]),
        ("an aggregate whose unit is cut off", &[&[0x78, 0, 9, 0x67, 1]]),
        ("an aggregate whose length is cut off", &[&[0x78, 0]]),
        ("STAP-B", &[&[25, 0, 0, 0, 1, 0x67]]),
        ("a fragment without its flags", &[&[0x7c]]),
        ("a fragment that did not begin", &[&[0x7c, 0x05, 1]]),
        ("a unit within another", &[&[0x7c, 0x85, 1], &[0x67, 1]]),
        ("a beginning within another", &[&[0x7c, 0x85, 1], &[0x7c, 0x85, 1]]),
    ];
    for (what, payloads) in cases {
        let mut collected = Collected::new(Syntax::H264);
        let result: Result<Vec<()>, _> = payloads.iter().map(|payload| collected.add(payload)).collect();
        assert!(result.is_err(), "{what}");
        let _ = collected.take();
        collected.add(&[0x65, 1, 2]).unwrap();
        assert_eq!(collected.take().unwrap(), [0, 0, 0, 3, 0x65, 1, 2], "after {what}");
    }
}

#[test]
fn an_access_unit_has_at_most_so_many_bytes() {
    let mut collected = Collected::new(Syntax::H264);
    let half = unit(Syntax::H264, 1, ACCESS_UNIT_BYTES_MAX / 2 - 4);
    collected.add(&half).unwrap();
    collected.add(&half).unwrap();
    assert!(matches!(collected.add(&[0x61]), Err(ParseError::TooMany { .. })));
    let mut without_end = Collected::new(Syntax::H264);
    without_end.add(&[0x7c, 0x85, 1]).unwrap();
    assert_eq!(without_end.take(), None);
}

proptest! {
    #[test]
    fn units_come_out_as_they_went_in(
        sizes in vec((0_u8..40, 2_usize..4_000), 1..12), limit in 100_usize..1_500, is_h265 in any::<bool>(),
    ) {
        let syntax = if is_h265 { Syntax::H265 } else { Syntax::H264 };
        let units: Vec<_> = sizes.iter().map(|(unit_type, bytes)| unit(syntax, unit_type % 23 + 1, *bytes)).collect();
        let payloads = packed(syntax, &units, limit);
        let mut collected = Collected::new(syntax);
        for (at, (payload, last)) in payloads.iter().enumerate() {
            prop_assert!(payload.len() <= limit);
            prop_assert_eq!(*last, at + 1 == payloads.len());
            collected.add(payload).unwrap();
        }
        prop_assert_eq!(collected.take().unwrap(), with_lengths(&units));
    }

    #[test]
    fn no_payloads_make_it_panic(payloads in vec(vec(any::<u8>(), 0..60), 0..20), is_h265 in any::<bool>()) {
        let mut collected = Collected::new(if is_h265 { Syntax::H265 } else { Syntax::H264 });
        for payload in payloads {
            let _ = collected.add(&payload);
        }
        let _ = collected.take();
    }
}
