// Bytes, hex and text.

import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { InputError } from "./errors.js";

export const toHex = bytesToHex;
export const concat = concatBytes;
export const utf8 = utf8ToBytes;

/** Lower-case hex only: there is one text for each value. */
export const isHex = (text: unknown, length?: number): text is string =>
  typeof text === "string" && text.length % 2 === 0 && /^[0-9a-f]*$/.test(text) && (length === undefined || text.length === 2 * length);

/** The bytes of lower-case hex digits, `length` of them if that is given. */
export const fromHex = (text: string, length?: number): Uint8Array => {
  if (!isHex(text, length)) throw new InputError(`${JSON.stringify(String(text).slice(0, 80))} is not ${length === undefined ? "" : `${2 * length} `}lower-case hex digits`);
  return hexToBytes(text);
};

export const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Text without what terminals and logs obey: Unicode's category Cc. */
export const isPlain = (text: string): boolean => !/[\u0000-\u001f\u007f-\u009f]/.test(text);

export const ZERO_HASH = new Uint8Array(32);
