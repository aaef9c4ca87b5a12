//! Makes the year's chain, or goes on with it. One thread plans and lets all cores sign and check, while this one executes and stores.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::{Duration, Instant};

use bouya_core::crypto::{Hash, SecretKey};
use bouya_core::ledger::{Date, Transaction};

use super::Year;
use super::members::Members;
use super::plan::{Draft, Plan, Planned};
use crate::bench::chain::{Due, Maker};
use crate::bench::load::{FEE, on_all_cores};
use crate::bench::{BenchError, Run, Stop};
use crate::workers::Workers;

/// Transactions and blocks of a part, which is one commit. What checks them remembers three parts and more, so none is checked twice.
const PART: usize = 5_000;
const PART_BLOCKS: usize = 512;
/// Parts until the members make the last block final: some two days. All undo records above it are kept.
const PARTS_TO_FINAL: usize = 16;
const TELL_EVERY: Duration = Duration::from_secs(2);

/// What the chain consists of.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Made {
    pub(super) blocks: u64,
    /// Those with transactions.
    pub(super) busy: u64,
    pub(super) transactions: usize,
    /// Transactions that were made just now, and how long that took; the rest were there already.
    pub(super) new: usize,
    pub(super) took: Duration,
}

/// Some blocks, signed and checked.
struct Part {
    /// The date of each block, and how many of the transactions are its own.
    blocks: Vec<(Date, usize)>,
    signed: Vec<Transaction>,
}

/// Makes blocks in the first node's store until there are so many transactions. The last block is whole, so a few more may come.
pub(super) fn make(year: &mut Year, wanted: usize, run: &mut Run<'_>) -> Result<Made, BenchError> {
    let mut maker = Maker::open(&year.consortium.nodes[0].member.data(), year.genesis.clone())?;
    let genesis = &year.genesis;
    let keys = year.wallets.iter().map(SecretKey::public).collect();
    let mut plan = Plan::new(year.seed, genesis.rules.schedule, genesis.spec.created, keys);
    let mut made = skip(&mut plan, &maker)?;
    let (there, began, stop) = (made.transactions, Instant::now(), run.stop.clone());
    if there >= wanted {
        return Ok(made);
    }
    let (give, parts) = sync_channel(1);
    let maker_of_parts = Parts {
        network: genesis.id(),
        wallets: &year.wallets,
        workers: maker.workers(),
        plan,
        left: wanted - there,
        stop,
    };
    std::thread::scope(|scope| {
        scope.spawn(move || maker_of_parts.give_all(&give));
        let mut told = Instant::now();
        for (number, part) in (1..).zip(parts) {
            add(&mut maker, &year.members, &part?, &mut made)?;
            if number % PARTS_TO_FINAL == 0 {
                maker.finalize(year.members.finalize(maker.tip())?)?;
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                let rate = (made.transactions - there) as f64 / began.elapsed().as_secs_f64();
                (run.say)(&format!(
                    "made {} of {wanted} transactions in {} blocks, {rate:.0} a second",
                    made.transactions, made.blocks
                ));
            }
        }
        run.stop.check()
    })?;
    if maker.finalized() < maker.tip().height {
        maker.finalize(year.members.finalize(maker.tip())?)?;
    }
    drop(maker);
    Ok(Made { new: made.transactions - there, took: began.elapsed(), ..made })
}

/// Counts what the store holds already: the plan says what that is.
fn skip(plan: &mut Plan, maker: &Maker) -> Result<Made, BenchError> {
    let (mut made, tip) = (Made::default(), maker.tip());
    while made.blocks < tip.height {
        let Planned { date, drafts } = plan.block();
        made.count(drafts.len());
        if made.blocks == tip.height && date.time != tip.time {
            let why = "--out: the chain in this folder is no year of these settings; give it another folder";
            return Err(BenchError::Usage(why.to_owned()));
        }
    }
    Ok(made)
}

fn add(maker: &mut Maker, members: &Members, part: &Part, made: &mut Made) -> Result<(), BenchError> {
    let mut rest = part.signed.as_slice();
    let mut due = Vec::with_capacity(part.blocks.len());
    for (date, count) in &part.blocks {
        let (transactions, after) = rest.split_at_checked(*count).unwrap_or((rest, &[]));
        rest = after;
        made.count(transactions.len());
        let key = members.sealer(made.blocks);
        let key = key.ok_or_else(|| BenchError::System("a member's key is missing".to_owned()))?;
        due.push(Due { transactions, date: *date, key });
    }
    maker.add_due(due)
}

impl Made {
    fn count(&mut self, transactions: usize) {
        self.blocks += 1;
        self.busy += u64::from(transactions > 0);
        self.transactions += transactions;
    }
}

/// What makes the parts.
struct Parts<'a> {
    network: Hash,
    wallets: &'a [SecretKey],
    workers: Arc<Workers>,
    plan: Plan,
    left: usize,
    stop: Stop,
}

impl Parts<'_> {
    /// Gives one part after the other. Ends when there are enough, or when nobody takes them any more.
    fn give_all(mut self, give: &SyncSender<Result<Part, BenchError>>) {
        while self.left > 0 && self.stop.check().is_ok() {
            let part = self.part();
            let failed = part.is_err();
            if give.send(part).is_err() || failed {
                return;
            }
        }
    }

    fn part(&mut self) -> Result<Part, BenchError> {
        let (mut blocks, mut drafts) = (Vec::new(), Vec::new());
        while drafts.len() < PART.min(self.left) && blocks.len() < PART_BLOCKS {
            let planned = self.plan.block();
            blocks.push((planned.date, planned.drafts.len()));
            drafts.extend(planned.drafts);
        }
        self.left = self.left.saturating_sub(drafts.len());
        let signed = on_all_cores(0..drafts.len(), |numbers| {
            Ok(drafts.get(numbers).unwrap_or_default().iter().filter_map(|draft| self.sign(draft)).collect())
        })?;
        // Of all cores together, and remembered for the blocks.
        self.workers.check_each(&signed);
        Ok(Part { blocks, signed })
    }

    fn sign(&self, draft: &Draft) -> Option<Transaction> {
        let key = self.wallets.get(draft.from)?;
        Some(Transaction::sign(&self.network, key, draft.nonce, FEE, u64::MAX, draft.action.clone()))
    }
}
