"""What keeps the contract and may still spoil a study: leaks, copies, ids, words among numbers, nothing to learn."""

import contextlib

import numpy as np
import pandas as pd

from pipeline.contract.schema import TEXTS, Column, Contract
from pipeline.validation.leak import explained

DISTINCT = 100  # rows; with fewer distinct ones, a split by content is unbalanced
SAMPLE = 100_000  # rows that are enough to detect a leak


def warnings(data: pd.DataFrame, contract: Contract, leak: float) -> list[str]:
    """One sentence per problem; `leak`: the share of the target from which a column is reported."""
    target = data[contract.target].dropna()
    messages = []
    if target.nunique() < 2:
        messages.append(f"the target `{contract.target}` is always the same: there is nothing to learn")
    messages += _copies(data, contract)
    messages += [_words_among_numbers(name, data[name], column) for name, column in contract.columns.items()]
    if without_target := len(data) - len(target):
        messages.append(f"{without_target} rows have no `{contract.target}`: prepare leaves them out")
    known = data.loc[target.index].iloc[:SAMPLE]
    goal = known[contract.target].to_numpy()
    codes = goal if contract.task == "regression" else pd.factorize(goal, sort=True)[0]
    messages += [
        _leak_or_id(n, column, known[n], codes, contract.task, leak) for n, column in contract.features.items()
    ]
    return [message for message in messages if message]


def _copies(data: pd.DataFrame, contract: Contract) -> list[str]:
    copies = int(pd.util.hash_pandas_object(data[contract.content], index=False).duplicated().sum())
    if not copies:
        return []
    messages = [f"{copies} rows are copies of others (apart from ids and target): the split keeps copies on one side"]
    if len(data) - copies < DISTINCT:
        messages.append(f"only {len(data) - copies} rows are distinct: the metrics rest on few test rows")
    return messages


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


def _leak_or_id(name: str, column: Column, values: pd.Series, target: np.ndarray, task: str, leak: float) -> str:
    if column.type in (*TEXTS, "integer") and values.nunique() == values.count() > 20:
        return f"`{name}` is different in every row: is it an id? Then set role: ignored"
    if (share := explained(values, target, task)) >= leak:
        return f"`{name}` alone explains {share:.1%} of the target: is it known at the time of the prediction?"
    return ""
