// Where the repository's files are, seen from the compiled tests in build/tests/.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const place = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));

export const readJson = <T>(path: string): T => JSON.parse(readFileSync(place(path), "utf8")) as T;
