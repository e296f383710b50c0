"""What a person should know of a contract: its features, what is ignored and why, and what is doubtful."""

from collections import Counter

import pyarrow as pa

from pipeline.contract.schema import Column, Contract
from pipeline.describe.doubts import DOUBT
from pipeline.run.errors import InputError
from pipeline.run.settings import load_yaml
from pipeline.table.types import typed
from pipeline.validation.warnings import warnings

KINDS = {"integer": "number", "number": "number", "boolean": "boolean", "category": "category", "text": "text",
         "datetime": "date"}  # fmt: skip
SHOWN = 3  # doubts, and names of columns that are ignored for the same reason
LEAK = 0.98  # where params.yaml does not say from which share of the target a column is reported


def summary(contract: Contract, table: pa.Table, path: str, more: list[str]) -> list[str]:
    """The three lines; `path`: of the contract, `more`: doubts beside those of the contract and of validation."""
    doubts = more + doubtful(contract, table)
    rest = len(doubts) - SHOWN
    shown = doubts[:SHOWN] + ([f"and {rest} more: see {path} and reports/validation.md"] if rest > 0 else [])
    return [_features(contract), f"ignored: {_ignored(contract) or 'none'}", f"doubtful: {'; '.join(shown) or 'none'}"]


def doubtful(contract: Contract, table: pa.Table) -> list[str]:
    """A sentence for each doubt: first what the contract notes, then what validation warns of."""
    notes = {n: c.note.removeprefix(DOUBT) for n, c in contract.columns.items() if c.note and c.note.startswith(DOUBT)}
    warned = warnings(typed(table, contract)[0], contract, _leak())
    repeated = tuple(f"`{name}` is read as text" for name in notes)
    return [f"`{name}` {note}" for name, note in notes.items()] + [w for w in warned if not w.startswith(repeated)]


def _leak() -> float:
    try:
        return float(load_yaml("params.yaml")["validate"]["leak"])
    except (InputError, KeyError, TypeError, ValueError):
        return LEAK


def _features(contract: Contract) -> str:
    kinds = Counter(KINDS[column.type] for column in contract.features.values())
    counts = ", ".join(f"{count} {_plural(kind, count)}" for kind, count in kinds.items())
    weight = [f"; weight: {name}" for name, column in contract.columns.items() if column.role == "weight"]
    return f"features: {len(contract.features)} ({counts}){''.join(weight)}"


def _plural(kind: str, count: int) -> str:
    return kind if count == 1 else kind.removesuffix("y") + "ies" if kind.endswith("y") else f"{kind}s"


def _ignored(contract: Contract) -> str:
    reasons: dict[str, list[str]] = {}
    for name, column in contract.columns.items():
        if column.role == "ignored":
            reasons.setdefault(_reason(column), []).append(name)
    return ", ".join(f"{_listed(names)} ({reason})" for reason, names in reasons.items())


def _reason(column: Column) -> str:
    return column.note or ("different in every row" if column.unique else "by the contract")


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
