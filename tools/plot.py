#!/usr/bin/env python3
"""Draws the reports of `bouya bench --json` as plain SVG pictures, with nothing but Python's standard library.

plot.py --out FOLDER REPORT.json...: each file holds one report, or the list of `bouya bench all --json`. Writes figures.svg (each figure
beside its limit and its aim), time.svg (CPU time for a transaction, by part) and growth.svg (what a block costs at many accounts and at great
height), as far as the reports have it. Of two reports of one bench the later one counts.
"""

import argparse
import json
import pathlib
import re
import sys
from html import escape

WIDTH, LABELS, BARS, ROW, HEAD = 1040, 290, 380, 30, 34
# A background of its own: a page may be dark where the system is light.
STYLE = """
svg { font: 14px system-ui, sans-serif }
.page { fill: #fff } text { fill: #1f2328 } .less { fill: #59636e } .head { font-weight: 600 }
.limit { fill: #dde3ea } .figure { fill: #2f6fb3 } .aim, .spread { fill: none; stroke-width: 2 }
.aim { stroke: #b35900; stroke-dasharray: 4 2 } .spread { stroke: #1f2328 }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117 } text { fill: #e6edf3 } .less { fill: #9aa4af }
.limit { fill: #343b44 } .figure { fill: #5b9bd9 } .aim { stroke: #f0a04b } .spread { stroke: #e6edf3 }
}"""


class Picture:
    """Rows of text and bars, one below the other."""

    def __init__(self, title):
        self.title, self.parts, self.y = title, [], 12

    def text(self, x, text, kind="", anchor="start"):
        self.parts.append(
            f'<text x="{x}" y="{self.y + 20}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'
        )

    def head(self, text, less=""):
        self.y += 8
        self.text(16, text, "head")
        self.text(WIDTH - 16, less, "less", "end")
        self.y += HEAD

    def line(self, at, kind, top, bottom):
        x = LABELS + at
        self.parts.append(f'<path d="M{x:.1f} {self.y + top}V{self.y + bottom}" class="{kind}"/>')

    def rect(self, width, kind, top, height):
        self.parts.append(
            f'<rect x="{LABELS}" y="{self.y + top}" width="{width:.1f}" height="{height}" rx="2" class="{kind}"/>'
        )

    def row(self, label, figure, most, words):
        """One figure; `most` is what the whole width stands for."""

        def place(value):
            return BARS * value / most

        self.text(LABELS - 12, label, anchor="end")
        if "limit" in figure:
            self.rect(place(figure["limit"]["value"]), "limit", 4, 22)
        self.rect(place(figure["value"]), "figure", 9, 12)
        if "spread" in figure:
            left, right = (LABELS + place(figure["spread"][end]) for end in ("least", "most"))
            self.parts.append(f'<path d="M{left:.1f} {self.y + 15}H{right:.1f}" class="spread"/>')
        if "aim" in figure:
            self.line(place(figure["aim"]["value"]), "aim", 1, 29)
        self.text(LABELS + BARS + 14, words)
        self.y += ROW

    def legend(self):
        self.y += 10
        self.text(16, "Bar: the figure, with a line from least to most. Grey: its limit, measured in the same run. Dashed: the aim.", "less")
        self.y += HEAD

    def svg(self):
        height = self.y + 10
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(self.title)}">'
            f'<title>{escape(self.title)}</title><style>{STYLE}</style><rect class="page" width="{WIDTH}" height="{height}"/>'
            + "".join(self.parts)
            + "</svg>\n"
        )


def number(value, unit):
    if unit == "B" and value >= 1e6:
        return f"{value / 1e6:.0f} MB"
    if value >= 1e6:
        return f"{value / 1e6:.2f} M {unit}".strip()
    shown = f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"
    return f"{shown} {unit}".strip()


def spoken(name):
    return name.replace("_", " ")


def runs(report):
    return f"medians of {report['runs']} runs" if report["runs"] > 1 else "one run"


def sizes(report):
    return ", ".join([f"{spoken(name)} {value:,g}" for name, value in report["settings"].items()] + [runs(report)])


def end(figure):
    return max([figure["value"]] + [figure[at]["value"] for at in ("limit", "aim") if at in figure] + [figure.get("spread", {}).get("most", 0)])


def words(figure):
    said = [number(figure["value"], figure["unit"])]
    if "limit" in figure:
        said.append(f"{figure['limit']['ratio']:.2f} of the limit")
    if "aim" in figure:
        # Where there is no limit that it follows from, the words say at which sizes it counts.
        aim = number(figure["aim"]["value"], figure["unit"])
        said.append("aim " + (aim if "limit" in figure else figure["aim"]["words"].split(";")[0]))
    return "; ".join(said)


def figures(reports):
    picture = Picture("Figures of bouya bench beside their limits and aims")
    for report in reports:
        drawn = [figure for figure in report["figures"] if "aim" in figure]
        if drawn:
            picture.head(report["bench"], sizes(report))
        for figure in drawn:
            picture.row(spoken(figure["name"]), figure, end(figure) or 1, words(figure))
    picture.legend()
    return picture


def grouped(title, reports, pattern, group, label):
    """Figures whose names match, to one scale in each group; None if there is none."""
    picture, found = Picture(title), False
    for report in reports:
        groups = {}
        for figure in report["figures"]:
            if match := re.fullmatch(pattern, figure["name"]):
                groups.setdefault(group(match), []).append((label(match), figure))
        for name, drawn in groups.items():
            found = True
            picture.head(f"{report['bench']}: {name}", runs(report))
            bare = [(text, {key: figure[key] for key in figure if key != "aim"}) for text, figure in drawn]
            most = max(end(figure) for _, figure in bare) or 1
            for text, figure in bare:
                picture.row(text, figure, most, number(figure["value"], figure["unit"]))
    return picture if found else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, metavar="FOLDER")
    parser.add_argument("reports", type=pathlib.Path, nargs="+", metavar="REPORT.json")
    options = parser.parse_args()
    found = {}
    for path in options.reports:
        content = json.loads(path.read_text())
        for report in content if isinstance(content, list) else [content]:
            found[report["bench"]] = report
    reports = list(found.values())
    pictures = {
        "figures": figures(reports),
        "time": grouped(
            "CPU time for a transaction, by part", reports, r"cpu_(?!all_nodes)(.*)", lambda _: "CPU time for a transaction", lambda m: spoken(m[1])
        ),
        "growth": grouped(
            "What growth costs",
            reports,
            r"(block|start|memory)_at_(\d+)_(accounts|blocks)",
            lambda m: {"block": "time for a block", "start": "start", "memory": "memory"}[m[1]],
            lambda m: f"{int(m[2]):,} {m[3]}",
        ),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        if picture:
            path = options.out / f"{name}.svg"
            path.write_text(picture.svg())
            print(path)


if __name__ == "__main__":
    sys.exit(main())
