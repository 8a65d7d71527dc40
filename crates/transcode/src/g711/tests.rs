use super::{FULL_SCALE, Law};

fn value(law: Law, byte: u8) -> i32 {
    (law.sample(byte) * FULL_SCALE) as i32
}

/// The first and the last of each segment, beginning with the loudest: the number without its sign, and what it decodes to by the standard.
fn demand(law: Law, byte_of: fn(u8) -> u8, scale: i32, table: [(u8, i32); 16]) {
    for (number, decoded) in table {
        assert_eq!(value(law, byte_of(number | 0x80)), decoded * scale, "{law:?}, {number:#x}");
        assert_eq!(value(law, byte_of(number)), -decoded * scale, "{law:?}, {number:#x} of the other sign");
    }
}

#[test]
fn ends_of_segments_of_mu_law_decode_to_the_values_of_table_2_of_g711() {
    let loud =
        [(0x00, 8031), (0x0f, 4191), (0x10, 3999), (0x1f, 2079), (0x20, 1983), (0x2f, 1023), (0x30, 975), (0x3f, 495)];
    let quiet = [(0x40, 471), (0x4f, 231), (0x50, 219), (0x5f, 99), (0x60, 93), (0x6f, 33), (0x70, 30), (0x7f, 0)];
    let table = std::array::from_fn(|at| *loud.iter().chain(&quiet).nth(at).unwrap());
    // The table has 14 bits.
    demand(Law::Mu, |number| number, 4, table);
}

#[test]
fn ends_of_segments_of_a_law_decode_to_the_values_of_table_1_of_g711() {
    let loud =
        [(0x7f, 4032), (0x70, 2112), (0x6f, 2016), (0x60, 1056), (0x5f, 1008), (0x50, 528), (0x4f, 504), (0x40, 264)];
    let quiet = [(0x3f, 252), (0x30, 132), (0x2f, 126), (0x20, 66), (0x1f, 63), (0x10, 33), (0x0f, 31), (0x00, 1)];
    let table = std::array::from_fn(|at| *loud.iter().chain(&quiet).nth(at).unwrap());
    // The table has 13 bits, and the numbers as they are before every second bit is inverted.
    demand(Law::A, |number| number ^ 0x55, 8, table);
}

#[test]
fn both_signs_are_alike_and_no_step_is_narrower_than_a_quieter_one() {
    for law in [Law::Mu, Law::A] {
        let mut loudness: Vec<i32> = (0x80..=0xff).map(|byte| value(law, byte)).collect();
        for (byte, value_of_it) in (0x80..=0xff_u8).zip(&loudness) {
            assert_eq!(value(law, byte & 0x7f), -value_of_it, "{law:?}, {byte:#x}");
        }
        loudness.sort_unstable();
        let steps: Vec<i32> = loudness.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(steps[0] > 0 && steps.windows(2).all(|pair| pair[0] <= pair[1]), "{law:?}: {steps:?}");
    }
}
