// What voters sign, and what their signatures prove to whoever knows the network's definition (docs/PROTOCOL.md, Finality).

import { concat, fromHex, toHex, utf8 } from "./bytes.js";
import type { Reader } from "./codec.js";
import { BouyaError, ReceiptError } from "./errors.js";
import { commitmentsOf, type Header, readHeader } from "./header.js";
import { isSigned } from "./keys.js";
import { VOTERS } from "./limits.js";
import type { Network } from "./network.js";
import { type InForce, inForce, readRoster, type Roster, rosterCommitment } from "./roster.js";

/** A block in an epoch. */
interface Checkpoint {
  readonly epoch: bigint;
  readonly height: bigint;
  readonly block: string;
}

/** A quorum's votes for one link between checkpoints. */
export interface Certificate {
  /** What is signed. */
  readonly link: Uint8Array;
  readonly set: string;
  readonly source: Checkpoint;
  readonly target: Checkpoint;
  /** One bit for each voter. */
  readonly signers: Uint8Array;
  readonly signatures: readonly Uint8Array[];
}

/** A block that puts other members into force, final by those before. */
export interface Handover {
  readonly header: Header;
  readonly executed: Uint8Array;
  readonly roster: Roster;
  readonly certificate: Certificate;
}

/** What makes a block final: how the members came to be who they are, and their votes. */
export interface Finality {
  readonly handovers: readonly Handover[];
  readonly certificate: Certificate;
}

const LINK_BYTES = 128;

const readCheckpoint = (reader: Reader): Checkpoint => ({ epoch: reader.u64(), height: reader.u64(), block: reader.hash() });

export const readCertificate = (reader: Reader): Certificate => {
  const start = reader.at;
  const [set, source, target] = [reader.hash(), readCheckpoint(reader), readCheckpoint(reader)];
  const link = reader.data.slice(start, start + LINK_BYTES);
  const signers = reader.bytes(VOTERS / 8);
  return { link, set, source, target, signers, signatures: reader.list(VOTERS, () => reader.take(64)) };
};

export const readHandover = (reader: Reader): Handover => ({
  header: readHeader(reader),
  executed: reader.take(32),
  roster: readRoster(reader),
  certificate: readCertificate(reader),
});

/** Checks that a certificate is a commit for this block: it makes it final if those who may have signed it. */
export const checkCommit = ({ source, target }: Certificate, block: Header): void => {
  const isCommit = source.epoch % 2n === 0n && target.epoch === source.epoch + 1n && target.height === source.height && target.block === source.block;
  if (!isCommit) throw new ReceiptError("forged", "its certificate is no commit: it makes no block final");
  if (source.height !== block.height || source.block !== block.id)
    throw new ReceiptError("forged", `its certificate is for block ${source.height} (${source.block}), but it leads to block ${block.height} (${block.id})`);
};

/** The ids of those who signed, if they are a quorum of these voters. */
const checkVotes = (certificate: Certificate, network: string, { roster, block, set, quorum }: InForce): string[] => {
  const { link, source, signers, signatures } = certificate;
  const voters = roster.members;
  if (certificate.set !== set) throw new BouyaError(`its certificate is of the set ${certificate.set}, not of ${set}`);
  const isRoot = source.height === roster.base.height && source.block === block;
  if (source.height < roster.base.height || (source.epoch === 0n && !isRoot)) throw new BouyaError("its certificate's link leads nowhere that voters vote for");
  const named = Array.from({ length: 8 * signers.length }, (_, at) => at).filter((at) => ((signers[at >> 3] ?? 0) >> (at & 7)) & 1);
  if (signers.length !== Math.ceil(voters.length / 8) || named.length !== signatures.length || named.some((at) => at >= voters.length))
    throw new BouyaError("its certificate's list of signers does not fit the voters");
  if (signatures.length < quorum) throw new BouyaError(`its certificate has ${signatures.length} of ${quorum} signatures that are needed`);
  const message = concat(utf8("bouya vote\0"), fromHex(network, 32), link);
  return named.map((at, number) => {
    const [voter, signature] = [voters[at], signatures[number]];
    if (!voter || !signature || !isSigned(fromHex(voter.key), message, signature)) throw new BouyaError("a signature in its certificate is not its voter's");
    return voter.id;
  });
};

/** Who signed a handover, and the members from then on. */
const checkHandover = ({ header, executed, roster, certificate }: Handover, network: string, before: InForce): [string[], InForce] => {
  const isBase = toHex(roster.base.hash) === header.parent && roster.base.height === header.height && header.id !== before.block;
  if (!isBase || header.commitments !== commitmentsOf(rosterCommitment(roster), executed)) throw new BouyaError("its header does not put its roster into force");
  return [checkVotes(certificate, network, before), inForce(roster, header.id)];
};

/** A set of members, and what it has signed. */
export interface Signed {
  /** Those who signed, by id. Nobody where an override came after them. */
  readonly signers: readonly string[];
  /** All who could have. */
  readonly members: readonly string[];
  /** It is true unless at least so many of them signed two histories. */
  readonly guilty: number;
}

/** How other members came: by a block that the ones before made final, or by an override. */
export interface Changed extends Signed {
  readonly height: bigint;
  readonly hash: string;
  /** The override's hash, if people decided so. */
  readonly override: string | null;
}

/** By whom a block is final. */
export interface Final extends Signed {
  /** The network's name. */
  readonly network: string;
  /** How the members changed since the definition, oldest first. */
  readonly changes: readonly Changed[];
}

const signedBy = ({ roster, guilty }: InForce, signers: readonly string[]): Signed => ({
  signers: [...signers].sort(),
  members: roster.members.map(({ id }) => id).sort(),
  guilty,
});

/**
 * By whom a block is final on this network, and all sets of members that its proof leads through. The certificate was checked to be a commit for
 * that block. Throws a ReceiptError.
 */
export const checkFinal = (finality: Finality, networkId: string, network: Network): [Final, InForce[]] => {
  if (networkId !== network.id) throw new ReceiptError("network", `it is of the network ${networkId}, not of ${network.id}`);
  const { certificate } = finality;
  const overrides = [...network.overrides];
  const [sets, changes] = [[network.first], [] as Changed[]];
  let last = network.first;
  const next = (set: InForce, change: Changed) => {
    changes.push(change);
    sets.push(set);
    last = set;
  };
  /** Takes the overrides in from the front, as long as they come before what is checked next. */
  const overridden = (isBefore: (height: bigint, block: string) => boolean) => {
    for (let one = overrides[0]; one && isBefore(one.height, one.block); one = overrides[0]) {
      overrides.shift();
      next(one.after(last), { ...signedBy(last, []), height: one.height, hash: one.block, override: one.hash });
    }
  };
  const judged = <T>(check: () => T, where: string): T => {
    try {
      return check();
    } catch (error) {
      if (error instanceof BouyaError) throw new ReceiptError("members", where + error.message);
      throw error;
    }
  };
  finality.handovers.forEach((handover, at) => {
    const { header } = handover;
    overridden((height) => height < header.height);
    checkCommit(handover.certificate, header);
    const where = `change ${at + 1} of ${finality.handovers.length} of the members, at block ${header.height}: `;
    const [signers, set] = judged(() => checkHandover(handover, networkId, last), where);
    next(set, { ...signedBy(last, signers), height: header.height, hash: header.id, override: null });
  });
  const { source } = certificate;
  // Those before may have made the checkpoint itself final, and no other block at its height.
  overridden((height, block) => height < source.height || (height === source.height && !(certificate.set === last.set && block === source.block)));
  const signers = judged(() => checkVotes(certificate, networkId, last), "");
  return [{ ...signedBy(last, signers), network: network.name, changes }, sets];
};

