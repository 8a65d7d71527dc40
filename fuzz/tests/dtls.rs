//! The property of the handshake under random paths.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};

proptest::proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_handshake_ends_well_unless_something_was_forged_and_nothing_forged_harms_a_connection(data in vec(any::<u8>(), 2..800)) {
        fuzz::dtls::run(&data);
    }
}
