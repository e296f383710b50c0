"""What fitted encoders do with each value, found by asking them, and what fitted scalers do with each number."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from pipeline.archive.free_text import FreeText
from pipeline.form.inputs import Input


class Unsupported(Exception):
    """The form cannot compute this model; the message says why."""


class Table(NamedTuple):
    """A line of `outputs` for each value of a column, for a missing value and for any other."""

    column: str
    values: list[str]
    outputs: np.ndarray

    def codes(self, numbers: np.ndarray) -> Input:
        """The input that gives these numbers, NaN as a missing number."""
        codes = [None if np.isnan(number) else float(number) for number in numbers]
        return Input(kind="codes", column=self.column, values=self.values, codes=codes)


def asked(encoder: Any, columns: list[str]) -> list[Table]:
    """What the encoder gives for each value of each column."""
    values = [[value for value in known if isinstance(value, str)] for known in encoder.categories_]
    if any(not (isinstance(v, str) or pd.isna(v)) for known in encoder.categories_ for v in known):
        raise Unsupported("a category is not a text")
    asking = [[*known, np.nan, "".join(known) + "?"] for known in values]  # the last is no category
    longest = max(map(len, asking))
    frame = pd.DataFrame({c: [*a, *[a[0]] * (longest - len(a))] for c, a in zip(columns, asking)}, dtype=object)
    found = encoder.transform(frame)
    outputs = found.toarray() if hasattr(found, "toarray") else np.asarray(found)
    widths = [_width(encoder, i) for i in range(len(columns))]
    ends = np.cumsum(widths)
    if ends[-1] != outputs.shape[1]:
        raise Unsupported("its encoder gives another number of columns")
    return [
        Table(column, known, outputs[: len(known) + 2, end - width : end])
        for column, known, end, width in zip(columns, values, ends, widths)
    ]


def _width(encoder: Any, place: int) -> int:
    if not hasattr(encoder, "drop"):
        return 1  # codes
    rare = encoder.infrequent_categories_[place] if hasattr(encoder, "infrequent_categories_") else None
    count = len(encoder.categories_[place]) - (len(rare) - 1 if rare is not None else 0)
    return count - (encoder.drop_idx_ is not None and encoder.drop_idx_[place] is not None)


def text_scores(step: Any) -> FreeText | None:
    """The FreeText of a step, alone or scaled."""
    if type(step) is Pipeline and len(step) == 2 and scaling([step[1]]) is not None:
        step = step[0]
    return step if type(step) is FreeText else None


def scaling(steps: list[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """What fills gaps, the means and the scales of numbers, step after step; None if a step does anything else."""
    fill, mean, scale = [np.zeros(0)], [np.zeros(0)], [np.zeros(0)]
    for step in steps:
        if not (type(step) is Pipeline and [type(part) for _, part in step.steps] == [SimpleImputer, StandardScaler]):
            return None
        imputer, scaler = step
        if imputer.add_indicator or np.isnan(imputer.statistics_).any() or not (scaler.with_mean and scaler.with_std):
            return None
        fill.append(imputer.statistics_)
        mean.append(scaler.mean_)
        scale.append(scaler.scale_)
    return np.concatenate(fill), np.concatenate(mean), np.concatenate(scale)


def untouched(step: Any) -> bool:
    """Whether a step passes its columns through."""
    return bool(step == "passthrough" or (type(step) is FunctionTransformer and step.func is None))
