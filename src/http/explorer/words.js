// The language of the pages: the reader's choice, else the browser's first that is here, else English.

import { keep, recall } from "./storage.js";
import { en } from "./words/en.js";
import { fr } from "./words/fr.js";

const ALL = { en, fr };
const KEY = "language";

const asked = [recall(KEY), ...(navigator.languages ?? [navigator.language])].map((tag) => String(tag).slice(0, 2).toLowerCase());

export const language = asked.find((tag) => Object.hasOwn(ALL, tag)) ?? "en";

/** All words of the pages, by where they stand. What holds a value is a function of it. */
export const w = ALL[language];

/** The language to switch to. */
export const other = language === "en" ? "fr" : "en";

/** Shows the pages in the other language, from now on. */
export const switchLanguage = () => {
  keep(KEY, other);
  location.reload();
};

const at = (path) => path.split(".").reduce((part, key) => part?.[key], w);

/** Puts the words of this language into the frame, which comes in English. */
export const translateFrame = () => {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-word]")) element.replaceChildren(...[at(element.dataset.word)].flat());
  for (const element of document.querySelectorAll("[data-words]")) {
    for (const pair of element.dataset.words.split(" ")) {
      const [attribute, path] = pair.split("=");
      element.setAttribute(attribute, at(path));
    }
  }
};
