// The reader's own names for addresses, kept in this browser.

import { contacts, LONGEST } from "../contacts.js";
import { h } from "../dom.js";
import { badge } from "../format.js";
import { owners, plainAccount } from "../names.js";
import { csv, empty, hint, rows, section, table, title } from "../parts.js";
import { said } from "../said.js";
import { w } from "../words.js";

/** A form that names an address. With an address given it is about that one alone. */
export const contactForm = (address = null, known = null) => [
  h("form", { class: "contact-form", "data-contact": true, "aria-label": w.contacts.nameIt },
    address === null
      ? h("label", {}, h("span", {}, w.contacts.address), h("input", { name: "address", type: "text", required: true, autocomplete: "off", spellcheck: "false", placeholder: "bouya1…" }))
      : h("input", { type: "hidden", name: "address", value: address }),
    h("label", {}, h("span", {}, w.contacts.name), h("input", { name: "name", type: "text", required: address === null, maxlength: LONGEST, value: known?.name ?? "", autocomplete: "off" })),
    h("label", { class: "tick" }, h("input", { name: "own", type: "checkbox", checked: known?.own ?? false }), h("span", {}, w.contacts.own)),
    h("div", { class: "act" }, h("button", { type: "submit" }, w.contacts.save), known === null || address === null ? null : h("button", { type: "button", class: "plain", "data-forget": address }, w.contacts.forget))),
  h("p", { class: "soft" }, w.contacts.private),
];

const row = ({ address, name, own }) => {
  const owner = owners.by.get(address);
  return { key: address, cells: [h("span", { class: "what" }, h("span", {}, said(name), own ? [" ", badge("own", w.names.you)] : null), owner === undefined ? null : h("small", {}, w.names.of(owner.id))), plainAccount(address), h("button", { type: "button", class: "plain small", "data-forget": address, "aria-label": w.contacts.forgetWhat(name) }, w.contacts.forget)] };
};

export const contactsPage = {
  title: () => w.nav.contacts,
  on: ["members"],
  load: async () => ({}),
  view: () => {
    const known = contacts();
    return [
      title(null, w.nav.contacts),
      section(w.contacts.nameIt, {}, contactForm()),
      section(w.contacts.count(known.length), { beside: known.length === 0 ? null : csv("contacts", "") }, known.length === 0 ? empty(w.contacts.none)
        : table(w.nav.contacts, [[w.contacts.name, "name"], [w.contacts.address], [w.contacts.remove, "bare"]], rows(known, row))),
      section(w.contacts.terminal, {}, hint(w.contacts.terminalWhy, "bouya contacts add NAME ADDRESS")),
    ];
  },
};
