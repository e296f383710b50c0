"""The drawings of the monitor's report, as SVG."""

from typing import Any

import vl_convert

Details = dict[str, Any]
REFERENCE, WINDOW, ALARM, QUIET = "#6e7781", "#0969da", "#bc4c00", "#57606a"  # safe for the colour-blind
WIDTH, BAR, TALL = 340, 18, 130  # of a drawing; of a bar; height of a time line


def drawings(details: Details) -> dict[str, str]:
    """The pictures, by title; empty where there is nothing to draw."""
    return {
        "What moved most": figure(ranked(details)) if details["movements"] else "",
        "Reference and window": "".join(figure(bars(one)) for one in details["histograms"]),
        "The last windows": "".join(map(figure, lines(details))),
    }


def figure(spec: Details) -> str:
    """A drawing as SVG that fits a narrow screen."""
    config = {"axis": {"labelLimit": 140}, "legend": {"orient": "top"}, "view": {"stroke": None}}
    return f"<figure>{vl_convert.vegalite_to_svg({'config': config, **spec})}</figure>"


def ranked(details: Details) -> Details:
    """The effect of each column, the largest first, with the floor that an alarm needs."""
    rows = [
        {"column": move["column"] + (" (missing)" if move["what"] == "missing" else ""), "effect": move["effect"],
         "alarm": "alarm" if move["alarm"] else "quiet"}
        for move in sorted(details["movements"], key=lambda move: -move["effect"])
    ]  # fmt: skip
    colour = {"field": "alarm", "title": None, "scale": {"domain": ["alarm", "quiet"], "range": [ALARM, QUIET]}}
    y = {"field": "column", "type": "nominal", "sort": None, "title": None}
    x = {
        "field": "effect",
        "type": "quantitative",
        "title": "effect; dashed: what an alarm needs",
        "scale": {"domainMin": 0},
    }
    floor = {
        "mark": {"type": "rule", "strokeDash": [4, 4]},
        "encoding": {"x": {"datum": details["settings"]["effect"]}},
    }
    return {"data": {"values": rows}, "width": WIDTH - 120, "height": {"step": BAR},
            "layer": [{"mark": "bar", "encoding": {"x": x, "y": y, "color": colour}}, floor]}  # fmt: skip


def bars(one: Details) -> Details:
    """The distribution of one column in both tables."""
    rows = [
        {"value": bar["label"], "share": bar[side], "rows": side}
        for bar in one["bars"]
        for side in ("reference", "window")
    ]
    colour = {"field": "rows", "title": None, "scale": {"range": [REFERENCE, WINDOW]}}
    labels = {"labelOverlap": True, "labelAngle": -40}
    x = {"field": "value", "type": "nominal", "sort": None, "title": one["column"], "axis": labels}
    y = {"field": "share", "type": "quantitative", "title": "share of rows"}
    return {"data": {"values": rows}, "width": WIDTH - 60, "height": TALL, "mark": "bar",
            "encoding": {"x": x, "y": y, "color": colour, "xOffset": {"field": "rows"}}}  # fmt: skip


def lines(details: Details) -> list[Details]:
    """The largest effect and each metric over the last windows, this one included."""
    now = {"until": details["until"], "effect": details.get("effect")}
    measured = details["performance"]
    metrics = {row["name"]: row["value"] for row in measured["metrics"]} if measured else {}
    series: dict[str, list[tuple[str, float]]] = {}
    for one in [*reversed(details["earlier"]), now | {"metrics": metrics}]:
        values = {"largest effect": one["effect"], **(one["metrics"] or {})}
        for name, value in values.items():
            if value is not None:
                series.setdefault(name, []).append((one["until"], value))
    return [_line(name, points) for name, points in series.items() if len(points) > 1]


def _line(name: str, points: list[tuple[str, float]]) -> Details:
    x = {"field": "until", "type": "temporal", "title": None}
    y = {"field": "value", "type": "quantitative", "title": name, "scale": {"zero": name == "largest effect"}}
    rows = [{"until": until, "value": value} for until, value in points]
    return {"data": {"values": rows}, "width": WIDTH - 60, "height": TALL,
            "mark": {"type": "line", "point": True, "color": WINDOW}, "encoding": {"x": x, "y": y}}  # fmt: skip
