use std::future::{Future as _, poll_fn};
use std::task::Poll;

use tokio::io::AsyncReadExt as _;

use super::*;

#[tokio::test]
async fn frames_go_out_whole_and_in_order() {
    let mut written = Vec::new();
    let mut writer = Writer::new(&mut written);
    writer.send(Frame::text("hi".to_owned())).await.unwrap();
    writer.send(Frame::ping()).await.unwrap();
    writer.send(Frame::pong(b"12".to_vec())).await.unwrap();
    writer.send(Frame::close(Some(1008), "no")).await.unwrap();
    writer.send(Frame::close(None, "unsaid")).await.unwrap();
    assert_eq!(written, b"\x81\x02hi\x89\x00\x8a\x0212\x88\x04\x03\xf0no\x88\x00");
}

#[tokio::test]
async fn a_reason_that_is_too_long_is_cut_where_a_letter_ends() {
    let Frame { header, payload, .. } = Frame::close(Some(1000), &"ü".repeat(100));
    assert_eq!((header[1], payload.len()), (124, 124));
    assert!(std::str::from_utf8(&payload[2..]).is_ok());
}

#[tokio::test]
async fn a_frame_that_was_interrupted_is_finished_before_the_next() {
    let (mut client, server) = tokio::io::duplex(8);
    let mut writer = Writer::new(server);
    {
        let mut sending = std::pin::pin!(writer.send(Frame::text("twenty bytes of text".to_owned())));
        // The pipe is full after eight.
        assert!(poll_fn(|context| Poll::Ready(sending.as_mut().poll(context).is_pending())).await);
    }
    let reading = async {
        let mut heard = vec![0; 24];
        client.read_exact(&mut heard).await.unwrap();
        heard
    };
    let (sent, heard) = tokio::join!(writer.send(Frame::ping()), reading);
    assert!(sent.is_ok());
    assert_eq!(heard, b"\x81\x14twenty bytes of text\x89\x00");
}
