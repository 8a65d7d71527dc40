//! Our WebSocket beside another one, under random frames.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};

proptest::proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_strangers_frames_are_heard_as_tungstenite_hears_them_however_they_are_cut(data in vec(any::<u8>(), 0..600)) {
        fuzz::websocket::run(&data);
    }
}
