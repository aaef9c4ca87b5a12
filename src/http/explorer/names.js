// Whose an address is: the reader's own contact first, then the member as the members have voted. The address comes second.

import { contact, ownAddresses } from "./contacts.js";
import { h } from "./dom.js";
import { hash, node } from "./format.js";
import { said } from "./said.js";
import { w } from "./words.js";

/** Whose addresses are, by the members of now: address to { role, id, name }. `app.js` keeps it up to date. */
export const owners = { by: new Map(), members: [] };

/** Takes in the members. */
export const learnOwners = ({ members }) => {
  owners.members = members;
  owners.by = new Map(members.flatMap(({ id, name, governor, key_address: key }) => [[governor, { role: "governor", id, name }], [key, { role: "key", id, name }]]));
};

/** Addresses whose turn is the reader's turn: those marked as their own, and those of this node's member. */
export const mine = () => new Set([...ownAddresses(), ...owners.members.filter(({ id }) => id === node.status?.id).flatMap(({ governor, key_address: key }) => [governor, key])]);

/** An address whose owner stands beside it already. */
export const plainAccount = (address, long) => hash(address, `/account/${address}`, long);

/** What an address is to a member. The id is the member's own; what people call it may be another's too, so both are there. */
const ofMember = ({ role, id, name }) => h("span", { class: "owner", title: w.names.memberMeans }, name ? [h("b", {}, said(name)), " (", id, ")"] : h("b", {}, id), role === "key" ? [" ", h("small", {}, w.names.key)] : null);

/** The name of an address's owner; null if nobody is known. */
export const ownerOf = (address) => {
  const [own, owner] = [contact(address), owners.by.get(address)];
  if (own === null) return owner === undefined ? null : ofMember(owner);
  return [h("b", { class: "contact", title: w.names.contactMeans }, said(own.name)), own.own ? [" ", h("small", {}, w.names.you)] : null, owner === undefined ? null : [" ", h("small", {}, w.names.of(owner.id))]];
};

/** Names first, addresses second. */
export const account = (address, long) => {
  const owner = ownerOf(address);
  const link = plainAccount(address, long);
  return owner === null ? link : h("span", { class: "owned" }, h("span", { class: "by" }, owner), " ", link);
};

/** The same as plain text, for files. */
export const accountText = (address) => {
  const [own, owner] = [contact(address), owners.by.get(address)];
  const name = own !== null ? own.name : owner === undefined ? null : owner.name ? `${owner.name} (${owner.id})` : owner.id;
  return name === null ? address : `${name}, ${address}`;
};

/** A member: what people call it, and its id. */
export const member = ({ id, name }) => h("span", { class: "what" }, name ? [h("span", { class: "member" }, said(name)), h("small", {}, id)] : h("span", { class: "member" }, id));

/** A member named by its id alone. */
export const memberId = (id) => member({ id, name: owners.members.find((one) => one.id === id)?.name ?? "" });

const called = (id) => owners.members.find((one) => one.id === id)?.name || id;

/** Members, or what is about one each, in the order in which people look for them: by what they are called. The API has them by their keys. */
export const inOrder = (items, idOf = ({ id }) => id) => {
  const { compare } = new Intl.Collator(w.locale, { numeric: true });
  return [...items].sort((a, b) => compare(called(idOf(a)), called(idOf(b))) || compare(idOf(a), idOf(b)));
};

/** Who sealed a block. */
export const miner = (of) => (of.id ? h("span", { class: "member", title: of.key }, of.name ? [said(of.name), " (", of.id, ")"] : of.id) : hash(of.key));
