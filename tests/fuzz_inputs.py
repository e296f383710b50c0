"""The valid file of each reader, and the strategy that breaks it."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from hypothesis import strategies as st

from tests.fuzz_changes import as_json, as_yaml, damaged, structure
from tests.fuzz_formats import archive, parquet

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
