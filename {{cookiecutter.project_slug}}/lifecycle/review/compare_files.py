"""Compares two versions of an output by its values: a list of what differs by more than a tolerance."""

import json
from pathlib import Path

import pandas as pd

from lifecycle import project
from lifecycle.review.compare_archives import different_archives, different_forms
from lifecycle.review.compare_texts import different_lines
from lifecycle.review.compare_values import SHOWN, differences_of_tables, different_mappings
from lifecycle.storage.version import flat

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
            return different_mappings(before, after, tolerance, renamed)
        case ".csv":
            return differences_of_tables(pd.read_csv(old), pd.read_csv(new), tolerance)
        case ".parquet":
            return differences_of_tables(project.read_table(old), project.read_table(new), tolerance)
        case ".skops":
            return different_archives(old, new, tolerance)
        case ".zip":
            return different_forms(old, new, tolerance, renamed)
        case ".md":
            return different_lines(_text(old), _text(new), ROUNDED if tolerance else 0, renamed)
        case ".txt":
            return different_lines(_text(old), _text(new), 0, {})
    return None


def _text(path: Path) -> str:
    return path.read_text("utf-8", errors="replace")
