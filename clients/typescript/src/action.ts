// What a transaction does. Names and fields are those of docs/PROTOCOL.md and of the API.

import { addressBytes, addressOfContract, addressOfKey, addressText, isContract, isSignedFor } from "./address.js";
import { concat, fromHex, toHex, utf8 } from "./bytes.js";
import { counted, listed, nodeId, option, type Reader, text, u32, u64, u8 } from "./codec.js";
import { InputError } from "./errors.js";
import { sha256, tagged } from "./hash.js";
import { CONTRACT_CODE_BYTES, CONTRACT_INIT_INPUT, CONTRACT_INPUT, MEMBER_NAME_BYTES, MEMO_BYTES, OUTPUTS, PARTIES, REASON_BYTES, RECORD_BYTES, TITLE_BYTES, TOPIC_BYTES, U32, U64 } from "./limits.js";

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

/** What a motion changes if it passes. A new member's `proof` is its key's signature over `memberMessage`. */
export type Change =
  | { readonly type: "add"; readonly member: Member; readonly proof: string }
  | { readonly type: "remove"; readonly id: string }
  | { readonly type: "governor"; readonly id: string; readonly governor: string }
  | { readonly type: "upgrade"; readonly version: number; readonly height: bigint };

/** What a member changes about its own keys: the member key with that key's own signature (`proof`, over `keysMessage`), the governor, or both. */
export interface Keys {
  readonly id: string;
  readonly key: string | null;
  readonly proof: string | null;
  readonly governor: string | null;
}

/** Puts a contract on the ledger: a WebAssembly module, what its `init` reads, the coins that it begins with, and the gas that `init` may take. */
export interface Deploy {
  readonly code: Uint8Array;
  readonly input: Uint8Array;
  readonly value: bigint;
  readonly gas: bigint;
}

/** Calls a contract. `code` is the SHA-256 of its code, and `size` how many bytes that has. */
export interface Call {
  readonly contract: string;
  readonly code: string;
  readonly size: number;
  readonly input: Uint8Array;
  readonly value: bigint;
  readonly gas: bigint;
}

/** All that a transaction can do. Times are milliseconds since 1970. */
export type Action =
  | { readonly type: "transfer"; readonly outputs: readonly Output[]; readonly memo: string }
  | { readonly type: "record"; readonly topic: string; readonly content: Content }
  | { readonly type: "propose"; readonly title: string; readonly document: string; readonly parties: readonly string[]; readonly deadline: bigint }
  | { readonly type: "respond"; readonly agreement: string; readonly document: string; readonly response: "sign" | "refuse" }
  | { readonly type: "withdraw"; readonly agreement: string }
  | { readonly type: "motion"; readonly change: Change; readonly reason: string; readonly until: bigint }
  | { readonly type: "ballot"; readonly motion: string; readonly yes: boolean }
  | ({ readonly type: "keys" } & Keys)
  | ({ readonly type: "deploy" } & Deploy)
  | ({ readonly type: "call" } & Call);

const RESPONSES = ["sign", "refuse"] as const;

export const encodeMember = ({ id, key, governor, name }: Member): Uint8Array =>
  concat(nodeId(id), fromHex(key, 32), addressBytes(governor), text(name, MEMBER_NAME_BYTES, "a member's name"));

export const readMember = (reader: Reader): Member => ({
  id: reader.nodeId(),
  key: reader.hex(32),
  governor: addressText(reader.take(33)),
  name: reader.text(MEMBER_NAME_BYTES),
});

/** Bytes that the caller gave. */
const bounded = (data: Uint8Array, most: number, what: string): Uint8Array => {
  if (data.length > most) throw new InputError(`${what} has at most ${most} bytes, not ${data.length}`);
  return counted(data);
};

const encodeContent = (content: Content): Uint8Array => {
  if (!("data" in content)) return concat(u8(1), fromHex(content.hash, 32), text(content.name, TITLE_BYTES, "the document's name"));
  if (content.data.length > RECORD_BYTES) throw new InputError(`a record has at most ${RECORD_BYTES} bytes of data, not ${content.data.length}; record the file's hash instead`);
  return concat(u8(0), counted(content.data));
};

const readContent = (reader: Reader): Content =>
  reader.choice(2, "content") === 0 ? { data: reader.bytes(RECORD_BYTES) } : { hash: reader.hash(), name: reader.text(TITLE_BYTES) };

const encodeChange = (change: Change): Uint8Array => {
  switch (change.type) {
    case "add":
      return concat(u8(0), encodeMember(change.member), fromHex(change.proof, 64));
    case "remove":
      return concat(u8(1), nodeId(change.id));
    case "governor":
      return concat(u8(2), nodeId(change.id), addressBytes(change.governor));
    case "upgrade":
      if (!Number.isInteger(change.version) || change.version < 0 || change.version > U32) throw new InputError(`${change.version} is no version of blocks`);
      return concat(u8(3), u32(change.version), u64(change.height));
  }
};

const encodeKeys = ({ id, key, proof, governor }: Keys): Uint8Array => {
  if ((key === null) !== (proof === null)) throw new InputError("a new member key comes with its own signature, and that with the key");
  const proven = key === null || proof === null ? null : concat(fromHex(key, 32), fromHex(proof, 64));
  return concat(nodeId(id), option(proven), option(governor === null ? null : addressBytes(governor)));
};

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
    case "motion":
      return concat(encodeChange(action.change), text(action.reason, REASON_BYTES, "the reason"), u64(action.until));
    case "ballot":
      return concat(fromHex(action.motion, 32), u8(action.yes ? 1 : 0));
    case "keys":
      return encodeKeys(action);
    case "deploy": {
      const [code, input] = [bounded(action.code, CONTRACT_CODE_BYTES, "the code"), bounded(action.input, CONTRACT_INIT_INPUT, "the input of a deployment")];
      return concat(code, input, u64(action.value), u64(action.gas));
    }
    case "call": {
      if (!Number.isInteger(action.size) || action.size < 0 || action.size > U32) throw new InputError(`${action.size} is no number of bytes`);
      const input = bounded(action.input, CONTRACT_INPUT, "the input of a call");
      return concat(addressBytes(action.contract), fromHex(action.code, 32), u32(action.size), input, u64(action.value), u64(action.gas));
    }
  }
};

const NUMBERS = { transfer: 0, record: 1, propose: 2, respond: 3, withdraw: 4, motion: 5, ballot: 6, keys: 7, deploy: 8, call: 9 } as const;

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

const readKeys = (reader: Reader): Action => {
  const id = reader.nodeId();
  const proven = reader.option(() => ({ key: reader.hex(32), proof: reader.hex(64) }));
  const governor = reader.option(() => addressText(reader.take(33)));
  return { type: "keys", id, key: proven?.key ?? null, proof: proven?.proof ?? null, governor };
};

const readCall = (reader: Reader): Action => {
  const [contract, code, size] = [addressText(reader.take(33)), reader.hash(), reader.u32()];
  return { type: "call", contract, code, size, input: reader.bytes(CONTRACT_INPUT), value: reader.u64(), gas: reader.u64() };
};

export const readAction = (reader: Reader): Action => {
  switch (reader.choice(10, "action")) {
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
    case 7:
      return readKeys(reader);
    case 8:
      return { type: "deploy", code: reader.bytes(CONTRACT_CODE_BYTES), input: reader.bytes(CONTRACT_INIT_INPUT), value: reader.u64(), gas: reader.u64() };
    default:
      return readCall(reader);
  }
};

/** What a new member's key signs: `SecretKey.sign` of the member key makes the `proof` of a motion that adds it. */
export const memberMessage = ({ id, key, governor }: Omit<Member, "name">): Uint8Array =>
  concat(utf8("bouya new member\0"), nodeId(id), fromHex(key, 32), addressBytes(governor));

/** What a member's own new key signs, for the one transaction of this sender and nonce: see `signTransaction`. */
export const keysMessage = (network: string, sender: string, nonce: bigint, { id, key, governor }: Omit<Keys, "proof"> & { readonly key: string }): Uint8Array =>
  concat(utf8("bouya own keys\0"), fromHex(network, 32), nodeId(id), fromHex(key, 32), addressBytes(governor ?? sender), u64(nonce));

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
export const checkAction = (action: Action, sender: string, nonce: bigint, network: string): Claim[] => {
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
      checkGovernor(action.id, action.governor ?? sender, action.key);
      const { key, proof } = action;
      if (key === null || proof === null) return [];
      return [{ key: fromHex(key, 32), message: keysMessage(network, sender, nonce, { ...action, key }), signature: fromHex(proof, 64) }];
    }
    case "call":
      if (!isContract(action.contract)) throw new InputError(`${action.contract} is no contract's address`);
      if (action.size > CONTRACT_CODE_BYTES) throw new InputError(`the call states code of ${action.size} bytes; at most ${CONTRACT_CODE_BYTES} are allowed`);
      return [];
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
  return [{ key: fromHex(key, 32), message: memberMessage(change.member), signature: fromHex(change.proof, 64) }];
};

/** What a transfer pays out, or what comes with a call. */
export const paid = (action: Action): bigint => {
  if (action.type === "transfer") return action.outputs.reduce((sum, { amount }) => sum + amount, 0n);
  return "value" in action ? action.value : 0n;
};

/** Fee and outputs together fit a u64. */
export const checkCost = (action: Action, fee: bigint): void => {
  if (fee + paid(action) > U64) throw new InputError("fee, outputs and value together are more than the ledger can count");
};

/** The SHA-256 that an action is about: of a record's data, or of a document. Null if it is about none. */
export const documentOf = (action: Action): string | null => {
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

/** The contract that an action deploys or calls. Whoever else deploys, deploys anew or deploys something else gets another address. */
export const contractOf = (action: Action, sender: string, nonce: bigint): string | null => {
  if (action.type === "call") return action.contract;
  if (action.type !== "deploy") return null;
  return addressOfContract(sender, nonce, sha256(action.code), sha256(action.input));
};
