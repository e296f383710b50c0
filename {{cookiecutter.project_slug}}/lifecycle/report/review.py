"""The files of a review's report: Markdown for the comment, one page for the browser, JSON and figures for programs."""

import io
import json
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import vl_convert
from markdown_it import MarkdownIt

from lifecycle import git, store
from lifecycle.lock import parse
from lifecycle.review.markdown import markdown

SIGNS = str.maketrans({"✅": "✔", "❌": "✘", "❓": "?", "❔": "?"})  # which every font has
POINTS = 21  # of each line of the comment's chart
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
table { border-collapse: collapse; display: block; font-size: 0.9rem; overflow-x: auto; }
td, th { border-bottom: 1px solid #ddd; padding: 0.3rem 0.7rem 0.3rem 0; text-align: left; vertical-align: top; }
code { overflow-wrap: anywhere; } figure { display: inline-block; margin: 0 1rem 1rem 0; vertical-align: top; }
figure svg { height: auto; max-width: 100%; }
"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head><body>
{body}
<h3>Plots</h3>
{plots}
</body></html>
"""


def write(report: dict[str, Any], folder: Path) -> None:
    """Write report.md, report.html, report.json and metrics.txt, with what verify and reproduce left in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    left = {verb: folder / f"{verb}.json" for verb in ("verify", "reproduce")}
    checks = {verb: json.loads(path.read_text("utf-8")) for verb, path in left.items() if path.exists()}
    report["checks"] = {verb: check for verb, check in checks.items() if check.get("head") == report["head"]}
    revisions = [one for one in (report.get("base"), report.get("head")) if one]
    report["chart"] = chart(revisions)
    body = MarkdownIt("commonmark").enable("table").render(markdown(report, chart=False)).translate(SIGNS)
    page = PAGE.format(title=f"Review: {report['verdict']}", style=STYLE, body=body, plots=plots(revisions))
    texts = {
        "report.md": markdown(report),
        "report.html": page,
        "report.json": json.dumps(report, indent=2, ensure_ascii=False) + "\n",
        "metrics.txt": "".join(f"{row['name']} {row['new']}\n" for row in report.get("metrics", [])),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def plots(revisions: list[str]) -> str:
    """Every plot of dvc.yaml as SVG, the versions over each other, drawn from DVC's own description of it."""
    done = store.attempt("plots", "diff", *revisions, "--json")
    if done.returncode:
        return f"<p>The plots could not be drawn: {escape(store.last(done))}.</p>"
    named = done.stdout
    for revision, name in zip(reversed(revisions), ("this change", "base")):
        named = named.replace(revision, name)
    drawn = []
    for entries in json.loads(named).get("data", {}).values():
        for entry in entries:
            spec = entry["content"] if isinstance(entry["content"], dict) else json.loads(entry["content"])
            svg = vl_convert.vegalite_to_svg(spec)
            drawn.append(f"<figure>{svg}</figure>")
    return "\n".join(drawn)


def chart(revisions: list[str]) -> dict[str, Any] | None:
    """The first line plot of dvc.yaml, both versions read off at the same points, for the comment."""
    declared = parse(git.show("HEAD", "dvc.yaml") or "", "dvc.yaml").get("plots", [])
    for title, plot in ((t, p) for one in declared if isinstance(one, dict) for t, p in one.items()):
        if plot.get("template", "linear") == "linear" and isinstance(plot.get("y"), dict) and "x" in plot:
            (path, y), x = next(iter(plot["y"].items())), plot["x"]
            curves = [curve for revision in revisions if (curve := _curve(revision, path, x, y))]
            low, high = max([c[0][0] for c in curves], default=0), min([c[0][-1] for c in curves], default=0)
            if low < high:  # where both say something
                grid = [low + (high - low) * i / (POINTS - 1) for i in range(POINTS)]
                lines = [[round(float(v), 4) for v in np.interp(grid, *curve)] for curve in curves]
                return {"title": title, "x": x, "y": y, "low": low, "high": high, "lines": lines}
    return None


def _curve(revision: str, path: str, x: str, y: str) -> tuple[list[float], list[float]] | None:
    text = git.show(revision, path)
    if text is None:
        return None
    frame = pd.read_csv(io.StringIO(text)).sort_values(x, kind="stable")
    return frame[x].tolist(), frame[y].tolist()
