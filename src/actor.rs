//! Mailboxes: how actors talk. They are bounded and named, and the sender decides what to do if one is full.
//!
//! An actor works until its token is cancelled. It goes on even if nobody can write to its mailbox any more: the senders may be switched
//! off, and the actor may have other work.

use std::future::pending;

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The sending end of an actor's mailbox.
pub struct Mailbox<M> {
    name: &'static str,
    sender: mpsc::Sender<M>,
}

/// The reading end, which the actor holds.
pub struct Inbox<M> {
    receiver: mpsc::Receiver<M>,
}

/// What an actor that waits wakes up for.
pub enum Wake<M> {
    /// A message.
    Message(M),
    /// The time that it asked for.
    Time,
    /// It must stop.
    Stop,
}

/// The actor cannot take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MailboxError {
    /// Too much waits already; the sender must slow down.
    #[error("the {0} is busy; try again in a moment")]
    Full(&'static str),
    /// The node is stopping.
    #[error("the {0} has stopped; the node is shutting down")]
    Stopped(&'static str),
}

impl<M> Clone for Mailbox<M> {
    fn clone(&self) -> Self {
        Self { name: self.name, sender: self.sender.clone() }
    }
}

impl<M> Mailbox<M> {
    /// A mailbox for the actor `name` with room for `capacity` messages, and the end that the actor reads.
    pub fn new(name: &'static str, capacity: usize) -> (Self, Inbox<M>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self { name, sender }, Inbox { receiver })
    }

    /// Reserves a place for one message without ever waiting: for the hub, which nothing may hold up.
    pub fn place(&self) -> Result<mpsc::Permit<'_, M>, MailboxError> {
        self.sender.try_reserve().map_err(|error| match error {
            mpsc::error::TrySendError::Full(()) => MailboxError::Full(self.name),
            mpsc::error::TrySendError::Closed(()) => MailboxError::Stopped(self.name),
        })
    }

    /// Sends a message without ever waiting.
    pub fn offer(&self, message: M) -> Result<(), MailboxError> {
        self.place().map(|place| place.send(message))
    }

    /// Sends a message; waits for room.
    pub async fn send(&self, message: M) -> Result<(), MailboxError> {
        self.sender.send(message).await.map_err(|_| MailboxError::Stopped(self.name))
    }

    /// Sends a message from a thread; waits for room. If the other actor has stopped, the message is lost: this actor will stop too.
    pub fn tell(&self, message: M) {
        let _ = self.sender.blocking_send(message);
    }

    /// Asks a question and waits for its answer.
    pub async fn ask<R>(&self, question: impl FnOnce(oneshot::Sender<R>) -> M) -> Result<R, MailboxError> {
        let (reply, answer) = oneshot::channel();
        self.send(question(reply)).await?;
        answer.await.map_err(|_| MailboxError::Stopped(self.name))
    }
}

impl<M> Inbox<M> {
    /// A message that is already there.
    pub fn try_next(&mut self) -> Option<M> {
        self.receiver.try_recv().ok()
    }

    /// The next message, whenever it comes.
    pub async fn next(&mut self) -> M {
        match self.receiver.recv().await {
            Some(message) => message,
            None => pending().await,
        }
    }

    /// Waits in an actor's thread: for a message, for `until`, or for the order to stop, which comes first.
    pub fn wait(&mut self, until: Option<Instant>, stop: &CancellationToken) -> Wake<M> {
        let time = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => pending().await,
            }
        };
        tokio::runtime::Handle::current().block_on(async {
            tokio::select! {
                biased;
                () = stop.cancelled() => Wake::Stop,
                message = self.next() => Wake::Message(message),
                () = time => Wake::Time,
            }
        })
    }
}
