// A devnet of its own, and traffic on it by the command line.

import { spawn, execFile } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const BOUYA = process.env.BOUYA ?? path.join(ROOT, "target/debug/bouya");
const NODES = 3;
/** Nothing here takes this long unless it hangs, in milliseconds. */
export const PATIENCE = 60_000;

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

// However this program ends, its nodes and their folder go with it; the nodes also if it is killed.
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
    await network.run();
    return network;
  }

  /** Starts the nodes, or starts them again at the same ports. */
  async run() {
    this.log = "";
    this.process = spawn(BOUYA, ["devnet", "--json", "--until-eof", "--nodes", String(NODES), "--dir", this.dir, "--base-port", String(this.base ?? 0)]);
    const { process: child } = this;
    running.add(child);
    child.once("exit", () => running.delete(child));
    child.stderr.on("data", (data) => (this.log += data));
    for await (const line of createInterface(child.stdout)) {
      this.base = JSON.parse(line).base_port;
      this.url = `http://127.0.0.1:${this.base}`;
      return;
    }
    throw new Error(`the devnet ended: ${this.log}`);
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
