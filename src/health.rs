//! How this node stands, for everybody in the shell who asks: the gate, fed with what the actors publish.

use std::mem::discriminant;
use std::sync::Arc;
use std::time::Duration;

use bouya_core::finality::Alarm;
use bouya_core::node::{Certificate, Gate, Head, Seen, State};
use bouya_core::overlay::Outlook;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock;

/// The log hears of a change within this time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Clone)]
pub struct Health {
    pub gate: Gate,
    pub head: watch::Receiver<Arc<Head>>,
    pub outlook: watch::Receiver<Outlook>,
    pub certificate: watch::Receiver<Certificate>,
    /// Why this node's voter is silent until its operator acts.
    pub alarm: watch::Receiver<Option<Alarm>>,
}

impl Health {
    /// How this node stands now.
    pub fn state(&self) -> State {
        self.ask(Gate::state)
    }

    /// What keeps this node from mining now.
    pub fn obstacle(&self) -> Option<State> {
        self.ask(Gate::obstacle)
    }

    fn ask<T>(&self, question: impl FnOnce(&Gate, Seen<'_>) -> T) -> T {
        let (head, outlook, certificate) =
            (self.head.borrow(), self.outlook.borrow(), self.certificate.borrow());
        let (alarm, now) = (*self.alarm.borrow(), clock::wall());
        let seen = Seen { head: &head, outlook: &outlook, certificate: &certificate, alarm, now };
        question(&self.gate, seen)
    }

    /// Tells the log of each change, once, until `stop`.
    pub async fn tell(self, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => (),
            }
            let state = self.state();
            // A value in it that moves on is no news.
            let kind = (discriminant(&state), state.is_ready());
            if told.replace(kind) != Some(kind) {
                tell(state);
            }
        }
    }
}

fn tell(state: State) {
    let next = state.next_step();
    match state {
        State::Held { .. } => warn!(next, "ready: {state}"),
        state if state.is_ready() => info!(next, "ready: {state}"),
        state if state.passes() => info!(next, "not ready: {state}"),
        State::Alone { .. } => warn!(next, "not ready: {state}"),
        state => error!(next, "not ready: {state}"),
    }
}
