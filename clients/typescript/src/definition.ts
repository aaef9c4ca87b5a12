// Reads the tables of network.toml and override.toml as strictly as a node does: a mistake, or a key that nobody knows, is named.

import { parse, TomlError } from "smol-toml";
import type { Member } from "./action.js";
import { addressBytes, addressText } from "./address.js";
import { isHex, isPlain, utf8 } from "./bytes.js";
import { isNodeId } from "./codec.js";
import { BouyaError, DefinitionError } from "./errors.js";
import { MEMBER_NAME_BYTES } from "./limits.js";

/** A table that is being read, with the way to it. */
export class Section {
  readonly #known = new Set<string>();

  private constructor(
    private readonly table: Record<string, unknown>,
    private readonly prefix: string,
  ) {}

  /** The whole file. `read` takes all that may stand there. */
  static read<T>(text: string, read: (root: Section) => T): T {
    let table: Record<string, unknown>;
    try {
      table = parse(text, { integersAsBigInt: true });
    } catch (error) {
      if (error instanceof TomlError) throw new DefinitionError(`it is no TOML: ${error.message.split("\n")[0]}`);
      throw error;
    }
    return Section.#all(table, "", (root) => {
      const format = root.number("format", 0n, 2n ** 63n - 1n, 1n);
      if (format !== 1n) throw root.wrong("format", `this library reads format 1, not ${format}`);
      return read(root);
    });
  }

  static #all<T>(table: Record<string, unknown>, prefix: string, read: (section: Section) => T): T {
    const section = new Section(table, prefix);
    const value = read(section);
    for (const key of Object.keys(table)) if (!section.#known.has(key)) throw section.wrong(key, `unknown key; known here: ${[...section.#known].join(", ")}`);
    return value;
  }

  wrong(key: string, why: string): DefinitionError {
    return new DefinitionError(`${this.prefix}${key}: ${why}`);
  }

  #take(key: string): unknown {
    this.#known.add(key);
    return Object.hasOwn(this.table, key) ? this.table[key] : undefined;
  }

  /** A text. Without `fallback` it must be there. */
  text(key: string, fallback?: string): string {
    const value = this.#take(key) ?? fallback;
    if (value === undefined) throw this.wrong(key, "missing; it has no default");
    if (typeof value !== "string") throw this.wrong(key, "a text in quotes is expected");
    return value;
  }

  /** A text that goes into the definition's bytes. */
  short(key: string, most: number, fallback?: string): string {
    const value = this.text(key, fallback);
    if (utf8(value).length > most) throw this.wrong(key, `at most ${most} bytes of text are allowed`);
    if (!isPlain(value)) throw this.wrong(key, "control characters are not allowed in text");
    return value;
  }

  hex(key: string, bytes: number, fallback?: string): string {
    const value = this.text(key, fallback);
    if (!isHex(value, bytes)) throw this.wrong(key, `${2 * bytes} lower-case hex digits are expected`);
    return value;
  }

  address(key: string): string {
    return this.made(key, () => addressText(addressBytes(this.text(key))));
  }

  /** What is made of a value here; a mistake in it gets the key's name. */
  made<T>(key: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (error instanceof BouyaError && !(error instanceof DefinitionError)) throw this.wrong(key, error.message);
      throw error;
    }
  }

  /** What is read of a value, if there is one. */
  maybe<T>(key: string, read: () => T): T | null {
    return this.#take(key) === undefined ? null : read();
  }

  number(key: string, least: bigint, most: bigint, fallback?: bigint): bigint {
    const value = this.#take(key) ?? fallback;
    if (value === undefined) throw this.wrong(key, "missing; it has no default");
    if (typeof value !== "bigint" || value < least || value > most) throw this.wrong(key, `a whole number from ${least} to ${most} is expected`);
    return value;
  }

  /** A table; without it all its values have their defaults. */
  section<T>(key: string, read: (section: Section) => T): T {
    const value = this.#take(key) ?? {};
    if (!isTable(value)) throw this.wrong(key, `a table [${key}] is expected`);
    return Section.#all(value, `${this.prefix}${key}.`, read);
  }

  /** A list of tables, which may be missing. */
  sections<T>(key: string, read: (section: Section) => T): T[] {
    const value = this.#take(key) ?? [];
    if (!Array.isArray(value)) throw this.wrong(key, `tables [[${key}]] are expected`);
    return value.map((entry: unknown, at) => {
      if (!isTable(entry)) throw this.wrong(key, `tables [[${key}]] are expected`);
      return Section.#all(entry, `${this.prefix}${key}[${at}].`, read);
    });
  }
}

const isTable = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** A member as both files list it. */
export const readListed = (section: Section): Member => {
  const id = section.text("id");
  if (!isNodeId(id)) throw section.wrong("id", `${JSON.stringify(id.slice(0, 80))} is not a node id`);
  return { id, key: section.hex("key", 32), governor: section.address("governor"), name: section.short("name", MEMBER_NAME_BYTES, "") };
};
