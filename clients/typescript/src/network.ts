// A network's definition (network.toml): its id, its first members, and the overrides that its people decided.

import { encodeMember, type Member } from "./action.js";
import { addressBytes } from "./address.js";
import { type Coin, parseAmount } from "./amount.js";
import { concat, fromHex, toHex, ZERO_HASH } from "./bytes.js";
import { counted, listed, text, u16, u32, u64, u8 } from "./codec.js";
import { readListed, Section } from "./definition.js";
import { DefinitionError } from "./errors.js";
import { double, sha256, tagged } from "./hash.js";
import { commitmentsOf } from "./header.js";
import { ALLOCATIONS, DECIMALS, GAS_PER_BLOCK_LEAST, HEADER_BYTES, NETWORK_NAME_BYTES, OVERRIDES, SYMBOL_BYTES, TITLE_BYTES, U64 } from "./limits.js";
import { checkMembers, encodeRoster, GENESIS, type InForce, inForce, makeRoster, rosterCommitment, type Upgrade } from "./roster.js";

const ENCODING = 1;
/** Of the first blocks, where the definition says nothing about it. */
const OLDEST_VERSION = 2n;
const NEWEST_VERSION = 3n;
const I64 = 2n ** 63n - 1n;

/** Members that people put in where the members' own votes no longer suffice. */
export interface Override {
  /** The block after which they are the members. */
  readonly height: bigint;
  readonly block: string;
  /** Covers it and all before it: people compare it. */
  readonly hash: string;
  readonly members: readonly Member[];
  /** The members after it; decided versions stay. */
  after(before: InForce): InForce;
}

/** What a verifier knows of a network. */
export interface Network {
  /** The genesis block's id: signatures and seals name it. */
  readonly id: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: bigint;
  readonly coin: Coin;
  /** Not part of the id, so it may change: what nodes ask for per byte, in the smallest unit. */
  readonly minFeePerByte: bigint;
  /** The definition's members. */
  readonly members: readonly Member[];
  readonly overrides: readonly Override[];
  /** The definition's members as voters. */
  readonly first: InForce;
  /** The genesis block's header. */
  readonly genesis: Uint8Array;
}

/** Milliseconds since 1970 of an RFC 3339 time. */
const parseTime = (given: string): bigint => {
  const parts = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/.exec(given);
  const wrong = new DefinitionError(`created: ${JSON.stringify(given.slice(0, 60))} is not a time like 2026-11-20T00:00:00Z`);
  if (!parts) throw wrong;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [number, number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const [sign, hours, minutes] = [parts[8] === "-" ? -1 : 1, Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  const exact = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60 && hours < 24 && minutes < 60;
  const time = date.getTime() - sign * (hours * 60 + minutes) * 60_000 + Number((parts[7] ?? "").padEnd(3, "0").slice(0, 3));
  if (!exact || time < 0) throw wrong;
  return BigInt(time);
};

interface Allocation {
  readonly address: Uint8Array;
  readonly amount: bigint;
}

const readAllocations = (root: Section, coin: Coin): Allocation[] => {
  const found = root.sections("allocations", (one) => ({
    address: addressBytes(one.address("address")),
    amount: one.made("amount", () => parseAmount(one.text("amount"), coin)),
  }));
  if (found.length > ALLOCATIONS) throw new DefinitionError(`allocations: at most ${ALLOCATIONS} are allowed`);
  if (found.some(({ amount }) => amount === 0n)) throw new DefinitionError("allocations: an address gets 0; leave it out or give it an amount");
  if (new Set(found.map(({ address }) => toHex(address))).size !== found.length) throw new DefinitionError("allocations: an address is listed twice; add the amounts up");
  if (found.reduce((sum, { amount }) => sum + amount, 0n) > U64) throw new DefinitionError("allocations: together more than the ledger can count");
  return found.sort((a, b) => (toHex(a.address) < toHex(b.address) ? -1 : 1));
};

const readCoin = (section: Section): Coin => {
  const coin = { symbol: section.short("symbol", SYMBOL_BYTES), decimals: Number(section.number("decimals", 0n, BigInt(DECIMALS), 6n)) };
  if (coin.symbol === "") throw section.wrong("symbol", "may not be empty");
  return coin;
};

interface Blocks {
  readonly bytes: Uint8Array;
  readonly difficulty: bigint;
  readonly version: number;
  /** What the contracts of a block may compute; null if the interval decides. */
  readonly gas: bigint | null;
}

const readBlocks = (section: Section, coin: Coin): Blocks => {
  const interval = section.number("interval_ms", 100n, 600_000n, 5_000n);
  const halfLife = section.number("half_life", 1n, 65_535n, 32n);
  const difficulty = section.number("initial_difficulty", 1n, I64, 20_000_000n);
  const reward = section.made("reward", () => parseAmount(section.text("reward", "50"), coin));
  const maxBytes = section.number("max_bytes", 10_000n, 1_900_000n, 1_900_000n);
  const version = Number(section.number("version", OLDEST_VERSION, NEWEST_VERSION, OLDEST_VERSION));
  const gas = section.maybe("gas_per_block", () => section.number("gas_per_block", GAS_PER_BLOCK_LEAST, I64));
  return { bytes: concat(u32(Number(interval)), u16(Number(halfLife)), u64(difficulty), u64(reward), u32(Number(maxBytes))), difficulty, version, gas };
};

/** The first members decided on the version of the first blocks, unless it is the oldest. */
const upgradesOf = ({ version }: Blocks): Upgrade[] => (BigInt(version) === OLDEST_VERSION ? [] : [{ version, height: 0n }]);

/** A row of the state, as blocks commit to it. */
const row = (key: Uint8Array, value: Uint8Array): Uint8Array => concat(key, u8(1), counted(concat(u8(1), value)));

/** Commits to the rows that the genesis block writes: the supply, the accounts with coins, and the roster. */
const executed = (allocations: readonly Allocation[], roster: Uint8Array): Uint8Array => {
  const supply = allocations.reduce((sum, { amount }) => sum + amount, 0n);
  const accounts = allocations.map(({ address, amount }) => row(concat(u8(1), address), concat(u64(amount), u64(0n))));
  const rows = [...(supply > 0n ? [row(u8(0), u64(supply))] : []), ...accounts, row(u8(5), roster)];
  return tagged("bouya executed", sha256(listed(rows)), ZERO_HASH, ZERO_HASH);
};

const encodeDefinition = (about: Uint8Array, coin: Coin, blocks: Blocks, members: readonly Member[], allocations: readonly Allocation[]): Uint8Array => {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const given = listed(allocations.map(({ address, amount }) => concat(address, u64(amount))));
  // A section that says nothing is absent.
  const sections: (Uint8Array | null)[] = [
    about,
    concat(text(coin.symbol, SYMBOL_BYTES, "symbol"), u8(coin.decimals)),
    blocks.bytes,
    listed(sorted.map(encodeMember)),
    allocations.length > 0 ? given : null,
    BigInt(blocks.version) === OLDEST_VERSION ? null : u32(blocks.version),
    blocks.gas === null ? null : u64(blocks.gas),
  ];
  const said = sections.flatMap((data, number) => (data === null ? [] : [concat(u8(number), counted(data))]));
  return concat(u16(ENCODING), listed(said));
};

const genesisHeader = (created: bigint, { version, difficulty }: Blocks, definition: Uint8Array, commitments: string): Uint8Array => {
  const header = new Uint8Array(HEADER_BYTES);
  const body = tagged("bouya network", sha256(definition));
  header.set(concat(u32(version), u32(0), u64(0n), u64(created), u64(difficulty), ZERO_HASH, body, sha256(new Uint8Array()), fromHex(commitments)));
  return header;
};

/**
 * Reads the text of `network.toml`, and of `override.toml` if the network has overrides. Have them from your own node or from a member, never from
 * whoever sent a receipt. Throws a DefinitionError.
 */
export const readNetwork = (toml: string, overrides: string | null = null): Network => {
  const network = Section.read(toml, (root) => {
    const name = root.short("name", NETWORK_NAME_BYTES);
    if (name === "") throw root.wrong("name", "may not be empty");
    const created = parseTime(root.text("created"));
    const salt = root.hex("salt", 16, "00".repeat(16));
    const coin = root.section("coin", readCoin);
    const blocks = root.section("blocks", (section) => readBlocks(section, coin));
    const minFeePerByte = root.section("fees", (section) => section.number("min_per_byte", 0n, 1_000_000n, 1n));
    const members = root.sections("members", readListed);
    const roster = root.made("members", () => makeRoster(GENESIS, members, upgradesOf(blocks)));
    const allocations = readAllocations(root, coin);
    const about = concat(text(name, NETWORK_NAME_BYTES, "name"), u64(created), fromHex(salt));
    const definition = encodeDefinition(about, coin, blocks, members, allocations);
    const commitments = commitmentsOf(rosterCommitment(roster), executed(allocations, encodeRoster(roster)));
    const genesis = genesisHeader(created, blocks, definition, commitments);
    const id = toHex(double(genesis));
    return { id, name, created, coin, minFeePerByte, members, overrides: [], first: inForce(roster, id), genesis };
  });
  return overrides === null ? network : { ...network, overrides: readOverrides(overrides, network.id) };
};

const readOverrides = (toml: string, network: string): Override[] =>
  Section.read(toml, (root) => {
    const named = root.hex("network", 32);
    if (named !== network) throw root.wrong("network", `it is of the network ${named}, not of ${network}`);
    const found: Override[] = [];
    let [before, below]: [Uint8Array, bigint] = [ZERO_HASH, 0n];
    const decrees = root.sections("overrides", (one) => ({
      height: one.number("height", 1n, I64),
      block: one.hex("block", 32),
      reason: one.short("reason", TITLE_BYTES, ""),
      members: one.sections("members", readListed),
    }));
    if (decrees.length === 0 || decrees.length > OVERRIDES) throw root.wrong("overrides", `the file lists 1 to ${OVERRIDES}`);
    for (const { height, block, reason, members } of decrees) {
      if (height <= below) throw root.wrong("overrides", `the one at height ${height} follows one at height ${below}`);
      const sorted = root.made("overrides", () => checkMembers(members));
      const decree = concat(u64(height), fromHex(block), listed(sorted.map(encodeMember)), text(reason, TITLE_BYTES, "reason"));
      const hash = tagged("bouya override", fromHex(network), before, decree);
      const base = { byOverride: true, hash, height };
      const after = ({ roster }: InForce) => inForce(makeRoster(base, sorted, roster.upgrades), block);
      found.push({ height, block, hash: toHex(hash), members: sorted, after });
      [before, below] = [hash, height];
    }
    return found;
  });

