// A devnet of its own, and traffic on it by the command line.

import { spawn, execFile } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const BOUYA = process.env.BOUYA ?? path.join(ROOT, "target/debug/bouya");
const NODES = 3;
/** P2P ports begin this far above the API's. */
const P2P = 100;
/** Blocks come this much faster at the beginning; the difficulty finds its way back within some dozens of them. */
const EASE = 8;
/** Nothing here takes this long unless it hangs, in milliseconds. */
export const PATIENCE = 60_000;

const listens = (port) =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => {
      const got = server.address().port;
      server.close(() => resolve(got));
    });
  });

/** A port from the system whose neighbours, API and P2P, are free as well. */
const freePorts = async () => {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const base = await listens(0);
    const wanted = [...Array(NODES).keys()].flatMap((number) => [base + number, base + P2P + number]);
    if (wanted.at(-1) > 65_000) continue;
    const free = await Promise.all(wanted.map(listens));
    if (free.every((port) => port !== null)) return base;
  }
  throw new Error("no free ports");
};

/** Waits until `holds` gives something, and returns it. */
export const until = async (what, holds, patience = PATIENCE) => {
  const end = Date.now() + patience;
  for (;;) {
    const found = await holds();
    if (found) return found;
    if (Date.now() > end) throw new Error(`still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100)); // poll
  }
};

// However this program ends, its nodes and their folder go with it.
const running = new Set();
const folders = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(1));

export class Network {
  static async start() {
    const network = new Network();
    network.dir = await mkdtemp(path.join(tmpdir(), "bouya-browser-"));
    folders.add(network.dir);
    network.base = await freePorts();
    network.url = `http://127.0.0.1:${network.base}`;
    await network.run();
    await network.ease();
    return network;
  }

  /** Begins anew with little work for a block: `devnet` measures a machine that does nothing else, and tests run beside others. */
  async ease() {
    await this.halt();
    const file = path.join(this.dir, "network.toml");
    const text = await readFile(file, "utf8");
    const eased = text.replace(/^initial_difficulty = (\d+)$/m, (_, measured) => `initial_difficulty = ${Math.ceil(measured / EASE)}`);
    if (eased === text) throw new Error(`no difficulty in ${file}`);
    await writeFile(file, eased);
    for (let number = 0; number < NODES; number += 1) await rm(path.join(this.dir, `node${number}`, "data"), { recursive: true });
    await this.run();
  }

  /** Starts the nodes, or starts them again. */
  async run() {
    this.log = "";
    this.process = spawn(BOUYA, ["devnet", "--nodes", String(NODES), "--dir", this.dir, "--base-port", String(this.base)]);
    const { process: child } = this;
    running.add(child);
    child.once("exit", () => running.delete(child));
    for (const stream of [this.process.stdout, this.process.stderr]) stream.on("data", (data) => (this.log += data));
    await until("the nodes answer and are connected", async () => {
      if (this.process.exitCode !== null) throw new Error(`the devnet ended: ${this.log}`);
      return (await this.get("/v1/status").catch(() => null))?.peers.connected === NODES - 1;
    });
  }

  async halt() {
    const ended = once(this.process, "exit");
    this.process.kill("SIGINT");
    await ended;
  }

  async stop() {
    if (this.process.exitCode === null) await this.halt();
  }

  async get(path) {
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /** A command that must work; its words. */
  async bouya(...given) {
    const done = await promisify(execFile)(BOUYA, [...given, "--api", this.url], { cwd: this.dir, timeout: PATIENCE });
    return done.stdout;
  }

  /** The same without a node to ask. */
  async offline(...given) {
    return (await promisify(execFile)(BOUYA, given, { cwd: this.dir, timeout: PATIENCE })).stdout;
  }

  /** A command of the wallet's. */
  wallet(...given) {
    return this.bouya(...given, "--wallets", path.join(this.dir, "wallets"), "--yes");
  }

  async file(name, content) {
    const file = path.join(this.dir, name);
    await writeFile(file, content);
    return file;
  }

  async address(name) {
    const shown = await this.offline("wallet", "show", name, "--wallets", path.join(this.dir, "wallets"));
    return /bouya1[0-9a-z]+/.exec(shown)[0];
  }
}
