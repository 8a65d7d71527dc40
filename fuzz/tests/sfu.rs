//! The property of the media router under random operations.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};

proptest::proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn what_a_subscriber_gets_is_a_valid_stream_whatever_happens(data in vec(any::<u8>(), 200..4_000)) {
        fuzz::sfu_operations::run(&data);
    }
}
