"""Writes docs/tables.md from the results that tables.py left in a folder."""

import json
from pathlib import Path
from typing import Any

from real_tables import TABLES

WHY = "## Where the project is worse, and why\n"  # from here on the page is written by people, and kept
TOP = """\
# Real tables

Written by `make tables`. Each of these tables was given to the template as it is, and every default was accepted. It is
compared with a scikit-learn pipeline by hand (`benchmarks/by_hand.py`), whose author knows which columns to leave out
and which ones are texts, dates, ordered, weights or groups (`benchmarks/real_tables.py`). That pipeline chooses among
boosting, random forests and linear models, with several settings each, by cross-validation within the training rows.
Both learn from the same training rows and predict the same test rows.

A positive difference means that the project is better. Its 95 % interval is a paired bootstrap of the test rows; copies
and groups are drawn as a whole. An interval that contains zero is noise. The metric is the area under the ROC curve for
two classes, the log loss for several, and the root mean squared error for numbers. The verdict names the second metric
(log loss, accuracy, mean absolute error) if that differs by more than noise.

"""
COLUMNS = (
    "Table, From, Rows x columns, Kind, Split, Metric, Project, By hand, Difference [95 %], Verdict, Ignored; warnings"
)


def write_page(work: Path, page: Path) -> None:
    """The page from all results that there are; the part that people wrote stays."""
    paths = [work / name / "result.json" for name in TABLES]
    results = [json.loads(path.read_text()) for path in paths if path.exists()]
    old = page.read_text("utf-8") if page.exists() else ""
    kept = old[old.index(WHY) :] if WHY in old else WHY
    names = COLUMNS.split(", ")
    header = line(*names) + line(*["---"] * len(names))
    page.write_text(TOP + summary(results) + header + "".join(map(row, results)) + "\n" + kept, "utf-8")


def summary(results: list[dict[str, Any]]) -> str:
    """How many of each verdict."""
    verdicts = [first(result)[1]["verdict"] if "metrics" in result else "failed" for result in results]
    counts = [f"{verdicts.count(one)} {one}" for one in ("better", "equal within noise", "worse", "failed")]
    return f"{len(results)} tables: {', '.join(counts)}.\n\n"


def first(result: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The more important metric."""
    name, found = next(iter(result["metrics"].items()))
    return name, found


def row(result: dict[str, Any]) -> str:
    """One line of the table."""
    table = TABLES[result["table"]]
    start = [result["table"], table.source.split(" ")[0]]
    if "metrics" not in result:
        return line(*start, "", table.kind, split(result), *[""] * 4, "failed", f"{result['step']}: {result['failed']}")
    name, found = first(result)
    low, high = found["interval"]
    other, also = list(result["metrics"].items())[1]
    verdict = found["verdict"] if found["verdict"] != "worse" else "**worse**"
    if also["verdict"] != "equal within noise":
        verdict += f"; {other} {also['verdict']}"
    return line(
        *start,
        f"{result['rows']:,} x {result['columns']}",
        table.kind,
        split(result),
        name,
        f"{found['ours']:.4g}",
        f"{found['by_hand']:.4g}",
        f"{found['better_by']:+.3g} [{low:+.2g}, {high:+.2g}]",
        verdict,
        said(result),
    )


def line(*cells: str) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def split(result: dict[str, Any]) -> str:
    """The settings of the split but its share and seed."""
    chosen = {name: value for name, value in result.get("prepare", {}).items() if name not in ("test_share", "seed")}
    return ", ".join(
        str(value) if name == "split" else f"{name}: {'+'.join(value) if isinstance(value, list) else value}"
        for name, value in chosen.items()
        if value not in ([], "", None, False)
    )


def said(result: dict[str, Any]) -> str:
    """What set-up printed of ignored and doubtful columns, or the contract and the validation's warnings, in short."""
    lines = [line.strip() for line in result["said"].splitlines() if not line.endswith(": none")]
    if printed := [line for line in lines if line.startswith(("ignored: ", "doubtful: "))]:
        return "; ".join(map(short, printed))
    names = result["ignored"]
    ignored = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "") or "none"
    return "; ".join([ignored, *map(short, result["warnings"][:2])])


def short(text: str) -> str:
    """A text without its end if it is long."""
    return text if len(text) <= 140 else text[:140].rsplit(" ", 1)[0] + " ..."
