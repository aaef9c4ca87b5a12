// What a verifier finds: the receipt, why it can be relied on or not, and whether the document is the one it is about.

import { DefinitionError, type FinalProof, type Ground, type Network, prove, type Proven, readNetwork, readReceipt, type Receipt, ReceiptError, type ReceiptFault } from "../src/index.js";

/** What somebody has brought. */
export interface Brought {
  readonly receipt: Uint8Array | string;
  /** Texts of network.toml and override.toml. */
  readonly network?: string | null;
  readonly override?: string | null;
  /** The hash of a block that is trusted for other reasons; without a definition. */
  readonly trust?: string | null;
  /** The document's SHA-256. */
  readonly document?: string | null;
}

/** Why nothing is proven: what is wrong with the receipt, with the definition, or that there is nothing to judge it by. */
export type Fault = ReceiptFault | "definition" | "no-ground";

/**
 * `proven`: it is on the ledger, and the document, if there is one, is the same. `signed`: only who signed is certain. `wrong`: nothing is, or the
 * document is another one.
 */
export type Level = "proven" | "signed" | "wrong";

export interface Verdict {
  readonly level: Level;
  readonly fault: Fault | null;
  /** For experts, in English. */
  readonly detail: string | null;
  /** What can be read of it; what needs no trust was checked. */
  readonly receipt: Receipt | FinalProof | null;
  readonly proven: Proven | null;
  readonly network: Network | null;
  /** The document that was brought; null if none was. */
  readonly document: "same" | "other" | "none" | null;
}

/** Faults that leave the signature certain. */
const SIGNED: readonly Fault[] = ["no-ground", "not-final", "other-block"];

const groundOf = ({ network, override, trust }: Brought): Ground | null => {
  if (network) return { network: readNetwork(network, override ?? null) };
  return trust ? { trust } : null;
};

const compared = (receipt: Receipt | FinalProof, document: string | null | undefined): Verdict["document"] => {
  if (!document) return null;
  const about = receipt.kind === "receipt" ? receipt.document : null;
  return about === null ? "none" : about === document ? "same" : "other";
};

type Ready = Pick<Verdict, "receipt" | "network" | "proven">;

const verdict = ({ receipt, network, proven }: Ready, brought: string | null | undefined, fault: Fault | null, detail: string | null = null): Verdict => {
  const document = receipt && compared(receipt, brought);
  const isAnother = document === "other";
  const level = isAnother ? "wrong" : fault === null ? "proven" : SIGNED.includes(fault) && receipt ? "signed" : "wrong";
  return { level, fault: fault ?? (isAnother ? "other-document" : null), detail, receipt, proven, network, document };
};

/** Judges what was brought. Nothing in it makes this throw. */
export const judge = (brought: Brought): Verdict => {
  const found: { -readonly [field in keyof Ready]: Ready[field] } = { receipt: null, network: null, proven: null };
  try {
    found.receipt = readReceipt(brought.receipt);
    const ground = groundOf(brought);
    if (ground === null) return verdict(found, brought.document, "no-ground");
    found.network = "network" in ground ? ground.network : null;
    found.proven = prove(found.receipt, ground);
    return verdict(found, brought.document, null);
  } catch (error) {
    if (error instanceof ReceiptError) return verdict(found, brought.document, error.fault, error.message);
    if (error instanceof DefinitionError) return verdict(found, brought.document, "definition", error.message);
    throw error;
  }
};

/** What can be read of a receipt; null if it is none, or forged. */
export const readable = (receipt: string): Receipt | FinalProof | null => judge({ receipt }).receipt;

/** What a node says: its network, and the block that it has at the height where a receipt ends; null if it has none. */
export interface NodeSays {
  readonly network: string;
  readonly block: { readonly hash: string; readonly final: boolean } | null;
}

/** Judges by a node's own ledger, for a reader who relies on that node. */
export const judgeByNode = ({ receipt: text, document }: Pick<Brought, "receipt" | "document">, { network, block }: NodeSays): Verdict => {
  const read = judge({ receipt: text, document: document ?? null });
  const { receipt } = read;
  if (receipt === null) return read;
  const fault = (): Fault | null => {
    if (receipt.network !== network) return "network";
    if (block === null) return "no-ground";
    return block.hash !== receipt.anchor.id ? "other-block" : block.final ? null : "not-final";
  };
  const found = fault();
  // The members at that time are not known here: what is shown of them is the node's word.
  return verdict({ receipt, network: null, proven: found === null ? { final: null, member: null, members: [] } : null }, document, found);
};
