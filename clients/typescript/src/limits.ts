// Bounds of the protocol (docs/PROTOCOL.md). They are checked before anything is read or signed.

export const TRANSACTION_BYTES = 16_384;
/** Of a transaction that deploys a contract. */
export const DEPLOY_BYTES = 40_960;
export const CONTRACT_CODE_BYTES = 32_768;
export const CONTRACT_INIT_INPUT = 4_096;
export const CONTRACT_INPUT = 8_192;
export const CONTRACT_OUTPUT = 1_024;
export const CONTRACT_PAYMENTS = 128;
export const CONTRACT_EVENTS = 16;
export const CONTRACT_TOPIC = 64;
export const CONTRACT_EVENT = 1_024;
/** So much gas costs the fee of a byte. */
export const GAS_PER_BYTE = 1_000n;
/** Gas of making a byte of code ready. */
export const GAS_TRANSLATE_BYTE = 100n;
/** The least gas of a block that a definition may state. */
export const GAS_PER_BLOCK_LEAST = 5_000_000n;
export const OUTPUTS = 128;
export const MEMO_BYTES = 256;
export const TOPIC_BYTES = 64;
export const RECORD_BYTES = 8_192;
/** Of an agreement's title, and of a document's name. */
export const TITLE_BYTES = 256;
export const PARTIES = 32;
export const REASON_BYTES = 256;
export const ID_BYTES = 63;
export const MEMBER_NAME_BYTES = 64;
export const NETWORK_NAME_BYTES = 64;
export const SYMBOL_BYTES = 12;
export const DECIMALS = 9;
/** Members of a network. */
export const VOTERS = 128;
export const UPGRADES = 32;
export const ALLOCATIONS = 10_000;
export const OVERRIDES = 64;
export const HEADER_BYTES = 264;
/** Longest receipt file. */
export const RECEIPT_BYTES = 64 * 1024 * 1024;
/** Steps of a path in a receipt. */
export const STEPS = 64;
/** Changes of the members that a receipt may lead through. */
export const HANDOVERS = 1_024;
/** Most that a wallet file may ask of this machine for one guess of its passphrase. */
export const KEYSTORE = { memoryKib: 1024 * 1024, passes: 16, lanes: 16 };
/** Largest u32. */
export const U32 = 2 ** 32 - 1;
/** Largest u64. */
export const U64 = 2n ** 64n - 1n;
export const U128 = 2n ** 128n - 1n;
