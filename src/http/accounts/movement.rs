//! A line of an address's history.

use bouya_core::ledger::contract::{Report, Results};
use bouya_core::ledger::{Action, Address, Block, Transaction};

use super::super::Api;
use super::super::views::{Movement, MovementAction, MovementDirection};
use crate::clock::rfc3339;
use crate::store::results::report_on;

/// Coins that went from one address to another.
struct Flow {
    from: Address,
    to: Address,
    amount: u64,
}

/// What a transaction moved, its fee apart. A call's value went to the contract unless the call is known to have failed; whom the contract paid only
/// the report says.
fn flows(transaction: &Transaction, report: Option<&Report>) -> Vec<Flow> {
    let sender = transaction.payer();
    let outputs = transaction.action.outputs().iter();
    let paid = outputs.map(|output| Flow { from: sender, to: output.to, amount: output.amount });
    let contract =
        transaction.contract().filter(|_| report.is_none_or(|report| report.outcome.done.is_some()));
    let amount = transaction.action.value();
    let came = contract.filter(|_| amount > 0).map(|to| Flow { from: sender, to, amount });
    let payments = report.and_then(|report| report.outcome.done.as_ref()).into_iter();
    let payments = payments.flat_map(|done| done.payments.iter()).zip(contract.into_iter().cycle());
    let went = payments.map(|(output, from)| Flow { from, to: output.to, amount: output.amount });
    paid.chain(came).chain(went).collect()
}

/// What stands at a place of a block about an address, if anything does: the index names others by chance.
pub(super) fn movement(
    api: &Api,
    (block, results): (&Block, Option<&Results>),
    address: &Address,
    place: u32,
) -> Option<Movement> {
    let Some(index) = place.checked_sub(1) else { return reward(api, block, address) };
    let transaction = usize::try_from(index).ok().and_then(|index| block.body.transactions.get(index))?;
    let flows = flows(transaction, report_on(results, &transaction.id()));
    let sender = transaction.payer();
    let has_sent = sender == *address;
    let is_concerned = has_sent
        || transaction.contract() == Some(*address)
        || flows.iter().any(|flow| flow.from == *address || flow.to == *address);
    if !is_concerned {
        return None;
    }
    let (direction, amount, counterparties) = balance(&flows, address, &sender);
    Some(Movement {
        height: block.header.height,
        time: rfc3339(block.header.time),
        direction,
        amount: api.amount(amount),
        fee: api.amount(if has_sent { transaction.fee } else { 0 }),
        transaction: Some(transaction.id().to_string()),
        counterparties: counterparties.iter().map(ToString::to_string).collect(),
        memo: memo(&transaction.action).to_owned(),
        action: kind(&transaction.action),
    })
}

/// Which way coins went between an address and others, how many, and who the others are.
fn balance(flows: &[Flow], address: &Address, sender: &Address) -> (MovementDirection, u64, Vec<Address>) {
    let others = flows.iter().filter(|flow| flow.from != flow.to);
    let went: Vec<&Flow> = others.clone().filter(|flow| flow.from == *address).collect();
    let came: Vec<&Flow> = others.filter(|flow| flow.to == *address).collect();
    let sum = |flows: &[&Flow]| flows.iter().fold(0_u64, |sum, flow| sum.saturating_add(flow.amount));
    let (out, back) = (sum(&went), sum(&came));
    if out > back {
        return (MovementDirection::Out, out - back, went.iter().map(|flow| flow.to).collect());
    }
    if sender == address && out == back {
        return (MovementDirection::Own, 0, Vec::new());
    }
    let mut from: Vec<Address> = came.iter().map(|flow| flow.from).collect();
    from.dedup();
    // A contract that is called without coins.
    if from.is_empty() {
        from.push(*sender);
    }
    (MovementDirection::In, back - out, from)
}

fn kind(action: &Action) -> MovementAction {
    match action {
        Action::Transfer { .. } => MovementAction::Transfer,
        Action::Record { .. } => MovementAction::Record,
        Action::Propose(_) => MovementAction::Propose,
        Action::Respond { .. } => MovementAction::Respond,
        Action::Withdraw { .. } => MovementAction::Withdraw,
        Action::Motion(_) => MovementAction::Motion,
        Action::Ballot { .. } => MovementAction::Ballot,
        Action::Keys(_) => MovementAction::Keys,
        Action::Deploy(_) => MovementAction::Deploy,
        Action::Call(_) => MovementAction::Call,
    }
}

/// What the transaction says about itself to people.
fn memo(action: &Action) -> &str {
    match action {
        Action::Transfer { memo, .. } => memo.as_str(),
        Action::Record { topic, .. } => topic.as_str(),
        Action::Propose(proposal) => proposal.title.as_str(),
        Action::Motion(motion) => motion.reason.as_str(),
        _ => "",
    }
}

fn reward(api: &Api, block: &Block, address: &Address) -> Option<Movement> {
    let reward = &block.body.reward;
    (reward.to == *address).then(|| Movement {
        height: block.header.height,
        time: rfc3339(block.header.time),
        direction: MovementDirection::Reward,
        amount: api.amount(reward.amount),
        fee: api.amount(0),
        transaction: None,
        counterparties: Vec::new(),
        memo: String::new(),
        action: MovementAction::Reward,
    })
}
