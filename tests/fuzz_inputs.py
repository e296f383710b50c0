"""Strategies for broken files: any value of a valid file becomes another one, or its bytes are damaged."""

import copy
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from hypothesis import strategies as st

DEEP: Any = 0
for _ in range(60):
    DEEP = [DEEP]
NUMBERS: list[Any] = [0, 1, -1, 7, 0.5, 2**63, 10**30, 10**400, 1e308, -1e308, float("nan"), float("inf")]
TEXTS = ["", "x", "a\nb", "\0", "\x1b[2J", "é" * 50, "2024-01-01", "%Y%Y", "%Q", "nan", "0" * 32, "../../x", "/"]
SCALARS = [None, True, False, *NUMBERS, *TEXTS, "1" * 5000, "y" * 100_000]
JUNK = st.sampled_from([*SCALARS, [], {}, [[]], [None], {"": None}, {"x": {"x": []}}, [1, "x"], DEEP]) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SIGNS = [bytes([byte]) for byte in b"\0\xff\n\r\t\"',;|{}[]:#"]
TAGS = [b"&a ", b"*a", b"&a [*a, *a]", b"<<: ", b"!!binary ", b"!!set ", b"? ", b"- ", b"NaN", b"1e999", b"\\ud800"]
LONG = [b"\xed\xa0\x80", b"\xef\xbb\xbf", b"9" * 5000, b"[" * 3000, b'{"a":' * 3000, b"- " * 3000, b"x" * 200_000]
PIECES = st.sampled_from([*SIGNS, *TAGS, *LONG]) | st.binary(max_size=6)


@st.composite
def structure(draw: st.DrawFn, valid: Any, dump: Callable[[Any], bytes]) -> bytes:
    """One to three values of a document replaced, dropped, doubled, nested or renamed."""
    holder = [copy.deepcopy(valid)]
    for _ in range(draw(st.integers(1, 3))):
        parent: Any = holder
        key: Any = 0
        while isinstance(parent[key], dict | list) and parent[key] and draw(st.integers(0, 5)):
            parent, key = parent[key], draw(st.sampled_from(sorted(keys(parent[key]), key=str)))
        change = draw(st.sampled_from(["replace", "replace", "replace", "drop", "double", "nest", "rename"]))
        value = parent[key]
        if change == "drop" and parent is not holder:
            del parent[key]
        elif change == "double" and isinstance(value, list):
            parent[key] = value * 2
        elif change == "nest":
            parent[key] = draw(st.sampled_from([[value], {"x": value}, {"path": value}]))
        elif change == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from(["", "x", "a\nb", "k" * 5000, "actual", "é"]))] = parent.pop(key)
        else:
            parent[key] = copy.deepcopy(draw(JUNK))
    return dump(holder[0])


def keys(node: Any) -> list[Any]:
    """The places in a list or mapping."""
    return [*node] if isinstance(node, dict) else [*range(min(len(node), 50))]


@st.composite
def damaged(draw: st.DrawFn, valid: bytes) -> bytes:
    """One to four bytes flipped, pieces cut, inserted or repeated."""
    content = valid
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        end = min(len(content), place + draw(st.integers(0, 40) | st.integers(0, len(content) or 1)))
        match draw(st.sampled_from(["flip", "cut", "insert", "insert", "end", "repeat"])):
            case "flip":
                flipped = bytes(byte ^ draw(st.integers(1, 255)) for byte in content[place : place + 1])
                content = content[:place] + flipped + content[place + 1 :]
            case "cut":
                content = content[:place] + content[end:]
            case "insert":
                content = content[:place] + draw(PIECES) + content[place:]
            case "repeat":
                content = content[:end] + content[place:end] * draw(st.integers(1, 3)) + content[end:]
            case "end":
                content = content[:place]
    return content


def as_json(content: Any) -> bytes:
    """JSON as Python writes it, NaN included."""
    return json.dumps(content).encode()


def as_yaml(content: Any) -> bytes:
    """YAML as PyYAML writes it; integers of any length."""
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")


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


REPORT: dict[str, Any] = {
    "verdict": "pass", "messages": ["a `b`"], "checks": {"verify": {"code": 0, "messages": ["x"], "details": {}}},
    "metrics": [{"name": "m", "old": 0.5, "new": 0.6, "low": 0.0, "high": 0.2, "evidence": "none", "detectable": 0.1,
                 "limited": True, "verdict": "pass"}],
    "rows": {"shared": 9, "old": 9, "new": 9, "relabelled": 1}, "confidence": 0.95, "slices_compared": 2,
    "slices": [{"column": "c", "value": "v", "rows": 3, "name": "m", "old": 1, "new": 2, "low": 0.1, "high": 0.2,
                "verdict": "fail"}],
    "chart": {"title": "t", "x": "x", "y": "y", "low": 0.0, "high": 1.0, "lines": [[0.0, 1.0], [1.0, 0.0]]},
    "gate": [{"name": "a", "old": 1, "new": 2}], "data": [], "base": "b" * 40, "head": "c" * 40, "name": "main",
}  # fmt: skip
BODY = '{"kind": "registration", "version": "v0.0.1", "reason": "", "approved_by": []}'
TAG = ["model@v0.0.1", "tag", "1" * 40, "commit", "2" * 40, "A", "<a@b.c>", "1700000000", BODY, "", "model@v0.0.1"]
PLACES = {
    ".": ["dvc.yaml", "dvc.lock", "params.yaml"],
    "data": ["raw.csv", "raw.csv.dvc", "schema.yaml", "test.parquet", "profile.json"],
    "models": ["golden.json", "model.skops", "manifest.json"],
    "reports": ["metrics.json", "intervals.json", "predictions.parquet", "model_card.md"],
    "reports/plots": ["importance.csv"],
}


def real(project: Path) -> dict[str, bytes]:
    """The files of a project that has its results."""
    return {name: Path(project, folder, name).read_bytes() for folder, names in PLACES.items() for name in names}


def cases(project: Path) -> dict[str, st.SearchStrategy[bytes]]:
    """For each reader the broken files."""
    valid = real(project)
    documents = {"list.dir": [{"md5": "0" * 32, "relpath": "a"}], "report.json": REPORT, "answer.json": [{"number": 1}]}
    valid |= {name: as_json(content) for name, content in documents.items()} | {"tag": "\n".join(TAG).encode()}
    valid["verify.json"] = as_json({"code": 0, "messages": ["x"], "details": {}, "head": "x"})
    target = io.BytesIO()
    pq.write_table(pq.read_table(io.BytesIO(valid["test.parquet"])).drop_columns("__row__"), target)
    valid["raw.parquet"] = target.getvalue()
    return {name: damaged(content) | other(name, content) for name, content in valid.items()}


def other(name: str, content: bytes) -> st.SearchStrategy[bytes]:
    """The strategy for the structure of a file, by the end of its name."""
    match name.rpartition(".")[2]:
        case "json" | "dir":
            return structure(json.loads(content), as_json)
        case "yaml" | "lock" | "dvc":
            return structure(yaml.safe_load(content), as_yaml)
        case "parquet":
            return parquet(content)
        case "skops":
            return archive(content)
    return damaged(content[:300])
