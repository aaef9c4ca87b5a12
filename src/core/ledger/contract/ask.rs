//! Asking a contract off the chain: nothing that it does stays.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::super::state::Layer;
use super::super::{Account, Address, CheckedTransaction, Key, Moment, Rows, StateError, View};
use super::Report;
use super::machine::{Entry, Machine, ModuleError};
use super::rows::{Contract, code, no_code};
use super::run::{Modules, apply, reason};
use super::session::{Asked, Session};
use crate::codec::Text;
use crate::limits::CONTRACT_REASON;
use crate::time::Timestamp;

/// What a contract says when it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it gives back, or why it does not.
    pub output: Result<Vec<u8>, Text<CONTRACT_REASON>>,
    /// Gas that it took.
    pub gas: u64,
}

/// Asks a contract's view, at the tip of this world. None if there is no such contract.
pub fn ask(
    view: &dyn View,
    time: Timestamp,
    contract: &Address,
    input: &[u8],
    gas: u64,
) -> Result<Option<Answer>, StateError> {
    let Some(row) = Contract::read(view, contract)? else { return Ok(None) };
    let (height, _) = view.tip()?;
    let code = code(view, &row.code)?.ok_or_else(|| no_code(contract))?;
    let machine = Machine::new();
    let module = match machine.translate(&code) {
        Ok(module) => module,
        Err(ModuleError::State(error)) => return Err(error),
        Err(error @ (ModuleError::Gate(_) | ModuleError::Unfit)) => {
            return Ok(Some(Answer { output: Err(reason(error.to_string())), gas: 0 }));
        }
    };
    let below = Rows::new();
    let layer = Layer::new(Some(view), &below);
    let asked = Asked { me: *contract, caller: None, input, value: 0, height, time };
    let mut session = Session::new(&layer, row, asked);
    let ran = machine.run(&module, Entry::View, gas, &mut session)?;
    let output = match ran.ended {
        Ok(()) => Ok(session.into_changes().done.output.into_inner()),
        Err(failure) => Err(reason(failure.to_string())),
    };
    Ok(Some(Answer { output, gas: ran.gas }))
}

/// What a transaction would lead to in the next block, if its turn came now. None if it runs no contract, or its sender cannot pay.
///
/// Its nonce and the height up to which it is valid are not looked at. So one that waits behind others is tried out too, and whoever only asks can
/// sign one that no block will ever hold.
pub fn try_out(
    view: &dyn View,
    transaction: &CheckedTransaction,
    time: Timestamp,
) -> Result<Option<Report>, StateError> {
    let (height, _) = view.tip()?;
    let below = Rows::new();
    let mut layer = Layer::new(Some(view), &below);
    let at = Moment { height: height.saturating_add(1), index: 0, time, transaction: transaction.id() };
    let payer = Key::Account(transaction.payer());
    let mut account: Account = layer.read(&payer)?;
    let Some(left) = account.balance.checked_sub(transaction.cost()) else { return Ok(None) };
    account.balance = left;
    layer.write(payer, &account)?;
    apply(&mut layer, &mut Modules::default(), transaction, at)
}
