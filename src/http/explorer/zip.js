// A zip archive without compression: what is in it is small, and every system opens it.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

/** The CRC-32 that the format asks for. */
const crc = (bytes) => {
  let rest = 0xffffffff;
  for (const byte of bytes) rest = TABLE[(rest ^ byte) & 0xff] ^ (rest >>> 8);
  return (rest ^ 0xffffffff) >>> 0;
};

const little = (pairs) => {
  const made = new DataView(new ArrayBuffer(pairs.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of pairs) {
    if (size === 2) made.setUint16(at, value, true);
    else made.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(made.buffer);
};

/** Names are UTF-8. */
const UTF8 = 0x0800;

/** A date and time as MS-DOS writes it, in UTC so that the archive does not tell the reader's zone. */
const dos = (date) => [
  [2, (date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1)],
  [2, ((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate()],
];

/** The parts of an archive with these files: [name, text]. */
export const zip = (files, date) => {
  const [parts, directory] = [[], []];
  let at = 0;
  for (const [name, text] of files) {
    const [label, bytes] = [new TextEncoder().encode(name), new TextEncoder().encode(text)];
    const common = [[2, 20], [2, UTF8], [2, 0], ...dos(date), [4, crc(bytes)], [4, bytes.length], [4, bytes.length], [2, label.length], [2, 0]];
    const head = little([[4, 0x04034b50], ...common]);
    directory.push(little([[4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]]), label);
    parts.push(head, label, bytes);
    at += head.length + label.length + bytes.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  return [...parts, ...directory, little([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, at], [2, 0]])];
};
