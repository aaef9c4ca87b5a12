//! What observers are told about a move of the best chain.

use std::collections::BTreeSet;

use bouya_core::crypto::Hash;
use bouya_core::ledger::{Agreement, Certificate, Checkpoint, Contradiction, Disk, Moved, View, sealer};
use bouya_core::limits::{REORG_ALARM, TOLD_BLOCKS, TOLD_DEADLINES};
use bouya_core::overlay;
use bouya_core::time::Timestamp;
use tracing::{debug, error, info, warn};

use super::{ChainActor, ChainError, Conflict};
use crate::clock;
use crate::events::Event;
use crate::store::Snapshot;

impl ChainActor {
    pub(super) fn tell(&self, moved: &Moved) -> Result<(), ChainError> {
        let snapshot = &self.keeper.disk().view()?;
        let tip = self.keeper.chain().tip();
        if let depth @ 1.. = moved.disconnected.len() {
            info!(depth, from = %moved.from, to = %tip.id, height = tip.height, "reorganised");
            if depth as u64 > REORG_ALARM {
                error!(
                    depth,
                    "a reorganisation deeper than {REORG_ALARM} blocks: two parts of the network mined apart for a long time, or somebody out-mined it"
                );
            }
            self.outlets.events.tell(Event::Reorg {
                depth,
                from: moved.from,
                to: tip.id,
                height: tip.height,
            });
        }
        // After a long sync only the last blocks are told: observers learn that there were more, and read them themselves.
        if moved.connected.len() > TOLD_BLOCKS {
            self.outlets.events.pass_over();
        }
        let told = moved.connected.len().saturating_sub(TOLD_BLOCKS);
        let told = moved.connected.get(told..).unwrap_or_default();
        let since = since(snapshot, told)?;
        for id in told {
            let Some(block) = snapshot.block(id)? else { continue };
            let miner = block.header.miner;
            self.outlets.events.tell(Event::Block {
                height: block.header.height,
                hash: *id,
                transactions: block.body.transactions.len(),
                miner,
                member: sealer(snapshot, &block.header)?,
            });
            self.tell_motions(snapshot, id, &block, since)?;
        }
        self.tell_expired(snapshot, since)?;
        self.tell_agreements(snapshot, told, since)
    }

    /// A block is final, durably: peers and observers are told.
    pub(super) fn tell_final(&mut self, certificate: Certificate) -> Result<(), ChainError> {
        let Checkpoint { height, block: hash, .. } = certificate.link.source;
        let record = self.keeper.disk().view()?.record(&hash)?;
        let after_ms = record.map_or(0, |record| clock::wall().millis_since(record.header.time));
        debug!(height, %hash, after_ms, "final");
        self.outlets.events.tell(Event::Final { height, hash, after_ms });
        self.tell_voters()?;
        self.outlets.network.tell(overlay::Input::Finalized(certificate));
        Ok(())
    }

    /// The voter tells people of another history; it finds some by itself.
    pub(super) fn tell_conflict(&self, conflict: Conflict) {
        let Checkpoint { height, block: hash, .. } = conflict.certificate.link.source;
        match conflict.how {
            Contradiction::OtherHistory => (),
            Contradiction::Overruled => warn!(
                height,
                %hash,
                "a block was voted final that lacks this node's checkpoint: some members are on another history"
            ),
            Contradiction::Invalid => {
                error!(height, %hash, "the members have voted a block final that is invalid here");
                self.outlets.events.tell(Event::FinalityConflict { height, hash });
            }
        }
        // More than fit can wait only while the voter waits for its disk, and those that do say the same.
        let _ = self.outlets.conflict.try_send(conflict);
    }

    /// Tells the state of the agreements that these blocks mention, or whose deadlines they have passed.
    fn tell_agreements(
        &self,
        snapshot: &Snapshot,
        told: &[Hash],
        since: Timestamp,
    ) -> Result<(), ChainError> {
        let mut ids = BTreeSet::new();
        for id in told {
            let Some(block) = snapshot.block(id)? else { continue };
            ids.extend(block.body.transactions.iter().filter_map(|transaction| transaction.agreement()));
        }
        let now = self.keeper.chain().tip().time;
        // One more than is told shows whether some are passed over.
        let mut passed = snapshot.deadlines(since.min(now), now, TOLD_DEADLINES + 1)?;
        let more = passed.len() > TOLD_DEADLINES;
        passed.truncate(TOLD_DEADLINES);
        ids.extend(passed);
        for id in ids {
            let Some(agreement) = Agreement::read(snapshot, &id)? else { continue };
            self.outlets.events.tell(Event::Agreement { id, standing: agreement.standing(now) });
        }
        if more {
            self.outlets.events.pass_over();
        }
        Ok(())
    }
}

/// The time of the block below the first of these; in the distant future if there is none.
fn since(snapshot: &Snapshot, told: &[Hash]) -> Result<Timestamp, ChainError> {
    let Some(first) = told.first().map(|id| snapshot.record(id)).transpose()?.flatten() else {
        return Ok(Timestamp(u64::MAX));
    };
    let below = snapshot.record(&first.header.parent)?;
    Ok(below.map_or(first.header.time, |below| below.header.time))
}
