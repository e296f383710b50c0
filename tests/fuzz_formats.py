"""Strategies for broken archives of models and for Parquet tables of unexpected types."""

import io
import json
import zipfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from tests.fuzz_changes import as_json, damaged, structure


@st.composite
def archive(draw: st.DrawFn, valid: bytes) -> bytes:
    """A model whose parts are damaged, dropped or of another kind."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(valid)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = draw(st.sampled_from([*old.namelist(), "schema.json", "schema.json", "schema.json"]))
        new.comment = draw(st.sampled_from([*[old.comment] * 3, b"", b"\xff\xfe", b"scikit-learn 9"]))
        for name in old.namelist():
            part = old.read(name)
            if name == chosen and name == "schema.json":
                part = draw(structure(json.loads(part), as_json) | damaged(part))
            elif name == chosen:
                part = draw(damaged(part) | st.just(b""))
            if name != chosen or draw(st.integers(0, 9)):
                new.writestr(name, part)
    return target.getvalue()


COLUMNS: list[Any] = [
    [None] * 4, [1, 2, 3, None], [0.5, float("nan"), float("inf"), 1e308], [2**63 - 1, -(2**63), 0, 1],
    ["a", "b", "", None], [True, False, None, True], [[1], [], None, [2]], [{"a": 1}, {"a": 2}, None, {}],
    [b"\xff", b"x", None, b""], ["2024-01-01", "2024-99-01", "x", "9999-12-31"], ["1e999", "0x10", "1_0", "٣"],
    ["inf", "NaN", "?", "1,5"], ["\0", "a\nb", '"', "é"],
]  # fmt: skip
TYPES = [
    pa.int8(), pa.uint64(), pa.float16(), pa.decimal128(38, 2), pa.decimal256(76, 0), pa.date32(), pa.date64(),
    pa.timestamp("s"), pa.timestamp("ns", "UTC"), pa.time32("s"), pa.time64("ns"), pa.duration("us"), pa.null(),
    pa.large_string(), pa.large_binary(), pa.binary(3), pa.string_view(), pa.dictionary(pa.int8(), pa.string()),
    pa.month_day_nano_interval(),
]  # fmt: skip


@st.composite
def parquet(draw: st.DrawFn, valid: bytes) -> bytes:
    """A Parquet table with a column replaced by one of another type, or dropped, or of another name."""
    data = pq.read_table(io.BytesIO(valid)).slice(0, 40)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, data.num_columns - 1))
        values = pa.array((draw(st.sampled_from(COLUMNS)) * 10)[: data.num_rows])
        kind = draw(st.sampled_from(TYPES))
        try:
            values = values.cast(kind, safe=False) if draw(st.booleans()) else values
        except (pa.ArrowException, ValueError):
            numbers = pa.array([draw(st.integers(-(2**63), 2**63 - 1))] * data.num_rows)
            values = numbers.view(kind) if kind in (pa.timestamp("s"), pa.date64()) else values
        names = data.column_names
        name = draw(st.sampled_from([names[place], names[place], "x", "", "a\0b", names[0]]))
        data = data.set_column(place, name, values) if draw(st.integers(0, 5)) else data.remove_column(place)
        data = data if data.num_columns else data.append_column("x", values)
    target = io.BytesIO()
    try:
        pq.write_table(data, target)
    except (pa.ArrowException, ValueError):  # what Parquet cannot hold
        return valid[:100]
    return target.getvalue()
