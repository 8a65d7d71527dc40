use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

/// What is kept of a large roster and a large offer is what a silent member keeps.
#[test]
fn a_connection_keeps_no_memory_of_what_it_has_carried() {
    const LARGE: usize = 100_000;
    const PIPE_BYTES: usize = 1024;
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (mut client, server) = tokio::io::duplex(PIPE_BYTES);
    let (reading, writing) = tokio::io::split(server);
    let (mut reader, mut writer) = (Reader::new(reading, LARGE), Writer::new(writing));
    let carry = async {
        let offer = [&[0x81, 0xff][..], &(LARGE as u64).to_be_bytes(), &[0; 4], &vec![b'o'; LARGE]].concat();
        let (sent, heard) = tokio::join!(client.write_all(&offer), reader.next());
        assert!(sent.is_ok() && matches!(heard, Ok(Message::Text(text)) if text.len() == LARGE));
        let mut roster = vec![0; LARGE + 10];
        let send = writer.send(Frame::text("r".repeat(LARGE)));
        let (sent, heard) = tokio::join!(send, client.read_exact(&mut roster));
        assert!(sent.is_ok() && heard.is_ok());
    };
    let carried = allocation_counter::measure(|| runtime.block_on(carry));
    // The pipe of the test keeps what it has taken, in both directions.
    assert!(carried.bytes_current <= 2 * PIPE_BYTES as i64, "{} bytes", carried.bytes_current);
    let size = size_of_val(&reader) + size_of_val(&writer);
    assert!(size < 1024, "{size} bytes");
}
