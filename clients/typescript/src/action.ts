// What a transaction does. Names and fields are those of docs/PROTOCOL.md and of the API.

import { addressBytes, addressOfKey, addressText, isSignedFor } from "./address.js";
import { concat, fromHex, toHex, utf8 } from "./bytes.js";
import { counted, listed, type Reader, text, u64, u8 } from "./codec.js";
import { InputError } from "./errors.js";
import { sha256, tagged } from "./hash.js";
import { MEMBER_NAME_BYTES, MEMO_BYTES, OUTPUTS, PARTIES, REASON_BYTES, RECORD_BYTES, TITLE_BYTES, TOPIC_BYTES, U64 } from "./limits.js";

/** Who gets how much, in the smallest unit. */
export interface Output {
  readonly to: string;
  readonly amount: bigint;
}

/** Data that every member can read, or a document's SHA-256 and name. */
export type Content = { readonly data: Uint8Array } | { readonly hash: string; readonly name: string };

/** A member: its node's id, its member key, the address that speaks for it, and what people call it. */
export interface Member {
  readonly id: string;
  readonly key: string;
  readonly governor: string;
  readonly name: string;
}

/** What a motion changes if it passes. */
export type Change =
  | { readonly type: "add"; readonly member: Member; readonly proof: string }
  | { readonly type: "remove"; readonly id: string }
  | { readonly type: "governor"; readonly id: string; readonly governor: string }
  | { readonly type: "upgrade"; readonly version: number; readonly height: bigint };

/** What this library signs. Times are milliseconds since 1970. */
export type Action =
  | { readonly type: "transfer"; readonly outputs: readonly Output[]; readonly memo: string }
  | { readonly type: "record"; readonly topic: string; readonly content: Content }
  | { readonly type: "propose"; readonly title: string; readonly document: string; readonly parties: readonly string[]; readonly deadline: bigint }
  | { readonly type: "respond"; readonly agreement: string; readonly document: string; readonly response: "sign" | "refuse" }
  | { readonly type: "withdraw"; readonly agreement: string };

/** What members say about members. Receipts show it; it is signed on the command line. */
export type Governance =
  | { readonly type: "motion"; readonly change: Change; readonly reason: string; readonly until: bigint }
  | { readonly type: "ballot"; readonly motion: string; readonly yes: boolean }
  | { readonly type: "keys"; readonly id: string; readonly key: string | null; readonly proof: string | null; readonly governor: string | null };

/** Everything that a transaction can do. */
export type AnyAction = Action | Governance;

const RESPONSES = ["sign", "refuse"] as const;

export const encodeMember = ({ id, key, governor, name }: Member): Uint8Array =>
  concat(counted(utf8(id)), fromHex(key, 32), addressBytes(governor), text(name, MEMBER_NAME_BYTES, "a member's name"));

export const readMember = (reader: Reader): Member => ({
  id: reader.nodeId(),
  key: reader.hex(32),
  governor: addressText(reader.take(33)),
  name: reader.text(MEMBER_NAME_BYTES),
});

const encodeContent = (content: Content): Uint8Array => {
  if (!("data" in content)) return concat(u8(1), fromHex(content.hash, 32), text(content.name, TITLE_BYTES, "the document's name"));
  if (content.data.length > RECORD_BYTES) throw new InputError(`a record has at most ${RECORD_BYTES} bytes of data, not ${content.data.length}; record the file's hash instead`);
  return concat(u8(0), counted(content.data));
};

const readContent = (reader: Reader): Content =>
  reader.choice(2, "content") === 0 ? { data: reader.bytes(RECORD_BYTES) } : { hash: reader.hash(), name: reader.text(TITLE_BYTES) };

/** The bytes of an action behind its number. */
const encodeFields = (action: Action): Uint8Array => {
  switch (action.type) {
    case "transfer": {
      const outputs = action.outputs.map(({ to, amount }) => concat(addressBytes(to), u64(amount)));
      return concat(listed(outputs), text(action.memo, MEMO_BYTES, "the memo"));
    }
    case "record":
      return concat(text(action.topic, TOPIC_BYTES, "the topic"), encodeContent(action.content));
    case "propose":
      return concat(text(action.title, TITLE_BYTES, "the title"), fromHex(action.document, 32), listed(action.parties.map(addressBytes)), u64(action.deadline));
    case "respond":
      return concat(fromHex(action.agreement, 32), fromHex(action.document, 32), u8(RESPONSES.indexOf(action.response)));
    case "withdraw":
      return fromHex(action.agreement, 32);
  }
};

const NUMBERS = { transfer: 0, record: 1, propose: 2, respond: 3, withdraw: 4 } as const;

export const encodeAction = (action: Action): Uint8Array => concat(u8(NUMBERS[action.type]), encodeFields(action));

const readChange = (reader: Reader): Change => {
  switch (reader.choice(4, "change")) {
    case 0:
      return { type: "add", member: readMember(reader), proof: reader.hex(64) };
    case 1:
      return { type: "remove", id: reader.nodeId() };
    case 2:
      return { type: "governor", id: reader.nodeId(), governor: addressText(reader.take(33)) };
    default:
      return { type: "upgrade", version: reader.u32(), height: reader.u64() };
  }
};

const readKeys = (reader: Reader): Governance => {
  const id = reader.nodeId();
  const proven = reader.option(() => ({ key: reader.hex(32), proof: reader.hex(64) }));
  const governor = reader.option(() => addressText(reader.take(33)));
  return { type: "keys", id, key: proven?.key ?? null, proof: proven?.proof ?? null, governor };
};

export const readAction = (reader: Reader): AnyAction => {
  switch (reader.choice(8, "action")) {
    case 0:
      return { type: "transfer", outputs: reader.list(OUTPUTS, () => ({ to: addressText(reader.take(33)), amount: reader.u64() })), memo: reader.text(MEMO_BYTES) };
    case 1:
      return { type: "record", topic: reader.text(TOPIC_BYTES), content: readContent(reader) };
    case 2:
      return { type: "propose", title: reader.text(TITLE_BYTES), document: reader.hash(), parties: reader.list(PARTIES, () => addressText(reader.take(33))), deadline: reader.u64() };
    case 3:
      return { type: "respond", agreement: reader.hash(), document: reader.hash(), response: RESPONSES[reader.choice(2, "response")] ?? "refuse" };
    case 4:
      return { type: "withdraw", agreement: reader.hash() };
    case 5:
      return { type: "motion", change: readChange(reader), reason: reader.text(REASON_BYTES), until: reader.u64() };
    case 6:
      return { type: "ballot", motion: reader.hash(), yes: reader.flag() };
    default:
      return readKeys(reader);
  }
};

/** What a signature in an action is over: who signs, what, and the signature. */
export interface Claim {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

const checkGovernor = (id: string, governor: string, key: string | null): void => {
  const fits = isSignedFor(governor) && (key === null || addressOfKey(key) !== governor);
  if (!fits) throw new InputError(`the governor of ${id} must be the address of an ed25519 key, and not that of its member key`);
};

/**
 * What makes an action valid everywhere, but for the signatures of new keys: those are returned. `sender` is an address. Throws an InputError.
 */
export const checkAction = (action: AnyAction, sender: string, nonce: bigint, network: Uint8Array): Claim[] => {
  switch (action.type) {
    case "transfer":
      if (action.outputs.length === 0) throw new InputError("the transfer pays nobody: give at least one output");
      if (action.outputs.length > OUTPUTS) throw new InputError(`a transfer has at most ${OUTPUTS} outputs`);
      if (action.outputs.some(({ amount }) => amount === 0n)) throw new InputError("an output of the transfer pays 0: give an amount above 0");
      return [];
    case "record":
      if (action.topic === "") throw new InputError("the record has no topic: give one");
      return [];
    case "propose":
      checkProposal(action.title, action.parties, sender);
      return [];
    case "motion":
      return checkChange(action.change);
    case "keys": {
      if (action.key === null && action.governor === null) throw new InputError("it names neither a new member key nor a new governor");
      const governor = action.governor ?? sender;
      checkGovernor(action.id, governor, action.key);
      if (action.key === null || action.proof === null) return [];
      const key = fromHex(action.key, 32);
      const message = concat(utf8("bouya own keys\0"), network, counted(utf8(action.id)), key, addressBytes(governor), u64(nonce));
      return [{ key, message, signature: fromHex(action.proof, 64) }];
    }
    default:
      return [];
  }
};

const checkProposal = (title: string, parties: readonly string[], sender: string): void => {
  if (title === "") throw new InputError("the proposal has no title: give one");
  if (parties.length === 0) throw new InputError("the proposal names no party: give at least one besides the proposer");
  if (parties.length > PARTIES) throw new InputError(`a proposal names at most ${PARTIES} parties`);
  const named = new Set([sender, ...parties].map((party) => toHex(addressBytes(party))));
  if (named.size !== parties.length + 1) throw new InputError("name every party once, and not the proposer, who signs by proposing");
};

const checkChange = (change: Change): Claim[] => {
  if (change.type === "governor") checkGovernor(change.id, change.governor, null);
  if (change.type !== "add") return [];
  const { id, key, governor } = change.member;
  checkGovernor(id, governor, key);
  const message = concat(utf8("bouya new member\0"), counted(utf8(id)), fromHex(key, 32), addressBytes(governor));
  return [{ key: fromHex(key, 32), message, signature: fromHex(change.proof, 64) }];
};

/** What a transfer pays out. */
export const paid = (action: AnyAction): bigint => (action.type === "transfer" ? action.outputs.reduce((sum, { amount }) => sum + amount, 0n) : 0n);

/** Fee and outputs together fit a u64. */
export const checkCost = (action: AnyAction, fee: bigint): void => {
  if (fee + paid(action) > U64) throw new InputError("fee and outputs together are more than the ledger can count");
};

/** The SHA-256 that an action is about: of a record's data, or of a document. Null if it is about none. */
export const documentOf = (action: AnyAction): string | null => {
  switch (action.type) {
    case "record":
      return "data" in action.content ? toHex(sha256(action.content.data)) : action.content.hash;
    case "propose":
    case "respond":
      return action.document;
    default:
      return null;
  }
};

/** The id of the agreement or motion that an action begins. It is not the transaction's id: a copy with a higher fee begins the same. */
export const beginning = (tag: "agreement" | "motion", senderKey: string, nonce: bigint, fields: Uint8Array): string =>
  toHex(tagged(`bouya ${tag}`, fromHex(senderKey, 32), u64(nonce), fields));

