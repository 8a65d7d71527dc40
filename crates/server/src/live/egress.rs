//! Writing many pieces to a connection with few system calls.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

/// Writes all pieces.
///
/// # Errors
/// When the connection is lost, or takes nothing for [`UNTAKEN_MAX`].
pub(crate) async fn write_all(io: &mut (impl AsyncWrite + Unpin), pieces: &mut VecDeque<Bytes>) -> io::Result<()> {
    while !pieces.is_empty() {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        for (slice, piece) in slices.iter_mut().zip(pieces.iter()) {
            *slice = IoSlice::new(piece);
        }
        let used = slices.get(..pieces.len().min(SLICES_MAX)).unwrap_or_default();
        let mut written = timeout(UNTAKEN_MAX, io.write_vectored(used)).await??;
        if written == 0 && used.iter().any(|slice| !slice.is_empty()) {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while let Some(piece) = pieces.front_mut() {
            let of_piece = written.min(piece.len());
            piece.advance(of_piece);
            written -= of_piece;
            if !piece.is_empty() {
                break;
            }
            pieces.pop_front();
        }
    }
    timeout(UNTAKEN_MAX, io.flush()).await?
}

/// Pieces in one system call.
const SLICES_MAX: usize = 64;
/// How long a client may leave what it was sent.
const UNTAKEN_MAX: Duration = Duration::from_secs(20);
