//! What the machine of finality wants, done: its record made durable, votes and certificates carried on, faults remembered and told.

use bouya_core::finality::{Alarm, Evidence, Input, Output, Record};
use bouya_core::ledger::{Certificate, Checkpoint};
use bouya_core::limits::RECORD_RETRY;
use bouya_core::node::keeper;
use bouya_core::overlay;
use tracing::{error, warn};

use super::{Running, VoterError};
use crate::chain::ChainRequest;
use crate::events::Event;

impl Running {
    /// Carries out what the machine wants.
    pub(super) fn execute(&mut self, output: Output) -> Result<(), VoterError> {
        match &output {
            Output::Write(record) => return self.keep(record.clone()),
            Output::Finalize(certificate) => {
                let input = keeper::Input::Finalize(certificate.clone());
                self.actor.chain.tell(ChainRequest::Keeper(input));
            }
            Output::Keep { justified, lock } => {
                let input = keeper::Input::Keep { justified: *justified, lock: *lock };
                self.actor.chain.tell(ChainRequest::Keeper(input));
            }
            Output::Rival(certificate) => self.torn(certificate),
            Output::Guilty { voter, evidence } => self.accuse(*voter, evidence),
            Output::Alarm(alarm) => {
                error!(?alarm, "this node does not vote");
                if *alarm == Alarm::Twin {
                    self.mark(true);
                }
            }
            Output::Relay(vote) => self.note_heard(vote.voter),
            Output::Say { .. } | Output::SayAll(_) | Output::Want(_) | Output::Blame { .. } => (),
        }
        self.actor.network.tell(overlay::Input::Finality(output));
        Ok(())
    }

    /// Makes a record durable; then its vote leaves.
    pub(super) fn keep(&mut self, record: Record) -> Result<(), VoterError> {
        if let Err(error) = self.actor.record.keep(&record) {
            error!(%error, "no vote leaves before the record is written; trying again");
            self.unwritten = Some((record, self.actor.clock.now().after(RECORD_RETRY)));
            return Ok(());
        }
        if let Some(vote) = &record.last {
            self.note_heard(vote.voter);
        }
        self.give(Input::Written)
    }

    /// Remembers over a restart whether another machine votes with this key.
    pub(super) fn mark(&self, twin: bool) {
        if let Err(error) = self.actor.record.mark(twin) {
            error!(%error, "whether another machine votes with this key is not remembered over a restart");
        }
    }

    /// There are two histories.
    fn torn(&mut self, rival: &Certificate) {
        let Checkpoint { height, block: hash, .. } = rival.link.source;
        error!(height, %hash, "the members have voted a block final that contradicts this node's history");
        self.actor.events.tell(Event::FinalityConflict { height, hash });
        let decided = self.actor.reader.genesis().rules.decided();
        self.actor.proven.meets(rival.clone(), decided);
        self.keep_proven();
    }

    fn keep_proven(&self) {
        if let Err(error) = self.actor.proven.keep(&self.actor.reader) {
            error!(%error, "what was proven is not remembered over a restart");
        }
    }

    fn accuse(&mut self, voter: u16, evidence: &Evidence) {
        let Some(member) = self.actor.machine.voters().member(voter).cloned() else { return };
        self.actor.proven.add(member.key, evidence);
        self.keep_proven();
        let id = member.id;
        let why = format!("{:?}", evidence.offence).to_lowercase();
        warn!(member = %id, offence = why, "a member has signed two votes that no honest machine signs both");
        self.actor.events.tell(Event::MemberFault { id, offence: why });
    }
}
