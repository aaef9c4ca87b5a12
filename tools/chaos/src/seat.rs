//! What all threads share about a node: its current ports, and its incarnation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};

use crate::namespace::Home;
use crate::proxy::Plug;

/// A node's place in the network.
#[derive(Debug, Default)]
pub(crate) struct Seat {
    pub(crate) plug: Arc<Plug>,
    /// The port for requests to its API, if that is another than the API's own. 0 if not.
    pub(crate) window: AtomicU16,
    /// The API's own port. 0 while the node does not run.
    pub(crate) api: AtomicU16,
    /// Counts its starts. After a restart, the node may have lost what it held in memory only.
    pub(crate) incarnation: AtomicU32,
    /// Whether it was removed from the consortium.
    pub(crate) removed: AtomicBool,
    /// Whether it is frozen. Then it does not answer, which is not its fault.
    pub(crate) frozen: AtomicBool,
}

impl Seat {
    pub(crate) fn at(home: Home) -> Arc<Self> {
        Arc::new(Self { plug: Arc::new(Plug { home, ..Plug::default() }), ..Self::default() })
    }

    /// The port for requests to its API, if it runs.
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

    /// The port for requests to its API, if it is a member that can answer.
    pub(crate) fn usable(&self) -> Option<u16> {
        if self.is_removed() || self.is_frozen() { None } else { self.api() }
    }
}
