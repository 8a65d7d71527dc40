use super::super::chunk::Chunk;
use super::{CONTROL_BYTES_MAX, Full, StreamQueue};

const DATA_MAX: usize = 1000;

#[tokio::test]
async fn messages_leave_in_order_and_side_by_side() {
    let queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[b"ab", b"cd", b"\0"]).unwrap();
    queue.push_control(b"ef").unwrap();
    assert_eq!(queue.next(Chunk::default()).await.unwrap().bytes(), b"abcd\0ef");
}

#[tokio::test]
async fn data_fills_the_queue_to_its_limit_and_one_byte_more_is_refused() {
    let queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[&[1; DATA_MAX - 1]]).unwrap();
    queue.push_data(&[b"x"]).unwrap();
    assert_eq!(queue.push_data(&[b"y"]), Err(Full));
    let taken = queue.next(Chunk::default()).await.unwrap();
    assert_eq!(taken.bytes().len(), DATA_MAX, "the refused message left no trace");
}

#[tokio::test]
async fn bytes_being_written_count_until_they_are_written() {
    let queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[&[1; DATA_MAX]]).unwrap();
    let writing = queue.next(Chunk::default()).await.unwrap();
    assert_eq!(queue.push_data(&[b"x"]), Err(Full));
    queue.finish();
    assert!(queue.next(writing).await.is_none());
}

#[tokio::test]
async fn control_messages_have_room_that_data_cannot_take() {
    let queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[&[1; DATA_MAX]]).unwrap();
    queue.push_control(&[2; CONTROL_BYTES_MAX]).unwrap();
    assert_eq!(queue.push_control(&[3]), Err(Full));
}

#[tokio::test]
async fn what_was_queued_before_the_end_is_still_written() {
    let queue = StreamQueue::new(DATA_MAX);
    queue.push_control(b"last words").unwrap();
    queue.finish();
    assert_eq!(queue.push_control(b"more"), Err(Full));
    let taken = queue.next(Chunk::default()).await.unwrap();
    assert_eq!(taken.bytes(), b"last words");
    assert!(queue.next(taken).await.is_none());
}

#[tokio::test]
async fn a_waiting_consumer_is_woken() {
    let queue = StreamQueue::new(DATA_MAX);
    let (taken, ()) = tokio::join!(queue.next(Chunk::default()), async {
        queue.push_data(&[b"x"]).unwrap();
        queue.wake();
    });
    assert_eq!(taken.unwrap().bytes(), b"x");
}
