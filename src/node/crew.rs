//! The actors of a node while they work: started one after another, and stopped in the reverse order. When one ends, all stop.

use bouya_core::limits::STOP_WITHIN;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::NodeError;

/// See the module.
#[derive(Default)]
pub(super) struct Crew(Vec<Actor>);

struct Actor {
    name: &'static str,
    stop: CancellationToken,
    /// None once it has ended.
    work: Option<JoinHandle<Result<(), NodeError>>>,
}

impl Crew {
    /// Starts an actor on its own thread, which has the actor's name, so that CPU time can be counted per actor.
    pub(super) fn thread<E>(
        &mut self,
        name: &'static str,
        actor: impl FnOnce(&CancellationToken) -> Result<(), E> + Send + 'static,
    ) where
        NodeError: From<E>,
    {
        let stop = CancellationToken::new();
        let told = stop.clone();
        let work = tokio::task::spawn_blocking(move || {
            name_thread(name);
            Ok(actor(&told)?)
        });
        self.0.push(Actor { name, stop, work: Some(work) });
    }

    /// Starts an actor on the runtime.
    pub(super) fn task<F>(&mut self, name: &'static str, actor: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Result<(), NodeError>> + Send + 'static,
    {
        let stop = CancellationToken::new();
        let work = tokio::spawn(actor(stop.clone()));
        self.0.push(Actor { name, stop, work: Some(work) });
    }

    /// Waits for the order to stop or for an actor's end. Then stops all actors, the last one first, so that no actor loses one that it needs.
    pub(super) async fn work(mut self, stop: &CancellationToken) -> Result<(), NodeError> {
        let mut result = tokio::select! {
            () = stop.cancelled() => Ok(()),
            (name, ended) = self.first_end() => ended.and(Err(NodeError::Ended(name))),
        };
        let deadline = Instant::now() + STOP_WITHIN;
        for actor in self.0.iter_mut().rev() {
            actor.stop.cancel();
            let Some(work) = actor.work.take() else { continue };
            match timeout_at(deadline, work).await {
                Ok(Ok(ended)) => result = result.and(ended),
                Ok(Err(_)) => result = result.and(Err(NodeError::Ended(actor.name))),
                Err(_) => {
                    error!(actor = actor.name, "does not stop in time; what was announced is safe on disk")
                }
            }
        }
        result
    }

    async fn first_end(&mut self) -> (&'static str, Result<(), NodeError>) {
        let works = self.0.iter_mut().filter_map(|actor| actor.work.as_mut());
        let (ended, index, _) = futures_util::future::select_all(works).await;
        let actor = &mut self.0[index];
        actor.work = None;
        // A panic has already been logged.
        (actor.name, ended.unwrap_or(Ok(())))
    }
}

fn name_thread(_name: &str) {
    #[cfg(target_os = "linux")]
    if let Ok(name) = std::ffi::CString::new(_name) {
        // A thread without a name still works.
        let _ = rustix::thread::set_name(&name);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// An actor that says when it stops.
    fn listed(crew: &mut Crew, name: &'static str, stopped: &Arc<Mutex<Vec<&'static str>>>) {
        let stopped = stopped.clone();
        crew.task(name, |stop| async move {
            stop.cancelled().await;
            stopped.lock().unwrap().push(name);
            Ok(())
        });
    }

    #[tokio::test]
    async fn actors_stop_in_the_reverse_order() {
        let (mut crew, stopped) = (Crew::default(), Arc::default());
        for name in ["chain", "mempool", "network"] {
            listed(&mut crew, name, &stopped);
        }
        let stop = CancellationToken::new();
        stop.cancel();
        crew.work(&stop).await.unwrap();
        assert_eq!(*stopped.lock().unwrap(), ["network", "mempool", "chain"]);
    }

    #[tokio::test]
    async fn one_that_ends_ends_all_and_is_named() {
        let (mut crew, stopped) = (Crew::default(), Arc::default());
        listed(&mut crew, "chain", &stopped);
        crew.task("miner", |_| async { Ok(()) });
        listed(&mut crew, "api", &stopped);
        let error = crew.work(&CancellationToken::new()).await.unwrap_err();
        assert!(matches!(error, NodeError::Ended("miner")), "{error}");
        assert_eq!(*stopped.lock().unwrap(), ["api", "chain"]);
    }
}
