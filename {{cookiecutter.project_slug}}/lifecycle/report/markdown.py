"""The report of a review as Markdown, from report.json alone: the standard library, and every text escaped.

It also renders reports from forks, so whatever they contain can only be displayed.
"""

from typing import Any

from lifecycle.errors import reading

MARKS = {"pass": "✅", "inconclusive": "⚠️", "fail": "❌"}
CODES = {0: "✅", 1: "❌"}  # of verify and reproduce
UNKNOWN, UNCHECKED = "❓", "❔"
PLAIN = frozenset(" .,-:;()%+/='\"?_^" + "".join([*MARKS.values(), UNKNOWN]))  # what no renderer interprets
LONGEST, ROWS = 300, 60  # characters of a text, rows of a table
CHANGES = {  # heading -> key of a list of name, old, new
    "Changes of the gate, effective after the merge": "gate",
    "Parameters": "parameters",
    "Data, contract and model": "data",
    "Libraries": "libraries",
}


def text(value: object) -> str:
    """One line that is displayed as it is, except for `code` between backticks."""
    line = " ".join((f"{value:.4g}" if isinstance(value, float) else str(value)).split())[:LONGEST]
    balanced = line.count("`") % 2 == 0 and "``" not in line  # otherwise part of it would be outside the code
    parts = line.split("`") if balanced else [line.replace("`", "'")]
    return "`".join(part.replace("|", "/") if i % 2 else _escaped(part) for i, part in enumerate(parts))


def _escaped(part: str) -> str:
    # GitHub finds @names and #numbers after it has read the entities: a word joiner keeps them apart
    kept = (c if c.isalnum() or c in PLAIN else f"&#{ord(c)};" + "&#8288;" * (c in "@#") for c in part)
    return "".join(kept).replace("://", "&#58;//").replace("www.", "www&#46;")


def table(heads: list[str], rows: list[list[object]]) -> list[str]:
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(text(cell) for cell in row)} |" for row in rows[:ROWS]]
    return ["", *lines, *([f"| and {len(rows) - ROWS} more |"] if len(rows) > ROWS else []), ""]


def mark(verdict: object) -> str:
    return f"{MARKS.get(str(verdict), UNKNOWN)} {verdict}"


@reading("report.json", "run `uv run lifecycle gate BASE --report DIR` again")
def markdown(report: dict[str, Any], chart: bool = True) -> str:
    """The comment; without `chart` for the page, which has the plots. Raises LifecycleError for any other JSON."""
    lines = [f"## {text(mark(report['verdict']))}", "", *[f"- {text(line)}" for line in report["messages"]], ""]
    for verb, check in report.get("checks", {}).items():
        sign = UNCHECKED if check["details"].get("unchecked") else CODES.get(check["code"], UNKNOWN)
        lines += [f"{sign} **{text(verb)}**: {'; '.join(text(line) for line in check['messages'])}", ""]
    lines += _metrics(report) + _slices(report) + (_chart(report.get("chart")) if chart else [])
    for title, key in CHANGES.items():
        if rows := report.get(key):
            cells = [[row["name"], row["old"], row["new"]] for row in rows]
            lines += [f"### {title}", *table(["", "base", "this change"], cells)]
    if edited := report.get("edited"):
        lines += ["### Files that check changes, edited here", *table(["file"], [[name] for name in edited])]
    base = f"{str(report.get('base') or 'no base')[:9]} (in {report.get('name')})"
    compared = f"Compared: {text(base)} and {text(str(report.get('head'))[:9])}."
    checked = f" Checked by the code of commit {text(str(report['code'])[:9])}." if report.get("code") else ""
    return "\n".join([*lines, compared + checked, ""])


def _metrics(report: dict[str, Any]) -> list[str]:
    rows = report.get("metrics", [])
    if not rows:
        return []
    new = [row for row in rows if row.get("stated")]
    rows = [row for row in rows if not row.get("stated")]
    values = ", ".join(text(f"{row['name']} {row['new']:.4g}") for row in new)
    stated = [f"Not in the base, so not compared: {values}.", ""]
    if "low" not in rows[0]:
        table_of_values = table(["metric", "value"], [[row["name"], row["new"]] for row in rows])
        return ["### Metrics", *table_of_values, *(stated if new else [])]
    cells: list[list[object]] = [
        [
            row["name"],
            row["old"],
            row["new"],
            f"{row['new'] - row['old']:+.3g} ({row['low']:+.3g} to {row['high']:+.3g})",
            row["evidence"],
            row["detectable"] or "-",
            mark(row["verdict"]) if row["limited"] else "no limit",
        ]
        for row in rows
    ]
    counts = report["rows"]
    note = (
        f"Paired intervals at {report['confidence'] * 100:g} % over the {counts['shared']} test rows in both versions "
        f"(base {counts['old']}, this change {counts['new']}). Minimum detectable change: at 80 % power."
    )
    if counts["relabelled"]:
        note += f" {counts['relabelled']} labels were corrected; both versions are scored with the new labels."
    heads = ["metric", "base", "this change", "change (interval)", "evidence", "minimum detectable", "verdict"]
    return ["### Metrics", *table(heads, cells), text(note), "", *(stated if new else [])]


def _slices(report: dict[str, Any]) -> list[str]:
    if not report.get("slices_compared"):
        return []
    rows = report["slices"]
    note = (
        f"{report['slices_compared']} comparisons within slices, {len(rows)} of them not passed. The intervals are "
        "wider than above, so that all of them hold together (Bonferroni)."
    )
    cells: list[list[object]] = [
        [r["column"], r["value"], r["rows"], r["name"], r["old"], r["new"], f"{r['low']:+.3g} to {r['high']:+.3g}",
         mark(r["verdict"])]
        for r in rows
    ]  # fmt: skip
    heads = ["column", "value", "rows", "metric", "base", "this change", "interval", "verdict"]
    return ["### Slices", "", text(note), *(table(heads, cells) if cells else [""])]


def _chart(chart: dict[str, Any] | None) -> list[str]:
    if not chart:
        return []
    title, x, y = (" ".join(str(chart[key]).replace('"', "'").split()) for key in ("title", "x", "y"))
    low, high = float(chart["low"]), float(chart["high"])
    lines = [f"    line [{', '.join(str(float(value)) for value in line)}]" for line in chart["lines"][:2]]
    legend = "First line: the base; second line: this change." if len(lines) > 1 else "This change."
    axes = [f'    title "{title}"', f'    x-axis "{x}" {low:g} --> {high:g}', f'    y-axis "{y}"']
    return ["```mermaid", "xychart-beta", *axes, *lines, "```", legend, ""]
