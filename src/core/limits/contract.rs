//! Contracts: what their code may be, which is consensus (C), and the files beside it.

/// C. Bytes of a module.
pub const CONTRACT_CODE_BYTES: usize = 32 * 1024;
/// C. Locals of a function, its parameters among them.
pub const CONTRACT_FUNCTION_LOCALS: u32 = 256;
/// C. Locals of all functions of a module: they are zeroed at each call, and cost nothing to declare.
pub const CONTRACT_LOCALS: u32 = 20_000;
/// C. Locals and operands of a function at once: what a call takes of the machine's stack.
pub const CONTRACT_FRAME: u32 = 512;
/// C. Targets of a br_table.
pub const CONTRACT_BRANCHES: u32 = 1_024;
/// C. Elements of the table.
pub const CONTRACT_TABLE: u64 = 1_024;
/// C. Pages (64 KiB each) that a contract's memory may grow to.
pub const CONTRACT_PAGES: u64 = 16;
/// C. Calls of functions within each other.
pub const CONTRACT_DEPTH: usize = 128;
/// C. Bytes of the machine's stack: so many that the depth binds first, whose frames are bounded.
pub const CONTRACT_STACK: usize = 8 * 1024 * 1024;
/// C. Bytes of the input of a call.
pub const CONTRACT_INPUT: usize = 8 * 1024;
/// C. Bytes of the input of a deployment.
pub const CONTRACT_INIT_INPUT: usize = 4 * 1024;
/// C. Bytes of what a call gives back.
pub const CONTRACT_OUTPUT: usize = 1_024;
/// C. Bytes of a slot's key.
pub const CONTRACT_KEY: usize = 64;
/// C. Bytes of a slot's value.
pub const CONTRACT_VALUE: usize = 4 * 1024;
/// C. Events of a call.
pub const CONTRACT_EVENTS: usize = 16;
/// C. Bytes of an event's topic.
pub const CONTRACT_TOPIC: usize = 64;
/// C. Bytes of an event's data.
pub const CONTRACT_EVENT: usize = 1_024;
/// C. Bytes of keys and values that a contract may hold.
pub const CONTRACT_HELD: u64 = 1024 * 1024;
/// C. Bytes of code, keys and values that all contracts of one deployer may hold.
pub const DEPLOYER_HELD: u64 = 64 * 1024 * 1024;
/// Bytes of the reason that a failed call gives: people read it, nodes do not compare it.
pub const CONTRACT_REASON: usize = 256;
/// C. Payments of a call: bounds the rows that it changes.
pub const CONTRACT_PAYMENTS: usize = 128;
/// C. Bytes of a transaction that deploys.
pub const DEPLOY_BYTES: usize = 40 * 1024;
/// Bytes of an ABI file. One for a large contract has 20 KiB.
pub const ABI_BYTES: usize = 256 * 1024;
/// Files of a folder that are looked at for the ABI of a contract.
pub const ABI_FILES: usize = 64;
/// Types within types in an ABI file, and values within values: what is deeper could use up the stack.
pub const ABI_DEPTH: usize = 16;
/// Bytes of a name in an ABI file, which people see.
pub const ABI_NAME_BYTES: usize = 64;
/// Values in one message that is shown. Lists of what takes no bytes, and types that double, would otherwise grow from nothing.
pub const ABI_VALUES: usize = 65_536;
