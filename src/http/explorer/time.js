// Times: the date with its zone first, for people who quote it; how long ago beside it, for people who watch.

import { h } from "./dom.js";
import { w } from "./words.js";

/** A span of milliseconds in words. */
export const span = (ms) => {
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1).replace(".", w.decimal)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3600)} h`;
  return w.time.days(Math.round(seconds / 86_400));
};

/** The node writes a time that no calendar here holds, such as a deadline in the year 11761191, in milliseconds. */
const beyond = (time) => (/^\d+ ms$/.test(time) ? w.time.beyond : String(time));

/** How far a time is from now. */
export const ago = (time) => {
  const ms = Date.now() - Date.parse(time);
  if (Number.isNaN(ms)) return "";
  const whole = Math.abs(ms) < 99_500 ? `${Math.round(Math.abs(ms) / 1000)} s` : span(ms);
  if (Math.abs(ms) < 1500) return w.time.now;
  return ms < 0 ? w.time.in(whole) : w.time.ago(whole);
};

const DATE = { day: "numeric", month: "short", year: "numeric" };
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
const formatted = (parts) => {
  const format = new Intl.DateTimeFormat(w.locale, parts);
  // `Intl` throws for a date that is none. Every member can put such a time on the chain, and it must not take the page.
  return (time) => {
    const date = new Date(time);
    return Number.isNaN(date.getTime()) ? beyond(time) : format.format(date);
  };
};

/** A time in the reader's time zone, which it names. */
export const at = formatted({ ...DATE, ...CLOCK, timeZoneName: "short" });
export const dayOf = formatted(DATE);
export const clockOf = formatted(CLOCK);

/** A time, exactly, and how long ago that was. `app.js` keeps the latter up to date; paper shows only the former. */
export const when = (time) => h("span", { class: "moment" }, h("time", { datetime: time, title: time }, at(time)), h("span", { class: "ago" }, " ", h("span", { "data-ago": time }, ago(time))));

/** A time, exactly. */
export const exactly = (time) => h("time", { datetime: time, title: time }, at(time));
