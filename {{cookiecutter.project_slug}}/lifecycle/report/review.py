"""The files of a review's report: Markdown for the comment, a page for the browser, JSON and metrics for programs."""

import io
import json
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import vl_convert
from markdown_it import MarkdownIt

from lifecycle import paths
from lifecycle.errors import LifecycleError, reading
from lifecycle.git import commits
from lifecycle.report.html import page
from lifecycle.report.markdown import markdown
from lifecycle.storage.dvc import dvc, reason
from lifecycle.storage.dvc_yaml import declarations
from lifecycle.storage.lock import check_readable

SIGNS = str.maketrans({"✅": "✔", "❌": "✘", "❓": "?", "❔": "?"})  # signs that every font has
POINTS = 21  # of each line of the comment's chart


def write(report: dict[str, Any], folder: Path) -> None:
    """Write report.md, report.html, report.json and metrics.txt, with what verify and reproduce left in the folder."""
    left = {verb: folder / f"{verb}.json" for verb in ("verify", "reproduce")}
    checks = {verb: outcome(path) for verb, path in left.items() if path.exists()}
    report["checks"] = {verb: check for verb, check in checks.items() if check.get("head") == report["head"]}
    revisions = [revision for revision in (report.get("base"), report.get("head")) if revision]
    report["chart"] = chart(revisions)
    body = MarkdownIt("commonmark").enable("table").render(markdown(report, chart=False)).translate(SIGNS)
    texts = {
        "report.md": markdown(report),
        "report.html": page(f"Review: {report['verdict']}", f"{body}<h3>Plots</h3>\n{plots(revisions)}"),
        "report.json": json.dumps(report, indent=2, ensure_ascii=False, default=str) + "\n",
        "metrics.txt": "".join(f"{row['name']} {row['new']}\n" for row in report.get("metrics", [])),
    }
    for name, text in texts.items():
        paths.write(folder / name, text)


def outcome(path: Path) -> dict[str, Any]:
    """What verify or reproduce left; raises LifecycleError if the file is something else."""
    with reading(str(path), f"run `uv run lifecycle {path.stem} --report {path.parent}` again"):
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
        if [type(content[key]) for key in ("code", "messages", "details")] != [int, list, dict]:
            raise TypeError("it is not what the verb wrote")
        return content


def plots(revisions: list[str]) -> str:
    """Every plot of dvc.yaml as SVG, both versions in one, from DVC's own specification."""
    try:
        for revision in (commits.WORK_TREE, *revisions):
            check_readable(revision)
        done = dvc("plots", "diff", *revisions, "--json")
        if done.returncode:
            raise LifecycleError(f"{reason(done)}.")
        answer = done.stdout
        for revision, name in zip(reversed(revisions), ("this change", "base")):
            answer = answer.replace(revision, name)
        with reading("a plot"):
            contents = [e["content"] for entries in json.loads(answer).get("data", {}).values() for e in entries]
            specs = [content if isinstance(content, dict) else json.loads(content) for content in contents]
            return "\n".join(f"<figure>{vl_convert.vegalite_to_svg(spec)}</figure>" for spec in specs)
    except LifecycleError as error:
        return f"<p>The plots could not be drawn: {escape(str(error))}</p>"


def chart(revisions: list[str]) -> dict[str, Any] | None:
    """The first line plot of dvc.yaml for the comment, or None where it cannot be drawn: `plots` says why."""
    with suppress(LifecycleError), reading("the plots"):
        return _chart(revisions)
    return None


def _chart(revisions: list[str]) -> dict[str, Any] | None:
    """Both versions, interpolated at the same points."""
    declared = declarations(commits.show("HEAD", "dvc.yaml"))["plots"]
    for title, plot in ((t, p) for item in declared for t, p in item.items() if isinstance(p, dict)):
        if plot.get("template", "linear") == "linear" and isinstance(plot.get("y"), dict) and "x" in plot:
            (path, y), x = next(iter(plot["y"].items())), plot["x"]
            curves = [curve for revision in revisions if (curve := _curve(revision, path, x, y))]
            low, high = max([c[0][0] for c in curves], default=0), min([c[0][-1] for c in curves], default=0)
            if low < high:  # where both have values
                grid = [low + (high - low) * i / (POINTS - 1) for i in range(POINTS)]
                lines = [[round(float(v), 4) for v in np.interp(grid, *curve)] for curve in curves]
                return {"title": title, "x": x, "y": y, "low": low, "high": high, "lines": lines}
    return None


def _curve(revision: str, path: str, x: str, y: str) -> tuple[list[float], list[float]] | None:
    text = commits.show(revision, path)
    if text is None:
        return None
    frame = pd.read_csv(io.StringIO(text)).sort_values(x, kind="stable")
    return frame[x].tolist(), frame[y].tolist()
