//! Ctrl-C and SIGTERM: the first one heals and reports, the second one ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::error::Error;

#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicUsize>);

impl Stop {
    /// Starts listening for the signals.
    pub(crate) fn listen(runtime: &Runtime) -> Result<Self, Error> {
        let stop = Self::default();
        let _inside = runtime.enter();
        for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
            let mut signal = signal(kind).map_err(|error| Error::System(format!("no signals: {error}")))?;
            let count = stop.0.clone();
            runtime.spawn(async move {
                while signal.recv().await.is_some() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        Ok(stop)
    }

    pub(crate) fn once(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn twice(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 1
    }
}
