use mio::{Poll, Token, Waker};

use super::Bell;

#[test]
fn a_bell_says_once_that_it_was_rung_however_often_that_was() {
    let poll = Poll::new().unwrap();
    let bell = Bell::new(Waker::new(poll.registry(), Token(0)).unwrap());
    assert!(!bell.answer());
    bell.ring();
    bell.ring();
    assert!(bell.answer());
    assert!(!bell.answer());
    bell.ring();
    assert!(bell.answer());
}
