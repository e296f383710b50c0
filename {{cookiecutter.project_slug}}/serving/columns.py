"""The check of one cell, compiled from its column of the contract: its typed value, or why it is refused."""

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.contract.schema import Column
from serving.cells import Cell, given, moment, number, text, truth

SHOWN = 60  # characters of a refused value
LARGEST = sys.float_info.max


@dataclass
class Fault(Exception):
    """Why a cell is refused. `kind` is one of pipeline/validation: absent, unknown, missing, type, range, values."""

    kind: str
    reason: str
    allowed: object = None
    column: str = ""
    row: int = 0

    def detail(self) -> dict[str, Any]:
        """As the answer lists it."""
        values = asdict(self)
        return {key: values[key] for key in ("row", "column", "reason", "allowed", "kind")}


def shown(value: object) -> str:
    """A value of a request on one short line."""
    text = value if isinstance(value, str) else repr(value) if not isinstance(value, list | dict) else "an object"
    return "".join(c if c.isprintable() else " " for c in text[:SHOWN]) + ("..." if len(text) > SHOWN else "")


def cell_check(column: Column) -> Callable[[object], Cell]:
    """The check of one cell, which returns its typed value or raises Fault."""
    read, expected = _reader(column)
    low, high = map(float, column.range) if column.range else (-LARGEST, LARGEST)
    values = frozenset(value for value in column.values if given(value) == value) if column.values else None
    quick = float if column.type == "number" else str if values and column.type in ("category", "text") else None

    def cell(value: object) -> Cell:
        if type(value) is quick and (low <= value <= high if values is None else value in values):  # type: ignore
            return value
        if isinstance(value, dict | list):
            raise Fault("type", "a cell must be one plain value", expected)
        if (plain := given(value)) is None:
            if column.missing:
                return None
            raise Fault("missing", "this value may not be missing", expected)
        try:
            found = read(plain)
        except (ValueError, KeyError):
            raise Fault("type", f"{shown(value)!r} is not {expected}", expected) from None
        if column.range and isinstance(found, float) and not low <= found <= high:
            raise Fault("range", f"{shown(value)} is outside the range", column.range)
        if values is not None and found not in values:
            raise Fault("values", f"{shown(value)!r} is not one of the values", column.values)
        return found

    return cell


def _reader(column: Column) -> tuple[Callable[[object], Cell], str]:
    """How the type is read, and its name for people."""
    layout = column.format
    if column.type == "number":
        return lambda value: _finite(number(value, layout)), "a number"
    if column.type == "integer":
        return lambda value: _whole(_finite(number(value, layout))), "a whole number"
    if column.type == "boolean":
        return truth, "true or false"
    if column.type == "datetime":
        return lambda value: moment(value, layout), f"a date ({layout or 'ISO 8601'})"
    return text, "a text"


def _finite(value: float) -> float:
    if value - value != 0:
        raise ValueError("infinite")
    return value


def _whole(value: float) -> float:
    if value % 1 > 0:
        raise ValueError("not whole")
    return value
