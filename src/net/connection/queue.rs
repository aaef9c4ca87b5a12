//! What waits to be written to one peer. Queueing never waits.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bouya_core::limits::{
    CONNECTION_WRITE_BYTES, SEND_QUEUE_BYTES, SEND_QUEUE_MESSAGES, SEND_QUEUE_ROOM_BYTES,
};
use bouya_core::overlay::CloseReason;
use bouya_core::wire::{Goodbye, Message, frame};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// A frame ready to be sent, to one peer or to many.
#[derive(Clone, Debug)]
pub struct Frame(Arc<[u8]>);

impl Frame {
    pub(super) fn new(body: &[u8]) -> Self {
        Self(frame(body).into())
    }
}

impl From<&Message> for Frame {
    fn from(message: &Message) -> Self {
        Self::new(&message.to_bytes())
    }
}

/// The hub's end of a connection.
pub struct Outbox {
    queue: Queue,
    session: [u8; 32],
}

impl Outbox {
    pub(super) fn new(queue: Queue, session: [u8; 32]) -> Self {
        Self { queue, session }
    }

    pub(super) fn session(&self) -> &[u8; 32] {
        &self.session
    }

    /// Queues a frame. If there is no room, the connection is closed because the peer is slow. After that, and after [`Self::close`],
    /// nothing is taken.
    pub fn send(&self, frame: Frame) {
        self.queue.push(frame);
    }

    /// Waits until little is queued, or until the connection closes.
    pub fn room(&self) -> impl Future<Output = ()> + use<> {
        let queue = self.queue.clone();
        async move { queue.room().await }
    }

    /// Sends what is queued, then the goodbye, and closes.
    pub fn close(&self, goodbye: Option<Goodbye>) {
        self.queue.close(goodbye, CloseReason::Asked);
    }
}

impl fmt::Debug for Outbox {
    /// Leaves out the session's secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Outbox")
    }
}

impl Drop for Outbox {
    /// A connection whose outbox is gone is closed.
    fn drop(&mut self) {
        self.close(None);
    }
}

/// What the writer does next.
pub(super) enum Work {
    Write(Vec<u8>),
    Slow,
    Part(Option<Goodbye>, CloseReason),
}

/// Shared by the two ends of the queue.
#[derive(Clone, Debug)]
pub(super) struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    changed: Notify,
    /// The writer has taken something out.
    taken: Notify,
    closing: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    frames: VecDeque<Frame>,
    bytes: usize,
    end: Option<QueueEnd>,
    parted: bool,
}

#[derive(Clone, Debug)]
enum QueueEnd {
    Slow,
    Close(Option<Goodbye>, CloseReason),
}

impl Queue {
    pub(super) fn new() -> Self {
        let closing = CancellationToken::new();
        Self(Arc::new(Inner {
            state: Mutex::default(),
            changed: Notify::new(),
            taken: Notify::new(),
            closing,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, frame: Frame) {
        let mut state = self.state();
        if state.end.is_some() {
            return;
        }
        let bytes = state.bytes.saturating_add(frame.0.len());
        if state.frames.len() >= SEND_QUEUE_MESSAGES || bytes > SEND_QUEUE_BYTES {
            // A peer that does not read gets nothing more, and its queue's memory is freed now.
            *state = State { end: Some(QueueEnd::Slow), ..State::default() };
            self.0.closing.cancel();
        } else {
            state.bytes = bytes;
            state.frames.push_back(frame);
        }
        drop(state);
        self.0.changed.notify_one();
    }

    /// Begins to close, unless it has begun.
    pub(super) fn close(&self, goodbye: Option<Goodbye>, why: CloseReason) {
        let mut state = self.state();
        if state.end.is_none() {
            state.end = Some(QueueEnd::Close(goodbye, why));
            drop(state);
            self.0.closing.cancel();
            self.0.changed.notify_one();
        }
    }

    /// Waits until closing begins; returns why.
    pub(super) async fn closing(&self) -> CloseReason {
        self.0.closing.cancelled().await;
        self.reason().unwrap_or(CloseReason::Asked)
    }

    /// Why this end closes, if it does.
    pub(super) fn reason(&self) -> Option<CloseReason> {
        match &self.state().end {
            Some(QueueEnd::Slow) => Some(CloseReason::Slow),
            Some(QueueEnd::Close(_, why)) => Some(why.clone()),
            None => None,
        }
    }

    async fn room(&self) {
        loop {
            let taken = self.0.taken.notified();
            if self.state().bytes <= SEND_QUEUE_ROOM_BYTES || self.0.closing.is_cancelled() {
                return;
            }
            tokio::select! {
                () = taken => (),
                () = self.0.closing.cancelled() => (),
            }
        }
    }

    /// The last word has been sent.
    pub(super) fn parted(&self) {
        self.state().parted = true;
    }

    pub(super) fn has_parted(&self) -> bool {
        self.state().parted
    }

    pub(super) async fn next(&self) -> Work {
        loop {
            let work = self.state().next();
            if let Some(work) = work {
                self.0.taken.notify_waiters();
                return work;
            }
            self.0.changed.notified().await;
        }
    }
}

impl State {
    fn next(&mut self) -> Option<Work> {
        let mut chunk = Vec::new();
        while let Some(Frame(bytes)) = self.frames.front() {
            if !chunk.is_empty() && chunk.len().saturating_add(bytes.len()) > CONNECTION_WRITE_BYTES {
                break;
            }
            chunk.extend_from_slice(bytes);
            self.bytes = self.bytes.saturating_sub(bytes.len());
            self.frames.pop_front();
        }
        if !chunk.is_empty() {
            return Some(Work::Write(chunk));
        }
        match self.end.clone()? {
            QueueEnd::Slow => Some(Work::Slow),
            QueueEnd::Close(goodbye, why) => Some(Work::Part(goodbye, why)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: usize) -> Frame {
        Frame::new(&vec![1; bytes - 4])
    }

    #[tokio::test]
    async fn small_frames_leave_together_and_in_order() {
        let queue = Queue::new();
        let (first, second) = (Frame::new(b"a"), Frame::new(b"bc"));
        let both = [&*first.0, &*second.0].concat();
        queue.push(first);
        queue.push(second);
        queue.push(body(CONNECTION_WRITE_BYTES));
        assert!(matches!(queue.next().await, Work::Write(bytes) if bytes == both));
        assert!(matches!(queue.next().await, Work::Write(bytes) if bytes.len() == CONNECTION_WRITE_BYTES));
        queue.close(None, CloseReason::Asked);
        assert!(matches!(queue.next().await, Work::Part(None, CloseReason::Asked)));
    }

    #[tokio::test]
    async fn both_caps_are_exact_and_mean_slow() {
        for (frames, bytes) in [(SEND_QUEUE_MESSAGES, 10), (2, SEND_QUEUE_BYTES / 2)] {
            let queue = Queue::new();
            (0..frames).for_each(|_| queue.push(body(bytes)));
            assert_eq!(queue.reason(), None);
            queue.push(body(10));
            assert_eq!(queue.reason(), Some(CloseReason::Slow));
            assert_eq!(queue.state().bytes, 0);
            assert!(matches!(queue.next().await, Work::Slow));
        }
    }

    #[test]
    fn the_first_reason_stays_and_nothing_follows_it() {
        let queue = Queue::new();
        let outbox = Outbox::new(queue.clone(), [0; 32]);
        queue.close(None, CloseReason::Lost("broken".into()));
        outbox.close(None);
        outbox.send(body(10));
        drop(outbox);
        assert_eq!(queue.reason(), Some(CloseReason::Lost("broken".into())));
        assert!(queue.state().frames.is_empty());
    }
}
