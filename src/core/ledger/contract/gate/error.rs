//! Why the gate lets a module not through.

use alloc::string::String;

use thiserror::Error;
use wasmparser::BinaryReaderError;

use crate::limits::{
    CONTRACT_BRANCHES, CONTRACT_CODE_BYTES, CONTRACT_FRAME, CONTRACT_FUNCTION_LOCALS, CONTRACT_LOCALS,
    CONTRACT_PAGES, CONTRACT_TABLE,
};

/// Characters of what a module's author has chosen that an error shows.
const SHOWN: usize = 120;
/// Why a module may not be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum GateError {
    /// Larger than any.
    #[error("the code has {0} bytes; at most {CONTRACT_CODE_BYTES} are allowed")]
    Large(usize),
    /// No module, or one that uses what no contract may.
    #[error("it is no valid module for contracts, at byte {offset}: {why}")]
    Invalid {
        /// Where.
        offset: usize,
        /// What the validator says.
        why: String,
    },
    /// An operation that no contract may use.
    #[error("{0} at byte {1} is not allowed: its result or its cost differs between machines")]
    Operation(String, usize),
    /// A `select` that the machine would get wrong.
    #[error(
        "the select at byte {0} chooses by a comparison with zero, which the machine gets wrong: swap its values and leave out the comparison"
    )]
    Choice(usize),
    /// A function with too much on the machine's stack.
    #[error("a function takes {0} locals and operands at once; at most {CONTRACT_FRAME} are allowed")]
    Frame(u32),
    /// Too many locals in one function.
    #[error("a function has {0} locals; at most {CONTRACT_FUNCTION_LOCALS} are allowed")]
    FunctionLocals(u32),
    /// Too many locals in all functions.
    #[error("the functions have more than {CONTRACT_LOCALS} locals")]
    Locals,
    /// A br_table that is too long.
    #[error("a br_table has {0} targets; at most {CONTRACT_BRANCHES} are allowed")]
    Branches(u32),
    /// A table whose size is not fixed, or too large.
    #[error("the table must state a maximum that is its size, at most {CONTRACT_TABLE} elements")]
    Table,
    /// More than one table or memory.
    #[error("a module has one memory and at most one table")]
    Several,
    /// Elements that begin outside of the table.
    #[error("elements must be put into the table at a constant place where they fit")]
    Elements,
    /// A memory without a maximum, or with one that is too large.
    #[error("the memory must state a maximum of at most {CONTRACT_PAGES} pages")]
    Memory,
    /// Code that runs before anybody has called.
    #[error("a start function is not allowed: put that code into init")]
    Start,
    /// An import that no node gives.
    #[error("it imports {0}, which nodes do not give; see the list of host functions")]
    Import(String),
    /// A function of the node that is imported again.
    #[error("it imports bouya.{0} twice: once is enough")]
    Twice(&'static str),
    /// An export that nobody calls, or one that is missing or of another kind.
    #[error(
        "it must export its memory as \"memory\" and the functions init, call and view, without parameters and results, and nothing else: {0}"
    )]
    Export(String),
}

impl From<BinaryReaderError> for GateError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid { offset: error.offset(), why: shown(error.message()) }
    }
}

/// A name or a message that may hold what the module's author has chosen: short, in one line, without what controls a terminal.
pub(super) fn shown(text: &str) -> String {
    let words = text.split_whitespace().flat_map(|word| [" ", word]).skip(1);
    words.flat_map(str::chars).filter(|one| !one.is_control()).take(SHOWN).collect()
}
