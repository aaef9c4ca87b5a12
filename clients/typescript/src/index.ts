// A Bouya ledger's client. See README.md.

export { type Action, type Call, type Change, type Content, type Deploy, keysMessage, type Member, memberMessage, type Output } from "./action.js";
export { addressBytes, addressOfKey, addressText, isAddress, isContract } from "./address.js";
export { type Coin, formatAmount, parseAmount } from "./amount.js";
export { fromHex, toHex } from "./bytes.js";
export { DecodeError } from "./codec.js";
export * from "./errors.js";
export type { Certificate, Changed, Final, Finality, Handover, Signed } from "./finality.js";
export { type Document, hashDocument } from "./hash.js";
export type { Header } from "./header.js";
export { isSigned, SecretKey } from "./keys.js";
export { type Network, type Override, readNetwork } from "./network.js";
export type { Done, Outcome } from "./outcome.js";
export { checkDocument, type FinalProof, type Ground, isReceipt, prove, type Proven, readReceipt, type Receipt, verifyReceipt } from "./receipt.js";
export { readTransaction, signTransaction, type Terms, type Transaction, transactionBurden, transactionSize } from "./transaction.js";
export type * as api from "./api-types.js";
export { type AgreementFilter, Client, type Options, type Page, type Part, type RecordFilter, type Until, type Waiting } from "./client.js";
export type { Heard, Lagged } from "./events.js";
export type { FeedFilter, FeedPlace, FeedTold } from "./feed.js";
export type { Reach } from "./http.js";
export type { Following } from "./stream.js";
export { type DocumentOrHash, type Running, Sender, type Sending, type Sent } from "./sender.js";
export { readWallet, type Wallet } from "./wallet.js";
