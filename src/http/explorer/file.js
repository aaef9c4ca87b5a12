// Documents that are dropped or chosen are hashed in this page, then looked up. Nothing of the file is sent.

import { w } from "./words.js";

/** The browser hashes a document in memory, all at once. Files larger than this, in bytes, are for the command line. */
const MOST = 512 * 1024 * 1024;

/** Why a document cannot be hashed here, with a command that can. Null if it can. */
const obstacle = (file) => {
  if (!globalThis.crypto?.subtle) {
    return w.file.insecure(location.host);
  }
  if (file.size > MOST) return w.file.large(file.name);
  return null;
};

const hashed = async (file) => {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
};

/** `receipt(file)` takes a receipt, and says whether it is one. `found(hash, name)` gets a document's SHA-256, `fail(text)` the reason if there is none, `busy(text)` a message while it is hashed. */
export const takeFiles = ({ receipt, found, fail, busy }) => {
  const overlay = document.getElementById("drop");
  const input = document.getElementById("file");
  const take = async (file) => {
    if (await receipt(file).catch(() => false)) return null;
    const why = obstacle(file);
    if (why) return fail(why);
    busy(w.file.hashing(file.name));
    try {
      return found(await hashed(file), file.name);
    } catch {
      return fail(w.file.unreadable(file.name));
    }
  };
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0;
  const shown = (change) => {
    depth = change === null ? 0 : Math.max(0, depth + change);
    overlay.hidden = depth === 0;
  };
  addEventListener("dragenter", (event) => carries(event) && (event.preventDefault(), shown(1)));
  addEventListener("dragleave", (event) => carries(event) && shown(-1));
  addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    shown(null);
    const files = [...event.dataTransfer.files];
    if (files.length === 1) take(files[0]);
    else fail(w.file.one);
  });
  document.getElementById("pick").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) take(file);
  });
};
