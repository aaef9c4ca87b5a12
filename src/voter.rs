//! The voter actor: the thread of the machine of finality ([`Finality`]).
//!
//! It gives the machine what the network and the chain say, reads the chain from the store, keeps the record of the member key, and carries
//! votes and certificates to the network and the chain. A record that cannot be written is tried again: until it is durable, nothing is
//! signed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::finality::{Alarm, Evidence, Finality, FinalitySettings, Input, Peer, Record, Turnout};
use bouya_core::id::NodeId;
use bouya_core::ledger::{
    Certificate, Contradiction, Genesis, StateError, View, Vote, governance, in_force_at_final,
};
use bouya_core::node::{Gate, Head, Removal, Settled, StoredBlocks, VoterStatus};
use bouya_core::overlay::{self, Outlook};
use bouya_core::time::{Time, Timestamp};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::actor::{Inbox, Mailbox};
use crate::chain::{ChainRequest, Conflict};
use crate::clock::{self, Clock};
use crate::events::Events;
use crate::store::{Reader, StoreError};
use proven::Proven;
use record::{Kept, RecordFile};
use removed::removed_at;

mod outputs;
mod proven;
pub mod record;
mod removed;
mod view;

pub use view::{VoterView, VotersView};

/// What the voter may be told and asked.
pub enum VoterRequest {
    /// From the network: peers, and what they say.
    Machine(Input),
    /// From the network: by how much the peers' clocks are ahead.
    Clocks(Vec<(Peer, i64)>),
    /// From the API: how the voters stand.
    Show { reply: oneshot::Sender<VotersView> },
    /// From the API: the operator's word in place of a record, or after a twin.
    Resume { reply: oneshot::Sender<Result<(), NotResumed>> },
}

/// Why the operator's word changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NotResumed {
    /// Nothing keeps it from voting.
    #[error("nothing keeps this node from voting")]
    Votes,
    /// Its store or its program must be mended first.
    #[error(
        "the members have voted a block final that this node finds invalid: stop it and run bouya verify --repair"
    )]
    RefusesFinal,
    /// Two histories do not go away by being told to.
    #[error(
        "the members have voted for two histories: which one counts is for the members to decide, not for this node"
    )]
    TwoHistories,
}

/// Why the actor ended.
#[derive(Debug, Error)]
pub enum VoterError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Everything the actor works with.
pub struct VoterActor {
    /// This node's.
    pub id: NodeId,
    pub machine: Finality,
    pub record: RecordFile,
    pub proven: Proven,
    pub reader: Reader,
    pub head: watch::Receiver<Arc<Head>>,
    pub outlook: watch::Receiver<Outlook>,
    pub inbox: Inbox<VoterRequest>,
    /// From the chain: what contradicts this node's history.
    pub conflict: mpsc::Receiver<Conflict>,
    pub network: Mailbox<overlay::Input>,
    pub chain: Mailbox<ChainRequest>,
    /// What is told of it.
    pub status: watch::Sender<VoterStatus>,
    pub events: Events,
    pub clock: Clock,
}

/// The machine of finality, and what was proven before.
pub fn machine(
    genesis: &Genesis,
    key: &SecretKey,
    kept: Option<Kept>,
    reader: &Reader,
    now: Time,
) -> Result<(Finality, Proven), VoterError> {
    let mut proven = Proven::load(reader)?;
    let view = reader.snapshot()?;
    let voters = in_force_at_final(&view)?.voters().clone();
    let decided = genesis.rules.decided();
    // Only a checkpoint that this chain holds decides.
    if let Some((height, id)) = decided
        && view.at_height(height)? == Some(id)
        && proven.forget_rival(decided)
    {
        proven.keep(reader)?;
    }
    let twin = kept.as_ref().is_some_and(|kept| kept.twin).then_some(Alarm::Twin);
    let settings = FinalitySettings {
        network: genesis.id(),
        created: genesis.spec.created,
        interval: genesis.rules.schedule.interval(),
        alarm: proven.rival().map(|_| Alarm::OtherHistory).or(twin),
        proven: proven.evidence(),
        decided,
        record: kept.map(|kept| kept.record.unwrap_or_else(|| Record::new(&voters))),
        voters,
        key: key.clone(),
        newest: view.finalized()?,
    };
    Ok((Finality::new(now, settings), proven))
}

struct Running {
    actor: VoterActor,
    offsets: Vec<(Peer, i64)>,
    /// A record that could not be written, and when to try again.
    unwritten: Option<(Record, Time)>,
    /// When each voter was heard last.
    heard: BTreeMap<u16, (Time, Timestamp)>,
    turnout: Turnout,
    /// The set that votes.
    set: Option<Hash>,
    tip: Option<Hash>,
    finalized: Option<u64>,
    settled: Option<Settled>,
    /// The height of a final block that this node finds invalid: why its history is another one.
    refuses: Option<u64>,
    removed: Option<Removal>,
}

enum Woken {
    Request(VoterRequest),
    Conflict(Conflict),
    Time,
    Stop,
}

impl VoterActor {
    /// Works until `stop`, or until the store fails.
    pub fn run(self, stop: &CancellationToken) -> Result<(), VoterError> {
        let turnout = Turnout::new(self.machine.voters(), |_| None);
        let running = Running {
            actor: self,
            offsets: Vec::new(),
            unwritten: None,
            heard: BTreeMap::new(),
            turnout,
            set: None,
            tip: None,
            finalized: None,
            settled: None,
            refuses: None,
            removed: None,
        };
        running.run(stop)
    }
}

impl Running {
    fn run(mut self, stop: &CancellationToken) -> Result<(), VoterError> {
        loop {
            self.look()?;
            match self.wait(stop) {
                Woken::Request(request) => self.serve(request)?,
                Woken::Conflict(conflict) => self.conflict(conflict)?,
                Woken::Time => self.wake()?,
                Woken::Stop => return Ok(()),
            }
        }
    }

    /// Until something is said, the chain or the overlook changes, or the machine is due.
    fn wait(&mut self, stop: &CancellationToken) -> Woken {
        let now = self.actor.clock.now();
        let due = self.actor.machine.next_wakeup(now);
        let due = due.into_iter().chain(self.unwritten.as_ref().map(|(_, at)| *at)).min();
        let far = Instant::now() + Duration::from_secs(3_600);
        let until = due.map_or(far, |due| self.actor.clock.instant(due).into());
        let VoterActor { inbox, head, outlook, conflict, .. } = &mut self.actor;
        tokio::runtime::Handle::current().block_on(async {
            tokio::select! {
                biased;
                () = stop.cancelled() => Woken::Stop,
                Some(conflict) = conflict.recv() => Woken::Conflict(conflict),
                Ok(()) = head.changed() => Woken::Time,
                Ok(()) = outlook.changed() => Woken::Time,
                request = inbox.next() => Woken::Request(request),
                () = tokio::time::sleep_until(until) => Woken::Time,
            }
        })
    }

    /// Tells the machine what has changed around it.
    fn look(&mut self) -> Result<(), VoterError> {
        let head = self.actor.head.borrow_and_update().clone();
        let standing = Gate::standing(&head, &self.actor.outlook.borrow_and_update());
        self.follow_members(&head)?;
        self.give(Input::Standing(standing))?;
        let Head { branch, finalized, .. } = &*head;
        if self.finalized.replace(finalized.0).is_some_and(|known| known < finalized.0) {
            self.note_final(finalized)?;
        }
        if self.tip.replace(branch.id) != Some(branch.id) {
            self.give(Input::Tip { height: branch.height, block: branch.id })?;
        }
        Ok(())
    }

    /// The members after the newest final block vote from now on.
    fn follow_members(&mut self, head: &Head) -> Result<(), VoterError> {
        let voters = head.members.voters();
        if self.set.replace(voters.id()) == Some(voters.id()) {
            return Ok(());
        }
        let snapshot = self.actor.reader.snapshot()?;
        self.removed = removed_at(&snapshot, &head.members, &self.actor.id)?;
        let former = governance::former_members(&snapshot)?;
        // Whoever is removed by a handover that is not final yet is still let in: its vote may be needed.
        let is_out = |id: &NodeId| head.members.roster().by_id(id).is_none();
        let former = former.into_iter().filter(is_out).collect();
        self.actor.network.tell(overlay::Input::Members { voters: voters.clone(), former });
        self.heard.clear();
        self.turnout = Turnout::new(voters, |_| None);
        let newest = snapshot.finalized()?;
        let newest = newest.filter(|newest| newest.link.set == voters.id());
        self.give(Input::Voters { voters: voters.clone(), newest })
    }

    /// Remembers how a block became final.
    fn note_final(&mut self, (height, id): &(u64, Hash)) -> Result<(), VoterError> {
        let (at, record) = (clock::wall(), self.actor.reader.snapshot()?.record(id)?);
        self.settled = record.map(|record| {
            let after_ms = at.millis_since(record.header.time);
            Settled { height: *height, at, after_ms }
        });
        Ok(())
    }

    /// Remembers when a voter was heard.
    fn note_heard(&mut self, voter: u16) {
        self.heard.insert(voter, (self.actor.clock.now(), clock::wall()));
        let last = |voter| self.heard.get(&voter).map(|(at, _)| *at);
        self.turnout = Turnout::new(self.actor.machine.voters(), last);
    }

    fn wake(&mut self) -> Result<(), VoterError> {
        let now = self.actor.clock.now();
        if let Some((record, _)) = self.unwritten.take_if(|(_, at)| *at <= now) {
            self.keep(record)?;
        }
        self.give(Input::Wake)
    }

    fn conflict(&mut self, conflict: Conflict) -> Result<(), VoterError> {
        let Conflict { certificate, newest, how } = conflict;
        if how == Contradiction::Invalid {
            self.refuses = Some(certificate.link.source.height);
        }
        self.give(Input::Conflict { certificate, newest, how })
    }

    /// The final block that this node finds invalid, unless there are two histories: whoever finds that, it is graver.
    fn refuses(&self) -> Option<u64> {
        self.refuses.filter(|_| self.actor.proven.rival().is_none())
    }

    fn serve(&mut self, request: VoterRequest) -> Result<(), VoterError> {
        // It is no error if the asker no longer waits.
        match request {
            VoterRequest::Machine(input) => return self.give(input),
            VoterRequest::Clocks(offsets) => self.offsets = offsets,
            VoterRequest::Show { reply } => drop(reply.send(self.view()?)),
            VoterRequest::Resume { reply } => {
                let result = match self.actor.machine.alarm() {
                    None => Err(NotResumed::Votes),
                    Some(Alarm::OtherHistory) if self.refuses().is_some() => Err(NotResumed::RefusesFinal),
                    Some(Alarm::OtherHistory) => Err(NotResumed::TwoHistories),
                    Some(_) => Ok(()),
                };
                if result.is_ok() {
                    warn!("this node's voter goes on by its operator's word");
                    self.mark(false);
                    self.give(Input::Resume)?;
                }
                let _ = reply.send(result);
            }
        }
        Ok(())
    }

    /// Gives the machine an input, with the chain and the clock as they are now, and carries out what follows.
    fn give(&mut self, input: Input) -> Result<(), VoterError> {
        let now = self.actor.clock.now();
        let snapshot = self.actor.reader.snapshot()?;
        let clock = Input::Clock { wall: clock::wall(), offsets: self.offsets.clone() };
        for input in [clock, input] {
            self.actor.machine.handle(now, &StoredBlocks(&snapshot), input);
        }
        while let Some(output) = self.actor.machine.poll() {
            self.execute(output)?;
        }
        let status = VoterStatus {
            alarm: self.actor.machine.alarm(),
            refuses: self.refuses(),
            turnout: self.turnout.clone(),
            settled: self.settled,
            removed: self.removed,
            unwritten: self.unwritten.is_some(),
        };
        self.actor.status.send_if_modified(|told| {
            let is_news = *told != status;
            *told = status;
            is_news
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
