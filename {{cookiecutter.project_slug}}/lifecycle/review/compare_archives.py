"""Compares two models, or two serving forms, by the values in their archives."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from lifecycle import project
from lifecycle.review.compare_values import different_columns, different_mappings
from lifecycle.storage.version import flat


def different_archives(old: Path, new: Path, tolerance: float) -> list[str]:
    """Two skops archives, by their JSON and their arrays."""
    with project.unpacked(old) as before, project.unpacked(new) as after:
        if (before.namelist(), before.comment) != (after.namelist(), after.comment):
            return [f"recorded a model of {len(before.namelist())} parts, now one of {len(after.namelist())}"]
        lines = []
        for name in before.namelist():
            b, a = before.read(name), after.read(name)
            if b != a and name.endswith(".json"):
                lines += different_mappings(flat(json.loads(b)), flat(json.loads(a)), tolerance, {})
            elif b != a:
                lines += [f"part {name}, {line}" for line in _arrays(b, a, tolerance)]
        return lines


def different_forms(old: Path, new: Path, tolerance: float, renamed: dict[str, str]) -> list[str]:
    """Two serving forms, by form.json with its golden predictions, and by their numbers and trees."""
    with zipfile.ZipFile(old) as before, zipfile.ZipFile(new) as after:
        if before.namelist() != after.namelist():
            return [f"recorded {', '.join(before.namelist())}, now {', '.join(after.namelist())}"]
        specs = [flat(json.loads(archive.read("form.json")) | {"parts": None}) for archive in (before, after)]
        lines = different_mappings(specs[0], specs[1], tolerance, renamed)
        for name in before.namelist():
            b, a = before.read(name), after.read(name)
            if b == a or name.endswith((".json", ".skops")):  # the model is an output of its own
                continue
            found = _trees(b, a, tolerance) if name == "trees.bin" else _arrays(b, a, tolerance)
            lines += [f"part {name}, {line}" for line in found]
        return lines


def _trees(old: bytes, new: bytes, tolerance: float) -> list[str]:
    import treelite  # takes half a second

    dumps = (treelite.Model.deserialize_bytes(content).dump_as_json() for content in (old, new))
    before, after = (flat(json.loads(dump)) for dump in dumps)
    return different_mappings(before, after, tolerance, {})


def _arrays(old: bytes, new: bytes, tolerance: float) -> list[str]:
    try:
        before, after = (np.load(io.BytesIO(content), allow_pickle=False) for content in (old, new))
    except ValueError:
        return ["other bytes"]
    if (before.dtype, before.shape) != (after.dtype, after.shape):
        return [f"recorded {before.dtype} of shape {before.shape}, now {after.dtype} of {after.shape}"]
    names = before.dtype.names or ("value",)
    pairs = [(before[n], after[n]) if before.dtype.names else (before, after) for n in names]
    return [line for n, (b, a) in zip(names, pairs) for line in different_columns(n, b.ravel(), a.ravel(), tolerance)]
