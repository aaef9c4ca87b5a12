//! A socket whose other end must keep reading: an answer or an event that is not read ends the connection.
//!
//! TCP itself waits without end for a reader that keeps its window shut but acknowledges.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bouya_core::limits::API_STALL_BYTES;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// A stream with a deadline on what waits to be written.
pub(super) struct Stalling<S> {
    stream: S,
    span: Duration,
    /// While something waits: the end of the span, and the bytes moved since its beginning.
    waiting: Option<(Pin<Box<Sleep>>, usize)>,
}

impl<S> Stalling<S> {
    pub(super) fn new(stream: S, span: Duration) -> Self {
        Self { stream, span, waiting: None }
    }

    fn judge(
        &mut self,
        cx: &mut Context<'_>,
        offered: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(count)) if *count < offered => {
                if let Some((_, moved)) = &mut self.waiting {
                    *moved = moved.saturating_add(*count);
                }
                return written;
            }
            Poll::Ready(_) => {
                self.waiting = None;
                return written;
            }
            Poll::Pending => {}
        }
        loop {
            let (end, moved) = self.waiting.get_or_insert_with(|| (Box::pin(sleep(self.span)), 0));
            if end.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if *moved < API_STALL_BYTES {
                let why = "the client does not read what it asked for";
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, why)));
            }
            self.waiting = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stalling<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stalling<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(cx, buf.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let offered = bufs.iter().map(|buf| buf.len()).sum();
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(cx, offered, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::{Instant, timeout};

    use super::*;

    const SPAN: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_is_cut_after_one_span() {
        let (near, _far) = duplex(1_024);
        let start = Instant::now();
        let mut writer = Stalling::new(near, SPAN);
        let error = timeout(2 * SPAN, writer.write_all(&[0; 4_096])).await.unwrap().unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, SPAN));
    }

    #[tokio::test(start_paused = true)]
    async fn a_byte_now_and_then_is_not_reading() {
        let (near, mut far) = duplex(1_024);
        let reader = tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await; // pace
                if far.read_u8().await.is_err() {
                    return;
                }
            }
        });
        let start = Instant::now();
        let mut writer = Stalling::new(near, SPAN);
        let error = timeout(2 * SPAN, writer.write_all(&[0; 1 << 20])).await.unwrap().unwrap_err();
        assert_eq!((error.kind(), start.elapsed()), (io::ErrorKind::TimedOut, SPAN));
        drop(writer);
        reader.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_that_goes_on_gets_everything() {
        let (near, mut far) = duplex(16 * 1_024);
        let reader = tokio::spawn(async move {
            let (mut all, mut buf) = (0, vec![0; 16 * 1_024]);
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await; // pace
                match far.read(&mut buf).await.unwrap() {
                    0 => return all,
                    count => all += count,
                }
            }
        });
        let mut writer = Stalling::new(near, SPAN);
        writer.write_all(&vec![0; 1 << 20]).await.unwrap();
        // Nothing waits now, for however long.
        tokio::time::sleep(3 * SPAN).await; // pace
        writer.write_all(&[0; 10]).await.unwrap();
        drop(writer);
        assert_eq!(reader.await.unwrap(), (1 << 20) + 10);
    }
}
