//! Gas: what each thing that a contract does costs. All of these are consensus (C). One gas is meant to take at most 5 ns on a node of 2020; the
//! bench `contracts` holds the table against the clock.

/// C. Gas of each operation of the machine that is not named otherwise.
pub const GAS_OPERATION: u8 = 1;
/// C. Gas of calling a function.
pub const GAS_CALL: u8 = 10;
/// C. Gas of calling a function of the table: its type is compared.
pub const GAS_CALL_INDIRECT: u8 = 15;
/// C. Gas of an operation on a range of memory, besides its bytes.
pub const GAS_BULK: u8 = 10;
/// C. Bytes that an operation on a range of memory moves for one gas. A page that is grown costs as much as one that is moved: 10,923.
pub const BYTES_PER_GAS: u32 = 6;
/// C. Gas of entering a contract: the machine is made ready.
pub const GAS_ENTER: u64 = 5_000;
/// C. Gas of each page of memory that a contract begins with: it is zeroed.
pub const GAS_ENTER_PAGE: u64 = 10_000;
/// C. Gas of each byte of data that a contract begins with.
pub const GAS_ENTER_BYTE: u64 = 1;
/// C. Gas of each element of the table and of each global.
pub const GAS_ENTER_ITEM: u64 = 10;
/// C. Gas of each segment of data or elements, the empty ones too.
pub const GAS_ENTER_SEGMENT: u64 = 50;
/// C. Gas of each function that a contract has.
pub const GAS_ENTER_FUNCTION: u64 = 10;
/// C. Gas of calling a host function, besides what it does.
pub const GAS_HOST: u64 = 50;
/// C. Gas of each byte that a host function moves.
pub const GAS_HOST_BYTE: u64 = 1;
/// C. Gas of reading a row of the state: it may come from the disk.
pub const GAS_READ: u64 = 50_000;
/// C. Gas of writing a row of the state.
pub const GAS_WRITE: u64 = 100_000;
/// C. Gas of each byte that is written into the state, by key and value.
pub const GAS_WRITE_BYTE: u64 = 10;
/// C. Gas of a payment.
pub const GAS_PAY: u64 = 100_000;
/// C. Gas of an event.
pub const GAS_EVENT: u64 = 1_000;
/// C. Gas of each byte of an event or an output: every node keeps it, like a byte of the state.
pub const GAS_KEPT_BYTE: u64 = 50;
/// C. Gas of a SHA-256.
pub const GAS_SHA256: u64 = 500;
/// C. Gas of each byte that is hashed.
pub const GAS_SHA256_BYTE: u64 = 2;
/// C. Gas of verifying a signature.
pub const GAS_VERIFY: u64 = 60_000;
/// C. Gas of making a byte of code ready, once in a block for each code. It is not paid by a call's own gas, but counts in its block and its fee.
pub const GAS_TRANSLATE_BYTE: u64 = 100;
/// C. Gas of a block for each millisecond between blocks, where the definition states no other: at 5 ns a gas, a tenth of that time.
pub const GAS_PER_MS: u64 = 20_000;
/// So much gas costs the fee of a byte: a full block of bytes takes about as long as one of gas.
pub const GAS_PER_BYTE: u64 = 1_000;
/// C. The most gas of a block where the definition states no other: it takes a second at 5 ns a gas, and whoever mines executes it for each template.
pub const GAS_PER_BLOCK_USUAL: u64 = 200_000_000;
/// C. The least gas of a block that a definition may state: the largest code is made ready, and there is something left to run it.
pub const GAS_PER_BLOCK_LEAST: u64 = 5_000_000;
