//! The byte stream of a TCP client: however it is cut, the same frames or the same refusal come out, and nothing piles up.

use turn::stream::{FRAME_BYTES_MAX, Splitter, StreamError};

/// The first byte says how the rest is cut.
pub fn run(data: &[u8]) {
    let Some((&piece, stream)) = data.split_first() else { return };
    let whole = split(stream, stream.len().max(1));
    let pieces = split(stream, usize::from(piece).max(1));
    assert_eq!(whole, pieces, "the cut shows");
}

fn split(stream: &[u8], piece: usize) -> (Vec<Vec<u8>>, Option<StreamError>) {
    let mut splitter = Splitter::new();
    let mut frames = Vec::new();
    for bytes in stream.chunks(piece) {
        if let Err(error) = splitter.handle_bytes(bytes, |frame| frames.push(frame.to_vec())) {
            return (frames, Some(error));
        }
        assert!(splitter.pending() < FRAME_BYTES_MAX, "{} bytes wait", splitter.pending());
    }
    (frames, None)
}
