// Plots of blocks: one mark per block, evenly spaced. Coordinates are in per cent, so text keeps its shape at any width.

import { h, s } from "./dom.js";
import { number } from "./format.js";
import { clockOf } from "./time.js";
import { w } from "./words.js";

const per = (value) => `${Math.round(value * 1000) / 1000}%`;

/** A round number at or above `value`. */
const above = (value) => {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 5, 7.5, 10].map((step) => step * power).find((step) => step >= value) ?? 10 * power;
};

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[Math.floor(sorted.length / 2)];
};

/**
 * `points`: { height, time, value }, oldest first. `kind`: "bars" or "steps". `words`: formats a value, `scale` one on the axis. `aim`: a line to compare with.
 * Values above `most` are cut off, and drawn so that this is visible. A keyboard moves over the marks as over a slider.
 */
export const plot = ({ key, name, about, points, kind, words, scale = words, aim = null, most = Infinity }) => {
  const highest = Math.max(...points.map((point) => point.value), aim ?? 0);
  const top = above(Math.max(Math.min(highest, most), 1e-9) * 1.02);
  const y = (value) => 100 - (Math.min(value, top) / top) * 100;
  const step = 100 / points.length;
  const bars = points.map((point, index) => {
    const cut = point.value > top;
    const mark = kind === "bars"
      ? s("rect", { class: cut ? "mark cut" : "mark", x: per(index * step + step * 0.14), width: per(step * 0.72), y: per(y(point.value)), height: per(100 - y(point.value)) })
      : [
          s("line", { class: "step", x1: per(index * step), x2: per((index + 1) * step), y1: per(y(point.value)), y2: per(y(point.value)) }),
          index > 0 ? s("line", { class: "step", x1: per(index * step), x2: per(index * step), y1: per(y(points[index - 1].value)), y2: per(y(point.value)) }) : null,
          s("rect", { class: "under", x: per(index * step), width: per(step + 0.05), y: per(y(point.value)), height: per(100 - y(point.value)) }),
        ];
    const says = w.plot.says(number(point.height), clockOf(point.time), words(point.value));
    return s("g", { class: "point", "data-key": String(point.height), "data-says": says }, mark, s("rect", { class: "hit", x: per(index * step), y: "0", width: per(step), height: "100%" }));
  });
  const line = (value, kind) => s("line", { class: kind, x1: "0", x2: "100%", y1: per(y(value)), y2: per(y(value)) });
  const text = (value, kind) => s("text", { class: `${kind}-text`, x: "4", y: per(y(value)), dy: y(value) < 12 ? "12" : "-4" }, kind === "aim" ? w.plot.aim(words(value)) : scale(value));
  const aimed = aim !== null && aim < top;
  const [first, last] = [points[0], points.at(-1)];
  const at = chosen.get(key) ?? last.height;
  return h("figure", { class: "plot", "data-plot": key },
    h("figcaption", {}, h("span", { class: "plot-name" }, name), h("span", { class: "plot-about" }, about)),
    h("div", { class: "reads", role: "slider", tabindex: 0, "aria-label": w.plot.label(name, first.height, last.height, about), "aria-valuemin": first.height, "aria-valuemax": last.height, "aria-valuenow": at, "aria-valuetext": bars.find((bar) => bar.getAttribute("data-key") === String(at))?.getAttribute("data-says") ?? w.plot.point },
      s("svg", { class: "canvas", "aria-hidden": "true", width: "100%", height: "150" },
        line(top, "grid"), line(top / 2, "grid"), bars, aimed ? line(aim, "aim") : null,
        text(top, "grid"), text(top / 2, "grid"), aimed ? text(aim, "aim") : null,
        s("line", { class: "floor", x1: "0", x2: "100%", y1: "100%", y2: "100%" }))),
    h("p", { class: "scale" }, h("span", {}, w.plot.end(number(first.height), clockOf(first.time))), h("span", {}, w.plot.end(number(last.height), clockOf(last.time)))),
    h("p", { class: "says", "aria-hidden": "true" }, w.plot.point));
};

/** The block that a keyboard has chosen in each plot, by its height. */
const chosen = new Map();

const read = (point) => {
  const figure = point.closest("figure");
  const says = point.getAttribute("data-says");
  figure.querySelector(".says").textContent = says;
  return [figure, says];
};

/** Keys that move over the marks, and by how many of them. */
const KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };

/** Shows the value under the pointer, or the one that a keyboard moves to. One listener serves all plots. */
export const readPlots = () => {
  document.addEventListener("pointerover", (event) => {
    const point = event.target.closest?.("[data-says]");
    if (point) read(point);
  });
  document.addEventListener("keydown", (event) => {
    const slider = event.target.closest?.(".reads");
    if (!slider || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    const points = [...slider.querySelectorAll(".point")];
    const now = points.findIndex((point) => point.getAttribute("data-key") === slider.getAttribute("aria-valuenow"));
    const point = points[Math.min(points.length - 1, Math.max(0, (now < 0 ? points.length - 1 : now) + KEYS[event.key]))];
    const [figure, says] = read(point);
    chosen.set(figure.dataset.plot, Number(point.getAttribute("data-key")));
    slider.setAttribute("aria-valuenow", point.getAttribute("data-key"));
    slider.setAttribute("aria-valuetext", says);
    for (const other of points) other.classList.toggle("chosen", other === point);
  });
};
