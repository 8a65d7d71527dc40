//! Claims about what an answer means.

use axum::http::StatusCode;

use super::{Failure, judge};

#[test]
fn what_may_get_better_is_tried_again_and_nothing_else() {
    for (status, again) in
        [(500, true), (503, true), (408, true), (429, true), (400, false), (404, false), (302, false)]
    {
        let failure = judge(StatusCode::from_u16(status).unwrap()).unwrap_err();
        assert_eq!(matches!(failure, Failure::Passing(_)), again, "{status}");
    }
    assert!(judge(StatusCode::NO_CONTENT).is_ok());
}
