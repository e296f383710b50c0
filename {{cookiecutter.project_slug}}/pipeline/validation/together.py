"""Leaks through several columns together: sums, differences, products, ratios, and look-ups such as XOR.

Each is fitted to half of the rows and tested on the other half. Sums and products of numbers are found by least squares
(products and ratios on logarithms), look-ups by the most frequent class, or the mean, of each combination of values.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.validation.leak import explained

ROWS, FEWEST = 4000, 60  # rows that are used, and that are needed
EXACT = 0.9999  # the R squared of a sum or product of any number of columns
WIDEST, PAIRED, LEADING = 50, 24, 3  # columns of such a sum; paired with each other; paired with WIDEST others
LEVELS, BINS = 20, 64  # a column with at most so many values is looked up; numbers in a combination are binned
STRICTER = 4  # two honest measures of one thing explain 99 % of a third, such as the length and width of a shell
BETTER = 0.1  # of what the best of its columns leaves unexplained, a combination may leave at most so much
Found = list[tuple[float, tuple[str, ...]]]


def together(data: pd.DataFrame, target: np.ndarray, task: str, leak: float, shares: dict[str, float]) -> Found:
    """The share that some columns explain together, and their names; `shares`: what each column of `data` explains."""
    if len(data) < FEWEST:
        return []
    ranked = sorted(shares, key=lambda name: -shares[name])[: PAIRED + WIDEST]
    columns = {name: _number(data[name].iloc[:ROWS]) for name in data if name in {*ranked}}
    y = target[:ROWS]
    numbers = {n: v for n, v in columns.items() if v.dtype == float and n in ranked[:WIDEST]}
    found = _identity(numbers, y) if task == "regression" else []
    if found:
        return found
    least = 1 - (1 - leak) / (STRICTER if task == "regression" else 1)
    for a, b in _pairs(ranked):
        share = _explained_by(columns[a], columns[b], y, task)
        if share >= least and 1 - share <= BETTER * (1 - max(shares[a], shares[b])):
            found.append((share, tuple(sorted((a, b), key=data.columns.get_loc))))
    return sorted(found, key=lambda pair: -pair[0])[:3]


def _pairs(ranked: list[str]) -> Iterator[tuple[str, str]]:
    """The columns that explain most by themselves with each other, and the first few with many others."""
    yield from combinations(ranked[:PAIRED], 2)
    yield from ((a, b) for a in ranked[:LEADING] for b in ranked[PAIRED:])


def _number(values: pd.Series) -> np.ndarray:
    """Numbers, dates in days, or the codes of text as integers."""
    plain = values.to_numpy()
    if plain.dtype.kind == "M":
        return np.where(values.isna(), np.nan, plain.astype("datetime64[s]").astype("float64") / 86400)
    return plain if plain.dtype == float else pd.factorize(values)[0]


def _identity(columns: dict[str, np.ndarray], y: np.ndarray) -> Found:
    """The columns whose sum (with factors) or product (with exponents) is the target."""
    complete = {name: values for name, values in columns.items() if np.isfinite(values).all()}
    for logarithms in (False, True):
        usable = {n: v for n, v in complete.items() if v.min() < v.max() and (not logarithms or v.min() > 0)}
        if not usable or (logarithms and y.min() <= 0):
            continue
        x = np.column_stack(list(usable.values()))
        x, goal = (np.log(x), np.log(y)) if logarithms else (x, y)
        x = (x - x.mean(axis=0)) / x.std(axis=0)
        share, weights = _least_squares(x, goal)
        order = np.argsort(-np.abs(weights), kind="stable")
        for count in range(1, len(order) + 1) if share >= EXACT else ():
            part, _ = _least_squares(x[:, order[:count]], goal)
            if part >= EXACT:
                return [(part, tuple(np.array([*usable], dtype=object)[np.sort(order[:count])]))]
    return []


def _least_squares(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """R squared on the even rows of the fit to the odd rows, and the weights of the columns."""
    x = np.column_stack([x, np.ones(len(x))])
    weights = np.linalg.lstsq(x[1::2], y[1::2], rcond=None)[0]
    spread = ((y[::2] - y[1::2].mean()) ** 2).sum()
    return float(1 - ((y[::2] - x[::2] @ weights) ** 2).sum() / spread) if spread > 0 else 0.0, weights[:-1]


def _explained_by(a: np.ndarray, b: np.ndarray, y: np.ndarray, task: str) -> float:
    """The share that two columns explain together."""
    known = np.isfinite(a) & np.isfinite(b)
    a, b, y = a[known], b[known], y[known]
    if len(y) < FEWEST:
        return 0.0
    few = [len(np.unique(values)) <= LEVELS for values in (a, b)]
    shares = [explained(pd.Series(_cell(a, few[0]) * BINS + _cell(b, few[1])), y, task)] if any(few) else [0.0]
    if a.dtype != float or b.dtype != float or all(few):
        return max(shares)
    with np.errstate(all="ignore"):
        derived = [a * b, a / b, b / a, a + b, a - b]
    if task == "regression":
        shares += [_least_squares(np.column_stack([a, b, a * b]), y)[0]]
        if min(a.min(), b.min(), y.min()) > 0:
            shares.append(_least_squares(np.log(np.column_stack([a, b])), np.log(y))[0])
    else:
        shares += [explained(pd.Series(values), y, task, BINS) for values in derived if np.isfinite(values).all()]
    return max(shares)


def _cell(values: np.ndarray, few: bool) -> np.ndarray:
    """The place of each value: among the values themselves if they are few, otherwise among BINS quantiles."""
    if few or values.dtype != float:
        return np.minimum(pd.factorize(values)[0], BINS - 1)
    return np.searchsorted(np.quantile(values, np.linspace(0, 1, BINS)[1:-1]), values)
