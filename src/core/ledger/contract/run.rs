//! What a deployment and a call do to the state.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

use super::super::execute::credit;
use super::super::state::Layer;
use super::super::{Account, Action, Address, CheckedTransaction, Key, Moment, Roster, StateError};
use super::host::Failure;
use super::machine::{Entry, Machine, Module, ModuleError};
use super::rows::{CodeRow, Contract, no_code};
use super::session::{Asked, Changes, Session};
use super::{Call, Deploy, Done, Outcome, Report};
use crate::codec::Text;
use crate::crypto::Hash;
use crate::limits::{CONTRACT_REASON, DEPLOYER_HELD};

/// The modules of one block: each code is made ready, or found unfit, once, which is what its gas pays for.
#[derive(Default)]
pub(in super::super) struct Modules {
    machine: Machine,
    ready: BTreeMap<Hash, Result<Module, ModuleError>>,
}

impl Modules {
    fn ready(&mut self, hash: Hash, code: &[u8]) -> Result<(&Machine, &Module), ModuleError> {
        let Self { machine, ready } = self;
        match ready.entry(hash).or_insert_with(|| machine.translate(code)) {
            Ok(module) => Ok((machine, module)),
            Err(error) => Err(error.clone()),
        }
    }
}

/// Why a transaction fails, in the words of who finds it; or this node cannot go on.
pub(super) enum Fails {
    Why(String),
    State(StateError),
}

impl From<StateError> for Fails {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<ModuleError> for Fails {
    fn from(error: ModuleError) -> Self {
        match error {
            ModuleError::Gate(_) | ModuleError::Unfit => Self::Why(error.to_string()),
            ModuleError::State(error) => Self::State(error),
        }
    }
}

fn fails<T>(why: &str) -> Result<T, Fails> {
    Err(Fails::Why(why.to_string()))
}

/// Runs what a transaction deploys or calls; its sender has paid fee and value. None if it does neither.
pub(in super::super) fn apply(
    layer: &mut Layer<'_>,
    modules: &mut Modules,
    transaction: &CheckedTransaction,
    at: Moment,
) -> Result<Option<Report>, StateError> {
    let Some(contract) = transaction.contract() else { return Ok(None) };
    let sender = transaction.payer();
    let mut gas = 0;
    let run = match &transaction.action {
        Action::Deploy(deploy) => deployed(layer, modules, (deploy, contract, sender), at, &mut gas),
        Action::Call(call) => called(layer, modules, (call, sender), at, &mut gas),
        _ => return Ok(None),
    };
    let (done, why) = match run {
        Ok(done) => (Some(done), String::new()),
        Err(Fails::State(error)) => return Err(error),
        Err(Fails::Why(why)) => {
            credit(layer, sender, transaction.action.value())?;
            (None, why)
        }
    };
    let outcome = Outcome { transaction: transaction.id(), contract, done };
    Ok(Some(Report { outcome, gas, why: reason(why) }))
}

/// Cuts a text where a character ends.
pub(super) fn reason(why: String) -> Text<CONTRACT_REASON> {
    let mut text = String::new();
    for one in why.chars().map(|one| if one.is_control() { ' ' } else { one }) {
        if text.len().saturating_add(one.len_utf8()) > CONTRACT_REASON {
            break;
        }
        text.push(one);
    }
    Text::try_from(text).unwrap_or_default()
}

fn deployed(
    layer: &mut Layer<'_>,
    modules: &mut Modules,
    (deploy, me, deployer): (&Deploy, Address, Address),
    at: Moment,
    gas: &mut u64,
) -> Result<Done, Fails> {
    let roster: Roster = layer.read(&Key::Roster)?;
    if !roster.is_governor(&deployer) {
        return fails("only governors of members deploy contracts");
    }
    if layer.read::<Option<Contract>>(&Key::Contract(me))?.is_some() {
        return fails("there is a contract at its address already");
    }
    let code = deploy.hash();
    let held: u64 = layer.read(&Key::Deployer(deployer))?;
    let known: CodeRow = layer.read(&Key::Code(code))?;
    let size = u32::try_from(deploy.code.len()).unwrap_or(u32::MAX);
    let held = held.saturating_add(if known.is_none() { u64::from(size) } else { 0 });
    if held > DEPLOYER_HELD {
        return Err(Fails::Why(Failure::DeployerHeld(held).to_string()));
    }
    let contract = Contract { code, size, deployer, transaction: at.transaction, height: at.height, held: 0 };
    let asked = Asked {
        me,
        caller: Some(deployer),
        input: &deploy.input,
        value: deploy.value,
        height: at.height,
        time: at.time,
    };
    let ready = modules.ready(code, &deploy.code)?;
    let session = Session::new(layer, contract, asked).with_deployer(held);
    let changes = run(ready, Entry::Init, deploy.gas, session, gas)?;
    if known.is_none() {
        layer.write(Key::Code(code), &Some(deploy.code.clone()))?;
    }
    Ok(changes.write(layer, me, deploy.value)?)
}

fn called(
    layer: &mut Layer<'_>,
    modules: &mut Modules,
    (call, caller): (&Call, Address),
    at: Moment,
    gas: &mut u64,
) -> Result<Done, Fails> {
    let Some(contract) = layer.read::<Option<Contract>>(&Key::Contract(call.contract))? else {
        return fails("there is no contract at this address");
    };
    if (contract.code, contract.size) != (call.code, call.size) {
        return fails("the contract has other code than the call states");
    }
    let Some(code): CodeRow = layer.read(&Key::Code(call.code))? else {
        return Err(no_code(&call.contract).into());
    };
    let asked = Asked {
        me: call.contract,
        caller: Some(caller),
        input: &call.input,
        value: call.value,
        height: at.height,
        time: at.time,
    };
    let ready = modules.ready(call.code, &code)?;
    let changes = run(ready, Entry::Call, call.gas, Session::new(layer, contract, asked), gas)?;
    Ok(changes.write(layer, call.contract, call.value)?)
}

/// Runs an entry to its end. Returns what it changes; `gas` is set to what it took, also where it fails.
fn run(
    (machine, module): (&Machine, &Module),
    entry: Entry,
    limit: u64,
    mut session: Session<'_, '_>,
    gas: &mut u64,
) -> Result<Changes, Fails> {
    let ran = machine.run(module, entry, limit, &mut session)?;
    *gas = ran.gas;
    match ran.ended {
        Ok(()) => Ok(session.into_changes()),
        Err(failure) => Err(Fails::Why(failure.to_string())),
    }
}

impl Changes {
    /// Writes what a run has changed; `value` came with it.
    fn write(self, layer: &mut Layer<'_>, me: Address, value: u64) -> Result<Done, StateError> {
        let Self { contract, deployer, slots, done } = self;
        for (key, value) in slots {
            layer.write(Key::Slot { contract: me, key }, &value)?;
        }
        if let Some(held) = deployer {
            layer.write(Key::Deployer(contract.deployer), &held)?;
        }
        layer.write(Key::Contract(me), &Some(contract))?;
        if value > 0 {
            credit(layer, me, value)?;
        }
        let paid = done.payments.iter().fold(0_u64, |sum, payment| sum.saturating_add(payment.amount));
        if paid > 0 {
            debit(layer, me, paid)?;
        }
        for payment in done.payments.iter() {
            credit(layer, payment.to, payment.amount)?;
        }
        Ok(done)
    }
}

fn debit(layer: &mut Layer<'_>, from: Address, amount: u64) -> Result<(), StateError> {
    let key = Key::Account(from);
    let mut account: Account = layer.read(&key)?;
    // It was asked before each payment.
    let left = account.balance.checked_sub(amount);
    account.balance =
        left.ok_or_else(|| StateError("a contract paid more than it has; report this".into()))?;
    layer.write(key, &account)
}
