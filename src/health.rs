//! How this node stands, for everybody in the shell who asks: the gate, fed with what the actors publish. The log and observers are told of changes.

use std::mem::{Discriminant, discriminant};
use std::sync::Arc;
use std::time::Duration;

use bouya_core::node::{Certificate, Gate, Head, Seen, State, VoterStatus};
use bouya_core::overlay::Outlook;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::clock;
use crate::events::{Event, Events};

/// The log hears of a change within this time.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// See the module.
#[derive(Clone)]
pub struct Health {
    pub gate: Gate,
    pub head: watch::Receiver<Arc<Head>>,
    pub outlook: watch::Receiver<Outlook>,
    pub certificate: watch::Receiver<Certificate>,
    /// What this node's voter says.
    pub voter: watch::Receiver<VoterStatus>,
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
        let (voter, now) = (self.voter.borrow(), clock::wall());
        let seen = Seen { head: &head, outlook: &outlook, certificate: &certificate, voter: &voter, now };
        question(&self.gate, seen)
    }

    /// Tells the log of each change, once, until `stop`; and observers, if nothing becomes final any more. That it goes on they hear with the
    /// next final block.
    pub async fn tell(self, events: Events, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = look.tick() => (),
            }
            let state = self.state();
            let kind = kind(&state);
            if told.replace(kind) != Some(kind) {
                self.tell_stalled(&events, &state);
                tell(state);
            }
        }
    }

    fn tell_stalled(&self, events: &Events, state: &State) {
        let head = self.head.borrow();
        if let (State::Stalled { turnout, .. }, Some(since)) = (state, head.unfinal_since) {
            events.tell(Event::FinalityStalled { height: head.finalized.0, since, turnout: turnout.clone() });
        }
    }
}

/// Two states of one kind are told once: a value that moves on is no news. Another next step is news: alone among peers that do not answer
/// is not alone among peers that refuse this node.
fn kind(state: &State) -> (Discriminant<State>, bool, Option<&'static str>) {
    (discriminant(state), state.is_ready(), state.next_step())
}

fn tell(state: State) {
    let next = state.next_step();
    match state {
        State::Held { .. } | State::Stalled { .. } => warn!(next, "ready: {state}"),
        state if state.is_ready() => info!(next, "ready: {state}"),
        state if state.passes() => info!(next, "not ready: {state}"),
        // Nobody is there yet, or the members have not said yes yet: that may take days, and is no fault.
        State::Alone { .. } | State::NotListed => warn!(next, "not ready: {state}"),
        state => error!(next, "not ready: {state}"),
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use bouya_core::finality::Turnout;
    use bouya_core::ledger::World;
    use bouya_core::limits::STALLED_MS;
    use bouya_core::testing::{genesis, key};
    use bouya_core::time::Timestamp;

    use super::*;
    use crate::events::Heard;

    #[test]
    fn a_value_that_moves_on_is_no_news_and_another_next_step_is() {
        let alone = |known, refused| kind(&State::Alone { known, refused });
        assert_eq!(alone(3, 0), alone(2, 0));
        assert_eq!(alone(3, 1), alone(3, 2));
        assert_ne!(alone(3, 0), alone(3, 1));
        assert_ne!(alone(3, 0), alone(0, 0));
    }

    /// In the tests' virtual time a look takes no time.
    #[tokio::test(start_paused = true)]
    async fn observers_hear_once_that_nothing_becomes_final_and_again_after_it_has_gone_on() {
        let head = Head::read(&World::new(&genesis()), &genesis().branch()).unwrap();
        let (heads, head) = watch::channel(Arc::new(head));
        let (outlooks, outlook) = watch::channel(Outlook::fine());
        let certificate =
            Certificate { not_before: Timestamp(0), not_after: Timestamp(u64::MAX), revoked: false };
        let turnout = Turnout { heard: 2, count: 3, quorum: 3, missing: vec!["bob".to_owned()] };
        let voter = VoterStatus { turnout: turnout.clone(), ..VoterStatus::default() };
        let health = Health {
            gate: Gate::new(&genesis(), &key(1).public(), false),
            head,
            outlook,
            certificate: watch::channel(certificate).1,
            voter: watch::channel(voter).1,
        };
        let since = Timestamp(clock::wall().0 - STALLED_MS);
        let waits = |since| heads.send_modify(|head| Arc::make_mut(head).unfinal_since = since);
        let (events, stop) = (Events::default(), CancellationToken::new());
        let mut heard = events.listen();
        let mut telling = pin!(health.tell(events, stop.clone()));
        let mut look = async || {
            let wait = tokio::time::sleep(LOOK_EVERY * 3);
            tokio::select! { () = &mut telling => panic!("it goes on"), () = wait => () }
            let mut told = Vec::new();
            while let Some(Heard::Event(_, event)) = heard.now() {
                told.push(event);
            }
            told
        };
        assert!(look().await.is_empty(), "all is final");
        waits(Some(since));
        for _ in 0..2 {
            let told = look().await;
            let [Event::FinalityStalled { height: 0, since: told, turnout: who }] = &told[..] else {
                panic!("{told:?}")
            };
            assert_eq!((*told, who), (since, &turnout));
            assert!(look().await.is_empty(), "once");
            waits(None);
            assert!(look().await.is_empty(), "the final block itself is the news");
            waits(Some(since));
        }
        // A node that catches up sees old blocks first, and does not know what is final yet.
        waits(None);
        assert!(look().await.is_empty());
        outlooks.send_modify(|outlook| outlook.starting = true);
        waits(Some(since));
        assert!(look().await.is_empty());
        stop.cancel();
    }
}
