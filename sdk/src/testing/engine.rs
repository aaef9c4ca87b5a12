//! What runs a contract: its code as it is, or its module in the node's own machine.

use alloc::rc::Rc;
use alloc::string::{String, ToString};
use core::any::Any;
use core::cell::RefCell;

use bouya_core::ledger::contract::host::Failure;
use bouya_core::ledger::contract::machine::{Entry, Machine, Module};
use bouya_core::limits::{CONTRACT_REASON, GAS_PER_MS};

use super::Failed;
use super::frame::Frame;
use crate::host::native::{Failing, under};
use crate::{Contract, entry};

/// All gas of a block where one is made every second: what takes more is too dear for anybody.
const GAS: u64 = 1_000 * GAS_PER_MS;

/// What contracts run in.
pub(super) enum Engine {
    /// This program.
    Native,
    /// The machine of a node.
    Machine { machine: Machine, module: Module },
}

impl Engine {
    pub(super) fn of_module(code: &[u8]) -> Self {
        let machine = Machine::new();
        match machine.translate(code) {
            Ok(module) => Self::Machine { machine, module },
            Err(error) => panic!("no node takes this module: {error}"),
        }
    }

    /// Runs an entry, and gives back what it has done and the gas that it took.
    pub(super) fn run<C: Contract>(&self, entry: Entry, mut frame: Frame) -> Result<(Frame, u64), Failed> {
        match self {
            Self::Native => Ok((natively::<C>(entry, frame)?, 0)),
            Self::Machine { machine, module } => match machine.run(module, entry, GAS, &mut frame) {
                Ok(ran) => match ran.ended {
                    Ok(()) => Ok((frame, ran.gas)),
                    Err(Failure::Refused(reason)) => Err(failed(&reason)),
                    Err(failure) => Err(failed(&failure.to_string())),
                },
                Err(error) => panic!("the machine is broken: {error}"),
            },
        }
    }
}

fn natively<C: Contract>(entry: Entry, frame: Frame) -> Result<Frame, Failed> {
    let frame = Rc::new(RefCell::new(frame));
    let run = match entry {
        Entry::Init => entry::run_init::<C>,
        Entry::Call => entry::run_call::<C>,
        Entry::View => entry::run_view::<C>,
    };
    under(frame.clone(), run).map_err(|thrown| failed(reason(&*thrown)))?;
    let Ok(frame) = Rc::try_unwrap(frame) else { panic!("the contract has kept its host") };
    Ok(frame.into_inner())
}

/// The reason of what a call unwound with.
fn reason(thrown: &(dyn Any + Send)) -> &str {
    if let Some(Failing(reason)) = thrown.downcast_ref::<Failing>() {
        reason
    } else if let Some(text) = thrown.downcast_ref::<String>() {
        text
    } else {
        thrown.downcast_ref::<&str>().copied().unwrap_or("the contract panicked")
    }
}

/// With a reason as a node keeps it: on one line, and cut between characters.
fn failed(reason: &str) -> Failed {
    let fits = |(at, c): &(usize, char)| at.saturating_add(c.len_utf8()) <= CONTRACT_REASON;
    let kept = reason.char_indices().take_while(fits);
    Failed { reason: kept.map(|(_, c)| if c.is_control() { ' ' } else { c }).collect() }
}
