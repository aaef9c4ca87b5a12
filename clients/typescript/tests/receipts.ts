// Receipts for tests: tests/receipt/vectors.json, as tests/receipt.rs makes it, and changes of them.

/** What is proven, with the files that a checker needs. */
export interface Vector {
  readonly what: string;
  readonly network: string;
  readonly override: string | null;
  /** The hash of the block that it ends at; null for a final proof. */
  readonly trusted: string | null;
  /** Whether the files alone prove it. */
  readonly final: boolean;
  readonly text: string;
}

/** By the definition where there are votes, and by a trusted block where there are none: who trusts the block looks at no votes. */
export const byVector = ({ final, network, override, trusted }: Vector) => (final ? { network, override } : { trust: trusted });

/** Numbers from a seed, so that a failure comes again. */
export const seeded = (state: number) => (below: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};

/** A change of a receipt: a digit, a lost or a doubled character, or one value in the place of another. */
const change = (text: string, pick: (below: number) => number): string => {
  const at = pick(text.length);
  const digit = "0123456789abcdef"[pick(16)] ?? "0";
  const [before, it, behind] = [text.slice(0, at), text[at] ?? "", text.slice(at + 1)];
  switch (pick(8)) {
    case 0:
      return before + behind;
    case 1:
      return before + it + it + behind;
    case 2:
      return before + '{}[]",:LRn -+.eE\\\u00e9'[pick(18)] + behind;
    case 3: {
      const values = [...text.matchAll(/"[LR]?([0-9a-f]{64,})"/g)];
      const [one, other] = [values[pick(values.length)], values[pick(values.length)]];
      return one && other ? text.slice(0, one.index) + other[0] + text.slice(one.index + one[0].length) : before + behind;
    }
    default:
      return /[0-9a-f]/.test(it) ? before + digit + behind : before + digit + it + behind;
  }
};

/** Different ones; a change that leaves everything as it is, is none. */
export const changes = (text: string, count: number, pick: (below: number) => number): string[] => {
  const found = new Set<string>();
  while (found.size < count) {
    const changed = change(text, pick);
    if (changed.trim() !== text.trim()) found.add(changed);
  }
  return [...found];
};
