"""Writes the data contract that the stages keep to: `python -m pipeline.describe data/raw.csv data/schema.yaml`.

Reads the raw table; writes data/schema.yaml. Columns that the file already holds stay as people left them (`--fresh`
describes all anew), columns that are new in the table are added and those that are gone are removed.
"""

import argparse
import math
import re
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import yaml

from pipeline import table
from pipeline.contract import Column, Contract, load, moments, text, whole
from pipeline.stage import Refused

CATEGORIES = 50  # a column with more distinct texts than this is text, not a category
CLASSES = 100  # a target with more distinct labels than this is no classification
FEW = 20  # in fewer rows than this, all different says nothing
DATES = ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d"]
LAYOUTS = [None, *DATES, *(f"{date} {time}" for date in DATES for time in ("%H:%M", "%H:%M:%S"))]
ID_NAME = re.compile(r"(^|[_\s.-])(id|uuid|guid|key|index)$|^column_\d+$|^unnamed: \d+$", re.IGNORECASE)
HEADER = """\
# The data contract: what every column is. Written by `python -m pipeline.describe`, reviewed and edited by people.
# type: integer, number, boolean, category, text, datetime   role: feature, target, ignored   missing: may it be empty?
# range: lowest and highest value allowed (as seen, with room to grow)   values: all that a category may be
# unique: (nearly) every value is different, an id
"""


def describe(data: pa.Table, target: str, task: str) -> Contract:
    """What each column of `data` is, judged by all its values; raises Refused if `target` does not fit `task`."""
    if target not in data.column_names:
        raise Refused(f"the table has no column {target!r}: choose the target among {', '.join(data.column_names)}.")
    columns = {}
    for name in data.column_names:
        values = data[name].combine_chunks()
        columns[name] = _target(name, values, task) if name == target else _feature(name, values)
    return whole(Contract.model_validate({"task": task, "columns": columns}), "the contract")


def _feature(name: str, values: pa.Array) -> Column:
    present = values.drop_null()
    distinct = present.unique()
    missing = len(present) < len(values)
    if len(distinct) < 2:
        note = "always the same" if len(distinct) else "always empty"
        return Column(type="text", role="ignored", missing=missing, note=note)
    column = _numeric(distinct, missing) or _boolean(distinct, missing) or _datetime(distinct, missing)
    if column is None and len(distinct) <= min(CATEGORIES, max(2, len(present) // 2)):
        column = Column(type="category", role="feature", missing=missing, values=sorted(text(distinct)))
    column = column or Column(type="text", role="feature", missing=missing)
    if len(present) > FEW and _is_id(name, column, len(present), distinct):
        return Column(type=column.type, role="ignored", missing=missing, unique=True)
    return column


def _is_id(name: str, column: Column, rows: int, distinct: pa.Array) -> bool:
    """A text that never repeats, whole numbers that count the rows, or nearly so under an id's name."""
    if column.type not in ("integer", "text"):
        return False
    if ID_NAME.search(name) and len(distinct) > 0.9 * rows:
        return True
    if column.type == "text" or len(distinct) < rows:
        return len(distinct) == rows
    limits = pc.min_max(distinct.cast(pa.int64())).as_py()
    return bool(limits["max"] - limits["min"] + 1 == rows)


def _cast(values: pa.Array, kind: pa.DataType) -> pa.Array | None:
    try:
        return values.cast(kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None


def _numeric(distinct: pa.Array, missing: bool) -> Column | None:
    if pa.types.is_boolean(distinct.type) or pa.types.is_temporal(distinct.type):
        return None
    # Whole numbers beyond 2**53 lose their last digits as floats, which no model would see
    numbers = (
        distinct.cast(pa.float64(), safe=False) if pa.types.is_integer(distinct.type) else _cast(distinct, pa.float64())
    )
    if numbers is None:
        return None
    finite = numbers.filter(pc.is_finite(numbers))
    limits = pc.min_max(finite).as_py() if len(finite) else {"min": 0.0, "max": 0.0}
    edges: list[float | int] = _with_room(limits["min"], limits["max"])
    if _cast(distinct, pa.int64()) is None:
        return Column(type="number", role="feature", missing=missing, range=edges)
    return Column(type="integer", role="feature", missing=missing, range=[int(edge) for edge in edges])


def _with_room(low: float, high: float) -> list[float | int]:
    """A range as wide again on each side, rounded to what the spread can tell, that does not cross zero by itself."""
    spread = high - low
    if not 0 < spread < float("inf"):
        return [low, high]
    digits = 5 - math.floor(math.log10(spread))
    below, above = round(low - spread, digits), round(high + spread, digits)
    return [min(low, 0.0 if low >= 0 > below else below), max(high, 0.0 if high <= 0 < above else above)]


def _boolean(distinct: pa.Array, missing: bool) -> Column | None:
    if len(distinct) < FEW and {str(value).lower() for value in distinct.to_pylist()} <= {"true", "false"}:
        return Column(type="boolean", role="feature", missing=missing)
    return None


def _datetime(distinct: pa.Array, missing: bool) -> Column | None:
    for layout in LAYOUTS:
        if moments(distinct.slice(0, 100), layout).notna().all() and moments(distinct, layout).notna().all():
            return Column(type="datetime", role="feature", missing=missing, format=layout)
    return None


def _target(name: str, values: pa.Array, task: str) -> Column:
    present = values.drop_null()
    missing = len(present) < len(values)
    if len(present) == 0:
        raise Refused(f"the target {name!r} has no value in any row: choose another target.")
    if task == "regression":
        column = _numeric(present.unique(), missing)
        if column is None:
            example = text(present)[pd.to_numeric(text(present), errors="coerce").isna()].iloc[0]
            raise Refused(f"the target {name!r} holds {example!r}, regression needs numbers: choose classification.")
        return column.model_copy(update={"role": "target"})
    labels = sorted(text(present).unique().tolist(), key=_natural)
    if len(labels) > CLASSES or (len(present) > FEW and len(labels) > len(present) / 2):
        raise Refused(f"the target {name!r} has {len(labels)} distinct values: choose regression or another target.")
    return Column(type="category", role="target", missing=missing, values=labels)


def _natural(label: str) -> tuple[float, str]:
    """Numbers in their own order, then text in the alphabet's."""
    try:
        return float(label), label
    except ValueError:
        return float("inf"), label


def render(contract: Contract) -> str:
    """The contract as YAML, a few lines a column."""
    plain = contract.model_dump(exclude_defaults=True)
    return HEADER + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)


def main(arguments: list[str]) -> None:
    """Describe the table named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m pipeline.describe", description=__doc__)
    parser.add_argument("table")
    parser.add_argument("schema")
    parser.add_argument("--target", help="the column to predict (default: the schema's)")
    parser.add_argument("--task", choices=["classification", "regression"], help="(default: the schema's)")
    parser.add_argument("--fresh", action="store_true", help="describe all columns anew, losing edits")
    options = parser.parse_args(arguments)
    old = load(options.schema) if Path(options.schema).exists() else None
    target, task = options.target or (old and old.target), options.task or (old and old.task)
    if not (target and task):
        raise Refused(f"{options.schema} does not exist yet: say --target COLUMN --task TASK.")
    contract = describe(table.read(options.table), target, task)
    if old and not options.fresh and (old.target, old.task) == (target, task):
        kept = {name: old.columns.get(name, column) for name, column in contract.columns.items()}
        contract = whole(contract.model_copy(update={"columns": kept}), options.schema)
    Path(options.schema).write_text(render(contract), "utf-8", newline="\n")
    roles = [column.role for column in contract.columns.values()]
    print(f"{options.schema}: {roles.count('feature')} features, {roles.count('ignored')} ignored, target {target!r}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Refused as sentence:
        sys.exit(f"describe: {sentence}")
