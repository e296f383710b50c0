"""A contract for a new table: what people edited stays, ranges get wider, and values and columns are added."""

import pandas as pd
import pyarrow as pa

from pipeline.contract.schema import Column, Contract
from pipeline.describe.columns import natural
from pipeline.describe.numbers import with_room
from pipeline.describe.ordered import ordered
from pipeline.table.types import typed

UNUSED = ("always the same", "always empty")  # notes of columns that may be of use now


def update(old: Contract, fresh: Contract, table: pa.Table) -> tuple[Contract, list[str]]:
    """The contract, and doubts on what was added; `fresh`: the new table as if it were the first."""
    data, unreadable = typed(table, old)
    columns, doubts = {}, []
    for name, new in fresh.columns.items():
        kept = old.columns.get(name)
        if kept is None or (kept.role == "ignored" and kept.note in UNUSED):
            columns[name] = new
            continue
        columns[name] = kept if kept.role == "ignored" else _wider(kept, new, data[name], table[name].null_count > 0)
        values = columns[name].values or []
        if columns[name].ordered and values != kept.values and not ordered(values, missing=True):
            doubts.append(f"`{name}` has the new value {values[-1]!r} -> put it in its place in the order of values")
        if name in unreadable and columns[name].type == kept.type:
            doubts.append(
                f"`{name}` has values that are not of type {kept.type}, {unreadable[name].iloc[0]!r} -> correct them"
            )
    return fresh.model_copy(update={"columns": columns}), doubts


def _wider(kept: Column, new: Column, values: pd.Series, missing: bool) -> Column:
    """The column with all values of the new table allowed."""
    changes: dict[str, object] = {"missing": True} if missing else {}
    if kept.type == "integer" and new.type == "number" and kept.format == new.format:
        changes["type"] = "number"
    present = values.dropna()
    if kept.range and len(present):
        changes["range"] = _range(kept, float(present.min()), float(present.max()), str(changes.get("type", kept.type)))
    if kept.values and (added := [value for value in present.unique().tolist() if value not in kept.values]):
        changes |= _values(kept, new, kept.values, added)
    return kept.model_copy(update=changes)


def _range(kept: Column, low: float, high: float, kind: str) -> list[float | int]:
    least, most = kept.range or (low, high)
    room = with_room(low, high)
    edges = [room[0] if low < least else least, room[1] if high > most else most]
    return [int(edge) for edge in edges] if kind == "integer" else edges


def _values(kept: Column, new: Column, values: list[str], added: list[str]) -> dict[str, object]:
    every = [*values, *sorted(added)]
    if kept.ordered:
        known = ordered(every, kept.missing)
        return {"values": known.values if known else every}
    if new.role != "target" and not new.values:  # too many by now to list them
        return {"values": None}
    return {"values": sorted(every, key=natural) if values == sorted(values, key=natural) else every}
