//! The four members of the year's network. All their keys are here, so what they would seal and vote on is signed in one place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bouya_core::codec::Text;
use bouya_core::crypto::{Hash, SecretKey, sha256};
use bouya_core::finality::Record;
use bouya_core::ledger::{Branch, Certificate, Checkpoint, Genesis, Link, Member, Voters};
use bouya_core::limits::{EPOCHS_PER_SLOT, SLOT_MS};
use bouya_core::time::Timestamp;

use crate::bench::BenchError;
use crate::bench::load::payee;
use crate::devnet::name;
use crate::voter::record::RecordFile;
use crate::wallet;

/// Three of them are a quorum, as in any set of four.
pub(super) const MEMBERS: u16 = 4;

/// The members' keys, and what they have voted for.
pub(super) struct Members {
    keys: Vec<SecretKey>,
    files: Vec<RecordFile>,
    records: Vec<Record>,
    set: Voters,
    network: Hash,
    created: Timestamp,
}

/// The key of member number `n`, which nobody needs to keep secret.
fn key(seed: u64, n: u16) -> SecretKey {
    SecretKey::from_seed(&sha256(format!("member {n} of year {seed}").as_bytes()).0)
}

/// The members, as the network's definition lists them.
pub(super) fn listed(seed: u64) -> Result<Vec<Member>, BenchError> {
    let member = |n: u16| {
        let id = name(n).parse().map_err(|error| BenchError::system("no member", error))?;
        // Nobody governs here.
        Ok(Member { id, key: key(seed, n).public(), governor: payee(n.into()), name: Text::default() })
    };
    (0..MEMBERS).map(member).collect()
}

/// Where the key of member number `n` lies in its node's folder.
fn key_file(folder: &Path, n: u16) -> PathBuf {
    let name = name(n);
    folder.join(&name).join(format!("{name}.member"))
}

impl Members {
    /// The members in `folder`, which has a folder for each node. Their keys are put there, so that its nodes can go on by themselves.
    pub(super) fn open(folder: &Path, seed: u64, genesis: &Genesis) -> Result<Self, BenchError> {
        let (set, network) = (Voters::first(genesis), genesis.id());
        let (mut keys, mut files, mut records) = (Vec::new(), Vec::new(), Vec::new());
        for n in 0..MEMBERS {
            let (path, key) = (key_file(folder, n), key(seed, n));
            if !path.exists() {
                wallet::write_seed(&path, &key)
                    .map_err(|error| BenchError::system("no member key", error))?;
            }
            let file = RecordFile::beside(&path, network, key.public());
            let kept = file.read().map_err(|error| BenchError::system("no record of votes", error))?;
            records.push(kept.and_then(|kept| kept.record).unwrap_or_else(|| Record::new(&set)));
            keys.push(key);
            files.push(file);
        }
        Ok(Self { keys, files, records, set, network, created: genesis.spec.created })
    }

    /// The key that seals the block at this height: each seals in turn.
    pub(super) fn sealer(&self, height: u64) -> Option<&SecretKey> {
        self.keys.get((height % u64::from(MEMBERS)) as usize)
    }

    /// What makes the end of this branch final. All vote, as they would in the slot of its time: first to prepare it, then to commit.
    pub(super) fn finalize(&mut self, tip: &Branch) -> Result<Certificate, BenchError> {
        let slot = tip.time.millis_since(self.created) / SLOT_MS;
        let target = Checkpoint { epoch: slot * EPOCHS_PER_SLOT, height: tip.height, block: tip.id };
        // What they are locked on.
        let lock = self.records.iter().find_map(|record| record.lock.clone());
        let source = lock.as_ref().map_or_else(|| self.set.root(), |lock| lock.link.target);
        let prepare = Link { set: self.set.id(), source, target };
        let prepared = self.vote(&prepare, lock)?;
        let commit = prepare.commit().ok_or_else(|| wrong("there is no commit of it"))?;
        let committed = self.vote(&commit, Some(prepared))?;
        // As always, the record is durable before the vote is used.
        for (file, record) in self.files.iter().zip(&self.records) {
            file.keep(record).map_err(wrong)?;
        }
        Ok(committed)
    }

    fn vote(&mut self, link: &Link, lock: Option<Certificate>) -> Result<Certificate, BenchError> {
        let mut votes = BTreeMap::new();
        for (key, record) in self.keys.iter().zip(&mut self.records) {
            let voter = self.set.number(&key.public()).ok_or_else(|| wrong("the key is no member's"))?;
            *record =
                record.sign(&self.network, (&self.set, voter), (link, lock.clone()), key).map_err(wrong)?;
            votes.extend(record.last.map(|vote| (voter, vote.signature)));
        }
        Ok(Certificate::new(&self.set, *link, &votes))
    }
}

fn wrong(why: impl std::fmt::Display) -> BenchError {
    BenchError::system("cannot make a block final", why)
}
