use super::Chunk;

#[test]
fn messages_come_out_as_they_went_in_and_in_one_piece() {
    let mut chunk = Chunk::default();
    assert!(chunk.is_empty());
    chunk.push(&[b"ab", b"c"]);
    chunk.push(&[b""]);
    chunk.push(&[b"de"]);
    let messages: Vec<&[u8]> = chunk.messages().collect();
    assert_eq!(messages, [&b"abc"[..], b"", b"de"]);
    assert_eq!(chunk.bytes(), b"abcde");
    assert!(!chunk.is_empty());
}

#[test]
fn cleared_chunk_is_empty_and_gives_memory_back() {
    let mut chunk = Chunk::default();
    chunk.push(&[&[1; 10_000]]);
    chunk.clear(100);
    assert!(chunk.is_empty());
    assert_eq!(chunk.messages().count(), 0);
    assert!(chunk.bytes.capacity() < 10_000);
}
