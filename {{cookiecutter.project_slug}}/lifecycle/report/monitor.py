"""The monitor's report: one page for people, Markdown for an issue, and JSON for programs."""

import json
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from lifecycle import paths
from lifecycle.report.html import page
from lifecycle.report.markdown import table, text
from lifecycle.report.monitor_drawings import drawings

Details = dict[str, Any]


def write(details: Details, folder: Path) -> None:
    """monitor.html, monitor.md and monitor.json."""
    body = MarkdownIt("commonmark").enable("table").render(markdown(details))
    drawn = "".join(f"<h3>{escape(title)}</h3>\n{figures}\n" for title, figures in drawings(details).items() if figures)
    texts = {
        "monitor.md": markdown(details),
        "monitor.html": page(f"Monitor: {details['stage']} {verdict(details)}", body + drawn),
        "monitor.json": json.dumps(details, indent=2, ensure_ascii=False, default=str) + "\n",
    }
    for name, content in texts.items():
        paths.write(folder / name, content)


def verdict(details: Details) -> str:
    return "alert" if details["alert"] else "quiet"


def markdown(details: Details) -> str:
    """The verdict first, then what it rests on."""
    since, until = (str(details[key])[:16].replace("T", " ") for key in ("since", "until"))
    lines = [
        f"## {text(details['stage'])} {text(details['version'])}: {verdict(details)}", "",
        f"{details['rows']:,} rows from {text(since)} to {text(until)} UTC.", "",
        *(f"- {text(reason)}" for reason in details["reasons"]), "",
    ]  # fmt: skip
    if details["alert"]:
        stage = text(details["stage"])
        back = f"`uv run lifecycle rollback --stage {stage} --reason WHY`"
        lines += [f"To go back to the version before: {back}", ""]
    lines += _faults(details) + _performance(details) + _drift(details) + _earlier(details)
    return "\n".join([*lines, ""])


def _faults(details: Details) -> list[str]:
    rows = [
        [fault["column"] or "-", fault["what"], f"{fault['count']:,}" if fault["count"] else "-",
         f"{fault['share']:.1%}" if fault["count"] else "-", "yes" if fault["alert"] else "no"]
        for fault in details["faults"]
    ]  # fmt: skip
    return ["### Faults", *table(["column", "what", "count", "share", "alert"], rows)] if rows else ["No faults.", ""]


def _performance(details: Details) -> list[str]:
    found = details["performance"]
    if not found:
        return []
    said = (
        f"{found['rows']:,} rows have labels. This is look {found['look']} at this version, with an error rate of "
        f"{found['error_rate']:.2g}; all looks together err at most {details['settings']['alpha']:.0%} of the time."
    )
    rows = [
        [row["name"], f"{row['reference']:.4g} ({row['reference_low']:.4g} to {row['reference_high']:.4g})",
         f"{row['value']:.4g} ({row['low']:.4g} to {row['high']:.4g})",
         "-" if row["allowed_drop"] is None else row["allowed_drop"], "yes" if row["alarm"] else "no"]
        for row in found["metrics"]
    ]  # fmt: skip
    return ["### Performance", "", said, "", *table(["metric", "reference", "window", "allowed drop", "alert"], rows)]


def _drift(details: Details) -> list[str]:
    settings = details["settings"]
    if "p" not in details:
        return ["### Drift", "", f"Too few rows: {details['rows']} of {settings['rows']}.", ""]
    guarantee = (
        f"Compared: {details['compared']:,} rows of the window with {details['reference_rows']:,} test rows of the "
        f"version. In a window without drift the chance of any alarm is at most {settings['alpha']:.0%}, whatever the "
        f"number of rows and however columns depend on each other, as long as {details['permuted']} are exchangeable "
        f"({details['blocks']:,} were permuted). An alarm also needs an effect of {settings['effect']:g}. "
        f"{settings['alarms']} of {settings['windows']} windows call somebody; by chance at most "
        f"{details['chance']:.1%} of the time, {details['chance_if_independent']:.2%} if windows were independent. "
        f"Now: {details['alarms']}."
    )
    rows = [
        [move["column"], move["what"], f"{move['effect']:.3f}", f"{move['p']:.3f}", "yes" if move["alarm"] else "no"]
        for move in details["movements"]
    ]
    return ["### Drift", "", text_of(guarantee), *table(["column", "what moved", "effect", "p", "alarm"], rows)]


def text_of(paragraph: str) -> str:
    """A paragraph of ours, longer than a text of somebody else may be; it has no text of theirs but escaped."""
    return " ".join(text(part) for part in paragraph.split(" "))


def _earlier(details: Details) -> list[str]:
    compared = [window for window in details["earlier"] if window["p"] is not None]
    if not compared:
        return []
    alarms = sum(window["alarm"] for window in compared)
    return [f"Of {len(compared)} earlier windows, {alarms} had a drift alarm ({alarms / len(compared):.0%}).", ""]
