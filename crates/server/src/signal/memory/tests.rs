use websocket::Memory as _;

use super::{CLIENT_BYTES_MAX, FREE_BYTES, Memory, STEP_BYTES, Share, TOTAL_BYTES_MAX};

const MESSAGE_BYTES: usize = FREE_BYTES + 1024 * 1024;

/// A connection from an address that ends so.
fn share(memory: &Memory, last: u8) -> Share {
    memory.share([192, 0, 2, last].into())
}

/// As many connections from there as may hold a message of that length.
fn holders(memory: &Memory, last: u8) -> Vec<Share> {
    let mut shares: Vec<Share> = (0..CLIENT_BYTES_MAX / (1024 * 1024)).map(|_| share(memory, last)).collect();
    shares.retain_mut(|share| share.hold(MESSAGE_BYTES));
    shares
}

#[test]
fn client_at_its_limit_gets_no_more_and_others_do() {
    let memory = Memory::default();
    let mut shares = holders(&memory, 1);
    assert_eq!(shares.len(), CLIENT_BYTES_MAX / (1024 * 1024));
    assert!(share(&memory, 1).hold(FREE_BYTES), "what each has beside");
    assert!(!share(&memory, 1).hold(FREE_BYTES + 1));
    assert!(!shares[0].hold(MESSAGE_BYTES + 1), "nor for a message that grows");
    assert!(shares[0].hold(MESSAGE_BYTES), "it has what it had");
    assert!(share(&memory, 2).hold(MESSAGE_BYTES));
    shares[0].hold(0);
    assert!(share(&memory, 1).hold(MESSAGE_BYTES));
}

#[test]
fn all_clients_together_get_no_more_than_all() {
    let memory = Memory::default();
    let clients = u8::try_from(TOTAL_BYTES_MAX / CLIENT_BYTES_MAX).unwrap();
    let mut shares: Vec<Share> = (0..clients).flat_map(|last| holders(&memory, last)).collect();
    assert_eq!(shares.len(), TOTAL_BYTES_MAX / (1024 * 1024));
    assert!(!share(&memory, 99).hold(FREE_BYTES + 1));
    shares.pop();
    assert!(share(&memory, 99).hold(FREE_BYTES + 1024 * 1024));
}

#[test]
fn nothing_is_remembered_of_a_client_that_holds_nothing() {
    let memory = Memory::default();
    let mut held = share(&memory, 1);
    assert!(held.hold(FREE_BYTES + 1) && held.hold(FREE_BYTES + STEP_BYTES));
    assert_eq!(memory.0.lock().unwrap().total_bytes, STEP_BYTES);
    drop(held);
    let taken = memory.0.lock().unwrap();
    assert_eq!((taken.total_bytes, taken.clients.len()), (0, 0));
}
