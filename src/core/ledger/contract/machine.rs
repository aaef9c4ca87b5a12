//! The machine: runs a module that the gate let through, and counts its gas.
//!
//! It is the one place that knows wasmi. What a call costs follows from how this very version translates, so a newer one comes with a newer
//! version of blocks. Everything is translated at once: otherwise the first call of a function would cost more than the second. Translations
//! are not kept from one block to the next, so that nothing depends on what a node has seen before.

use alloc::format;

use thiserror::Error;
use wasmi::errors::ErrorKind;
use wasmi::{
    CompilationMode, Config, CustomFuelCosts, Engine, Error as WasmiError, Linker, Memory, OperatorCost,
    Store, TrapCode,
};

use super::super::StateError;
use super::gate::{self, GateError, Shape};
use super::host::{Failure, Host, Stop};
use crate::limits::{
    BYTES_PER_GAS, CONTRACT_DEPTH, CONTRACT_STACK, GAS_BULK, GAS_CALL, GAS_CALL_INDIRECT, GAS_ENTER,
    GAS_ENTER_BYTE, GAS_ENTER_FUNCTION, GAS_ENTER_ITEM, GAS_ENTER_PAGE, GAS_ENTER_SEGMENT, GAS_OPERATION,
};

mod caught;
mod functions;
mod room;

use caught::caught;
use room::Room;

/// What is run of a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Once, when it is deployed.
    Init,
    /// When somebody calls it.
    Call,
    /// When somebody asks it, off the chain.
    View,
}

impl Entry {
    fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Call => "call",
            Self::View => "view",
        }
    }
}

/// Translates modules and runs them.
#[derive(Debug)]
pub struct Machine(Engine);

/// A module that is ready to run.
#[derive(Debug)]
pub struct Module {
    module: wasmi::Module,
    shape: Shape,
}

impl Module {
    /// The price of entering it.
    pub fn entering(&self) -> u64 {
        self.shape.entering()
    }
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Gas that it took; all of it where it ran out.
    pub gas: u64,
    /// Whether it failed, and why.
    pub ended: Result<(), Failure>,
}

/// Why a module cannot be made ready.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ModuleError {
    /// It is none that may be deployed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The machine's translator finds itself wrong on it. Known: a store whose value is its own address, more than 65,535 bytes further.
    #[error("the machine cannot take this module: it finds a fault of its own in it")]
    Unfit,
    /// The machine cannot do what the gate lets through: a fault of this program.
    #[error(transparent)]
    State(#[from] StateError),
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine {
    /// A machine without modules.
    pub fn new() -> Self {
        let mut config = Config::default();
        config
            .consume_fuel(true)
            .operator_cost(costs())
            .fuel_cost(CustomFuelCosts {
                bytes_copied_per_fuel: BYTES_PER_GAS,
                // Nothing is translated while it runs.
                fuel_per_bytes_translated: 0,
                fuel_per_bytes_validated: 0,
            })
            .compilation_mode(CompilationMode::Eager)
            .ignore_custom_sections(true)
            .allow_start_fn(false)
            .wasm_multi_memory(false)
            .wasm_multi_value(false)
            .wasm_tail_call(false)
            .wasm_extended_const(false)
            .wasm_saturating_float_to_int(false)
            .floats(false)
            .set_max_recursion_depth(CONTRACT_DEPTH)
            .set_max_stack_height(CONTRACT_STACK);
        Self(Engine::new(&config))
    }

    /// Makes a module ready to run.
    pub fn translate(&self, code: &[u8]) -> Result<Module, ModuleError> {
        let shape = gate::check(code)?;
        let made = caught(|| wasmi::Module::new(&self.0, code));
        let module = made.ok_or(ModuleError::Unfit)?.map_err(|error| broken(&error))?;
        Ok(Module { module, shape })
    }

    /// Runs an entry with at most this gas. Who stands behind the host functions must drop what a failed run has done.
    pub fn run(
        &self,
        module: &Module,
        entry: Entry,
        gas: u64,
        host: &mut dyn Host,
    ) -> Result<Ran, StateError> {
        let Some(left) = gas.checked_sub(module.entering()) else {
            return Ok(Ran { gas, ended: Err(Failure::Gas) });
        };
        let mut store =
            Store::new(&self.0, Running { host, memory: None, stop: None, room: Room::default() });
        store.limiter(|running| &mut running.room);
        store.set_fuel(left).map_err(|error| broken(&error))?;
        let Some(result) = caught(|| enter(&self.0, &mut store, &module.module, entry)) else {
            return Ok(Ran { gas, ended: Err(Failure::Trap("led the machine into a fault of its own")) });
        };
        let left = store.get_fuel().map_err(|error| broken(&error))?;
        let Running { stop, room, .. } = store.into_data();
        room.check()?;
        let ended = match (result, stop) {
            (Ok(()), _) => Ok(()),
            (Err(_), Some(Stop::State(error))) => return Err(error),
            (Err(_), Some(Stop::Failed(failure))) => Err(failure),
            (Err(error), None) => Err(failure(&error)?),
        };
        // What is left when gas runs out depends on the last thing that was too dear.
        let gas = if ended == Err(Failure::Gas) { gas } else { gas.saturating_sub(left) };
        Ok(Ran { gas, ended })
    }
}

/// What a run has at hand.
struct Running<'h> {
    host: &'h mut dyn Host,
    memory: Option<Memory>,
    /// Why a host function has stopped the run.
    stop: Option<Stop>,
    room: Room,
}

fn enter(
    engine: &Engine,
    store: &mut Store<Running<'_>>,
    module: &wasmi::Module,
    entry: Entry,
) -> Result<(), WasmiError> {
    let mut linker = Linker::new(engine);
    functions::link(&mut linker)?;
    let instance = linker.instantiate_and_start(&mut *store, module)?;
    store.data_mut().memory = instance.get_memory(&*store, "memory");
    instance.get_typed_func::<(), ()>(&*store, entry.name())?.call(&mut *store, ())
}

impl Shape {
    /// The price of entering it.
    pub fn entering(&self) -> u64 {
        GAS_ENTER
            .saturating_add(self.pages.saturating_mul(GAS_ENTER_PAGE))
            .saturating_add(self.data.saturating_mul(GAS_ENTER_BYTE))
            .saturating_add(self.items.saturating_mul(GAS_ENTER_ITEM))
            .saturating_add(self.segments.saturating_mul(GAS_ENTER_SEGMENT))
            .saturating_add(self.functions.saturating_mul(GAS_ENTER_FUNCTION))
    }
}

/// The price of each operation. All are named by the gate's rule, so those that no contract may use have the default's price.
fn costs() -> OperatorCost {
    let base = GAS_OPERATION;
    OperatorCost {
        call: GAS_CALL,
        call_indirect: GAS_CALL_INDIRECT,
        memory_grow: GAS_BULK,
        memory_copy: GAS_BULK,
        memory_fill: GAS_BULK,
        memory_init: GAS_BULK,
        // They make code too, or a branch's target: a loop of nothing else must not be free.
        block: base,
        loop_: base,
        else_: base,
        end: base,
        return_: base,
        ..OperatorCost::default()
    }
}

/// Why the code itself stopped. What is no trap is a fault of this program.
fn failure(error: &WasmiError) -> Result<Failure, StateError> {
    let Some(trap) = error.as_trap_code() else { return Err(broken(error)) };
    let did = match trap {
        TrapCode::OutOfFuel => return Ok(Failure::Gas),
        TrapCode::UnreachableCodeReached => {
            "reached what it says is never reached: it panicked without words"
        }
        TrapCode::MemoryOutOfBounds => "reached outside of its memory",
        TrapCode::TableOutOfBounds => "called outside of its table",
        TrapCode::IndirectCallToNull => "called an empty place of its table",
        TrapCode::IntegerDivisionByZero => "divided by zero",
        TrapCode::IntegerOverflow => "overflowed an integer",
        TrapCode::BadConversionToInteger => "converted what is no integer",
        TrapCode::StackOverflow => "called too deeply",
        TrapCode::BadSignature => "called a function of another type",
        _ => return Err(broken(error)),
    };
    Ok(Failure::Trap(did))
}

fn broken(error: &WasmiError) -> StateError {
    let kind: &ErrorKind = error.kind();
    StateError(format!("the machine for contracts says what it never should: {kind:?}; report this"))
}

#[cfg(test)]
mod tests;
