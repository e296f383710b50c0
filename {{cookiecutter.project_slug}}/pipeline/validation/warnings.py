"""What keeps the contract and may still spoil a study: leaks, copies, ids, words among numbers, nothing to learn."""

import contextlib

import numpy as np
import pandas as pd

from pipeline.contract.schema import TEXTS, Column, Contract
from pipeline.validation.leak import explained
from pipeline.validation.together import together

DISTINCT = 100  # rows; with fewer distinct ones, a split by content is unbalanced
SAMPLE = 100_000  # rows that are enough to detect a leak


def warnings(data: pd.DataFrame, contract: Contract, leak: float) -> list[str]:
    """One sentence per problem; `leak`: the share of the target from which a column is reported."""
    target = data[contract.target].dropna()
    messages = []
    if target.nunique() < 2:
        messages.append(f"the target `{contract.target}` is always the same: there is nothing to learn")
    copy = pd.util.hash_pandas_object(data[contract.content], index=False).duplicated().to_numpy()
    messages += _copies(copy)
    messages += [_words_among_numbers(name, data[name], column) for name, column in contract.columns.items()]
    if without_target := len(data) - len(target):
        messages.append(f"{without_target} rows have no `{contract.target}`: prepare leaves them out")
    known = _sample(data, data[contract.target].notna().to_numpy(), copy)
    goal = known[contract.target].to_numpy()
    codes = goal if contract.task == "regression" else pd.factorize(goal, sort=True)[0]
    ids = [name for name, column in contract.features.items() if _is_id(column, known[name])]
    messages += [f"`{name}` is different in every row: is it an id? Then set role: ignored" for name in ids]
    messages += _leaks(known[[name for name in contract.features if name not in ids]], codes, contract.task, leak)
    return [message for message in messages if message]


def _copies(copy: np.ndarray) -> list[str]:
    copies = int(copy.sum())
    if not copies:
        return []
    messages = [f"{copies} rows are copies of others (apart from ids and target): see prepare.copies in params.yaml"]
    if len(copy) - copies < DISTINCT:
        messages.append(f"only {len(copy) - copies} rows are distinct: the metrics rest on few test rows")
    return messages


def _sample(data: pd.DataFrame, known: np.ndarray, copy: np.ndarray) -> pd.DataFrame:
    """Rows with a target in random order, since tables are often sorted; without copies, which any column can tell."""
    rows = np.flatnonzero(known & ~copy)
    rows = rows if len(rows) >= DISTINCT else np.flatnonzero(known)
    return data.iloc[np.random.default_rng(0).permutation(rows)[:SAMPLE]]


def _words_among_numbers(name: str, values: pd.Series, column: Column) -> str:
    """A warning for a text column that is nearly all numbers: one word makes the whole column text."""
    if column.type not in TEXTS or column.role == "target":
        return ""
    present = [value for value in values.to_numpy()[:SAMPLE] if isinstance(value, str)]
    if not any(map(_is_number, present[: len(present) // 10 + 1])):  # the usual case, without the slow parser
        return ""
    words = [value for value in present if not _is_number(value)]
    if not 0 < len(words) < 0.1 * len(present):
        return ""
    return f"`{name}` is read as text: {words[0]!r} is not numeric; leave such cells empty and describe again"


def _is_number(value: str) -> bool:
    with contextlib.suppress(ValueError):
        return float(value) is not None
    return False


def _is_id(column: Column, values: pd.Series) -> bool:
    return column.type in ("category", "integer") and values.count() > 20 and bool(values.dropna().is_unique)


def _leaks(data: pd.DataFrame, target: np.ndarray, task: str, leak: float) -> list[str]:
    """A sentence for each column that explains the target alone, or if there is none, for columns that do together."""
    orders = (
        [target] if task == "classification" else [target, pd.Series(target).rank().to_numpy()]
    )  # copies of any form
    shares = {name: max(explained(data[name], order, task) for order in orders) for name in data}
    found = [(share, (name,)) for name, share in shares.items() if share >= leak]
    return [
        f"{_listed(names)} explain{'s' * (len(names) == 1)} {share:.1%} of the target: "
        f"{('is it', 'are both', 'are all')[min(len(names), 3) - 1]} known at the time of the prediction?"
        for share, names in found or together(data, target, task, leak, shares)
    ]


def _listed(names: tuple[str, ...]) -> str:
    """Some columns in words, at most five by name."""
    quoted = [f"`{name}`" for name in names]
    quoted = quoted[:5] + [f"{len(quoted) - 5} more"] * (len(quoted) > 5)
    return f"{quoted[0]} alone" if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]} together"
