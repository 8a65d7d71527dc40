use std::time::Duration;

use super::Measured;
use crate::output::QualityReason;

const GOOD: Measured = Measured {
    silence: Duration::ZERO,
    loss: 0.0,
    round_trip: Duration::from_millis(30),
    excess: false,
    starved: false,
    served: 1.0,
};

#[test]
fn a_connection_is_as_good_as_its_worst_side() {
    let cases = [
        (GOOD, 5, None),
        (Measured { loss: 0.03, ..GOOD }, 4, Some(QualityReason::Loss)),
        (Measured { loss: 0.3, ..GOOD }, 1, Some(QualityReason::Loss)),
        (Measured { round_trip: Duration::from_millis(400), ..GOOD }, 3, Some(QualityReason::Delay)),
        (Measured { served: 0.5, ..GOOD }, 4, Some(QualityReason::Bandwidth)),
        (Measured { starved: true, ..GOOD }, 1, Some(QualityReason::Bandwidth)),
        (Measured { excess: true, ..GOOD }, 1, Some(QualityReason::Bandwidth)),
        (Measured { loss: 0.06, round_trip: Duration::from_millis(250), ..GOOD }, 3, Some(QualityReason::Loss)),
        (Measured { silence: Duration::from_secs(9), ..GOOD }, 0, Some(QualityReason::Loss)),
    ];
    for (measured, level, reason) in cases {
        assert_eq!(measured.level(), (level, reason), "{measured:?}");
    }
}
