"""Are two versions of an output the same values within a tolerance? A list of what differs, side by side."""

import io
import json
import math
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pandas as pd

from lifecycle.review.texts import texts
from pipeline.files import read_json, read_table

SHOWN = 5  # differences of one file that are listed
ROUNDED = 1e-3  # relative: a text shows four digits, and the next bit may round the last of them the other way


def differences(old: Path, new: Path, tolerance: float, renamed: dict[str, str]) -> list[str] | None:
    """The values that differ by more than `tolerance` (relative, or absolute below 1); empty if none do.

    None where the format has no values to compare. `renamed`: old hashes of files whose new hash stands for the same.
    """
    if old.is_dir() and new.is_dir():
        names = {path.relative_to(folder) for folder in (old, new) for path in folder.rglob("*") if path.is_file()}
        found = [differences(old / name, new / name, tolerance, renamed) for name in sorted(names)]
        return None if None in found else [line for lines in found for line in lines or []]
    if not (old.exists() and new.exists()):
        return [f"{new.name} is there in one version only"]
    if old.read_bytes() == new.read_bytes():
        return []
    if new.suffix == ".json":
        lines = _mappings(flat(read_json(str(old))), flat(read_json(str(new))), tolerance, renamed)
    elif new.suffix == ".csv":
        lines = _tables(pd.read_csv(old), pd.read_csv(new), tolerance)
    elif new.suffix == ".parquet":
        lines = _tables(read_table(str(old)), read_table(str(new)), tolerance)
    elif new.suffix == ".skops":
        lines = _models(old, new, tolerance)
    elif new.suffix == ".md":
        lines = texts(old.read_text("utf-8"), new.read_text("utf-8"), ROUNDED if tolerance else 0, renamed)
    elif new.suffix == ".txt":
        lines = texts(old.read_text("utf-8"), new.read_text("utf-8"), 0, {})
    else:
        return None
    return lines[:SHOWN] + ([f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])


def flat(content: Any, prefix: str = "") -> dict[str, Any]:
    """The leaves of nested mappings and lists, by dotted path."""
    if isinstance(content, dict | list) and content:
        pairs = content.items() if isinstance(content, dict) else enumerate(content)
        return {k: v for key, value in pairs for k, v in flat(value, f"{prefix}.{key}" if prefix else str(key)).items()}
    return {prefix: content}


def _mappings(old: dict[str, Any], new: dict[str, Any], tolerance: float, renamed: dict[str, str]) -> list[str]:
    def same(before: Any, after: Any) -> bool:
        if isinstance(before, float | int) and isinstance(after, float | int):
            return math.isclose(before, after, rel_tol=tolerance, abs_tol=tolerance)
        return bool((renamed.get(before, before) if isinstance(before, str) else before) == after)

    keys = {**old, **new}
    return [f"{k}: recorded {old.get(k)!r}, now {new.get(k)!r}" for k in keys if not same(old.get(k), new.get(k))]


def _tables(old: pd.DataFrame, new: pd.DataFrame, tolerance: float) -> list[str]:
    if list(old) != list(new) or len(old) != len(new):
        return [f"recorded {len(old)} rows of {', '.join(old)}; now {len(new)} rows of {', '.join(new)}"]
    return [line for name in old for line in _columns(name, old[name].to_numpy(), new[name].to_numpy(), tolerance)]


def _columns(name: str, before: np.ndarray, after: np.ndarray, tolerance: float) -> list[str]:
    if before.dtype.kind == after.dtype.kind == "f":
        other = ~np.isclose(before, after, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        other = np.asarray((before != after) & ~(pd.isna(before) & pd.isna(after)))
    where = np.flatnonzero(other)[: SHOWN + 1]
    return [f"row {i}, {name}: recorded {before[i]!r}, now {after[i]!r}" for i in where]


def _models(old: Path, new: Path, tolerance: float) -> list[str]:
    with ZipFile(old) as one, ZipFile(new) as other:
        if (one.namelist(), one.comment) != (other.namelist(), other.comment):
            return [f"recorded a model of {len(one.namelist())} parts, now one of {len(other.namelist())}"]
        lines = []
        for name, before, after in ((name, one.read(name), other.read(name)) for name in one.namelist()):
            if before != after and name.endswith(".json"):
                lines += _mappings(flat(json.loads(before)), flat(json.loads(after)), tolerance, {})
            elif before != after:
                lines += [f"part {name}, {line}" for line in _arrays(before, after, tolerance)]
        return lines


def _arrays(old: bytes, new: bytes, tolerance: float) -> list[str]:
    try:
        before, after = (np.load(io.BytesIO(content), allow_pickle=False) for content in (old, new))
    except ValueError:
        return ["other bytes"]
    if (before.dtype, before.shape) != (after.dtype, after.shape):
        return [f"recorded {before.dtype} of shape {before.shape}, now {after.dtype} of {after.shape}"]
    names = before.dtype.names or ("value",)
    pairs = [(before[n], after[n]) if before.dtype.names else (before, after) for n in names]
    return [line for n, (b, a) in zip(names, pairs) for line in _columns(n, b.ravel(), a.ravel(), tolerance)]
