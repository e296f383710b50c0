"""Is this an alert? Joins faults, drift and performance of a window with what earlier windows showed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lifecycle.monitoring import faults, history, performance, tables
from lifecycle.monitoring.compare import Evidence, compared, drift_reasons
from lifecycle.monitoring.log import moment

LINE = 60  # earlier windows that are shown


@dataclass
class Result:
    """Whether somebody is called, the messages for people, and the details for programs."""

    alert: bool
    messages: list[str]
    details: dict[str, Any]


def verdict(evidence: Evidence, place: str) -> Result:
    """The verdict, which is recorded in the history beside the log."""
    window, settings = evidence.window, evidence.settings
    past = history.past(place, evidence.stage)
    earlier = history.separate(past, window.since)
    details: dict[str, Any] = {
        "stage": evidence.stage, "version": evidence.name, "since": window.since.isoformat(),
        "until": window.until.isoformat(), "rows": window.rows, "compared": len(window.sample),
        "settings": settings.model_dump(), "movements": [], "histograms": [], "performance": None, "alarm": False,
    }  # fmt: skip
    found = [*faults.log_faults(window, settings), *faults.refused(window, settings.faults)]
    messages: list[str] = []
    if window.rows < settings.rows:
        messages.append(f"too few rows: {window.rows} of {evidence.name}, {settings.rows} are needed to compare.")
    else:
        found += compared(evidence, details)
    reasons = [fault.sentence() for fault in found if fault.alert]
    reasons += drift_reasons(details, settings, earlier)
    reasons += performance_reasons(evidence, details, past)
    details["faults"] = [fault.record() for fault in sorted(found, key=lambda fault: -fault.alert)]
    details["alert"], details["reasons"] = bool(reasons), reasons
    details["earlier"] = [
        {key: one.get(key) for key in ("until", "version", "rows", "p", "effect", "alarm", "alert", "metrics")}
        for one in earlier[:LINE]
    ]
    history.keep(place, record(details))
    head = f"{evidence.stage}, {evidence.name}, {window.rows:,} rows from {window.since:%Y-%m-%d %H:%M} to "
    head += f"{window.until:%Y-%m-%d %H:%M} UTC: {'alert' if reasons else 'quiet'}."
    quiet = [f"Noted: {fault.sentence()}." for fault in found if not fault.alert]
    if (drift := details.get("drift")) and drift not in reasons:
        quiet.insert(0, f"Noted: {drift}; {settings.alarms} call somebody.")
    return Result(bool(reasons), [head, *(f"Alert: {reason}." for reason in reasons), *messages, *quiet], details)


def performance_reasons(evidence: Evidence, details: dict[str, Any], past: list[dict[str, Any]]) -> list[str]:
    """Metrics that are worse by more than the allowed drop, if labels have come; fills the details.

    Every earlier run with labels was a look at the version, also where its window overlaps this one.
    """
    if not evidence.labels:
        return []
    end = moment(evidence.window.until - timedelta(hours=evidence.settings.label_delay))
    entries = [entry for entry in evidence.window.labelled if entry["time"] <= end]
    look = 1 + max((int(one.get("look") or 0) for one in past if one.get("version") == evidence.name), default=0)
    reference = tables.predictions(evidence.version)
    contract, settings = evidence.version.contract, evidence.settings
    found = performance.performance(entries, evidence.labels, reference, contract, evidence.gate, settings.alpha, look)
    details["performance"] = found
    return [
        f"{row['name']} is {row['value']:.4g} ({row['low']:.4g} to {row['high']:.4g}) where the reference has "
        f"{row['reference']:.4g} ({row['reference_low']:.4g} to {row['reference_high']:.4g})"
        for row in found["metrics"]
        if row["alarm"]
    ]


def record(details: dict[str, Any]) -> dict[str, Any]:
    """What the history keeps of a run."""
    measured = details["performance"]
    metrics = {row["name"]: row["value"] for row in measured["metrics"]} if measured else None
    look = measured["look"] if measured else 0
    keys = ("stage", "version", "since", "until", "rows", "alarm", "alert", "reasons")
    return {key: details[key] for key in keys} | {
        "p": details.get("p"), "effect": details.get("effect"), "metrics": metrics, "look": look,
        "movements": [move for move in details["movements"] if move["alarm"]],
    }  # fmt: skip
