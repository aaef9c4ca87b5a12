// Who the members are, and the set of voters that they make.

import { addressBytes, addressOfKey, isSignedFor } from "./address.js";
import { type Member, encodeMember, readMember } from "./action.js";
import { concat, fromHex, toHex, utf8, ZERO_HASH } from "./bytes.js";
import { counted, DecodeError, listed, type Reader, u32, u64, u8 } from "./codec.js";
import { BouyaError } from "./errors.js";
import { tagged } from "./hash.js";
import { UPGRADES, VOTERS } from "./limits.js";

/** A version of blocks, and the first height that has it. */
export interface Upgrade {
  readonly version: number;
  readonly height: bigint;
}

/** The block that put a roster into force: known by its parent, or by the override that decided so. */
interface Base {
  readonly byOverride: boolean;
  readonly hash: Uint8Array;
  readonly height: bigint;
}

/** Members by ascending key, which is the order of their votes. */
export interface Roster {
  readonly base: Base;
  readonly members: readonly Member[];
  readonly upgrades: readonly Upgrade[];
}

/** A roster with the block that put it into force: the members that vote on what stands above. */
export interface InForce {
  readonly roster: Roster;
  /** The base's id. */
  readonly block: string;
  /** Names the set in votes. */
  readonly set: string;
  readonly quorum: number;
  /** So many of them must have signed two histories if two conflicting blocks are final. */
  readonly guilty: number;
}

export const GENESIS: Base = { byOverride: false, hash: ZERO_HASH, height: 0n };

const byKey = (a: Member, b: Member): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** The members as a roster lists them; throws if they are none. */
export const checkMembers = (members: readonly Member[]): Member[] => {
  if (members.length === 0) throw new BouyaError("it lists no members");
  if (members.length > VOTERS) throw new BouyaError(`it lists ${members.length} members, at most ${VOTERS} are allowed`);
  const [ids, addresses] = [new Set<string>(), new Set<string>()];
  for (const { id, key, governor } of members) {
    if (!isSignedFor(governor)) throw new BouyaError(`the governor of "${id}" is not the address of an ed25519 key`);
    // A member key has an address too, which speaks where a governor is lost. So it governs nothing itself.
    for (const bytes of [addressBytes(addressOfKey(key)), addressBytes(governor)]) addresses.add(toHex(bytes));
    ids.add(id);
    if (addresses.size !== 2 * ids.size) throw new BouyaError(`the id, the key or the governor of "${id}" is listed twice; each member has its own, and no member key governs`);
  }
  if (ids.size !== members.length) throw new BouyaError("an id is listed twice");
  return [...members].sort(byKey);
};

/** A checked roster. */
export const makeRoster = (base: Base, members: readonly Member[], upgrades: readonly Upgrade[] = []): Roster => ({ base, members: checkMembers(members), upgrades });

export const encodeRoster = ({ base, members, upgrades }: Roster): Uint8Array =>
  concat(
    u8(base.byOverride ? 1 : 0),
    base.hash,
    u64(base.height),
    listed(members.map(encodeMember)),
    listed(upgrades.map(({ version, height }) => concat(u32(version), u64(height)))),
  );

/** Reads a roster of a block; one that an override made proves nothing. */
export const readRoster = (reader: Reader): Roster => {
  const byOverride = reader.flag();
  const base = { byOverride, hash: reader.take(32), height: reader.u64() };
  const members = reader.list(VOTERS, () => readMember(reader));
  const upgrades = reader.list(UPGRADES, () => ({ version: reader.u32(), height: reader.u64() }));
  const roster = makeRoster(base, members, upgrades);
  if (byOverride) throw new DecodeError("a roster that no block put into force");
  if (roster.members.some(({ key }, at) => key !== members[at]?.key)) throw new DecodeError("members that are not by ascending key");
  return roster;
};

export const rosterCommitment = (roster: Roster): Uint8Array => tagged("bouya roster", encodeRoster(roster));

/** The members in force after the block with this id. */
export const inForce = (roster: Roster, block: string): InForce => {
  const count = roster.members.length;
  const quorum = count - Math.floor((count - 1) / 3);
  const named = roster.base.byOverride ? roster.base.hash : fromHex(block, 32);
  const voters = roster.members.map(({ id, key }) => concat(counted(utf8(id)), fromHex(key, 32)));
  return { roster, block, set: toHex(tagged("bouya set", named, listed(voters))), quorum, guilty: 2 * quorum - count };
};
