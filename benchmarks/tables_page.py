"""Writes docs/tables.md from the results that tables.py left in a folder."""

import json
from pathlib import Path
from typing import Any

from real_tables import TABLES

WHY = "## Where the project is worse, and why\n"  # from here on the page is written by people, and kept
TOP = """\
# Real tables

Written by `make tables`. Each of these tables was given to the template as it is, and every default was accepted; then
`lifecycle tune` chose among the settings that it tries first (block `tune` of `params.yaml`), by cross-validation on
the training rows. Both models are compared with a scikit-learn pipeline by hand (`benchmarks/by_hand.py`), whose author
knows which columns to leave out and which ones are texts, dates, ordered, weights or groups
(`benchmarks/real_tables.py`). That pipeline chooses among boosting, random forests and linear models, with several
settings each, in the same way. All learn from the same training rows and predict the same test rows.

The metric is the area under the ROC curve for two classes, the log loss for several, and the root mean squared error
for numbers. The project's own 95 % interval is in brackets. A positive difference means that the project is better. Its
95 % interval is a paired bootstrap of the test rows; copies and groups are drawn as a whole. An interval that contains
zero is noise. The verdict names the second metric (log loss, accuracy, mean absolute error) if that differs by more
than noise. Where a column holds the target ("leak"), the person leaves it out and the project only names it: that is
not compared. The split, and what is ignored or doubtful, are as set-up printed them.

"""
LEAK = "not comparable (leak)"
COLUMNS = (
    "Table, From, Rows x columns, Kind, Split, Metric, Tuned [95 %], By hand, Difference [95 %], Verdict, "
    "Defaults: difference [95 %], Verdict of the defaults, Ignored; doubtful; warnings"
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
    lines = [f"{len(results)} tables, each compared twice with the pipeline by hand:", ""]
    for title, part in (("after `lifecycle tune`", "metrics"), ("with every default", "default")):
        verdicts = [counted(result, part) for result in results]
        counts = [f"{verdicts.count(one)} {one}" for one in ("better", "equal within noise", "worse", LEAK, "failed")]
        lines.append(f"- {title}: {', '.join(counts)}")
    missing = set(TABLES) - {result["table"] for result in results}
    lines += ["", f"Not measured: {', '.join(name for name in TABLES if name in missing) or 'none'}."]
    return "\n".join(lines) + "\n\n"


def counted(result: dict[str, Any], part: str) -> str:
    """The verdict; where a column holds the target, which a person leaves out, a smaller error is no merit."""
    if part not in result:
        return "failed"
    return LEAK if "leak" in TABLES[result["table"]].kind else str(first(result[part])[1]["verdict"])


def first(metrics: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The more important metric."""
    name, found = next(iter(metrics.items()))
    return name, found


def row(result: dict[str, Any]) -> str:
    """One line of the table."""
    table = TABLES[result["table"]]
    start = [result["table"], table.source.split(" ")[0]]
    if "metrics" not in result:
        return line(*start, "", table.kind, split(result), *[""] * 4, "failed", "", "", reason(result))
    name, found = first(result["metrics"])
    bounds = result["interval"][name]
    return line(
        *start,
        f"{result['rows']:,} x {result['columns']}",
        table.kind,
        split(result),
        name,
        f"{found['ours']:.4g} [{bounds['low']:.4g}, {bounds['high']:.4g}], {model(result['tuned'])}",
        f"{found['by_hand']:.4g}, {result['chosen']}",
        difference(found),
        verdict(result, "metrics"),
        difference(first(result["default"])[1]),
        verdict(result, "default"),
        said(result),
    )


def reason(result: dict[str, Any]) -> str:
    """The step that failed, and what it said."""
    return f"{result['step']}: {result['failed']}"


def model(tuned: dict[str, Any]) -> str:
    """What the search chose."""
    higher = tuned["metric"] == "roc_auc"
    if not (tuned["best"] > tuned["before"] if higher else tuned["best"] < tuned["before"]):
        return "the defaults"
    found = tuned["parameters"]
    return f"{found['model']} ({', '.join(f'{value:g}' for name, value in found.items() if name != 'model')})"


def difference(found: dict[str, Any]) -> str:
    """How much better the project is, with the interval."""
    low, high = found["interval"]
    return f"{found['better_by']:+.3g} [{low:+.2g}, {high:+.2g}]"


def verdict(result: dict[str, Any], part: str) -> str:
    """Of the first metric, and of the second one if it differs."""
    found, (_, (other, also)) = counted(result, part), result[part].items()
    text = "**worse**" if found == "worse" else found
    return text if found == LEAK or also["verdict"] == "equal within noise" else f"{text}; {other} {also['verdict']}"


def line(*cells: str) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def split(result: dict[str, Any]) -> str:
    """What set-up printed of the split."""
    lines = [line.strip() for line in result.get("said", "").splitlines()]
    return "; ".join(
        line.removeprefix("split: ").removesuffix(" (params.yaml, prepare)")
        for line in lines
        if line.startswith("split: ")
    )


def said(result: dict[str, Any]) -> str:
    """What set-up printed of ignored and doubtful columns, and the first warnings of the validation, in short."""
    lines = [line.strip() for line in result["said"].splitlines() if not line.endswith(": none")]
    printed = [line for line in lines if line.startswith(("ignored: ", "doubtful: "))]
    new = [text for text in result["warnings"] if not any(text in line for line in printed)]
    return "; ".join(map(short, [*printed, *new[:2]]))


def short(text: str) -> str:
    """A text without its end if it is long."""
    return text if len(text) <= 140 else text[:140].rsplit(" ", 1)[0] + " ..."
