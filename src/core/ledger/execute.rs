//! What a block does to the state: pure, all or nothing.

use alloc::vec::Vec;

use super::contract::{Modules, Report, Results};
use super::genesis::Rules;
use super::governance::Ended;
use super::state::{Layer, Written, executed};
use super::{
    Account, Address, Block, Body, Branch, Certificate, CheckedTransaction, Header, Key, Moment, Payload,
    Reward, Roster, Rows, StateAt, StateError, Transaction, TransactionError, Undo, Unfit, agreement,
    contract, governance,
};
use crate::codec::Bounded;
use crate::crypto::Hash;

mod beginning;
pub(super) mod carried;
mod error;
mod overridden;

pub use carried::CarriedError;
pub use error::{BodyError, ExecutionError};

use carried::At;
use overridden::overridden;

/// How signatures are checked: inline, or on all cores with a cache of earlier checks. One result for each transaction, in their order.
pub type Check<'a> = &'a mut dyn FnMut(&[Transaction]) -> Vec<Result<CheckedTransaction, TransactionError>>;

/// Checks one after another, without a cache.
pub fn check_inline(
    network: Hash,
) -> impl FnMut(&[Transaction]) -> Vec<Result<CheckedTransaction, TransactionError>> {
    move |transactions| transactions.iter().map(|one| one.clone().check(&network)).collect()
}

/// Why executing stopped: the block is bad, or the world could not be read.
pub(super) enum Stop {
    Body(BodyError),
    State(StateError),
}

impl From<Stop> for Unfit {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Body(error) => Self::Body(error),
            Stop::State(error) => Self::State(error),
        }
    }
}

impl From<StateError> for Stop {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<BodyError> for Stop {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

/// Checks what needs no state: the size, and that the body belongs to the header. `branch` ends in its parent. Returns the size in bytes.
pub(super) fn check_form(rules: &Rules, branch: &Branch, block: &Block) -> Result<usize, BodyError> {
    let found = block.size();
    if found > rules.max_bytes {
        return Err(BodyError::Large { found, allowed: rules.max_bytes });
    }
    let Block { header, body } = block;
    // What puts another roster into force is known only once it is executed.
    let keeps = body.certificate.is_some() || branch.keeps_roster(header, &body.executed);
    if body.root(header.height) != header.body || !keeps {
        return Err(BodyError::Root);
    }
    check_gas(rules, header.version, &body.transactions)?;
    Ok(found)
}

/// Checks how much its transactions may compute. It needs no execution: whatever of the mempool is payable makes a valid block.
fn check_gas(rules: &Rules, version: u32, transactions: &[Transaction]) -> Result<(), BodyError> {
    let runs = |one: &Transaction| one.stated().is_some();
    match transactions.iter().position(runs) {
        Some(index) if version < Header::CONTRACTS => return Err(BodyError::Contract(index)),
        Some(_) => (),
        None => return Ok(()),
    }
    let (found, allowed) = (contract::gas(transactions), rules.gas_per_block);
    if found > allowed { Err(BodyError::Gas { found, allowed }) } else { Ok(()) }
}

/// What executing a block leads to.
pub(super) struct Executed {
    /// The rows that it changes.
    pub(super) rows: Rows,
    /// What undoes it.
    pub(super) undo: Undo,
    /// The roster that it puts into force.
    pub(super) roster: Option<Roster>,
    /// What becomes of motions.
    pub(super) ended: Vec<Ended>,
    /// What its contracts lead to, if it runs any.
    pub(super) results: Option<Results>,
}

/// What a block is executed on.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    pub(super) rules: &'a Rules,
    /// Ends in its parent.
    pub(super) branch: &'a Branch,
    /// Finds the branch's blocks.
    pub(super) at: At<'a>,
}

/// Executes a block whose form was checked. What another node computes otherwise, as it says, is executed once more: a machine that gets two results
/// from the same rows must neither vote nor mine.
pub(super) fn execute(
    ground: Ground<'_>,
    layer: Layer<'_>,
    block: &Block,
    check: Check<'_>,
) -> Result<Executed, Stop> {
    let (base, lower) = layer.below();
    match execute_once(ground, layer, block, check) {
        Err(Stop::Body(error)) if error.is_computed() => {
            match execute_once(ground, Layer::new(base, lower), block, check) {
                Err(Stop::Body(again)) if again == error => Err(again.into()),
                Err(Stop::State(error)) => Err(error.into()),
                Ok(_) | Err(Stop::Body(_)) => Err(two_results(block).into()),
            }
        }
        done => done,
    }
}

fn two_results(block: &Block) -> StateError {
    let height = block.header.height;
    StateError(alloc::format!(
        "this machine executed block {height} twice and got two results: its memory or its processor fails; run `bouya verify --repair` on another machine"
    ))
}

fn execute_once(
    ground: Ground<'_>,
    mut layer: Layer<'_>,
    block: &Block,
    check: Check<'_>,
) -> Result<Executed, Stop> {
    let Ground { rules, branch, at } = ground;
    let Block { header, body } = block;
    if let Some(certificate) = &body.certificate {
        carried::check(&rules.network, branch, at, certificate)?;
    }
    let transactions = &body.transactions;
    let wrong = |(index, error)| BodyError::Transaction {
        index,
        id: transactions.get(index).map_or(Hash::ZERO, Transaction::id),
        error,
    };
    let checked = check(transactions).into_iter().enumerate();
    let checked = checked.map(|(index, checked)| checked.map_err(|error| wrong((index, error))));
    // All signatures are checked before the first transaction is executed.
    let checked: Vec<CheckedTransaction> = checked.collect::<Result<_, _>>()?;
    let Applied { fees, reports } = apply_all(&mut layer, header, &checked)?;
    let expected = reward(rules, &layer, fees)?;
    if body.reward.amount != expected {
        return Err(BodyError::Reward { expected, found: body.reward.amount }.into());
    }
    pay(rules, &mut layer, &body.reward)?;
    let roster = match &body.certificate {
        None => None,
        Some(certificate) => Some(hand_over(&mut layer, header, certificate)?),
    };
    let (below, ended) = (layer.below(), layer.take_ended());
    let Written { rows, undo, writes, state } = layer.finish()?;
    let (expected, found) = (executed(&writes, &contract::root(&reports), &state), body.executed);
    // What the body states was compared with the header before, unless the roster was not known yet.
    let is_headers = match &roster {
        None => expected == found,
        Some(roster) => header.commitments == Header::commit(&roster.commitment(), &expected),
    };
    if !is_headers {
        return Err(BodyError::Executed { expected, found }.into());
    }
    // It is no leaf of the body's tree: anybody can make a wrong copy of a good block.
    if expected != found {
        return Err(BodyError::Root.into());
    }
    let results = (!reports.is_empty()).then_some(Results { writes, state, reports });
    let done = Executed { rows, undo, roster, ended, results };
    match rules.overrides.at(&header.id()) {
        None => Ok(done),
        Some(one) => Ok(overridden(below, done, header, one)?),
    }
}

fn hand_over(layer: &mut Layer<'_>, header: &Header, certificate: &Certificate) -> Result<Roster, Stop> {
    let nothing = CarriedError::Nothing(certificate.link.source.height);
    carried::apply(layer, header, certificate)?.ok_or_else(|| carried::carried(nothing))
}

/// What a new block leads to.
pub(super) struct Made {
    pub(super) body: Body,
    /// The rows that it changes.
    pub(super) rows: Rows,
    /// The roster that it puts into force.
    pub(super) roster: Option<Roster>,
}

/// The body of a new block with this content. A certificate that puts nothing into force is left out.
pub(super) fn execute_new(
    rules: &Rules,
    state: StateAt<'_>,
    header: &Header,
    content: Payload,
    to: Address,
) -> Result<Made, Stop> {
    let Payload { transactions, mut certificate } = content;
    let mut layer = Layer::new(state.base, state.rows);
    let Applied { fees, reports } = apply_all(&mut layer, header, &transactions)?;
    let reward = Reward { to, amount: reward(rules, &layer, fees)? };
    pay(rules, &mut layer, &reward)?;
    let roster = match &certificate {
        None => None,
        Some(certificate) => carried::apply(&mut layer, header, certificate)?,
    };
    certificate.take_if(|_| roster.is_none());
    let Written { rows, writes, state, .. } = layer.finish()?;
    let executed = executed(&writes, &contract::root(&reports), &state);
    let transactions = transactions.into_iter().map(CheckedTransaction::into_inner);
    let transactions = Bounded::truncated(transactions);
    Ok(Made { body: Body { executed, reward, certificate, transactions }, rows, roster })
}

/// What transactions have led to besides rows.
struct Applied {
    fees: u64,
    reports: Vec<Report>,
}

/// Applies transactions in their order.
fn apply_all(
    layer: &mut Layer<'_>,
    header: &Header,
    transactions: &[CheckedTransaction],
) -> Result<Applied, Stop> {
    let (mut fees, mut reports, mut modules) = (0_u64, Vec::new(), None);
    for (index, transaction) in transactions.iter().enumerate() {
        let error = |error| BodyError::Execution { index, id: transaction.id(), error };
        spend(layer, transaction, header.height)?.map_err(error)?;
        let place = u32::try_from(index).unwrap_or(u32::MAX);
        let at =
            Moment { height: header.height, index: place, time: header.time, transaction: transaction.id() };
        reports.extend(apply(layer, &mut modules, transaction, at)?);
        // Fees come out of balances, whose sum is the supply, a u64.
        fees = fees.saturating_add(transaction.fee);
    }
    Ok(Applied { fees, reports })
}

/// Takes what a transaction costs from its sender.
pub(super) fn spend(
    layer: &mut Layer<'_>,
    transaction: &CheckedTransaction,
    height: u64,
) -> Result<Result<(), ExecutionError>, StateError> {
    let sender = Key::Account(transaction.payer());
    let mut account: Account = layer.read(&sender)?;
    if let Err(error) = account.spend(transaction, height) {
        return Ok(Err(error));
    }
    layer.write(sender, &account).map(Ok)
}

/// Does what a transaction asks for, which its sender has paid. It always succeeds, so any choice from the mempool makes a valid block: of a
/// contract that fails, the report says so.
fn apply(
    layer: &mut Layer<'_>,
    modules: &mut Option<Modules>,
    transaction: &CheckedTransaction,
    at: Moment,
) -> Result<Option<Report>, StateError> {
    for output in transaction.action.outputs() {
        credit(layer, output.to, output.amount)?;
    }
    agreement::apply(layer, transaction, at)?;
    governance::apply(layer, transaction, at)?;
    if transaction.stated().is_none() {
        return Ok(None);
    }
    contract::apply(layer, modules.get_or_insert_default(), transaction, at)
}

pub(super) fn credit(layer: &mut Layer<'_>, to: Address, amount: u64) -> Result<(), StateError> {
    let key = Key::Account(to);
    let mut account: Account = layer.read(&key)?;
    // Cannot overflow: the sum of all balances is the supply, a u64.
    account.balance = account
        .balance
        .checked_add(amount)
        .ok_or_else(|| StateError("balances add up to more than the supply; run `bouya verify`".into()))?;
    layer.write(key, &account)
}

/// The reward that is due with these fees.
fn reward(rules: &Rules, layer: &Layer<'_>, fees: u64) -> Result<u64, StateError> {
    Ok(rules.reward_after(layer.read(&Key::Supply)?).saturating_add(fees))
}

/// Pays the reward that is due, and counts the new coins.
fn pay(rules: &Rules, layer: &mut Layer<'_>, reward: &Reward) -> Result<(), StateError> {
    let supply: u64 = layer.read(&Key::Supply)?;
    if reward.amount > 0 {
        credit(layer, reward.to, reward.amount)?;
    }
    layer.write(Key::Supply, &supply.saturating_add(rules.reward_after(supply)))
}

impl Rules {
    /// New coins of a block when `supply` coins exist.
    pub fn reward_after(&self, supply: u64) -> u64 {
        self.reward.min(u64::MAX.saturating_sub(supply))
    }
}

impl Account {
    /// Takes a transaction's cost and nonce, if it fits this account at `height`.
    pub fn spend(&mut self, transaction: &CheckedTransaction, height: u64) -> Result<(), ExecutionError> {
        if transaction.nonce != self.nonce {
            return Err(ExecutionError::Nonce { expected: self.nonce, found: transaction.nonce });
        }
        if transaction.valid_until < height {
            return Err(ExecutionError::Expired { valid_until: transaction.valid_until, height });
        }
        let cost = transaction.cost();
        let left = self.balance.checked_sub(cost);
        self.balance = left.ok_or(ExecutionError::Balance { balance: self.balance, cost })?;
        self.nonce = self.nonce.saturating_add(1);
        Ok(())
    }
}
