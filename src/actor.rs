//! Mailboxes: how actors talk. Bounded, named, and the sender decides what a full one means.

use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

/// The sending end of an actor's mailbox.
pub struct Mailbox<M> {
    name: &'static str,
    sender: mpsc::Sender<M>,
}

/// The actor cannot take a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MailboxError {
    /// Too much waits already; whoever caused it must slow down.
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
    pub fn new(name: &'static str, capacity: usize) -> (Self, mpsc::Receiver<M>) {
        let (sender, receiver) = mpsc::channel(capacity);
        (Self { name, sender }, receiver)
    }

    /// Leaves a message without ever waiting: for the hub, which must not be held up by anybody.
    pub fn offer(&self, message: M) -> Result<(), MailboxError> {
        self.sender.try_send(message).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => MailboxError::Full(self.name),
            mpsc::error::TrySendError::Closed(_) => MailboxError::Stopped(self.name),
        })
    }

    /// Leaves a message, waiting for room.
    pub async fn send(&self, message: M) -> Result<(), MailboxError> {
        self.sender.send(message).await.map_err(|_| MailboxError::Stopped(self.name))
    }

    /// Leaves a message from a thread, waiting for room.
    pub fn send_blocking(&self, message: M) -> Result<(), MailboxError> {
        self.sender.blocking_send(message).map_err(|_| MailboxError::Stopped(self.name))
    }

    /// Asks a question and waits for its answer.
    pub async fn ask<R>(&self, question: impl FnOnce(oneshot::Sender<R>) -> M) -> Result<R, MailboxError> {
        let (reply, answer) = oneshot::channel();
        self.send(question(reply)).await?;
        answer.await.map_err(|_| MailboxError::Stopped(self.name))
    }

    /// Asks a question from a thread and waits for its answer.
    pub fn ask_blocking<R>(&self, question: impl FnOnce(oneshot::Sender<R>) -> M) -> Result<R, MailboxError> {
        let (reply, answer) = oneshot::channel();
        self.send_blocking(question(reply))?;
        answer.blocking_recv().map_err(|_| MailboxError::Stopped(self.name))
    }
}
