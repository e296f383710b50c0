"""The report as Markdown, from what report.json holds alone: the standard library, and every text escaped.

A report from a fork is rendered by this, too, so whatever stands in it can only be shown.
"""

from typing import Any

MARKS = {"pass": "✅", "look closer": "⚠️", "fail": "❌"}
DONE = {0: "✅", 1: "❌"}  # of verify and reproduce
PLAIN = frozenset(" .,-:;()%+/='\"?_^" + "".join(MARKS.values()))  # what no renderer acts upon
LONGEST, ROWS = 300, 60  # characters of a text, rows of a table


def text(value: object) -> str:
    """One line that shows as it is, but for `code` between back-ticks."""
    line = " ".join((f"{value:.4g}" if isinstance(value, float) else str(value)).split())[:LONGEST]
    whole = line.count("`") % 2 == 0 and "``" not in line  # else some of it would show outside the code
    parts = line.split("`") if whole else [line.replace("`", "'")]
    return "`".join(part.replace("|", "/") if i % 2 else _plain(part) for i, part in enumerate(parts))


def _plain(part: str) -> str:
    # GitHub looks for @names and #numbers after it has read the entities: a word joiner keeps them apart
    kept = (c if c.isalnum() or c in PLAIN else f"&#{ord(c)};" + "&#8288;" * (c in "@#") for c in part)
    return "".join(kept).replace("://", "&#58;//").replace("www.", "www&#46;")


def table(heads: list[str], rows: list[list[object]]) -> list[str]:
    """A table, cut after ROWS rows."""
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(text(cell) for cell in row)} |" for row in rows[:ROWS]]
    return ["", *lines, *([f"| and {len(rows) - ROWS} more |"] if len(rows) > ROWS else []), ""]


def markdown(report: dict[str, Any], chart: bool = True) -> str:
    """The comment; without `chart` for the page, which has the plots themselves."""
    verdict = str(report["verdict"])
    sides = f"{str(report.get('base') or 'no base')[:9]} (in {report.get('name')}) and {str(report.get('head'))[:9]}"
    lines = [f"## {MARKS.get(verdict, '❓')} {text(verdict)}", "", *[f"- {text(one)}" for one in report["says"]], ""]
    for verb, check in report.get("checks", {}).items():
        mark = "❔" if check["details"].get("unchecked") else DONE.get(check["code"], "❓")
        lines += [f"{mark} **{text(verb)}**: {'; '.join(text(one) for one in check['says'])}", ""]
    lines += _metrics(report) + _slices(report) + (_chart(report.get("chart")) if chart else [])
    named = {
        "Changes of the gate, which count only after the merge": "gate",
        "Parameters": "parameters",
        "Data, contract and model": "data",
        "Libraries": "libraries",
    }
    for title, key in named.items():
        if rows := report.get(key):
            lines += [
                f"### {title}",
                *table(["", "base", "this change"], [[r["name"], r["old"], r["new"]] for r in rows]),
            ]
    return "\n".join([*lines, f"Compared: {text(sides)}.", ""])


def _metrics(report: dict[str, Any]) -> list[str]:
    rows = report.get("metrics", [])
    if not rows:
        return []
    if "low" not in rows[0]:
        return ["### Metrics", *table(["metric", "value"], [[row["name"], row["new"]] for row in rows])]
    shown: list[list[object]] = [
        [
            row["name"],
            row["old"],
            row["new"],
            f"{row['new'] - row['old']:+.3g} ({row['low']:+.3g} to {row['high']:+.3g})",
            row["evidence"],
            row["smallest"] or "-",
            f"{MARKS.get(row['verdict'], '❓')} {row['verdict']}",
        ]
        for row in rows
    ]
    counts = report["rows"]
    note = (
        f"Paired bootstrap at {report['confidence']:.0%} over the {counts['shared']} test rows that both versions have "
        f"(base {counts['old']}, this change {counts['new']}). The smallest visible change is the one that "
        "these rows would show four times in five."
    )
    if counts["relabelled"]:
        note += f" {counts['relabelled']} labels were corrected; both versions are judged by the new ones."
    heads = ["metric", "base", "this change", "change", "evidence", "smallest visible", "gate"]
    return ["### Metrics", *table(heads, shown), text(note), ""]


def _slices(report: dict[str, Any]) -> list[str]:
    if not report.get("slices_compared"):
        return []
    worse = report["slices"]
    told = (
        f"{report['slices_compared']} comparisons within groups of rows, {len(worse)} of them in doubt or worse; each "
        "interval is wider than above, so that all hold together."
    )
    rows: list[list[object]] = [
        [r["column"], r["group"], r["rows"], r["name"], r["old"], r["new"], f"{r['low']:+.3g} to {r['high']:+.3g}",
         f"{MARKS.get(r['verdict'], '❓')} {r['verdict']}"]
        for r in worse
    ]  # fmt: skip
    heads = ["column", "group", "rows", "metric", "base", "this change", "change", "gate"]
    return ["### Groups", "", text(told), *(table(heads, rows) if rows else [""])]


def _chart(chart: dict[str, Any] | None) -> list[str]:
    if not chart:
        return []
    title, x, y = (" ".join(str(chart[key]).replace('"', "'").split()) for key in ("title", "x", "y"))
    low, high = float(chart["low"]), float(chart["high"])
    lines = [f"    line [{', '.join(str(float(value)) for value in line)}]" for line in chart["lines"][:2]]
    which = "First line: the base; second: this change." if len(lines) > 1 else "This change."
    axes = [f'    title "{title}"', f'    x-axis "{x}" {low:g} --> {high:g}', f'    y-axis "{y}"']
    return ["```mermaid", "xychart-beta", *axes, *lines, "```", which, ""]
