"""Drift: the largest of all columns' statistics, calibrated by permuting the rows of window and reference together.

Without drift the rows of both are exchangeable, so each permutation is as likely as what was observed, and the chance
of any alarm is at most alpha, whatever the numbers of rows and however the columns depend on each other (Westfall and
Young, 1993). Each statistic is standardised by its mean and spread over all permutations, the observed one among them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

BINS, LEVELS = 32, 30  # of numbers; the most frequent categories that count by themselves
FEW = 99  # permutations after which a window that is clearly quiet is not permuted further


@dataclass(frozen=True)
class Movement:
    """One statistic of a column. `what`: values or missing; `effect`: in shares, less what chance alone gives on
    average; `p`: the chance, without drift, that any column moves as much, in units of its own spread."""

    column: str
    what: str
    effect: float
    p: float


@dataclass(frozen=True)
class Statistic:
    """A column's counts per bin, as a sparse matrix of bins and rows; the last bin holds the missing values."""

    column: str
    cells: sparse.csr_array
    ordered: bool


def movements(
    reference: pd.DataFrame, window: pd.DataFrame, blocks: np.ndarray, alpha: float, permutations: int, seed: int
) -> list[Movement]:
    """What moved, the most unlikely first; `blocks`: a code for each row of the reference, then of the window, of what
    is permuted as a whole; at most `permutations` are drawn, fewer where nothing comes close to an alarm."""
    both = pd.concat([reference, window], ignore_index=True)
    statistics = [statistic(name, both[name]) for name in both]
    rng, first = np.random.default_rng(seed), len(reference)
    labels = permuted(blocks, first, min(FEW, permutations), rng)
    found = tested(statistics, labels)
    if permutations > FEW and min(move.p for move in found) <= 5 * alpha:
        labels = np.hstack([labels, permuted(blocks, first, permutations - FEW, rng)[:, 1:]])
        found = tested(statistics, labels)
    return sorted(found, key=lambda move: (move.p, -move.effect))


def statistic(name: str, values: pd.Series) -> Statistic:
    """The bins of a column of window and reference together, so that permuting rows does not change them."""
    missing = values.isna().to_numpy()
    ordered = pd.api.types.is_numeric_dtype(values)
    if ordered:
        present = values.to_numpy(dtype="float64", na_value=np.nan)[~missing]
        edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1])) if len(present) else np.empty(0)
        codes, count = np.searchsorted(edges, present, side="left"), len(edges) + 1
    else:
        text = values[~missing].astype(str)
        levels = {level: code for code, level in enumerate(text.value_counts().head(LEVELS).index)}
        codes, count = text.map(levels).fillna(len(levels)).to_numpy(dtype=int), len(levels) + 1
    rows = np.full(len(values), count)
    rows[~missing] = codes
    ones = np.ones(len(values), dtype="float32")
    cells = sparse.csr_array((ones, (rows, np.arange(len(values)))), shape=(count + 1, len(values)))
    return Statistic(name, cells, ordered)


def permuted(blocks: np.ndarray, first: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """1 where a row counts as one of the window: as observed in the first column, permuted in `count` others."""
    codes, places = np.unique(blocks, return_inverse=True)
    of_window = np.zeros(len(codes), dtype="float32")
    of_window[places[first:]] = 1
    drawn = [of_window, *(rng.permutation(of_window) for _ in range(count))]
    return np.column_stack(drawn)[places]


def tested(statistics: list[Statistic], labels: np.ndarray) -> list[Movement]:
    """The movement of each statistic; the first column of `labels` is what was observed."""
    names, values = [], []
    for one in statistics:
        moved, gone = distances(one, labels)
        names += [(one.column, "values"), (one.column, "missing")]
        values += [moved, gone]
    table = np.array(values)
    centre, spread = table.mean(axis=1, keepdims=True), table.std(axis=1, keepdims=True)
    scores = np.divide(table - centre, spread, out=np.full_like(table, -np.inf), where=spread > 1e-9)
    largest = scores.max(axis=0)
    chance = table[:, 1:].mean(axis=1)
    ps = (largest[None, :] >= scores[:, :1] - 1e-9).mean(axis=1)  # what was observed counts as one of them
    effects = np.maximum(table[:, 0] - chance, 0)
    return [Movement(*name, float(effect), float(p)) for name, effect, p in zip(names, effects, ps)]


def distances(one: Statistic, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each column of `labels`, how far the values are apart (Kolmogorov-Smirnov of the bins for numbers, total
    variation for categories), and the difference of the missing shares; all between 0 and 1."""
    window = one.cells @ labels
    reference = one.cells.sum(axis=1)[:, None] - window
    of_window, of_reference = window[:-1].sum(axis=0), reference[:-1].sum(axis=0)
    known = (of_window > 0) & (of_reference > 0)
    difference = window[:-1] / np.maximum(of_window, 1) - reference[:-1] / np.maximum(of_reference, 1)
    apart = np.abs(difference.cumsum(axis=0)).max(axis=0) if one.ordered else np.abs(difference).sum(axis=0) / 2
    rows = np.maximum(labels.sum(axis=0), 1), np.maximum(len(labels) - labels.sum(axis=0), 1)
    gone = np.abs(window[-1] / rows[0] - reference[-1] / rows[1])
    return np.where(known, apart, 0).astype(float), gone.astype(float)
