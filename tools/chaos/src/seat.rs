//! What all threads know of a node: where it is now, and which life it is in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};

use crate::namespace::Home;
use crate::proxy::Plug;

/// A node's place in the network.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    pub(crate) plug: Arc<Plug>,
    /// Where its API is asked; 0: where it is.
    pub(crate) window: AtomicU16,
    /// Port of the API at home; 0 while the node does not run.
    pub(crate) api: AtomicU16,
    /// Counts its starts. What only the memory of an earlier life held is rightly gone.
    pub(crate) incarnation: AtomicU32,
    /// It was removed from the consortium.
    pub(crate) removed: AtomicBool,
    /// It is frozen: it does not answer, and that is no fault.
    pub(crate) frozen: AtomicBool,
}

impl Seat {
    pub(crate) fn at(home: Home) -> Arc<Self> {
        Arc::new(Self { plug: Arc::new(Plug { home, ..Plug::default() }), ..Self::default() })
    }

    /// Where its API is asked, if it runs.
    pub(crate) fn api(&self) -> Option<u16> {
        let (port, window) = (self.api.load(Ordering::SeqCst), self.window.load(Ordering::SeqCst));
        match (port, window) {
            (0, _) => None,
            (port, 0) => Some(port),
            (_, window) => Some(window),
        }
    }

    pub(crate) fn incarnation(&self) -> u32 {
        self.incarnation.load(Ordering::SeqCst)
    }

    pub(crate) fn is_removed(&self) -> bool {
        self.removed.load(Ordering::SeqCst)
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.load(Ordering::SeqCst)
    }

    /// Where its API is asked, if it is a member that can answer.
    pub(crate) fn usable(&self) -> Option<u16> {
        if self.is_removed() || self.is_frozen() { None } else { self.api() }
    }
}
