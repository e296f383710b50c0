"""What keeps the contract and may still spoil a study: leaks, copies, ids, words among numbers, nothing to learn."""

import numpy as np
import pandas as pd

from pipeline.contract import Column, Contract

DIFFERENT = 100  # rows; with fewer different ones a split by content is lopsided
SAMPLE = 100_000  # rows that are enough to see a leak


def suspicions(data: pd.DataFrame, contract: Contract, leak: float) -> list[str]:
    """A sentence for each thing that looks wrong; `leak` is the share of the target from which a column is named."""
    found = []
    target = data[contract.target].dropna()
    if target.nunique() < 2:
        found.append(f"the target `{contract.target}` is always the same: there is nothing to learn")
    copies = int(pd.util.hash_pandas_object(data[contract.content], index=False).duplicated().sum())
    if copies:
        found.append(f"{copies} rows look like others (ids and target apart): the split keeps them on one side")
    if copies and len(data) - copies < DIFFERENT:
        found.append(
            f"only {len(data) - copies} rows are different: few of them judge the model, so mistrust its metrics"
        )
    found += [
        f"`{name}` {fault}" for name in contract.columns if (fault := half_read(data[name], contract.columns[name]))
    ]
    if without := len(data) - len(target):
        found.append(f"{without} rows have no `{contract.target}`: prepare leaves them out")
    known = data.loc[target.index].iloc[:SAMPLE]
    for name, column in contract.features.items():
        values = known[name].dropna()
        if column.type in ("text", "category", "integer") and len(values) > 20 and values.is_unique:
            found.append(f"`{name}` has another value in every row: is it an id? (role: ignored)")
        elif (share := explained(known[name], known[contract.target], contract.task)) >= leak:
            found.append(
                f"`{name}` alone explains {share:.1%} of the target: was it known when the prediction is needed?"
            )
    return found


def half_read(values: pd.Series, column: Column) -> str:
    """What to say of a text column in which nearly all values are numbers: one word keeps them from being read so."""
    if column.type not in ("text", "category") or column.role == "target":
        return ""
    present = values.dropna().iloc[:SAMPLE]
    odd = present[pd.to_numeric(present, errors="coerce").isna()]
    if present.empty or not 0 < len(odd) < 0.1 * len(present):
        return ""
    return f"is taken for text, for {odd.iloc[0]!r} is no number: leave such cells empty and describe the table again"


def explained(feature: pd.Series, target: pd.Series, task: str) -> float:
    """The share of the target that one column explains out of sample, from 0 to 1.

    The column is cut into at most 256 bins; the odd rows' mean (or most frequent class) in each bin predicts the even
    rows. The share is R squared, or the share of the errors of always guessing the most frequent class that vanish.
    """
    fit = np.arange(len(target)) % 2 == 1
    if pd.api.types.is_numeric_dtype(feature) or pd.api.types.is_datetime64_any_dtype(feature):
        numbers = feature.astype("int64") if pd.api.types.is_datetime64_any_dtype(feature) else feature
        edges = np.unique(np.nanquantile(numbers[fit], np.linspace(0, 1, 257))) if numbers[fit].notna().any() else [0]
        bins = pd.Series(np.searchsorted(edges, numbers, side="right"), index=feature.index)
    else:
        bins = pd.Series(pd.factorize(feature)[0], index=feature.index)
    if task == "regression":
        guess = bins[~fit].map(target[fit].groupby(bins[fit]).mean()).fillna(target[fit].mean())
        rest, all_ = ((target[~fit] - guess) ** 2).sum(), ((target[~fit] - target[fit].mean()) ** 2).sum()
    else:
        codes = pd.Series(pd.factorize(target, sort=True)[0], index=target.index)
        common = int(codes[fit].mode().iloc[0])
        pairs = pd.DataFrame({"bin": bins[fit], "code": codes[fit]}).value_counts().reset_index()
        best = pairs.drop_duplicates("bin").set_index("bin")["code"]
        guess = bins[~fit].map(best).fillna(common)
        rest, all_ = (codes[~fit] != guess).sum(), (codes[~fit] != common).sum()
    return float(1 - rest / all_) if all_ > 0 else 0.0
