//! Ctrl-C and SIGTERM: long work looks here now and then and ends with an error, so that whatever was started ends with its value.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::BenchError;

/// Whether the run is to end.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on.
    pub fn listen() -> std::io::Result<Self> {
        let stop = Self::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let told = stop.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                let (Ok(mut interrupt), Ok(mut terminate)) =
                    (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
                else {
                    return;
                };
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => (),
                        _ = terminate.recv() => (),
                    }
                    told.0.store(true, Ordering::SeqCst);
                }
            });
        })?;
        Ok(stop)
    }

    /// An error once the run is to end.
    pub fn check(&self) -> Result<(), BenchError> {
        if self.0.load(Ordering::SeqCst) { Err(BenchError::Interrupted) } else { Ok(()) }
    }

    /// Waits until `done` says something, `within` at most.
    pub(super) fn until<T>(
        &self,
        what: &str,
        within: Duration,
        mut done: impl FnMut() -> Result<Option<T>, BenchError>,
    ) -> Result<T, BenchError> {
        let found = bouya_harness::until(within, || self.check().and_then(|()| done()).transpose());
        found.unwrap_or_else(|| Err(BenchError::Node(format!("not within {} s: {what}", within.as_secs()))))
    }
}
