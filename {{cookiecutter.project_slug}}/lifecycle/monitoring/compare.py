"""Compares a window with the reference, and says when drift in the last windows calls somebody."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from lifecycle.monitoring import faults, tables
from lifecycle.monitoring.drift import Movement, movements
from lifecycle.monitoring.histogram import histogram
from lifecycle.monitoring.log import Window
from lifecycle.monitoring.settings import Monitor
from lifecycle.project import UNIT
from lifecycle.review.limits import Gate
from lifecycle.storage.version import Version

SHOWN, DRAWN = 20, 6  # movements that are recorded, and columns whose histograms are


@dataclass(frozen=True)
class Evidence:
    """A window of the log of a stage's version, and what it is compared by; `labels`: by prediction id."""

    stage: str
    name: str
    version: Version
    window: Window
    settings: Monitor
    gate: Gate
    labels: dict[str, Any]


def compared(evidence: Evidence, details: dict[str, Any]) -> list[faults.Fault]:
    """Drift and the faults of columns, in the sampled rows; fills the details."""
    window, settings, version = evidence.window, evidence.settings, evidence.version
    reference = tables.reference(version, settings.sample, settings.seed)
    now = tables.window(window.sample, version.contract)
    codes, what = tables.blocks(reference, window.sample, settings.block, settings.seed)
    reference = reference.drop(columns=UNIT, errors="ignore")
    names = [name for name in reference if name in now]
    moved = movements(reference[names], now[names], codes, settings.alpha, settings.permutations, settings.seed)
    ranked = sorted(moved, key=lambda move: (not alarming(move, settings), -move.effect))[:SHOWN]
    alarms = [move.column for move in ranked if alarming(move, settings)]
    details |= {
        "reference_rows": len(reference), "permuted": what, "blocks": int(codes.max()) + 1,
        "p": moved[0].p, "effect": max(move.effect for move in moved), "alarm": bool(alarms),
        "movements": [asdict(move) | {"alarm": alarming(move, settings)} for move in ranked if move.effect > 0],
        "histograms": [histogram(name, reference[name], now[name]) for name in dict.fromkeys(alarms)][:DRAWN],
    }  # fmt: skip
    profile = version.json("profile.json").get("columns", {})
    return [
        *faults.columns(window, version.contract, settings.faults),
        *faults.missing(now, reference, moved, settings),
        *faults.unseen(now, profile, reference, settings.faults),
    ]


def alarming(move: Movement, settings: Monitor) -> bool:
    return move.p <= settings.alpha and move.effect >= settings.effect


def drift_reasons(details: dict[str, Any], settings: Monitor, earlier: list[dict[str, Any]]) -> list[str]:
    """Why drift calls somebody: enough of the last windows alarm. Fills in how often that is chance."""
    same = [one for one in earlier if one.get("p") is not None and one.get("version") == details["version"]]
    last = [details["alarm"], *(one["alarm"] for one in same)][: settings.windows]
    at_most, independent = bound(settings.alpha, settings.alarms, settings.windows)
    details |= {"alarms": sum(last), "chance": at_most, "chance_if_independent": independent}
    if not details["alarm"]:
        return []
    names = [move["column"] for move in details["movements"] if move["alarm"]]
    columns = ", ".join(dict.fromkeys(names))
    drift = f"drift in {columns}, in {sum(last)} of the last {len(last)} windows"
    details["drift"] = drift
    return [drift] if sum(last) >= settings.alarms else []


def bound(alpha: float, alarms: int, windows: int) -> tuple[float, float]:
    """The chance, without drift, of `alarms` in `windows`: at most, and if the windows were independent.

    They share the reference, so the first holds (Markov's inequality for the number of alarms), whatever links them.
    """
    independent = sum(
        math.comb(windows, k) * alpha**k * (1 - alpha) ** (windows - k) for k in range(alarms, windows + 1)
    )
    return min(1.0, windows * alpha / alarms), independent
