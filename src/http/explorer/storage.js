// What this browser keeps for its reader. It never leaves the browser, and a browser that keeps nothing takes nothing from a page.

const name = (key) => `bouya.${key}`;

/** What was kept under a key; null if nothing was, or if this browser does not tell. */
export const recall = (key) => {
  try {
    return localStorage.getItem(name(key));
  } catch {
    return null;
  }
};

/** Keeps a text, or with null keeps it no longer. Whether that worked. */
export const keep = (key, text) => {
  try {
    if (text === null) localStorage.removeItem(name(key));
    else localStorage.setItem(name(key), text);
    return true;
  } catch {
    return false;
  }
};
