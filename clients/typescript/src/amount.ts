// Coins as people write them, and the ledger's amounts: whole numbers of the smallest unit, as bigint.

import { InputError } from "./errors.js";
import { U64 } from "./limits.js";

/** A network's coin: what it is called and how many decimals people see. */
export interface Coin {
  readonly symbol: string;
  readonly decimals: number;
}

/** `parseAmount("12.5", coin)`: 12500000n where the coin has 6 decimals. */
export const parseAmount = (text: string, coin: Pick<Coin, "decimals">): bigint => {
  const found = /^([0-9]+)(?:\.([0-9]+))?$/.exec(text);
  if (!found) throw new InputError(`${JSON.stringify(String(text).slice(0, 60))} is not an amount: write digits, with a point before the decimals, as in 12.5`);
  const [, whole = "", fraction = ""] = found;
  if (fraction.length > coin.decimals) throw new InputError(`${text} has ${fraction.length} decimals, this network's coin has ${coin.decimals}`);
  const amount = BigInt(whole + fraction.padEnd(coin.decimals, "0"));
  if (amount > U64) throw new InputError(`${text} is more than the ledger can count`);
  return amount;
};

/** `formatAmount(1500000n, coin)`: "1.5" where the coin has 6 decimals. */
export const formatAmount = (amount: bigint, coin: Pick<Coin, "decimals">): string => {
  const digits = amount.toString().padStart(coin.decimals + 1, "0");
  const point = digits.length - coin.decimals;
  const fraction = digits.slice(point).replace(/0+$/, "");
  return fraction === "" ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`;
};
