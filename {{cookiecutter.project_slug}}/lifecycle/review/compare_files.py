"""Compares two versions of an output by its values: a list of what differs by more than a tolerance."""

import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lifecycle import project
from lifecycle.review.compare_texts import different_lines
from lifecycle.storage.version import flat

SHOWN = 5  # differences of one file that are listed
ROUNDED = 1e-3  # relative: a text has four digits, and the last one may be rounded the other way


def differences(old: Path, new: Path, tolerance: float, renamed: dict[str, str]) -> list[str] | None:
    """The values that differ by more than `tolerance` (relative, or absolute below 1), empty if none do.

    None if the format is unknown. `renamed`: old hash -> new hash of the same file.
    """
    if old.is_dir() and new.is_dir():
        names = {path.relative_to(folder) for folder in (old, new) for path in folder.rglob("*") if path.is_file()}
        parts = [differences(old / name, new / name, tolerance, renamed) for name in sorted(names)]
        return None if None in parts else [line for lines in parts for line in lines or []]
    if not (old.exists() and new.exists()):
        return [f"{new.name} is in one version only"]
    if old.read_bytes() == new.read_bytes():
        return []
    try:
        lines = _compare(old, new, tolerance, renamed)
    except Exception as error:  # whatever it is: one of them is not such a file, which is a difference
        lines = [f"cannot be compared ({type(error).__name__}: {' '.join(str(error).split())[:200]})"]
    if lines is None:
        return None
    return lines[:SHOWN] + ([f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else [])


def _compare(old: Path, new: Path, tolerance: float, renamed: dict[str, str]) -> list[str] | None:
    match new.suffix:
        case ".json":
            before, after = (flat(json.loads(path.read_text("utf-8"))) for path in (old, new))
            return _mappings(before, after, tolerance, renamed)
        case ".csv":
            return differences_of_tables(pd.read_csv(old), pd.read_csv(new), tolerance)
        case ".parquet":
            return differences_of_tables(project.read_table(old), project.read_table(new), tolerance)
        case ".skops":
            return _archives(old, new, tolerance)
        case ".md":
            return different_lines(_text(old), _text(new), ROUNDED if tolerance else 0, renamed)
        case ".txt":
            return different_lines(_text(old), _text(new), 0, {})
    return None


def _text(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")


def _mappings(old: dict[str, Any], new: dict[str, Any], tolerance: float, renamed: dict[str, str]) -> list[str]:
    def same(before: Any, after: Any) -> bool:
        if isinstance(before, float | int) and isinstance(after, float | int):
            return math.isclose(before, after, rel_tol=tolerance, abs_tol=tolerance)
        return bool((renamed.get(before, before) if isinstance(before, str) else before) == after)

    keys = {**old, **new}
    return [f"{k}: recorded {old.get(k)!r}, now {new.get(k)!r}" for k in keys if not same(old.get(k), new.get(k))]


def differences_of_tables(old: pd.DataFrame, new: pd.DataFrame, tolerance: float) -> list[str]:
    if list(old) != list(new) or len(old) != len(new):
        return [f"recorded {len(old)} rows of {', '.join(old)}; now {len(new)} rows of {', '.join(new)}"]
    return [line for name in old for line in _columns(name, old[name].to_numpy(), new[name].to_numpy(), tolerance)]


def _columns(name: str, before: np.ndarray, after: np.ndarray, tolerance: float) -> list[str]:
    if before.dtype.kind == after.dtype.kind == "f":
        differs = ~np.isclose(before, after, rtol=tolerance, atol=tolerance, equal_nan=True)
    else:
        differs = np.asarray((before != after) & ~(pd.isna(before) & pd.isna(after)))
    where = np.flatnonzero(differs)[: SHOWN + 1]
    return [f"row {i}, {name}: recorded {before[i]!r}, now {after[i]!r}" for i in where]


def _archives(old: Path, new: Path, tolerance: float) -> list[str]:
    """Two skops archives, by their JSON and their arrays."""
    with project.unpacked(old) as before, project.unpacked(new) as after:
        if (before.namelist(), before.comment) != (after.namelist(), after.comment):
            return [f"recorded a model of {len(before.namelist())} parts, now one of {len(after.namelist())}"]
        lines = []
        for name in before.namelist():
            b, a = before.read(name), after.read(name)
            if b != a and name.endswith(".json"):
                lines += _mappings(flat(json.loads(b)), flat(json.loads(a)), tolerance, {})
            elif b != a:
                lines += [f"part {name}, {line}" for line in _arrays(b, a, tolerance)]
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
