use std::time::Duration;

use super::{PAUSE_FIRST, PAUSE_MAX, pause};

#[test]
fn pauses_double_up_to_a_minute_and_vary_by_a_quarter() {
    for (failures, seconds) in [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (7, 60), (u32::MAX, 60)] {
        let middle = Duration::from_secs(seconds);
        assert_eq!(pause(failures, 0), middle.mul_f64(0.75), "{failures}");
        assert_eq!(pause(failures, u8::MAX), middle.mul_f64(1.25), "{failures}");
        assert!(pause(failures, 100) > pause(failures, 99), "{failures}");
    }
    assert_eq!((PAUSE_FIRST, PAUSE_MAX), (Duration::from_secs(1), Duration::from_secs(60)));
}
