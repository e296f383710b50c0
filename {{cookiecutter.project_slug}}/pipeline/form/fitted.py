"""A fitted pipeline as plain data, decided by what it contains: raises Unsupported if the form cannot compute it."""

from typing import Any, NamedTuple

import numpy as np
import treelite.sklearn
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from pipeline.contract.schema import Contract
from pipeline.form.encoders import Unsupported, asked, scaling, text_scores, untouched
from pipeline.form.frame import frame_inputs
from pipeline.form.inputs import Input, Words
from pipeline.form.packed import array_bytes
from pipeline.form.words import PARTS

TREES = HistGradientBoostingClassifier, HistGradientBoostingRegressor
LINEAR = LogisticRegression, Ridge
LINKS = {"absolute_error": "identity", "gamma": "log", "poisson": "log", "quantile": "identity"}


class Plain(NamedTuple):
    """What form.json says of the model, and the other parts of the file."""

    spec: dict[str, Any]
    parts: dict[str, bytes]


class Steps(NamedTuple):
    """The steps before the estimator, with their columns: categories, then numbers, then free text."""

    categories: list[tuple[Any, list[str]]]
    numbers: list[tuple[Any, list[str]]]
    words: list[tuple[Any, list[str]]]


def plain(model: Pipeline, contract: Contract) -> Plain:
    """The model as plain data; raises Unsupported."""
    estimator, steps = model[-1], _steps(model)
    classes = [*getattr(estimator, "classes_", [])]
    if not all(isinstance(label, str) for label in classes):
        raise Unsupported("its classes are not texts")
    frame = frame_inputs(contract)
    used = [column for _, columns in (*steps.categories, *steps.numbers) for column in columns]
    if unknown := [column for column in used if column not in frame]:
        raise Unsupported(f"pipeline/features.py makes the column {unknown[0]!r}")
    if bad := [c for _, columns in steps.numbers for c in columns if frame[c].kind == "text"]:
        raise Unsupported(f"{bad[0]!r} is used as a number")
    tables = [table for encoder, columns in steps.categories for table in asked(encoder, columns)]
    texts = [text for step, _ in steps.words if (text := text_scores(step))]
    words = [
        Words(column=columns[0], name=f"words{i}", count=len(text.constant_))
        for i, (text, (_, columns)) in enumerate(zip(texts, steps.words))
    ]
    arrays = {f"words{i}.{part}": getattr(text, f"{part}_") for i, text in enumerate(texts) for part in PARTS}
    numbers = [frame[column] for _, columns in steps.numbers for column in columns]
    if type(estimator) in TREES:
        codes = [table.codes(table.outputs[:, 0]) for table in tables]
        with np.errstate(invalid="ignore"):  # treelite casts the missing category, which it then does not use
            parts = {"trees.bin": treelite.sklearn.import_model(estimator).serialize_bytes()}
    else:
        codes, weights = _linear(estimator, steps, tables)
        arrays, parts = arrays | weights, {}
    spec = {
        "kind": "trees" if type(estimator) in TREES else "linear",
        "link": _link(estimator, classes),
        "known": classes,
        "inputs": [given.model_dump(exclude_defaults=True) for given in [*codes, *numbers]],
        "words": [word.model_dump() for word in words],
    }
    return Plain(spec, parts | {f"{name}.npy": array_bytes(array) for name, array in arrays.items()})


def _steps(model: Pipeline) -> Steps:
    encode = {**dict.fromkeys(TREES, OrdinalEncoder), **dict.fromkeys(LINEAR, OneHotEncoder)}.get(type(model[-1]))
    if encode is None:
        raise Unsupported(f"{type(model[-1]).__name__} is not a kind of model that it knows")
    if len(model.steps) != 2 or type(model[0]) is not ColumnTransformer or model[0].transformer_weights:
        raise Unsupported("the pipeline is not one ColumnTransformer and the model")
    steps, last = Steps([], [], []), 0
    for name, step, columns in model[0].transformers_:
        if step == "drop" or not len(columns):
            continue
        if not all(isinstance(column, str) for column in columns):
            raise Unsupported(f"the step {name!r} does not name its columns")
        place = 0 if type(step) is encode else 2 if text_scores(step) else 1
        if place < last:
            raise Unsupported(f"the step {name!r} is not in its usual place")
        if place == 1 and not (untouched(step) if encode is OrdinalEncoder else scaling([step])):
            raise Unsupported(f"the step {name!r} is not one that it knows")
        steps[place].append((step, [*columns]))
        last = place
    return steps


def _linear(estimator: Any, steps: Steps, tables: list[Any]) -> tuple[list[Input], dict[str, np.ndarray]]:
    """The lines of the weights of each category, and the weights."""
    slope = np.atleast_2d(estimator.coef_).T
    lines, codes, start, first = [np.zeros((0, slope.shape[1]))], [], 0, 0
    for table in tables:
        width = table.outputs.shape[1]
        lines.append(table.outputs @ slope[start : start + width])
        codes.append(table.codes(np.arange(first, first + len(table.outputs), dtype=float)))
        start, first = start + width, first + len(table.outputs)
    scaled = scaling([step for step, _ in (*steps.numbers, *((step[1], c) for step, c in steps.words))])
    fill, mean, scale = scaled or np.zeros((3, 0))
    weights = {"fill": fill, "mean": mean, "scale": scale, "slope": slope[start:]}
    constant = np.broadcast_to(estimator.intercept_, slope.shape[1]).astype("float64")
    return codes, {"categories": np.vstack(lines), **weights, "start": constant}


def _link(estimator: Any, classes: list[str]) -> str:
    if classes:
        return "logistic" if len(classes) == 2 else "softmax"
    return LINKS.get(getattr(estimator, "loss", ""), "identity")
