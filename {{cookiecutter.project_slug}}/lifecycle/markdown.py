"""The report as Markdown, from report.json alone: standard library only, all text escaped."""

from typing import Any


def markdown(report: dict[str, Any]) -> str:
    """The text of the comment."""
    return f"## {report['verdict']}\n\n{report['sentence']}\n"
