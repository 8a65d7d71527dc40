use super::*;

fn limits(messages: u32, bytes: u32) -> Limits {
    Limits { resume_messages: messages, resume_bytes: bytes, ..Limits::default() }
}

fn text(bytes: usize) -> Outgoing {
    Outgoing::Text("t".repeat(bytes))
}

#[test]
fn frames_fit_up_to_the_limit() {
    let (outbox, _pending) = outbox(&limits(4, 1));
    for _ in 0..FRAMES_MAX + 4 {
        assert_eq!(outbox.push(text(1)), Ok(()));
    }
    assert_eq!(outbox.push(text(1)), Err(Full));
}

#[test]
fn bytes_fit_up_to_the_limit() {
    let (outbox, _pending) = outbox(&limits(4, 6));
    assert_eq!(outbox.push(text(BYTES_MAX)), Ok(()));
    assert_eq!(outbox.push(text(6)), Ok(()));
    assert_eq!(outbox.push(text(1)), Err(Full));
    assert_eq!(outbox.push(Outgoing::Ping), Ok(()));
}

#[test]
fn one_frame_fits_however_long_it_is() {
    let (outbox, _pending) = outbox(&limits(1, 1));
    assert_eq!(outbox.push(text(BYTES_MAX * 3)), Ok(()));
    assert_eq!(outbox.push(text(1)), Err(Full));
}

#[tokio::test]
async fn what_is_taken_makes_room() {
    let (outbox, mut pending) = outbox(&limits(1, 1));
    assert_eq!(outbox.push(text(BYTES_MAX + 1)), Ok(()));
    assert_eq!(outbox.push(text(1)), Err(Full));
    assert!(pending.queue.next().await.is_some());
    assert_eq!(outbox.push(text(1)), Ok(()));
}

#[tokio::test]
async fn what_is_queued_outlives_the_side_of_the_rooms() {
    let (outbox, mut pending) = outbox(&limits(1, 1));
    outbox.push(text(1)).unwrap();
    drop(outbox);
    assert!(pending.queue.next().await.is_some());
    assert!(pending.queue.next().await.is_none());
}
