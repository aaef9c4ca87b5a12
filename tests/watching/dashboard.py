"""What must hold of config/monitoring/grafana.json, as far as that shows without Grafana."""

import json
import re

from processes import Failed, same

# Of Grafana 11; later ones read it too.
SCHEMA = 39
# Rows hold panels and show nothing themselves.
ROW = "row"


def load(path):
    """The dashboard, once its form is right."""
    board = json.loads(path.read_text())
    same("the dashboard's schema", board["schemaVersion"], SCHEMA)
    panels = board["panels"]
    ids = [panel["id"] for panel in panels]
    same("panel ids that are there once", sorted(set(ids)), sorted(ids))
    for panel in panels:
        title = panel.get("title") or f"panel {panel['id']}"
        if panel["type"] == ROW:
            continue
        for what, holds in {
            "a title": panel.get("title"),
            "a description": panel.get("description"),
            "a unit": panel["fieldConfig"]["defaults"].get("unit"),
            "a query": panel.get("targets"),
            "the chosen data source": panel["datasource"]["uid"] == "${datasource}",
            "queries with names of their own": len({t["refId"] for t in panel["targets"]}) == len(panel["targets"]),
        }.items():
            if not holds:
                raise Failed(f"the panel \"{title}\" lacks {what}")
    no_overlap(panels)
    return board


def no_overlap(panels):
    taken = {}
    for panel in panels:
        at = panel["gridPos"]
        for cell in [(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])]:
            if cell in taken or cell[0] >= 24:
                raise Failed(f"the panel \"{panel['title']}\" lies on \"{taken.get(cell)}\", or beyond the edge")
            taken[cell] = panel["title"]


def queries(board):
    """Each query with its panel's title, as Grafana sends it when all nodes are chosen."""
    chosen = {variable["name"]: variable.get("allValue") for variable in board["templating"]["list"]}
    found = []
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            text = target["expr"].replace("$__rate_interval", "1m").replace("$instance", chosen["instance"])
            if unknown := re.findall(r"\$\w+", text):
                raise Failed(f"the panel \"{panel['title']}\" has unknown variables: {unknown}")
            found.append((panel["title"], text))
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            metric = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"])
            found.append((f"variable {variable['name']}", f"group by ({metric[2]}) ({metric[1]})"))
    return found
