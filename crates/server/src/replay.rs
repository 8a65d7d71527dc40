//! A stream whose first bytes were read to see what it is.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Gives the first bytes once more, then the rest of the stream.
#[derive(Debug)]
pub(crate) struct Replay<S> {
    first: Vec<u8>,
    /// How many of them were given already.
    given: usize,
    stream: S,
}

impl<S> Replay<S> {
    pub(crate) fn new(first: Vec<u8>, stream: S) -> Self {
        Self { first, given: 0, stream }
    }

    /// The stream. Nothing may be read from it.
    pub(crate) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream, once the first bytes were read again.
    pub(crate) fn into_inner(self) -> S {
        debug_assert_eq!(self.given, self.first.len(), "bytes would be lost");
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replay<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let rest = self.first.get(self.given..).unwrap_or_default();
        if !rest.is_empty() {
            let now = rest.get(..buffer.remaining()).unwrap_or(rest);
            buffer.put_slice(now);
            self.given += now.len();
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replay<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
