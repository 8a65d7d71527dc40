use std::f32::consts::TAU;

use super::level_dbov;

fn sine(peak: f32) -> Vec<f32> {
    (0..960).map(|n| peak * (TAU * n as f32 / 48.0).sin()).collect()
}

#[test]
fn a_square_wave_at_the_limit_is_as_loud_as_it_gets() {
    assert_eq!(level_dbov(&[1.0, -1.0, 1.0, -1.0]), 0);
    assert_eq!(level_dbov(&[2.0, -2.0]), 0, "nothing is louder");
}

#[test]
fn a_sine_is_three_decibels_below_its_peak() {
    let levels = [1.0, 0.1, 0.001].map(|peak| level_dbov(&sine(peak)));
    assert_eq!(levels, [-3, -23, -63]);
}

#[test]
fn silence_and_nothing_are_as_soft_as_can_be_said() {
    assert_eq!([level_dbov(&[0.0; 960]), level_dbov(&[1e-30; 960]), level_dbov(&[])], [-127; 3]);
}
