// What can go wrong, as types: whose fault it is decides the class.

/** Any error of this library. */
export class BouyaError extends Error {
  override name = "BouyaError";
}

/** A value that the caller gave is not what it must be. */
export class InputError extends BouyaError {
  override name = "InputError";
}

/**
 * What a program needs to mend a problem: docs/API.md says which problem has which. Amounts are text in coins, which `parseAmount` reads.
 */
export interface ProblemValues {
  readonly expected_nonce?: bigint;
  readonly next_nonce?: bigint;
  readonly by?: string;
  readonly least_fee?: string;
  readonly height?: bigint;
  readonly lowest?: bigint;
  readonly balance?: string;
  readonly cost?: string;
}

/** The node refused: a problem document of its API (RFC 9457). */
export class ProblemError extends BouyaError {
  override name = "ProblemError";
  /** The HTTP status. */
  readonly status: number;
  /** As in `urn:bouya:low-fee`. */
  readonly type: string;
  readonly title: string;
  /** For people: what was wrong and what to do. */
  readonly detail: string;
  /** For programs: what would do. */
  readonly values: ProblemValues;

  constructor(problem: { status: number; type: string; title: string; detail: string; values?: ProblemValues }) {
    super(`${problem.title}: ${problem.detail}`);
    this.status = problem.status;
    this.type = problem.type;
    this.title = problem.title;
    this.detail = problem.detail;
    this.values = problem.values ?? {};
  }

  /** The type's last part, as in `low-fee`: what programs compare. */
  get kind(): string {
    return this.type.replace(/^urn:bouya:/, "");
  }
}

/** No answer came from the node: it is stopped, or the way to it is down. */
export class UnreachableError extends BouyaError {
  override name = "UnreachableError";
}

/** An answer came that is none of a Bouya node's API, or one that contradicts what was asked. */
export class AnswerError extends BouyaError {
  override name = "AnswerError";
  /** The status of an answer that is no node's; null if the answer came from one. */
  readonly status: number | null;

  constructor(message: string, status: number | null = null) {
    super(message);
    this.status = status;
  }
}

/** The time to wait was over. The transaction may still be confirmed or become final. */
export class WaitError extends BouyaError {
  override name = "WaitError";
  /** The transaction that was waited for. */
  readonly id: string;

  constructor(id: string, message: string) {
    super(message);
    this.id = id;
  }
}

/** A `network.toml` or `override.toml` that no node would take. */
export class DefinitionError extends BouyaError {
  override name = "DefinitionError";
}

/** Why a wallet does not open. */
export type WalletFault = "damaged" | "format" | "passphrase" | "passphrase-needed";

/** A `.wallet` file that cannot be opened. */
export class WalletError extends BouyaError {
  override name = "WalletError";
  readonly fault: WalletFault;

  constructor(fault: WalletFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/**
 * Why a receipt or a final proof proves nothing:
 *
 * - `form`: it is none, or its text was changed;
 * - `forged`: a value in it is not what signatures, hashes and work say;
 * - `network`: it is of another network than the definition;
 * - `not-final`: it holds no votes, so it needs a trusted block;
 * - `members`: a quorum of the members that the definition leads to has not signed;
 * - `other-block`: it leads to another block than the trusted one;
 * - `other-document`: the transaction is about another document;
 * - `no-document`: the transaction is about no document.
 */
export type ReceiptFault = "form" | "forged" | "network" | "not-final" | "members" | "other-block" | "other-document" | "no-document";

/** A receipt or a final proof that proves nothing. */
export class ReceiptError extends BouyaError {
  override name = "ReceiptError";
  readonly fault: ReceiptFault;

  constructor(fault: ReceiptFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
