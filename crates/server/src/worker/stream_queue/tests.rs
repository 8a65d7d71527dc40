use super::{CONTROL_BYTES_MAX, Full, StreamQueue};

const DATA_MAX: usize = 1000;

#[test]
fn messages_leave_in_order_and_side_by_side() {
    let mut queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[b"ab", b"cd", b"\0"]).unwrap();
    queue.push_control(b"ef").unwrap();
    assert_eq!(queue.bytes(), b"abcd\0ef");
}

#[test]
fn bytes_leave_as_the_connection_takes_them_and_what_came_meanwhile_follows() {
    let mut queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[b"abcd"]).unwrap();
    assert_eq!(queue.bytes(), b"abcd");
    queue.advance(1);
    queue.push_data(&[b"ef"]).unwrap();
    assert_eq!(queue.bytes(), b"bcd");
    queue.advance(3);
    assert_eq!(queue.bytes(), b"ef");
    queue.advance(2);
    assert_eq!(queue.bytes(), b"");
}

#[test]
fn messages_leave_one_by_one() {
    let mut queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[b"a", b"b"]).unwrap();
    queue.push_control(b"cd").unwrap();
    assert_eq!(queue.next_message(), Some(&b"ab"[..]));
    queue.push_data(&[b"e"]).unwrap();
    assert_eq!(queue.next_message(), Some(&b"cd"[..]));
    assert_eq!(queue.next_message(), Some(&b"e"[..]));
    assert_eq!(queue.next_message(), None);
}

#[test]
fn data_fills_the_queue_to_its_limit_and_one_byte_more_is_refused() {
    let mut queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[&[1; DATA_MAX - 1]]).unwrap();
    queue.push_data(&[b"x"]).unwrap();
    assert_eq!(queue.push_data(&[b"y"]), Err(Full));
    assert_eq!(queue.bytes().len(), DATA_MAX, "the refused message left no trace");
}

#[test]
fn bytes_count_until_they_have_left() {
    let mut queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[&[1; DATA_MAX]]).unwrap();
    assert_eq!(queue.bytes().len(), DATA_MAX);
    assert_eq!(queue.push_data(&[b"x"]), Err(Full));
    queue.advance(1);
    queue.push_data(&[b"x"]).unwrap();
    assert_eq!(queue.push_data(&[b"y"]), Err(Full));
}

#[test]
fn control_messages_have_room_that_data_cannot_take() {
    let mut queue = StreamQueue::new(DATA_MAX);
    queue.push_data(&[&[1; DATA_MAX]]).unwrap();
    queue.push_control(&[2; CONTROL_BYTES_MAX]).unwrap();
    assert_eq!(queue.push_control(&[3]), Err(Full));
}
