// A Bouya ledger's client. See README.md.

export type { Action, AnyAction, Change, Content, Governance, Member, Output } from "./action.js";
export { addressBytes, addressOfKey, addressText, isAddress } from "./address.js";
export { type Coin, formatAmount, parseAmount } from "./amount.js";
export { fromHex, toHex } from "./bytes.js";
export { DecodeError } from "./codec.js";
export * from "./errors.js";
export type { Certificate, Changed, Final, Finality, Handover, Signed } from "./finality.js";
export { type Document, hashDocument } from "./hash.js";
export type { Header } from "./header.js";
export { isSigned, SecretKey } from "./keys.js";
export { type Network, type Override, readNetwork } from "./network.js";
export { checkDocument, type FinalProof, type Ground, isReceipt, prove, type Proven, readReceipt, type Receipt, verifyReceipt } from "./receipt.js";
export { readTransaction, signTransaction, type Terms, type Transaction, transactionSize } from "./transaction.js";
export type * as api from "./api-types.js";
export { type AgreementFilter, Client, type Options, type Page, type Part, type RecordFilter, type Until, type Waiting } from "./client.js";
export type { Following, Heard, Lagged } from "./events.js";
export type { Reach } from "./http.js";
export { type DocumentOrHash, Sender, type Sending, type Sent } from "./sender.js";
export { readWallet, type Wallet } from "./wallet.js";
