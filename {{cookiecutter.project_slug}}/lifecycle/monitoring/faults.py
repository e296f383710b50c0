"""Faults of what was sent, apart from drift: each with its column, how many rows, and their share."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd

from lifecycle.monitoring.drift import Movement
from lifecycle.monitoring.log import Window
from lifecycle.monitoring.settings import Monitor
from lifecycle.project import Contract

KINDS = {
    "absent": "the column was not sent",
    "unknown": "a column that the contract does not have",
    "missing": "missing, which the contract forbids",
    "type": "values of another type",
    "range": "values outside the contract's range",
    "values": "values that the contract does not list",
}


@dataclass(frozen=True)
class Fault:
    """`count` of rows or cells and their `share`; `alert`: whether it is frequent enough to call somebody."""

    column: str
    what: str
    count: int
    share: float
    alert: bool

    def sentence(self) -> str:
        where = f"{self.column}: " if self.column else ""
        return f"{where}{self.what}" + (f" ({self.count:,}, {self.share:.1%})" if self.count else "")

    def record(self) -> dict[str, Any]:
        return asdict(self)


def refused(window: Window, limit: float) -> Iterator[Fault]:
    """What the contract refused; its rows were not predicted."""
    for (column, kind), count in window.refused.most_common():
        share = count / (window.rows + count)
        yield Fault(column, f"refused, {KINDS.get(kind, kind)}", count, share, share >= limit)


def log_faults(window: Window, settings: Monitor) -> Iterator[Fault]:
    """A silent service, rows of other versions, and lines that cannot be read."""
    silent = timedelta(hours=settings.silence)
    last = datetime.fromisoformat(window.last) if window.last else None
    if last is None or window.until - last > silent:
        since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "in the whole window"
        yield Fault("", f"the service is silent: no request {since}", 0, 0.0, True)
    total = window.rows + sum(window.others.values())
    for version, count in window.others.most_common():
        yield Fault("", f"rows of {version}, which are left out", count, count / total, False)
    if window.broken:
        share = window.broken / (window.broken + max(total, 1))
        yield Fault("", "lines of the log that cannot be read", window.broken, share, share >= settings.faults)
    if empty := _empty_days(window):
        yield Fault("", f"days without a row: {', '.join(empty[:10])}", 0, 0.0, False)


def _empty_days(window: Window) -> list[str]:
    """The days without a row between the first and the last row."""
    days = sorted(date.fromisoformat(day) for day in window.days)
    every = [days[0] + timedelta(days=n) for n in range((days[-1] - days[0]).days)] if days else []
    return [str(day) for day in every if day not in days]


def columns(window: Window, contract: Contract, limit: float) -> Iterator[Fault]:
    """Columns of another version in the sampled rows: the contract's that are absent, and others."""
    count = len(window.sample)
    keys = pd.Series([key for entry in window.sample for key in entry["row"]], dtype="str").value_counts()
    for name in contract.features:
        if gone := count - int(keys.get(name, 0)):
            yield Fault(name, "absent from rows of this version", gone, gone / count, gone / count >= limit)
    for name in keys.index.difference([*contract.columns]):
        more = int(keys[name])
        yield Fault(str(name), "in rows, but not in the contract", more, more / count, more / count >= limit)


def missing(window: pd.DataFrame, reference: pd.DataFrame, moved: list[Movement], settings: Monitor) -> Iterator[Fault]:
    """Columns of which more is missing than in the reference, beyond chance; `moved`: the movements found."""
    for move in moved:
        if move.what != "missing":
            continue
        share, before = (float(table[move.column].isna().mean()) for table in (window, reference))
        if move.p <= settings.alpha and share - before >= settings.faults:
            count = int(window[move.column].isna().sum())
            yield Fault(move.column, f"missing values, {before:.1%} in the reference", count, share, True)


def unseen(window: pd.DataFrame, profile: dict[str, Any], reference: pd.DataFrame, limit: float) -> Iterator[Fault]:
    """Categories that no training row has, where the contract does not list the values."""
    for name, entry in profile.items():
        if name not in window or "shares" not in entry or entry.get("distinct", 0) > len(entry["shares"]):
            continue
        new, before = (table[name].dropna() for table in (window, reference))
        strange = new[~new.isin([*entry["shares"]])]
        share = len(strange) / max(len(new), 1)
        usual = float((~before.isin([*entry["shares"]])).mean()) if len(before) else 0.0
        if len(strange) and share > usual:
            listed = ", ".join(str(value)[:30] for value in strange.value_counts().head(3).index)
            yield Fault(name, f"values that no training row has: {listed}", len(strange), share, share - usual >= limit)
