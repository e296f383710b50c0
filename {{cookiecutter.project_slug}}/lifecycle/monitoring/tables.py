"""The reference and the window as tables with the same columns, and what belongs together in them."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from lifecycle.errors import LifecycleError
from lifecycle.project import UNIT, Contract, logged_rows
from lifecycle.review import proof
from lifecycle.storage.version import Version

PREDICTION = "prediction"


def predictions(version: Version) -> pd.DataFrame:
    """The stored predictions of a version, with what came true."""
    return proof.table(version, "predictions.parquet")


def reference(version: Version, size: int, seed: int) -> pd.DataFrame:
    """The stored test rows of a version with their predictions, sampled."""
    test, predicted = proof.table(version, "test.parquet"), predictions(version)
    chosen = np.arange(len(test))
    if len(test) > size:
        chosen = np.sort(np.random.default_rng(seed).choice(len(test), size, replace=False))
    rows = comparable(test.iloc[chosen], predicted.iloc[chosen], version.contract)
    if UNIT in predicted:
        rows[UNIT] = predicted[UNIT].to_numpy()[chosen]
    return rows


def window(entries: list[dict[str, Any]], contract: Contract) -> pd.DataFrame:
    """The rows of log entries with their predictions."""
    features = logged_rows([entry["row"] for entry in entries], contract)
    return comparable(features, pd.DataFrame([entry["prediction"] for entry in entries]), contract)


def comparable(features: pd.DataFrame, predicted: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Numbers, and categories as text; of free text its length. Dates move by themselves and are left out."""
    columns: dict[str, pd.Series] = {}
    for name, column in contract.features.items():
        values = features[name].reset_index(drop=True)
        if column.type == "text":
            columns[f"{name} (length)"] = values.str.len().astype("float64")
        elif column.type == "boolean":
            columns[name] = values.map({1.0: "true", 0.0: "false"}).astype("str")
        elif column.type != "datetime":
            columns[name] = values
    for name in predicted:
        if name == "predicted" or str(name).startswith("p("):
            columns[PREDICTION if name == "predicted" else str(name)] = predicted[name].reset_index(drop=True)
    return pd.DataFrame(columns)


def blocks(
    reference: pd.DataFrame, entries: list[dict[str, Any]], block: float | str | None, seed: int
) -> tuple[np.ndarray, str]:
    """A code for each row of the reference, then of the window, of what is permuted as a whole, and what that is.

    The reference keeps the groups or blocks of time of its split; without any, its rows are put together at random
    in blocks as large as those of the window.
    """
    count = len(reference)
    if block is None:
        return np.arange(count + len(entries)), "rows"
    if isinstance(block, str):
        if entries and block not in entries[0]["row"]:
            raise LifecycleError(f"params.yaml, monitor.block: the logged rows have no column {block}.")
        of_window = pd.factorize(pd.Series([str(entry["row"].get(block)) for entry in entries]))[0]
        what = f"rows with the same {block}"
    else:
        hours = [datetime.fromisoformat(entry["time"]).timestamp() // (3600 * block) for entry in entries]
        of_window, what = pd.factorize(pd.Series(hours))[0], f"blocks of {block:g} hours"
    many = max(int(of_window.max(initial=0)) + 1, 1)
    if UNIT in reference:
        of_reference = pd.factorize(reference[UNIT])[0]
    else:
        size = max(round(len(entries) / many), 1)
        of_reference = np.random.default_rng(seed).permutation(count) // size
    return np.concatenate([of_reference, of_window + int(of_reference.max(initial=-1)) + 1]), what
